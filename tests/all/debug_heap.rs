//! The debug heap: what it finds, what it leaves alone. That a program at fault is told of it is `seeded`'s part.

use std::alloc::Layout;
use std::cell::RefCell;
use std::ptr::NonNull;
use std::rc::Rc;

use allocator_api2::alloc::Allocator;
use tailbite::{AnyGc, Gc, Generation, Heap, PoolKind, UnraisableContext};
use tailbite_tests::{Log, leak_ring, manual_heap};

/// A heap with the debug heap on, and what its hook heard.
fn debug_heap() -> (Heap, Rc<RefCell<Vec<String>>>) {
    let heap = manual_heap();
    heap.set_debug_heap(true);
    let told: Rc<RefCell<Vec<String>>> = Rc::default();
    let sink = told.clone();
    heap.set_unraisable_hook(move |it| {
        assert_eq!(it.context, UnraisableContext::DebugHeap);
        sink.borrow_mut().push(it.message().to_owned());
    });
    (heap, told)
}

/// What is told when the heap is collected next, which must be one fault.
fn only_fault(heap: &Heap, told: &RefCell<Vec<String>>) -> String {
    heap.collect(Generation::Young);
    let told = told.take();
    assert_eq!(told.len(), 1, "{told:?}");
    told.into_iter().next().expect("there is one")
}

const WORDS: Layout = Layout::new::<[u64; 4]>();

#[test]
fn who_does_nothing_wrong_hears_nothing() {
    let (heap, told) = debug_heap();
    let bytes = heap.used_bytes();
    for round in 0..3 {
        let texts: Vec<Gc<str>> = (0..200).map(|n| heap.alloc_str(&"x".repeat(n * 11))).collect();
        let numbers: Vec<Gc<u64>> = (0..200).map(|n| heap.alloc(n)).collect();
        let large = heap.alloc_slice((0..10_000_u64).collect::<Vec<_>>());
        leak_ring(&heap, &Log::default(), "ring", 50);
        let mut storage = allocator_api2::vec::Vec::new_in(heap.allocator());
        (0..3000_u32).for_each(|n| storage.push(n));
        storage.truncate(10);
        storage.shrink_to_fit();
        heap.check();
        assert!(storage.iter().copied().eq(0..10) && large.iter().copied().eq(0..10_000));
        assert!(texts.iter().enumerate().all(|(n, text)| text.len() == n * 11));
        drop((texts, large, storage));
        assert_eq!(heap.collect(Generation::Old), 50, "round {round}");
        assert_eq!(heap.object_count(), numbers.len());
        heap.check();
    }
    heap.trim();
    heap.set_debug_heap(false);
    heap.trim();
    assert_eq!(*told.borrow(), [""; 0]);
    assert!(heap.used_bytes() < bytes + 100_000, "{} after {bytes}", heap.used_bytes());
    heap.check();
}

#[test]
fn fresh_and_freed_memory_is_filled() {
    let (heap, _) = debug_heap();
    let raw = heap.allocator().allocate(WORDS).expect("there is memory").cast::<[u8; 32]>();
    // SAFETY: the debug heap has filled the block.
    assert_eq!(unsafe { raw.read() }, [0xCD; 32]);
    let number = heap.alloc(7_u64);
    let place = Gc::as_ptr(&number);
    drop(number);
    // SAFETY: the block is kept back.
    assert_eq!(unsafe { place.read() }, 0xDDDD_DDDD_DDDD_DDDD);
    // SAFETY: in use, with this layout.
    unsafe { heap.allocator().deallocate(raw.cast(), WORDS) };
    // SAFETY: the block is kept back.
    assert_eq!(unsafe { raw.read() }, [0xDD; 32]);
}

#[test]
fn weak_handles_find_their_heap() {
    let (heap, told) = debug_heap();
    let number = heap.alloc(7);
    let (weak, early) = (Gc::downgrade(&number), Gc::downgrade(&heap.alloc(8)));
    assert_eq!((weak.upgrade().as_deref(), early.upgrade()), (Some(&7), None));
    heap.check();
    drop((number, weak, early));
    heap.check();
    assert_eq!(*told.borrow(), [""; 0]);
}

#[test]
fn zeroed_bytes_are_zero() {
    let (heap, _) = debug_heap();
    for size in [1, 100, 600, 5000] {
        let layout = Layout::from_size_align(size, 8).expect("a valid layout");
        let block = heap.allocator().allocate_zeroed(layout).expect("there is memory");
        // SAFETY: a zeroed block of so many bytes; in use, with this layout.
        unsafe {
            assert!(block.as_ref().iter().all(|&byte| byte == 0));
            heap.allocator().deallocate(block.cast(), layout);
        }
    }
    heap.check();
}

#[test]
fn writes_beside_a_raw_block_are_found_when_it_is_freed() {
    for (offset, place) in [(-1, "bytes before a block"), (-16, "bytes before a block"), (32, "bytes behind a block")] {
        let (heap, told) = debug_heap();
        let raw = heap.allocator().allocate(WORDS).expect("there is memory").cast::<u8>();
        // SAFETY: the pads are there, although nobody may write to them.
        unsafe {
            raw.offset(offset).write(0x41);
            heap.allocator().deallocate(raw, WORDS);
        }
        let fault = only_fault(&heap, &told);
        assert!(fault.starts_with(&format!("debug heap: {place} were written\n  raw bytes at {raw:p}\n")), "{fault}");
        assert!(fault.contains(&format!("      at {offset:+}: 0x41 *** OUCH\n")), "{fault}");
        assert!(fault.contains("    32 bytes, aligned to 8; allocation number 1 of its heap"), "{fault}");
        heap.check();
    }
}

#[test]
fn a_write_behind_a_payload_names_its_type() {
    let (heap, told) = debug_heap();
    let number = heap.alloc(7_u32);
    // SAFETY: the pad is there, although nobody may write to it.
    unsafe { Gc::as_ptr(&number).cast_mut().cast::<u8>().add(4).write(0) };
    drop(number);
    let fault = only_fault(&heap, &told);
    assert!(fault.contains("object of `u32`") && fault.contains("      at +4: 0x00 *** OUCH"), "{fault}");
}

#[test]
fn a_write_to_a_freed_block_is_found_when_it_goes() {
    let (heap, told) = debug_heap();
    let number = heap.alloc(7_u64);
    let place = Gc::as_ptr(&number).cast_mut();
    drop(number);
    // SAFETY: the block is kept back, although nobody may write to it.
    unsafe { place.write(1) };
    heap.trim();
    let fault = only_fault(&heap, &told);
    assert!(fault.starts_with("debug heap: a freed block was written to\n  object of `u64`"), "{fault}");
    assert!(fault.contains("    at +0: 0x01, not 0xdd *** OUCH") && fault.contains("    8 of its "), "{fault}");
    heap.check();
}

#[test]
fn frees_of_what_is_no_block_are_found() {
    let (heap, told) = debug_heap();
    let (other, _) = debug_heap();
    let allocator = heap.allocator();
    let raw = allocator.allocate(WORDS).expect("there is memory").cast::<u8>();
    let foreign = other.allocator().allocate(WORDS).expect("there is memory").cast::<u8>();
    // SAFETY: the debug heap looks each up before it does anything.
    unsafe {
        allocator.deallocate(foreign, WORDS);
        assert!(only_fault(&heap, &told).contains("what was freed or resized is no block in use of this heap"));
        allocator.deallocate(raw.add(8), WORDS);
        assert!(only_fault(&heap, &told).contains("what was freed or resized is no block in use of this heap"));
        allocator.deallocate(raw, WORDS);
        allocator.deallocate(raw, WORDS);
        assert!(only_fault(&heap, &told).contains("a block was freed that was freed before\n  raw bytes"));
        other.allocator().deallocate(foreign, WORDS);
    }
    heap.check();
    other.check();
}

#[test]
fn a_free_by_another_layout_is_found() {
    let (heap, told) = debug_heap();
    for wrong in [Layout::new::<[u64; 3]>(), Layout::new::<[u32; 8]>(), Layout::new::<[u64; 100]>()] {
        let raw = heap.allocator().allocate(WORDS).expect("there is memory").cast::<u8>();
        // SAFETY: the debug heap knows the layout itself.
        unsafe { heap.allocator().deallocate(raw, wrong) };
        let fault = only_fault(&heap, &told);
        let expected = format!("    freed as {} bytes, aligned to {}\n", wrong.size(), wrong.align());
        assert!(fault.starts_with("debug heap: a block was freed by the wrong layout") && fault.contains(&expected));
    }
}

#[test]
fn check_finds_a_fault_before_the_free() {
    let (heap, _) = debug_heap();
    let raw = heap.allocator().allocate(WORDS).expect("there is memory").cast::<u8>();
    let check = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| heap.check()));
    assert!(check().is_ok());
    // SAFETY: the pad is there.
    unsafe { raw.add(33).write(1) };
    let fault = check().expect_err("the write is found");
    assert!(fault.downcast_ref::<String>().is_some_and(|fault| fault.contains("bytes behind a block")));
    // SAFETY: the pad is there, and mended; in use, with this layout.
    unsafe {
        raw.add(33).write(0xFD);
        heap.allocator().deallocate(raw, WORDS);
    }
    heap.check();
}

#[test]
fn blocks_of_before_and_after_are_freed_as_ever() {
    let heap = manual_heap();
    let allocator = heap.allocator();
    let take = || allocator.allocate(WORDS).expect("there is memory").cast::<u8>();
    let objects = || [(); 100].map(|()| (heap.alloc(1_u64), heap.alloc(None::<AnyGc>), heap.alloc_str("text")));
    let (before, old) = (take(), objects());
    heap.set_debug_heap(true);
    let (during, guarded) = (take(), objects());
    // SAFETY: each is in use, with this layout.
    unsafe { allocator.deallocate(before, WORDS) };
    drop(old);
    heap.check();
    heap.set_debug_heap(false);
    let (after, new) = (take(), objects());
    heap.check();
    // SAFETY: as above.
    unsafe {
        allocator.deallocate(after, WORDS);
        allocator.deallocate(during, WORDS);
    }
    drop((guarded, new));
    heap.check();
    let memory = heap.memory();
    assert_eq!((heap.object_count(), memory.system_blocks, memory.bytes.allocated), (0, 0, 0));
}

#[test]
fn what_is_kept_back_goes_before_memory_is_refused() {
    let (heap, told) = debug_heap();
    heap.alloc(0);
    heap.set_memory_limit(Some(heap.used_bytes() + 300_000));
    for _ in 0..100 {
        let block = heap.allocator().allocate(Layout::new::<[u8; 200_000]>()).expect("there is memory").cast::<u8>();
        // SAFETY: in use, with this layout.
        unsafe { heap.allocator().deallocate(block, Layout::new::<[u8; 200_000]>()) };
        drop(heap.try_alloc_slice(vec![0_u8; 100_000]).expect("there is memory"));
    }
    heap.collect(Generation::Old);
    heap.check();
    assert_eq!(*told.borrow(), [""; 0]);
}

#[test]
fn growing_and_shrinking_keep_the_data_and_find_stale_addresses() {
    let (heap, told) = debug_heap();
    let allocator = heap.allocator();
    let layout = |size| Layout::from_size_align(size, 8).expect("a valid layout");
    let mut block: NonNull<u8> = allocator.allocate(layout(8)).expect("there is memory").cast();
    // SAFETY: in use, with the layouts that it had last; the stale address is kept back.
    unsafe {
        block.cast::<u64>().write(77);
        let stale = block;
        for (from, to) in [(8, 100), (100, 3000), (3000, 6000), (6000, 700), (700, 8)] {
            let change = if to > from { Allocator::grow } else { Allocator::shrink };
            block = change(&allocator, block, layout(from), layout(to)).expect("there is memory").cast();
            assert_eq!(block.cast::<u64>().read(), 77);
            heap.check();
        }
        assert_eq!(*told.borrow(), [""; 0]);
        stale.write(1);
        allocator.deallocate(block, layout(8));
    }
    heap.trim();
    assert!(only_fault(&heap, &told).contains("a freed block was written to"));
}

#[test]
fn shrinking_is_never_refused() {
    let (heap, told) = debug_heap();
    let allocator = heap.allocator();
    let layout = |size| Layout::from_size_align(size, 8).expect("a valid layout");
    let block: NonNull<u8> = allocator.allocate(layout(100_000)).expect("there is memory").cast();
    heap.set_memory_limit(Some(0));
    // SAFETY: in use, with the layouts that it had last.
    unsafe {
        let block = allocator.shrink(block, layout(100_000), layout(50)).expect("shrinking is never refused").cast();
        heap.check();
        allocator.deallocate(block, layout(50));
    }
    heap.collect(Generation::Young);
    assert_eq!(*told.borrow(), [""; 0]);
}

#[test]
fn objects_that_are_kept_back_are_not_counted() {
    let (heap, _) = debug_heap();
    heap.set_counting(true);
    let kept: Vec<_> = (0..10).map(|n| heap.alloc(n)).collect();
    drop((0..3000).map(|n| heap.alloc(n)).collect::<Vec<_>>());
    assert_eq!((heap.object_count(), heap.allocation_counts().freed), (10, 3000));
    assert_eq!(heap.memory().classes.iter().filter(|class| class.kind == PoolKind::Leaf).count(), 1);
    drop(kept);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn faults_are_told_when_the_heap_is_closed() {
    let (heap, told) = debug_heap();
    let number = heap.alloc(7_u64);
    // SAFETY: the pad is there.
    unsafe { Gc::as_ptr(&number).cast_mut().add(1).write(0) };
    drop(number);
    drop(heap);
    assert_eq!(told.borrow().len(), 1);
}

#[test]
fn a_limit_holds_while_the_debug_heap_is_on() {
    let (heap, told) = debug_heap();
    heap.set_debug_heap(false);
    let kept = heap.alloc(1);
    for room in [0, 1000, 200_000] {
        let limit = heap.used_bytes() + room;
        heap.set_memory_limit(Some(limit));
        heap.set_debug_heap(true);
        let made: Vec<_> = (0..1000).map_while(|number| heap.try_alloc(number).ok()).collect();
        assert!(heap.used_bytes() <= limit, "{} bytes at a limit of {limit}", heap.used_bytes());
        drop(made);
        heap.check();
        heap.set_debug_heap(false);
        assert!(heap.used_bytes() <= limit);
        heap.set_memory_limit(None);
        heap.trim();
    }
    assert_eq!((*kept, told.borrow().len()), (1, 0));
}
