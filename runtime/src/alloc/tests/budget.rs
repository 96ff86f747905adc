//! The budget and the gate.

use std::cell::Cell;

use super::*;

impl TestAllocator {
    /// Sets the limit to `bytes` more than is in use.
    fn leave(&self, bytes: usize) {
        self.budget().set_limit(Some(self.budget().used() + bytes));
    }

    fn resize(&self, block: NonNull<u8>, size: usize, align: usize) -> Option<NonNull<u8>> {
        // SAFETY: tests resize blocks in use, and use the new address only.
        unsafe { self.resize_raw(block, size, align) }
    }

    fn free_unsized(&self, block: NonNull<u8>) {
        // SAFETY: tests free what they allocated, once.
        unsafe { self.free_raw_unsized(block) };
    }
}

#[test]
fn an_arena_costs_its_touched_pools_only() {
    let allocator = TestAllocator::new();
    let first = allocator.object(leaf(16));
    assert_eq!(allocator.mapped_arenas(), 1);
    assert_eq!(allocator.budget().used(), ARENA_SIZE - (POOLS_PER_ARENA - 1) * POOL_COST + allocator.directory_bytes());
    allocator.leave(POOL_COST);
    let second = allocator.object(leaf(32));
    assert_eq!(allocator.allocate(leaf(48)), None);
    assert!(allocator.budget().refusal().is_some());
    // A pool that is kept empty by its class, though resident, serves another class.
    allocator.free_object(second);
    let third = allocator.object(leaf(48));
    assert_eq!(allocator.allocate(leaf(32)), None);
    allocator.check();
    allocator.free_objects([first, third]);
    allocator.trim();
    assert_eq!(allocator.budget().used(), allocator.directory_bytes());
}

#[test]
fn free_pools_of_any_arena_serve_before_a_refusal() {
    let allocator = TestAllocator::new();
    let bin = Bin::for_object(PoolKind::Tracked, MAX_BLOCK, 8).unwrap();
    let mut blocks = allocator.objects(bin, 2 * POOLS_PER_ARENA);
    let mut others = blocks.split_off(POOLS_PER_ARENA);
    // The fullest arena that has free pools has none with memory behind it; the other one has.
    allocator.free_objects(blocks.drain(..4));
    allocator.trim();
    allocator.leave(0);
    allocator.free_objects(others.drain(..8));
    for _ in 0..8 {
        others.push(allocator.object(bin));
        allocator.check();
    }
    let left = std::iter::from_fn(|| allocator.allocate(bin)).count();
    assert!(left <= 4, "{left} more, where the system takes no memory back from within an arena");
    allocator.check();
}

#[test]
fn what_is_held_is_not_given_back_but_free_pools_serve() {
    let allocator = TestAllocator::new();
    let one = allocator.object(leaf(16));
    let blocks = allocator.objects(leaf(MAX_BLOCK), 3);
    allocator.free_objects(blocks);
    allocator.leave(0);
    allocator.hold();
    let more = [allocator.object(leaf(32)), allocator.object(leaf(48))];
    assert_eq!(allocator.allocate(leaf(64)), None, "the third pool is kept by its class, and stays there");
    assert_eq!(allocator.allocate_raw(5000, 8), None);
    allocator.check();
    allocator.release_hold();
    let last = allocator.object(leaf(64));
    allocator.free_objects(more.into_iter().chain([one, last]));
    allocator.check();
}

#[test]
fn the_gate_hides_the_bins_for_objects() {
    let allocator = TestAllocator::new();
    let bins = [tracked(32), leaf(32)];
    let mut blocks: Vec<_> = bins.into_iter().flat_map(|bin| allocator.objects(bin, 700)).collect();
    for closed in [true, true, false, true] {
        allocator.set_gated(closed);
        allocator.check();
        let raw = allocator.allocate_raw(32, 8).unwrap();
        for bin in bins {
            assert_eq!(allocator.allocate(bin).inspect(|block| blocks.push(*block)).is_none(), closed);
            for _ in 0..800 {
                blocks.push(allocator.allocate_through_gate(bin).unwrap());
            }
        }
        let half = blocks.len() / 2;
        allocator.free_objects(blocks.drain(..half));
        allocator.check();
        allocator.trim();
        allocator.free_unsized(raw);
    }
    assert!(allocator.is_gated());
    allocator.free_objects(blocks);
    allocator.close();
    allocator.check();
    assert!(allocator.is_empty());
}

#[test]
fn crossing_the_soft_limit_closes_the_gate() {
    let allocator = TestAllocator::new();
    let one = allocator.object(leaf(16));
    allocator.budget().set_soft_limit(Some(allocator.budget().used() + 10_000));
    assert!(allocator.take_external(9_999));
    assert!(!allocator.is_gated() && !allocator.budget().is_crossed());
    assert!(allocator.take_external(1));
    assert!(allocator.is_gated() && allocator.budget().take_crossing() && !allocator.budget().is_crossed());
    allocator.set_gated(false);
    let large = allocator.allocate_raw(50_000, 8).unwrap();
    assert!(!allocator.is_gated(), "once only");
    allocator.give_external(10_000);
    allocator.free_unsized(large);
    for crossing in 0..2 {
        // By raw bytes, then by a list of a layer above.
        let mut list: Vec<u64> = Vec::new();
        let raw = if crossing == 0 { allocator.allocate_raw(50_000, 8) } else { None };
        assert!(allocator.keep(&mut list, crossing * 5000));
        assert!(allocator.is_gated() && allocator.budget().is_crossed());
        allocator.set_gated(false);
        allocator.budget().take_crossing();
        allocator.budget().give_kept(list.capacity() * size_of::<u64>());
        raw.into_iter().for_each(|raw| allocator.free_unsized(raw));
    }
    allocator.check();
    allocator.free_object(one);
}

#[test]
fn each_request_of_a_resize_can_be_refused() {
    for n in 0.. {
        let allocator = TestAllocator::new();
        let sizes = [0_usize, 100, 700, 90, 3000, 1000, 500, 20_000, 8, 600, 64];
        let mut block = allocator.allocate_raw(64, 8).unwrap();
        // SAFETY: the block has as many bytes.
        unsafe { block.write_bytes(5, 64) };
        refusal::refuse_nth(n);
        let (mut known, refused) = (64, Cell::new(0));
        for size in sizes.into_iter().cycle().take(40) {
            match allocator.resize(block, size, 8) {
                Some(moved) => (block, known) = (moved, known.min(size)),
                None => refused.set(refused.get() + 1),
            }
            allocator.check();
            // SAFETY: so many bytes were written, and kept.
            let bytes = unsafe { NonNull::slice_from_raw_parts(block, known).as_ref() };
            assert!(bytes.iter().all(|byte| *byte == 5));
            known = allocator.raw_block_size(block.as_ptr()).unwrap();
            // SAFETY: the block has as many bytes as its size.
            unsafe { block.write_bytes(5, known) };
        }
        let still_to_come = refusal::grant();
        assert!(refused.get() <= 1);
        allocator.free_unsized(block);
        allocator.check();
        if still_to_come {
            break;
        }
    }
}
