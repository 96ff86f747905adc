//! Arenas: the fullest first, given back when free, one spare; trimming.

use super::*;

/// Blocks that fill a pool each.
const WHOLE: Bin = Bin::for_object(PoolKind::Leaf, MAX_BLOCK, 8).unwrap();

#[test]
fn free_arenas_go_back_but_for_one() {
    let allocator = TestAllocator::new();
    let blocks = allocator.objects(WHOLE, 4 * POOLS_PER_ARENA);
    assert_eq!(allocator.mapped_arenas(), 4);
    allocator.free_objects(blocks);
    allocator.check();
    // The last pool is kept by its bin; the spare is kept beside it.
    assert_eq!(allocator.used_pools(), 1);
    assert_eq!(allocator.mapped_arenas(), 2);
    assert_eq!(allocator.trim(), 2 * ARENA_SIZE);
    assert_eq!(allocator.mapped_bytes(), 0);
    let stats = allocator.stats();
    assert_eq!((stats.arenas.ever, stats.arenas.high_water, stats.arenas.mapped), (4, 4, 0));
}

#[test]
fn the_spare_is_used_before_a_new_arena_is_mapped() {
    let allocator = TestAllocator::new();
    let bins = [WHOLE, leaf(16)];
    let keep = allocator.object(bins[1]);
    for _ in 0..10 {
        let blocks = allocator.objects(bins[0], 2 * POOLS_PER_ARENA);
        allocator.free_objects(blocks);
        allocator.check();
    }
    assert!(allocator.stats().arenas.ever <= 12, "two of three arenas go and come");
    allocator.free_object(keep);
}

#[test]
fn pools_come_from_the_fullest_arena() {
    let allocator = TestAllocator::new();
    let blocks = allocator.objects(WHOLE, 3 * POOLS_PER_ARENA);
    let arena = |block: NonNull<u8>| block.addr().get() / ARENA_SIZE;
    let (first, second, third) = (arena(blocks[0]), arena(blocks[POOLS_PER_ARENA]), arena(blocks[2 * POOLS_PER_ARENA]));
    // Ten free pools in the first arena, three in the second, twenty in the third; one of all these is kept by its bin.
    let free = |from: usize, count: usize| {
        allocator.free_objects(blocks[from..from + count].iter().copied());
    };
    free(0, 10);
    free(POOLS_PER_ARENA, 3);
    free(2 * POOLS_PER_ARENA, 20);
    allocator.check();
    // The first pool freed is kept by its bin; the others are in their arenas.
    let order: Vec<usize> = (0..33).map(|_| arena(allocator.object(WHOLE))).collect();
    assert_eq!(order[0], first);
    assert_eq!(order[1..4], [second; 3]);
    assert_eq!(order[4..13], [first; 9]);
    assert_eq!(order[13..], [third; 20]);
    assert_eq!(allocator.mapped_arenas(), 3);
}

#[test]
fn slots_of_arenas_are_used_again() {
    let allocator = TestAllocator::new();
    for _ in 0..3 {
        let blocks = allocator.objects(WHOLE, 5 * POOLS_PER_ARENA);
        allocator.free_objects(blocks.into_iter().rev());
        allocator.trim();
        allocator.check();
    }
    assert_eq!(allocator.arenas.borrow().end(), 5);
    assert_eq!(allocator.mapped_arenas(), 0);
}

#[test]
fn pools_are_reused_for_other_classes_and_kinds() {
    let allocator = TestAllocator::new();
    for round in 0..50 {
        let size = 16 + round * 8;
        let blocks =
            if round % 2 == 0 { allocator.objects(tracked(size), 5000) } else { allocator.objects(leaf(size), 5000) };
        allocator.check();
        allocator.free_objects(blocks);
        allocator.check();
    }
    assert!(allocator.mapped_bytes() < 40 * ARENA_SIZE);
    assert!(allocator.used_pools() <= 50, "one pool is kept for each class");
}

#[test]
fn trimming_gives_the_free_pools_of_living_arenas_back() {
    let allocator = TestAllocator::new();
    let blocks = allocator.objects(tracked(128), 40_000);
    let (keep, free): (Vec<_>, Vec<_>) = blocks
        .into_iter()
        .partition(|block| pool_of(*block).index_of(*block) == 0 && (block.addr().get() / POOL_SIZE).is_multiple_of(3));
    allocator.free_objects(free);
    allocator.check();
    let before = allocator.stats();
    assert!(before.pools.free > 0);
    let released = allocator.trim();
    allocator.check();
    let after = allocator.stats();
    if cfg!(any(miri, feature = "std-alloc")) {
        assert_eq!(after.pools.free, before.pools.free);
    } else {
        assert_eq!(after.pools.free, 0);
        assert_eq!(released, before.pools.free * POOL_SIZE);
    }
    assert_eq!(after.pools.in_use, keep.len());
    assert_eq!(allocator.trim(), 0);
    // Trimmed pools serve again.
    let more = allocator.objects(tracked(128), 40_000);
    allocator.check();
    for block in keep.into_iter().chain(more) {
        // SAFETY: the block is allocated, with the header word that `object` wrote.
        assert_eq!(unsafe { block.cast::<u64>().read() }, 1);
        allocator.free_object(block);
    }
    allocator.close();
    assert!(allocator.is_empty());
    assert_eq!(allocator.mapped_bytes(), 0);
}

#[test]
fn a_closed_allocator_keeps_nothing_and_still_serves() {
    let allocator = TestAllocator::new();
    let blocks = allocator.objects(tracked(32), 10_000);
    allocator.close();
    assert!(!allocator.is_empty());
    let more = allocator.objects(leaf(48), 1000);
    let bytes = allocator.allocate_raw(1000, 8).unwrap();
    let large = allocator.allocate_large(PoolKind::Leaf, 100_000, 8).unwrap();
    allocator.check();
    for block in blocks.into_iter().chain(more) {
        assert!(!allocator.is_empty());
        allocator.free_object(block);
    }
    // SAFETY: both are ours.
    unsafe {
        assert!(!allocator.is_empty());
        allocator.free_large(large);
        assert!(!allocator.is_empty());
        assert!(allocator.free_raw(bytes, 1000, 8));
    }
    assert!(allocator.is_empty());
    assert_eq!(allocator.mapped_bytes(), 0);
    allocator.check();
}

#[test]
fn the_last_free_of_a_closed_allocator_is_an_event() {
    let allocator = TestAllocator::new();
    allocator.close();
    for count in [1, 2, 500, 600] {
        let blocks = allocator.objects(tracked(32), count);
        let events: Vec<bool> = blocks.into_iter().map(|block| allocator.free_object(block)).collect();
        assert_eq!(events.last(), Some(&true));
        assert!(allocator.is_empty());
    }
}

#[test]
fn a_full_pool_is_used_again_after_one_free() {
    let allocator = TestAllocator::new();
    let bin = tracked(64);
    let blocks = allocator.objects(bin, 3 * bin.cut().capacity as usize);
    // The next allocation finds the last pool full and takes a new one.
    let extra = allocator.object(bin);
    assert_eq!(allocator.used_pools(), 4);
    assert!(pool_of(blocks[0]).flags().contains(PoolFlags::FULL));
    assert_eq!(pool_of(blocks[0]).used(), pool_of(blocks[0]).capacity());
    assert!(allocator.free_object(blocks[0]), "a full pool gets room");
    assert!(!allocator.free_object(blocks[1]), "a pool with room just gets more of it");
    assert!(!pool_of(blocks[0]).flags().contains(PoolFlags::FULL));
    allocator.check();
    // The new pool is used up first, then both blocks.
    let rest = allocator.objects(bin, bin.cut().capacity as usize - 1);
    assert!(rest.iter().all(|&block| Pool::of(block) == Pool::of(extra)));
    assert_eq!(allocator.objects(bin, 2), [blocks[1], blocks[0]]);
    assert_eq!(allocator.used_pools(), 4);
    allocator.check();
}

#[test]
fn own_addresses_are_known() {
    let (allocator, other) = (TestAllocator::new(), TestAllocator::new());
    let mine = allocator.objects(tracked(32), 100_000);
    let foreign = other.object(tracked(32));
    let large = allocator.allocate_large(PoolKind::Tracked, 1 << 20, 8).unwrap();
    let on_stack = 0_u8;
    assert!(mine.iter().all(|&block| allocator.owns(block) && !other.owns(block)));
    assert!(allocator.owns(large) && !other.owns(large));
    // SAFETY: the object is that long.
    assert!(allocator.owns(unsafe { large.add((1 << 20) - 1) }));
    assert!(other.owns(foreign) && !allocator.owns(foreign));
    assert!(!allocator.owns(NonNull::from_ref(&on_stack)));
    assert!(!allocator.owns(NonNull::dangling()));
    allocator.free_objects(mine);
    allocator.trim();
    assert!(!other.owns(large) && allocator.owns(large));
}
