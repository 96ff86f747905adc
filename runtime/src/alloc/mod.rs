//! The allocator: arenas, cut into pools, cut into blocks. It knows nothing of objects but that their blocks begin with a header word.
//!
//! | file | concept |
//! |---|---|
//! | `geometry` | the sizes of arenas and pools |
//! | `class` | size classes and bins, how the pools of a bin are cut |
//! | `pool` | one pool: states, blocks, side bytes |
//! | `arena` | arenas and their directory |
//! | `large` | objects with a region of their own |
//! | `lifecycle` | how pools come, fill, empty and go: the slow paths |
//! | `retain` | pins and holds: what keeps memory where it is |
//! | `budget` | what counts, and the limit that it keeps |
//! | `grant` | memory beyond blocks, and a second look before it is refused |
//! | `gate` | a mode in which every allocation takes the slow path |
//! | `guard` | the debug heap: guarded blocks |
//! | `refusals` | requests that are numbered, and refused on purpose |
//! | `raw` | bytes without a header |
//! | `blocks` | what `allocator_api2` asks, in terms of them |
//! | `system` | raw blocks of the system allocator, and their directory |
//! | `resize` | changing the size of a raw block |
//! | `lookup` | raw blocks by address alone |
//! | `walk` | pools by kind, numbers of blocks, addresses |
//! | `stats` | what is where |
//! | `poison` | telltale bytes in stress builds |
//! | `redzone` | the end of a block, for memory checkers |
//!
//! No user code ever runs in here, and nothing stays borrowed when a method returns.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

mod arena;
mod bits;
pub(crate) mod blocks;
mod budget;
mod check;
mod class;
mod gate;
mod geometry;
mod grant;
mod guard;
mod large;
mod lifecycle;
mod lookup;
mod poison;
mod pool;
mod raw;
mod redzone;
mod refusals;
mod resize;
mod retain;
mod stats;
mod system;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use class::Bin;
pub(crate) use geometry::POOL_SIZE;
pub(crate) use guard::ObjectRequest;
pub use pool::PoolKind;
pub(crate) use pool::{Examined, Pool, PoolFlags};
pub use stats::{ArenaStats, ByteStats, ClassStats, MemoryStats, PoolStats};

use crate::base::annotate;
use arena::Arenas;
use budget::Budget;
use class::{BINS, HEADER_WORD};
use gate::Gate;
use geometry::ARENA_SIZE;
use guard::DebugHeap;
use large::LargeObjects;
use pool::OBJECT_LINK;
use refusals::Refusals;
use system::SystemBlocks;

/// What can be chosen for an allocator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AllocatorOptions {
    /// Whether to ask for huge pages behind arenas that are large enough for one.
    pub(crate) huge_pages: bool,
}

impl Default for AllocatorOptions {
    fn default() -> AllocatorOptions {
        AllocatorOptions { huge_pages: true }
    }
}

/// The memory of one heap.
///
/// # Invariants
/// - *heads*: `heads[bin]` is the first pool of the bin's list, or [`no_pool`]; while its gate is closed, a bin's is kept there. The list is doubly linked; every pool in it but the head has room, and
///   a pool of the bin that is not in it is marked as full.
/// - Every pool in use is in the directory of arenas, every large object's in the directory of large objects.
/// - Without a hold no pool is parked.
#[derive(Debug)]
pub(crate) struct Allocator {
    heads: [Cell<NonNull<Pool>>; BINS],
    gate: Gate,
    refusals: Refusals,
    budget: Budget,
    /// The heap state, for the pools to come.
    owner: NonNull<()>,
    arenas: RefCell<Arenas>,
    large: RefCell<LargeObjects>,
    system: SystemBlocks,
    debug: DebugHeap,
    /// Pools to look at when the last hold ends.
    parked: Cell<Option<NonNull<Pool>>>,
    holds: Cell<usize>,
    closed: Cell<bool>,
    options: AllocatorOptions,
}

impl Allocator {
    /// An allocator without memory. Its pools will know `owner`, the heap state that it serves.
    pub(crate) fn new(owner: NonNull<()>, options: AllocatorOptions) -> Allocator {
        Allocator {
            heads: [const { Cell::new(no_pool()) }; BINS],
            gate: Gate::new(),
            refusals: Refusals::default(),
            budget: Budget::default(),
            owner,
            arenas: RefCell::new(Arenas::new()),
            large: RefCell::new(LargeObjects::new()),
            system: SystemBlocks::default(),
            debug: DebugHeap::default(),
            parked: Cell::new(None),
            holds: Cell::new(0),
            closed: Cell::new(false),
            options,
        }
    }

    /// The heap state that this serves.
    pub(crate) fn owner(&self) -> NonNull<()> {
        self.owner
    }

    /// Takes an object block; `None` if memory is refused. Its header word holds what its last user left there, 0 if it had none; the rest
    /// holds anything.
    #[inline(always)]
    pub(crate) fn allocate(&self, bin: Bin) -> Option<NonNull<u8>> {
        debug_assert!(bin.kind().holds_objects(), "raw bytes have a method of their own");
        self.take::<OBJECT_LINK>(bin)
    }

    /// The block that [`allocate`](Allocator::allocate) would hand out next, and its pool, from which it is yet to be [taken](Pool::take_first).
    /// `None` if that takes the slow path.
    #[inline(always)]
    pub(crate) fn first_free(&self, bin: Bin) -> Option<(&Pool, NonNull<u8>)> {
        // SAFETY: as in `take`.
        let pool = unsafe { self.heads.get_unchecked(bin.index()).get().as_ref() };
        Some((pool, pool.first_free()?))
    }

    /// Takes a block of a bin whose kind has the link offset `LINK`.
    #[inline(always)]
    fn take<const LINK: usize>(&self, bin: Bin) -> Option<NonNull<u8>> {
        // SAFETY: a bin's number is below `BINS`; the head is a pool in use, or the one that stands for none and has no free block.
        let pool = unsafe { self.heads.get_unchecked(bin.index()).get().as_ref() };
        match pool.pop::<LINK>() {
            Some(block) => Some(block),
            None => self.refill(bin),
        }
    }

    /// Gives an object block back. The header word stays as it is, for the next user; the word behind it is the allocator's. Returns
    /// whether the pool changed its state: only then can the allocator be empty now.
    ///
    /// # Safety
    /// 1. `block` came from [`Allocator::allocate`] of this allocator, was not given back since, and `pool` is its pool.
    /// 2. Nothing uses the block from now on, its header word apart while the pool is pinned or held.
    #[inline(always)]
    pub(crate) unsafe fn free(&self, block: NonNull<u8>, pool: NonNull<Pool>) -> bool {
        // SAFETY: passed on.
        unsafe { self.put::<OBJECT_LINK>(block, pool) }
    }

    /// The first half of [`free`](Allocator::free), for who tells the allocator of the change of state itself
    /// ([`used_fell_to_zero`](Allocator::used_fell_to_zero)).
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    pub(crate) unsafe fn give_back(block: NonNull<u8>, pool: NonNull<Pool>) -> bool {
        debug_assert_eq!(Pool::of(block), pool, "a block of another pool");
        // SAFETY: passed on.
        unsafe { pool.as_ref().push::<OBJECT_LINK>(block) }
    }

    /// # Safety
    /// As [`Allocator::free`], for a block of a kind with the link offset `LINK`.
    #[inline(always)]
    unsafe fn put<const LINK: usize>(&self, block: NonNull<u8>, pool: NonNull<Pool>) -> bool {
        debug_assert_eq!(Pool::of(block), pool, "a block of another pool");
        // SAFETY: by contract the pool is in use and the block one of its allocated ones.
        let event = unsafe { pool.as_ref().push::<LINK>(block) };
        if event {
            self.used_fell_to_zero(pool);
        }
        event
    }

    /// Takes the block of a large object of `size` bytes, its header word included, whose payload is aligned to `align`. The header word
    /// is 0. `None` if memory is refused, or `align` is above the size of a pool. The gate is the caller's to heed.
    pub(crate) fn allocate_large(&self, kind: PoolKind, size: usize, align: usize) -> Option<NonNull<u8>> {
        let take = || self.large.borrow_mut().allocate(kind, size, align, self.owner, &self.budget);
        let pool = self.try_twice(take)?;
        // SAFETY: the pool is new and in the directory.
        Some(unsafe { pool.as_ref() }.block(0))
    }

    /// Gives a large object's block back. Its region goes now, or when it is neither pinned nor held any more.
    ///
    /// # Safety
    /// `block` came from [`Allocator::allocate_large`] of this allocator and was not given back since; nothing uses it from now on, its header
    /// word apart while the pool is pinned or held.
    pub(crate) unsafe fn free_large(&self, block: NonNull<u8>) {
        let pool = Pool::of(block);
        // SAFETY: by contract the block is in use, so its pool is in the directory.
        let header = unsafe { pool.as_ref() };
        debug_assert!(header.is_large(), "not a large object");
        debug_assert_eq!(header.used(), 1, "a large object is freed once");
        header.used.set(0);
        // SAFETY: behind the header word, in the block.
        annotate::hide(unsafe { block.add(HEADER_WORD) }, header.block_size() - HEADER_WORD);
        self.retire(pool);
    }

    /// The bytes of the allocator's directories, and what the debug heap takes.
    pub(crate) fn directory_bytes(&self) -> usize {
        let arenas = self.arenas.borrow().directory_bytes();
        arenas + self.large.borrow().directory_bytes() + self.system.directory_bytes() + self.debug.bytes()
    }

    /// The bytes that the heap has taken from outside: arenas, regions of large objects, raw bytes of the system allocator.
    pub(crate) fn mapped_bytes(&self) -> usize {
        self.arenas.borrow().mapped() * ARENA_SIZE + self.large.borrow().mapped_bytes() + self.system.bytes()
    }
}

/// The pool that stands for "no pool", so that taking a block needs no test for it: its free list is empty, always.
#[inline(always)]
const fn no_pool() -> NonNull<Pool> {
    /// Lets a pool be shared by all threads.
    struct Shared(Pool);
    // SAFETY: the only one is never written to: nothing but its empty free list is ever read.
    unsafe impl Sync for Shared {}
    static NO_POOL: Shared = Shared(Pool::NONE);
    NonNull::from_ref(&NO_POOL.0)
}
