//! Allocations that the fast path can't serve: those at the closed gate, where what is due is done first, and those that were refused.

use core::ptr::NonNull;

use super::state::HeapState;
use crate::alloc::{Bin, PoolKind};
use crate::collect::{Generation, Trigger};
use crate::object::{Flags, RawObject};

/// What an object needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// A block of this bin for objects.
    Block(Bin),
    /// A region of its own.
    Region { kind: PoolKind, size: usize, align: usize },
}

impl HeapState {
    /// As [`allocate_slowly`](HeapState::allocate_slowly), for a block: with arguments that leave the fast path its registers.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn allocate_block_slowly(
        state: NonNull<HeapState>,
        template: u32,
        bin: Bin,
    ) -> Option<RawObject> {
        // SAFETY: the caller's promise.
        unsafe { Self::allocate_slowly(state, template, Need::Block(bin)) }
    }

    /// A block for an object with this header template, after what is due at the gate was done, and, if memory was refused, after a full
    /// collection; unless the host wants none inside allocations (S19).
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn allocate_slowly(state: NonNull<HeapState>, template: u32, need: Need) -> Option<RawObject> {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        let (mut block, mut refused) = (None, false);
        if this.alloc.is_gated() {
            // SAFETY: the caller's promise.
            unsafe { Self::pass_gate(state) };
            refused = this.alloc.refuses_request();
            block = if refused { None } else { this.reserve(template, need) };
        }
        if block.is_none() {
            // SAFETY: the caller's promise.
            unsafe { Self::collect_at_refusal(state) };
            if refused {
                this.alloc.budget().forget_refusal();
                return None;
            }
            block = this.reserve(template, need);
        }
        // SAFETY: an object block of this heap: its header word is initialised.
        let object = unsafe { RawObject::from_block(block?) };
        this.counting.count();
        if template & Flags::TRACKED.bits() as u32 != 0 && !object.header().has(Flags::LISTED_YOUNG) {
            // SAFETY: (1) the caller's promise; (2) reserved just now, in this heap.
            unsafe { Self::list(state, object) };
        }
        Some(object)
    }

    fn reserve(&self, template: u32, need: Need) -> Option<NonNull<u8>> {
        if self.alloc.is_debug_heap() {
            return self.reserve_guarded(template, need);
        }
        self.reserve_plain(need)
    }

    /// A block that isn't guarded, whether the gate is closed or not.
    pub(super) fn reserve_plain(&self, need: Need) -> Option<NonNull<u8>> {
        match need {
            Need::Block(bin) => self.alloc.allocate_through_gate(bin),
            Need::Region { kind, size, align } => self.alloc.allocate_large(kind, size, align),
        }
    }

    /// Memory for an object was refused: collects everything, if collections may run inside allocations (even if automatic collection
    /// is disabled), and gives back what is free, the heap's own lists included.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    pub(crate) unsafe fn collect_at_refusal(state: NonNull<HeapState>) {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        if this.policy.trigger.get() == Trigger::Allocation {
            // SAFETY: the caller's promise. Does nothing inside a collection, nor after closing.
            unsafe { Self::collect(state, Generation::Old) };
        }
        this.trim();
    }

    /// An allocation stands before the closed gate: does what is due, in no more than one collection and one callback, and opens the gate if
    /// nothing will be due at the next allocation.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    unsafe fn pass_gate(state: NonNull<HeapState>) {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        if this.policy.trigger.get() == Trigger::Allocation {
            // SAFETY: the caller's promise.
            unsafe {
                Self::deliver_soft_limit(state);
                Self::report_faults(state);
            }
        }
        // SAFETY: the caller's promise.
        unsafe { Self::stress_allocation(state) };
        this.refresh_gate();
    }

    /// Closes or opens the gate, after anything changed that it depends on.
    pub(crate) fn refresh_gate(&self) {
        let at_once = self.policy.trigger.get() == Trigger::Allocation && self.alloc.budget().is_crossed();
        let is_due = at_once || self.wants_stress() || self.wants_counting() || self.alloc.is_debug_heap();
        self.alloc.set_gated(self.alloc.is_refusing() || !self.closed.get() && is_due);
    }
}
