//! What the garbage of one heap holds of another, which may be in the middle of a collection of its own.

use std::cell::Cell;
use std::rc::Rc;

use tailbite::{Gc, Generation, Heap};
use tailbite_tests::{Log, Node, manual_heap, ring};

use super::{Pair, leak_pairs};

#[test]
fn the_living_of_another_heap_are_let_go() {
    let (a, b) = (manual_heap(), manual_heap());
    let log = Log::new();
    let node = Node::alloc(&b, &log, "b");
    let made = leak_pairs(&a, (0..100).map(|_| Gc::as_any(&node)));
    assert_eq!((a.collect(Generation::Old), Gc::strong_count(&node)), (made, 1));
    assert_eq!((b.collect(Generation::Old), b.object_count()), (0, 1));
    assert!(log.is_empty());
    a.check();
    b.check();
}

#[test]
fn what_dies_in_another_heap_does_so_after_the_garbage() {
    let (a, b) = (Rc::new(manual_heap()), manual_heap());
    let log = Log::new();
    let node = Node::alloc(&b, &log, "b");
    let inner = a.clone();
    Node::on_finalize(&node, move |node| {
        assert_eq!(inner.object_count(), 0);
        let born = Gc::with_heap(node, |heap| leak_pairs(heap, [Gc::as_any(node), Gc::as_any(node)]));
        assert_eq!(born, 2);
    });
    let made = leak_pairs(&a, (0..100).map(|_| Gc::as_any(&node)));
    drop(node);
    assert_eq!(a.collect(Generation::Old), made);
    assert_eq!((log.take(), b.object_count()), (vec!["finalize b".to_owned()], 3), "held by a ring of its own now");
    assert_eq!((b.collect(Generation::Old), b.object_count()), (3, 0));
    assert_eq!(log.take(), ["drop b"]);
    a.check();
    b.check();
}

#[test]
fn garbage_that_held_the_last_handle_into_a_heap_that_was_dropped() {
    let (a, b) = (manual_heap(), manual_heap());
    let log = Log::new();
    let made = leak_pairs(&a, (0..10).map(|n| Gc::erase(Node::alloc(&b, &log, format!("{n}")))));
    drop(b);
    assert!(log.is_empty());
    assert_eq!((a.collect(Generation::Old), log.len()), (made, 10));
    a.check();
}

/// A finalizer of `b`, which has found a ring unreachable, makes garbage of `a` that holds the ring, and collects `a`: then nothing of `a` holds it,
/// and it goes as if that had never been.
fn unreachable_objects_held_by_garbage(of_nodes: bool, count: usize) {
    let (a, b) = (Rc::new(manual_heap()), Rc::new(manual_heap()));
    let log = Log::new();
    let nodes = ring(&b, &log, "n", 3);
    let pairs: Vec<_> = (0..3).map(|n| Pair::alloc(&b, n, Some(Gc::as_any(&nodes[0])))).collect();
    (0..3).for_each(|n| pairs[n].next.set(Some(pairs[(n + 1) % 3].clone())));
    nodes[0].hold(pairs[0].clone());
    let (inner, pair) = (a.clone(), Gc::downgrade(&pairs[1]));
    Node::on_finalize(&nodes[1], move |node| {
        let held = if of_nodes {
            node.cells[0].take().map(|next| {
                let copy = Gc::as_any(&next);
                node.set(0, Some(next));
                copy
            })
        } else {
            pair.upgrade().map(Gc::erase)
        };
        let held = held.expect("it is still there");
        let before = held.strong_count();
        let made = leak_pairs(&inner, (0..count).map(|_| held.clone()));
        assert_eq!((held.strong_count(), inner.collect(Generation::Old)), (before + count, made));
        assert_eq!(held.strong_count(), before, "let go");
        assert_eq!(inner.object_count(), 0);
        inner.check();
    });
    drop((nodes, pairs));
    assert_eq!(b.collect(Generation::Old), 6);
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1", "drop n2", "finalize n1"]);
    assert_eq!(b.object_count(), 0);
    a.check();
    b.check();
}

#[test]
fn what_another_heap_has_found_unreachable_is_let_go_all_the_same() {
    for of_nodes in [false, true] {
        for count in [1, 2, 50] {
            unreachable_objects_held_by_garbage(of_nodes, count);
        }
    }
}

/// The garbage of the inner collection holds objects of all heaps that are in the middle of theirs.
#[test]
fn collections_within_collections_of_many_heaps() {
    const HEAPS: usize = 6;
    let heaps: Rc<Vec<Heap>> = Rc::new((0..HEAPS).map(|_| manual_heap()).collect());
    let log = Log::new();
    let deepest = Rc::new(Cell::new(0));
    let rings: Rc<Vec<_>> = Rc::new(
        heaps
            .iter()
            .enumerate()
            .map(|(index, heap)| {
                let nodes = ring(heap, &log, &format!("{index}-"), 2);
                Gc::downgrade(&nodes[0])
            })
            .collect(),
    );
    for (index, weak) in rings.iter().enumerate() {
        let node = weak.upgrade().expect("it is garbage, not gone");
        let (heaps, rings, deepest) = (Rc::clone(&heaps), Rc::clone(&rings), deepest.clone());
        Node::on_finalize(&node, move |_| {
            deepest.set(deepest.get().max(index));
            // Garbage of the next heap that holds all that is being collected, and a ring of its own.
            if let Some(next) = heaps.get(index + 1) {
                let held = rings.iter().take(index + 2).filter_map(|ring| ring.upgrade()).map(Gc::erase);
                let made = leak_pairs(next, held);
                assert_eq!(next.collect(Generation::Old), made + 2);
            }
        });
    }
    assert_eq!(heaps[0].collect(Generation::Old), 2);
    assert_eq!((deepest.get(), log.len()), (HEAPS - 1, 3 * HEAPS));
    for heap in heaps.iter() {
        assert_eq!(heap.object_count(), 0);
        heap.check();
    }
}

/// A death in another heap, in the pass, collects that heap and the first one: the one is under way, the other isn't.
#[test]
fn finalizers_of_what_dies_collect_the_other_heap() {
    let (a, b) = (Rc::new(manual_heap()), Rc::new(manual_heap()));
    let log = Log::new();
    let node = Node::alloc(&b, &log, "b");
    let (first, second) = (a.clone(), b.clone());
    let living = Gc::erase(a.alloc_str("living"));
    let text = living.clone();
    Node::on_finalize(&node, move |_| {
        let made = leak_pairs(&second, (0..20).map(|_| text.clone()));
        let again = leak_pairs(&first, (0..20).map(|_| text.clone()));
        assert_eq!((second.collect(Generation::Old), first.collect(Generation::Old)), (made, 0));
        assert_eq!(again, 20);
    });
    let made = leak_pairs(&a, (0..20).map(|_| Gc::as_any(&node)));
    drop(node);
    assert_eq!(a.collect(Generation::Old), made);
    assert_eq!(log.take(), ["finalize b", "drop b"]);
    assert_eq!(a.collect(Generation::Old), 20);
    assert_eq!((living.strong_count(), a.object_count(), b.object_count()), (1, 1, 0));
    a.check();
    b.check();
}
