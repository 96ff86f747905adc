//! Heap state: everything that one heap owns.

use core::alloc::Layout;
use core::cell::{Cell, UnsafeCell};
use core::panic::AssertUnwindSafe;
use core::ptr::NonNull;
use std::panic::catch_unwind;

use super::callbacks::GcCallbacks;
use super::counting::Counting;
use super::debug::Debugging;
use super::drops::{Drops, Scope};
use super::exit::Exits;
use super::limits::SoftLimit;
use super::roots::Roots;
use super::stress_mode::StressMode;
use super::type_cache::TypeCache;
use super::unraisable::{UnraisableContext, UnraisableHook};
use super::waiting::Waiting;
use crate::alloc::{Allocator, AllocatorOptions, PoolKind};
use crate::base;
use crate::collect::{Examiner, GenerationList, Policy};
use crate::object::RawObject;
use crate::weak::WeakTable;

/// The state behind a [`Heap`](crate::Heap), its handles and its blocks.
///
/// All of it is *cells*: no exclusive reference to it exists once it is made, so user code may come back to it at any
/// call. It lives as long as the `Heap`, any object, any raw block, any keeper, or any operation on the stack (S18);
/// see `close.rs`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct HeapState {
    /// First, where its address is the state's own: an instruction less for each allocation.
    pub(crate) types: TypeCache,
    pub(crate) alloc: Allocator,
    pub(crate) young: GenerationList,
    pub(crate) middle: GenerationList,
    pub(crate) policy: Policy,
    pub(crate) examiner: UnsafeCell<Examiner>,
    /// Scopes of user code that may be open within each other.
    pub(crate) max_scopes: Cell<u32>,
    pub(crate) waiting: Waiting,
    pub(crate) weak: WeakTable,
    pub(crate) exits: Exits,
    pub(crate) hook: UnraisableHook,
    pub(crate) roots: Roots,
    /// A collection is under way.
    pub(crate) collecting: Cell<bool>,
    /// Calls of user code so far: tells whether any ran between two points (S7).
    pub(crate) user_calls: Cell<u64>,
    /// Finalizers so far: what they let go of may be garbage that closing still has to find.
    pub(crate) finalizer_calls: Cell<u64>,
    /// Operations on the stack that use the state after user code ran.
    pub(crate) operations: Cell<u32>,
    /// What keeps the state besides: external bytes, allocators. Saturates to "never freed" (S21).
    pub(crate) keepers: Cell<u32>,
    /// The `Heap` was dropped while a collection was under way; the collection closes it.
    pub(crate) close_requested: Cell<bool>,
    /// The `Heap` is gone: nothing is collected any more, and memory goes back as soon as it can.
    pub(crate) closed: Cell<bool>,
    /// Immortal objects.
    pub(crate) immortals: Cell<usize>,
    pub(crate) callbacks: GcCallbacks,
    pub(crate) debugging: Debugging,
    /// Closing has begun, and is perhaps over: its collections are the last ones.
    pub(crate) closing: Cell<bool>,
    /// Closing is to leave everything as it is.
    pub(crate) leak_at_close: Cell<bool>,
    pub(crate) soft_limit: SoftLimit,
    pub(crate) stress: StressMode,
    pub(crate) counting: Counting,
}

impl HeapState {
    /// A new state, not closed; `None` if memory is refused.
    pub(crate) fn try_new(options: AllocatorOptions) -> Option<NonNull<HeapState>> {
        let examiner = Examiner::try_new()?;
        let place = base::os::system_alloc(Layout::new::<HeapState>())?.cast::<HeapState>();
        let state = HeapState {
            alloc: Allocator::new(place.cast(), options),
            types: TypeCache::new(),
            young: GenerationList::young(),
            middle: GenerationList::middle(),
            policy: Policy::new(),
            examiner: UnsafeCell::new(examiner),
            max_scopes: Cell::new(Drops::SCOPES),
            waiting: Waiting::default(),
            weak: WeakTable::default(),
            exits: Exits::default(),
            hook: UnraisableHook::default(),
            roots: Roots::default(),
            collecting: Cell::new(false),
            user_calls: Cell::new(0),
            finalizer_calls: Cell::new(0),
            operations: Cell::new(0),
            keepers: Cell::new(0),
            close_requested: Cell::new(false),
            closed: Cell::new(false),
            immortals: Cell::new(0),
            callbacks: GcCallbacks::new(),
            debugging: Debugging::new(),
            closing: Cell::new(false),
            leak_at_close: Cell::new(false),
            soft_limit: SoftLimit::default(),
            stress: StressMode::default(),
            counting: Counting::default(),
        };
        state.alloc.budget().keep_always(state.reserve_bytes());
        if !state.young.reserve(&state.alloc) {
            // SAFETY: allocated with this layout just now; nothing was written to it.
            unsafe { base::os::system_free(place.cast(), Layout::new::<HeapState>()) };
            return None;
        }
        // SAFETY: fresh memory of the right layout.
        unsafe { place.write(state) };
        // SAFETY: written just now.
        #[cfg(tailbite_stress)]
        super::stress::at_birth(unsafe { place.as_ref() });
        Some(place)
    }

    /// Frees the state and all its memory. Runs no user code.
    ///
    /// # Safety
    /// Nothing uses the state any more: no block is in use, no operation is on the stack, the `Heap` is gone. Nothing of
    /// the user's is left in it.
    pub(crate) unsafe fn free(state: NonNull<HeapState>) {
        super::default::forget(state);
        // SAFETY: the caller's promise.
        unsafe {
            state.as_ref().alloc.release_all();
            state.drop_in_place();
            base::os::system_free(state.cast(), Layout::new::<HeapState>());
        }
    }

    /// The state of the heap that `object` lives in.
    #[inline(always)]
    pub(crate) fn of(object: RawObject) -> NonNull<HeapState> {
        object.pool_ref().owner().cast()
    }

    /// Gives memory back to the system; returns the bytes. Does nothing during a collection.
    pub(crate) fn trim(&self) -> usize {
        if self.alloc.is_held() {
            return 0;
        }
        let lists = self.young.shrink(&self.alloc) + self.middle.shrink(&self.alloc);
        lists + self.weak.shrink(&self.alloc) + self.alloc.trim()
    }

    /// Bytes that a heap has from its beginning: its state, and what a collection works with.
    fn reserve_bytes(&self) -> usize {
        // SAFETY: no collection is under way in this call, so nobody borrows the examiner exclusively.
        size_of::<HeapState>() + unsafe { &*self.examiner.get() }.bytes()
    }

    /// Bytes that the heap takes for itself, outside of pools.
    pub(super) fn kept_bytes(&self) -> usize {
        let lists = self.young.bytes() + self.middle.bytes();
        let hosts = self.callbacks.bytes() + self.debugging.bytes() + self.roots.bytes() + self.exits.bytes();
        self.reserve_bytes() + lists + self.weak.bytes() + hosts
    }

    /// The number of young objects alive; `None` if the list was spilled and the answer would need a walk.
    pub(crate) fn young_listed(&self) -> Option<usize> {
        (!self.young.is_spilled()).then(|| self.young.live())
    }

    /// The number of young objects alive. Cost: one look at each, or at the whole heap if the young list was spilled.
    pub(crate) fn young_count(&self) -> usize {
        self.young_listed().unwrap_or_else(|| {
            let mut count = 0;
            self.for_each_object(PoolKind::Tracked, |object| count += usize::from(object.header().generation() == 0));
            count
        })
    }

    /// Calls `f` on every live object in pools of `kind`. If `f` can free anything, the caller holds the allocator
    /// (S8).
    pub(crate) fn for_each_object(&self, kind: PoolKind, mut f: impl FnMut(RawObject)) {
        // SAFETY: the caller frees nothing, or holds the allocator.
        for pool in unsafe { self.alloc.pool_refs(kind) } {
            for block in pool.blocks() {
                // SAFETY: *valid-header*: the header word of every carved block is initialised (S16).
                let object = unsafe { RawObject::from_block(block) };
                if object.header().is_alive() {
                    f(object);
                }
            }
        }
    }

    /// Opens a drop scope for user code.
    pub(crate) fn open_scope(&self) -> Scope {
        Drops::open_scope(self.max_scopes.get())
    }

    /// Calls user code: in a drop scope of its own, counted, its panic caught and reported. `None` if it panicked.
    pub(crate) fn call_user<R>(
        &self,
        context: UnraisableContext,
        type_name: &'static str,
        f: impl FnOnce() -> R,
    ) -> Option<R> {
        self.user_calls.set(self.user_calls.get().wrapping_add(1));
        let scope = self.open_scope();
        // USER CODE: anything may have happened to the heap after this, except that it is freed: the caller holds an
        // object or an operation.
        let result = catch_unwind(AssertUnwindSafe(f));
        Drops::close_scope(scope);
        result.map_err(|payload| self.report(context, type_name, payload)).ok()
    }

    /// Reports a caught panic.
    #[cold]
    pub(crate) fn report(
        &self,
        context: UnraisableContext,
        type_name: &'static str,
        payload: Box<dyn core::any::Any + Send>,
    ) {
        self.user_calls.set(self.user_calls.get().wrapping_add(1));
        let scope = self.open_scope();
        self.hook.report(context, type_name, payload);
        Drops::close_scope(scope);
    }
}
