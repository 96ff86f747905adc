//! Tests of the allocator.

use std::ops::Deref;
use std::ptr::NonNull;

use super::geometry::{POOL_COST, POOL_SIZE, POOLS_PER_ARENA};
use super::redzone::REDZONE;
use super::*;
use crate::base::refusal;

mod arenas;
mod budget;
mod classes;
mod large;
mod model;
mod numbers;
mod refused;
mod retained;
mod stats;

/// The largest request that pools serve.
const MAX_BLOCK: usize = class::MAX_BLOCK - REDZONE;

/// An allocator that gives everything back at the end and checks that nothing stays behind.
struct TestAllocator {
    allocator: Allocator,
    outstanding: usize,
}

impl TestAllocator {
    fn new() -> TestAllocator {
        let outstanding = refusal::outstanding();
        let allocator = Allocator::new(NonNull::dangling(), AllocatorOptions { huge_pages: false });
        TestAllocator { allocator, outstanding }
    }

    /// Takes an object block and writes a header word.
    fn object(&self, bin: Bin) -> NonNull<u8> {
        let block = self.allocate(bin).expect("memory is not refused");
        // SAFETY: an object block begins with a header word.
        unsafe { block.cast::<u64>().write(1) };
        block
    }

    /// Takes `count` object blocks.
    fn objects(&self, bin: Bin, count: usize) -> Vec<NonNull<u8>> {
        (0..count).map(|_| self.object(bin)).collect()
    }

    /// Gives an object block back.
    fn free_object(&self, block: NonNull<u8>) -> bool {
        // SAFETY: tests free what they allocated, once.
        unsafe { self.free(block, Pool::of(block)) }
    }

    /// Gives object blocks back.
    fn free_objects(&self, blocks: impl IntoIterator<Item = NonNull<u8>>) {
        for block in blocks {
            self.free_object(block);
        }
    }

    /// Unpins the pool of a block.
    fn unpin_block(&self, block: NonNull<u8>, flags: PoolFlags) {
        // SAFETY: tests unpin pools that were pinned until now, or that are held.
        unsafe { self.unpin(Pool::of(block), flags) }
    }

    fn mapped_arenas(&self) -> usize {
        self.arenas.borrow().mapped()
    }

    fn used_pools(&self) -> usize {
        self.arenas.borrow().used_pools()
    }
}

impl Deref for TestAllocator {
    type Target = Allocator;
    fn deref(&self) -> &Allocator {
        &self.allocator
    }
}

impl Drop for TestAllocator {
    fn drop(&mut self) {
        refusal::grant();
        let others = refusal::outstanding() - self.mapped_bytes();
        // SAFETY: a test that ends uses no block any more.
        unsafe { self.allocator.release_all() };
        if !std::thread::panicking() {
            self.allocator.check();
            assert_eq!(self.system.blocks(), 0, "a test returns the raw bytes of the system that it took");
            assert_eq!(self.mapped_bytes(), 0, "no memory is accounted");
            assert_eq!(refusal::outstanding(), others, "all memory was given back");
        }
    }
}

/// The pool of a block in use.
fn pool_of<'a>(block: NonNull<u8>) -> &'a Pool {
    // SAFETY: tests ask for pools that are in use.
    unsafe { Pool::of(block).as_ref() }
}

const fn tracked(size: usize) -> Bin {
    Bin::for_object(PoolKind::Tracked, size, 8).expect("a size of a pool's blocks")
}

const fn leaf(size: usize) -> Bin {
    Bin::for_object(PoolKind::Leaf, size, 8).expect("a size of a pool's blocks")
}

/// A small random number generator: xorshift*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }
}
