//! What counting cannot free and the collector does.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};

use tailbite::{AnyGc, Gc, Generation, Trace};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

#[test]
fn rings_of_all_lengths() {
    let heap = manual_heap();
    for count in [1, 2, 3, 10, 1000] {
        let log = Log::new();
        leak_ring(&heap, &log, "n", count);
        assert!(log.is_empty());
        assert_eq!(heap.collect(Generation::Old), count);
        assert_eq!(log.len(), count);
        assert_eq!(heap.tracked_objects(), 0);
        heap.check();
    }
}

#[test]
fn what_a_handle_reaches_stays() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 5);
    let outside = nodes[3].clone();
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 0);
    assert!(log.is_empty());
    drop(outside);
    assert_eq!(heap.collect(Generation::Old), 5);
    assert_eq!(log.len(), 5);
}

#[test]
fn what_garbage_held_dies_with_it() {
    let heap = manual_heap();
    let log = Log::new();
    let kept = Node::alloc(&heap, &log, "kept");
    let nodes = ring(&heap, &log, "ring", 3);
    let tail = Node::alloc(&heap, &log, "tail");
    tail.link(&kept);
    nodes[1].link(&tail);
    nodes[2].link(&kept);
    drop((nodes, tail));
    assert_eq!(Gc::strong_count(&kept), 3);
    assert_eq!(heap.collect(Generation::Old), 4);
    assert_eq!(log.take_sorted(), ["drop ring0", "drop ring1", "drop ring2", "drop tail"]);
    assert_eq!(Gc::strong_count(&kept), 1);
}

#[test]
fn an_untracked_leaf_in_garbage_dies_once() {
    let heap = manual_heap();
    let log = Log::new();
    let leaf = heap.alloc(log.probe("leaf"));
    let node = Node::alloc(&heap, &log, "node");
    node.link(&node);
    node.hold(leaf.clone());
    node.hold(leaf.clone());
    drop(leaf);
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!(log.take_sorted(), ["drop leaf", "drop node"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn parallel_edges_count_each() {
    let heap = manual_heap();
    let log = Log::new();
    let a = Node::alloc(&heap, &log, "a");
    let b = Node::alloc(&heap, &log, "b");
    for _ in 0..1000 {
        a.link(&b);
        b.link(&a);
        a.link(&a);
    }
    drop(a);
    assert_eq!(heap.collect(Generation::Old), 0);
    drop(b);
    assert_eq!(heap.collect(Generation::Old), 2);
}

#[test]
fn two_rings_that_hang_together() {
    let heap = manual_heap();
    let log = Log::new();
    let first = ring(&heap, &log, "a", 4);
    let second = ring(&heap, &log, "b", 4);
    first[0].link(&second[0]);
    let keep = second[2].clone();
    drop((first, second));
    assert_eq!(heap.collect(Generation::Old), 4, "the first ring is held by nobody");
    assert_eq!(heap.collect(Generation::Old), 0);
    drop(keep);
    assert_eq!(heap.collect(Generation::Old), 4);
}

#[test]
fn a_complete_graph() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes: Vec<_> = (0..60).map(|index| Node::alloc(&heap, &log, index.to_string())).collect();
    for from in &nodes {
        for to in &nodes {
            from.link(to);
        }
    }
    let weak = Gc::downgrade(&nodes[7]);
    drop(nodes);
    let keep = weak.upgrade().expect("garbage is alive until it is collected");
    assert_eq!(heap.collect(Generation::Old), 0);
    assert_eq!(Gc::strong_count(&keep), 61);
    drop(keep);
    assert_eq!(heap.collect(Generation::Old), 60);
    assert!(weak.upgrade().is_none());
}

#[derive(Trace)]
enum Value {
    List(RefCell<Vec<Gc<Value>>>),
    Map(RefCell<HashMap<String, Gc<Value>>>),
    Tree(RefCell<BTreeMap<u32, Option<Gc<Value>>>>),
    Queue(RefCell<VecDeque<(u8, Gc<Value>)>>),
    Any(RefCell<Option<AnyGc>>),
}

#[test]
fn cycles_through_containers() {
    let heap = manual_heap();
    let list = heap.alloc(Value::List(RefCell::default()));
    let map = heap.alloc(Value::Map(RefCell::default()));
    let tree = heap.alloc(Value::Tree(RefCell::default()));
    let queue = heap.alloc(Value::Queue(RefCell::default()));
    let any = heap.alloc(Value::Any(RefCell::default()));
    let all = [list, map, tree, queue, any];
    for (index, value) in all.iter().enumerate() {
        let next = all[(index + 1) % all.len()].clone();
        match &**value {
            Value::List(items) => items.borrow_mut().push(next),
            Value::Map(items) => drop(items.borrow_mut().insert("next".into(), next)),
            Value::Tree(items) => drop(items.borrow_mut().insert(1, Some(next))),
            Value::Queue(items) => items.borrow_mut().push_back((1, next)),
            Value::Any(item) => *item.borrow_mut() = Some(next.into()),
        }
    }
    assert_eq!(heap.collect(Generation::Old), 0);
    drop(all);
    assert_eq!(heap.collect(Generation::Old), 5);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn cycles_of_slices() {
    type Item = RefCell<Option<AnyGc>>;
    let heap = manual_heap();
    let slice: Gc<[Item]> = heap.alloc_slice((0..4).map(|_| RefCell::new(None)));
    for item in slice.iter() {
        *item.borrow_mut() = Some(Gc::as_any(&slice));
    }
    assert_eq!(Gc::strong_count(&slice), 5);
    drop(slice);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn collecting_twice_finds_nothing_more() {
    let heap = manual_heap();
    let log = Log::new();
    let kept = ring(&heap, &log, "kept", 10);
    for round in 0..20 {
        leak_ring(&heap, &log, "gone", 10);
        assert_eq!(heap.collect(Generation::Old), 10, "round {round}");
        assert_eq!(heap.collect(Generation::Old), 0);
        assert_eq!(log.take().len(), 10);
    }
    assert_eq!(heap.tracked_objects(), 10);
    drop(kept);
    heap.collect(Generation::Old);
    assert_eq!(log.len(), 10);
}

#[test]
fn large_objects_in_cycles() {
    #[derive(Trace)]
    struct Large {
        filler: [u64; 5000],
        edge: RefCell<Option<Gc<Large>>>,
    }
    let heap = manual_heap();
    let a = heap.alloc(Large { filler: [1; 5000], edge: RefCell::default() });
    let b = heap.alloc(Large { filler: [2; 5000], edge: RefCell::new(Some(a.clone())) });
    *a.edge.borrow_mut() = Some(b.clone());
    assert_eq!(a.filler[4999] + b.filler[0], 3);
    drop(a);
    assert_eq!(heap.collect(Generation::Young), 0);
    drop(b);
    assert_eq!(heap.collect(Generation::Young), 0, "they are in the middle generation now");
    assert_eq!(heap.collect(Generation::Middle), 2);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}
