//! Pins and holds: what keeps empty memory where it is.

use std::collections::HashSet;

use super::*;

#[test]
fn a_pinned_pool_stays_until_it_is_unpinned() {
    let allocator = TestAllocator::new();
    let blocks = allocator.objects(tracked(64), 1000);
    let (pinned, used) = (blocks[0], allocator.used_pools());
    pool_of(pinned).set_flags(PoolFlags::YOUNG_LISTED | PoolFlags::MIDDLE_LISTED);
    allocator.free_objects(blocks);
    allocator.check();
    allocator.trim();
    assert_eq!(allocator.used_pools(), 1);
    assert!(used > 1);
    assert_eq!(pool_of(pinned).used(), 0);
    allocator.unpin_block(pinned, PoolFlags::YOUNG_LISTED);
    allocator.close();
    assert_eq!(allocator.used_pools(), 1, "the other pin holds it");
    assert!(allocator.is_empty(), "nothing is in use");
    allocator.check();
    allocator.unpin_block(pinned, PoolFlags::MIDDLE_LISTED);
    assert_eq!(allocator.used_pools(), 0);
    assert_eq!(allocator.mapped_bytes(), 0);
    allocator.check();
}

#[test]
fn an_empty_pinned_pool_serves_its_class() {
    let allocator = TestAllocator::new();
    let block = allocator.object(tracked(64));
    pool_of(block).set_flags(PoolFlags::YOUNG_LISTED);
    allocator.free_object(block);
    assert_eq!(allocator.object(tracked(64)), block);
    allocator.unpin_block(block, PoolFlags::YOUNG_LISTED);
    assert_eq!(pool_of(block).used(), 1);
    allocator.check();
}

#[test]
fn unpinning_twice_does_nothing_more() {
    let allocator = TestAllocator::new();
    let blocks = allocator.objects(tracked(64), 1000);
    let first = blocks[0];
    pool_of(first).set_flags(PoolFlags::YOUNG_LISTED);
    allocator.free_objects(blocks);
    allocator.hold();
    allocator.unpin_block(first, PoolFlags::YOUNG_LISTED);
    allocator.unpin_block(first, PoolFlags::YOUNG_LISTED);
    allocator.check();
    allocator.release_hold();
    allocator.check();
}

#[test]
fn a_pinned_large_object_stays_until_it_is_unpinned() {
    let allocator = TestAllocator::new();
    let block = allocator.allocate_large(PoolKind::Tracked, 100_000, 8).unwrap();
    pool_of(block).set_flags(PoolFlags::YOUNG_LISTED);
    // SAFETY: the object is freed once; its header word stays, because the pool is pinned.
    unsafe {
        block.cast::<u64>().write(99);
        allocator.free_large(block);
        assert_eq!(block.cast::<u64>().read(), 99);
    }
    allocator.check();
    assert!(allocator.is_empty());
    assert!(allocator.mapped_bytes() > 100_000);
    assert_eq!(allocator.stats().large_objects, 0);
    allocator.unpin_block(block, PoolFlags::YOUNG_LISTED);
    assert_eq!(allocator.mapped_bytes(), 0);
    allocator.check();
}

#[test]
fn nothing_goes_while_held() {
    let allocator = TestAllocator::new();
    let blocks = allocator.objects(tracked(128), 100_000);
    let large = allocator.allocate_large(PoolKind::Leaf, 100_000, 8).unwrap();
    let (mapped, pools) = (allocator.mapped_bytes(), allocator.used_pools());
    allocator.hold();
    allocator.hold();
    // SAFETY: the object is freed once.
    unsafe { allocator.free_large(large) };
    allocator.free_objects(blocks.clone());
    assert_eq!(allocator.trim(), 0);
    allocator.check();
    allocator.release_hold();
    assert_eq!((allocator.mapped_bytes(), allocator.used_pools()), (mapped, pools), "an outer hold lasts");
    for &block in &blocks {
        assert_eq!((pool_of(block).kind(), pool_of(block).block_size()), (PoolKind::Tracked, 128));
    }
    // What is allocated meanwhile comes from pools of its own class, or from pools that were free already.
    let more = allocator.objects(leaf(128), 1000);
    let held: HashSet<_> = blocks.iter().copied().map(Pool::of).collect();
    assert!(more.iter().all(|&block| !held.contains(&Pool::of(block))));
    let again = allocator.objects(tracked(128), 1000);
    assert_eq!(allocator.used_pools(), pools + more.len().div_ceil(leaf(128).cut().capacity.into()));
    allocator.release_hold();
    allocator.check();
    assert!(allocator.mapped_bytes() < mapped);
    assert!(allocator.used_pools() < pools / 2);
    allocator.free_objects(again);
    allocator.free_objects(more);
    allocator.check();
}

#[test]
fn pinned_and_held() {
    let allocator = TestAllocator::new();
    // In both orders: the hold ends first, the pin ends first.
    for pin_first in [false, true] {
        let block = allocator.object(tracked(200));
        let other = allocator.object(leaf(16));
        pool_of(block).set_flags(PoolFlags::MIDDLE_LISTED);
        allocator.hold();
        allocator.close();
        allocator.free_object(block);
        allocator.free_object(other);
        allocator.check();
        if pin_first {
            allocator.unpin_block(block, PoolFlags::MIDDLE_LISTED);
            allocator.check();
            assert_eq!(allocator.used_pools(), 2);
            allocator.release_hold();
        } else {
            allocator.release_hold();
            allocator.check();
            assert_eq!(allocator.used_pools(), 1);
            allocator.unpin_block(block, PoolFlags::MIDDLE_LISTED);
        }
        allocator.check();
        assert_eq!(allocator.mapped_bytes(), 0);
    }
}

#[test]
#[should_panic(expected = "a hold ends that never began")]
fn a_hold_must_have_begun() {
    let allocator = TestAllocator::new();
    allocator.release_hold();
}
