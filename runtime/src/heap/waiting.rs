//! Heaps with deaths that wait for the thread's outermost drop, so that chains through many heaps don't overflow the
//! stack either.

use core::cell::Cell;
use core::ptr::NonNull;

use super::state::HeapState;

thread_local! {
    /// The heaps that wait, linked through their states. Each is kept by an operation of its own.
    static WAITING: Cell<Option<NonNull<HeapState>>> = const { Cell::new(None) };
}

impl HeapState {
    /// Queues a dead object for the frame at the limit, or for the thread's outermost drop if this heap has none under
    /// way.
    #[cold]
    pub(crate) fn queue(state: NonNull<HeapState>, object: crate::object::RawObject) {
        // SAFETY: the object's block keeps the state.
        let this = unsafe { state.as_ref() };
        if this.drops.is_idle() && !this.is_waiting.replace(true) {
            this.enter_operation();
            this.next_waiting.set(WAITING.replace(Some(state)));
        }
        this.drops.queue(object, &this.alloc);
    }

    /// Ends a payload drop, and with the thread's outermost one the waiting of other heaps.
    #[inline(always)]
    pub(crate) fn leave_drop(&self) {
        if self.drops.leave() && WAITING.get().is_some() {
            drain_waiting();
        }
    }
}

/// Carries out the deaths of all heaps that wait, and of those that come to wait meanwhile.
#[cold]
#[inline(never)]
fn drain_waiting() {
    while let Some(state) = WAITING.get() {
        // SAFETY: a waiting heap is kept by an operation.
        let this = unsafe { state.as_ref() };
        WAITING.set(this.next_waiting.take());
        this.is_waiting.set(false);
        this.drops.enter_forced();
        this.drain();
        // Not `leave_drop`: this loop is the drain.
        this.drops.leave();
        HeapState::end_operation(state);
    }
}
