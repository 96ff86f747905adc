//! The checker of the whole allocator. It stands beside the checkers of its parts: `pool/check`, `arena/check`, and in `large`.

use std::ptr::NonNull;

use super::Allocator;
use super::class::Bin;
use super::pool::{Pool, PoolFlags, PoolKind};
use crate::base::{Broken, agrees, holds};

impl Allocator {
    /// As [`verify`](Allocator::verify); panics with the fact that is broken.
    pub(crate) fn check(&self) {
        if let Err(broken) = self.verify() {
            panic!("{broken}");
        }
    }

    /// Walks everything; the first fact that is broken.
    pub(crate) fn verify(&self) -> Result<(), Broken> {
        self.arenas.borrow().verify()?;
        self.large.borrow().verify(self.owner)?;
        self.system.verify()?;
        self.verify_gate()?;
        self.verify_used()?;
        let mut linked = 0;
        for bin in Bin::all() {
            linked += self.verify_bin(bin)?;
        }
        let (mut with_room, mut parked) = (0, 0);
        for kind in PoolKind::ALL {
            for place in self.pools(kind) {
                // SAFETY: nothing runs between the steps of this walk, so the pools stay in use.
                let pool = unsafe { place.as_ref() };
                pool.verify(self.owner).map_err(|broken| broken.at(place))?;
                holds!(pool.kind() == kind, "the directory knows the kind of a pool");
                parked += usize::from(pool.flags().contains(PoolFlags::PARKED));
                with_room += usize::from(!pool.is_full());
                if !pool.is_large() {
                    let arenas = self.arenas.borrow();
                    let arena = arenas.get(pool.arena.get() as usize);
                    let is_there = arena.is_some_and(|arena| arena.pool(super::arena::index_in_arena(place)) == place);
                    holds!(is_there, "a pool names its arena, which is mapped");
                }
            }
        }
        agrees!(linked, with_room, "the lists hold the pools with room, and no other");
        self.verify_parked(parked)
    }

    /// Counts again what the budget has counted.
    fn verify_used(&self) -> Result<(), Broken> {
        let memory = self.arenas.borrow().resident_bytes() + self.large.borrow().mapped_bytes() + self.system.bytes();
        let sum = memory + self.directory_bytes() + self.budget.external() + self.budget.kept();
        agrees!(sum, self.budget.used(), "the bytes in use are counted");
        holds!(self.budget.peak() >= self.budget.used(), "the peak is the highest use");
        Ok(())
    }

    /// Checks the list of a bin; returns its length.
    fn verify_bin(&self, bin: Bin) -> Result<usize, Broken> {
        let (mut prev, mut length, mut empty) = (None, 0, 0);
        let mut next = self.head(bin).map(NonNull::from_ref);
        while let Some(place) = next {
            // SAFETY: pools in a list are in use.
            let pool = unsafe { place.as_ref() };
            holds!(pool.bin() == Some(bin), "a pool is in its bin's list");
            holds!(pool.prev.get() == prev, "neighbours in a bin know each other");
            holds!(!pool.is_full(), "a full pool is in no list");
            holds!(prev.is_none() || pool.has_room(), "every pool of a bin but the first has room");
            let stays = PoolFlags::PARKED.union(PoolFlags::PINNED);
            empty += usize::from(pool.used() == 0 && !pool.flags().intersects(stays));
            length += 1;
            (prev, next) = (Some(place), pool.next.get());
        }
        let kept = usize::from(!self.closed.get() || self.is_held());
        holds!(empty <= kept, "no more pools of a bin are kept empty than there is a reason for");
        Ok(length)
    }

    /// Checks the list of parked pools, which is as long as there are pools with the flag.
    fn verify_parked(&self, flagged: usize) -> Result<(), Broken> {
        holds!(self.is_held() || flagged == 0, "without a hold no pool is parked");
        let mut next: Option<NonNull<Pool>> = self.parked.get();
        let mut length = 0;
        while let Some(place) = next {
            // SAFETY: a parked pool is in use.
            let pool = unsafe { place.as_ref() };
            holds!(pool.flags().contains(PoolFlags::PARKED), "a pool in the list of parked ones is flagged");
            length += 1;
            holds!(length <= flagged, "the list of parked pools has an end");
            next = pool.parked.get();
        }
        agrees!(length, flagged, "every parked pool is in the list");
        Ok(())
    }
}
