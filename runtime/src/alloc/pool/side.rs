//! Side bytes: one for each tracked block, apart from the block, and found from its address alone.
//!
//! They lie together in the head of the arena, one for each [`SIDE_GRANULE`] bytes of it, so that the collector's random accesses stay in a
//! thirtieth of the heap's memory and write to no page of an object. (Beside their blocks, at the same offsets of every pool, they competed for the
//! same few lines of each cache.) A large object's lies in its pool's header.

use std::cell::Cell;
use std::mem::offset_of;
use std::ptr::NonNull;

use super::Pool;
use crate::alloc::class::quotient;
use crate::alloc::geometry::{ARENA_SIZE, POOL_SIZE, SIDE_BYTES, SIDE_GRANULE};
use crate::alloc::large;

/// What a collection under way has to do with a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Examined {
    /// Nothing. (Zero, as in a new arena.)
    No = 0,
    /// It examines blocks of the pool, all of whose objects are in the generation that survivors come to.
    AtTarget = 1,
    /// It examines blocks of the pool, and some hold younger objects.
    WithYounger = 2,
}

impl Pool {
    /// Where the side byte of an object block lies, given the block's start: pure arithmetic, as [`Pool::of`]. 0 at rest. Blocks of leaf objects
    /// have none of their own; what is found for them rests.
    #[inline(always)]
    pub(crate) fn side_of(block: NonNull<u8>) -> NonNull<Cell<u8>> {
        if !large::begins_at(block.addr().get()) {
            return Pool::side_in_arena(block);
        }
        // SAFETY: the byte lies in the header of the pool that the block is in.
        unsafe { Pool::of(block).byte_add(offset_of!(Pool, side)).cast() }
    }

    /// The same for a block that is known not to be a large object's.
    #[inline(always)]
    fn side_in_arena(block: NonNull<u8>) -> NonNull<Cell<u8>> {
        let side = block
            .as_ptr()
            .map_addr(|address| (address & !(ARENA_SIZE - 1)) + (address & (ARENA_SIZE - 1)) / SIDE_GRANULE);
        // SAFETY: the first page of memory is never mapped, so an address that is not null lies above the first arena's worth of addresses.
        unsafe { NonNull::new_unchecked(side.cast()) }
    }

    /// The side bytes of the pool's carved blocks, and those between that are no block's and rest.
    #[inline]
    pub(crate) fn sides(&self) -> &[Cell<u8>] {
        if self.carved() == 0 {
            return &[];
        }
        let (first, last) = (Pool::side_of(self.block(0)), Pool::side_of(self.block(self.carved() - 1)));
        let length = last.addr().get() - first.addr().get() + 1;
        // SAFETY: both lie in the head of the pool's arena, to which its blocks have access, or are the same byte of a large pool's header. Side
        // bytes are initialised with the arena, and only used as cells.
        unsafe { NonNull::slice_from_raw_parts(first, length).as_ref() }
    }

    /// The block whose side byte is the one at this place in [`sides`](Pool::sides).
    #[inline]
    pub(crate) fn block_of_side(&self, index: usize) -> NonNull<u8> {
        let first = self.block(0).addr().get() & (ARENA_SIZE - 1);
        let from = ((first / SIDE_GRANULE + index) * SIDE_GRANULE).saturating_sub(first);
        self.block(quotient(from + self.block_size() - 1, self.recip.get()))
    }

    /// The blocks that are carved now, each with its side byte.
    #[inline(always)]
    pub(crate) fn blocks_and_sides(&self) -> impl Iterator<Item = (NonNull<u8>, &Cell<u8>)> {
        let (first, size) = (self.block(0), self.block_size());
        let large = self.is_large();
        (0..self.carved()).map(move |index| {
            // SAFETY: the block is one of this pool's, whose arena, or region, is there; blocks have access to it. Side bytes are initialised with
            // the arena, and only used as cells.
            unsafe {
                let block = first.add(index * size);
                (block, if large { Pool::side_of(block) } else { Pool::side_in_arena(block) }.as_ref())
            }
        })
    }

    /// What a collection has to do with this pool.
    #[inline(always)]
    pub(crate) fn examined(&self) -> Examined {
        self.examined_cell().get()
    }

    /// Notes what a collection has to do with this pool.
    #[inline(always)]
    pub(crate) fn set_examined(&self, examined: Examined) {
        self.examined_cell().set(examined);
    }

    #[inline(always)]
    fn examined_cell(&self) -> &Cell<Examined> {
        let Some(place) = self.place.get() else { return &self.examined };
        let byte = place
            .as_ptr()
            .map_addr(|address| (address & !(ARENA_SIZE - 1)) + SIDE_BYTES + (address & (ARENA_SIZE - 1)) / POOL_SIZE);
        // SAFETY: the head of the arena has a byte for each pool, zero (`No`) or written through this cell, and only used as one; `place` has
        // access to the whole arena.
        unsafe { &*byte.cast::<Cell<Examined>>() }
    }
}
