//! Numbers of blocks, and walks over pools.

use std::collections::HashSet;

use super::*;

#[test]
fn numbers_lead_back() {
    let allocator = TestAllocator::new();
    let mut blocks = Vec::new();
    for bin in Bin::all().filter(|bin| bin.kind().holds_objects()) {
        blocks.extend(allocator.objects(bin, 2 * bin.cut().capacity as usize + 1));
    }
    for size in [20_000, 40_000, 100_000] {
        blocks.push(allocator.allocate_large(PoolKind::Tracked, size, 8).unwrap());
    }
    let mut numbers = HashSet::new();
    for &block in &blocks {
        // SAFETY: the block is allocated.
        let number = unsafe { allocator.number_of(block) };
        assert!(number < 1 << 34);
        assert!(numbers.insert(number), "a number is one block's");
        assert_eq!(allocator.block_at(number), block);
    }
}

#[test]
fn a_number_gives_access_to_the_whole_block() {
    let allocator = TestAllocator::new();
    for (block, size) in [
        (allocator.object(tracked(512)), 512),
        (allocator.allocate_large(PoolKind::Leaf, 5 * POOL_SIZE, 8).unwrap(), 5 * POOL_SIZE),
    ] {
        // SAFETY: the block is allocated, and that long.
        unsafe {
            let again = allocator.block_at(allocator.number_of(block));
            again.write_bytes(7, size);
            assert_eq!(block.add(size - 1).read(), 7);
            let again = pool_of(block).block(pool_of(block).index_of(block));
            again.add(size - 1).write(8);
            assert_eq!(block.add(size - 1).read(), 8);
        }
    }
}

#[test]
fn walks_find_every_pool_of_their_kind() {
    let allocator = TestAllocator::new();
    let mut expected: [HashSet<NonNull<Pool>>; 3] = Default::default();
    for round in 0..3000_usize {
        let size = 16 + round * 40 % 3000;
        let kind = PoolKind::ALL[round % 3];
        let block = match (kind, Bin::for_object(PoolKind::Leaf, size, 8)) {
            (PoolKind::Raw, _) => allocator.allocate_raw(size.min(512), 8).unwrap(),
            (_, _) if round % 100 == 0 => allocator.allocate_large(kind, 20_000, 8).unwrap(),
            (_, Some(_)) => allocator.object(Bin::for_object(kind, size, 8).unwrap()),
            (_, None) => allocator.allocate_large(kind, size, 8).unwrap(),
        };
        expected[kind as usize].insert(Pool::of(block));
    }
    for kind in PoolKind::ALL {
        let found: Vec<_> = allocator.pools(kind).collect();
        assert_eq!(found.len(), expected[kind as usize].len(), "each pool is visited once");
        assert_eq!(found.into_iter().collect::<HashSet<_>>(), expected[kind as usize]);
    }
}

#[test]
fn a_walk_goes_on_while_memory_comes() {
    let allocator = TestAllocator::new();
    let old: HashSet<_> = allocator.objects(tracked(256), 20_000).into_iter().map(Pool::of).collect();
    allocator.hold();
    let mut seen = HashSet::new();
    for (step, pool) in allocator.pools(PoolKind::Tracked).enumerate() {
        assert!(seen.insert(pool), "a pool is visited once");
        if step < 100 {
            allocator.objects(tracked(400), 200);
            allocator.allocate_large(PoolKind::Tracked, 20_000, 8).unwrap();
        }
    }
    assert!(old.is_subset(&seen), "what was there is visited");
    allocator.release_hold();
    allocator.check();
}
