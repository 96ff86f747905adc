//! The end of a heap: what keeps its state, and how it goes.
//!
//! The state is kept (invariant *kept*) by the `Heap`, by each block in use (objects, weak records, raw bytes), by each keeper (external
//! bytes, allocators), and by each operation on the stack.
//! Dropping the `Heap` *closes* the state: what waits for the exit is called, immortals become ordinary, the host's roots
//! go, what is garbage is collected, and from then on objects live and die by count alone. The last block freed, or the
//! last operation to return, drops what is left of the user's (roots, the hook) and frees the state (S18).
//!
//! Both ends run user code, which may end the next heap, and so on. So each counts as a level of nested drops, and waits
//! for the drop at the limit of the stack where there is no room (S13).

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

    /// Rounds of collection at closing.
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
        // SAFETY: (1): the operation keeps the state.
        let this = unsafe { state.as_ref() };
        if this.is_to_be_closed() {
            if Drops::enter() {
                this.close_if_requested();
                Self::leave_drop();
            } else {
                // SAFETY: as above.
                unsafe { Self::wait(state) };
            }
        }
        this.leave_operation();
        // SAFETY: (1) the operation kept the state until now; (2) the last use here, and by (2) the caller's.
        unsafe { Self::free_if_unused(state) };
    }

    fn leave_operation(&self) {
        // A count that saturated is never right again: the state stays (S21).
        if self.operations.get() != u32::MAX {
            self.operations.set(self.operations.get() - 1);
        }
    }

    /// Whether nothing keeps the state but `operations`: it is closed, and no keeper and no block is in use (that of an
    /// object whose payload is being dropped is in use until that is done).
    fn is_unused_but_for(&self, operations: u32) -> bool {
        self.closed.get() && self.operations.get() == operations && self.keepers.get() == 0 && self.alloc.is_empty()
    }

    /// Frees the state if nothing keeps it, after what is left of the user's was dropped. Each caller ends with this
    /// call, and names what kept the state until then.
    ///
    /// # Safety
    /// 1. Something kept the state until the caller let go of it, just now: nobody can have freed it since.
    /// 2. The caller doesn't use the state afterwards, unless something else keeps it (S18).
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn free_if_unused(state: NonNull<HeapState>) {
        // SAFETY: (1): only this function frees a state.
        let this = unsafe { state.as_ref() };
        while this.is_unused_but_for(0) {
            if !this.has_remains() {
                // SAFETY: nothing keeps the state.
                unsafe { Self::free(state) };
                return;
            }
            if !Drops::enter() {
                // SAFETY: as above. This enters an operation, so that nobody else frees it.
                unsafe { Self::wait(state) };
                return;
            }
            this.enter_operation();
            this.drop_remains();
            Self::leave_drop();
            this.leave_operation();
        }
    }

    /// Whether anything of the user's is left that the end of the state has to drop.
    fn has_remains(&self) -> bool {
        self.roots.len() != 0 || self.hook.is_set()
    }

    /// Drops what is left of the user's, if nothing keeps the state any more but an operation of the caller's, who
    /// counts as a level of nested drops.
    pub(super) fn drop_remains(&self) {
        while self.is_unused_but_for(1) && self.has_remains() {
            // Objects of other heaps that were rooted here.
            self.drop_roots();
            let scope = self.open_scope();
            // USER CODE: the drop of what the hook captured.
            self.hook.clear();
            Drops::close_scope(scope);
        }
    }

    /// The `Heap` is dropped.
    ///
    /// # Safety
    /// 1. The state is not closed, and this is asked once: whoever owns the state, a `Heap` or the thread, gives it up.
    /// 2. The caller doesn't use the state afterwards, unless something else keeps it (S18).
    pub(crate) unsafe fn close(state: NonNull<HeapState>) {
        // SAFETY: (1): a state that isn't closed is never freed.
        unsafe { state.as_ref() }.close_requested.set(true);
        // SAFETY: as above; its end, which closes the state, is the last use here, and by (2) the caller's.
        drop(unsafe { Operation::enter(state) });
    }

    /// Whether closing was asked for and may begin.
    fn is_to_be_closed(&self) -> bool {
        self.close_requested.get() && !self.collecting.get() && !self.exits.is_running()
    }

    /// Closes the state if that was asked for and nothing is under way that has to end first. An operation keeps the
    /// state, and the caller counts as a level of nested drops.
    pub(super) fn close_if_requested(&self) {
        if self.is_to_be_closed() {
            self.close_requested.set(false);
            self.close_now();
        }
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
        self.collect_to_the_end();
        if self.has_sink() {
            // It has heard of what was to be heard of: what it captured goes like the rest.
            self.drop_sink();
            self.collect_to_the_end();
        }
        // Closed first: what ends now makes nothing immortal. Roots that it makes stay until nothing else keeps the state.
        self.closed.set(true);
        self.drop_roots();
        self.end_immortality();
        for list in [&self.young, &self.middle] {
            list.spill(&self.alloc);
        }
        self.alloc.close();
        // SAFETY: the operation that ends with closing keeps the state.
        unsafe { Self::report_faults(NonNull::from(self)) };
    }

    /// Collects until nothing is left to collect: finalizers may make new garbage, but not forever.
    fn collect_to_the_end(&self) {
        for _ in 0..Self::CLOSING_ROUNDS {
            let calls = self.finalizer_calls.get();
            self.drop_roots();
            // What was let go where no more drops may nest is queued, and would hold what it owns.
            // SAFETY: the operation that ends with closing keeps the state.
            unsafe { self.drain() };
            // SAFETY: as above.
            let collected = unsafe { Self::collect(NonNull::from(self), Generation::Old) };
            // What died by count in a finalizer's hands isn't collected, and may have let go of more.
            if collected == 0 && self.finalizer_calls.get() == calls && self.roots.len() == 0 {
                break;
            }
        }
    }

    /// What keeps objects from the collections of closing goes first: the captures of callbacks, of collections and of
    /// the soft limit, which are called no more; the garbage that was kept, and freezing. From now on no others are
    /// taken.
    fn begin_closing(&self) {
        self.closing.set(true);
        self.drop_closures(&self.callbacks, UnraisableContext::GcCallback);
        self.end_soft_limit();
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
