//! The end of a heap: what keeps its state, and how it goes.
//!
//! The state is kept by the `Heap`, by each block in use (objects, weak records), and by each operation on the stack.
//! Dropping the `Heap` *closes* the state: immortals become ordinary, what is garbage is collected, and from then on
//! objects live and die by count alone. The last block freed, or the last operation to return, frees the state (S18).

use core::ptr::NonNull;

use super::drops::Drops;
use super::state::HeapState;
use crate::alloc::PoolKind;
use crate::collect::Generation;
use crate::object::{Flags, RawObject};

impl HeapState {
    /// Rounds of collection at closing: finalizers may make new garbage, but not forever.
    const CLOSING_ROUNDS: usize = 8;

    /// Keeps the state until the paired [`end_operation`](HeapState::end_operation).
    pub(crate) fn enter_operation(&self) {
        self.operations.set(self.operations.get().saturating_add(1));
    }

    /// Ends an operation: closes the heap if that was asked for meanwhile, and frees the state if nothing keeps it any
    /// more.
    pub(crate) fn end_operation(state: NonNull<HeapState>) {
        // SAFETY: the operation kept the state.
        let this = unsafe { state.as_ref() };
        if this.close_requested.get() && !this.collecting.get() {
            this.close_requested.set(false);
            this.close_now();
        }
        // A count that saturated is never right again: the state stays (S21).
        if this.operations.get() != u32::MAX {
            this.operations.set(this.operations.get() - 1);
        }
        Self::free_if_unused(state);
    }

    /// Frees the state if nothing keeps it. For whoever just let go of something that did, as the last thing it does.
    #[cold]
    #[inline(never)]
    pub(crate) fn free_if_unused(state: NonNull<HeapState>) {
        // SAFETY: what the caller just let go of kept the state, and only this function frees it.
        let this = unsafe { state.as_ref() };
        if this.closed.get() && this.operations.get() == 0 && this.alloc.is_empty() {
            // SAFETY: nothing keeps the state: closed, no operation, no block in use (that of an object whose payload
            // is being dropped is in use until that is done).
            unsafe { Self::free(state) };
        }
    }

    /// The `Heap` is dropped.
    pub(crate) fn close(state: NonNull<HeapState>) {
        // SAFETY: the `Heap` kept the state until now.
        let this = unsafe { state.as_ref() };
        this.close_requested.set(true);
        if Drops::is_full() {
            // A heap that another heap's garbage owned, and so on: the drop at the limit of the stack closes it.
            Self::wait(state);
            return;
        }
        this.enter_operation();
        Self::end_operation(state);
    }

    /// Closes a state that nothing was allocated from yet: made for one object in the thread's last moments.
    pub(crate) fn close_at_birth(state: NonNull<HeapState>) {
        // SAFETY: the caller has just made the state.
        let this = unsafe { state.as_ref() };
        this.closed.set(true);
        this.alloc.close();
    }

    fn close_now(&self) {
        self.end_immortality();
        for _ in 0..Self::CLOSING_ROUNDS {
            if Self::collect(NonNull::from(self), Generation::Old) == 0 {
                break;
            }
        }
        // Closed first: what ends now makes no new immortals.
        self.closed.set(true);
        self.end_immortality();
        for list in [&self.young, &self.middle] {
            list.spill(&self.alloc);
        }
        self.alloc.close();
    }

    /// Makes `object` immortal: the heap owns a reference to it until it is closed. Collections neither examine nor
    /// free it.
    pub(crate) fn immortalize(&self, object: RawObject) {
        if !self.closed.get() && !object.header().has(Flags::IMMORTAL) {
            object.header().increment();
            object.header().insert(Flags::IMMORTAL);
            self.immortals.set(self.immortals.get() + 1);
        }
    }

    /// Takes the heap's references to the immortal objects back: from now on they live as long as somebody holds them.
    fn end_immortality(&self) {
        if self.immortals.replace(0) == 0 {
            return;
        }
        // Held, so that the walk stays valid while objects die in it.
        self.alloc.hold();
        for kind in [PoolKind::Tracked, PoolKind::Leaf] {
            self.for_each_object(kind, |object| {
                if object.header().has(Flags::IMMORTAL) {
                    object.header().remove(Flags::IMMORTAL);
                    Self::release(object);
                }
            });
        }
        self.alloc.release_hold();
    }
}
