//! Requests that are numbered, and refused on purpose.

use std::cell::{Cell, RefCell};
use std::ops::Bound;
use std::rc::Rc;

use allocator_api2::alloc::Allocator;
use tailbite::{AnyGc, Gc, Generation, Heap, LastFirst, OutOfMemory, RawAllocator, Trigger, WeakRef};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, quiet};

/// The numbers below `end` that are granted, by allocations of plain objects.
fn granted(heap: &Heap, end: u64) -> Vec<u64> {
    (0..end).filter(|number| heap.try_alloc(*number).is_ok()).collect()
}

#[test]
fn exactly_the_requests_in_the_range_are_refused() {
    let heap = manual_heap();
    let seen = |range: (Bound<u64>, Bound<u64>)| {
        heap.refuse_allocations(range);
        let granted = granted(&heap, 5);
        (granted, heap.allocation_requests())
    };
    use Bound::{Excluded, Included, Unbounded};
    assert_eq!(seen((Included(2), Excluded(4))), (vec![0, 1, 4], 5));
    assert_eq!(seen((Included(2), Included(2))), (vec![0, 1, 3, 4], 5));
    assert_eq!(seen((Included(3), Unbounded)), (vec![0, 1, 2], 5));
    assert_eq!(seen((Unbounded, Excluded(1))), (vec![1, 2, 3, 4], 5));
    assert_eq!(seen((Excluded(0), Included(3))), (vec![0, 4], 5));
    assert_eq!(seen((Unbounded, Unbounded)), (vec![], 5));
    assert_eq!(seen((Included(u64::MAX), Unbounded)), (vec![0, 1, 2, 3, 4], 5), "counts only");
    // Empty: off, and nothing is counted.
    for (start, end) in [(0, 0), (3, 3), (7, 2)] {
        assert_eq!(seen((Included(start), Excluded(end))), (vec![0, 1, 2, 3, 4], 0));
    }
    assert_eq!(seen((Excluded(u64::MAX), Unbounded)), (vec![0, 1, 2, 3, 4], 0));
    assert_eq!(seen((Unbounded, Excluded(0))), (vec![0, 1, 2, 3, 4], 0));
    heap.check();
}

#[test]
fn a_refused_value_comes_back_and_nothing_is_left_behind() {
    let heap = manual_heap();
    let log = Log::new();
    heap.refuse_allocations(0..1);
    let error = heap.try_alloc(Node::new(&log, "node")).unwrap_err();
    assert_eq!((error.limit(), error.requested()), (None, size_of::<Node>()));
    assert_eq!(error.to_string(), format!("out of memory: {} bytes for an object were refused", size_of::<Node>()));
    assert!(log.is_empty());
    let node = heap.try_alloc(error.into_value()).expect("the next one is granted");
    drop(node);
    assert_eq!(log.take(), ["drop node"]);
    assert_eq!((heap.object_count(), heap.allocation_requests()), (0, 2));
    heap.refuse_allocations(..);
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| heap.alloc(1))).unwrap_err();
    assert!(payload.downcast_ref::<String>().is_some_and(|text| text.starts_with("out of memory: 4 bytes")));
    heap.refuse_allocations(0..0);
    heap.check();
}

#[test]
fn every_kind_of_request_is_numbered_once() {
    let heap = manual_heap();
    let log = Log::new();
    let object = heap.alloc(1);
    // What the requests below need in lists and tables is there already, so that each makes exactly one.
    let warm = Node::alloc(&heap, &log, "warm");
    drop((heap.add_root(object.clone()), Gc::downgrade(&object), heap.add_callback(|_, _, _| ())));
    let requests = |what: &dyn Fn()| {
        heap.refuse_allocations(u64::MAX..);
        what();
        let requests = heap.allocation_requests();
        heap.refuse_allocations(0..0);
        requests
    };
    let (key, raw) = (Cell::new(None), heap.allocator());
    let layout = |size| std::alloc::Layout::from_size_align(size, 8).unwrap();
    assert_eq!(requests(&|| drop(heap.alloc(1))), 1);
    assert_eq!(requests(&|| drop(heap.alloc_str("text"))), 1);
    assert_eq!(requests(&|| drop(heap.alloc_slice(vec![0_u8; 100_000]))), 1, "a region");
    assert_eq!(requests(&|| drop(heap.factory().alloc(2_u8))), 1);
    assert_eq!(requests(&|| drop(heap.add_external(100))), 1);
    assert_eq!(requests(&|| drop(heap.add_external(0))), 0, "nothing is asked for");
    assert_eq!(requests(&|| key.set(Some(heap.add_root(object.clone())))), 0, "there is room");
    assert_eq!(requests(&|| drop(heap.get_objects(None))), 1, "a list of one");
    assert_eq!(requests(&|| drop(Gc::downgrade(&warm))), 1, "a weak record");
    assert_eq!(requests(&|| drop(WeakRef::new(&warm))), 2, "an object and a record");
    let captured = 1_u64;
    assert_eq!(requests(&|| heap.set_unraisable_hook(move |_| assert_eq!(captured, 1))), 1);
    assert_eq!(requests(&|| heap.set_soft_limit(1 << 40, move |_, _| assert_eq!(captured, 1))), 1);
    assert_eq!(requests(&|| heap.set_soft_limit(1 << 40, |_, _| ())), 0, "a closure without captures");
    assert_eq!(
        requests(&|| {
            let block = raw.allocate(layout(40)).unwrap();
            // SAFETY: in use, with these layouts; only the new addresses are used.
            unsafe {
                let block = raw.grow(block.cast(), layout(40), layout(400)).unwrap();
                let block = raw.grow(block.cast(), layout(400), layout(4000)).unwrap();
                let block = raw.grow(block.cast(), layout(4000), layout(40_000)).unwrap();
                raw.deallocate(block.cast(), layout(40_000));
            }
            assert_eq!(raw.allocate_zeroed(layout(0)).unwrap().len(), 0);
        }),
        4
    );
    heap.check();
}

#[test]
fn raw_bytes_are_refused_and_never_collect() {
    let heap = manual_heap();
    heap.set_trigger(Trigger::Allocation);
    let log = Log::new();
    leak_ring(&heap, &log, "n", 3);
    let mut list = LastFirst::new_in(heap.allocator());
    heap.refuse_allocations(1..=2);
    list.try_reserve(10).expect("number 0 is granted");
    let room = list.capacity() as u64;
    list.extend(0..room);
    assert!(list.try_reserve(1).is_err() && list.try_reserve(1000).is_err());
    assert!(list.try_reserve(1000).is_ok());
    assert_eq!((heap.allocation_requests(), log.len()), (4, 0));
    heap.check();
    drop(list);
    heap.refuse_allocations(0..0);
    heap.check();
}

#[test]
fn what_shrinks_is_never_refused() {
    let heap = manual_heap();
    let raw = heap.allocator();
    let layout = |size| std::alloc::Layout::from_size_align(size, 8).unwrap();
    for (large, small) in [(100_000, 600), (100_000, 16), (512, 16)] {
        let block = raw.allocate(layout(large)).unwrap();
        heap.refuse_allocations(..);
        // SAFETY: in use, with these layouts; only the new address is used.
        unsafe {
            let block = raw.shrink(block.cast(), layout(large), layout(small)).expect("what shrinks stays");
            heap.check();
            raw.deallocate(block.cast(), layout(small));
        }
        heap.refuse_allocations(0..0);
        heap.check();
    }
    let mut external = heap.add_external(1000);
    heap.refuse_allocations(..);
    assert!(external.resize(10).is_ok() && external.resize(11).is_err());
    assert_eq!((external.bytes(), heap.allocation_requests()), (10, 1));
}

#[test]
fn an_allocator_without_a_heap_refuses_too() {
    let raw = RawAllocator::new();
    raw.refuse_allocations(0..2);
    assert!(raw.allocate(10, 8).is_none() && raw.allocate(10_000, 8).is_none());
    let block = raw.allocate(10, 8).expect("number 2");
    raw.refuse_allocations(0..);
    // SAFETY: in use; a refused block stays as it is.
    unsafe {
        assert!(raw.reallocate(block, 1000).is_none());
        assert_eq!(raw.allocation_requests(), 1);
        raw.free(block);
    }
    raw.check();
    raw.refuse_allocations(0..0);
    assert!(raw.allocate_zeroed(10, 8).is_some());
    raw.check();
}

#[test]
fn an_object_collects_at_a_refusal_where_a_limit_would() {
    let log = Log::new();
    for (trigger, dropped) in [(Trigger::Allocation, 3), (Trigger::Safepoint, 0), (Trigger::Manual, 0)] {
        let heap = Heap::new();
        heap.set_trigger(Trigger::Manual);
        leak_ring(&heap, &log, "n", 3);
        heap.set_trigger(trigger);
        heap.disable();
        heap.refuse_allocations(0..1);
        assert!(heap.try_alloc(1).is_err(), "refused as a whole, whatever the collection frees");
        assert_eq!(log.take().len(), dropped);
        assert_eq!(heap.allocation_requests(), 1);
        heap.refuse_allocations(1..2);
        let external = heap.try_add_external(10).expect("number 0");
        assert!(heap.try_add_external(10).is_err());
        drop(external);
        assert_eq!(heap.external_bytes(), 0);
        heap.check();
        drop(heap);
        log.take();
    }
}

#[test]
fn user_code_that_a_refusal_runs_makes_requests_of_its_own() {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Manual);
    let (log, seen) = (Log::new(), Rc::new(RefCell::new(Vec::new())));
    let node = Node::alloc(&heap, &log, "node");
    let results = seen.clone();
    Node::on_finalize(&node, move |node| {
        let allocate = |heap: &Heap| (heap.try_alloc(0).is_ok(), heap.allocation_requests());
        let (first, second) = (Gc::with_heap(node, allocate), Gc::with_heap(node, allocate));
        results.borrow_mut().extend([first, second]);
    });
    node.link(&node);
    drop(node);
    heap.set_trigger(Trigger::Allocation);
    heap.refuse_allocations(0..=1);
    // Number 0 is refused; the finalizer's are 1 and 2.
    let error = heap.try_alloc(1).unwrap_err();
    assert_eq!(*seen.borrow(), [(false, 2), (true, 3)]);
    assert_eq!(error.limit(), None);
    heap.check();
}

#[test]
fn refusals_and_limits_are_kept_at_once_and_told_apart() {
    let heap = manual_heap();
    heap.set_memory_limit(Some(heap.used_bytes()));
    heap.refuse_allocations(1..2);
    let limits: [Option<usize>; 3] = std::array::from_fn(|_| heap.try_alloc([0_u8; 600]).unwrap_err().limit());
    assert_eq!(limits, [heap.memory_limit(), None, heap.memory_limit()]);
    let mut externals: Vec<OutOfMemory<()>> = Vec::new();
    heap.refuse_allocations(0..1);
    (0..2).for_each(|_| externals.extend(heap.try_add_external(1 << 30).err()));
    assert_eq!([externals[0].limit(), externals[1].limit()], [None, heap.memory_limit()]);
    heap.set_memory_limit(None);
    heap.check();
    // Stress mode and counting close the same gate.
    heap.set_trigger(Trigger::Allocation);
    heap.set_stress(1);
    heap.set_counting(true);
    heap.refuse_allocations(2..3);
    assert_eq!(granted(&heap, 5), [0, 1, 3, 4]);
    heap.refuse_allocations(0..0);
    assert_eq!(granted(&heap, 3), [0, 1, 2]);
    let counts = heap.allocation_counts();
    assert_eq!((counts.allocated, counts.freed), (7, 7));
    assert!(heap.get_stats()[0].collections > 0);
    heap.set_stress(0);
    heap.set_counting(false);
    heap.check();
}

#[test]
fn user_code_in_an_allocation_may_begin_and_end_refusals() {
    let heap = Heap::new();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    heap.set_soft_limit(heap.used_bytes() + 1000, move |heap, _| {
        count.set(count.get() + 1);
        if count.get() == 1 { heap.refuse_allocations(..) } else { heap.refuse_allocations(0..0) }
    });
    drop(heap.add_external(2000));
    assert!(heap.try_alloc(1).is_err(), "begun before the request was numbered");
    heap.refuse_allocations(1..);
    drop(heap.add_external(2000));
    assert!(heap.try_alloc(1).is_ok(), "ended before it was numbered");
    assert_eq!((calls.get(), heap.allocation_requests()), (2, 0));
    heap.check();
}

#[test]
fn a_closed_heap_and_one_that_closes_refuse_too() {
    let heap = manual_heap();
    let log = Log::new();
    let reports = quiet(&heap);
    let held: AnyGc = Gc::as_any(&heap.alloc(7));
    let factory = heap.factory();
    leak_ring(&heap, &log, "n", 3);
    heap.finalize(&held, log.clone(), |log| log.push("exit"));
    heap.refuse_allocations(..);
    drop(heap);
    assert_eq!(log.take().len(), 4, "closing needs no memory");
    assert!(reports.is_empty());
    assert!(factory.try_alloc(1).is_err());
    held.with_heap(|heap| {
        assert!(heap.try_alloc(1).is_err() && heap.try_add_external(1).is_err());
        heap.check();
        heap.refuse_allocations(1..2);
        assert_eq!(granted(heap, 3), [0, 2]);
        heap.refuse_allocations(0..0);
        assert_eq!(granted(heap, 3), [0, 1, 2]);
        heap.check();
    });
    assert!(factory.try_alloc(1).is_ok());
}

#[test]
fn what_can_be_done_without_is_no_error() {
    let heap = manual_heap();
    heap.refuse_allocations(u64::MAX..);
    let nodes: Vec<Gc<RefCell<Option<AnyGc>>>> = (0..2000).map(|_| heap.alloc(RefCell::default())).collect();
    assert!(heap.allocation_requests() > 2000, "the list of young objects grows");
    let heap = manual_heap();
    let (log, count) = (Log::new(), 2000);
    // Every other request is refused; an object's comes again.
    for number in 0..count {
        heap.refuse_allocations(1..);
        let node = heap.alloc(RefCell::new(None::<AnyGc>));
        *node.borrow_mut() = Some(Gc::as_any(&node));
        assert!(number < 256 || heap.allocation_requests() <= 2);
    }
    heap.check();
    heap.refuse_allocations(..);
    assert_eq!(heap.collect(Generation::Old), count, "a collection needs no memory");
    heap.refuse_allocations(0..0);
    heap.check();
    drop((nodes, log));
}
