//! Death by count, and the ways on which blocks are freed. (Garbage that owns only handles goes without them: `reclaim`.)
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

use super::close::Operation;
use super::drops::Drops;
use super::state::HeapState;
use super::unraisable::UnraisableContext;
use crate::alloc::{Allocator, Pool, PoolFlags};
use crate::object::{Flags, RawObject, SideState, Type, type_of};
use crate::weak::{Link, PendingCallbacks, Record, Reference};

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
            // SAFETY: (1).
            unsafe { Self::die_slowly(object) };
            return;
        }
        // (The state is found again after the drop: then nothing but the address has to outlast it.)
        if needs_drop::<T>() {
            if !Drops::enter() {
                // SAFETY: (1): dead, and given up by the caller.
                unsafe { Self::queue(Self::of(object), object) };
                return;
            }
            // The object is no more before its payload drops: nothing reveals it, no walk looks at it.
            object.header().clear_dead();
            // SAFETY: (1), (2): the last use of the payload. Not LOUD: runs no foreign code and doesn't unwind.
            unsafe { payload.drop_in_place() };
            Self::leave_drop();
        } else {
            object.header().clear_dead();
        }
        // SAFETY: (1) the payload is dropped, the header cleared; (2) the last use of both.
        unsafe { Self::free_usual_block(Self::of(object), object) };
    }

    /// The same for an object of which only the address is known, or which needs more than a drop.
    ///
    /// # Safety
    /// The object's count has just reached zero, by a reference that the caller gave up; the caller doesn't use it
    /// afterwards, nor its heap's state unless something else keeps that (S18).
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn die_slowly(object: RawObject) {
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
            // SAFETY: dead, and given up by the caller.
            unsafe { Self::queue(state, object) };
            return;
        }
        // SAFETY: dead, and given up by the caller. The block stays in use meanwhile, and keeps the state.
        let dead = unsafe { this.destroy(object) };
        if dead {
            Self::leave_drop();
            // SAFETY: (1) `destroy` dropped the payload and cleared the header; (2) the last use of block and state.
            unsafe { Self::free_block(state, object) };
        } else {
            // Alive again, so it may be anybody's, and its death needn't wait for this call: the operation keeps the
            // state instead.
            // SAFETY: (1) no user code ran since the object was found alive: until here it keeps the state; (2) its end
            // is the last use here, and by the caller's promise the caller's.
            let operation = unsafe { Operation::enter(state) };
            Self::leave_drop();
            drop(operation);
        }
    }

    /// Lets go of a reference to `object` that the caller owns.
    ///
    /// # Safety
    /// The caller owns the reference, and gives it up: it doesn't use the object afterwards, nor its heap's state
    /// unless something else keeps that (S18).
    pub(crate) unsafe fn release(object: RawObject) {
        if object.header().decrement() {
            // SAFETY: that was the last reference, and the caller's.
            unsafe { Self::die_slowly(object) };
        }
    }

    /// Carries out the death of an object that was queued. A payload drop is under way.
    ///
    /// # Safety
    /// 1. `object` was taken out of this heap's queue; the caller doesn't use it afterwards.
    /// 2. An operation keeps the state.
    pub(crate) unsafe fn die_from_queue(&self, object: RawObject) {
        // SAFETY: (1): dead, and given up by whoever queued it.
        if unsafe { self.destroy(object) } {
            // SAFETY: (1) `destroy` dropped the payload and cleared the header; (2) the operation keeps the state.
            unsafe { Self::free_block(NonNull::from(self), object) };
        }
    }

    /// Takes a dead object through finalizer, weak references and the drop of its payload. False if it was resurrected;
    /// otherwise its header is cleared, up to `LARGE`, and its block is to be freed.
    ///
    /// # Safety
    /// `object` is dead (its count is zero), not torn down yet, and nobody else does it: whoever gave up the last
    /// reference left it to the caller. Its block in use keeps the state.
    unsafe fn destroy(&self, object: RawObject) -> bool {
        let header = object.header();
        // SAFETY: a dead object that has not been torn down still has its type.
        let ty = unsafe { type_of(header.type_id()) };
        if header.has(Flags::FINALIZER) {
            header.increment();
            // SAFETY: `ty` is the object's type, and the reference that was just made keeps it alive.
            unsafe { self.finalize(object, ty) };
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
            // SAFETY: (1) the type is the object's; (2) dead, left to the caller, and nothing leads to it any more: no
            // handle, no weak reference, no walk (its header is cleared).
            unsafe { self.drop_payload(object, ty, drop, loud) };
        }
        true
    }

    /// Moves the payload out of an object of which the caller owns the only reference, and frees the block. The
    /// finalizer doesn't run; weak references are cleared, and their callbacks run while `read`'s result is the
    /// caller's already (S15).
    ///
    /// # Safety
    /// 1. The object is alive, the caller owns the only reference to it, and gives that up.
    /// 2. After `read`, which runs no user code and moves the payload out, nobody uses the payload.
    pub(crate) unsafe fn dismantle<V>(object: RawObject, read: impl FnOnce() -> V) -> V {
        let state = Self::of(object);
        // SAFETY: (1) the object, alive by (1), keeps the state until then; (2) its end is the last use.
        let operation = unsafe { Operation::enter(state) };
        let this = operation.state();
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
        // SAFETY: (1) the payload was moved out, the header cleared; (2) the operation keeps the state.
        unsafe { Self::free_block(state, object) };
        this.run_callbacks(&due);
        drop(operation);
        value
    }

    /// Clears the weak references to a live object and runs their callbacks, as if it had died for them.
    ///
    /// # Safety
    /// The object is alive, and stays so during the call: the caller owns a reference to it.
    pub(crate) unsafe fn disown_weak(object: RawObject) {
        // SAFETY: the caller's promise: the object keeps the state.
        let this = unsafe { Self::of(object).as_ref() };
        let due = PendingCallbacks::default();
        this.clear_weak(object, &due, |_| false);
        this.run_callbacks(&due);
    }

    /// Frees a reserved block that never became an object.
    ///
    /// # Safety
    /// The block of this heap is reserved, its header still that of a free block, and nobody uses it. The caller
    /// doesn't use the state afterwards, unless something else keeps it (S18).
    pub(crate) unsafe fn cancel(state: NonNull<HeapState>, object: RawObject, template: u32) {
        if object.header().has(Flags::WEAK) {
            // Weak handles to an object that never came to be: dead ones. No callback can be waiting for it.
            // SAFETY: the reserved block keeps the state.
            unsafe { state.as_ref() }.clear_weak(object, &PendingCallbacks::default(), |_| false);
        }
        if template & Flags::LARGE.bits() as u32 != 0 {
            object.header().insert(Flags::LARGE);
        }
        // SAFETY: (1) there is no payload, and the header is that of a free block; (2) the last use of both.
        unsafe { Self::free_block(state, object) };
    }

    /// Drops the payload of an object that nothing uses any more.
    ///
    /// # Safety
    /// 1. `ty` is the type that the object has, or had until its header was cleared; `drop` is its drop.
    /// 2. The payload is complete, and this is its last use. The object's block stays in use meanwhile.
    pub(crate) unsafe fn drop_payload(&self, object: RawObject, ty: &Type, drop: unsafe fn(RawObject), loud: bool) {
        // SAFETY: (1), (2).
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

    /// Runs the finalizer that is due.
    ///
    /// # Safety
    /// The object is alive, and stays so during the call: the caller owns a reference to it. `ty` is its type.
    pub(crate) unsafe fn finalize(&self, object: RawObject, ty: &Type) {
        if object.is_tracked() {
            // Once in its life, and noted before the call, which may do anything.
            object.header().remove(Flags::FINALIZER);
            object.header().insert(Flags::FINALIZED);
        }
        if let Some(finalizer) = &ty.hooks.finalizer {
            self.finalizer_calls.set(self.finalizer_calls.get().wrapping_add(1));
            self.call_user(UnraisableContext::Finalizer, ty.name(), || {
                // SAFETY: the caller's promise.
                unsafe { finalizer.run(object) }
            });
        }
    }

    /// Parts `object` from its weak references; see [`WeakTable::clear`](crate::weak::WeakTable::clear).
    pub(crate) fn clear_weak(&self, object: RawObject, due: &PendingCallbacks, is_dying: impl Fn(RawObject) -> bool) {
        if let Some(record) = self.weak.clear(object, due, is_dying) {
            // SAFETY: nothing names the record any more. The state stays: `object` is still in its block.
            unsafe { self.free_record(record) };
        }
    }

    /// Runs callbacks that are due, in order, and lets their references go; entries of weak maps among them are
    /// dropped, with what they own.
    pub(crate) fn run_callbacks(&self, due: &PendingCallbacks) {
        while let Some(object) = due.pop() {
            // SAFETY: the queue holds live objects with a link.
            let is_entry = unsafe { Link::of(&object) }.kind().is_entry();
            // SAFETY: not an entry, so a `WeakRef` or `Proxy`.
            if !is_entry && let Some(callback) = unsafe { Reference::of(&object) }.callback() {
                // SAFETY: a live reference object's type is registered.
                let ty = unsafe { type_of(callback.object.header().type_id()) };
                self.call_user(UnraisableContext::WeakCallback, ty.name(), || {
                    // SAFETY: both are alive: the queue holds the reference, and that the callback.
                    unsafe { (callback.call)(callback.object, object) }
                });
            }
            if is_entry && due.is_empty() {
                // Nothing comes after it that would have to wait for it, so it needs no scope: chains of entries die in
                // as little stack as other chains.
                // SAFETY: as below.
                unsafe { Self::release(object) };
                return;
            }
            // SAFETY: it was due; the queue's count on it is given up.
            unsafe { self.let_go(object) };
        }
    }

    /// Drops the callback of a cleared reference, and the queue's count on the reference, or on an entry.
    ///
    /// # Safety
    /// `object` was taken out of a queue: the caller owns one count on it, and gives it up.
    pub(crate) unsafe fn let_go(&self, object: RawObject) {
        // SAFETY: the caller's promise: a live object with a link.
        let is_entry = unsafe { Link::of(&object) }.kind().is_entry();
        // SAFETY: not an entry, so a `WeakRef` or `Proxy`.
        let callback = if is_entry { None } else { unsafe { Reference::of(&object) }.take_callback() };
        // A scope, because either may die here and now, and be anything.
        let scope = self.open_scope();
        if let Some(callback) = callback {
            // SAFETY: the count on the callback that the reference owned until it was taken.
            unsafe { Self::release(callback.object) };
        }
        // SAFETY: the caller's count.
        unsafe { Self::release(object) };
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
    #[inline]
    pub(crate) unsafe fn free_block(state: NonNull<HeapState>, object: RawObject) {
        if object.header().has(Flags::LARGE) {
            // SAFETY: (1), (2).
            unsafe { Self::free_unusual_block(state, object) };
        } else {
            // SAFETY: (1), (2).
            unsafe { Self::free_usual_block(state, object) };
        }
    }

    /// The same for an object that was not `LARGE`.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn free_usual_block(state: NonNull<HeapState>, object: RawObject) {
        // SAFETY: the state lives as long as the block is in use.
        if unsafe { state.as_ref() }.collecting.get() {
            // SAFETY: (1), (2).
            return unsafe { Self::free_during_collection(state, object) };
        }
        let pool = object.pool();
        // SAFETY: (1); the pool is the block's.
        if unsafe { Allocator::give_back(object.block(), pool) } {
            // SAFETY: (1) a block of the pool was given back just now, which kept the state; (2).
            unsafe { Self::pool_changed(state, pool) };
        }
    }

    /// The same while a collection of the heap is under way: if the object was a candidate, it is none any more, whatever comes to be in its
    /// block (S8).
    ///
    /// # Safety
    /// As there.
    #[cold]
    #[inline(never)]
    unsafe fn free_during_collection(state: NonNull<HeapState>, object: RawObject) {
        Self::leave_examination(object);
        let pool = object.pool();
        // SAFETY: (1); the pool is the block's.
        if unsafe { Allocator::give_back(object.block(), pool) } {
            // SAFETY: (1) a block of the pool was given back just now, which kept the state; (2).
            unsafe { Self::pool_changed(state, pool) };
        }
    }

    /// The pool was full, or it is empty now, and with it perhaps a closed heap.
    ///
    /// # Safety
    /// 1. A block of the pool was just given back, which kept the state until now.
    /// 2. The caller doesn't use the state afterwards, unless something else keeps it (S18).
    #[cold]
    #[inline(never)]
    unsafe fn pool_changed(state: NonNull<HeapState>, pool: NonNull<Pool>) {
        // SAFETY: (1).
        let this = unsafe { state.as_ref() };
        this.alloc.used_fell_to_zero(pool);
        if this.closed.get() {
            // SAFETY: (1), (2).
            unsafe { Self::free_if_unused(state) };
        }
    }

    /// [`free_block`](HeapState::free_block) for a block that is a region of its own, or may be guarded.
    ///
    /// # Safety
    /// As there.
    #[cold]
    #[inline(never)]
    unsafe fn free_unusual_block(state: NonNull<HeapState>, object: RawObject) {
        // SAFETY: the state lives as long as the block is in use.
        let this = unsafe { state.as_ref() };
        if this.collecting.get() {
            Self::leave_examination(object);
        }
        object.header().remove(Flags::LARGE);
        if object.pool_ref().flags().contains(PoolFlags::LARGE) {
            // The lists would keep the whole region until they are collected.
            this.young.remove(object, &this.alloc);
            this.middle.remove(object, &this.alloc);
        }
        // SAFETY: (1).
        unsafe { this.alloc.free_unusual(object.block()) };
        // SAFETY: (1) the block kept the state until now; (2) the last use here, and by (2) the caller's.
        unsafe { Self::free_if_unused(state) };
    }

    /// What died is no candidate any more.
    fn leave_examination(object: RawObject) {
        if object.side().get() != SideState::REST.0 {
            SideState::REST.set(object);
        }
    }
}
