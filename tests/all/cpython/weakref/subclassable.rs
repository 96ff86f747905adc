//! SubclassableWeakrefTestCase: references that are not the shared one. A subclass is one more kind of those with a callback here:
//! the callback is an object of the host's type, with whatever a subclass would add.

use tailbite::{Gc, WeakRef};
use tailbite_tests::{Log, Node, manual_heap};

use super::super::{Call, collect};

#[test]
fn test_subclass_refs_dont_replace_standard_refs() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let r1 = WeakRef::with_callback(&node, Call::new(&log, "r1"));
    let r2 = WeakRef::new(&node);
    assert!(!Gc::ptr_eq(&r1, &r2));
    assert_eq!(heap.get_weakrefs(&node), [Gc::as_any(&r2), Gc::as_any(&r1)], "the shared one is the first");
    assert_eq!(heap.get_weakref_count(&node), 2);
    let r3 = WeakRef::with_callback(&node, Call::new(&log, "r3"));
    assert_eq!(heap.get_weakref_count(&node), 3);
    assert_eq!(heap.get_weakrefs(&node), [Gc::as_any(&r2), Gc::as_any(&r3), Gc::as_any(&r1)]);
}

#[test]
fn test_subclass_refs_dont_conflate_callbacks() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let references = ["id", "str"].map(|name| WeakRef::with_callback(&node, Call::new(&log, name)));
    assert!(!Gc::ptr_eq(&references[0], &references[1]));
    let listed = heap.get_weakrefs(&node);
    for (reference, name) in references.iter().zip(["id", "str"]) {
        assert!(listed.contains(&Gc::as_any(reference)));
        let callback = reference.callback().expect("it has one");
        assert_eq!(callback.downcast_ref::<Call>().expect("ours").log.name(), name);
    }
}

#[test]
fn test_subclass_refs_with_cycle() {
    // A reference owns, through its callback, its referent: it dies first, so nothing is called. Then the same where another
    // reference to the object owns it.
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&node));
    let r1 = WeakRef::with_callback(&node, call);
    drop(node);
    assert!(log.is_empty());
    drop(r1);
    assert_eq!(log.take_sorted(), ["drop c", "drop n"]);

    let node = Node::alloc(&heap, &log, "n");
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&node));
    let r2 = WeakRef::with_callback(&node, call);
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&r2));
    let r1 = WeakRef::with_callback(&node, call);
    drop((node, r2));
    assert!(log.is_empty());
    drop(r1);
    assert_eq!(log.take_sorted(), ["drop c", "drop c", "drop n"]);

    // Held in a cycle: garbage together, no call either.
    let node = Node::alloc(&heap, &log, "n");
    let call = Call::new(&log, "c");
    *call.edge.borrow_mut() = Some(Gc::as_any(&node));
    node.hold(WeakRef::with_callback(&node, call));
    drop(node);
    assert_eq!(collect(&heap), 3);
    assert_eq!(log.take_sorted(), ["drop c", "drop n"]);
    assert_eq!(heap.object_count(), 0);
}
