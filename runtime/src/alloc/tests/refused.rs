//! Refused memory: nothing is lost, nothing changes, and it works again afterwards.

use super::*;

#[test]
fn each_request_can_be_refused() {
    for n in (0..).step_by(if cfg!(miri) { 30 } else { 1 }) {
        let allocator = TestAllocator::new();
        let (mut refused, mut raw) = (0, Vec::new());
        refusal::refuse_nth(n);
        for size in (16..600).step_by(40) {
            for round in 0..20 {
                let block = match round % 4 {
                    0 => allocator.allocate(leaf(size)),
                    1 => allocator.allocate(tracked(size)),
                    2 => allocator.allocate_raw(size, 8).inspect(|&bytes| raw.push((bytes, size))),
                    _ => allocator.allocate_large(PoolKind::Tracked, 20_000, 8),
                };
                if block.is_none() {
                    refused += 1;
                    allocator.check();
                }
            }
        }
        let still_to_come = refusal::grant();
        assert_eq!(refused, usize::from(!still_to_come), "one refusal is one missing block");
        allocator.check();
        for (bytes, size) in raw {
            // SAFETY: the bytes were allocated with that size, and are freed once.
            unsafe { allocator.free_raw(bytes, size, 8) };
        }
        if still_to_come {
            break;
        }
    }
}

#[test]
fn what_is_there_serves_while_all_is_refused() {
    let allocator = TestAllocator::new();
    let bin = tracked(32);
    let mut blocks = allocator.objects(bin, 10);
    refusal::refuse_from(0);
    let rest = POOLS_PER_ARENA * bin.cut().capacity as usize - 10;
    for _ in 0..rest {
        blocks.push(allocator.object(bin));
    }
    assert_eq!(allocator.allocate(bin), None);
    assert_eq!(allocator.allocate(leaf(64)), None);
    assert_eq!(allocator.allocate_raw(8, 8), None);
    assert_eq!(allocator.allocate_raw(8000, 8), None);
    assert_eq!(allocator.allocate_large(PoolKind::Leaf, 50_000, 8), None);
    allocator.check();
    // Freeing needs no memory, and what is freed serves.
    let block = blocks.pop().unwrap();
    allocator.free_object(block);
    assert_eq!(allocator.allocate(bin), Some(block));
    assert_eq!(allocator.allocate(bin), None);
    refusal::grant();
    assert!(allocator.allocate(bin).is_some());
    allocator.check();
}

#[test]
fn walks_holds_and_trimming_need_no_memory() {
    let allocator = TestAllocator::new();
    let blocks = allocator.objects(tracked(48), 30_000);
    let large = allocator.allocate_large(PoolKind::Tracked, 50_000, 8).unwrap();
    refusal::refuse_from(0);
    allocator.hold();
    assert_eq!(allocator.pools(PoolKind::Tracked).count(), allocator.used_pools() + 1);
    allocator.free_objects(blocks);
    // SAFETY: the object is freed once.
    unsafe { allocator.free_large(large) };
    allocator.check();
    allocator.release_hold();
    allocator.trim();
    allocator.close();
    allocator.check();
    assert!(allocator.is_empty());
    assert_eq!(allocator.mapped_bytes(), 0);
}
