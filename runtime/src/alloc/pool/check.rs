//! The checker of one pool.

use std::ptr::NonNull;

use super::{Pool, PoolFlags};
use crate::alloc::bits::Bits;
use crate::alloc::class::STEP;
use crate::alloc::geometry::POOL_SIZE;
use crate::alloc::large;
use crate::alloc::poison;
use crate::base::{Broken, agrees, annotate, holds};

impl Pool {
    /// Checks all that can be said of an initialised pool by itself; the fact that is broken.
    pub(in crate::alloc) fn verify(&self, owner: NonNull<()>) -> Result<(), Broken> {
        holds!(self.owner() == owner, "a pool belongs to the heap whose arena it lies in");
        let flags = self.flags();
        let Some(bin) = self.bin() else {
            return self.verify_large();
        };
        holds!(!self.is_large(), "a pool with a bin is not a large object's");
        holds!(self.place.get() == Some(NonNull::from_ref(self).cast()), "a pool knows its place");
        let cut = bin.cut();
        holds!(self.kind() == bin.kind(), "a pool has the kind of its bin");
        agrees!(self.block_size(), cut.size as usize, "a pool has the block size of its bin");
        agrees!(self.first(), cut.first as usize, "the first block lies where its bin says");
        holds!(self.recip.get() == cut.recip, "a pool has the reciprocal of its block size");
        holds!(self.carved() <= self.capacity(), "no more blocks are carved than the pool has");
        let free = self.verify_free_blocks()?;
        agrees!(free + self.used(), self.carved(), "free and used blocks add up to the carved ones");
        if self.is_full() {
            agrees!(self.used.get() as usize, 1, "the count of a full pool waits for one free");
            holds!(!self.has_room(), "a full pool has no room");
            holds!(self.next.get().is_none() && self.prev.get().is_none(), "a full pool is in no list");
        }
        let is_parked = flags.contains(PoolFlags::PARKED);
        holds!(is_parked || self.parked.get().is_none(), "a pool with a parked neighbour is parked");
        Ok(())
    }

    fn verify_large(&self) -> Result<(), Broken> {
        holds!(self.is_large(), "a pool without a bin is a large object's");
        holds!(self.is_full(), "a large object's pool is full from birth");
        agrees!(self.capacity(), 1, "a large object's pool has one block");
        agrees!(self.carved(), 1, "a large object's block is carved");
        holds!(self.first() < POOL_SIZE, "masking finds a large object's pool");
        holds!(Pool::of(self.block(0)) == NonNull::from_ref(self), "masking finds a large object's pool");
        holds!(large::begins_at(self.first()), "a large object's address tells that it is large");
        Ok(())
    }

    /// Walks the free list; returns its length.
    fn verify_free_blocks(&self) -> Result<usize, Broken> {
        let mut seen = Bits::<{ POOL_SIZE / STEP / 64 }>::EMPTY;
        let link = self.kind().link_offset();
        let mut next = self.free.get();
        while let Some(block) = next {
            holds!(Pool::of(block) == NonNull::from_ref(self), "a free block lies in its pool");
            let index = self.index_of(block);
            holds!(index < self.carved(), "a free block was carved");
            holds!(self.block(index) == block, "a free block begins where a block begins");
            holds!(seen.insert(index), "a block is free once");
            // SAFETY: the block is one of this pool's and free.
            let written = unsafe { poison::first_written(block, self.block_size(), link) };
            if let Some(offset) = written {
                // SAFETY: the offset lies in the block.
                let place = unsafe { block.add(offset) };
                return Err(Broken::new("nobody writes to a free block").at(place));
            }
            // SAFETY: as above: it holds a link.
            next = unsafe { annotate::read_hidden(block.add(link).cast::<Option<NonNull<u8>>>()) };
        }
        Ok(seen.len())
    }
}
