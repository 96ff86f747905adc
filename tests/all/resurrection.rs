//! Finalizers that make their object reachable again.

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, WeakRef, callback};
use tailbite_tests::{Log, Node, manual_heap, ring};

type Saved = Rc<RefCell<Vec<Gc<Node>>>>;

fn save_on_finalize(node: &Gc<Node>, saved: &Saved) {
    let saved = saved.clone();
    Node::on_finalize(node, move |node| saved.borrow_mut().push(node.clone()));
}

#[test]
fn by_count() {
    let heap = manual_heap();
    let (log, saved) = (Log::new(), Saved::default());
    let node = Node::alloc(&heap, &log, "n");
    save_on_finalize(&node, &saved);
    let weak = Gc::downgrade(&node);
    let watched = log.clone();
    let watch = WeakRef::with_callback(&node, callback(move |_: &AnyGc| watched.push("callback")));
    drop(node);
    assert_eq!(log.take(), ["finalize n"]);
    let back = saved.borrow_mut().pop().expect("it was saved");
    assert!(heap.is_finalized(&back));
    assert_eq!(Gc::strong_count(&back), 1);
    assert!(weak.upgrade().is_some() && watch.is_alive(), "all weak references are still armed");
    drop(back);
    assert_eq!(log.take(), ["callback", "drop n"], "the finalizer does not run again");
    assert!(weak.upgrade().is_none());
}

#[test]
fn in_a_collection() {
    let heap = manual_heap();
    let (log, saved) = (Log::new(), Saved::default());
    let nodes = ring(&heap, &log, "n", 3);
    save_on_finalize(&nodes[0], &saved);
    let weak = Gc::downgrade(&nodes[1]);
    let plain = WeakRef::new(&nodes[1]);
    let watched = log.clone();
    let watch = WeakRef::with_callback(&nodes[1], callback(move |_: &AnyGc| watched.push("callback")));
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 0, "resurrected objects are not counted");
    assert_eq!(log.take(), ["callback", "finalize n0"]);
    assert!(weak.upgrade().is_some() && plain.is_alive(), "plain weak references survive with their object");
    assert!(!watch.is_alive(), "those with a callback are spent");
    assert_eq!(heap.collect(Generation::Old), 0, "it is held");
    saved.borrow_mut().clear();
    assert_eq!(heap.collect(Generation::Old), 3);
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1", "drop n2"], "neither runs again");
    assert!(weak.upgrade().is_none() && !plain.is_alive());
}

#[test]
fn what_a_resurrected_object_reaches_stays_and_the_rest_goes() {
    let heap = manual_heap();
    let (log, saved) = (Log::new(), Saved::default());
    let kept = ring(&heap, &log, "kept", 3);
    let gone = ring(&heap, &log, "gone", 3);
    gone[0].link(&kept[0]);
    save_on_finalize(&kept[2], &saved);
    drop((kept, gone));
    assert_eq!(heap.collect(Generation::Old), 3);
    assert_eq!(log.take_sorted(), ["drop gone0", "drop gone1", "drop gone2", "finalize kept2"]);
    assert_eq!(heap.get_stats()[2].collected, 3);
    saved.borrow_mut().clear();
    assert_eq!(heap.collect(Generation::Old), 3);
}

#[test]
fn resurrected_objects_grow_old() {
    let heap = manual_heap();
    let (log, saved) = (Log::new(), Saved::default());
    let nodes = ring(&heap, &log, "n", 2);
    save_on_finalize(&nodes[0], &saved);
    drop(nodes);
    heap.collect(Generation::Young);
    saved.borrow_mut().clear();
    assert_eq!(heap.collect(Generation::Young), 0);
    assert_eq!(heap.collect(Generation::Middle), 2);
}

#[test]
fn all_of_a_ring_save_themselves() {
    let heap = manual_heap();
    let (log, saved) = (Log::new(), Saved::default());
    let nodes = ring(&heap, &log, "n", 50);
    nodes.iter().for_each(|node| save_on_finalize(node, &saved));
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 0);
    assert_eq!(saved.borrow().len(), 50);
    heap.check();
    let last = saved.borrow_mut().pop();
    saved.borrow_mut().clear();
    assert_eq!(heap.collect(Generation::Old), 0);
    drop(last);
    assert_eq!(heap.collect(Generation::Old), 50);
    assert_eq!(log.len(), 100);
}

#[test]
fn a_finalizer_that_breaks_the_cycle() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 10);
    nodes.iter().for_each(|node| Node::on_finalize(node, |node| node.unlink()));
    drop(nodes);
    heap.collect(Generation::Old);
    let events = log.take();
    for index in 0..10 {
        assert_eq!(events.iter().filter(|event| **event == format!("finalize n{index}")).count(), 1);
        assert_eq!(events.iter().filter(|event| **event == format!("drop n{index}")).count(), 1);
    }
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn one_breaks_the_cycle_and_another_saves_itself() {
    for saver in 0..6 {
        for breaker in 0..6 {
            let heap = manual_heap();
            let (log, saved) = (Log::new(), Saved::default());
            let nodes = ring(&heap, &log, "n", 6);
            for (index, node) in nodes.iter().enumerate() {
                if index == breaker {
                    let saved = (saver == breaker).then(|| saved.clone());
                    Node::on_finalize(node, move |node| {
                        node.unlink();
                        saved.iter().for_each(|saved| saved.borrow_mut().push(node.clone()));
                    });
                } else if index == saver {
                    save_on_finalize(node, &saved);
                }
            }
            drop(nodes);
            heap.collect(Generation::Old);
            // From the saved one along the ring to the breaker, whose edge is gone.
            let alive = (breaker + 6 - saver) % 6 + 1;
            assert_eq!(heap.tracked_objects(), alive, "saver {saver}, breaker {breaker}: {log:?}");
            heap.check();
            saved.borrow_mut().clear();
            heap.collect(Generation::Old);
            assert_eq!(heap.object_count(), 0);
        }
    }
}

#[test]
fn a_callback_that_saves_through_a_plain_weak_reference() {
    // A callback runs before finalizers, when plain weak references still see the garbage.
    let heap = manual_heap();
    let (log, saved) = (Log::new(), Saved::default());
    let nodes = ring(&heap, &log, "n", 2);
    let (weak, save) = (Gc::downgrade(&nodes[1]), saved.clone());
    let watch = WeakRef::with_callback(&nodes[0], callback(move |_: &AnyGc| save.borrow_mut().extend(weak.upgrade())));
    drop(nodes);
    let collected = heap.collect(Generation::Old);
    let alive = saved.borrow().len();
    if alive == 1 {
        assert_eq!((collected, log.len()), (0, 0), "what a callback found must live");
        assert!(saved.borrow()[0].cells[0].take().is_some_and(|node| node.name() == "n0"));
    } else {
        assert_eq!((collected, log.len()), (2, 2), "what it did not find is gone");
    }
    heap.check();
    assert!(!watch.is_alive());
    saved.borrow_mut().clear();
    heap.collect(Generation::Old);
    assert_eq!(heap.tracked_objects() - usize::from(heap.is_tracked(&watch)), 0);
}
