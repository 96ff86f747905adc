//! Pools: runs of blocks of one bin.

use std::cell::{Cell, UnsafeCell};
use std::mem::{MaybeUninit, offset_of};
use std::ptr::NonNull;

use super::class::{Bin, quotient};
use super::geometry::POOL_SIZE;

mod check;
mod kind;
mod side;
mod supply;

pub use kind::PoolKind;
pub(super) use kind::{OBJECT_LINK, RAW_LINK};
pub(crate) use side::Examined;

bitflags::bitflags! {
    /// Notes on a pool: the collector's, and where the allocator keeps it. Cleared when a pool is initialised.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(crate) struct PoolFlags: u8 {
        /// The young list has blocks of this pool.
        const YOUNG_LISTED = 1 << 0;
        /// The list of the middle generation has blocks of this pool.
        const MIDDLE_LISTED = 1 << 1;
        /// Young objects of this pool must be found by walking it.
        const YOUNG_SPILLED = 1 << 2;
        /// Objects of the middle generation in this pool must be found by walking it.
        const MIDDLE_SPILLED = 1 << 3;
        /// All blocks were handed out and the pool was unlinked from its bin.
        const FULL = 1 << 5;
        /// The pool is the region of one large object.
        const LARGE = 1 << 6;
        /// The pool is in the list of those to look at when the last hold ends.
        const PARKED = 1 << 7;
        /// Some list points into the pool: it is neither released nor used for another class.
        const PINNED = Self::YOUNG_LISTED.bits() | Self::MIDDLE_LISTED.bits();
    }
}

/// A pool: header and blocks.
///
/// The type spans the whole pool, so that a reference to it reaches the blocks. A large object's region begins with a pool too; its one
/// block may be longer than this type.
///
/// # Blocks
/// are *untouched* (index `carved` and above), *free* (in the list from `free`), or *allocated*. For pools with room
/// `free + used == carved <= capacity` (invariant *carved*). The first word of an object block is 0 when the block is carved and belongs to the upper layers from
/// then on, also while the block is free.
///
/// # States
/// - **free**: in its arena's free pools, trimmed or untouched; the header means nothing, but `flags` is empty and `next` links `freepools`.
/// - **with room**: linked in its bin. Only the bin's head may have run out of blocks without being marked as full yet.
/// - **full**: has [`PoolFlags::FULL`] and is in no list. `used` is 1, so that the first free of a full pool, like the last free of any
///   other, is the one that takes it to 0: freeing tests one thing.
/// - **empty, kept**: with room and no block in use; the only one of its bin with room.
/// - **empty, parked**: the same, but it would have been released if it were not pinned or held.
///
/// free -> with room: a bin has no pool with room. with room -> full: an allocation finds nothing left. full -> with room: a block is freed.
/// with room -> free, kept or parked: the last block is freed. kept -> free: trimmed, or closed. parked -> free or kept: unpinned, or
/// the last hold ends. parked or kept -> with room: a block is allocated.
///
/// A large object's pool is full from birth, is never linked, and goes when its block is freed; it can be parked.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Pool {
    /// The first free block. Of a large pool: its block, with access to the whole region.
    pub(super) free: Cell<Option<NonNull<u8>>>,
    owner: Cell<Option<NonNull<()>>>,
    /// This pool, with access to all of its arena: blocks lead to their side bytes. None for a large pool, whose block has access to its region.
    place: Cell<Option<NonNull<u8>>>,
    size: Cell<usize>,
    /// 2^32 / size rounded up; 0 for a large pool.
    recip: Cell<u32>,
    /// The index of the arena, or the slot of a large pool.
    pub(super) arena: Cell<u32>,
    /// Blocks in use; 1 in a full pool. 32 bits wide on purpose: processors forward a store to the next load of a 16-bit counter so slowly that
    /// a free right after an allocation took twice the time.
    pub(super) used: Cell<u32>,
    carved: Cell<u16>,
    first: Cell<u16>,
    bin: Cell<Option<Bin>>,
    kind: Cell<PoolKind>,
    flags: Cell<PoolFlags>,
    /// Of a large pool: what other pools have in the head of their arena.
    side: Cell<u8>,
    examined: Cell<Examined>,
    /// The neighbours in the bin; of a free pool: the next free one.
    pub(super) next: Cell<Option<NonNull<Pool>>>,
    pub(super) prev: Cell<Option<NonNull<Pool>>>,
    /// The next parked pool.
    pub(super) parked: Cell<Option<NonNull<Pool>>>,
    body: UnsafeCell<[MaybeUninit<u8>; POOL_SIZE - HEADER_SIZE]>,
}

/// The size of a pool's header; blocks follow.
pub(crate) const HEADER_SIZE: usize = if cfg!(target_pointer_width = "64") { 80 } else { 52 };

const _: () = assert!(offset_of!(Pool, body) == HEADER_SIZE);
const _: () = assert!(size_of::<Pool>() == POOL_SIZE);
const _: () = assert!(offset_of!(Pool, flags) < 64, "the fields that hot paths read share a cache line");

impl Pool {
    /// A pool with nothing in it, to stand for "no pool".
    #[expect(clippy::declare_interior_mutable_const, reason = "it initialises a static")]
    pub(super) const NONE: Pool = Pool {
        free: Cell::new(None),
        owner: Cell::new(None),
        place: Cell::new(None),
        size: Cell::new(0),
        recip: Cell::new(0),
        arena: Cell::new(0),
        used: Cell::new(0),
        carved: Cell::new(0),
        first: Cell::new(0),
        bin: Cell::new(None),
        kind: Cell::new(PoolKind::Tracked),
        flags: Cell::new(PoolFlags::empty()),
        side: Cell::new(0),
        examined: Cell::new(Examined::No),
        next: Cell::new(None),
        prev: Cell::new(None),
        parked: Cell::new(None),
        body: UnsafeCell::new([MaybeUninit::zeroed(); POOL_SIZE - HEADER_SIZE]),
    };

    /// The pool that `address` lies in: pure arithmetic, which means something only for addresses in pools and for header addresses of
    /// large objects (S17).
    #[inline(always)]
    pub(crate) fn of(address: NonNull<u8>) -> NonNull<Pool> {
        let pool = address.as_ptr().map_addr(|address| address & !(POOL_SIZE - 1));
        // SAFETY: the first page of memory is never mapped, so an address that is not null lies above the first pool's worth of addresses.
        unsafe { NonNull::new_unchecked(pool.cast()) }
    }

    /// The heap state that the pool belongs to.
    #[inline(always)]
    pub(crate) fn owner(&self) -> NonNull<()> {
        debug_assert!(self.owner.get().is_some(), "a pool without an owner");
        // SAFETY: only the pool that stands for "no pool" has no owner, and it has no blocks to be found from.
        unsafe { self.owner.get().unwrap_unchecked() }
    }

    /// The notes on this pool.
    #[inline(always)]
    pub(crate) fn flags(&self) -> PoolFlags {
        self.flags.get()
    }

    /// Adds notes to those that the pool has.
    #[inline(always)]
    pub(crate) fn set_flags(&self, flags: PoolFlags) {
        self.flags.set(self.flags.get().union(flags));
    }

    /// Removes notes. To remove a pin, use the allocator's `unpin`.
    #[inline(always)]
    pub(crate) fn clear_flags(&self, flags: PoolFlags) {
        self.flags.set(self.flags.get().difference(flags));
    }

    /// What the blocks are used for.
    #[inline(always)]
    pub(crate) fn kind(&self) -> PoolKind {
        self.kind.get()
    }

    /// The bin; none for a large object.
    pub(super) fn bin(&self) -> Option<Bin> {
        self.bin.get()
    }

    /// The size of a block.
    #[inline(always)]
    pub(crate) fn block_size(&self) -> usize {
        self.size.get()
    }

    /// The offset of the first block.
    #[inline(always)]
    pub(crate) fn first(&self) -> usize {
        self.first.get().into()
    }

    /// The number of blocks.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.bin.get().map_or(1, |bin| bin.cut().capacity.into())
    }

    /// The number of blocks that were ever handed out or linked as free.
    #[inline(always)]
    pub(crate) fn carved(&self) -> usize {
        self.carved.get().into()
    }

    /// The number of blocks in use.
    #[inline]
    pub(crate) fn used(&self) -> usize {
        if self.is_full() && !self.is_large() { self.capacity() } else { self.used.get() as usize }
    }

    pub(super) fn is_full(&self) -> bool {
        self.flags().contains(PoolFlags::FULL)
    }

    pub(crate) fn is_large(&self) -> bool {
        self.flags().contains(PoolFlags::LARGE)
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.flags().intersects(PoolFlags::PINNED)
    }

    /// Whether there is a block to hand out.
    pub(super) fn has_room(&self) -> bool {
        self.free.get().is_some() || self.carved() < self.capacity()
    }

    /// The index of a block, given its start.
    #[inline(always)]
    pub(crate) fn index_of(&self, block: NonNull<u8>) -> usize {
        let offset = (block.addr().get() & (POOL_SIZE - 1)) - self.first();
        quotient(offset, self.recip.get())
    }

    /// The start of the block with this index, which is below `capacity`.
    #[inline(always)]
    pub(crate) fn block(&self, index: usize) -> NonNull<u8> {
        debug_assert!(index < self.capacity(), "no block has this index");
        if let (0, Some(block)) = (self.recip.get(), self.free.get()) {
            return block;
        }
        debug_assert!(self.place.get().is_some(), "a pool that is not large knows its place");
        // SAFETY: a pool of an arena knows its place, and the offset of a block is less than the size of a pool.
        unsafe { self.place.get().unwrap_unchecked().add(self.first() + index * self.size.get()) }
    }

    /// The blocks that are allocated or free, in order. Blocks that are carved meanwhile are visited too.
    #[inline]
    pub(crate) fn blocks(&self) -> Blocks<'_> {
        Blocks { pool: self, index: 0, block: self.block(0) }
    }
}

/// The iterator of [`Pool::blocks`].
#[derive(Debug)]
pub(crate) struct Blocks<'a> {
    pool: &'a Pool,
    index: usize,
    block: NonNull<u8>,
}

impl Iterator for Blocks<'_> {
    type Item = NonNull<u8>;

    #[inline]
    fn next(&mut self) -> Option<NonNull<u8>> {
        if self.index >= self.pool.carved() {
            return None;
        }
        let block = self.block;
        self.index += 1;
        let next = block.as_ptr().wrapping_add(self.pool.block_size());
        // SAFETY: one past a block of ours is not null; it is only handed out if it is a block too.
        self.block = unsafe { NonNull::new_unchecked(next) };
        Some(block)
    }
}
