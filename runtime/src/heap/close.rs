//! The end of a heap: what keeps its state, and how it goes.
//!
//! The state is kept by the `Heap`, by each block in use (objects, weak records, raw bytes), by each keeper (external
//! bytes, allocators), and by each operation on the stack.
//! Dropping the `Heap` *closes* the state: what waits for the exit is called, immortals become ordinary, the host's roots
//! go, what is garbage is collected, and from then on objects live and die by count alone. The last block freed, or the
//! last operation to return, frees the state (S18).

use core::ptr::NonNull;

use super::drops::Drops;
use super::state::HeapState;
use super::unraisable::UnraisableContext;
use crate::alloc::PoolKind;
use crate::collect::Generation;
use crate::object::{Flags, RawObject};

/// An operation on the stack: keeps the state from when it is entered until this is dropped (S18).
#[derive(Debug)]
#[must_use]
pub(crate) struct Operation(NonNull<HeapState>);

impl Operation {
    /// Enters an operation.
    ///
    /// # Safety
    /// 1. `state` is alive.
    /// 2. The caller doesn't use it after this is dropped, unless something else keeps it (S18).
    pub(crate) unsafe fn enter(state: NonNull<HeapState>) -> Operation {
        // SAFETY: (1).
        unsafe { state.as_ref() }.enter_operation();
        Operation(state)
    }

    /// The state that this keeps.
    pub(crate) fn state(&self) -> &HeapState {
        // SAFETY: the operation keeps the state.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        // SAFETY: (1) ends what `enter` entered, once; (2) promised to `enter`, and no borrow from `state` is left.
        unsafe { HeapState::end_operation(self.0) };
    }
}

/// Keeps the state for as long as this lives, beyond the `Heap` (S18): what external bytes and allocators hold. Unlike the end of an operation,
/// that of a keeper closes nothing.
#[derive(Debug)]
pub(crate) struct Keeper(NonNull<HeapState>);

impl Keeper {
    /// A keeper of the state behind `heap`.
    pub(crate) fn new(heap: &super::Heap) -> Keeper {
        heap.state().add_keeper();
        Keeper(heap.state_ptr())
    }

    /// The state that this keeps.
    pub(crate) fn state(&self) -> &HeapState {
        // SAFETY: the keeper keeps the state.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for Keeper {
    fn clone(&self) -> Keeper {
        self.state().add_keeper();
        Keeper(self.0)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let state = self.state();
        // A count that saturated is never right again: the state stays (S21).
        if state.keepers.get() != u32::MAX {
            state.keepers.set(state.keepers.get() - 1);
        }
        if state.closed.get() {
            // SAFETY: (1) the keeper kept the state until now; (2) the last use here, and the keeper is gone.
            unsafe { HeapState::free_if_unused(self.0) };
        }
    }
}

impl HeapState {
    fn add_keeper(&self) {
        self.keepers.set(self.keepers.get().saturating_add(1));
    }

    /// Rounds of collection at closing: finalizers may make new garbage, but not forever.
    const CLOSING_ROUNDS: usize = 8;

    /// Keeps the state until the paired [`end_operation`](HeapState::end_operation). Where both are in one function,
    /// [`Operation`] pairs them.
    pub(crate) fn enter_operation(&self) {
        self.operations.set(self.operations.get().saturating_add(1));
    }

    /// Ends an operation: closes the heap if that was asked for meanwhile, and frees the state if nothing keeps it any
    /// more.
    ///
    /// # Safety
    /// 1. The caller ends an operation that was entered, and that nobody else ends.
    /// 2. The caller doesn't use the state afterwards, unless something else keeps it (S18).
    pub(crate) unsafe fn end_operation(state: NonNull<HeapState>) {
        // SAFETY: (1).
        unsafe { Self::settle_operation(state) };
        // SAFETY: (1) the operation kept the state until now; (2) the last use here, and by (2) the caller's.
        unsafe { Self::free_if_unused(state) };
    }

    /// The same, from the drop at the limit of the stack: frees the state here and now.
    ///
    /// # Safety
    /// As for [`end_operation`](HeapState::end_operation).
    pub(super) unsafe fn end_operation_at_limit(state: NonNull<HeapState>) {
        // SAFETY: (1).
        unsafe { Self::settle_operation(state) };
        // SAFETY: the operation kept the state until now.
        if unsafe { state.as_ref() }.is_unused() {
            // SAFETY: nothing keeps the state, and by (2) that was its last use.
            unsafe { Self::free(state) };
        }
    }

    /// The part of both that comes before the state may go.
    ///
    /// # Safety
    /// The caller ends an operation that was entered, and that nobody else ends.
    unsafe fn settle_operation(state: NonNull<HeapState>) {
        // SAFETY: the operation keeps the state.
        let this = unsafe { state.as_ref() };
        if this.close_requested.get() && !this.collecting.get() && !this.exits.is_running() {
            this.close_requested.set(false);
            this.close_now();
        }
        // A count that saturated is never right again: the state stays (S21).
        if this.operations.get() != u32::MAX {
            this.operations.set(this.operations.get() - 1);
        }
    }

    /// Whether nothing keeps the state: closed, no operation, no keeper, no block in use (that of an object whose payload
    /// is being dropped is in use until that is done).
    fn is_unused(&self) -> bool {
        let kept = self.operations.get() != 0 || self.keepers.get() != 0;
        self.closed.get() && !kept && self.alloc.is_empty()
    }

    /// Frees the state if nothing keeps it. Each caller ends with this call, and names what kept the state until then.
    ///
    /// # Safety
    /// 1. Something kept the state until the caller let go of it, just now: nobody can have freed it since.
    /// 2. The caller doesn't use the state afterwards, unless something else keeps it (S18).
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn free_if_unused(state: NonNull<HeapState>) {
        // SAFETY: (1): only this function and the one above free a state.
        if !unsafe { state.as_ref() }.is_unused() {
            return;
        }
        // A drop like that of a payload, because what goes with the state may be the last to keep another one, and so on.
        if Drops::enter() {
            // SAFETY: nothing keeps the state, and by (2) this is its last use.
            unsafe { Self::free(state) };
            Self::leave_drop();
        } else {
            // The drop at the limit of the stack frees it.
            // SAFETY: not freed yet.
            unsafe { Self::wait(state) };
        }
    }

    /// The `Heap` is dropped.
    ///
    /// # Safety
    /// 1. The state is not closed, and this is asked once: whoever owns the state, a `Heap` or the thread, gives it up.
    /// 2. The caller doesn't use the state afterwards, unless something else keeps it (S18).
    pub(crate) unsafe fn close(state: NonNull<HeapState>) {
        // SAFETY: (1): a state that isn't closed is never freed.
        let this = unsafe { state.as_ref() };
        this.close_requested.set(true);
        // A drop like that of a payload, because what the heap owns may own a heap, and so on.
        if !Drops::enter() {
            // The drop at the limit of the stack closes it.
            // SAFETY: as above.
            unsafe { Self::wait(state) };
            return;
        }
        // SAFETY: as above; its end, which closes the state, is the last use here, and by (2) the caller's.
        drop(unsafe { Operation::enter(state) });
        Self::leave_drop();
    }

    /// Closes a state that nothing was allocated from yet: made for one object in the thread's last moments.
    ///
    /// # Safety
    /// The caller has just made the state.
    pub(crate) unsafe fn close_at_birth(state: NonNull<HeapState>) {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        this.closing.set(true);
        this.closed.set(true);
        this.alloc.close();
    }

    /// Closes the state, as the last part of an operation, which keeps it meanwhile.
    fn close_now(&self) {
        if self.leak_at_close.get() {
            self.leak();
            return;
        }
        self.call_at_exit();
        self.discard_at_exit();
        self.begin_closing();
        self.end_immortality();
        // What its callback holds is collected with the rest.
        self.end_soft_limit();
        for _ in 0..Self::CLOSING_ROUNDS {
            self.drop_roots();
            // SAFETY: the operation that ends with this keeps the state.
            let collected = unsafe { Self::collect(NonNull::from(self), Generation::Old) };
            if collected == 0 && self.roots.len() == 0 {
                break;
            }
        }
        // Closed first: what ends now makes no new roots and immortals.
        self.closed.set(true);
        self.drop_roots();
        self.end_immortality();
        self.end_soft_limit();
        for list in [&self.young, &self.middle] {
            list.spill(&self.alloc);
        }
        self.alloc.close();
        self.drop_sink();
    }

    /// What keeps objects from the collections of closing goes first: the captures of callbacks, which hear of no more
    /// collections, the garbage that was kept, and freezing.
    fn begin_closing(&self) {
        self.closing.set(true);
        self.drop_closures(&self.callbacks, UnraisableContext::GcCallback);
        self.drop_garbage();
        self.unfreeze();
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
                    // SAFETY: the heap's own reference, which the bit stood for; the walk doesn't use the object again.
                    unsafe { Self::release(object) };
                }
            });
        }
        self.alloc.release_hold();
    }
}
