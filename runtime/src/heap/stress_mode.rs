//! Stress mode: a collection at every n-th allocation of an object, to find the places where a host forgot that one may happen.

use core::cell::Cell;
use core::ptr::NonNull;

use super::Heap;
use super::state::HeapState;
use crate::collect::{Generation, Trigger};

/// The stress mode of one heap. Off, it costs nothing: on, the gate of the allocator is closed.
#[derive(Debug, Default)]
pub(crate) struct StressMode {
    /// Allocations from one collection to the next; 0 for off.
    every: Cell<usize>,
    /// Allocations since the last one.
    allocations: Cell<usize>,
    /// Collections so far.
    turns: Cell<usize>,
    /// What the next safepoint is to collect.
    due: Cell<Option<Generation>>,
}

impl StressMode {
    /// Every so many collections one is full.
    const FULL: usize = 16;

    /// Counts an allocation; the generation to collect if it is the n-th.
    fn count(&self) -> Option<Generation> {
        let allocations = self.allocations.get() + 1;
        if allocations < self.every.get() {
            self.allocations.set(allocations);
            return None;
        }
        self.allocations.set(0);
        let turn = self.turns.get().wrapping_add(1);
        self.turns.set(turn);
        let [young, middle, old] = Generation::ALL;
        Some(if turn.is_multiple_of(Self::FULL) { old } else { [middle, young][turn % 2] })
    }

    /// What the next safepoint is to collect.
    pub(crate) fn due(&self) -> Option<Generation> {
        self.due.get()
    }

    /// The same, which the caller collects.
    pub(crate) fn take_due(&self) -> Option<Generation> {
        self.due.take()
    }
}

impl Heap {
    /// Switches stress mode on, or with 0 off (the initial state): a collection at every `every`-th allocation of an object, whatever the
    /// thresholds say. Young and middle collections take turns; each sixteenth is full. With [`Trigger::Safepoint`] the collection is due at the
    /// next safepoint instead; with [`Trigger::Manual`], while collection is [disabled](Heap::disable), and inside collections nothing happens,
    /// and allocations are not counted.
    ///
    /// It finds the places where a host's code relies on there being no collection: a finalizer that runs too early for it, a handle that it
    /// keeps uncounted. Costs nothing while it is off.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_stress(10);
    /// for n in 0..100 {
    ///     heap.alloc(n);
    /// }
    /// let [young, middle, full] = heap.get_stats().map(|row| row.collections);
    /// assert_eq!((heap.stress(), young, middle, full), (10, 5, 5, 0));
    /// ```
    pub fn set_stress(&self, every: usize) {
        let state = self.state();
        state.stress.every.set(every);
        state.stress.allocations.set(0);
        state.forget_stress();
        state.refresh_gate();
    }

    /// The allocations from one collection of [stress mode](Heap::set_stress) to the next; 0 if it is off.
    #[must_use]
    pub fn stress(&self) -> usize {
        self.state().stress.every.get()
    }
}

impl HeapState {
    /// Whether allocations have to be counted.
    pub(crate) fn wants_stress(&self) -> bool {
        self.stress.every.get() != 0 && self.policy.enabled.get() && self.policy.trigger.get() != Trigger::Manual
    }

    /// An object is about to be allocated.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    pub(crate) unsafe fn stress_allocation(state: NonNull<HeapState>) {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        if !this.wants_stress() || this.collecting.get() || this.closed.get() {
            return;
        }
        let Some(generation) = this.stress.count() else { return };
        if this.policy.trigger.get() == Trigger::Safepoint {
            this.stress.due.set(this.stress.due.get().max(Some(generation)));
            this.policy.due.set(true);
        } else {
            // SAFETY: the caller's promise.
            unsafe { Self::collect(state, generation) };
        }
    }

    /// What is due at the next safepoint isn't any more: a setting has changed.
    pub(crate) fn forget_stress(&self) {
        if self.stress.due.take().is_some() {
            self.refresh_young_check();
        }
    }
}
