//! `test_gc.py`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Trigger, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

use super::{Call, Saved, collect};

#[test]
fn test_list() {
    type List = RefCell<Vec<AnyGc>>;
    let heap = manual_heap();
    let list: Gc<List> = heap.alloc(RefCell::default());
    list.borrow_mut().push(Gc::as_any(&list));
    collect(&heap);
    drop(list);
    assert_eq!(collect(&heap), 1);
}

#[test]
fn test_tuple() {
    // A tuple and the list that holds it.
    let heap = manual_heap();
    let list = heap.alloc(RefCell::new(Vec::<AnyGc>::new()));
    let tuple: Gc<[AnyGc]> = heap.alloc_slice([Gc::as_any(&list)]);
    list.borrow_mut().push(Gc::as_any(&tuple));
    drop((list, tuple));
    assert_eq!(collect(&heap), 2);
}

#[test]
fn test_instance() {
    let (heap, log) = (manual_heap(), Log::new());
    leak_ring(&heap, &log, "a", 1);
    assert_eq!(collect(&heap), 1);
    assert_eq!(collect(&heap), 0);
}

#[test]
fn test_function_tp_clear_leaves_consistent_state() {
    // A weak reference made inside a finalizer is dead before payloads are dropped.
    let (heap, log) = (manual_heap(), Log::new());
    let nodes = ring(&heap, &log, "n", 2);
    let made: Rc<RefCell<Option<Gc<WeakRef>>>> = Rc::default();
    let (make, check) = (made.clone(), made.clone());
    Node::on_finalize(&nodes[0], move |node| *make.borrow_mut() = Some(WeakRef::new(node)));
    let events = log.clone();
    nodes[1].on_drop(move || {
        let alive = check.borrow().as_ref().expect("the finalizer ran").is_alive();
        events.push(format!("alive {alive}"));
    });
    drop(nodes);
    assert_eq!(collect(&heap), 2);
    assert_eq!(log.count("alive false"), 1, "{log:?}");
}

#[test]
fn test_del() {
    // A finalizer may set off a collection.
    let (heap, log) = (Heap::new(), Log::new());
    heap.set_threshold([1, 1, 1]);
    for _ in 0..50 {
        let node = Node::alloc(&heap, &log, "n");
        Node::on_finalize(&node, |node| Gc::with_heap(node, |heap| leak_ring(heap, node.log(), "more", 2)));
    }
    assert_eq!(log.count("drop n"), 50);
}

#[test]
fn test_get_count() {
    let (heap, log) = (manual_heap(), Log::new());
    collect(&heap);
    assert_eq!(heap.get_count(), [0, 0, 0]);
    let node = Node::alloc(&heap, &log, "n");
    assert_eq!(heap.get_count(), [1, 0, 0]);
    drop(node);
}

#[test]
fn test_collect_generations() {
    let (heap, log) = (manual_heap(), Log::new());
    collect(&heap);
    let _node = Node::alloc(&heap, &log, "n");
    let after = |generation| {
        heap.collect(generation);
        let [_, middle, old] = heap.get_count();
        (middle, old)
    };
    assert_eq!(after(Generation::Young), (1, 0));
    assert_eq!(after(Generation::Middle), (0, 1));
    assert_eq!(after(Generation::Old), (0, 0));
    assert_eq!((after(Generation::Young), after(Generation::Young)), ((1, 0), (2, 0)));
}

#[test]
fn test_trashcan() {
    // Nested containers whose finalizers collect.
    let (heap, log) = (manual_heap(), Log::new());
    for _ in 0..100 {
        let mut node = Node::alloc(&heap, &log, "n");
        for _ in 0..150 {
            let outer = Node::alloc(&heap, &log, "n");
            Node::on_finalize(&outer, |node| {
                Gc::with_heap(node, collect);
            });
            outer.link(&node);
            node = outer;
        }
    }
    assert_eq!(log.count("drop n"), 15_100);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn test_is_tracked() {
    let (heap, log) = (manual_heap(), Log::new());
    assert!(!heap.is_tracked(&heap.alloc(1_u8)));
    assert!(!heap.is_tracked(&heap.alloc(String::from("a"))));
    assert!(!heap.is_tracked(&heap.alloc_str("a")));
    assert!(!heap.is_tracked(&heap.alloc((1_u8, vec![String::new()]))));
    assert!(!heap.is_tracked(&heap.alloc_slice([1.5_f64, 2.0])));
    assert!(heap.is_tracked(&Node::alloc(&heap, &log, "n")));
    assert!(heap.is_tracked(&heap.alloc(Vec::<AnyGc>::new())));
    assert!(heap.is_tracked(&Gc::as_any(&Node::alloc(&heap, &log, "n"))));
}

#[test]
fn test_is_finalized() {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    let save = saved.clone();
    let node = Node::alloc(&heap, &log, "lazarus");
    Node::on_finalize(&node, move |node| save.borrow_mut().push(node.clone()));
    assert!(!heap.is_finalized(&node));
    node.link(&node);
    drop(node);
    collect(&heap);
    assert!(heap.is_finalized(&saved.borrow()[0]));
    assert!(!heap.is_finalized(&heap.alloc(3_u8)));
    saved.borrow_mut().clear();
    collect(&heap);
    assert_eq!(log.take(), ["finalize lazarus", "drop lazarus"]);
}

#[test]
fn test_bug1055820b() {
    // A callback sees all weak references with callbacks to the trash already cleared.
    let (heap, log) = (manual_heap(), Log::new());
    let nodes: Vec<_> = (0..2).map(|index| Node::alloc(&heap, &log, format!("n{index}"))).collect();
    nodes.iter().for_each(|node| node.link(node));
    let watches: Rc<RefCell<Vec<Gc<WeakRef>>>> = Rc::default();
    for node in &nodes {
        let (all, log) = (watches.clone(), log.clone());
        let watch = WeakRef::with_callback(
            node,
            callback(move |_: &AnyGc| {
                let alive = all.borrow().iter().filter(|watch| watch.is_alive()).count();
                log.push(format!("alive {alive}"));
            }),
        );
        watches.borrow_mut().push(watch);
    }
    drop(nodes);
    assert_eq!(collect(&heap), 2);
    assert_eq!(log.count("alive 0"), 2, "{log:?}");
    watches.borrow_mut().clear();
}

#[test]
fn test_bug21435() {
    // A finalizer clears the cycle that holds its own object while all of it is being finalized.
    let (heap, log) = (manual_heap(), Log::new());
    for _ in 0..2 {
        let [a, b, c] = ["a", "b", "c"].map(|name| Node::alloc(&heap, &log, name));
        a.link(&b);
        b.link(&a);
        b.link(&c);
        c.link(&b);
        let weak = Gc::downgrade(&a);
        Node::on_finalize(&b, move |b| {
            b.unlink();
            if let Some(a) = weak.upgrade() {
                a.unlink();
            }
        });
        drop((a, b, c));
        collect(&heap);
    }
    assert_eq!((log.count("drop a"), log.count("drop b"), log.count("drop c")), (2, 2, 2));
    heap.check();
}

#[test]
fn test_get_stats() {
    let heap = manual_heap();
    collect(&heap);
    let old = heap.get_stats();
    heap.collect(Generation::Young);
    let new = heap.get_stats();
    assert_eq!(new[0].collections, old[0].collections + 1);
    assert_eq!((new[1], new[2]), (old[1], old[2]));
    collect(&heap);
    let newest = heap.get_stats();
    assert_eq!(newest[2].collections, new[2].collections + 1);
    assert_eq!((newest[0], newest[1]), (new[0], new[1]));
}

#[test]
fn test_get_objects_generations() {
    // Restated without get_objects: the generation shows in what finds the object once it is garbage.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    for generation in Generation::ALL {
        heap.collect(generation);
    }
    drop(node);
    assert_eq!(heap.collect(Generation::Young), 0);
    assert_eq!(heap.collect(Generation::Middle), 0);
    assert_eq!(heap.collect(Generation::Old), 1);
}

#[test]
fn test_resurrection_only_happens_once_per_object() {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    let save = saved.clone();
    let node = Node::alloc(&heap, &log, "lazarus");
    Node::on_finalize(&node, move |node| save.borrow_mut().push(node.clone()));
    node.link(&node);
    drop(node);
    assert_eq!(collect(&heap), 0);
    assert_eq!(saved.borrow().len(), 1);
    saved.borrow_mut().clear();
    assert_eq!(collect(&heap), 1);
    assert_eq!(saved.borrow().len(), 0);
}

#[test]
fn test_resurrection_is_transitive() {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    let save = saved.clone();
    let cargo = Node::alloc(&heap, &log, "cargo");
    let node = Node::alloc(&heap, &log, "lazarus");
    Node::on_finalize(&node, move |node| save.borrow_mut().push(node.clone()));
    node.link(&cargo);
    cargo.link(&node);
    let at = Gc::as_any(&cargo).address();
    drop((node, cargo));
    collect(&heap);
    assert_eq!(Gc::as_any(&saved.borrow()[0].list.borrow()[0]).address(), at);
    saved.borrow_mut().clear();
    assert_eq!(collect(&heap), 2);
}

#[test]
fn test_resurrection_does_not_block_cleanup_of_other_objects() {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    let n = 20;
    for _ in 0..n {
        leak_ring(&heap, &log, "a", 2);
    }
    assert_eq!(collect(&heap), 2 * n);
    for round in 0..2 {
        let node = Node::alloc(&heap, &log, "z");
        let save = saved.clone();
        Node::on_finalize(&node, move |node| save.borrow_mut().push(node.clone()));
        node.link(&node);
        drop(node);
        for _ in 0..n {
            leak_ring(&heap, &log, "a", 2);
        }
        let before = heap.get_stats()[2].collected;
        assert_eq!(collect(&heap), 2 * n, "round {round}");
        assert_eq!(heap.get_stats()[2].collected - before, 2 * n as u64);
        assert_eq!(saved.borrow_mut().drain(..).count(), 1);
        assert_eq!(collect(&heap), 1);
    }
}

#[test]
fn test_trash_weakref_clear() {
    // The referent is trash behind an edge that nobody reports; its weak reference is trash too, and does not call.
    struct Hidden(#[expect(dead_code, reason = "it only holds")] RefCell<Option<AnyGc>>);
    tailbite::leaf!(Hidden);
    let (heap, log) = (manual_heap(), Log::new());
    let referent = Node::alloc(&heap, &log, "referent");
    let holder = Node::alloc(&heap, &log, "holder");
    holder.hold(WeakRef::with_callback(&referent, Call::new(&log, "c")));
    holder.hold(heap.alloc(Hidden(RefCell::new(Some(Gc::as_any(&referent))))));
    holder.link(&holder);
    drop((holder, referent));
    collect(&heap);
    assert_eq!(log.count("call c"), 0, "{log:?}");
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn test_do_not_cleanup_type_subclasses_before_finalization() {
    // Plain weak references are still valid while finalizers run.
    let (heap, log) = (manual_heap(), Log::new());
    let nodes = ring(&heap, &log, "n", 2);
    let reference = WeakRef::new(&nodes[0]);
    nodes[1].hold(reference.clone());
    Node::on_finalize(&nodes[1], move |node| node.log().push(format!("alive {}", reference.is_alive())));
    drop(nodes);
    collect(&heap);
    assert_eq!(log.count("alive true"), 1);
}

#[test]
fn test_heap_size() {
    let (heap, log) = (manual_heap(), Log::new());
    let before = heap.tracked_objects();
    let node = Node::alloc(&heap, &log, "n");
    assert_eq!(heap.tracked_objects(), before + 1);
    drop(node);
    assert_eq!(heap.tracked_objects(), before);
}

/// Old objects with callbacks watch young trash: whatever the callbacks can get must not be trash (SF 1055820).
fn bug1055820(with_finalizer: bool) {
    let (heap, log) = (manual_heap(), Log::new());
    let c0 = Node::alloc(&heap, &log, "c0");
    let c2_watch: Rc<RefCell<Option<Gc<WeakRef>>>> = Rc::default();
    let c1 = Node::alloc(&heap, &log, "c1");
    let c2 = Node::alloc(&heap, &log, "c2");
    c1.link(&c1);
    c2.link(&c1);
    c2.link(&c2);
    let plain = Gc::downgrade(&c2);
    let found = Rc::new(Cell::new(0));
    let count = found.clone();
    if with_finalizer {
        Node::on_finalize(&c1, move |_| count.set(count.get() + usize::from(plain.upgrade().is_some())));
    } else {
        *c2_watch.borrow_mut() = Some(WeakRef::with_callback(
            &c1,
            callback(move |_: &AnyGc| {
                if let Some(node) = plain.upgrade() {
                    // Seen alive means intact: its edges are there.
                    assert_eq!(node.list.borrow().len(), 2);
                    count.set(count.get() + 1);
                }
            }),
        ));
    }
    drop((c1, c2));
    heap.collect(Generation::Young);
    heap.check();
    collect(&heap);
    assert_eq!((log.count("drop c1"), log.count("drop c2")), (1, 1));
    drop((c0, c2_watch));
}

#[test]
fn test_bug1055820c() {
    bug1055820(false);
}

#[test]
fn test_bug1055820d() {
    bug1055820(true);
}

#[test]
fn test_indirect_calls_with_gc_disabled() {
    let (heap, log) = (Heap::new(), Log::new());
    heap.disable();
    for _ in 0..10_000 {
        leak_ring(&heap, &log, "n", 1);
    }
    assert!(log.is_empty());
    assert_eq!(heap.get_stats().map(|stats| stats.collections), [0; 3]);
}

#[test]
fn test_threshold_zero() {
    let (heap, log) = (Heap::new(), Log::new());
    heap.set_threshold([0, 10, 10]);
    let kept: Vec<_> = (0..50_000).map(|_| Node::alloc(&heap, &log, "n")).collect();
    assert_eq!(heap.get_stats().map(|stats| stats.collections), [0; 3]);
    assert_eq!(heap.get_count()[0], kept.len());
}

// Section 1.4 of the reference: the sequence of triggers at safepoints is the same as at allocation.

#[test]
fn trigger_sequence_at_safepoints() {
    let (heap, log) = (Heap::new(), Log::new());
    heap.set_trigger(Trigger::Safepoint);
    heap.set_threshold([10, 2, 2]);
    let mut kept = Vec::new();
    let mut sequence = Vec::new();
    for _ in 0..11 * 13 {
        let before = heap.get_stats();
        kept.push(Node::alloc(&heap, &log, "n"));
        heap.safepoint();
        let after = heap.get_stats();
        sequence.extend((0..3).filter(|&index| after[index].collections > before[index].collections));
    }
    assert_eq!(sequence, [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2]);
}
