//! Statistics: the figures of known programs, and the equations between them.

use super::*;

/// The equations that hold at any time.
pub(super) fn check_equations(allocator: &TestAllocator) {
    let stats = allocator.stats();
    let bytes = &stats.bytes;
    let parts =
        bytes.allocated + bytes.available + bytes.unused_pools + bytes.pool_headers + bytes.side_bytes + bytes.rounding;
    assert_eq!(parts, allocator.mapped_bytes());
    assert_eq!(parts, refusal::outstanding() - allocator.outstanding, "the accounts agree with the system's");
    assert_eq!(bytes.total, parts + bytes.bookkeeping);
    let pools = &stats.pools;
    let in_pools = (pools.in_use + pools.free + pools.clean) * pools.size;
    assert_eq!(stats.arenas.mapped * stats.arenas.size, in_pools + bytes.side_bytes);
    assert_eq!(stats.used_bytes, bytes.total - pools.clean * pools.cost + stats.external_bytes);
    assert_eq!(pools.in_use, stats.classes.iter().map(|class| class.pools).sum::<usize>());
    assert_eq!(bytes.unused_pools, (pools.free + pools.clean) * pools.size);
    let allocated: usize = stats.classes.iter().map(|class| class.allocated * class.size).sum();
    assert_eq!(bytes.allocated, allocated + stats.large_bytes + stats.system_bytes);
    let live: usize = PoolKind::ALL.into_iter().map(|kind| allocator.live_blocks(kind)).sum();
    let blocks: usize = stats.classes.iter().map(|class| class.allocated).sum();
    assert_eq!(live, blocks + stats.large_objects + stats.system_blocks);
    assert_eq!(allocator.is_empty(), live == 0);
}

fn class(stats: &MemoryStats, kind: PoolKind, size: usize) -> ClassStats {
    stats.classes.iter().find(|class| class.kind == kind && class.size == size).unwrap().clone()
}

#[test]
fn blocks_are_allocated_free_or_untouched() {
    let allocator = TestAllocator::new();
    let bin = tracked(32);
    let capacity = bin.cut().capacity as usize;
    let block = allocator.object(bin);
    let batch = 4096 / 32;
    let expect = |pools, allocated, free, untouched| {
        let found = class(&allocator.stats(), PoolKind::Tracked, 32);
        assert_eq!(found, ClassStats { kind: PoolKind::Tracked, size: 32, pools, allocated, free, untouched });
        check_equations(&allocator);
    };
    let carved = batch.min(capacity);
    expect(1, 1, carved - 1, capacity - carved);
    allocator.free_object(block);
    expect(1, 0, carved, capacity - carved);
    let blocks = allocator.objects(bin, capacity);
    expect(1, capacity, 0, 0);
    let one_more = allocator.object(bin);
    expect(2, capacity + 1, carved - 1, capacity - carved);
    allocator.free_objects(blocks);
    expect(1, 1, carved - 1, capacity - carved);
    allocator.free_object(one_more);
    expect(1, 0, carved, capacity - carved);
}

#[test]
fn pools_are_in_use_free_or_clean() {
    let allocator = TestAllocator::new();
    let pools = |allocator: &TestAllocator| {
        check_equations(allocator);
        let PoolStats { in_use, free, clean, .. } = allocator.stats().pools;
        (in_use, free, clean)
    };
    assert_eq!(pools(&allocator), (0, 0, 0));
    let keep = allocator.object(leaf(16));
    let bin = Bin::for_object(PoolKind::Tracked, MAX_BLOCK, 8).unwrap();
    let blocks = allocator.objects(bin, 9);
    assert_eq!(pools(&allocator), (10, 0, POOLS_PER_ARENA - 10));
    allocator.free_objects(blocks);
    assert_eq!(pools(&allocator), (2, 8, POOLS_PER_ARENA - 10), "one is kept for its class");
    if allocator.trim() != 0 {
        assert_eq!(pools(&allocator), (1, 0, POOLS_PER_ARENA - 1));
    }
    allocator.free_object(keep);
}

#[test]
fn a_node_of_three_words_costs_little() {
    let allocator = TestAllocator::new();
    let count = 400_000;
    allocator.objects(tracked(32), count);
    let stats = allocator.stats();
    let used = stats.bytes.total - stats.bytes.unused_pools;
    let limit = if cfg!(feature = "classic-geometry") { 35 } else { 34 };
    assert!(used <= count * limit, "{used} bytes for {count} nodes");
}

#[test]
fn the_table_says_it_all() {
    let allocator = TestAllocator::new();
    allocator.objects(tracked(32), 700);
    allocator.allocate_raw(64, 8).unwrap();
    allocator.allocate_large(PoolKind::Leaf, 100_000, 8).unwrap();
    let table = allocator.stats().to_string();
    for row in
        ["tracked          32", "raw              64", "# arenas mapped now", "bytes lost to pool headers", "total"]
    {
        assert!(table.contains(row), "{row:?} is missing in\n{table}");
    }
    assert!(table.lines().last().unwrap().ends_with(&allocator.stats().bytes.total.to_string()));
}
