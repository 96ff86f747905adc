//! ReferencesTestCase: when callbacks run, what they see, and when they don't.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Proxy, Trace, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::super::{Call, collect};
use super::references::nop;

#[test]
fn test_basic_callback() {
    let (heap, log) = (manual_heap(), Log::new());
    for in_cycle in [false, true] {
        let node = Node::alloc(&heap, &log, "n");
        if in_cycle {
            node.link(&node);
        }
        let reference = WeakRef::with_callback(&node, Call::new(&log, "ref"));
        let proxy = Proxy::with_callback(&node, Call::new(&log, "proxy"));
        drop(node);
        collect(&heap);
        assert_eq!((log.count("call ref"), log.count("call proxy")), (1, 1));
        assert!(reference.get().is_none() && proxy.get().is_err());
        log.take();
    }
}

#[test]
fn test_multiple_callbacks() {
    let (heap, log) = (manual_heap(), Log::new());
    for in_cycle in [false, true] {
        let node = Node::alloc(&heap, &log, "n");
        if in_cycle {
            node.link(&node);
        }
        let references = ["a", "b", "c"].map(|name| WeakRef::with_callback(&node, Call::new(&log, name)));
        drop(node);
        collect(&heap);
        assert!(references.iter().all(|reference| reference.get().is_none()));
        let calls: Vec<String> = log.take().into_iter().filter(|event| event.starts_with("call")).collect();
        assert_eq!(calls, ["call c", "call b", "call a"], "the newest first");
    }
}

#[test]
fn test_multiple_selfref_callbacks() {
    // All references are cleared before the first callback runs: that of the newest looks at the oldest.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let first = WeakRef::with_callback(&node, Call::new(&log, "first"));
    let (other, events) = (first.clone(), log.clone());
    let see = callback(move |_: &AnyGc| events.push(format!("sees {}", other.get().is_some())));
    let second = WeakRef::with_callback(&node, see);
    drop(node);
    assert_eq!(log.take()[..2], ["sees false", "call first"]);
    drop((first, second));
}

#[test]
fn test_callbacks_protected() {
    // A panic on its way is the same after a callback ran, and after one that panicked itself.
    let (heap, log) = (manual_heap(), Log::new());
    let reports = tailbite_tests::quiet(&heap);
    let watches = RefCell::new(Vec::new());
    for round in 0..2 {
        let raised = catch_unwind(AssertUnwindSafe(|| {
            let node = Node::alloc(&heap, &log, "n");
            watches.borrow_mut().push(WeakRef::with_callback(&node, Call::new(&log, "c")));
            watches.borrow_mut().push(WeakRef::with_callback(&node, callback(|_: &AnyGc| panic!("inside"))));
            std::panic::panic_any(round);
        }));
        assert_eq!(raised.expect_err("it panics").downcast_ref::<i32>(), Some(&round));
        assert_eq!((log.count("call c"), reports.messages()), (1, vec!["inside".to_owned()]));
        log.take();
    }
}

#[test]
fn test_sf_bug_840829() {
    // A callback collects while its referent is between the last handle and its death: of an object, of a part of one, and of a
    // part of a part.
    let (heap, log) = (manual_heap(), Log::new());
    for depth in 0..3 {
        let inner = Node::alloc(&heap, &log, "n");
        let events = log.clone();
        let into = heap.alloc(0_u8);
        let collects = callback(move |_: &AnyGc| {
            Gc::with_heap(&into, |heap| {
                collect(heap);
                leak_ring(heap, &events, "more", 3);
                collect(heap);
            });
        });
        let watch = WeakRef::with_callback(&inner, collects);
        let mut outer = inner;
        for _ in 0..depth {
            let node = Node::alloc(&heap, &log, "n");
            node.link(&outer);
            outer = node;
        }
        drop(outer);
        heap.check();
        assert_eq!((log.count("drop n"), log.count("drop more0")), (depth + 1, 1));
        assert!(watch.get().is_none());
        log.take();
    }
}

#[test]
fn test_callback_in_cycle() {
    // The reference is in the garbage, and so is what its callback holds.
    let (heap, log) = (manual_heap(), Log::new());
    let (i, j) = (Node::alloc(&heap, &log, "i"), Node::alloc(&heap, &log, "j"));
    j.link(&j);
    i.link(&j);
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&i));
    i.hold(WeakRef::with_callback(&j, call));
    drop((i, j));
    assert_eq!(collect(&heap), 4, "two nodes, a reference, a callback");
    assert_eq!(log.take_sorted(), ["drop c", "drop i", "drop j"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn test_callback_reachable_one_way() {
    // From what the callback holds one gets to the object that triggers it, but not back.
    let (heap, log) = (manual_heap(), Log::new());
    let (c1, c2) = (Node::alloc(&heap, &log, "c1"), Node::alloc(&heap, &log, "c2"));
    c2.link(&c2);
    c2.link(&c1);
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&c2));
    c2.hold(WeakRef::with_callback(&c1, call));
    drop((c1, c2));
    assert_eq!(collect(&heap), 4);
    assert_eq!(log.take_sorted(), ["drop c", "drop c1", "drop c2"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn test_callback_different_classes() {
    // The same with objects of two types, the watched one of a type that is a leaf but for its class.
    #[derive(Trace)]
    struct Class {
        log: tailbite_tests::Probe,
        mro: RefCell<Option<Gc<Class>>>,
    }
    #[derive(Trace)]
    struct Instance {
        class: Gc<Class>,
        attributes: RefCell<Vec<AnyGc>>,
    }
    let (heap, log) = (manual_heap(), Log::new());
    let [c, d] = ["C", "D"].map(|name| heap.alloc(Class { log: log.probe(name), mro: RefCell::default() }));
    for class in [&c, &d] {
        *class.mro.borrow_mut() = Some(class.clone());
    }
    assert_eq!(c.log.name(), "C");
    let c1 = heap.alloc(Instance { class: d, attributes: RefCell::default() });
    let c2 = heap.alloc(Instance { class: c, attributes: RefCell::default() });
    assert!(!Gc::ptr_eq(&c1.class, &c2.class));
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&c2));
    let watch = WeakRef::with_callback(&c1, call);
    c2.attributes.borrow_mut().extend([Gc::as_any(&c2), Gc::as_any(&c1), Gc::erase(watch)]);
    drop((c1, c2));
    assert_eq!(collect(&heap), 6);
    assert_eq!(log.take_sorted(), ["drop C", "drop D", "drop c"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn test_callback_in_cycle_resurrection() {
    // Callbacks of garbage would resurrect what they hold, but do not run; one from outside does, once.
    let (heap, log) = (manual_heap(), Log::new());
    let (c1, c2) = (Node::alloc(&heap, &log, "c1"), Node::alloc(&heap, &log, "c2"));
    c1.link(&c2);
    c2.link(&c1);
    for (holder, watched) in [(&c1, &c2), (&c2, &c1)] {
        let inside = Call::new(&log, "inside");
        *inside.edge.borrow_mut() = Some(Gc::as_any(holder));
        holder.hold(WeakRef::with_callback(watched, inside));
    }
    let outside = WeakRef::with_callback(&c1, Call::new(&log, "outside"));
    drop((c1, c2));
    assert!(log.is_empty());
    assert_eq!(collect(&heap), 6);
    assert_eq!((log.count("call inside"), log.count("call outside")), (0, 1));
    assert!(outside.get().is_none());
    log.take();
    collect(&heap);
    assert!(log.is_empty());
}

#[test]
fn test_callbacks_on_callback() {
    // A callback is an object and can be watched. Those that watch from inside of the garbage do not call, one from outside does.
    let (heap, log) = (manual_heap(), Log::new());
    let (c, d) = (Node::alloc(&heap, &log, "c"), Node::alloc(&heap, &log, "d"));
    c.link(&d);
    d.link(&c);
    let bound = Call::new(&log, "inside");
    *bound.edge.borrow_mut() = Some(Gc::as_any(&c));
    let watch_d = WeakRef::with_callback(&d, bound);
    let held = watch_d.callback().expect("it has one");
    c.hold(watch_d);
    let bound = Call::new(&log, "inside");
    *bound.edge.borrow_mut() = Some(Gc::as_any(&d));
    d.hold(WeakRef::with_callback(&held, bound));
    let external = WeakRef::with_callback(&held, Call::new(&log, "safe"));
    assert_eq!(external.get().expect("alive").address(), held.address());
    drop((held, c, d));
    assert!(log.is_empty());
    collect(&heap);
    assert_eq!((log.count("call safe"), log.count("call inside")), (1, 0));
    assert!(external.get().is_none());
    log.take();
    collect(&heap);
    assert!(log.is_empty());
    // By count, too: a callback object dies with its reference.
    let node = Node::alloc(&heap, &log, "n");
    let reference = WeakRef::with_callback(&node, Call::new(&log, "first"));
    let watch = WeakRef::with_callback(&reference.callback().expect("it has one"), Call::new(&log, "second"));
    drop((node, reference));
    assert_eq!((log.count("call first"), log.count("call second")), (1, 1), "{log:?}");
    assert!(watch.get().is_none());
}

#[test]
fn test_callback_attribute() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let with = WeakRef::with_callback(&node, Call::new(&log, "c"));
    let found = with.callback().expect("it has one");
    assert_eq!(found.downcast_ref::<Call>().expect("the one that was given").log.name(), "c");
    assert!(WeakRef::new(&node).callback().is_none());
}

#[test]
fn test_callback_attribute_after_deletion() {
    let (heap, log) = (manual_heap(), Log::new());
    for in_cycle in [false, true] {
        let node = Node::alloc(&heap, &log, "n");
        if in_cycle {
            node.link(&node);
        }
        let (with, proxy) = (WeakRef::with_callback(&node, nop()), Proxy::with_callback(&node, nop()));
        assert!(with.callback().is_some() && proxy.callback().is_some());
        drop(node);
        collect(&heap);
        assert!(with.callback().is_none() && proxy.callback().is_none());
    }
}

#[test]
fn test_callback_gcs() {
    // A callback collects, and so does the finalizer of the object it watches.
    let (heap, log) = (manual_heap(), Log::new());
    for in_cycle in [false, true] {
        let node = Node::alloc(&heap, &log, "n");
        Node::on_finalize(&node, |node| {
            Gc::with_heap(node, collect);
        });
        if in_cycle {
            node.link(&node);
        }
        let (into, events) = (heap.alloc(0_u8), log.clone());
        let collects: Rc<RefCell<usize>> = Rc::default();
        let counts = collects.clone();
        let collects_too = callback(move |_: &AnyGc| {
            events.push("callback");
            *counts.borrow_mut() += Gc::with_heap(&into, collect);
        });
        let watch = WeakRef::with_callback(&node, collects_too);
        drop(node);
        collect(&heap);
        // By count the finalizer comes first, in a collection the callback.
        let order = if in_cycle { ["callback", "finalize n", "drop n"] } else { ["finalize n", "callback", "drop n"] };
        assert_eq!(log.take(), order);
        assert_eq!(*collects.borrow(), 0);
        drop(watch);
    }
}
