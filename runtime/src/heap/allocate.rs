//! Allocating blocks for objects, and starting the collections that allocations are the occasion of.

use core::ptr::NonNull;

use super::slow::Need;
use super::state::HeapState;
use crate::alloc::{Bin, PoolKind};
use crate::collect::{Generation, Trigger};
use crate::object::{Flags, RawObject, Type};

impl HeapState {
    /// A block for an object with this header template, in `bin`; its header is that of a free block until
    /// [`Header::init`] makes it an object's. May collect, and thereby run user code, before the block is reserved or
    /// while it is.
    ///
    /// [`Header::init`]: crate::object::Header::init
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    #[inline(always)]
    pub(crate) unsafe fn allocate(state: NonNull<HeapState>, template: u32, bin: Bin) -> Option<RawObject> {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        // SAFETY: the caller's promise.
        #[cfg(tailbite_stress)]
        unsafe {
            super::stress::at_allocation(state);
        }
        let Some(block) = this.alloc.allocate(bin) else {
            // SAFETY: the caller's promise.
            return unsafe { Self::allocate_block_slowly(state, template, bin) };
        };
        // SAFETY: a block of an object pool, whose header word was initialised when it was carved.
        let object = unsafe { RawObject::from_block(block) };
        if template & Flags::TRACKED.bits() as u32 != 0
            && !object.header().has(Flags::LISTED_YOUNG)
            && !this.young.push(object)
        {
            // SAFETY: (1) the caller's promise; (2) reserved just now, in this heap.
            unsafe { Self::list(state, object) };
        }
        Some(object)
    }

    /// The same, if it takes no slow path: then nothing of the user's runs, and no register has to be saved by who calls this. `None` leaves
    /// everything as it was.
    ///
    /// # Safety
    /// `state` is alive.
    #[inline(always)]
    pub(crate) unsafe fn allocate_at_once(state: NonNull<HeapState>, template: u32, bin: Bin) -> Option<RawObject> {
        if cfg!(tailbite_stress) {
            return None;
        }
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        let (pool, block) = this.alloc.first_free(bin)?;
        // SAFETY: a free block of an object pool, whose header word was initialised when it was carved.
        let object = unsafe { RawObject::from_block(block) };
        if template & Flags::TRACKED.bits() as u32 != 0
            && !object.header().has(Flags::LISTED_YOUNG)
            && !this.young.push(object)
        {
            return None;
        }
        // SAFETY: the first free block still: listing it allocates no block and frees none.
        unsafe { pool.take_first(block) };
        Some(object)
    }

    /// The same for a payload of any size and alignment; `size` includes the header.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    pub(crate) unsafe fn allocate_sized(
        state: NonNull<HeapState>,
        ty: &Type,
        size: usize,
        align: usize,
    ) -> Option<(RawObject, u32)> {
        if size > isize::MAX as usize {
            // SAFETY: the caller's promise.
            unsafe { state.as_ref() }.alloc.budget().forget_refusal();
            return None;
        }
        if let Some(bin) = Bin::for_object(ty.kind(), size, align) {
            // SAFETY: the caller's promise.
            return Some((unsafe { Self::allocate(state, ty.template, bin) }?, ty.template));
        }
        // SAFETY: the caller's promise.
        #[cfg(tailbite_stress)]
        unsafe {
            super::stress::at_allocation(state);
        }
        let template = ty.template | Flags::LARGE.bits() as u32;
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        let kind = ty.kind();
        let block = if this.alloc.is_gated() { None } else { this.alloc.allocate_large(kind, size, align) };
        let Some(block) = block else {
            // SAFETY: the caller's promise.
            let object = unsafe { Self::allocate_slowly(state, template, Need::Region { kind, size, align }) };
            return Some((object?, template));
        };
        // SAFETY: a large block, whose header word is initialised.
        let object = unsafe { RawObject::from_block(block) };
        if ty.kind() == PoolKind::Tracked {
            // SAFETY: (1) the caller's promise; (2) reserved just now, in this heap.
            unsafe { Self::list(state, object) };
        }
        Some((object, template))
    }

    /// Lists a reserved block the slow way: sees whether a collection is due, and lets the list grow or spill.
    ///
    /// # Safety
    /// 1. `state` is alive and stays so during the call.
    /// 2. `object` is a block of this heap that stays reserved during the call.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn list(state: NonNull<HeapState>, object: RawObject) {
        // SAFETY: (1).
        let this = unsafe { state.as_ref() };
        if this.closed.get() {
            // Never collected again: a list would only pin pools.
            return;
        }
        let allowance = this.policy.young_allowance();
        let mut live = 0;
        let waiting = this.collecting.get() || this.policy.due.get();
        if !waiting && (this.young.len() >= allowance || this.young.is_spilled() && allowance != usize::MAX) {
            live = if this.young.is_spilled() { allowance } else { this.young.compact(&this.alloc) };
            // The new object counts.
            if live >= allowance {
                match this.policy.trigger.get() {
                    Trigger::Safepoint => this.policy.due.set(true),
                    Trigger::Allocation => {
                        if let Some(generation) = this.policy.select(live + 1) {
                            // SAFETY: (1).
                            unsafe { Self::collect_or_promote(state, generation) };
                        }
                        live = 0;
                    }
                    Trigger::Manual => {}
                }
            }
        }
        if this.closed.get() {
            // By a finalizer of that collection.
            return;
        }
        // Without a threshold in force nothing is gained by a long list.
        let bound = if allowance == usize::MAX { 0 } else { allowance + allowance / 4 };
        this.young.push_or_spill(object, bound, &this.alloc);
        if this.policy.due.get() {
            return;
        }
        // A list that is nearly full of the living is looked at again only after an eighth of the threshold: counting
        // them costs a look at each.
        this.young.set_check_at(allowance.max(live.saturating_add(allowance / 8)));
    }

    /// Carries out a collection that is due. A young one may be left out, where the last ones found nothing: then the young objects become old
    /// as they are.
    ///
    /// # Safety
    /// As for [`collect`](HeapState::collect).
    unsafe fn collect_or_promote(state: NonNull<HeapState>, generation: Generation) -> usize {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        if generation != Generation::Young || this.young.is_spilled() || !this.policy.blind.take() {
            // SAFETY: the caller's promise.
            return unsafe { Self::collect(state, generation) };
        }
        this.alloc.hold();
        let promoted = this.young.promote_all(Generation::Old, &this.alloc);
        this.alloc.release_hold();
        this.policy.promote_blindly(promoted);
        this.refresh_young_check();
        0
    }

    /// Lists an object that came back from the dead: a collection may have passed over it while it was queued for its
    /// drop.
    #[cold]
    pub(crate) fn list_resurrected(&self, object: RawObject) {
        if self.closed.get() || !object.is_tracked() {
            return;
        }
        for list in [&self.young, &self.middle] {
            if object.header().generation() == list.generation() {
                list.push_or_spill(object, 0, &self.alloc);
            }
        }
    }

    /// Makes the next allocation see a change of thresholds or settings.
    pub(crate) fn refresh_young_check(&self) {
        self.policy.due.set(self.stress.due().is_some());
        if self.closed.get() {
            return;
        }
        self.young.set_check_at(self.policy.young_allowance());
    }

    /// Tells the host of a soft limit that was crossed, and collects if a trigger is due; the number of objects collected.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    pub(crate) unsafe fn safepoint(state: NonNull<HeapState>) -> usize {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        // SAFETY: the caller's promise.
        unsafe {
            Self::deliver_soft_limit(state);
            Self::report_faults(state);
        }
        this.refresh_gate();
        if !this.policy.due.get() || this.collecting.get() || this.closed.get() {
            return 0;
        }
        let count = this.young_listed().unwrap_or(usize::MAX);
        let selected = if count > this.policy.young_allowance() { this.policy.select(count) } else { None };
        let stress = this.stress.take_due();
        match selected.max(stress) {
            // Stress mode counts on each of its collections.
            // SAFETY: the caller's promise.
            Some(generation) if stress.is_some() => unsafe { Self::collect(state, generation) },
            // SAFETY: the caller's promise.
            Some(generation) => unsafe { Self::collect_or_promote(state, generation) },
            None => {
                this.refresh_young_check();
                0
            }
        }
    }

    /// Lists a block that was reserved earlier, if user code ran meanwhile and a collection dropped it from the list.
    ///
    /// # Safety
    /// 1. `state` is alive.
    /// 2. `object` is a reserved block of this heap.
    pub(crate) unsafe fn list_again(state: NonNull<HeapState>, object: RawObject, template: u32) {
        if template & Flags::TRACKED.bits() as u32 != 0 && !object.header().has(Flags::LISTED_YOUNG) {
            // SAFETY: (1).
            let this = unsafe { state.as_ref() };
            if !this.closed.get() {
                this.young.push_or_spill(object, 0, &this.alloc);
            }
        }
    }
}
