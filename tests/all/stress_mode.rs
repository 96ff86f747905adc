//! Stress mode, switched on at run time.

use std::rc::Rc;

use tailbite::{AnyGc, Generation, Heap, Trigger};
use tailbite_tests::{Log, Node, collecting_heap, leak_ring, manual_heap};

fn collections(heap: &Heap) -> [u64; 3] {
    heap.get_stats().map(|row| row.collections)
}

#[test]
fn collections_are_counted_exactly() {
    for every in [1, 2, 7, 100] {
        let heap = collecting_heap();
        let log = Log::new();
        assert_eq!(heap.stress(), 0);
        drop(heap.alloc(0));
        heap.set_stress(every);
        assert_eq!(heap.stress(), every);
        for n in 1..=1000_usize {
            match n % 5 {
                0 => drop(heap.alloc(n)),
                1 => drop(heap.alloc_str("a text")),
                2 => drop(heap.alloc_slice(vec![0_u8; 20_000])),
                3 => drop(heap.factory().alloc(n as f64)),
                _ => drop(Node::alloc(&heap, &log, "n")),
            }
            assert_eq!(collections(&heap).iter().sum::<u64>(), (n / every) as u64, "{n} / {every}");
        }
        let turns = 1000 / every as u64;
        let full = turns / 16;
        let middle = turns / 2 - full;
        assert_eq!(collections(&heap), [turns - full - middle, middle, full]);
        heap.check();
        heap.set_stress(0);
        for n in 0..1000 {
            drop(heap.alloc(n));
        }
        assert_eq!(collections(&heap).iter().sum::<u64>(), turns);
        heap.check();
    }
}

#[test]
fn garbage_goes_soon() {
    let heap = collecting_heap();
    let log = Log::new();
    heap.set_stress(1);
    for n in 1..100 {
        leak_ring(&heap, &log, "n", 1);
        drop(heap.alloc(n));
        assert_eq!(log.len(), n, "it was young a moment ago");
        leak_ring(&heap, &log, "m", 2);
        (0..16).for_each(|n| drop(heap.alloc(n)));
        assert_eq!(log.take().len(), n + 2, "at the latest by a full collection");
        (0..n).for_each(|_| log.push("earlier"));
    }
    heap.check();
}

#[test]
fn what_is_disabled_does_not_collect_and_does_not_count() {
    let heap = collecting_heap();
    heap.set_stress(10);
    let allocate = |count| (0..count).for_each(|n| drop(heap.alloc(n)));
    allocate(5);
    heap.disable();
    allocate(100);
    heap.set_trigger(Trigger::Manual);
    heap.enable();
    allocate(100);
    assert_eq!(heap.safepoint(), 0);
    heap.set_trigger(Trigger::Allocation);
    allocate(4);
    assert_eq!(collections(&heap), [0, 0, 0]);
    allocate(1);
    assert_eq!(collections(&heap), [1, 0, 0]);
    heap.set_threshold([0, 0, 0]);
    allocate(10);
    assert_eq!(collections(&heap), [1, 1, 0], "thresholds don't matter");
    drop(heap.allocator());
    let raw: Vec<_> =
        (0..100).map(|_| allocator_api2::vec::Vec::<u8, _>::with_capacity_in(50, heap.allocator())).collect();
    assert_eq!((raw.len(), collections(&heap)), (100, [1, 1, 0]), "raw memory doesn't count");
}

#[test]
fn at_safepoints_it_makes_a_collection_due() {
    let heap = manual_heap();
    heap.set_trigger(Trigger::Safepoint);
    let log = Log::new();
    heap.set_stress(3);
    leak_ring(&heap, &log, "n", 3);
    assert_eq!((collections(&heap), log.len()), ([0, 0, 0], 0));
    assert_eq!(heap.safepoint(), 3);
    assert_eq!(heap.safepoint(), 0);
    assert_eq!(collections(&heap), [1, 0, 0]);
    (0..6).for_each(|n| drop(heap.alloc(n)));
    heap.collect(Generation::Young);
    heap.safepoint();
    assert_eq!(collections(&heap), [2, 1, 0], "two were due: one is enough, of the older generation");
    (0..3).for_each(|n| drop(heap.alloc(n)));
    heap.set_stress(0);
    heap.safepoint();
    assert_eq!(collections(&heap), [2, 1, 0], "switched off, nothing is due");
    heap.set_stress(1);
    drop(heap.alloc(1));
    heap.disable();
    heap.enable();
    heap.safepoint();
    assert_eq!(collections(&heap), [2, 1, 0]);
}

#[test]
fn allocations_inside_a_collection_do_not_count() {
    let heap = Rc::new(collecting_heap());
    let log = Log::new();
    let nodes = tailbite_tests::ring(&heap, &log, "n", 2);
    for node in &nodes {
        let heap = heap.clone();
        Node::on_finalize(node, move |_| (0..50).for_each(|n| drop(heap.alloc(n))));
    }
    drop(nodes);
    heap.set_stress(10);
    (0..9).for_each(|n| drop(heap.alloc(n)));
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(collections(&heap), [0, 0, 1]);
    drop(heap.alloc(9));
    assert_eq!(collections(&heap), [1, 0, 1]);
}

#[test]
fn a_closed_heap_has_no_stress() {
    let heap = collecting_heap();
    let log = Log::new();
    let factory = heap.factory::<Node>();
    heap.set_stress(1);
    let node = factory.alloc(Node::new(&log, "n"));
    drop(heap);
    let more = factory.alloc(Node::new(&log, "m"));
    node.link(&more);
    more.link(&node);
    for _ in 0..10 {
        drop(factory.alloc(Node::new(&log, "x")));
    }
    assert_eq!(log.len(), 10);
    node.unlink();
    drop((node, more, factory));
    assert_eq!(log.len(), 12);
}

#[test]
fn no_collection_at_a_safepoint_is_left_out() {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Safepoint);
    heap.set_stress(60);
    let mut kept = Vec::new();
    for safepoint in 1..=20 {
        // All alive: without stress mode, young collections would be left out.
        kept.extend((0..60).map(|_| heap.alloc(None::<AnyGc>)));
        heap.safepoint();
        assert_eq!(collections(&heap).iter().sum::<u64>(), safepoint);
    }
}
