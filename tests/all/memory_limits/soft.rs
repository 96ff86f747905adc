//! The soft limit: a word to the host, at a place where it may do anything.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use allocator_api2::vec::Vec as VecIn;
use tailbite::{Generation, Heap, Trigger, UnraisableContext};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, quiet};

use super::collecting_heap;

/// Sets a soft limit `bytes` above the use, which logs each call.
fn watch(heap: &Heap, bytes: usize) -> Log {
    let log = Log::new();
    let calls = log.clone();
    let limit = heap.used_bytes() + bytes;
    heap.set_soft_limit(limit, move |_, used| calls.push(if used >= limit { "above" } else { "below" }));
    log
}

#[test]
fn each_crossing_is_told_once() {
    let heap = collecting_heap();
    let calls = watch(&heap, 50_000);
    let small = heap.add_external(10_000);
    drop(heap.alloc(1));
    assert!(calls.is_empty());
    for _ in 0..3 {
        let large = heap.add_external(60_000);
        assert!(calls.is_empty(), "not while it crosses");
        drop(heap.alloc(1));
        assert_eq!(calls.take(), ["above"], "but before the next object");
        let more = heap.add_external(60_000);
        drop(heap.alloc(1));
        drop(more);
        drop(heap.alloc(1));
        assert!(calls.is_empty(), "once for each crossing");
        drop(large);
        drop(heap.alloc(1));
        assert!(calls.is_empty());
    }
    // Up and down again before anything was told.
    drop(heap.add_external(60_000));
    drop(heap.add_external(60_000));
    drop(heap.alloc(1));
    assert_eq!(calls.take(), ["below"]);
    drop(small);
    heap.check();
}

#[test]
fn all_kinds_of_memory_can_cross() {
    let log = Log::new();
    for kind in 0..4 {
        let heap = collecting_heap();
        drop(heap.alloc(1));
        let calls = watch(&heap, 100_000);
        let (mut nodes, mut raw, mut large) = (Vec::new(), VecIn::<u64, _>::new_in(heap.allocator()), None);
        match kind {
            0 => nodes.extend((0..3000).map(|_| Node::alloc(&heap, &log, "n"))),
            1 => raw.reserve(20_000),
            2 => large = Some(heap.alloc_slice(vec![0_u8; 120_000])),
            _ => drop(heap.add_external(120_000)),
        }
        drop(heap.alloc(1));
        assert_eq!(calls.len(), 1, "kind {kind}");
        drop((nodes, raw, large));
        heap.check();
    }
}

#[test]
fn it_is_told_where_a_collection_could_run() {
    for trigger in [Trigger::Safepoint, Trigger::Manual] {
        let heap = manual_heap();
        heap.set_trigger(trigger);
        let calls = watch(&heap, 50_000);
        let external = heap.add_external(60_000);
        for _ in 0..100 {
            drop(heap.alloc(1));
            heap.collect(Generation::Young);
        }
        assert!(calls.is_empty(), "{trigger:?}");
        heap.safepoint();
        heap.safepoint();
        assert_eq!(calls.take(), ["above"]);
        drop(external);
        drop(heap.add_external(60_000));
        heap.set_trigger(Trigger::Allocation);
        drop(heap.alloc(1));
        assert_eq!(calls.take(), ["below"], "the next place under the new trigger");
    }
}

#[test]
fn it_is_not_told_inside_a_collection() {
    let heap = Rc::new(collecting_heap());
    let log = Log::new();
    let calls = watch(&heap, 50_000);
    let nodes = tailbite_tests::ring(&heap, &log, "n", 2);
    for node in &nodes {
        let (heap, calls) = (heap.clone(), calls.clone());
        Node::on_finalize(node, move |node| {
            node.hold(heap.alloc_slice(vec![0_u8; 60_000]));
            drop(heap.alloc(1));
            heap.safepoint();
            assert!(calls.is_empty());
            node.log().push("not told");
        });
    }
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(log.count("not told"), 2);
    drop(heap.alloc(1));
    assert_eq!(calls.take(), ["below"]);
}

#[test]
fn the_callback_may_collect_and_allocate() {
    let heap = collecting_heap();
    let log = Log::new();
    leak_ring(&heap, &log, "n", 10);
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    heap.set_soft_limit(heap.used_bytes() + 50_000, move |heap, _| {
        count.set(count.get() + 1);
        assert_eq!(heap.collect(Generation::Old), 10);
        let large = heap.add_external(100_000);
        for n in 0..100 {
            drop(heap.alloc(n));
        }
        heap.safepoint();
        drop(large);
    });
    let external = heap.add_external(60_000);
    let number = heap.alloc(7);
    assert_eq!((*number, calls.get(), log.len()), (7, 1, 10), "never within itself");
    drop(external);
    heap.check();
}

#[test]
fn a_panic_of_the_callback_goes_to_the_hook() {
    let heap = collecting_heap();
    let reports = quiet(&heap);
    heap.set_soft_limit(heap.used_bytes() + 50_000, |_, _| panic!("too much"));
    for _ in 0..3 {
        let external = heap.add_external(60_000);
        assert_eq!(*heap.alloc(7), 7);
        assert_eq!(reports.take(), [(UnraisableContext::SoftLimit, "too much".to_owned())]);
        drop(external);
    }
    assert_eq!(UnraisableContext::SoftLimit.to_string(), "a soft limit callback");
}

#[test]
fn the_callback_may_replace_or_end_itself() {
    let heap = collecting_heap();
    let log = Log::new();
    let base = heap.used_bytes();
    let (calls, probe) = (log.clone(), log.probe("first"));
    heap.set_soft_limit(base + 50_000, move |heap, _| {
        calls.push(format!("call {}", probe.name()));
        let (calls, probe) = (calls.clone(), calls.probe("second"));
        heap.set_soft_limit(heap.used_bytes() + 50_000, move |heap, _| {
            calls.push(format!("call {}", probe.name()));
            heap.clear_soft_limit();
        });
    });
    let mut external = Vec::new();
    for _ in 0..5 {
        external.push(heap.add_external(60_000));
        drop(heap.alloc(1));
    }
    assert_eq!(log.take(), ["call first", "drop first", "call second", "drop second"]);
    heap.set_soft_limit(0, |_, _| unreachable!("the use was above it already"));
    external.clear();
    drop(heap.alloc(1));
    let probe = log.probe("third");
    heap.set_soft_limit(usize::MAX, move |_, _| panic!("{}", probe.name()));
    heap.clear_soft_limit();
    assert_eq!(log.take(), ["drop third"]);
    heap.check();
}

#[test]
fn the_callback_may_drop_the_heap() {
    let heap = Rc::new(RefCell::new(Some(collecting_heap())));
    let log = Log::new();
    let factory = heap.borrow().as_ref().unwrap().factory::<Node>();
    let external = {
        let (place, log) = (heap.clone(), log.clone());
        let heap = heap.borrow();
        let heap = heap.as_ref().unwrap();
        leak_ring(heap, &log, "n", 2);
        let probe = log.probe("callback");
        heap.set_soft_limit(heap.used_bytes() + 50_000, move |_, _| {
            log.push(format!("call {}", probe.name()));
            drop(place.borrow_mut().take());
            log.push("dropped");
        });
        heap.add_external(60_000)
    };
    let node = factory.alloc(Node::new(&log, "late"));
    assert_eq!(log.take(), ["call callback", "drop n0", "drop n1", "dropped", "drop callback"]);
    node.link(&factory.alloc(Node::new(&log, "later")));
    drop(external);
    drop(factory);
    drop(node);
    assert_eq!(log.take(), ["drop late", "drop later"]);
}

#[test]
fn closing_drops_the_callback_and_what_it_holds() {
    let heap = collecting_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "held by the callback");
    node.link(&node);
    let probe = log.probe("callback");
    heap.set_soft_limit(heap.used_bytes() + 50_000, move |_, _| panic!("{} {}", node.name(), probe.name()));
    let external = heap.add_external(60_000);
    drop(heap);
    assert_eq!(log.take_sorted(), ["drop callback", "drop held by the callback"]);
    drop(external);
}
