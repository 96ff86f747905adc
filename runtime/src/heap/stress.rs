//! Stress mode, compiled in by `--cfg tailbite_stress`: collects at every n-th allocation, each generation in turn, and
//! checks invariants at the boundaries of what a collection does. `TAILBITE_STRESS` sets n (default 7, 0 for never). `TAILBITE_DEBUG_HEAP=1`
//! switches the debug heap on for every heap.

use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use core::ptr::NonNull;
use std::panic::catch_unwind;
use std::sync::LazyLock;

use super::state::HeapState;
use crate::base::stop;
use crate::collect::{Candidates, Generation, Trigger};
use crate::object::{Flags, SideState};

static EVERY: LazyLock<usize> =
    LazyLock::new(|| std::env::var("TAILBITE_STRESS").ok().and_then(|n| n.parse().ok()).unwrap_or(7));

/// Boundaries from one verification of the whole heap to the next. A prime, so that each kind of boundary has its turn.
const BOUNDARIES: usize = 61;
static DEBUG_HEAP: LazyLock<bool> = LazyLock::new(|| std::env::var("TAILBITE_DEBUG_HEAP").is_ok_and(|on| on == "1"));

/// A heap was made.
pub(crate) fn at_birth(state: &HeapState) {
    if *DEBUG_HEAP {
        state.set_debug_heap(true);
    }
}

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static PASSED: Cell<usize> = const { Cell::new(0) };
    static DISTRUSTED: Cell<bool> = const { Cell::new(false) };
}

/// The thread's host knows that a `Trace` of its own is wrong: what that leads to ends no process.
pub(super) fn distrust() {
    DISTRUSTED.set(true);
}

/// An object is about to be allocated.
///
/// # Safety
/// `state` is alive and stays so during the call.
pub(crate) unsafe fn at_allocation(state: NonNull<HeapState>) {
    // SAFETY: the caller's promise.
    let this = unsafe { state.as_ref() };
    let wanted = this.policy.is_automatic() && this.policy.trigger.get() == Trigger::Allocation;
    if !wanted || this.collecting.get() || this.closed.get() || *EVERY == 0 {
        return;
    }
    let count = ALLOCATIONS.get() + 1;
    ALLOCATIONS.set(count);
    if count.is_multiple_of(*EVERY) {
        let turn = count / *EVERY;
        // SAFETY: the caller's promise.
        unsafe { HeapState::collect(state, Generation::ALL[if turn.is_multiple_of(16) { 2 } else { turn % 2 }]) };
        if turn.is_multiple_of(64) {
            this.check();
        }
    }
}

impl HeapState {
    /// Nothing was detected yet: each object of `set` begins at no references, and may be examined.
    pub(super) fn check_taken(&self, set: &Candidates) {
        set.for_each(&self.alloc, |object| {
            if !object.header().is_candidate() || SideState::of(object) != SideState::CANDIDATE {
                stop(&format!("{object:?} is no candidate"));
            }
        });
        self.pass_boundary();
    }

    /// Past resurrection: nothing reveals the objects of `set`, and no edge of what lives leads to them.
    pub(super) fn check_doomed(&self, set: &Candidates) {
        set.for_each(&self.alloc, |object| {
            if !object.header().has(Flags::DOOMED) || object.header().has(Flags::WEAK) {
                stop(&format!("{object:?} is not doomed"));
            }
        });
        self.pass_boundary();
    }

    /// Verifies the whole heap, at every so many calls. A `Trace` that panics ends that.
    pub(super) fn pass_boundary(&self) {
        let passed = PASSED.get() + 1;
        PASSED.set(passed);
        if passed.is_multiple_of(BOUNDARIES) && !DISTRUSTED.get() {
            match catch_unwind(AssertUnwindSafe(|| self.verify())) {
                Ok(Ok(())) => {}
                Ok(Err(violation)) => stop(&violation.to_string()),
                Err(payload) => core::mem::forget(payload),
            }
        }
    }
}
