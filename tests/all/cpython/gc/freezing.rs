//! GCTests: the permanent generation.

use tailbite::{Gc, Generation};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

use super::super::collect;

#[test]
fn test_freeze() {
    let (heap, log) = (manual_heap(), Log::new());
    assert_eq!(heap.get_freeze_count(), 0);
    let old = ring(&heap, &log, "old", 2);
    heap.collect(Generation::Old);
    heap.collect(Generation::Young);
    let young = ring(&heap, &log, "young", 3);
    assert_eq!(heap.get_count(), [3, 1, 0]);
    let collections = heap.get_stats().map(|stats| stats.collections);
    heap.freeze();
    assert_eq!(heap.get_freeze_count(), 5);
    assert_eq!(heap.get_count(), [0, 0, 0]);
    assert!(heap.get_objects(None).is_empty());
    assert_eq!(heap.get_stats().map(|stats| stats.collections), collections, "nothing is collected");
    // What was frozen is not examined; what came later is, and more can be frozen.
    drop((old, young));
    leak_ring(&heap, &log, "later", 1);
    assert_eq!((collect(&heap), log.take()), (1, vec!["drop later0".to_owned()]));
    let more = Node::alloc(&heap, &log, "more");
    heap.freeze();
    assert_eq!(heap.get_freeze_count(), 6);
    heap.unfreeze();
    assert_eq!(heap.get_freeze_count(), 0);
    let found = heap.get_objects(Some(Generation::Old));
    assert!(found.contains(&Gc::as_any(&more)) && found.len() == 6, "all are old now");
    drop(found);
    assert_eq!((heap.collect(Generation::Young), heap.collect(Generation::Middle)), (0, 0));
    assert_eq!(collect(&heap), 5);
    assert_eq!(heap.tracked_objects(), 1);
    heap.check();
}

#[test]
fn test_traverse_frozen_objects() {
    // Garbage refers to a frozen object: a collection reaches it and leaves it alone.
    let (heap, log) = (manual_heap(), Log::new());
    let x = Node::alloc(&heap, &log, "x");
    let child = Node::alloc(&heap, &log, "child");
    x.link(&child);
    drop(child);
    heap.freeze();
    let y = Node::alloc(&heap, &log, "y");
    y.link(&x);
    y.link(&y);
    drop(y);
    assert_eq!(collect(&heap), 1);
    assert_eq!(log.take(), ["drop y"]);
    assert_eq!((Gc::strong_count(&x), heap.get_freeze_count()), (1, 2));
    heap.check();
    heap.unfreeze();
    assert_eq!(collect(&heap), 0);
    // Frozen objects die by count as others do.
    heap.freeze();
    drop(x);
    assert_eq!(log.take(), ["drop x", "drop child"]);
    assert_eq!(heap.get_freeze_count(), 0);
    heap.check();
}
