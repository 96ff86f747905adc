//! `Weak`, and weak references and proxies as managed objects.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Proxy, ReferenceError, Trace, WeakCallback, WeakRef, callback};
use tailbite_tests::{Log, Node, manual_heap, ring};

#[test]
fn a_weak_reference_gives_its_object_while_it_lives() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let reference = WeakRef::new(&node);
    assert!(heap.contains(&reference));
    let found = reference.get().expect("it lives");
    assert!(AnyGc::ptr_eq(&found, &Gc::as_any(&node)));
    drop(found);
    assert_eq!(Gc::strong_count(&node), 1, "a weak reference does not count");
    drop(node);
    assert_eq!(log.take(), ["drop n"]);
    assert!(reference.get().is_none() && !reference.is_alive());
}

#[test]
fn references_without_callback_are_shared() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let first = WeakRef::new(&node);
    assert!(Gc::ptr_eq(&first, &WeakRef::new(&node)));
    assert!(Gc::ptr_eq(&first, &WeakRef::new(&Gc::as_any(&node))));
    let proxy = Proxy::new(&node);
    assert!(Gc::ptr_eq(&proxy, &Proxy::new(&node)));
    assert_eq!(heap.get_weakref_count(&node), 2);
    drop(proxy);
    assert_eq!(heap.get_weakref_count(&node), 1);
    let with = WeakRef::with_callback(&node, callback(|_: &AnyGc| {}));
    assert!(!Gc::ptr_eq(&first, &with));
    assert_eq!(heap.get_weakref_count(&node), 2);
    drop(first);
    let again = WeakRef::new(&node);
    assert!(!Gc::ptr_eq(&again, &with), "one with a callback is never the shared one");
    assert_eq!(heap.get_weakref_count(&heap.alloc(1_u8)), 0);
}

#[test]
fn the_list_begins_with_the_shared_ones() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let nop = || callback(|_: &AnyGc| {});
    let a = WeakRef::with_callback(&node, nop());
    let b = Proxy::with_callback(&node, nop());
    let proxy = Proxy::new(&node);
    let c = WeakRef::with_callback(&node, nop());
    let plain = WeakRef::new(&node);
    let expected = [Gc::as_any(&plain), Gc::as_any(&proxy), Gc::as_any(&c), Gc::as_any(&b), Gc::as_any(&a)];
    assert_eq!(heap.get_weakrefs(&node), expected);
    drop((expected, c));
    assert_eq!(heap.get_weakrefs(&node).len(), 4);
    drop(node);
    assert!(!a.is_alive() && !b.is_alive() && !plain.is_alive() && !proxy.is_alive());
}

#[test]
fn a_proxy_says_that_its_object_is_gone() {
    let heap = manual_heap();
    let text = heap.alloc(String::from("text"));
    let proxy = Proxy::new(&text);
    assert_eq!(proxy.get().expect("it lives").downcast_ref::<String>().map(String::as_str), Some("text"));
    drop(text);
    assert!(!proxy.is_alive());
    let error: ReferenceError = proxy.get().expect_err("it is gone");
    assert_eq!(error.to_string(), "weakly-referenced object no longer exists");
}

#[test]
fn callbacks_run_newest_first_after_all_were_cleared() {
    let heap = manual_heap();
    let log = Log::new();
    for in_cycle in [false, true] {
        let node = Node::alloc(&heap, &log, "n");
        let all: Rc<RefCell<Vec<Gc<WeakRef>>>> = Rc::default();
        for number in 0..4 {
            let (seen, log) = (all.clone(), log.clone());
            let watch = WeakRef::with_callback(
                &node,
                callback(move |reference: &AnyGc| {
                    let alive = seen.borrow().iter().filter(|watch| watch.is_alive()).count();
                    assert!(AnyGc::ptr_eq(reference, &Gc::as_any(&seen.borrow()[number])));
                    log.push(format!("{number} {alive}"));
                }),
            );
            all.borrow_mut().push(watch);
        }
        if in_cycle {
            node.link(&node);
        }
        drop(node);
        heap.collect(Generation::Old);
        assert_eq!(log.take(), ["3 0", "2 0", "1 0", "0 0", "drop n"]);
        all.borrow_mut().clear();
    }
}

#[test]
fn a_reference_that_dies_first_never_calls() {
    let heap = manual_heap();
    let log = Log::new();
    for in_cycle in [false, true] {
        let node = Node::alloc(&heap, &log, "n");
        let watched = log.clone();
        let watch = WeakRef::with_callback(&node, callback(move |_: &AnyGc| watched.push("callback")));
        drop(watch);
        if in_cycle {
            node.link(&node);
        }
        drop(node);
        heap.collect(Generation::Old);
        assert_eq!(log.take(), ["drop n"]);
    }
}

#[test]
fn a_reference_that_is_garbage_too_never_calls() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let watched = log.clone();
    node.hold(WeakRef::with_callback(&node, callback(move |_: &AnyGc| watched.push("callback"))));
    node.link(&node);
    drop(node);
    heap.collect(Generation::Old);
    assert_eq!(log.take(), ["drop n"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn callback_is_gone_after_the_death() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let probe = log.probe("callback");
    let watch = WeakRef::with_callback(&node, callback(move |_: &AnyGc| probe.log().push("called")));
    assert!(watch.callback().is_some());
    assert!(WeakRef::new(&node).callback().is_none());
    drop(node);
    assert!(watch.callback().is_none());
    let events = log.take();
    assert_eq!(events.iter().filter(|event| *event == "drop callback").count(), 1, "what it captured is dropped");
    assert!(
        events.iter().position(|event| event == "called") < events.iter().position(|event| event == "drop callback")
    );
}

/// A callback with an edge.
#[derive(Trace)]
struct Edged {
    probe: tailbite_tests::Probe,
    edge: RefCell<Option<AnyGc>>,
}

impl WeakCallback for Edged {
    fn call(&self, _: &AnyGc) {
        self.probe.log().push(format!("call {}", self.probe.name()));
    }
}

#[test]
fn a_cycle_through_a_callback_is_collected() {
    let heap = manual_heap();
    let log = Log::new();
    let watched = Node::alloc(&heap, &log, "watched");
    let holder = Node::alloc(&heap, &log, "holder");
    let edged = Edged { probe: log.probe("edged"), edge: RefCell::new(Some(Gc::as_any(&holder))) };
    holder.hold(WeakRef::with_callback(&watched, edged));
    drop(holder);
    assert!(heap.collect(Generation::Old) >= 2, "the holder, the reference, the callback");
    assert_eq!(log.take_sorted(), ["drop edged", "drop holder"]);
    drop(watched);
    assert_eq!(log.take(), ["drop watched"], "a collected reference does not call");
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn a_callback_that_holds_its_referent_keeps_it_until_the_reference_goes() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let edged = Edged { probe: log.probe("edged"), edge: RefCell::new(Some(Gc::as_any(&node))) };
    let watch = WeakRef::with_callback(&node, edged);
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 0);
    assert!(watch.is_alive());
    drop(watch);
    heap.collect(Generation::Old);
    assert_eq!(log.take_sorted(), ["drop edged", "drop n"]);
}

#[test]
fn a_callback_may_do_what_it_wants() {
    let heap = Rc::new(manual_heap());
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 3);
    let (inner, events) = (Rc::downgrade(&heap), log.clone());
    let watch = WeakRef::with_callback(
        &nodes[0],
        callback(move |_: &AnyGc| {
            let heap = inner.upgrade().expect("the heap is open");
            assert_eq!(heap.collect(Generation::Old), 0, "nested");
            drop(ring(&heap, &events, "born", 2));
            drop(Node::alloc(&heap, &events, "brief"));
        }),
    );
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 3);
    assert_eq!(log.take().first().map(String::as_str), Some("drop brief"));
    drop(watch);
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn records_not_addresses_identify() {
    let heap = manual_heap();
    let mut seen = HashSet::new();
    let mut addresses = HashSet::new();
    for number in 0..1000_u32 {
        let object = heap.alloc(number);
        addresses.insert(Gc::as_any(&object).address());
        assert!(seen.insert(Gc::downgrade(&object)), "a new object has a weak of its own");
        assert!(!seen.insert(Gc::downgrade(&object)), "and only one");
    }
    assert!(addresses.len() < 1000, "blocks were reused");
    assert!(seen.iter().all(|weak| weak.upgrade().is_none()));
}

#[test]
fn many_weak_references() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let weaks: Vec<_> = (0..10_000).map(|_| Gc::downgrade(&node)).collect();
    let calls = Rc::new(RefCell::new(0));
    let watches: Vec<_> = (0..10_000)
        .map(|_| {
            let calls = calls.clone();
            WeakRef::with_callback(&node, callback(move |_: &AnyGc| *calls.borrow_mut() += 1))
        })
        .collect();
    assert_eq!(heap.get_weakref_count(&node), 10_000);
    // Some go before their object, from both ends and the middle.
    let watches: Vec<_> = watches.into_iter().enumerate().filter(|(index, _)| index % 3 == 1).collect();
    drop(node);
    assert_eq!(*calls.borrow(), watches.len());
    assert!(weaks.iter().all(|weak| weak.upgrade().is_none()));
    heap.check();
}

#[test]
fn weak_references_to_weak_references() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let reference = WeakRef::new(&node);
    let watched = log.clone();
    let second = WeakRef::with_callback(&reference, callback(move |_: &AnyGc| watched.push("reference gone")));
    drop(reference);
    assert_eq!(log.take(), ["reference gone"]);
    assert!(!second.is_alive());
    drop(node);
}

#[test]
fn references_are_tracked_objects() {
    let heap = manual_heap();
    let text = heap.alloc(String::from("text"));
    assert!(!heap.is_tracked(&text));
    let reference = WeakRef::new(&text);
    let proxy = Proxy::with_callback(&text, callback(|_: &AnyGc| {}));
    assert!(heap.is_tracked(&reference) && heap.is_tracked(&proxy));
    assert_eq!(heap.tracked_objects(), 2);
    drop((reference, proxy));
    assert_eq!(heap.object_count(), 1);
}
