//! The checker of one pool.

use std::ptr::NonNull;

use super::{Pool, PoolFlags};
use crate::alloc::bits::Bits;
use crate::alloc::class::STEP;
use crate::alloc::geometry::POOL_SIZE;
use crate::alloc::poison;
use crate::base::annotate;

impl Pool {
    /// Checks all that can be said of an initialised pool by itself; panics with the fact that is broken.
    pub(in crate::alloc) fn check(&self, owner: NonNull<()>) {
        assert_eq!(self.owner(), owner, "a pool belongs to the heap whose arena it lies in");
        let flags = self.flags();
        let Some(bin) = self.bin() else {
            return self.check_large();
        };
        assert!(!self.is_large(), "a pool with a bin is not a large object's");
        let cut = bin.cut();
        assert_eq!(self.kind(), bin.kind(), "a pool has the kind of its bin");
        assert_eq!(self.block_size(), cut.size as usize, "a pool has the block size of its bin");
        assert_eq!(self.first(), cut.first as usize, "the first block lies where its bin says");
        assert_eq!(self.capacity(), cut.capacity as usize, "a pool has the capacity of its bin");
        assert_eq!(self.recip.get(), cut.recip, "a pool has the reciprocal of its block size");
        assert!(self.carved() <= self.capacity(), "more blocks are carved than the pool has");
        let free = self.check_free_blocks();
        assert_eq!(free + self.used(), self.carved(), "free and used blocks add up to the carved ones");
        if self.is_full() {
            assert_eq!(self.used.get(), 1, "the count of a full pool waits for one free");
            assert!(!self.has_room(), "a full pool has no room");
            assert!(self.next.get().is_none(), "a full pool is in no list");
            assert!(self.prev.get().is_none(), "a full pool is in no list");
        }
        if !flags.contains(PoolFlags::PARKED) {
            assert!(self.parked.get().is_none(), "a pool with a parked neighbour is parked");
        }
    }

    fn check_large(&self) {
        assert!(self.is_large(), "a pool without a bin is a large object's");
        assert!(self.is_full(), "a large object's pool is full from birth");
        assert_eq!(self.capacity(), 1, "a large object's pool has one block");
        assert_eq!(self.carved(), 1, "a large object's block is carved");
        assert!(self.first() < POOL_SIZE, "masking finds a large object's pool");
        assert_eq!(Pool::of(self.block(0)), NonNull::from_ref(self), "masking finds a large object's pool");
    }

    /// Walks the free list; returns its length.
    fn check_free_blocks(&self) -> usize {
        let mut seen = Bits::<{ POOL_SIZE / STEP / 64 }>::EMPTY;
        let link = self.kind().link_offset();
        let mut next = self.free.get();
        while let Some(block) = next {
            assert_eq!(Pool::of(block), NonNull::from_ref(self), "a free block lies in its pool");
            let index = self.index_of(block);
            assert!(index < self.carved(), "a free block was carved");
            assert_eq!(self.block(index), block, "a free block begins where a block begins");
            assert!(seen.insert(index), "a block is free once");
            // SAFETY: the block is one of this pool's and free: it holds a link.
            next = unsafe {
                poison::check_free(block, self.block_size(), link);
                annotate::read_hidden(block.add(link).cast::<Option<NonNull<u8>>>())
            };
        }
        seen.len()
    }
}
