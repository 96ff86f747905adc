//! Large objects, and raw bytes of the system allocator.

use super::*;

#[test]
fn large_objects_are_found_by_masking() {
    let allocator = TestAllocator::new();
    let mut blocks = Vec::new();
    for align in (0..=POOL_SIZE.ilog2()).map(|bit| 1 << bit) {
        for size in [16, 100, MAX_BLOCK + 1, POOL_SIZE, 3 * POOL_SIZE + 5] {
            for kind in [PoolKind::Tracked, PoolKind::Leaf] {
                let block = allocator.allocate_large(kind, size, align).unwrap();
                assert!((block.addr().get() + 8).is_multiple_of(align.max(32)));
                let pool = pool_of(block);
                assert!(pool.flags().contains(PoolFlags::LARGE));
                assert_eq!((pool.kind(), pool.used(), pool.capacity(), pool.carved()), (kind, 1, 1, 1));
                assert_eq!(pool.block_size(), size.next_multiple_of(8));
                assert_eq!(pool.index_of(block), 0);
                assert_eq!(pool.block(0), block);
                assert_eq!(pool.blocks().collect::<Vec<_>>(), [block]);
                if kind == PoolKind::Tracked {
                    assert_eq!(pool.sides().iter().map(Cell::get).collect::<Vec<_>>(), [0]);
                }
                // SAFETY: the block is ours and that long.
                unsafe {
                    assert_eq!(block.cast::<u64>().read(), 0);
                    block.write_bytes(0xAB, size);
                }
                blocks.push(block);
            }
        }
    }
    allocator.check();
    assert_eq!(allocator.live_blocks(PoolKind::Tracked) + allocator.live_blocks(PoolKind::Leaf), blocks.len());
    for block in blocks {
        // SAFETY: the block is allocated and freed once.
        unsafe { allocator.free_large(block) };
    }
    allocator.check();
    assert_eq!(allocator.mapped_bytes(), 0);
    assert!(allocator.is_empty());
}

#[test]
fn too_much_is_refused() {
    let allocator = TestAllocator::new();
    assert_eq!(allocator.allocate_large(PoolKind::Leaf, 100, 2 * POOL_SIZE), None);
    for size in [usize::MAX, usize::MAX - 7, usize::MAX - 200, isize::MAX as usize, isize::MAX as usize - POOL_SIZE] {
        assert_eq!(allocator.allocate_large(PoolKind::Leaf, size, 8), None);
        assert_eq!(allocator.allocate_raw(size, 8), None);
    }
    allocator.check();
    assert_eq!(allocator.mapped_bytes(), 0);
}

#[test]
fn raw_bytes_are_accounted() {
    let allocator = TestAllocator::new();
    // From pools: to 512 bytes, after rounding to the alignment. From the system: everything else.
    let requests = [
        (0, 1, 8),
        (1, 1, 8),
        (512, 64, 512),
        (449, 64, 512),
        (513, 1, 0),
        (64, 128, 0),
        (0, 4096, 0),
        (100_000, 8, 0),
    ];
    for (size, align, block) in requests {
        let before = allocator.stats();
        let bytes = allocator.allocate_raw(size, align).unwrap();
        assert!(bytes.addr().get().is_multiple_of(align));
        let after = allocator.stats();
        let from_system = after.system_blocks - before.system_blocks;
        assert_eq!(from_system, usize::from(block == 0));
        assert_eq!(after.system_bytes - before.system_bytes, from_system * size.max(1));
        let taken = if block == 0 { size.max(1) } else { block };
        assert_eq!(after.bytes.allocated - before.bytes.allocated, taken);
        // SAFETY: the bytes are ours and that many.
        unsafe {
            bytes.write_bytes(0xAB, size);
            allocator.free_raw(bytes, size, align);
        }
        assert_eq!(allocator.stats().bytes.allocated, before.bytes.allocated);
        assert_eq!(allocator.live_blocks(PoolKind::Raw), 0);
        allocator.check();
    }
}
