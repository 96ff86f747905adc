//! Heaps with queued deaths, or with an end to come: what the drop at the limit of the stack has yet to carry out. A
//! chain of handles may lead through any number of heaps, and the end of one may end the next.

use core::cell::Cell;
use core::ptr::NonNull;

use super::drops::{Drops, Queue};
use super::state::HeapState;
use crate::object::{RawObject, SideState};

thread_local! {
    /// The heaps with queued deaths, linked through their states. Each is kept by an operation of its own.
    static WAITING: Cell<Option<NonNull<HeapState>>> = const { Cell::new(None) };
}

/// A heap's part in the thread's list of heaps with queued deaths.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    queue: Cell<Queue>,
    is_listed: Cell<bool>,
    next: Cell<Option<NonNull<HeapState>>>,
}

impl HeapState {
    /// Queues a dead object for the payload drop at the limit.
    ///
    /// # Safety
    /// `object` is a dead object of this heap (its count is zero) that is not torn down and in no queue; it is left to
    /// the queue.
    #[cold]
    pub(crate) unsafe fn queue(state: NonNull<HeapState>, object: RawObject) {
        // SAFETY: the object's block, which is in use, keeps the state.
        let this = unsafe { state.as_ref() };
        if this.collecting.get() {
            // A collection may be examining it: what it holds counts as held from outside now, and its count as a link
            // (S12).
            SideState::REST.set(object);
        }
        // SAFETY: as above.
        unsafe { Self::wait(state) };
        let mut queue = this.waiting.queue.get();
        queue.push(object, &this.alloc);
        this.waiting.queue.set(queue);
    }

    /// Puts a heap on the list: the drop at the limit has something to do for it, queued deaths or its end.
    ///
    /// # Safety
    /// `state` is alive.
    pub(crate) unsafe fn wait(state: NonNull<HeapState>) {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        if !this.waiting.is_listed.replace(true) {
            this.enter_operation();
            this.waiting.next.set(WAITING.replace(Some(state)));
        }
    }

    /// Whether an object of any heap may be dead and wait for its drop.
    pub(crate) fn may_have_queued() -> bool {
        !Drops::is_idle()
    }

    /// Ends a payload drop, after carrying out what it has queued.
    #[inline(always)]
    pub(crate) fn leave_drop() {
        if WAITING.get().is_some() {
            drain();
        }
        Drops::leave();
    }

    /// Carries out queued deaths until none is left, those of one payload before those that waited already (S13).
    ///
    /// # Safety
    /// An operation keeps the state.
    pub(super) unsafe fn drain(&self) {
        let mut waiting = self.waiting.queue.take();
        while let Some(object) = waiting.pop(&self.alloc) {
            // SAFETY: (1) taken out of the queue just now; (2) the caller's promise.
            unsafe { self.die_from_queue(object) };
            let mut first = self.waiting.queue.take();
            if !first.is_empty() {
                first.append(waiting, &self.alloc);
                waiting = first;
            }
        }
    }
}

/// Carries out the queued deaths of all heaps, and the ends of those that were to end, at the level of the frame that
/// calls this.
#[cold]
#[inline(never)]
fn drain() {
    if Drops::is_beyond_limit() {
        // A collection that a drop set off: the frame at the limit is further down the stack.
        return;
    }
    while let Some(state) = WAITING.get() {
        // SAFETY: a heap in the list is kept by an operation, which ends here.
        let this = unsafe { state.as_ref() };
        WAITING.set(this.waiting.next.take());
        this.waiting.is_listed.set(false);
        // SAFETY: that operation.
        unsafe { this.drain() };
        this.close_if_requested();
        this.drop_remains();
        // SAFETY: (1) entered by `wait`, and the state is off the list; (2) the last use.
        unsafe { HeapState::end_operation(state) };
    }
}
