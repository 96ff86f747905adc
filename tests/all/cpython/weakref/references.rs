//! ReferencesTestCase: making, sharing, listing and using references.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use tailbite::{AnyGc, CallbackFn, Gc, Proxy, WeakCallback, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::super::gc::automatic;
use super::super::{Call, collect};

/// A callback that does nothing.
pub(super) fn nop() -> CallbackFn<fn(&AnyGc)> {
    callback(|_: &AnyGc| {})
}

#[test]
fn test_basic_ref() {
    let heap = manual_heap();
    for in_cycle in [false, true] {
        let log = Log::new();
        let node = Node::alloc(&heap, &log, "n");
        if in_cycle {
            node.link(&node);
        }
        let reference = WeakRef::new(&node);
        assert_eq!(reference.get().expect("alive").address(), Gc::as_any(&node).address());
        assert!(!format!("{reference:?}").is_empty());
        drop(node);
        collect(&heap);
        assert!(reference.get().is_none());
        assert!(!format!("{reference:?}").is_empty());
    }
}

#[test]
fn test_ref_reuse() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let first = WeakRef::new(&node);
    let proxy = Proxy::new(&node);
    assert!(Gc::ptr_eq(&first, &WeakRef::new(&node)), "a proxy in between makes no difference");
    drop((first, proxy));
    let proxy = Proxy::new(&node);
    let first = WeakRef::new(&node);
    let second = WeakRef::new(&node);
    assert!(Gc::ptr_eq(&first, &second));
    assert_eq!(heap.get_weakref_count(&node), 2);
    drop(proxy);
    assert_eq!(heap.get_weakref_count(&node), 1);
}

#[test]
fn test_shared_ref_without_callback() {
    // CPython has two ways to say "no callback"; here it is a constructor of its own.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    for _ in 0..2 {
        let with = WeakRef::with_callback(&node, nop());
        let (a, b) = (WeakRef::new(&node), WeakRef::new(&Gc::as_any(&node)));
        assert!(Gc::ptr_eq(&a, &b) && !Gc::ptr_eq(&a, &with));
        assert!(a.callback().is_none() && with.callback().is_some());
        assert_eq!(heap.get_weakref_count(&node), 2);
        drop((with, a, b));
        assert_eq!(heap.get_weakref_count(&node), 0);
    }
}

#[test]
fn test_getweakrefcount() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
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
    for keep_first in [false, true] {
        let node = Node::alloc(&heap, &log, "n");
        let (a, b) = (WeakRef::with_callback(&node, nop()), WeakRef::with_callback(&node, nop()));
        assert_eq!(heap.get_weakrefs(&node), [Gc::as_any(&b), Gc::as_any(&a)], "the newest first");
        let (kept, gone) = if keep_first { (a, b) } else { (b, a) };
        drop(gone);
        assert_eq!(heap.get_weakrefs(&node), [Gc::as_any(&kept)]);
        drop(kept);
        assert!(heap.get_weakrefs(&node).is_empty());
    }
    assert!(heap.get_weakrefs(&heap.alloc(1_i32)).is_empty());
}

#[test]
fn test_gc_during_ref_creation() {
    let (heap, log) = (automatic([1, 1, 1]), Log::new());
    let referenced = Node::alloc(&heap, &log, "referenced");
    for _ in 0..100 {
        // A reference that is part of garbage when the next ones are made.
        let a = Node::alloc(&heap, &log, "a");
        a.link(&a);
        a.hold(WeakRef::new(&referenced));
        drop(a);
        leak_ring(&heap, &log, "trash", 1);
        let reference = WeakRef::with_callback(&referenced, Call::new(&log, "c"));
        let plain = WeakRef::new(&referenced);
        assert!(reference.get().is_some() && plain.get().is_some());
        assert!(Gc::ptr_eq(&plain, &WeakRef::new(&referenced)));
        assert!(heap.get_weakrefs(&referenced).contains(&Gc::as_any(&reference)));
    }
    heap.check();
    assert_eq!(log.count("call c"), 0, "the references died first");
    collect(&heap);
    assert_eq!(heap.get_weakref_count(&referenced), 0);
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
        let reference = made.take().expect("the finalizer ran");
        assert!(reference.get().is_none());
        drop(reference);
        heap.check();
    }
}

#[test]
fn test_trashcan_16602() {
    // A long chain dies. The callback that watches a parent finds the child dead or whole, never in between.
    let (heap, log) = (manual_heap(), Log::new());
    let mut watches = Vec::new();
    let mut node = Node::alloc(&heap, &log, "n");
    for _ in 0..1000 {
        let parent = Node::alloc(&heap, &log, "n");
        parent.link(&node);
        let (weak, child, seen) = (Gc::downgrade(&node), WeakRef::new(&node), log.clone());
        let see = callback(move |_: &AnyGc| {
            // The child is intact while its parent's callback runs: the parent holds it.
            let whole = child.get().is_some_and(|child| child.downcast_ref::<Node>().is_some_and(|n| n.name() == "n"));
            seen.push(format!("child {} {whole}", weak.strong_count()));
        });
        watches.push(WeakRef::with_callback(&parent, see));
        node = parent;
    }
    drop(node);
    assert_eq!(log.count("child 1 true"), 1000);
    assert_eq!(log.count("drop n"), 1001);
    heap.check();
}

#[test]
fn test_clearing_weakrefs_in_gc() {
    // In finalizers of a collection references with a callback are cleared, those without are alive; after it all are dead.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    let (plain, with) = (WeakRef::new(&node), WeakRef::with_callback(&node, Call::new(&log, "c")));
    let (see_plain, see_with) = (plain.clone(), with.clone());
    Node::on_finalize(&node, move |node| {
        let whole = see_plain.get().is_some_and(|found| AnyGc::ptr_eq(&found, &Gc::as_any(node)));
        node.log().push(format!("{whole} {}", see_with.get().is_some()));
    });
    drop(node);
    assert_eq!(collect(&heap), 1);
    assert!(plain.get().is_none() && with.get().is_none());
    assert_eq!(log.take(), ["call c", "drop c", "finalize n", "true false", "drop n"]);
}

#[test]
fn test_non_callable_callback() {
    // What can't be called is refused when the host is compiled; its language's objects need a check of its own.
    trait Refused {
        const IS_CALLBACK: bool = false;
    }
    impl<T> Refused for Candidate<T> {}
    struct Candidate<T>(PhantomData<T>);
    impl<T: WeakCallback> Candidate<T> {
        // Taken where the bound holds, else the trait's is.
        const IS_CALLBACK: bool = true;
    }
    const { assert!(Candidate::<Call>::IS_CALLBACK && Candidate::<CallbackFn<fn(&AnyGc)>>::IS_CALLBACK) };
    const { assert!(!Candidate::<i32>::IS_CALLBACK && !Candidate::<String>::IS_CALLBACK) };
}
