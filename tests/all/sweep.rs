//! Garbage that owns only handles, which is reclaimed in one pass: what it held of the living is let go, and what dies by it dies in the same
//! collection, after the blocks of the garbage are free.

mod other_heaps;
mod random;
mod tails;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, WeakRef, callback};
use tailbite_tests::{Log, Node, chain, manual_heap, quiet};

/// Owns two handles, and nothing else that has to be dropped.
#[derive(Trace)]
pub(crate) struct Pair {
    pub(crate) next: Cell<Option<Gc<Pair>>>,
    pub(crate) held: Cell<Option<AnyGc>>,
    pub(crate) number: u64,
}

impl Pair {
    pub(crate) fn alloc(heap: &Heap, number: u64, held: Option<AnyGc>) -> Gc<Pair> {
        heap.alloc(Pair { next: Cell::new(None), held: Cell::new(held), number })
    }
}

/// Makes garbage: a ring of as many pairs as there are things, each of which holds one.
pub(crate) fn leak_pairs(heap: &Heap, held: impl IntoIterator<Item = AnyGc>) -> usize {
    let pairs: Vec<_> = held.into_iter().map(|one| Pair::alloc(heap, 0, Some(one))).collect();
    for (index, pair) in pairs.iter().enumerate() {
        pair.next.set(Some(pairs[(index + 1) % pairs.len()].clone()));
    }
    pairs.len()
}

/// An object that a young collection leaves alone.
fn old_node(heap: &Heap, log: &Log, name: &str) -> Gc<Node> {
    let node = Node::alloc(heap, log, name);
    heap.collect(Generation::Old);
    node
}

#[test]
fn pairs_own_only_handles() {
    assert!(Pair::owns_only_handles());
}

#[test]
fn the_counts_of_the_living_fall_by_as_many_handles_as_were_held() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "living");
    let text = Gc::erase(heap.alloc_str("text"));
    for count in [1, 2, 1000] {
        let made = leak_pairs(&heap, (0..count).map(|_| Gc::as_any(&node)));
        assert_eq!(Gc::strong_count(&node), 1 + count);
        assert_eq!(heap.collect(Generation::Young), made);
        let made = leak_pairs(&heap, (0..count).map(|_| text.clone()));
        assert_eq!(heap.collect(Generation::Old), made);
        assert_eq!((Gc::strong_count(&node), text.strong_count(), heap.object_count()), (1, 1, 2));
        heap.check();
    }
    assert!(log.is_empty());
    drop(node);
    assert_eq!(log.take(), ["drop living"]);
}

#[test]
fn what_had_its_last_reference_there_dies_in_the_same_collection() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes: Vec<_> = (0..100).map(|n| Gc::erase(Node::alloc(&heap, &log, format!("n{n}")))).collect();
    heap.collect(Generation::Old);
    let made = leak_pairs(&heap, nodes.iter().chain(&nodes).cloned());
    drop(nodes);
    assert_eq!(heap.collect(Generation::Young), made);
    let events = log.take();
    let unique: std::collections::HashSet<_> = events.iter().collect();
    assert_eq!((events.len(), unique.len(), heap.object_count()), (100, 100, 0));
    heap.check();
}

#[test]
fn leaves_that_only_garbage_held_are_dropped_once() {
    let heap = manual_heap();
    let log = Log::new();
    let made = leak_pairs(&heap, (0..50).map(|n| Gc::erase(heap.alloc(log.probe(format!("{n:02}"))))));
    assert_eq!(heap.object_count(), 100);
    assert_eq!(heap.collect(Generation::Old), made);
    let expected: Vec<_> = (0..50).map(|n| format!("drop {n:02}")).collect();
    assert_eq!((log.take_sorted(), heap.object_count()), (expected, 0));
    heap.check();
}

/// The blocks are free by then: a finalizer counts no garbage, and its own objects can take their places.
#[test]
fn finalizers_of_what_dies_see_the_heap_without_the_garbage() {
    let heap = Rc::new(manual_heap());
    let log = Log::new();
    let node = old_node(&heap, &log, "old");
    let made_there = Rc::new(RefCell::new(Vec::new()));
    let (inner, kept) = (heap.clone(), made_there.clone());
    Node::on_finalize(&node, move |node| {
        assert_eq!(inner.tracked_objects(), 1, "itself");
        assert_eq!(inner.collect(Generation::Old), 0, "a collection is under way");
        // Some that live on, and some that are garbage next time, in the blocks that are free now.
        kept.borrow_mut().extend((0..500).map(|n| Pair::alloc(&inner, n, Some(Gc::as_any(node)))));
        kept.borrow_mut().iter().for_each(|pair| pair.held.set(None));
        let text = Gc::erase(inner.alloc_str("text"));
        leak_pairs(&inner, (0..500).map(|_| text.clone()));
    });
    let made = leak_pairs(&heap, (0..2000).map(|_| Gc::as_any(&node)));
    drop(node);
    assert_eq!(heap.collect(Generation::Young), made);
    assert_eq!(log.take(), ["finalize old", "drop old"]);
    heap.check();
    assert_eq!(heap.object_count(), 1001);
    assert!(made_there.borrow().iter().zip(0..).all(|(pair, n)| pair.number == n));
    let watch = Gc::downgrade(&made_there.borrow()[7]);
    assert_eq!(heap.collect(Generation::Old), 500);
    heap.check();
    assert_eq!((heap.object_count(), watch.upgrade().is_some()), (500, true));
    made_there.borrow_mut().clear();
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn finalizers_of_what_dies_run_once_each_with_its_drop_after_it() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes: Vec<_> = (0..10).map(|n| Node::alloc(&heap, &log, format!("{n}"))).collect();
    nodes.iter().for_each(|node| Node::on_finalize(node, |_| {}));
    heap.collect(Generation::Old);
    let made = leak_pairs(&heap, nodes.iter().map(Gc::as_any));
    drop(nodes);
    assert_eq!(heap.collect(Generation::Young), made);
    let events = log.take();
    assert_eq!(events.len(), 20, "{events:?}");
    for n in 0..10 {
        let at = |what: &str| events.iter().position(|event| *event == format!("{what} {n}")).expect("it happened");
        assert!(at("finalize") < at("drop"), "{events:?}");
    }
    heap.check();
}

#[test]
fn what_a_finalizer_saves_lives_on() {
    let heap = manual_heap();
    let log = Log::new();
    let saved: Rc<RefCell<Vec<Gc<Node>>>> = Rc::default();
    let node = old_node(&heap, &log, "saved");
    let sink = saved.clone();
    Node::on_finalize(&node, move |node| sink.borrow_mut().push(node.clone()));
    let made = leak_pairs(&heap, [Gc::as_any(&node), Gc::as_any(&node)]);
    drop(node);
    assert_eq!(heap.collect(Generation::Young), made);
    assert_eq!(log.take(), ["finalize saved"]);
    heap.check();
    assert_eq!((Gc::strong_count(&saved.borrow()[0]), heap.object_count()), (1, 1));
    assert_eq!(heap.collect(Generation::Old), 0);
    saved.borrow_mut().clear();
    assert_eq!((log.take(), heap.object_count()), (vec!["drop saved".to_owned()], 0));
    heap.check();
}

#[test]
fn panics_of_what_dies_are_reported_and_stop_nothing() {
    let heap = manual_heap();
    let log = Log::new();
    let reports = quiet(&heap);
    let nodes: Vec<_> = (0..12).map(|n| Node::alloc(&heap, &log, format!("{n}"))).collect();
    for (index, node) in nodes.iter().enumerate() {
        match index % 3 {
            0 => node.on_drop(|| panic!("drop")),
            1 => Node::on_finalize(node, |_| panic!("finalizer")),
            _ => {}
        }
    }
    heap.collect(Generation::Old);
    let made = leak_pairs(&heap, nodes.iter().map(Gc::as_any));
    drop(nodes);
    assert_eq!(heap.collect(Generation::Young), made);
    assert_eq!(log.take().iter().filter(|event| event.starts_with("drop")).count(), 12);
    assert_eq!((reports.len(), heap.object_count()), (8, 0));
    heap.check();
    assert_eq!(leak_pairs(&heap, [Gc::erase(heap.alloc(1))]), heap.collect(Generation::Young), "the heap is as before");
    heap.check();
}

#[test]
fn a_long_list_of_the_old_dies_with_it_on_little_stack() {
    tailbite_tests::on_small_stack(|| {
        let heap = manual_heap();
        let log = Log::new();
        let first = chain(&heap, &log, "", 50_000).swap_remove(0);
        heap.collect(Generation::Old);
        leak_pairs(&heap, [Gc::erase(first)]);
        assert_eq!(heap.collect(Generation::Young), 1);
        assert_eq!((log.len(), heap.object_count()), (50_000, 0));
        heap.check();
    });
}

#[test]
fn weak_references_to_what_dies_are_cleared_and_called_back() {
    let heap = manual_heap();
    let log = Log::new();
    let node = old_node(&heap, &log, "old");
    let (weak, watched) = (Gc::downgrade(&node), log.clone());
    let watch = WeakRef::with_callback(&node, callback(move |_: &AnyGc| watched.push("callback")));
    leak_pairs(&heap, [Gc::erase(node)]);
    assert_eq!(heap.collect(Generation::Young), 1);
    assert_eq!(log.take(), ["callback", "drop old"]);
    assert!(weak.upgrade().is_none() && !watch.is_alive());
    heap.check();
}

#[test]
fn weak_references_to_the_garbage_are_cleared() {
    let heap = manual_heap();
    let living = Gc::erase(heap.alloc(1));
    for watched in 0..5 {
        let pairs: Vec<_> = (0..5).map(|n| Pair::alloc(&heap, n, Some(living.clone()))).collect();
        (0..5).for_each(|n| pairs[n].next.set(Some(pairs[(n + 1) % 5].clone())));
        let weak = Gc::downgrade(&pairs[watched]);
        let reference = WeakRef::new(&pairs[watched]);
        drop(pairs);
        assert!(weak.upgrade().is_some());
        assert_eq!(heap.collect(Generation::Old), 5);
        assert!(weak.upgrade().is_none() && !reference.is_alive());
        assert_eq!(living.strong_count(), 1);
        heap.check();
    }
}

#[test]
fn garbage_of_both_sorts_goes_together() {
    let heap = manual_heap();
    let log = Log::new();
    let living = Gc::erase(heap.alloc_str("living"));
    let old = Gc::erase(old_node(&heap, &log, "old"));
    let pairs: Vec<_> = (0..20).map(|n| Pair::alloc(&heap, n, Some(living.clone()))).collect();
    let nodes: Vec<_> = (0..20).map(|n| Node::alloc(&heap, &log, format!("{n}"))).collect();
    for n in 0..20 {
        pairs[n].next.set(Some(pairs[(n + 1) % 20].clone()));
        nodes[n].hold(pairs[n].clone());
        nodes[n].hold(living.clone());
        pairs[(n + 7) % 20].held.set(Some(Gc::as_any(&nodes[n])));
    }
    nodes[3].hold(old.clone());
    drop((pairs, nodes, old));
    assert_eq!(heap.collect(Generation::Young), 40);
    assert_eq!((log.len(), log.count("drop old"), living.strong_count(), heap.object_count()), (21, 1, 1, 1));
    heap.check();
}

#[test]
fn immortal_and_frozen_objects_are_let_go_and_stay() {
    let heap = manual_heap();
    let log = Log::new();
    let (immortal, frozen) = (Node::alloc(&heap, &log, "immortal"), Node::alloc(&heap, &log, "frozen"));
    heap.make_immortal(&immortal);
    heap.freeze();
    let made = leak_pairs(&heap, [Gc::as_any(&immortal), Gc::as_any(&frozen), Gc::as_any(&frozen)]);
    drop(immortal);
    assert_eq!((heap.collect(Generation::Old), Gc::strong_count(&frozen)), (made, 1));
    assert!(log.is_empty());
    leak_pairs(&heap, [Gc::erase(frozen)]);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!((log.take(), heap.object_count()), (vec!["drop frozen".to_owned()], 1));
    heap.check();
}

#[test]
fn the_debug_heap_finds_no_fault_in_it() {
    let heap = manual_heap();
    heap.set_debug_heap(true);
    let reports = quiet(&heap);
    let log = Log::new();
    for round in 0..3 {
        let old = old_node(&heap, &log, "old");
        let living = Gc::erase(heap.alloc(round));
        let made = leak_pairs(&heap, (0..300).map(|_| living.clone()).chain([Gc::erase(old)]));
        assert_eq!(heap.collect(Generation::Young), made);
        assert_eq!((log.take().len(), living.strong_count(), heap.object_count()), (1, 1, 1));
        heap.check();
    }
    heap.collect(Generation::Old);
    assert_eq!(reports.messages(), [""; 0]);
}
