//! The checker of the directory of arenas.

use std::ptr::NonNull;

use super::descriptor::{Arena, NO_ARENA, PoolSet, index_in_arena};
use super::{Arenas, Slot};
use crate::alloc::geometry::{ARENA_SIZE, POOLS_PER_ARENA};
use crate::alloc::pool::{Pool, PoolFlags};
use crate::base::{Broken, agrees, holds};

impl Arenas {
    /// Checks the directory, and the arenas without their pools in use; the fact that is broken.
    pub(in crate::alloc) fn verify(&self) -> Result<(), Broken> {
        let mut mapped = 0;
        let mut used_pools = 0;
        for slot in &self.slots {
            let Slot::Mapped(arena) = slot else { continue };
            arena.verify().map_err(|broken| broken.at(arena.base))?;
            mapped += 1;
            used_pools += POOLS_PER_ARENA - arena.free;
            holds!(self.contains(arena.base.addr().get()), "an arena is found by its address");
        }
        agrees!(self.by_address.len(), mapped, "every mapped arena is found by its address, and no other");
        agrees!(used_pools, self.used_pools, "the pools in use are counted");
        holds!(self.high_water >= mapped, "the high-water mark is not below the water");
        holds!(self.ever >= self.high_water, "arenas at a time were mapped at some time");
        holds!(self.by_address.is_sorted(), "addresses of arenas are in order");
        for &(address, index) in &self.by_address {
            let arena = self.get(index as usize);
            let leads = arena.is_some_and(|arena| arena.base.addr().get() == address);
            holds!(leads, "an address leads to its arena, which is mapped");
        }
        self.verify_buckets(mapped)?;
        self.verify_vacant(self.slots.len() - mapped)
    }

    fn verify_buckets(&self, mapped: usize) -> Result<(), Broken> {
        let mut linked = 0;
        for (bucket, &first) in self.buckets.iter().enumerate() {
            holds!(self.filled.contains(bucket) == (first != NO_ARENA), "the filled buckets are those with arenas");
            let (mut index, mut prev) = (first, NO_ARENA);
            while index != NO_ARENA {
                let Some(arena) = self.get(index as usize) else {
                    return Err(Broken::new("only mapped arenas are in buckets"));
                };
                agrees!(bucket, arena.free, "an arena is in the bucket of its free pools");
                holds!(arena.prev == prev, "neighbours in a bucket know each other");
                linked += 1;
                holds!(linked <= mapped, "a bucket of arenas has an end");
                (index, prev) = (arena.next, index);
            }
        }
        agrees!(linked, mapped, "every arena is in a bucket");
        let spares = self.iter().filter(|arena| arena.free == POOLS_PER_ARENA).count();
        holds!(spares <= 1, "there is one spare arena at most");
        Ok(())
    }

    fn verify_vacant(&self, expected: usize) -> Result<(), Broken> {
        let (mut index, mut count) = (self.vacant, 0);
        while index != NO_ARENA {
            let Slot::Vacant { next } = self.slots[index as usize] else {
                return Err(Broken::new("no arena is mapped and vacant"));
            };
            count += 1;
            holds!(count <= expected, "the list of vacant slots for arenas has an end");
            index = next;
        }
        agrees!(count, expected, "every vacant slot for an arena is in the list");
        Ok(())
    }
}

impl Arena {
    fn verify(&self) -> Result<(), Broken> {
        holds!(self.base.addr().get().is_multiple_of(ARENA_SIZE), "an arena is aligned to its size");
        holds!(self.touched <= POOLS_PER_ARENA, "no more pools were touched than there are");
        let mut known = self.trimmed;
        let mut add = |index: usize| {
            holds!(index < self.touched, "a pool in use or free was touched");
            holds!(known.insert(index), "a pool is in one state");
            Ok(())
        };
        for set in &self.in_use {
            (0..POOLS_PER_ARENA).filter(|&index| set.contains(index)).try_for_each(&mut add)?;
        }
        let mut next: Option<NonNull<Pool>> = self.freepools;
        while let Some(pool) = next {
            // SAFETY: a pool in the list of free pools lies in our region, with a header.
            let header = unsafe { pool.as_ref() };
            holds!(header.flags() == PoolFlags::empty(), "a free pool has no flags");
            add(index_in_arena(pool))?;
            next = header.next.get();
        }
        agrees!(known.len(), self.touched, "every touched pool is in use, free or trimmed");
        let in_use: usize = self.in_use.iter().map(PoolSet::len).sum();
        agrees!(in_use + self.free, POOLS_PER_ARENA, "pools are in use or counted as free");
        Ok(())
    }
}
