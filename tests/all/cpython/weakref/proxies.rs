//! ReferencesTestCase: proxies, as far as they are the runtime's: what is forwarded to their objects is the host's.

use tailbite::{Gc, Proxy, WeakRef};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::super::gc::automatic;
use super::super::{Call, collect};
use super::references::nop;

#[test]
fn test_proxy_ref() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let proxies = [0; 2].map(|_| Proxy::with_callback(&node, Call::new(&log, "c")));
    assert!(proxies.iter().all(|proxy| proxy.get().is_ok()));
    drop(node);
    for proxy in &proxies {
        assert_eq!(proxy.get().unwrap_err().to_string(), "weakly-referenced object no longer exists");
    }
    assert_eq!(log.count("call c"), 2);
    let dead = Proxy::new(&Node::alloc(&heap, &log, "temporary"));
    assert!(dead.get().is_err());
    assert_eq!(log.count("drop temporary"), 1);
}

#[test]
fn test_proxy_reuse() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let first = Proxy::new(&node);
    let reference = WeakRef::new(&node);
    assert!(Gc::ptr_eq(&first, &Proxy::new(&node)), "a reference in between makes no difference");
    assert_eq!(heap.get_weakref_count(&node), 2);
    drop(reference);
}

#[test]
fn test_shared_proxy_without_callback() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    for _ in 0..2 {
        let with = Proxy::with_callback(&node, nop());
        let (a, b) = (Proxy::new(&node), Proxy::new(&Gc::as_any(&node)));
        assert!(Gc::ptr_eq(&a, &b) && !Gc::ptr_eq(&a, &with));
        drop((with, a, b));
        assert_eq!(heap.get_weakref_count(&node), 0);
    }
}

#[test]
fn test_proxy_iter() {
    // An operation holds its object: what it does may take away all other handles.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let proxy = Proxy::new(&node);
    let during = proxy.get().expect("alive");
    drop(node);
    collect(&heap);
    assert!(log.is_empty());
    assert_eq!(during.downcast_ref::<Node>().expect("a node").name(), "n");
    drop(during);
    assert_eq!(log.take(), ["drop n"]);
    assert!(proxy.get().is_err());
}

#[test]
fn test_gc_during_proxy_creation() {
    let (heap, log) = (automatic([1, 1, 1]), Log::new());
    let referenced = Node::alloc(&heap, &log, "referenced");
    for _ in 0..100 {
        let a = Node::alloc(&heap, &log, "a");
        a.link(&a);
        a.hold(Proxy::new(&referenced));
        drop(a);
        leak_ring(&heap, &log, "trash", 1);
        let with = Proxy::with_callback(&referenced, Call::new(&log, "c"));
        let plain = Proxy::new(&referenced);
        assert!(with.get().is_ok() && plain.get().is_ok());
        assert!(Gc::ptr_eq(&plain, &Proxy::new(&referenced)));
        assert!(heap.get_weakrefs(&referenced).contains(&Gc::as_any(&with)));
    }
    heap.check();
    assert_eq!(log.count("call c"), 0, "the proxies died first");
    collect(&heap);
    assert_eq!(heap.get_weakref_count(&referenced), 0);
}
