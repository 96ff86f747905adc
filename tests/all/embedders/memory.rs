//! Items 10 to 12: control and figures, limits, the allocator alone.

use tailbite::{Generation, Heap, RawAllocator};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

#[test]
fn item_10_control_and_figures() {
    let heap = manual_heap();
    let log = Log::new();
    let held = Node::alloc(&heap, &log, "held");
    leak_ring(&heap, &log, "n", 5);
    heap.alloc(1);
    assert_eq!((heap.tracked_objects(), heap.collect(Generation::Old)), (6, 5));
    heap.disable();
    heap.set_threshold([7, 8, 9]);
    assert_eq!((heap.is_enabled(), heap.get_threshold(), heap.tracked_objects()), (false, [7, 8, 9], 1));
    assert_eq!(heap.get_stats()[2].collected, 5);
    assert!(heap.memory().bytes.total > 0);
    let [.., full] = heap.get_stats();
    assert!(full.longest <= full.duration && full.candidates == 6);
    drop(held);
}

#[test]
fn item_10_allocations_and_deaths_are_counted_on_demand() {
    let heap = manual_heap();
    let log = Log::new();
    let before = Node::alloc(&heap, &log, "before");
    assert_eq!(counts(&heap), (0, 0));
    heap.set_counting(true);
    leak_ring(&heap, &log, "n", 5);
    drop(before);
    let large = heap.alloc_slice(vec![0_u8; 100_000]);
    assert_eq!(counts(&heap), (6, 1));
    heap.collect(Generation::Old);
    assert_eq!(counts(&heap), (6, 6));
    heap.set_counting(false);
    drop((large, heap.alloc(1)));
    assert_eq!(counts(&heap), (6, 6), "nothing is counted while it is off");
    heap.set_counting(true);
    heap.alloc(1);
    assert_eq!(counts(&heap), (7, 7));
}

fn counts(heap: &Heap) -> (u64, u64) {
    let counts = heap.allocation_counts();
    (counts.allocated, counts.freed)
}

#[test]
fn item_10_stress_and_a_fast_shutdown() {
    let heap = Heap::new();
    heap.set_stress(2);
    (0..8).for_each(|n| drop(heap.alloc(n)));
    // (A stress build adds some of its own.)
    assert!(heap.get_stats().map(|row| row.collections).iter().sum::<u64>() >= 4);
    let log = Log::new();
    leak_ring(&heap, &log, "n", 3);
    heap.set_stress(0);
    heap.set_leak_at_close(true);
    log.take();
    drop(heap);
    assert!(log.is_empty(), "nothing runs, nothing is freed");
}

#[test]
fn item_11_a_limit_that_a_script_can_run_into() {
    let heap = Heap::new();
    heap.set_memory_limit(Some(heap.used_bytes() + 100_000));
    let external = heap.add_external(60_000);
    let error = heap.try_alloc_slice(vec![0_u8; 80_000]).unwrap_err();
    assert_eq!((error.limit(), error.into_value().len()), (heap.memory_limit(), 80_000));
    drop(external);
    assert!(heap.try_alloc_slice(vec![0_u8; 80_000]).is_ok());
}

#[test]
fn item_12_the_allocator_alone() {
    let memory = RawAllocator::new();
    let block = memory.allocate(100, 16).expect("there is memory");
    assert!(block.addr().get().is_multiple_of(16) && memory.owns(block.as_ptr()));
    assert!(memory.usable_size(block.as_ptr()).is_some_and(|size| size >= 100));
    let nothing = memory.allocate(0, 1).expect("size zero is allowed");
    // SAFETY: both are in use, of this allocator.
    unsafe {
        memory.free(block);
        memory.free(nothing);
    }
    assert_eq!(memory.usable_size(block.as_ptr()), None);
    std::thread::spawn(move || memory.allocate_zeroed(1000, 8).is_some()).join().expect("it moves between threads");
}
