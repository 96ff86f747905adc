//! Size classes, and the arithmetic of pools.

use super::*;
use crate::alloc::class::{CLASSES, MIN_OBJECT_BLOCK, class_for, quotient};
use crate::alloc::geometry::SIDE_GRANULE;
use crate::alloc::pool::HEADER_SIZE;

#[test]
fn the_smallest_class_that_fits_is_chosen() {
    let mut sizes: Vec<usize> = (1..=64).map(|step| step * 8).collect();
    sizes.extend(
        Bin::all()
            .filter(|bin| bin.kind() == PoolKind::Leaf && bin.cut().size > 512)
            .map(|bin| bin.cut().size as usize),
    );
    assert_eq!(sizes.len(), CLASSES);
    for align in [1, 2, 4, 8, 16, 32, 64] {
        for size in 0..=POOL_SIZE + 1 {
            let is_large_enough = |&class: &usize| sizes[class] >= size && sizes[class].is_multiple_of(align.max(8));
            let expected = (0..CLASSES).find(is_large_enough);
            assert_eq!(class_for(PoolKind::Raw, size, align), expected, "size {size}, align {align}");
            let fits = |class: &usize| is_large_enough(class) && (align <= 8 || !sizes[*class].is_power_of_two());
            let expected = (0..CLASSES).find(fits);
            assert_eq!(class_for(PoolKind::Leaf, size, align), expected, "size {size}, align {align}");
        }
    }
    assert_eq!(class_for(PoolKind::Raw, 8, 128), None);
    assert_eq!(class_for(PoolKind::Leaf, 8, 128), None);
}

#[test]
fn medium_classes_divide_a_pool() {
    let medium: Vec<Bin> = Bin::all().filter(|bin| bin.kind() == PoolKind::Tracked && bin.cut().size > 512).collect();
    let blocks: Vec<u16> = medium.iter().map(|bin| bin.cut().capacity).collect();
    if cfg!(feature = "classic-geometry") {
        assert_eq!(blocks, [6, 5, 4, 3, 2, 1]);
    } else {
        assert_eq!(blocks, [24, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 1]);
    }
    for bin in medium {
        assert!(bin.cut().size.is_multiple_of(16));
    }
}

#[test]
fn objects_are_at_least_two_words() {
    for size in 0..=16 {
        let bin = Bin::for_object(PoolKind::Leaf, size, 1).unwrap();
        assert_eq!(bin.cut().size as usize, MIN_OBJECT_BLOCK);
        let bin = Bin::for_object(PoolKind::Tracked, size, 1).unwrap();
        assert_eq!(bin.cut().size as usize, SIDE_GRANULE);
    }
}

#[test]
fn division_by_multiplication_is_exact() {
    for bin in Bin::all() {
        let cut = bin.cut();
        for offset in 0..POOL_SIZE {
            assert_eq!(quotient(offset, cut.recip), offset / cut.size as usize, "offset {offset}, size {}", cut.size);
        }
    }
}

#[test]
fn blocks_are_aligned_and_apart() {
    let allocator = TestAllocator::new();
    for align in [8, 16, 32, 64] {
        for size in (16..MAX_BLOCK).step_by(if cfg!(miri) { 808 } else { 8 }) {
            let Some(bin) = Bin::for_object(PoolKind::Tracked, size, align) else {
                continue;
            };
            let count = bin.cut().capacity as usize + 1;
            let blocks = allocator.objects(bin, count);
            for &block in &blocks {
                assert!((block.addr().get() + 8).is_multiple_of(align), "size {size}, align {align}");
                let pool = pool_of(block);
                assert!(pool.block_size() >= size);
                let offset = block.addr().get() - Pool::of(block).addr().get();
                assert!(offset >= HEADER_SIZE, "blocks lie behind the header");
                assert!(offset + pool.block_size() <= POOL_SIZE);
                assert_eq!(pool.block(pool.index_of(block)), block);
            }
            allocator.free_objects(blocks);
        }
    }
    for (size, align) in [(8, 8), (24, 8), (48, 16), (33, 32), (1, 64), (500, 64)] {
        for _ in 0..100 {
            let bytes = allocator.allocate_raw(size, align).unwrap();
            assert!(bytes.addr().get().is_multiple_of(align), "size {size}, align {align}");
        }
    }
    allocator.check();
}

#[test]
fn side_bytes_belong_to_one_block_each() {
    let allocator = TestAllocator::new();
    let mut sides = std::collections::HashSet::new();
    for size in [8, 16, 24, 32, 40, 512, 600, MAX_BLOCK] {
        let count = tracked(size).cut().capacity as usize + 1;
        for block in allocator.objects(tracked(size), count) {
            let side = Pool::side_of(block);
            assert!(sides.insert(side), "no two blocks share a side byte");
            // SAFETY: the block is in use, so its arena is there.
            assert_eq!(unsafe { side.as_ref() }.get(), 0, "side bytes rest at zero");
            assert_ne!(side.addr().get() / POOL_SIZE, block.addr().get() / POOL_SIZE, "no side byte lies in a pool");
        }
    }
    let large = allocator.allocate_large(PoolKind::Tracked, POOL_SIZE, 8).unwrap();
    assert!(sides.insert(Pool::side_of(large)));
    assert_eq!(pool_of(large).sides().len(), 1);
    // SAFETY: the block is allocated and freed once.
    unsafe { allocator.free_large(large) };
    allocator.check();
}

#[test]
fn the_sides_of_a_pool_are_those_of_its_blocks() {
    let allocator = TestAllocator::new();
    for size in [24, 32, 40, 600, MAX_BLOCK] {
        let block = allocator.object(tracked(size));
        let pool = pool_of(block);
        let sides: Vec<_> = pool.sides().iter().map(NonNull::from_ref).collect();
        assert!(pool.blocks().all(|block| sides.contains(&Pool::side_of(block))));
        assert_eq!(sides.last(), pool.blocks().last().map(Pool::side_of).as_ref());
        for block in pool.blocks() {
            let place = sides.iter().position(|side| *side == Pool::side_of(block)).unwrap();
            assert_eq!(pool.block_of_side(place), block);
        }
        assert_eq!(pool.examined(), Examined::No);
        pool.set_examined(Examined::WithYounger);
        assert_eq!(pool.examined(), Examined::WithYounger);
        pool.set_examined(Examined::No);
    }
}

#[test]
fn side_bytes_are_zero_where_something_else_was() {
    let allocator = TestAllocator::new();
    let mut pools = Vec::new();
    for _ in 0..400 {
        let bytes = allocator.allocate_raw(64, 8).unwrap();
        // SAFETY: the bytes are ours.
        unsafe { bytes.write_bytes(0xFF, 64) };
        pools.push(bytes);
    }
    for bytes in pools {
        // SAFETY: the bytes are freed once.
        unsafe { allocator.free_raw(bytes, 64, 8) };
    }
    for block in allocator.objects(tracked(16), 3000) {
        // SAFETY: the block is in use, so its arena is there.
        assert_eq!(unsafe { Pool::side_of(block).as_ref() }.get(), 0);
    }
}

#[test]
fn header_words_survive() {
    let allocator = TestAllocator::new();
    let block = allocator.allocate(leaf(40)).unwrap();
    // SAFETY: the block is an object's, with a header word, allocated, and afterwards a free block in a pool in use.
    unsafe {
        assert_eq!(block.cast::<u64>().read(), 0, "a carved block's header word is zero");
        block.cast::<u64>().write(0xABCD);
        allocator.free_object(block);
        assert_eq!(block.cast::<u64>().read(), 0xABCD);
        assert_eq!(allocator.allocate(leaf(40)), Some(block), "the block freed last is used next");
        assert_eq!(block.cast::<u64>().read(), 0xABCD);
    }
}

#[test]
fn blocks_visits_those_that_were_carved() {
    let allocator = TestAllocator::new();
    let first = allocator.object(tracked(32));
    let pool = pool_of(first);
    let carved: Vec<_> = pool.blocks().collect();
    assert_eq!(carved.len(), pool.carved());
    assert_eq!(carved.len(), pool.capacity().min(4096 / 32), "a page's worth is carved");
    assert!(carved.contains(&first));
    assert!(carved.iter().enumerate().all(|(index, &block)| pool.index_of(block) == index));
    let more = allocator.objects(tracked(32), carved.len());
    assert!(more.iter().all(|&block| Pool::of(block) != Pool::of(first) || pool.blocks().any(|other| other == block)));
}
