//! The gate: a mode in which every allocation of an object takes the slow path, at no cost to those that don't; and the same for raw bytes.
//!
//! While the gate is closed, each bin for objects shows "no pool" to the fast path, which then asks to [`refill`](Allocator::allocate); that
//! refuses, and the heap's slow path does what is due before it takes the block *through the gate*. The bins' real heads are kept beside.
//!
//! The bins for raw bytes have a gate of their own, closed while requests are numbered, and by the debug heap.

use std::cell::Cell;
use std::ptr::NonNull;

use super::class::{BINS, Bin, OBJECT_BINS};
use super::pool::{OBJECT_LINK, Pool};
use super::{Allocator, no_pool};
use crate::base::{Broken, holds};

/// The heads of the bins while they are hidden.
///
/// Invariant: where the gate is open, all are [`no_pool`]; where it is closed, those that the fast path sees are.
#[derive(Debug)]
pub(super) struct Gate {
    closed: Cell<bool>,
    raw_closed: Cell<bool>,
    hidden: [Cell<NonNull<Pool>>; BINS],
}

impl Gate {
    pub(super) fn new() -> Gate {
        Gate { closed: Cell::new(false), raw_closed: Cell::new(false), hidden: [const { Cell::new(no_pool()) }; BINS] }
    }

    fn hides(&self, bin: Bin) -> bool {
        if bin.kind().holds_objects() { self.closed.get() } else { self.raw_closed.get() }
    }
}

impl Allocator {
    /// Whether the gate is closed for objects.
    #[inline]
    pub(crate) fn is_gated(&self) -> bool {
        self.gate.closed.get()
    }

    /// Closes or opens the gate for objects.
    pub(crate) fn set_gated(&self, closed: bool) {
        if self.gate.closed.replace(closed) != closed {
            self.swap_heads(0..OBJECT_BINS);
        }
    }

    /// Closes or opens the gate for raw bytes.
    fn set_raw_gated(&self, closed: bool) {
        if self.gate.raw_closed.replace(closed) != closed {
            self.swap_heads(OBJECT_BINS..BINS);
        }
    }

    /// Closes or opens the gate for raw bytes, after anything changed that it depends on.
    pub(super) fn refresh_raw_gate(&self) {
        self.set_raw_gated(self.wants_raw_gate());
    }

    fn wants_raw_gate(&self) -> bool {
        self.is_refusing() || self.is_debug_heap()
    }

    fn swap_heads(&self, bins: std::ops::Range<usize>) {
        for (shown, hidden) in self.heads[bins.clone()].iter().zip(&self.gate.hidden[bins]) {
            shown.swap(hidden);
        }
    }

    /// Closes the gate if the soft limit was crossed just now: the next allocation of an object is where the host can be told.
    #[inline]
    pub(super) fn notice_crossing(&self) {
        if self.budget.is_crossed_just_now() {
            self.set_gated(true);
        }
    }

    /// The place of a bin's first pool.
    #[inline]
    pub(super) fn head_cell(&self, bin: Bin) -> &Cell<NonNull<Pool>> {
        let heads = if self.gate.hides(bin) { &self.gate.hidden } else { &self.heads };
        &heads[bin.index()]
    }

    /// The first pool of a bin that shows none.
    #[inline]
    pub(super) fn hidden_head(&self, bin: Bin) -> NonNull<Pool> {
        self.gate.hidden[bin.index()].get()
    }

    /// As [`Allocator::allocate`], whether the gate is closed or not.
    pub(crate) fn allocate_through_gate(&self, bin: Bin) -> Option<NonNull<u8>> {
        debug_assert!(bin.kind().holds_objects(), "raw bytes need no way through the gate");
        match self.head(bin).and_then(Pool::pop::<OBJECT_LINK>) {
            Some(block) => Some(block),
            None => self.refill_through_gate(bin),
        }
    }

    /// Checks the invariants.
    pub(super) fn verify_gate(&self) -> Result<(), Broken> {
        holds!(self.gate.raw_closed.get() == self.wants_raw_gate(), "the gate for raw bytes is closed for a reason");
        for bin in Bin::every() {
            let unseen = if self.gate.hides(bin) { &self.heads } else { &self.gate.hidden };
            holds!(unseen[bin.index()].get() == no_pool(), "a bin has one head");
        }
        Ok(())
    }
}
