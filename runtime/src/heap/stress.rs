//! Stress mode, compiled in by `--cfg tailbite_stress`: collects at every n-th allocation, each generation in turn, and
//! checks all invariants then. `TAILBITE_STRESS` sets n (default 7, 0 for never).

use core::cell::Cell;
use core::ptr::NonNull;
use std::sync::LazyLock;

use super::state::HeapState;
use crate::collect::{Generation, Trigger};

static EVERY: LazyLock<usize> =
    LazyLock::new(|| std::env::var("TAILBITE_STRESS").ok().and_then(|n| n.parse().ok()).unwrap_or(7));

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// An object is about to be allocated.
pub(crate) fn at_allocation(state: NonNull<HeapState>) {
    // SAFETY: the caller promises that the state is alive.
    let this = unsafe { state.as_ref() };
    let wanted = this.policy.is_automatic() && this.policy.trigger.get() == Trigger::Allocation;
    if !wanted || this.collecting.get() || this.closed.get() || *EVERY == 0 {
        return;
    }
    let count = ALLOCATIONS.get() + 1;
    ALLOCATIONS.set(count);
    if count % *EVERY == 0 {
        let turn = count / *EVERY;
        HeapState::collect(state, Generation::ALL[if turn % 16 == 0 { 2 } else { turn % 2 }]);
        if turn % 64 == 0 {
            this.check();
        }
    }
}
