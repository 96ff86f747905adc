//! `test_weakref.py`, ReferencesTestCase.

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Heap, Proxy, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::{Call, collect};

#[test]
fn test_basic_ref() {
    let heap = manual_heap();
    for death in 0..2 {
        let log = Log::new();
        let node = Node::alloc(&heap, &log, "n");
        if death == 1 {
            node.link(&node);
        }
        let (reference, proxy) = (WeakRef::new(&node), Proxy::new(&node));
        assert_eq!(reference.get().expect("alive").address(), Gc::as_any(&node).address());
        assert!(proxy.get().is_ok());
        drop(node);
        collect(&heap);
        assert!(reference.get().is_none() && proxy.get().is_err());
    }
}

#[test]
fn test_basic_callback() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let reference = WeakRef::with_callback(&node, Call::new(&log, "ref"));
    let proxy = Proxy::with_callback(&node, Call::new(&log, "proxy"));
    drop(node);
    assert_eq!((log.count("call ref"), log.count("call proxy")), (1, 1));
    assert!(!reference.is_alive() && !proxy.is_alive());
}

#[test]
fn test_multiple_callbacks() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let references = ["a", "b"].map(|name| WeakRef::with_callback(&node, Call::new(&log, name)));
    drop(node);
    assert_eq!((log.count("call a"), log.count("call b")), (1, 1));
    assert!(references.iter().all(|reference| reference.get().is_none()));
}

#[test]
fn test_multiple_selfref_callbacks() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let first = WeakRef::with_callback(&node, Call::new(&log, "first"));
    let (other, events) = (first.clone(), log.clone());
    let second =
        WeakRef::with_callback(&node, callback(move |_: &AnyGc| events.push(format!("sees {}", other.is_alive()))));
    drop(node);
    assert_eq!(log.count("sees false"), 1);
    drop((first, second));
}

#[test]
fn test_ref_reuse() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let first = WeakRef::new(&node);
    let proxy = Proxy::new(&node);
    let second = WeakRef::new(&node);
    assert!(Gc::ptr_eq(&first, &second));
    assert_eq!(heap.get_weakref_count(&node), 2);
    drop(proxy);
    assert_eq!(heap.get_weakref_count(&node), 1);
}

#[test]
fn test_proxy_reuse() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let first = Proxy::new(&node);
    let reference = WeakRef::new(&node);
    assert!(Gc::ptr_eq(&first, &Proxy::new(&node)));
    drop(reference);
}

#[test]
fn test_getweakrefcount() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let nop = || callback(|_: &AnyGc| {});
    let (a, b) = (WeakRef::new(&node), WeakRef::with_callback(&node, nop()));
    assert_eq!(heap.get_weakref_count(&node), 2);
    let (c, d) = (Proxy::new(&node), Proxy::with_callback(&node, nop()));
    assert_eq!(heap.get_weakref_count(&node), 4);
    drop((a, b, c, d));
    assert_eq!(heap.get_weakref_count(&node), 0);
    assert_eq!(heap.get_weakref_count(&heap.alloc(1_i32)), 0);
}

#[test]
fn test_getweakrefs() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let nop = || callback(|_: &AnyGc| {});
    let (a, b) = (WeakRef::with_callback(&node, nop()), WeakRef::with_callback(&node, nop()));
    drop(a);
    assert_eq!(heap.get_weakrefs(&node), [Gc::as_any(&b)]);
    drop(b);
    assert!(heap.get_weakrefs(&node).is_empty());
    assert!(heap.get_weakrefs(&heap.alloc(1_i32)).is_empty());
}

#[test]
fn test_sf_bug_840829() {
    // A callback collects while its referent is between the last handle and its death.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let inner = Gc::as_any(&node).with_heap(|heap| heap.alloc(0_u8));
    let events = log.clone();
    let watch = WeakRef::with_callback(
        &node,
        callback(move |_: &AnyGc| {
            Gc::with_heap(&inner, |heap| {
                collect(heap);
                leak_ring(heap, &events, "more", 3);
                collect(heap);
            });
        }),
    );
    drop(node);
    assert_eq!(log.count("drop n"), 1);
    heap.check();
    drop(watch);
}

#[test]
fn test_callback_in_cycle() {
    let (heap, log) = (manual_heap(), Log::new());
    let (i, j) = (Node::alloc(&heap, &log, "i"), Node::alloc(&heap, &log, "j"));
    i.link(&j);
    j.link(&i);
    i.hold(WeakRef::with_callback(&j, Call::new(&log, "c")));
    drop((i, j));
    collect(&heap);
    assert_eq!(log.count("call c"), 0);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn test_callback_reachable_one_way() {
    // The callback holds one end of the cycle, and nobody but the cycle holds the reference.
    let (heap, log) = (manual_heap(), Log::new());
    let (i, j) = (Node::alloc(&heap, &log, "i"), Node::alloc(&heap, &log, "j"));
    j.link(&j);
    i.link(&j);
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&j));
    j.hold(WeakRef::with_callback(&i, call));
    drop((i, j));
    collect(&heap);
    assert_eq!(heap.object_count(), 0, "{log:?}");
}

#[test]
fn test_callback_in_cycle_resurrection() {
    // Callbacks of trash do not run, so they can't resurrect; one from outside runs once.
    let (heap, log) = (manual_heap(), Log::new());
    let c = Node::alloc(&heap, &log, "c");
    let d = Node::alloc(&heap, &log, "d");
    c.link(&d);
    d.link(&c);
    let inside = Call::new(&log, "inside");
    *inside.edge.borrow_mut() = Some(Gc::as_any(&c));
    d.hold(WeakRef::with_callback(&c, inside));
    let outside = WeakRef::with_callback(&c, Call::new(&log, "outside"));
    drop((c, d));
    assert!(log.is_empty());
    collect(&heap);
    assert_eq!((log.count("call inside"), log.count("call outside")), (0, 1));
    assert!(!outside.is_alive());
    log.take();
    collect(&heap);
    assert!(log.is_empty());
}

#[test]
fn test_callbacks_on_callback() {
    // A weak reference watches the callback of another one.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let reference = WeakRef::with_callback(&node, Call::new(&log, "first"));
    let held = reference.callback().expect("it has one");
    let watch = WeakRef::with_callback(&held, Call::new(&log, "second"));
    drop(held);
    drop(node);
    assert_eq!(log.count("call first"), 1);
    assert_eq!(log.count("call second"), 1, "the callback died after its call: {log:?}");
    drop((reference, watch));
}

#[test]
fn test_gc_during_ref_creation() {
    let (heap, log) = (Heap::new(), Log::new());
    heap.set_threshold([1, 1, 1]);
    for _ in 0..100 {
        let node = Node::alloc(&heap, &log, "n");
        leak_ring(&heap, &log, "trash", 2);
        let reference = WeakRef::with_callback(&node, Call::new(&log, "c"));
        assert!(reference.is_alive());
        assert!(Gc::ptr_eq(&WeakRef::new(&node), &WeakRef::new(&node)) && heap.get_weakref_count(&node) == 1);
    }
    assert_eq!(log.count("call c"), 0, "the references died first, or with their objects");
    heap.check();
}

#[test]
fn test_ref_created_during_del() {
    let (heap, log) = (manual_heap(), Log::new());
    for in_cycle in [false, true] {
        let made: Rc<RefCell<Option<Gc<WeakRef>>>> = Rc::default();
        let node = Node::alloc(&heap, &log, "n");
        let make = made.clone();
        Node::on_finalize(&node, move |node| *make.borrow_mut() = Some(WeakRef::new(node)));
        if in_cycle {
            node.link(&node);
        }
        drop(node);
        collect(&heap);
        assert!(!made.borrow().as_ref().expect("the finalizer ran").is_alive());
    }
}

#[test]
fn test_trashcan_16602() {
    // In a long chain that dies, no object can be reached through its weak reference once its turn began or is queued.
    let (heap, log) = (manual_heap(), Log::new());
    let mut watches = Vec::new();
    let mut node = Node::alloc(&heap, &log, "n");
    for _ in 0..1000 {
        let parent = Node::alloc(&heap, &log, "n");
        parent.link(&node);
        let weak = Gc::downgrade(&node);
        let seen = log.clone();
        watches.push(WeakRef::with_callback(
            &parent,
            callback(move |_: &AnyGc| {
                // The child is intact while its parent's callback runs: it is held by the parent.
                seen.push(format!("child {}", weak.strong_count()));
            }),
        ));
        node = parent;
    }
    drop(node);
    assert_eq!(log.count("child 1"), 1000);
    assert_eq!(log.count("drop n"), 1001);
}

#[test]
fn test_callback_attribute() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let with = WeakRef::with_callback(&node, Call::new(&log, "c"));
    assert!(with.callback().is_some());
    assert!(WeakRef::new(&node).callback().is_none());
    drop(node);
    assert!(with.callback().is_none(), "test_callback_attribute_after_deletion");
}

#[test]
fn test_callback_gcs() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    Node::on_finalize(&node, |node| {
        Gc::with_heap(node, collect);
    });
    let inner = heap.alloc(0_u8);
    let watch = WeakRef::with_callback(
        &node,
        callback(move |_: &AnyGc| {
            Gc::with_heap(&inner, collect);
        }),
    );
    drop(node);
    assert_eq!(log.take(), ["finalize n", "drop n"]);
    drop(watch);
}

#[test]
fn test_clearing_weakrefs_in_gc() {
    // In finalizers references with a callback are cleared, those without are alive.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    let (plain, with) = (WeakRef::new(&node), WeakRef::with_callback(&node, Call::new(&log, "c")));
    let (see_plain, see_with) = (plain.clone(), with.clone());
    Node::on_finalize(&node, move |node| {
        node.log().push(format!("{} {}", see_plain.is_alive(), see_with.is_alive()));
    });
    drop(node);
    collect(&heap);
    assert_eq!(log.count("true false"), 1, "{log:?}");
    assert!(!plain.is_alive() && !with.is_alive());
}

#[test]
fn test_subclass_refs_with_cycle() {
    // A holder owns both a reference and, through it, its referent: trash together, no call.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&node));
    node.hold(WeakRef::with_callback(&node, call));
    drop(node);
    collect(&heap);
    assert_eq!(log.count("call c"), 0);
    assert_eq!(heap.object_count(), 0);
}
