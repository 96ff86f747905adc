//! Counting of allocations and deaths, for hosts that ask for it.

use core::cell::Cell;

use super::Heap;
use super::state::HeapState;

/// Objects that were allocated and freed while a heap [counted](Heap::set_counting) them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllocationCounts {
    /// Objects that were allocated.
    pub allocated: u64,
    /// Objects that were freed, by count or by a collection.
    pub freed: u64,
}

/// What a heap has counted. Off, it costs nothing: on, the gate of the allocator is closed.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    is_on: Cell<bool>,
    /// Objects alive when counting began, less those freed before that.
    base: Cell<i128>,
    allocated: Cell<u64>,
    /// Final when counting is off.
    freed: Cell<u64>,
}

impl Counting {
    pub(super) fn is_on(&self) -> bool {
        self.is_on.get()
    }

    /// An object was allocated through the gate.
    pub(super) fn count(&self) {
        if self.is_on.get() {
            self.allocated.set(self.allocated.get() + 1);
        }
    }
}

impl Heap {
    /// Has the objects counted that are allocated and freed from now on, in addition to those that were counted before. The initial state is
    /// off, since every allocation takes the slow path while it is on.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_counting(true);
    /// let kept = heap.alloc(0);
    /// for n in 0..10 {
    ///     heap.alloc(n);
    /// }
    /// let counts = heap.allocation_counts();
    /// assert_eq!((counts.allocated, counts.freed), (11, 10));
    /// ```
    pub fn set_counting(&self, on: bool) {
        let state = self.state();
        if on != state.counting.is_on.get() {
            let counts = self.allocation_counts();
            let alive = self.object_count() as i128;
            state.counting.freed.set(counts.freed);
            state.counting.base.set(alive + i128::from(counts.freed) - i128::from(counts.allocated));
            state.counting.is_on.set(on);
            state.refresh_gate();
        }
    }

    /// The objects that were counted so far; see [`set_counting`](Heap::set_counting). Cost while it counts: a
    /// look at each pool.
    #[must_use]
    pub fn allocation_counts(&self) -> AllocationCounts {
        let counting = &self.state().counting;
        let allocated = counting.allocated.get();
        if !counting.is_on.get() {
            return AllocationCounts { allocated, freed: counting.freed.get() };
        }
        let freed = counting.base.get() + i128::from(allocated) - self.object_count() as i128;
        AllocationCounts { allocated, freed: u64::try_from(freed).unwrap_or(0) }
    }
}

impl HeapState {
    /// Whether every allocation has to pass the gate for it to be counted.
    pub(crate) fn wants_counting(&self) -> bool {
        self.counting.is_on()
    }
}
