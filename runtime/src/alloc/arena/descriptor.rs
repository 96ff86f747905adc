//! One arena: which of its pools are in use, free, trimmed, untouched.

use std::ptr::NonNull;

use crate::alloc::bits::Bits;
use crate::alloc::geometry::{ARENA_SIZE, HEAD_SIZE, POOL_COST, POOL_SIZE, POOLS_PER_ARENA};
use crate::alloc::pool::{HEADER_SIZE, Pool, PoolFlags, PoolKind};
use crate::base::{annotate, os};

/// A set of pools of one arena.
pub(super) type PoolSet = Bits<{ POOLS_PER_ARENA.div_ceil(64) }>;

/// What an arena counts in the budget beside its pools: what is left of its head, divided among them.
pub(super) const ARENA_COST: usize = ARENA_SIZE - POOLS_PER_ARENA * POOL_COST;

/// Stands for "no arena" where arenas are linked.
pub(super) const NO_ARENA: u32 = u32::MAX;

/// The descriptor of an arena.
///
/// A pool of the arena is *in use* (in one of the sets `in_use`), *free* (in the list `freepools`), *trimmed* (free, and its memory given
/// back: in the set `trimmed`), or *untouched* (at or above `touched`). `free` counts the last three.
#[derive(Debug)]
pub(in crate::alloc) struct Arena {
    pub(super) base: NonNull<u8>,
    pub(super) free: usize,
    /// Pools below were in use at some time.
    pub(super) touched: usize,
    /// The free pools with memory, the one that was freed last first; linked through their headers.
    pub(super) freepools: Option<NonNull<Pool>>,
    pub(super) trimmed: PoolSet,
    pub(super) in_use: [PoolSet; PoolKind::ALL.len()],
    /// The neighbours among the arenas with as many free pools.
    pub(super) next: u32,
    pub(super) prev: u32,
}

impl Arena {
    pub(super) fn new(base: NonNull<u8>) -> Arena {
        Arena {
            base,
            free: POOLS_PER_ARENA,
            touched: 0,
            freepools: None,
            trimmed: PoolSet::EMPTY,
            in_use: [PoolSet::EMPTY; PoolKind::ALL.len()],
            next: NO_ARENA,
            prev: NO_ARENA,
        }
    }

    /// The pool at this index; it need not be in use.
    pub(in crate::alloc) fn pool(&self, index: usize) -> NonNull<Pool> {
        debug_assert!(index < POOLS_PER_ARENA, "an arena has no such pool");
        // SAFETY: the pool lies in the arena's region.
        unsafe { self.base.add(HEAD_SIZE + index * POOL_SIZE).cast() }
    }

    /// The pools in use for a kind.
    pub(in crate::alloc) fn in_use(&self, kind: PoolKind) -> &PoolSet {
        &self.in_use[kind as usize]
    }

    /// The raw pool in use that the address, which lies in this arena, is in.
    pub(in crate::alloc) fn raw_pool_at(&self, address: usize) -> Option<NonNull<Pool>> {
        let index = ((address & (ARENA_SIZE - 1)).checked_sub(HEAD_SIZE)?) / POOL_SIZE;
        self.in_use(PoolKind::Raw).contains(index).then(|| self.pool(index))
    }

    /// The number of pools that are not in use and were never touched, or are trimmed.
    pub(in crate::alloc) fn clean_pools(&self) -> usize {
        POOLS_PER_ARENA - self.touched + self.trimmed.len()
    }

    /// The number of pools that are not in use.
    pub(in crate::alloc) fn free_pools(&self) -> usize {
        self.free
    }

    /// What the arena counts in the budget.
    pub(super) fn resident_bytes(&self) -> usize {
        ARENA_COST + (POOLS_PER_ARENA - self.clean_pools()) * POOL_COST
    }

    /// Takes a free pool: one with memory first, the warmest. Tells whether it had none.
    pub(super) fn take(&mut self, kind: PoolKind) -> (NonNull<Pool>, bool) {
        debug_assert!(self.free > 0, "an arena without free pools is not asked for one");
        let is_clean = self.freepools.is_none();
        let pool = if let Some(pool) = self.freepools {
            // SAFETY: a pool in the list of free pools lies in our region, with a header.
            self.freepools = unsafe { pool.as_ref() }.next.get();
            pool
        } else if let Some(index) = self.trimmed.first_from(0) {
            self.trimmed.remove(index);
            self.pool(index)
        } else {
            self.touched += 1;
            self.pool(self.touched - 1)
        };
        self.free -= 1;
        self.in_use[kind as usize].insert(index_in_arena(pool));
        (pool, is_clean)
    }

    /// Takes back a pool that was in use.
    ///
    /// # Safety
    /// The pool is one of this arena's, in use, linked nowhere, and without a block in use.
    pub(super) unsafe fn give(&mut self, pool: NonNull<Pool>) {
        // SAFETY: by contract the pool is in use, so it has a header.
        let header = unsafe { pool.as_ref() };
        self.in_use[header.kind() as usize].remove(index_in_arena(pool));
        header.clear_flags(PoolFlags::all());
        header.next.set(self.freepools);
        self.freepools = Some(pool);
        self.free += 1;
        // SAFETY: the body of the pool, of which only the header means something from now on.
        annotate::hide(unsafe { pool.cast::<u8>().add(HEADER_SIZE) }, POOL_SIZE - HEADER_SIZE);
    }

    /// Gives the memory of the free pools back; returns the number of bytes.
    pub(super) fn trim(&mut self) -> usize {
        let mut free = PoolSet::EMPTY;
        while let Some(pool) = self.freepools {
            // SAFETY: a pool in the list of free pools lies in our region, with a header.
            self.freepools = unsafe { pool.as_ref() }.next.get();
            free.insert(index_in_arena(pool));
        }
        let (mut bytes, mut from) = (0, 0);
        while let Some((start, count)) = free.run_from(from) {
            // SAFETY: the pools lie in our region and are free: nothing in them is needed, now that the list has let go of them.
            let released = unsafe { os::decommit(self.pool(start).cast(), count * POOL_SIZE) };
            for index in start..start + count {
                if released != 0 {
                    self.trimmed.insert(index);
                } else {
                    let pool = self.pool(index);
                    // SAFETY: the pool was in the list a moment ago, and its memory is still there.
                    unsafe { pool.as_ref() }.next.set(self.freepools);
                    self.freepools = Some(pool);
                }
            }
            bytes += released;
            from = start + count;
        }
        bytes
    }
}

/// The index of a pool in its arena: arenas are aligned to their size.
#[inline(always)]
pub(in crate::alloc) fn index_in_arena(pool: NonNull<Pool>) -> usize {
    ((pool.addr().get() & (ARENA_SIZE - 1)) - HEAD_SIZE) / POOL_SIZE
}
