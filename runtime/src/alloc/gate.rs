//! The gate: a mode in which every allocation of an object takes the slow path, at no cost to those that don't.
//!
//! While the gate is closed, each bin for objects shows "no pool" to the fast path, which then asks to [`refill`](Allocator::allocate); that
//! refuses, and the heap's slow path does what is due before it takes the block *through the gate*. The bins' real heads are kept beside. Raw
//! bytes don't notice.

use std::cell::Cell;
use std::ptr::NonNull;

use super::class::{Bin, OBJECT_BINS};
use super::pool::{OBJECT_LINK, Pool};
use super::{Allocator, no_pool};
use crate::base::{Broken, holds};

/// The heads of the bins for objects while they are hidden.
///
/// Invariant: while the gate is open, all are [`no_pool`]; while it is closed, those that the fast path sees are.
#[derive(Debug)]
pub(super) struct Gate {
    closed: Cell<bool>,
    hidden: [Cell<NonNull<Pool>>; OBJECT_BINS],
}

impl Gate {
    pub(super) fn new() -> Gate {
        Gate { closed: Cell::new(false), hidden: [const { Cell::new(no_pool()) }; OBJECT_BINS] }
    }
}

impl Allocator {
    /// Whether the gate is closed.
    #[inline]
    pub(crate) fn is_gated(&self) -> bool {
        self.gate.closed.get()
    }

    /// Closes or opens the gate.
    pub(crate) fn set_gated(&self, closed: bool) {
        if self.gate.closed.replace(closed) != closed {
            for (shown, hidden) in self.heads.iter().zip(&self.gate.hidden) {
                shown.swap(hidden);
            }
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
        match self.gate.hidden.get(bin.index()) {
            Some(hidden) if self.gate.closed.get() => hidden,
            _ => &self.heads[bin.index()],
        }
    }

    /// The first pool of a bin that shows none.
    #[inline]
    pub(super) fn hidden_head(&self, bin: Bin) -> NonNull<Pool> {
        self.gate.hidden.get(bin.index()).map_or(no_pool(), Cell::get)
    }

    /// As [`Allocator::allocate`], whether the gate is closed or not.
    pub(crate) fn allocate_through_gate(&self, bin: Bin) -> Option<NonNull<u8>> {
        debug_assert!(bin.kind().holds_objects(), "raw bytes need no way through the gate");
        match self.head(bin).and_then(Pool::pop::<OBJECT_LINK>) {
            Some(block) => Some(block),
            None => self.refill_through_gate(bin),
        }
    }

    /// Checks the invariant.
    pub(super) fn verify_gate(&self) -> Result<(), Broken> {
        let objects = &self.heads[..OBJECT_BINS];
        let unseen = if self.is_gated() { objects } else { &self.gate.hidden };
        holds!(unseen.iter().all(|head| head.get() == no_pool()), "a bin has one head");
        Ok(())
    }
}
