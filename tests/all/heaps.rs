//! Several heaps, heaps that end before their handles, and thread-locals that end in any order.

use std::cell::{Cell, RefCell};

use tailbite::{AnyGc, Gc, Generation, Heap, Weak, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

#[test]
fn handles_outlive_their_heap() {
    let log = Log::new();
    let heap = Heap::new();
    let node = Node::alloc(&heap, &log, "n");
    let child = Node::alloc(&heap, &log, "child");
    node.link(&child);
    drop((child, heap));
    let clone = node.clone();
    assert_eq!((Gc::strong_count(&clone), clone.name()), (2, "n"));
    let weak = Gc::downgrade(&clone);
    drop(node);
    assert!(log.is_empty());
    assert!(weak.upgrade().is_some());
    drop(clone);
    assert_eq!(log.take(), ["drop n", "drop child"]);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_guard_outlives_the_heap_of_its_object() {
    let log = Log::new();
    let heap = manual_heap();
    let mut node = Node::alloc(&heap, &log, "lent");
    let child = Node::alloc(&heap, &log, "child");
    leak_ring(&heap, &log, "gone", 2);
    let mut lent = Gc::get_mut(&mut node).expect("the only handle");
    lent.list.get_mut().push(child);
    drop(heap);
    assert_eq!(log.take().len(), 2);
    lent.list.get_mut().clear();
    assert_eq!(log.take(), ["drop child"]);
    drop(lent);
    drop(node);
    assert_eq!(log.take(), ["drop lent"]);
}

#[test]
fn every_use_of_a_handle_works_after_its_heap() {
    let log = Log::new();
    let heap = Heap::new();
    let mut numbers = heap.alloc(vec![1]);
    let text = heap.alloc_str("text");
    let node = Node::alloc(&heap, &log, "n");
    let watch = WeakRef::new(&node);
    drop(heap);
    Gc::get_mut(&mut numbers).expect("the only handle").push(2);
    let shared = numbers.clone();
    Gc::make_mut(&mut numbers).push(3);
    assert_eq!((numbers.len(), shared.len(), &*text), (3, 2, "text"));
    let erased = Gc::as_any(&text);
    assert!(erased.is::<str>());
    let born = Gc::with_heap(&text, |heap| heap.alloc(7_u64));
    assert_eq!(*born, 7, "a closed heap still allocates");
    let watched = log.clone();
    let late = WeakRef::with_callback(&node, callback(move |_: &AnyGc| watched.push("callback")));
    assert!(watch.get().is_some());
    drop(node);
    assert_eq!(log.take(), ["callback", "drop n"]);
    assert!(!watch.is_alive() && !late.is_alive());
    assert_eq!(Gc::try_unwrap(numbers).expect("the only handle"), [1, 2, 3]);
}

#[test]
fn closing_collects_what_is_garbage() {
    let log = Log::new();
    let heap = manual_heap();
    leak_ring(&heap, &log, "ring", 3);
    let saver = Node::alloc(&heap, &log, "saver");
    saver.link(&saver);
    Node::on_finalize(&saver, |_| {});
    drop(saver);
    drop(heap);
    let events = log.take_sorted();
    assert_eq!(events, ["drop ring0", "drop ring1", "drop ring2", "drop saver", "finalize saver"]);
}

#[test]
fn closing_leaves_what_is_held() {
    let log = Log::new();
    let heap = manual_heap();
    let nodes = ring(&heap, &log, "n", 3);
    Node::on_finalize(&nodes[0], |_| {});
    let held = nodes[1].clone();
    drop((nodes, heap));
    assert!(log.is_empty(), "objects that are held are not finalized by closing");
    assert_eq!(held.cells[0].take().expect("the edge is there").name(), "n2");
    drop(held);
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1", "drop n2", "finalize n0"]);
}

#[test]
fn finalizers_that_save_at_closing() {
    let log = Log::new();
    let saved = std::rc::Rc::new(RefCell::new(Vec::new()));
    let heap = manual_heap();
    for node in ring(&heap, &log, "n", 3) {
        let saved = saved.clone();
        Node::on_finalize(&node, move |node| saved.borrow_mut().push(node.clone()));
    }
    drop(heap);
    assert_eq!(saved.borrow().len(), 3);
    assert!(log.take().iter().all(|event| event.starts_with("finalize")));
    for node in saved.borrow().iter() {
        node.unlink();
    }
    saved.borrow_mut().clear();
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1", "drop n2"]);
}

#[test]
fn finalizers_that_make_new_garbage_at_closing_come_to_an_end() {
    fn again(node: &Gc<Node>) {
        Gc::with_heap(node, |heap| {
            let next = Node::alloc(heap, node.log(), "next");
            next.link(&next);
            Node::on_finalize(&next, again);
        });
    }
    let log = Log::new();
    let heap = manual_heap();
    let node = Node::alloc(&heap, &log, "first");
    node.link(&node);
    Node::on_finalize(&node, again);
    drop(node);
    drop(heap);
    assert_eq!(log.count("drop first"), 1);
}

#[test]
fn heaps_do_not_see_each_other() {
    let (a, b) = (manual_heap(), manual_heap());
    let log = Log::new();
    leak_ring(&a, &log, "a", 2);
    leak_ring(&b, &log, "b", 3);
    assert_eq!((a.tracked_objects(), b.tracked_objects()), (2, 3));
    assert_eq!(b.collect(Generation::Old), 3);
    assert_eq!(a.get_stats()[2].collections, 0);
    assert_eq!(a.collect(Generation::Old), 2);
}

#[test]
fn edges_between_heaps_hold() {
    let (a, b) = (manual_heap(), manual_heap());
    let log = Log::new();
    let in_a = Node::alloc(&a, &log, "a");
    let in_b = ring(&b, &log, "b", 2);
    in_a.link(&in_b[0]);
    drop(in_b);
    assert_eq!(b.collect(Generation::Old), 0, "held from the other heap");
    assert_eq!(a.collect(Generation::Old), 0);
    drop(in_a);
    assert_eq!(log.take(), ["drop a"]);
    assert_eq!(b.collect(Generation::Old), 2);
}

#[test]
fn garbage_lets_go_of_other_heaps() {
    let (a, b) = (manual_heap(), manual_heap());
    let log = Log::new();
    let nodes = ring(&a, &log, "a", 2);
    let leaf = Node::alloc(&b, &log, "b");
    nodes[0].link(&leaf);
    drop((leaf, nodes));
    assert_eq!(a.collect(Generation::Old), 2);
    assert_eq!(log.take_sorted(), ["drop a0", "drop a1", "drop b"]);
    a.check();
    b.check();
}

#[test]
fn cycles_through_two_heaps_leak_and_never_free() {
    let log = Log::new();
    let (a, b) = (manual_heap(), manual_heap());
    let in_a = Node::alloc(&a, &log, "a");
    let in_b = Node::alloc(&b, &log, "b");
    in_a.link(&in_b);
    in_b.link(&in_a);
    let weak = Gc::downgrade(&in_a);
    drop((in_a, in_b));
    assert_eq!((a.collect(Generation::Old), b.collect(Generation::Old)), (0, 0));
    drop(a);
    let found = weak.upgrade().expect("it leaks, documented");
    drop(b);
    found.unlink();
    drop(found);
    assert_eq!(log.take_sorted(), ["drop a", "drop b"]);
}

#[test]
fn collecting_another_heap_inside_a_collection() {
    let (a, b) = (std::rc::Rc::new(manual_heap()), manual_heap());
    let log = Log::new();
    leak_ring(&a, &log, "a", 2);
    let inner = a.clone();
    let node = Node::alloc(&b, &log, "b");
    node.link(&node);
    Node::on_finalize(&node, move |node| {
        node.log().push(format!("inner {}", inner.collect(Generation::Old)));
    });
    drop(node);
    assert_eq!(b.collect(Generation::Old), 1);
    assert_eq!(log.count("inner 2"), 1, "only the same heap is busy: {log:?}");
}

thread_local! {
    static EARLY: RefCell<Vec<AnyGc>> = const { RefCell::new(Vec::new()) };
    static LATE: RefCell<Vec<AnyGc>> = const { RefCell::new(Vec::new()) };
    static WEAK: Cell<Option<Weak<Node>>> = const { Cell::new(None) };
    static DROPPED: Cell<u32> = const { Cell::new(0) };
}

/// What a thread leaves in its thread-locals: objects, a cycle, weak references, and drops that use the runtime again.
fn fill(log_of: &Log, slot: &'static std::thread::LocalKey<RefCell<Vec<AnyGc>>>, own_heap: bool) {
    let make = |heap: &Heap| {
        let node = Node::alloc(heap, log_of, "n");
        node.link(&node);
        node.on_drop(|| {
            // Allocate, collect and drop while thread-locals go away.
            let born = Gc::new(vec![1, 2, 3]);
            assert_eq!(born.len(), 3);
            Heap::with_default(|heap| heap.collect(Generation::Old));
            let _ = DROPPED.try_with(|dropped| dropped.set(dropped.get() + 1));
        });
        Node::on_finalize(&node, |node| drop(node.clone()));
        let leaf = heap.alloc_str("leaf");
        slot.with_borrow_mut(|objects| objects.extend([Gc::as_any(&node), Gc::erase(leaf)]));
        WEAK.set(Some(Gc::downgrade(&node)));
        node.list.borrow_mut().clear();
    };
    if own_heap { make(&manual_heap()) } else { Heap::with_default(make) }
}

#[test]
fn threads_end_with_live_objects_in_thread_locals() {
    for order in 0..8 {
        std::thread::spawn(move || {
            let log = Log::new();
            // Thread-locals are destroyed in an order that depends on their first use.
            if order & 1 == 0 {
                EARLY.with_borrow(|_| ());
            }
            if order & 2 == 0 {
                Heap::with_default(|heap| heap.collect(Generation::Old));
            }
            fill(&log, &EARLY, order & 4 == 0);
            LATE.with_borrow(|_| ());
            fill(&log, &LATE, order & 4 != 0);
        })
        .join()
        .expect("the thread ends without a panic");
    }
}

#[test]
fn threads_end_with_garbage() {
    std::thread::spawn(|| {
        let log = Log::new();
        Heap::with_default(|heap| {
            heap.disable();
            leak_ring(heap, &log, "n", 100);
            let node = Node::alloc(heap, &log, "forgotten");
            std::mem::forget(node);
        });
    })
    .join()
    .expect("the thread ends");
}

#[test]
fn many_heaps_come_and_go() {
    let log = Log::new();
    let mut kept = Vec::new();
    for round in 0..200 {
        let heap = Heap::try_new().expect("there is memory");
        kept.push(Node::alloc(&heap, &log, "kept"));
        leak_ring(&heap, &log, "gone", 3);
        if round % 3 == 0 {
            kept.clear();
        }
    }
    drop(kept);
    assert_eq!((log.count("drop kept"), log.count("drop gone0")), (200, 200));
}

#[test]
fn threads_have_heaps_of_their_own() {
    let threads: Vec<_> = (0..8_usize)
        .map(|seed| {
            std::thread::spawn(move || {
                let log = Log::new();
                let heap = Heap::new();
                for round in 0..200 {
                    leak_ring(&heap, &log, "n", 1 + (round * 7 + seed) % 20);
                    let kept = ring(&heap, &log, "k", 3);
                    heap.collect(Generation::Young);
                    kept[0].unlink();
                }
                heap.collect(Generation::Old);
                assert_eq!(heap.object_count(), 0);
                heap.check();
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
}
