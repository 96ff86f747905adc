//! `test_finalization.py`.

use tailbite::WeakRef;
use tailbite_tests::{Log, Node, manual_heap, ring};

use super::{Saved, collect};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Simple,
    Suicidal,
    Resurrecting,
}

/// A ring of nodes of several kinds; after one collection the ids that are alive, and the finalizers that ran.
fn chain_of(kinds: &[Kind]) -> (usize, usize, usize) {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    let nodes = ring(&heap, &log, "n", kinds.len());
    for (index, node) in nodes.iter().enumerate() {
        node.set(1, Some(nodes[(index + kinds.len() - 1) % kinds.len()].clone()));
        let (kind, save) = (kinds[index], saved.clone());
        Node::on_finalize(node, move |node| match kind {
            Kind::Simple => {}
            Kind::Suicidal => node.unlink(),
            Kind::Resurrecting => save.borrow_mut().push(node.clone()),
        });
    }
    drop(nodes);
    collect(&heap);
    heap.check();
    let finalized = log.take().iter().filter(|event| event.starts_with("finalize")).count();
    let alive = heap.tracked_objects();
    for node in saved.take() {
        drop(node);
    }
    collect(&heap);
    let again = log.take().iter().filter(|event| event.starts_with("finalize")).count();
    assert_eq!(heap.object_count(), 0);
    (finalized, alive, again)
}

#[test]
fn test_homogenous() {
    assert_eq!(chain_of(&[Kind::Simple; 3]), (3, 0, 0));
}

#[test]
fn test_homogenous_resurrect() {
    assert_eq!(chain_of(&[Kind::Resurrecting; 3]), (3, 3, 0));
}

#[test]
fn test_homogenous_suicidal() {
    assert_eq!(chain_of(&[Kind::Suicidal; 3]), (3, 0, 0));
}

#[test]
fn test_heterogenous_suicidal_one() {
    assert_eq!(chain_of(&[Kind::Suicidal, Kind::Simple, Kind::Suicidal, Kind::Simple]), (4, 0, 0));
}

#[test]
fn test_heterogenous_suicidal_two() {
    let kinds = [Kind::Suicidal, Kind::Suicidal, Kind::Simple, Kind::Simple, Kind::Suicidal, Kind::Simple];
    assert_eq!(chain_of(&kinds), (6, 0, 0));
}

#[test]
fn test_heterogenous_resurrect_one() {
    let (finalized, alive, again) = chain_of(&[Kind::Resurrecting, Kind::Simple, Kind::Resurrecting, Kind::Simple]);
    assert_eq!((finalized, alive, again), (4, 4, 0));
}

#[test]
fn test_heterogenous_resurrect_two() {
    let kinds = [Kind::Resurrecting, Kind::Resurrecting, Kind::Suicidal, Kind::Simple];
    let (finalized, alive, again) = chain_of(&kinds);
    assert_eq!((finalized, again), (4, 0));
    assert!(alive >= 2);
}

#[test]
fn test_heterogenous_resurrect_three() {
    let kinds = [Kind::Suicidal, Kind::Resurrecting, Kind::Suicidal, Kind::Resurrecting];
    let (finalized, alive, again) = chain_of(&kinds);
    assert_eq!((finalized, again), (4, 0));
    assert!(alive >= 2);
}

#[test]
fn test_simple_resurrect() {
    // By count: weak references stay alive, and the second death has no finalizer.
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    let node = Node::alloc(&heap, &log, "n");
    let save = saved.clone();
    Node::on_finalize(&node, move |node| save.borrow_mut().push(node.clone()));
    let weak = WeakRef::new(&node);
    drop(node);
    assert!(weak.is_alive());
    saved.borrow_mut().clear();
    assert!(!weak.is_alive());
    assert_eq!(log.take(), ["finalize n", "drop n"]);
}
