//! S12 to S15: deaths, deferred or not.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Weak, WeakRef, callback};
use tailbite_tests::{Armed, Log, Node, manual_heap, quiet, ring};

#[test]
fn s12_queued_objects_are_dead_to_weak_references() {
    // A chain that dies by count is queued in part; user code in the middle sees either an intact object or none.
    let heap = manual_heap();
    let log = Log::new();
    let mut node = Node::alloc(&heap, &log, "last");
    let weaks: Rc<RefCell<Vec<Weak<Node>>>> = Rc::default();
    for index in 0..200 {
        let outer = Node::alloc(&heap, &log, "n");
        outer.set(0, Some(node));
        outer.set(1, Some(Node::alloc(&heap, &log, "side")));
        let (seen, log) = (weaks.clone(), log.clone());
        outer.on_drop(move || {
            for weak in seen.borrow().iter() {
                if let Some(node) = weak.upgrade() {
                    assert!(!node.name().is_empty() && Gc::strong_count(&node) >= 2);
                }
            }
            if index % 50 == 0 {
                Heap::with_default(|heap| heap.collect(Generation::Old));
                log.push("collected");
            }
        });
        weaks.borrow_mut().push(Gc::downgrade(&outer));
        node = outer;
    }
    let inner = heap.alloc(0_u8);
    let collect = tailbite_tests::OnDrop::new(move || {
        Gc::with_heap(&inner, |heap| {
            heap.collect(Generation::Old);
            heap.check();
        });
    });
    node.at_drop.set(move || drop(collect));
    drop(node);
    assert_eq!((log.count("drop n"), log.count("drop side"), log.count("drop last")), (200, 200, 1));
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn s13_user_code_sees_its_own_deaths_complete() {
    // In full: `reentrancy::deaths_inside_user_code_complete_before_it_returns` and `..beyond_the_depth_are_deferred_not_lost`.
    let heap = manual_heap();
    let log = Log::new();
    let outer = Node::alloc(&heap, &log, "outer");
    let inner = Cell::new(Some(ring(&heap, &log, "in", 1).remove(0)));
    inner.take().into_iter().for_each(|node| {
        node.unlink();
        inner.set(Some(node));
    });
    Node::on_finalize(&outer, move |outer| {
        drop(inner.take());
        outer.log().push("after");
    });
    drop(outer);
    assert_eq!(log.take(), ["finalize outer", "drop in0", "after", "drop outer"]);
}

#[test]
fn s14_nothing_unwinds_out_of_a_drop() {
    // In full in `panics`. Two objects of one vector that both panic would abort if the first panic came out of the drop.
    let heap = manual_heap();
    let reports = quiet(&heap);
    let armed = Armed::new();
    let both = vec![heap.alloc(armed.bomb("one")), heap.alloc(armed.bomb("two"))];
    drop(both);
    assert_eq!(reports.messages(), ["one", "two"]);
    let slice = heap.alloc_slice([heap.alloc(armed.bomb("three")), heap.alloc(armed.bomb("four"))]);
    drop(slice);
    assert_eq!(reports.messages(), ["three", "four"]);
}

#[test]
fn s15_unwrapping_owns_the_payload_first() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    Node::on_finalize(&node, |_| {});
    let weak = Gc::downgrade(&node);
    let (seen, events, other) = (weak.clone(), log.clone(), manual_heap());
    let _watch = WeakRef::with_callback(
        &node,
        callback(move |_: &AnyGc| {
            // The block may be handed out again here; the payload is safe with its new owner.
            let fresh: Vec<_> = (0..100).map(|_| Node::alloc(&other, &events, "fresh")).collect();
            events.push(format!("callback {}", seen.upgrade().is_some()));
            drop(fresh);
            panic!("a callback that panics does not lose the payload");
        }),
    );
    let reports = quiet(&heap);
    let payload = Gc::into_inner(node).expect("the only handle");
    assert_eq!((payload.name(), reports.len(), weak.upgrade().is_none()), ("n", 1, true));
    assert_eq!((log.count("callback false"), log.count("finalize n"), log.count("drop n")), (1, 0, 0));
    drop(payload);
    assert_eq!(log.count("drop n"), 1);
    heap.check();
}
