//! Arenas: regions cut into pools, and the directory that knows them.
//!
//! An arena begins with the side bytes of its blocks, and the rest is pools; what there is to know about it is kept in its descriptor in the directory. Pools are taken from
//! the fullest arena that has a free one, so that arenas which are nearly empty can drain and go back to the operating system.

use std::ptr::NonNull;

use super::bits::Bits;
use super::budget::Budget;
use super::geometry::{ARENA_IS_HUGE_PAGE, ARENA_SIZE, HEAD_SIZE, MAX_ARENAS, POOL_COST, POOLS_PER_ARENA};
use super::pool::{Pool, PoolKind};
use crate::base::{annotate, os};

mod check;
mod descriptor;

use descriptor::{ARENA_COST, NO_ARENA};
pub(super) use descriptor::{Arena, index_in_arena};

/// A place in the directory. Indices of arenas are stable; places are used again.
#[derive(Debug)]
enum Slot {
    Vacant { next: u32 },
    Mapped(Arena),
}

/// The directory of a heap's arenas.
///
/// Each mapped arena is in the bucket of its number of free pools, and in `by_address`. At most one arena is wholly free between
/// operations: the spare.
#[derive(Debug)]
pub(super) struct Arenas {
    slots: Vec<Slot>,
    vacant: u32,
    /// The mapped arenas, with their addresses in order.
    by_address: Vec<(usize, u32)>,
    /// The first arena of each number of free pools.
    buckets: [u32; POOLS_PER_ARENA + 1],
    /// The buckets that are not empty.
    filled: Bits<{ POOLS_PER_ARENA / 64 + 1 }>,
    /// Pools in use, in all arenas.
    used_pools: usize,
    ever: usize,
    high_water: usize,
}

impl Arenas {
    pub(super) const fn new() -> Arenas {
        Arenas {
            slots: Vec::new(),
            vacant: NO_ARENA,
            by_address: Vec::new(),
            buckets: [NO_ARENA; POOLS_PER_ARENA + 1],
            filled: Bits::EMPTY,
            used_pools: 0,
            ever: 0,
            high_water: 0,
        }
    }

    /// The arena with this index, if it is mapped.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&Arena> {
        match self.slots.get(index) {
            Some(Slot::Mapped(arena)) => Some(arena),
            _ => None,
        }
    }

    fn get_mut(&mut self, index: u32) -> &mut Arena {
        match &mut self.slots[index as usize] {
            Slot::Mapped(arena) => arena,
            Slot::Vacant { .. } => unreachable!("arena {index} is not mapped"),
        }
    }

    /// The mapped arenas.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arena> {
        (0..self.slots.len()).filter_map(|index| self.get(index))
    }

    /// One more than the largest index of an arena so far.
    pub(super) fn end(&self) -> usize {
        self.slots.len()
    }

    /// The number of mapped arenas.
    pub(super) fn mapped(&self) -> usize {
        self.by_address.len()
    }

    /// The number of arenas that were ever mapped.
    pub(super) fn ever(&self) -> usize {
        self.ever
    }

    /// The largest number of arenas that were mapped at a time.
    pub(super) fn high_water(&self) -> usize {
        self.high_water
    }

    /// The number of pools in use.
    pub(super) fn used_pools(&self) -> usize {
        self.used_pools
    }

    /// What the arenas, and their pools that have memory behind them, count in the budget.
    pub(super) fn resident_bytes(&self) -> usize {
        self.iter().map(Arena::resident_bytes).sum()
    }

    /// The bytes that the directory takes.
    pub(super) fn directory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.by_address.capacity() * size_of::<(usize, u32)>()
    }

    /// The arena that the address lies in.
    pub(super) fn at(&self, address: usize) -> Option<&Arena> {
        let base = address & !(ARENA_SIZE - 1);
        let found = self.by_address.binary_search_by_key(&base, |&(base, _)| base).ok()?;
        self.get(self.by_address[found].1 as usize)
    }

    /// Whether the address lies in one of the arenas.
    pub(super) fn contains(&self, address: usize) -> bool {
        self.at(address).is_some()
    }

    /// Takes a pool of the fullest arena that has a free one, and tells the arena's index. A new arena is mapped if there is none; `None`
    /// if that is refused. Where the budget has no room for another pool with memory behind it, one that has it already serves.
    pub(super) fn take_pool(
        &mut self,
        kind: PoolKind,
        huge_pages: bool,
        budget: &Budget,
    ) -> Option<(NonNull<Pool>, u32)> {
        let fullest = self.filled.first_from(1).map(|bucket| self.buckets[bucket]);
        let index = match fullest {
            Some(index) if self.get_mut(index).freepools.is_some() => index,
            Some(index) if budget.allows(POOL_COST) => index,
            Some(_) => self.with_memory()?,
            None => self.map(huge_pages, budget)?,
        };
        self.unlink(index);
        let (pool, is_clean) = self.get_mut(index).take(kind);
        self.link(index);
        self.used_pools += 1;
        if is_clean {
            budget.take(POOL_COST);
        }
        Some((pool, index))
    }

    /// An arena that has a free pool with memory behind it. Looks at all of them.
    #[cold]
    fn with_memory(&self) -> Option<u32> {
        (0..self.end()).find(|&index| self.get(index).is_some_and(|arena| arena.freepools.is_some())).map(|i| i as u32)
    }

    /// Takes a pool back. An arena that is wholly free now goes back to the system, unless it can be the spare.
    ///
    /// # Safety
    /// The pool is in use, of the arena with this index, linked nowhere, and without a block in use.
    pub(super) unsafe fn give_pool(&mut self, pool: NonNull<Pool>, index: u32, keep_spare: bool, budget: &Budget) {
        self.unlink(index);
        let arena = self.get_mut(index);
        // SAFETY: passed on.
        unsafe { arena.give(pool) };
        let wholly_free = arena.free == POOLS_PER_ARENA;
        self.used_pools -= 1;
        let spare_exists = self.buckets[POOLS_PER_ARENA] != NO_ARENA;
        self.link(index);
        if wholly_free && (spare_exists || !keep_spare) {
            self.unmap(index, budget);
        }
    }

    /// Gives the spare back, if there is one; returns the number of bytes.
    pub(super) fn drop_spare(&mut self, budget: &Budget) -> usize {
        let spare = self.buckets[POOLS_PER_ARENA];
        if spare == NO_ARENA {
            return 0;
        }
        self.unmap(spare, budget);
        ARENA_SIZE
    }

    /// Gives back the spare and the memory of all free pools; returns the number of bytes.
    pub(super) fn trim(&mut self, budget: &Budget) -> usize {
        let spare = self.drop_spare(budget);
        let mut bytes = 0;
        for slot in &mut self.slots {
            if let Slot::Mapped(arena) = slot {
                let before = arena.resident_bytes();
                bytes += arena.trim();
                budget.give(before - arena.resident_bytes());
            }
        }
        spare + bytes
    }

    /// Unmaps every arena.
    ///
    /// # Safety
    /// Nothing uses any pool from now on.
    pub(super) unsafe fn unmap_all(&mut self, budget: &Budget) {
        budget.give(self.resident_bytes() + self.directory_bytes());
        for arena in self.iter() {
            // SAFETY: the region was mapped like this; by contract nothing uses it.
            unsafe { unmap(arena.base) };
        }
        *self = Arenas { ever: self.ever, high_water: self.high_water, ..Arenas::new() };
    }

    /// Maps an arena for a pool that the budget has room for, and puts it into the directory. Memory for the directory is reserved first, so
    /// that a refusal leaves nothing behind.
    fn map(&mut self, huge_pages: bool, budget: &Budget) -> Option<u32> {
        budget.forget_refusal();
        if self.mapped() == MAX_ARENAS
            || !budget.reserve_one(&mut self.by_address)
            || !budget.reserve_one(&mut self.slots)
            || !budget.allows(ARENA_COST + POOL_COST)
        {
            return None;
        }
        let base = os::map(ARENA_SIZE, ARENA_SIZE)?;
        // (The side bytes in the head are zero: at rest.)
        // SAFETY: behind the head, in the region.
        annotate::hide(unsafe { base.add(HEAD_SIZE) }, ARENA_SIZE - HEAD_SIZE);
        budget.take(ARENA_COST);
        // A huge page is resident as a whole: not where that would exceed the limit unseen, nor for a heap that may stay small.
        if huge_pages && ARENA_IS_HUGE_PAGE && self.mapped() != 0 && budget.allows(ARENA_SIZE) {
            os::advise_huge(base, ARENA_SIZE);
        }
        let slot = Slot::Mapped(Arena::new(base));
        let index = self.vacant;
        let index = if index == NO_ARENA {
            self.slots.push(slot);
            self.slots.len() as u32 - 1
        } else {
            let Slot::Vacant { next } = std::mem::replace(&mut self.slots[index as usize], slot) else {
                unreachable!("a mapped arena is in the list of vacant slots");
            };
            self.vacant = next;
            index
        };
        let at = self.by_address.partition_point(|&(address, _)| address < base.addr().get());
        self.by_address.insert(at, (base.addr().get(), index));
        self.ever += 1;
        self.high_water = self.high_water.max(self.mapped());
        self.link(index);
        Some(index)
    }

    /// Gives a wholly free arena back.
    fn unmap(&mut self, index: u32, budget: &Budget) {
        self.unlink(index);
        let vacant = Slot::Vacant { next: self.vacant };
        let Slot::Mapped(arena) = std::mem::replace(&mut self.slots[index as usize], vacant) else {
            unreachable!("arena {index} is not mapped");
        };
        self.vacant = index;
        debug_assert_eq!(arena.free, POOLS_PER_ARENA, "only a wholly free arena is given back");
        budget.give(arena.resident_bytes());
        let at = self.by_address.partition_point(|&(address, _)| address < arena.base.addr().get());
        self.by_address.remove(at);
        // SAFETY: the region was mapped like this, and none of its pools is in use.
        unsafe { unmap(arena.base) };
    }

    /// Links an arena into the bucket of its number of free pools.
    fn link(&mut self, index: u32) {
        let bucket = self.get_mut(index).free;
        let first = self.buckets[bucket];
        let arena = self.get_mut(index);
        (arena.prev, arena.next) = (NO_ARENA, first);
        if first != NO_ARENA {
            self.get_mut(first).prev = index;
        }
        self.buckets[bucket] = index;
        self.filled.insert(bucket);
    }

    /// Unlinks an arena from its bucket.
    fn unlink(&mut self, index: u32) {
        let arena = self.get_mut(index);
        let (bucket, prev, next) = (arena.free, arena.prev, arena.next);
        if next != NO_ARENA {
            self.get_mut(next).prev = prev;
        }
        if prev != NO_ARENA {
            self.get_mut(prev).next = next;
        } else {
            self.buckets[bucket] = next;
            if next == NO_ARENA {
                self.filled.remove(bucket);
            }
        }
    }
}

/// Gives an arena's region back.
///
/// # Safety
/// `base` is the region of an arena, and nothing uses it from now on.
unsafe fn unmap(base: NonNull<u8>) {
    // Whose these addresses are next is unknown.
    annotate::freshen(base, ARENA_SIZE);
    // SAFETY: the region was mapped like this; by contract nothing uses it.
    unsafe { os::unmap(base, ARENA_SIZE, ARENA_SIZE) };
}
