//! GCTests: finalizers that keep their objects.

use tailbite::Gc;
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::super::{Saved, collect};

/// A node that refers to itself, to which nobody has a handle, and whose finalizer saves it.
fn leak_lazarus(heap: &tailbite::Heap, log: &Log, saved: &Saved) {
    let save = saved.clone();
    let node = Node::alloc(heap, log, "lazarus");
    Node::on_finalize(&node, move |node| save.borrow_mut().push(node.clone()));
    node.link(&node);
}

#[test]
fn test_resurrection_only_happens_once_per_object() {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    leak_lazarus(&heap, &log, &saved);
    assert!(saved.borrow().is_empty());
    assert_eq!(collect(&heap), 0);
    assert_eq!((saved.borrow().len(), log.count("finalize lazarus")), (1, 1));
    drop(saved.take());
    assert_eq!(collect(&heap), 1);
    assert_eq!((saved.borrow().len(), log.count("finalize lazarus")), (0, 1));
    assert_eq!(log.count("drop lazarus"), 1);
}

#[test]
fn test_resurrection_is_transitive() {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    let save = saved.clone();
    let cargo = Node::alloc(&heap, &log, "cargo");
    cargo.link(&cargo);
    let node = Node::alloc(&heap, &log, "lazarus");
    Node::on_finalize(&node, move |node| save.borrow_mut().push(node.clone()));
    node.link(&cargo);
    cargo.link(&node);
    let at = Gc::as_any(&cargo).address();
    drop((node, cargo));
    assert_eq!(collect(&heap), 0);
    let lazarus = saved.borrow_mut().pop().expect("saved");
    assert_eq!(log.take(), ["finalize lazarus"]);
    assert_eq!(Gc::as_any(&lazarus.list.borrow()[0]).address(), at);
    drop(lazarus);
    assert_eq!(collect(&heap), 2);
}

#[test]
fn test_resurrection_does_not_block_cleanup_of_other_objects() {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    let n = 100;
    let run = || {
        let before = heap.get_stats()[2];
        let count = collect(&heap);
        let after = heap.get_stats()[2];
        assert_eq!(after.collected - before.collected, count as u64);
        assert_eq!(after.uncollectable, 0);
        count
    };
    collect(&heap);
    // Without one that comes back.
    (0..n).for_each(|_| leak_ring(&heap, &log, "a", 1));
    assert_eq!(run(), n);
    // Only one that comes back: nothing is collected.
    leak_lazarus(&heap, &log, &saved);
    assert_eq!(run(), 0);
    // It does not keep others from being collected.
    (0..n).for_each(|_| leak_ring(&heap, &log, "a", 1));
    leak_lazarus(&heap, &log, &saved);
    assert_eq!(run(), n);
    // Both are there until they are let go.
    assert_eq!(saved.borrow().len(), 2);
    drop(saved.take());
    assert_eq!(run(), 2);
    assert_eq!(heap.object_count(), 0);
}
