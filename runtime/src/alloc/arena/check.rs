//! The checker of the directory of arenas.

use std::ptr::NonNull;

use super::descriptor::{Arena, NO_ARENA, PoolSet, index_in_arena};
use super::{Arenas, Slot};
use crate::alloc::geometry::{ARENA_SIZE, POOLS_PER_ARENA};
use crate::alloc::pool::{Pool, PoolFlags};

impl Arenas {
    /// Checks the directory, and the arenas without their pools in use; panics with the fact that is broken.
    pub(in crate::alloc) fn check(&self) {
        let mut mapped = 0;
        let mut used_pools = 0;
        for (index, slot) in self.slots.iter().enumerate() {
            let Slot::Mapped(arena) = slot else { continue };
            arena.check();
            mapped += 1;
            used_pools += POOLS_PER_ARENA - arena.free;
            assert!(self.contains(arena.base.addr().get()), "arena {index} is found by its address");
        }
        assert_eq!(mapped, self.by_address.len(), "every mapped arena is found by its address, and no other");
        assert_eq!(used_pools, self.used_pools, "the pools in use are counted");
        assert!(self.high_water >= mapped, "the high-water mark is not below the water");
        assert!(self.ever >= self.high_water, "arenas at a time were mapped at some time");
        assert!(self.by_address.is_sorted(), "addresses are in order");
        for &(address, index) in &self.by_address {
            let arena = self.get(index as usize).expect("only mapped arenas have an address");
            assert_eq!(arena.base.addr().get(), address, "the address leads to its arena");
        }
        self.check_buckets(mapped);
        self.check_vacant(self.slots.len() - mapped);
    }

    fn check_buckets(&self, mapped: usize) {
        let mut linked = 0;
        for (bucket, &first) in self.buckets.iter().enumerate() {
            assert_eq!(self.filled.contains(bucket), first != NO_ARENA, "the filled buckets are those with arenas");
            let (mut index, mut prev) = (first, NO_ARENA);
            while index != NO_ARENA {
                let arena = self.get(index as usize).expect("only mapped arenas are in buckets");
                assert_eq!(arena.free, bucket, "an arena is in the bucket of its free pools");
                assert_eq!(arena.prev, prev, "neighbours know each other");
                linked += 1;
                assert!(linked <= mapped, "a bucket goes round in circles");
                (index, prev) = (arena.next, index);
            }
        }
        assert_eq!(linked, mapped, "every arena is in a bucket");
        let spares = self.iter().filter(|arena| arena.free == POOLS_PER_ARENA).count();
        assert!(spares <= 1, "there is one spare at most");
    }

    fn check_vacant(&self, expected: usize) {
        let (mut index, mut count) = (self.vacant, 0);
        while index != NO_ARENA {
            let Slot::Vacant { next } = self.slots[index as usize] else {
                panic!("arena {index} is mapped and vacant")
            };
            count += 1;
            assert!(count <= expected, "the list of vacant slots goes round in circles");
            index = next;
        }
        assert_eq!(count, expected, "every vacant slot is in the list");
    }
}

impl Arena {
    fn check(&self) {
        assert!(self.base.addr().get().is_multiple_of(ARENA_SIZE), "an arena is aligned to its size");
        assert!(self.touched <= POOLS_PER_ARENA, "more pools were touched than there are");
        let mut known = self.trimmed;
        let mut add = |index: usize| {
            assert!(index < self.touched, "pool {index} was never touched");
            assert!(known.insert(index), "pool {index} is in two states");
        };
        for set in &self.in_use {
            (0..POOLS_PER_ARENA).filter(|&index| set.contains(index)).for_each(&mut add);
        }
        let mut next: Option<NonNull<Pool>> = self.freepools;
        while let Some(pool) = next {
            // SAFETY: a pool in the list of free pools lies in our region, with a header.
            let header = unsafe { pool.as_ref() };
            assert_eq!(header.flags(), PoolFlags::empty(), "a free pool has no flags");
            add(index_in_arena(pool));
            next = header.next.get();
        }
        assert_eq!(known.len(), self.touched, "every touched pool is in use, free or trimmed");
        let in_use: usize = self.in_use.iter().map(PoolSet::len).sum();
        assert_eq!(in_use + self.free, POOLS_PER_ARENA, "pools are in use or counted as free");
    }
}
