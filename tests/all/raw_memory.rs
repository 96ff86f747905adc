//! Raw memory: the allocator without a heap, and addresses that are anyone's.

use std::alloc::Layout;
use std::collections::BTreeMap;
use std::ptr::NonNull;

use allocator_api2::alloc::{Allocator, Global};
use allocator_api2::boxed::Box as BoxIn;
use allocator_api2::vec::Vec as VecIn;
use hashbrown::HashMap;
use tailbite::RawAllocator;
use tailbite_tests::{Random, manual_heap};

/// A block that the model knows, with what was written to it.
struct Block {
    start: NonNull<u8>,
    layout: Layout,
    content: Vec<u8>,
}

impl Block {
    /// Takes a block and fills it.
    fn new(raw: &RawAllocator, layout: Layout, random: &mut Random) -> Option<Block> {
        let zeroed = random.below(4) == 0;
        let start = if zeroed {
            raw.allocate_zeroed(layout.size(), layout.align())
        } else {
            raw.allocate(layout.size(), layout.align())
        }?;
        assert!(start.addr().get().is_multiple_of(layout.align()), "{layout:?} at {start:p}");
        let mut block = Block { start, layout, content: Vec::new() };
        if zeroed {
            block.content = vec![0; layout.size()];
            block.check(raw);
        }
        block.fill(random);
        Some(block)
    }

    fn fill(&mut self, random: &mut Random) {
        self.content = (0..self.layout.size()).map(|_| random.number() as u8).collect();
        // SAFETY: the block is in use and has as many bytes.
        unsafe { self.start.copy_from_nonoverlapping(NonNull::from(&*self.content).cast(), self.content.len()) };
    }

    fn check(&self, raw: &RawAllocator) {
        // SAFETY: the block is in use, has as many bytes, and all of them were written.
        let found = unsafe { NonNull::slice_from_raw_parts(self.start, self.content.len()).as_ref() };
        assert_eq!(found, &*self.content);
        assert!(raw.usable_size(self.start.as_ptr()).unwrap() >= self.layout.size());
    }

    fn resize(&mut self, raw: &RawAllocator, size: usize, sized: bool) -> bool {
        // SAFETY: the block is in use, known by its layout, and the old address is not used afterwards.
        let moved = unsafe {
            if sized { raw.reallocate_sized(self.start, self.layout, size) } else { raw.reallocate(self.start, size) }
        };
        let Some(start) = moved else { return false };
        let align = if sized { self.layout.align() } else { self.layout.align().min(8) };
        assert!(start.addr().get().is_multiple_of(align));
        *self = Block {
            start,
            layout: Layout::from_size_align(size, align).unwrap(),
            content: std::mem::take(&mut self.content),
        };
        self.content.truncate(size);
        self.check(raw);
        true
    }

    fn free(self, raw: &RawAllocator, sized: bool) {
        self.check(raw);
        // SAFETY: the block is in use, known by its layout, and not used afterwards.
        unsafe { if sized { raw.free_sized(self.start, self.layout) } else { raw.free(self.start) } }
        assert_eq!(raw.usable_size(self.start.as_ptr()), None);
    }
}

fn size(random: &mut Random) -> usize {
    match random.below(8) {
        0 => random.below(9),
        1..=4 => random.below(530),
        5 | 6 => 500 + random.below(3000),
        _ => random.below(100_000),
    }
}

#[test]
fn random_programs_keep_every_byte() {
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let raw = RawAllocator::new();
        let own = raw.used_bytes();
        if seed % 2 == 1 {
            raw.set_limit(Some(own + 400_000));
        }
        let mut blocks: BTreeMap<usize, Block> = BTreeMap::new();
        let mut refused = 0;
        for step in 0..4000 {
            let pick = |random: &mut Random, blocks: &BTreeMap<usize, Block>| {
                blocks.keys().nth(random.below(blocks.len().max(1))).copied()
            };
            match random.below(10) {
                0..=4 => {
                    let align = 1 << (if random.below(10) == 0 { random.below(13) } else { random.below(5) });
                    let layout = Layout::from_size_align(size(&mut random), align).unwrap();
                    match Block::new(&raw, layout, &mut random) {
                        Some(block) => {
                            let known = blocks.insert(block.start.addr().get(), block);
                            assert!(known.is_none(), "a block is handed out once");
                        }
                        None => refused += 1,
                    }
                }
                5 | 6 => {
                    if let Some(key) = pick(&mut random, &blocks) {
                        let mut block = blocks.remove(&key).unwrap();
                        let size = size(&mut random);
                        let (before, sized) = (block.layout.size(), random.below(2) == 0);
                        if block.resize(&raw, size, sized) {
                            block.fill(&mut random);
                        } else {
                            assert!(size > before, "shrinking is never refused");
                            refused += 1;
                        }
                        block.check(&raw);
                        blocks.insert(block.start.addr().get(), block);
                    }
                }
                _ => {
                    if let Some(key) = pick(&mut random, &blocks) {
                        blocks.remove(&key).unwrap().free(&raw, random.below(2) == 0);
                    }
                }
            }
            if let (1, Some(block)) = (seed % 2, blocks.len().checked_sub(150).and(blocks.first_entry())) {
                block.remove().free(&raw, true);
            }
            assert!(seed % 2 == 0 || raw.used_bytes() <= own + 400_000);
            if step % 500 == 0 {
                raw.check();
                raw.trim();
                blocks.values().for_each(|block| block.check(&raw));
                // Blocks don't overlap.
                let ends = blocks.values().map(|block| block.start.addr().get() + block.layout.size());
                assert!(blocks.keys().skip(1).zip(ends).all(|(next, end)| end <= *next));
            }
        }
        assert_eq!(refused > 0, seed % 2 == 1, "{refused}");
        for (index, block) in blocks.into_values().enumerate() {
            block.free(&raw, index % 2 == 0);
        }
        raw.trim();
        raw.check();
        assert!(raw.used_bytes() <= own + 100_000, "{}", raw.memory());
    }
}

#[test]
fn only_starts_of_blocks_in_use_have_a_size() {
    static STATIC: u64 = 5;
    let raw = RawAllocator::new();
    let other = RawAllocator::new();
    let (small, middle, large) =
        (raw.allocate(100, 8).unwrap(), raw.allocate(512, 64).unwrap(), raw.allocate(5000, 8).unwrap());
    let neighbour = raw.allocate(100, 8).unwrap();
    let (foreign_small, foreign_large) = (other.allocate(100, 8).unwrap(), other.allocate(5000, 8).unwrap());
    let local = 7_u64;
    let heap_value = std::boxed::Box::new([1_u8; 600]);
    for (block, size, usable) in [(small, 100, 104), (middle, 512, 512), (large, 5000, 5000)] {
        let start = block.as_ptr().cast_const();
        assert_eq!(raw.usable_size(start), Some(usable));
        for offset in [0, 1, 8, size / 2, usable - 1] {
            assert!(raw.owns(start.wrapping_add(offset)), "the whole block is owned");
            assert_eq!(raw.usable_size(start.wrapping_add(offset)).is_some(), offset == 0);
        }
        for outside in [start.wrapping_sub(1), start.wrapping_add(usable)] {
            assert!(!raw.owns(outside) || outside.addr().abs_diff(neighbour.addr().get()) <= 104);
        }
    }
    let anything: [*const u8; 12] = [
        std::ptr::null(),
        std::ptr::without_provenance(1),
        std::ptr::without_provenance(usize::MAX),
        std::ptr::without_provenance(usize::MAX - 15),
        std::ptr::without_provenance(1 << 47),
        NonNull::<u64>::dangling().as_ptr().cast(),
        (&raw const STATIC).cast(),
        (&raw const local).cast(),
        heap_value.as_ptr(),
        (&raw const raw).cast(),
        foreign_small.as_ptr(),
        foreign_large.as_ptr(),
    ];
    for address in anything {
        assert_eq!((raw.usable_size(address), raw.owns(address)), (None, false), "{address:p}");
    }
    // The header of a pool, and what was never handed out in it.
    let pool = small.as_ptr().map_addr(|address| address & !4095);
    for address in (0..4096).map(|offset| pool.wrapping_add(offset).cast_const()) {
        let in_block = |block: NonNull<u8>| (block.addr().get()..block.addr().get() + 104).contains(&address.addr());
        assert_eq!(raw.owns(address), in_block(small) || in_block(neighbour), "{address:p}");
    }
    for block in [small, middle, large, neighbour] {
        // SAFETY: the block is in use, and not used afterwards.
        unsafe { raw.free(block) };
        assert_eq!((raw.usable_size(block.as_ptr()), raw.owns(block.as_ptr())), (None, false));
    }
    drop(other);
    assert!(!raw.owns(foreign_small.as_ptr()));
    raw.check();
}

#[test]
fn a_block_stays_where_it_is_while_little_is_wasted() {
    let raw = RawAllocator::new();
    let at = |block: NonNull<u8>, size| {
        // SAFETY: the block is in use, and what this returns takes its place.
        unsafe { raw.reallocate(block, size) }.unwrap()
    };
    let block = raw.allocate(400, 8).unwrap();
    assert_eq!(at(block, 301), block, "less than a quarter is wasted");
    let smaller = at(block, 300);
    assert_ne!(smaller, block);
    assert_eq!(raw.usable_size(smaller.as_ptr()), Some(304));
    assert_eq!(at(smaller, 304), smaller);
    let larger = at(smaller, 305);
    assert_ne!(larger, smaller);
    let system = at(larger, 4000);
    assert_eq!(raw.usable_size(system.as_ptr()), Some(4000));
    let system = at(system, 600);
    assert_eq!(raw.usable_size(system.as_ptr()), Some(600));
    let back = at(system, 10);
    assert_eq!(raw.usable_size(back.as_ptr()), Some(16));
    assert_eq!(raw.memory().system_blocks, 0);
    let none = at(back, 0);
    assert_eq!(raw.usable_size(none.as_ptr()), Some(8));
    // SAFETY: the block is in use, and not used afterwards.
    unsafe { raw.free(none) };
    raw.check();
}

#[test]
fn what_shrinks_is_never_refused() {
    for sized in [true, false] {
        let raw = RawAllocator::new();
        let mut random = Random::new(3);
        let mut block = |size| Block::new(&raw, Layout::from_size_align(size, 8).unwrap(), &mut random).unwrap();
        let mut blocks = [block(100_000), block(700), block(512), block(64)];
        raw.set_limit(Some(0));
        for divisor in [2, 5, 100, 1000] {
            for block in &mut blocks {
                let size = block.layout.size() / divisor;
                assert!(block.resize(&raw, size, sized));
            }
            raw.check();
        }
        assert!(!blocks[0].resize(&raw, 200_000, sized), "growing is");
        raw.set_limit(None);
        let large = Block::new(&raw, Layout::new::<[u64; 1000]>(), &mut Random::new(4)).unwrap();
        for (index, mut block) in blocks.into_iter().enumerate() {
            if index % 2 == 0 {
                assert!(block.resize(&raw, 300, sized) && block.resize(&raw, 3000, sized));
            }
            block.free(&raw, sized);
        }
        large.free(&raw, sized);
        assert_eq!(raw.memory().system_blocks, 0);
        raw.check();
    }
}

#[test]
fn odd_requests_are_refused_or_served() {
    let raw = RawAllocator::new();
    for (size, align) in [(8, 0), (8, 3), (8, 24), (usize::MAX, 8), (isize::MAX as usize, 16), (1 << 60, 8)] {
        assert_eq!(raw.allocate(size, align), None, "{size} aligned to {align}");
        assert_eq!(raw.allocate_zeroed(size, align), None);
    }
    let mut blocks = Vec::new();
    for power in 0..=16 {
        for size in [0, 1, 100, 512, 513, 10_000] {
            blocks.push(
                Block::new(&raw, Layout::from_size_align(size, 1 << power).unwrap(), &mut Random::new(9)).unwrap(),
            );
        }
    }
    let block = raw.allocate(10, 8).unwrap();
    // SAFETY: the block is in use; it stays where it is.
    assert_eq!(unsafe { raw.reallocate(block, usize::MAX) }, None);
    // SAFETY: as above.
    assert_eq!(unsafe { raw.reallocate(block, isize::MAX as usize - 100) }, None);
    assert_eq!(raw.usable_size(block.as_ptr()), Some(16));
    blocks.into_iter().enumerate().for_each(|(index, block)| block.free(&raw, index % 3 == 0));
    raw.check();
}

#[test]
fn limits_are_exact() {
    let raw = RawAllocator::new();
    let small = raw.allocate(8, 8).unwrap();
    raw.set_limit(Some(raw.used_bytes() + 10_000));
    let held: Vec<_> = std::iter::from_fn(|| raw.allocate(1000, 8)).collect();
    assert!(held.len() >= 8, "{}", held.len());
    assert!(raw.used_bytes() <= raw.memory().used_bytes);
    let pools: Vec<_> = std::iter::from_fn(|| raw.allocate(8, 8)).collect();
    assert!(pools.len() > 400, "what is there already serves");
    assert_eq!(raw.allocate(16, 8), None, "but not for another class");
    for block in held.into_iter().chain(pools).chain([small]) {
        // SAFETY: the block is in use, and not used afterwards.
        unsafe { raw.free(block) };
    }
    assert!(raw.allocate(16, 8).is_some());
    raw.check();
}

#[test]
fn it_moves_between_threads_with_blocks_in_use() {
    let mut random = Random::new(1);
    let raw = RawAllocator::new();
    let mut items = VecIn::new_in(raw);
    items.extend(0..10_000_u64);
    let extend = move || {
        items.extend(10_000..20_000);
        items
    };
    let items = std::thread::spawn(extend).join().unwrap();
    assert!(items.iter().copied().eq(0..20_000));
    drop(items);
    let raw = RawAllocator::new();
    struct Moved(RawAllocator, Vec<Block>);
    // SAFETY: the blocks belong to the allocator, which goes with them.
    unsafe impl Send for Moved {}
    let mut block = |n: usize| Block::new(&raw, Layout::from_size_align(n * 3, 8).unwrap(), &mut random).unwrap();
    let blocks = (0..500).map(&mut block).collect();
    let moved = Moved(raw, blocks);
    std::thread::spawn(move || {
        let moved = moved;
        let Moved(raw, mut blocks) = moved;
        for block in blocks.drain(..250) {
            block.free(&raw, false);
        }
        blocks.iter_mut().for_each(|block| assert!(block.resize(&raw, 700, true)));
        raw.check();
        drop(blocks);
    })
    .join()
    .unwrap();
}

#[test]
fn it_serves_collections() {
    let raw = RawAllocator::new();
    let own = raw.used_bytes();
    let mut table = HashMap::new_in(&raw);
    let mut items = VecIn::new_in(&raw);
    for n in 0..5000 {
        table.insert(n, n.to_string());
        items.push(n);
        if n % 7 == 0 {
            table.remove(&(n / 2));
            items.shrink_to_fit();
        }
    }
    let boxed = BoxIn::new_in([3_u64; 100], &raw);
    assert!(table.iter().all(|(n, text)| *text == n.to_string()));
    assert!(items.iter().copied().eq(0..5000));
    assert_eq!(boxed.iter().sum::<u64>(), 300);
    table.shrink_to_fit();
    drop((table, items, boxed));
    raw.trim();
    assert!(raw.used_bytes() <= own + 1000, "{}", raw.memory());
    raw.check();
    // What is forgotten goes with the allocator.
    std::mem::forget(VecIn::<u8, _>::with_capacity_in(5000, &raw));
}

/// Every method of the trait, with alignments that change.
fn exercise(alloc: &impl Allocator) {
    let layouts = [(0, 1), (1, 1), (24, 8), (100, 32), (512, 64), (600, 8), (600, 256), (10_000, 4096), (3, 128)];
    let layouts = layouts.map(|(size, align)| Layout::from_size_align(size, align).unwrap());
    for old in layouts {
        for new in layouts {
            let block = alloc.allocate(old).unwrap();
            assert!(block.len() >= old.size() && block.cast::<u8>().addr().get().is_multiple_of(old.align()));
            // SAFETY: the block has as many bytes, and is resized and freed by the layouts that it is known by.
            unsafe {
                block.cast::<u8>().write_bytes(7, old.size());
                let moved = if new.size() >= old.size() {
                    alloc.grow_zeroed(block.cast(), old, new).unwrap()
                } else {
                    alloc.shrink(block.cast(), old, new).unwrap()
                };
                assert!(moved.len() >= new.size() && moved.cast::<u8>().addr().get().is_multiple_of(new.align()));
                let found = NonNull::slice_from_raw_parts(moved.cast::<u8>(), new.size());
                let expected = (0..new.size()).map(|index| if index < old.size() { 7 } else { 0 });
                assert!(found.as_ref().iter().copied().eq(expected), "{old:?} {new:?}");
                alloc.deallocate(moved.cast(), new);
            }
            if new.size() >= old.size() {
                let block = alloc.allocate_zeroed(old).unwrap();
                // SAFETY: as above.
                unsafe {
                    let found = NonNull::slice_from_raw_parts(block.cast::<u8>(), old.size());
                    assert!(found.as_ref().iter().all(|byte| *byte == 0));
                    let moved = alloc.grow(block.cast(), old, new).unwrap();
                    let found = NonNull::slice_from_raw_parts(moved.cast::<u8>(), old.size());
                    assert!(found.as_ref().iter().all(|byte| *byte == 0));
                    alloc.deallocate(moved.cast(), new);
                }
            }
        }
    }
}

#[test]
fn every_method_of_the_trait_does_what_it_says() {
    exercise(&Global);
    let raw = RawAllocator::new();
    exercise(&raw);
    raw.check();
    assert_eq!(raw.memory().system_blocks, 0);
    let heap = manual_heap();
    exercise(&heap.allocator());
    assert_eq!(heap.memory().system_blocks, 0);
    heap.check();
}
