//! Making a pool, and handing its blocks out and taking them back.

use std::cell::Cell;
use std::ptr::NonNull;

use super::kind::{OBJECT_LINK, RAW_LINK};
use super::{Examined, HEADER_SIZE, Pool, PoolFlags, PoolKind};
use crate::alloc::class::Bin;
use crate::alloc::geometry::POOL_SIZE;
use crate::alloc::poison;
use crate::base::annotate;

impl Pool {
    /// Makes a pool for `bin` of free memory.
    ///
    /// # Safety
    /// `pool` points to a free pool: `POOL_SIZE` bytes, aligned to that, nobody else's, with access to all of the arena.
    pub(in crate::alloc) unsafe fn initialise(pool: NonNull<Pool>, bin: Bin, arena: u32, owner: NonNull<()>) {
        let cut = bin.cut();
        let shape = Shape { size: cut.size.into(), recip: cut.recip, first: cut.first };
        // SAFETY: by contract the memory is ours and holds the header.
        unsafe { Pool::write_header(pool, bin.kind(), Some(bin), shape, arena, owner) };
    }

    /// Makes a pool for one large object of `size` bytes at `first`, allocated already. Its header word is 0.
    ///
    /// # Safety
    /// `region` points to `max(first + size, POOL_SIZE)` bytes, aligned to `POOL_SIZE`, nobody else's; `first` is a multiple of 8, lies
    /// in the first `POOL_SIZE` bytes and leaves room for the header; `size` is at least a word.
    pub(in crate::alloc) unsafe fn initialise_large(
        region: NonNull<u8>,
        kind: PoolKind,
        first: u16,
        size: usize,
        slot: u32,
        owner: NonNull<()>,
    ) {
        let pool = region.cast::<Pool>();
        let shape = Shape { size, recip: 0, first };
        // SAFETY: by contract there is room for the header and the block with its header word. The header is written
        // before the reference is made.
        unsafe {
            Pool::write_header(pool, kind, None, shape, slot, owner);
            annotate::freshen(region.add(first.into()), size);
            let block = region.add(first.into());
            block.cast::<u64>().write(0);
            let pool = pool.as_ref();
            pool.free.set(Some(block));
            pool.carved.set(1);
            pool.used.set(1);
            pool.set_flags(PoolFlags::LARGE | PoolFlags::FULL);
        }
    }

    /// # Safety
    /// `pool` points to `POOL_SIZE` bytes, aligned to that, nobody else's. They may be uninitialised.
    unsafe fn write_header(
        pool: NonNull<Pool>,
        kind: PoolKind,
        bin: Option<Bin>,
        shape: Shape,
        arena: u32,
        owner: NonNull<()>,
    ) {
        let to = pool.as_ptr();
        annotate::hide(pool.cast(), POOL_SIZE);
        annotate::freshen(pool.cast(), HEADER_SIZE);
        // SAFETY: all fields lie in the memory of the contract.
        unsafe {
            (&raw mut (*to).free).write(Cell::new(None));
            (&raw mut (*to).owner).write(Cell::new(Some(owner)));
            (&raw mut (*to).place).write(Cell::new(bin.map(|_| pool.cast())));
            (&raw mut (*to).size).write(Cell::new(shape.size));
            (&raw mut (*to).recip).write(Cell::new(shape.recip));
            (&raw mut (*to).arena).write(Cell::new(arena));
            (&raw mut (*to).used).write(Cell::new(0));
            (&raw mut (*to).carved).write(Cell::new(0));
            (&raw mut (*to).first).write(Cell::new(shape.first));
            (&raw mut (*to).bin).write(Cell::new(bin));
            (&raw mut (*to).kind).write(Cell::new(kind));
            (&raw mut (*to).flags).write(Cell::new(PoolFlags::empty()));
            (&raw mut (*to).side).write(Cell::new(0));
            (&raw mut (*to).examined).write(Cell::new(Examined::No));
            (&raw mut (*to).next).write(Cell::new(None));
            (&raw mut (*to).prev).write(Cell::new(None));
            (&raw mut (*to).parked).write(Cell::new(None));
        }
    }

    /// Links a page's worth of untouched blocks into the empty free list.
    pub(in crate::alloc) fn carve(&self) {
        debug_assert!(self.free.get().is_none(), "blocks are carved when none are free");
        debug_assert!(self.carved() < self.capacity(), "a pool without untouched blocks can't be carved");
        let Some(bin) = self.bin.get() else { return };
        let (size, link) = (self.size.get(), self.kind.get().link_offset());
        let carved = self.carved.get();
        let count = bin.cut().batch.min(bin.cut().capacity - carved);
        let first = self.block(carved.into());
        let mut block = first;
        for left in (0..count).rev() {
            // SAFETY: block `carved + count - 1 - left` lies in the pool and nobody uses it; the next one is only computed if it does too.
            unsafe {
                let next = (left > 0).then(|| block.add(size));
                annotate::freshen(block, size);
                poison::fill_free(block, size, link);
                if link == OBJECT_LINK {
                    block.cast::<u64>().write(0);
                }
                block.add(link).cast::<Option<NonNull<u8>>>().write(next);
                annotate::hide(block.add(link), size - link);
                block = next.unwrap_or(block);
            }
        }
        self.carved.set(carved + count);
        self.free.set(Some(first));
    }

    /// The free blocks, the next one to be taken first. `LINK` is the link offset of the pool's kind.
    pub(in crate::alloc) fn free_blocks<const LINK: usize>(&self) -> impl Iterator<Item = NonNull<u8>> {
        std::iter::successors(self.free.get(), |block| {
            // SAFETY: a block in the free list holds the link to the next one, at the link offset of its kind.
            unsafe { annotate::read_hidden(block.add(LINK).cast::<Option<NonNull<u8>>>()) }
        })
    }

    /// The free block that is taken next.
    #[inline(always)]
    pub(in crate::alloc) fn first_free(&self) -> Option<NonNull<u8>> {
        self.free.get()
    }

    /// Takes a free block, if there is one. `LINK` is the link offset of the pool's kind.
    #[inline(always)]
    pub(in crate::alloc) fn pop<const LINK: usize>(&self) -> Option<NonNull<u8>> {
        let block = self.free.get()?;
        // SAFETY: that is the first free block.
        unsafe { self.pop_first::<LINK>(block) };
        Some(block)
    }

    /// Takes the first free block of a pool for objects.
    ///
    /// # Safety
    /// `block` is the first free block: `Allocator::first_free` gave it, and nothing was allocated or freed since.
    #[inline(always)]
    pub(crate) unsafe fn take_first(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        unsafe { self.pop_first::<OBJECT_LINK>(block) }
    }

    /// # Safety
    /// `block` is the first free block.
    #[inline(always)]
    unsafe fn pop_first<const LINK: usize>(&self, block: NonNull<u8>) {
        debug_assert_eq!(self.free.get(), Some(block), "the first free block");
        // SAFETY: a block in the free list holds the link to the next one, at the link offset of its kind.
        self.free.set(unsafe { annotate::read_hidden(block.add(LINK).cast::<Option<NonNull<u8>>>()) });
        self.used.set(self.used.get() + 1);
        // SAFETY: the block was free a moment ago: beyond its link nothing was written since.
        unsafe {
            poison::take(block, self.size.get(), LINK);
            annotate::hand_out(block.add(LINK), self.size.get() - LINK);
        }
    }

    /// Takes a block back. Returns whether `used` fell to 0: the pool was full, or is now empty.
    ///
    /// # Safety
    /// `block` is an allocated block of this pool, nothing uses it from now on, and `LINK` is the link offset of the pool's kind.
    #[inline(always)]
    pub(in crate::alloc) unsafe fn push<const LINK: usize>(&self, block: NonNull<u8>) -> bool {
        debug_assert_eq!(self.block(self.index_of(block)), block, "not the start of a block");
        debug_assert_eq!(self.kind.get().link_offset(), LINK, "a block of another kind");
        debug_assert_ne!(self.free.get(), Some(block), "a block is freed once");
        // SAFETY: by contract the block is ours again; a link fits behind a header word, and into any raw block.
        unsafe {
            annotate::take_back(block.add(LINK), self.size.get() - LINK, LINK == RAW_LINK);
            poison::fill_free(block, self.size.get(), LINK);
            annotate::write_hidden(block.add(LINK).cast::<Option<NonNull<u8>>>(), self.free.get());
        }
        self.free.set(Some(block));
        let used = self.used.get() - 1;
        self.used.set(used);
        used == 0
    }
}

/// The part of a header that depends on the size of the blocks.
struct Shape {
    size: usize,
    recip: u32,
    first: u16,
}
