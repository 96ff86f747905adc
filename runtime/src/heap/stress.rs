//! Stress mode, compiled in by `--cfg tailbite_stress`: collects at every n-th allocation, each generation in turn, and
//! checks all invariants then. `TAILBITE_STRESS` sets n (default 7, 0 for never). `TAILBITE_DEBUG_HEAP=1` switches the debug heap on for
//! every heap.

use core::cell::Cell;
use core::ptr::NonNull;
use std::sync::LazyLock;

use super::state::HeapState;
use crate::collect::{Generation, Trigger};

static EVERY: LazyLock<usize> =
    LazyLock::new(|| std::env::var("TAILBITE_STRESS").ok().and_then(|n| n.parse().ok()).unwrap_or(7));

static DEBUG_HEAP: LazyLock<bool> = LazyLock::new(|| std::env::var("TAILBITE_DEBUG_HEAP").is_ok_and(|on| on == "1"));

/// A heap was made.
pub(crate) fn at_birth(state: &HeapState) {
    if *DEBUG_HEAP {
        state.set_debug_heap(true);
    }
}

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
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
