//! Finding things: pools by kind, blocks by number, memory by address.

use std::ptr::NonNull;

use super::Allocator;
use super::arena::index_in_arena;
use super::class::MIN_OBJECT_BLOCK;
use super::geometry::{ARENA_SIZE, MAX_ARENAS, POOL_SIZE, POOLS_PER_ARENA};
use super::pool::{Pool, PoolKind};

/// Bits of a number for the block in its pool, above them for the pool in its arena, above them for the arena.
const BLOCK_BITS: u32 = (POOL_SIZE / MIN_OBJECT_BLOCK).ilog2();
const POOL_BITS: u32 = POOLS_PER_ARENA.next_power_of_two().ilog2();
const ARENA_BITS: u32 = MAX_ARENAS.ilog2();

/// The bit of a number that says: a large object, the rest is its slot.
const LARGE: u64 = 1 << 33;

const _: () = assert!(BLOCK_BITS + POOL_BITS + ARENA_BITS <= 33);

impl Allocator {
    /// The pools in use of a kind, large objects' included.
    ///
    /// Pools that come while the iterator exists may or may not be visited. Pools that go are not; a pool that it has handed out is only sure
    /// to stay while the allocator is held: otherwise an allocation, too, may give an empty one to another class.
    pub(crate) fn pools(&self, kind: PoolKind) -> Pools<'_> {
        Pools { allocator: self, kind, arena: 0, pool: 0, slot: 0 }
    }

    /// The same pools, as references to their cells.
    ///
    /// # Safety
    /// As long as a pool that this handed out is used, it stays in use: the allocator is held, or nothing is allocated or freed
    /// meanwhile.
    pub(crate) unsafe fn pool_refs(&self, kind: PoolKind) -> impl Iterator<Item = &Pool> {
        // SAFETY: a pool in use has a header; by contract it stays.
        self.pools(kind).map(|pool| unsafe { pool.as_ref() })
    }

    /// A number below 2^34 for an object block in use or parked: stable as long as the pool stays in use, and no other block's.
    ///
    /// # Safety
    /// `block` is the start of an object block in a pool in use.
    #[inline]
    pub(crate) unsafe fn number_of(&self, block: NonNull<u8>) -> u64 {
        let place = Pool::of(block);
        // SAFETY: by contract the pool is in use.
        let pool = unsafe { place.as_ref() };
        debug_assert!(pool.kind().holds_objects(), "only object blocks have numbers");
        let arena = u64::from(pool.arena.get());
        if pool.is_large() {
            return LARGE | arena;
        }
        let index = (index_in_arena(place) << BLOCK_BITS) + pool.index_of(block);
        (arena << (POOL_BITS + BLOCK_BITS)) + index as u64
    }

    /// One more than the highest place of an object block: see [`place_of`](Allocator::place_of).
    pub(crate) fn places(&self) -> usize {
        (self.arenas.borrow().end() << (POOL_BITS + BLOCK_BITS)) + self.large.borrow().end()
    }

    /// A place for an object block in a list of all of them: its [number](Allocator::number_of), but large objects come
    /// right behind the arenas. Stable until arenas come or go.
    ///
    /// # Safety
    /// As for [`number_of`](Allocator::number_of).
    pub(crate) unsafe fn place_of(&self, block: NonNull<u8>) -> usize {
        // SAFETY: the caller's promise.
        let number = unsafe { self.number_of(block) };
        if number & LARGE == 0 {
            return number as usize;
        }
        (self.arenas.borrow().end() << (POOL_BITS + BLOCK_BITS)) + (number & !LARGE) as usize
    }

    /// The block with this number, which came from [`Allocator::number_of`] while its pool was in the use that it is in now.
    #[inline]
    pub(crate) fn block_at(&self, number: u64) -> NonNull<u8> {
        if number & LARGE != 0 {
            return self.large_block((number & !LARGE) as usize);
        }
        let place = number as usize & ((1 << (POOL_BITS + BLOCK_BITS)) - 1);
        let arenas = self.arenas.borrow();
        let arena = arenas.get((number >> (POOL_BITS + BLOCK_BITS)) as usize).expect("a number's arena is mapped");
        let pool = arena.pool(place >> BLOCK_BITS);
        // SAFETY: by contract the pool is in use.
        unsafe { pool.as_ref() }.block(place & ((1 << BLOCK_BITS) - 1))
    }

    #[cold]
    fn large_block(&self, slot: usize) -> NonNull<u8> {
        let pool = self.large.borrow().region(slot).expect("a large object's slot is taken");
        // SAFETY: regions in the directory have a header.
        unsafe { pool.as_ref() }.block(0)
    }

    /// Whether the address lies in an arena or in a large object's region of this heap. Nothing is read at the address, which may be anyone's.
    /// Raw bytes of the system allocator are not the heap's in this sense. Looks at all large objects if no arena matches.
    pub(crate) fn owns(&self, address: NonNull<u8>) -> bool {
        let address = address.addr().get();
        self.arenas.borrow().contains(address) || self.large.borrow().contains(address)
    }

    /// The number of blocks of a kind in use, large ones and, for raw bytes, the system allocator's included; those that the debug heap keeps
    /// back are not. Looks at every pool.
    pub(crate) fn live_blocks(&self, kind: PoolKind) -> usize {
        let system = if kind == PoolKind::Raw { self.system.blocks() } else { 0 };
        // SAFETY: nothing runs between the steps of this walk, so the pools stay in use.
        let used = self.pools(kind).map(|pool| unsafe { pool.as_ref() }.used()).sum::<usize>();
        system + used - self.debug.kept_back(kind)
    }

    pub(super) fn all_pools_are_empty(&self) -> bool {
        let mut pools = PoolKind::ALL.into_iter().flat_map(|kind| self.pools(kind));
        // SAFETY: nothing runs between the steps of this walk, so the pools stay in use.
        pools.all(|pool| unsafe { pool.as_ref() }.used() == 0)
    }
}

/// The iterator of [`Allocator::pools`]: a place in the directories, with nothing borrowed between two steps.
#[derive(Debug)]
pub(crate) struct Pools<'a> {
    allocator: &'a Allocator,
    kind: PoolKind,
    arena: usize,
    pool: usize,
    slot: usize,
}

impl Iterator for Pools<'_> {
    type Item = NonNull<Pool>;

    fn next(&mut self) -> Option<NonNull<Pool>> {
        let arenas = self.allocator.arenas.borrow();
        while self.arena < arenas.end() {
            if let Some(arena) = arenas.get(self.arena)
                && let Some(index) = arena.in_use(self.kind).first_from(self.pool)
            {
                self.pool = index + 1;
                return Some(arena.pool(index));
            }
            self.arena += 1;
            self.pool = 0;
        }
        let large = self.allocator.large.borrow();
        while self.slot < large.end() {
            let pool = large.region(self.slot);
            self.slot += 1;
            // SAFETY: regions in the directory have a header.
            if let Some(pool) = pool.filter(|pool| unsafe { pool.as_ref() }.kind() == self.kind) {
                return Some(pool);
            }
        }
        None
    }
}

const _: () = assert!(ARENA_SIZE / MIN_OBJECT_BLOCK <= 1 << (BLOCK_BITS + POOL_BITS));
