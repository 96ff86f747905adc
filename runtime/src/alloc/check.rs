//! The checker of the whole allocator. It stands beside the checkers of its parts: `pool/check`, `arena/check`, and in `large`.

use std::ptr::NonNull;

use super::Allocator;
use super::class::Bin;
use super::pool::{Pool, PoolFlags, PoolKind};

impl Allocator {
    /// Walks everything; panics with the fact that is broken.
    pub(crate) fn check(&self) {
        self.arenas.borrow().check();
        self.large.borrow().check(self.owner);
        self.system.check();
        self.check_gate();
        self.check_used();
        self.check_guards();
        let linked: usize = Bin::all().map(|bin| self.check_bin(bin)).sum();
        let (mut with_room, mut parked) = (0, 0);
        for kind in PoolKind::ALL {
            for place in self.pools(kind) {
                // SAFETY: nothing runs between the steps of this walk, so the pools stay in use.
                let pool = unsafe { place.as_ref() };
                pool.check(self.owner);
                assert_eq!(pool.kind(), kind, "the directory knows the kind of a pool");
                parked += usize::from(pool.flags().contains(PoolFlags::PARKED));
                with_room += usize::from(!pool.is_full());
                if !pool.is_large() {
                    let arenas = self.arenas.borrow();
                    let arena = arenas.get(pool.arena.get() as usize).expect("a pool's arena is mapped");
                    assert_eq!(arena.pool(super::arena::index_in_arena(place)), place, "a pool names its arena");
                }
            }
        }
        assert_eq!(linked, with_room, "the lists hold the pools with room, and no other");
        self.check_parked(parked);
    }

    /// Counts again what the budget has counted.
    fn check_used(&self) {
        let memory = self.arenas.borrow().resident_bytes() + self.large.borrow().mapped_bytes() + self.system.bytes();
        let sum = memory + self.directory_bytes() + self.budget.external() + self.budget.kept();
        assert_eq!(self.budget.used(), sum, "the bytes in use are counted");
        assert!(self.budget.peak() >= self.budget.used(), "the peak is the highest use");
    }

    /// Checks the list of a bin; returns its length.
    fn check_bin(&self, bin: Bin) -> usize {
        let (mut prev, mut length, mut empty) = (None, 0, 0);
        let mut next = self.head(bin).map(NonNull::from_ref);
        while let Some(place) = next {
            // SAFETY: pools in a list are in use.
            let pool = unsafe { place.as_ref() };
            assert_eq!(pool.bin(), Some(bin), "a pool is in its bin's list");
            assert_eq!(pool.prev.get(), prev, "neighbours know each other");
            assert!(!pool.is_full(), "a full pool is in no list");
            assert!(prev.is_none() || pool.has_room(), "every pool but the first has room");
            let stays = PoolFlags::PARKED.union(PoolFlags::PINNED);
            empty += usize::from(pool.used() == 0 && !pool.flags().intersects(stays));
            length += 1;
            (prev, next) = (Some(place), pool.next.get());
        }
        let kept = usize::from(!self.closed.get() || self.is_held());
        assert!(empty <= kept, "{empty} pools of a bin are empty without a reason");
        length
    }

    /// Checks the list of parked pools, which is as long as there are pools with the flag.
    fn check_parked(&self, flagged: usize) {
        assert!(self.is_held() || flagged == 0, "without a hold no pool is parked");
        let mut next: Option<NonNull<Pool>> = self.parked.get();
        let mut length = 0;
        while let Some(place) = next {
            // SAFETY: a parked pool is in use.
            let pool = unsafe { place.as_ref() };
            assert!(pool.flags().contains(PoolFlags::PARKED), "a pool in the list of parked ones is flagged");
            length += 1;
            assert!(length <= flagged, "the list of parked pools goes round in circles");
            next = pool.parked.get();
        }
        assert_eq!(length, flagged, "every parked pool is in the list");
    }
}
