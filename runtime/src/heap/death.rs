//! Death by count: the only path that frees an object.
//!
//! ```text
//! count reaches zero
//!   -> finalizer, if one is due; resurrected? then it lives on
//!   -> weak references cleared, then their callbacks, newest first
//!   -> payload dropped; what it owned may die in turn
//!   -> block freed
//! ```

use core::mem::needs_drop;
use core::ptr::NonNull;

use super::drops::Drops;
use super::state::HeapState;
use super::unraisable::UnraisableContext;
use crate::object::{Flags, RawObject, SideState, Type, type_of};
use crate::weak::{PendingCallbacks, Record, Reference};

impl HeapState {
    /// The last reference to the object with this payload is gone.
    ///
    /// Never unwinds (S14). Out of line and cold for its callers, so that dropping a handle stays a decrement and a
    /// branch.
    ///
    /// # Safety
    /// 1. `payload` is the payload of an object whose count has just reached zero; the caller doesn't use it
    ///    afterwards.
    /// 2. If `T` is sized, it is the type of the object's payload.
    #[inline(never)]
    pub(crate) unsafe fn die<T: ?Sized>(payload: NonNull<T>) {
        // SAFETY: (1).
        let object = unsafe { RawObject::from_payload(payload) };
        let is_thin = size_of::<NonNull<T>>() == size_of::<usize>();
        if !is_thin || object.header().has(Flags::SLOW) {
            Self::die_slowly(object);
            return;
        }
        let state = Self::of(object);
        if needs_drop::<T>() {
            if !Drops::enter() {
                Self::queue(state, object);
                return;
            }
            // The object is no more before its payload drops: nothing reveals it, no walk looks at it.
            object.header().clear();
            // SAFETY: (1), (2): the last use of the payload. Not LOUD: runs no foreign code and doesn't unwind.
            unsafe { payload.drop_in_place() };
            Self::leave_drop();
        } else {
            object.header().clear();
        }
        // SAFETY: the payload is dropped, the header cleared.
        unsafe { Self::free_block(state, object) };
    }

    /// The same for an object of which only the address is known, or which needs more than a drop.
    #[cold]
    #[inline(never)]
    pub(crate) fn die_slowly(object: RawObject) {
        let header = object.header();
        if header.has(Flags::SATURATED) {
            // References were lost count of: never freed (S21).
            header.saturate();
            return;
        }
        if header.has(Flags::DOOMED | Flags::EXCLUSIVE | Flags::IMMORTAL) {
            // Garbage of the collection under way, whose sweep frees it; or lent by a guard that was leaked: it leaks
            // with it (S1).
            return;
        }
        let state = Self::of(object);
        // SAFETY: the state lives as long as the object's block is in use.
        let this = unsafe { state.as_ref() };
        if !Drops::enter() {
            Self::queue(state, object);
            return;
        }
        let dead = this.destroy(object);
        if dead {
            Self::leave_drop();
            // SAFETY: `destroy` dropped the payload and cleared the header.
            unsafe { Self::free_block(state, object) };
        } else {
            // Alive again, so it may be anybody's, and its death needn't wait for this call: the operation keeps the
            // state instead.
            this.enter_operation();
            Self::leave_drop();
            Self::end_operation(state);
        }
    }

    /// Lets go of a reference to `object` that the caller owns.
    pub(crate) fn release(object: RawObject) {
        if object.header().decrement() {
            Self::die_slowly(object);
        }
    }

    /// Carries out the death of an object that was queued. A payload drop is under way, and an operation keeps the
    /// state.
    pub(crate) fn die_from_queue(&self, object: RawObject) {
        if self.destroy(object) {
            // SAFETY: `destroy` dropped the payload and cleared the header.
            unsafe { Self::free_block(NonNull::from(self), object) };
        }
    }

    /// Takes a dead object through finalizer, weak references and the drop of its payload. False if it was resurrected;
    /// otherwise its header is cleared, up to `LARGE`, and its block is to be freed.
    fn destroy(&self, object: RawObject) -> bool {
        let header = object.header();
        // SAFETY: a dead object that has not been torn down still has its type.
        let ty = unsafe { type_of(header.type_id()) };
        if header.has(Flags::FINALIZER) {
            header.increment();
            self.finalize(object, ty);
            if !header.decrement() {
                self.list_resurrected(object);
                return false;
            }
        }
        if header.has(Flags::WEAK) {
            // From here on nothing may find the object: callbacks run while it is dying.
            header.insert(Flags::DOOMED);
            let due = PendingCallbacks::default();
            self.clear_weak(object, &due, |_| false);
            self.run_callbacks(&due);
        }
        let large = header.has(Flags::LARGE);
        let loud = header.has(Flags::LOUD);
        header.clear();
        if large {
            header.insert(Flags::LARGE);
        }
        if let Some(drop) = ty.descriptor.drop {
            self.drop_payload(object, ty, drop, loud);
        }
        true
    }

    /// Moves the payload out of an object of which the caller owns the only reference, and frees the block. The
    /// finalizer doesn't run; weak references are cleared, and their callbacks run while `read`'s result is the
    /// caller's already (S15).
    pub(crate) fn dismantle<V>(object: RawObject, read: impl FnOnce() -> V) -> V {
        let state = Self::of(object);
        // SAFETY: the state lives as long as the object, and then as long as the operation.
        let this = unsafe { state.as_ref() };
        this.enter_operation();
        let header = object.header();
        let last = header.decrement();
        debug_assert!(last, "only the last reference can be unwrapped");
        let due = PendingCallbacks::default();
        if header.has(Flags::WEAK) {
            header.insert(Flags::DOOMED);
            this.clear_weak(object, &due, |_| false);
        }
        let value = read();
        let large = header.has(Flags::LARGE);
        header.clear();
        if large {
            header.insert(Flags::LARGE);
        }
        // SAFETY: the payload was moved out, the header cleared; the operation keeps the state.
        unsafe { Self::free_block(state, object) };
        this.run_callbacks(&due);
        Self::end_operation(state);
        value
    }

    /// Clears the weak references to a live object and runs their callbacks, as if it had died for them.
    pub(crate) fn disown_weak(object: RawObject) {
        // SAFETY: the object, which the caller has a handle to, keeps the state.
        let this = unsafe { Self::of(object).as_ref() };
        let due = PendingCallbacks::default();
        this.clear_weak(object, &due, |_| false);
        this.run_callbacks(&due);
    }

    /// Frees a reserved block that never became an object.
    ///
    /// # Safety
    /// The block is reserved, its header still that of a free block, and nobody uses it.
    pub(crate) unsafe fn cancel(state: NonNull<HeapState>, object: RawObject, template: u32) {
        if object.header().has(Flags::WEAK) {
            // Weak handles to an object that never came to be: dead ones. No callback can be waiting for it.
            // SAFETY: the caller's promise keeps the state.
            unsafe { state.as_ref() }.clear_weak(object, &PendingCallbacks::default(), |_| false);
        }
        if template & Flags::LARGE.bits() as u32 != 0 {
            object.header().insert(Flags::LARGE);
        }
        // SAFETY: the caller's promise.
        unsafe { Self::free_block(state, object) };
    }

    /// Drops the payload of an object that nothing uses any more.
    pub(crate) fn drop_payload(&self, object: RawObject, ty: &Type, drop: unsafe fn(RawObject), loud: bool) {
        // SAFETY: the object is dead or garbage, and this is the last use of its payload.
        let run = || unsafe { drop(object) };
        if !loud {
            run();
        } else if object.pool_ref().kind() == crate::alloc::PoolKind::Tracked {
            // Foreign code in the drop of a field; deaths of the other fields are queued in order as usual.
            self.user_calls.set(self.user_calls.get().wrapping_add(1));
            // USER CODE: the drops of leaf fields.
            if let Err(payload) = std::panic::catch_unwind(core::panic::AssertUnwindSafe(run)) {
                self.report(UnraisableContext::Drop, ty.name(), payload);
            }
        } else {
            self.call_user(UnraisableContext::Drop, ty.name(), run);
        }
    }

    /// Runs the finalizer that is due. The caller holds a reference to the object.
    pub(crate) fn finalize(&self, object: RawObject, ty: &Type) {
        if object.is_tracked() {
            // Once in its life, and noted before the call, which may do anything.
            object.header().remove(Flags::FINALIZER);
            object.header().insert(Flags::FINALIZED);
        }
        if let Some(finalizer) = &ty.hooks.finalizer {
            self.call_user(UnraisableContext::Finalizer, ty.name(), || (finalizer.call)(object));
        }
    }

    /// Parts `object` from its weak references; see [`WeakTable::clear`](crate::weak::WeakTable::clear).
    pub(crate) fn clear_weak(&self, object: RawObject, due: &PendingCallbacks, is_dying: impl Fn(RawObject) -> bool) {
        if let Some(record) = self.weak.clear(object, due, is_dying) {
            // SAFETY: nothing names the record any more. The state stays: `object` is still in its block.
            unsafe { self.free_record(record) };
        }
    }

    /// Runs callbacks that are due, in order, and lets their references go.
    pub(crate) fn run_callbacks(&self, due: &PendingCallbacks) {
        while let Some(reference) = due.pop() {
            // SAFETY: the queue holds live reference objects.
            if let Some(callback) = unsafe { Reference::of(&reference) }.callback() {
                // SAFETY: a live reference object's type is registered.
                let ty = unsafe { type_of(callback.object.header().type_id()) };
                self.call_user(UnraisableContext::WeakCallback, ty.name(), || {
                    // SAFETY: both are alive: the queue holds the reference, and that the callback.
                    unsafe { (callback.call)(callback.object, reference) }
                });
            }
            self.let_go(reference);
        }
    }

    /// Drops the callback of a cleared reference, and the queue's count on the reference.
    pub(crate) fn let_go(&self, reference: RawObject) {
        // SAFETY: the queue holds live reference objects.
        let callback = unsafe { Reference::of(&reference) }.take_callback();
        // A scope, because either may die here and now, and be anything.
        let scope = self.open_scope();
        if let Some(callback) = callback {
            Self::release(callback.object);
        }
        Self::release(reference);
        Drops::close_scope(scope);
    }

    /// Frees a weak record.
    ///
    /// # Safety
    /// Nothing names the record any more: no handle, no reference, and the table doesn't lead to it.
    pub(crate) unsafe fn free_record(&self, record: NonNull<Record>) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            record.drop_in_place();
            self.alloc.free_raw(record.cast(), size_of::<Record>(), align_of::<Record>())
        }
    }

    /// Gives the block of a dead object back, and with the last block of a closed heap the heap.
    ///
    /// # Safety
    /// 1. The object's payload is dropped and its header cleared, up to `LARGE`.
    /// 2. The caller uses neither the block nor the state afterwards, unless something else keeps the state (S18).
    #[inline(always)]
    pub(crate) unsafe fn free_block(state: NonNull<HeapState>, object: RawObject) {
        let pool = object.pool();
        if object.pool_ref().mark() != 0 {
            Self::leave_examination(object);
        }
        // SAFETY: the state lives as long as the block is in use.
        let this = unsafe { state.as_ref() };
        if object.header().has(Flags::LARGE) {
            object.header().remove(Flags::LARGE);
            // The lists would keep the whole region until they are collected.
            this.young.remove(object, &this.alloc);
            this.middle.remove(object, &this.alloc);
            // SAFETY: (1).
            unsafe { this.alloc.free_large(object.block()) };
            Self::free_if_unused(state);
            return;
        }
        // SAFETY: (1); the pool is the block's.
        if unsafe { this.alloc.free(object.block(), pool) } && this.closed.get() {
            Self::free_if_unused(state);
        }
    }

    /// An object of a pool under examination died: it is no candidate any more, whatever comes to be in its block (S8).
    #[cold]
    fn leave_examination(object: RawObject) {
        SideState::REST.set(object);
    }
}
