//! Every constructor has a twin that returns an error, and gives back what it was given.

use tailbite::{CallbackFn, Gc, OutOfMemory, Proxy, Weak, WeakRef, callback};
use tailbite_tests::{Log, Node, Probe, manual_heap};

use super::fill;

#[test]
fn a_refused_cyclic_object_gives_the_closure_back() {
    let heap = manual_heap();
    let log = Log::new();
    heap.set_memory_limit(Some(heap.used_bytes()));
    let probe = log.probe("captured");
    let make = move |me: &Weak<Node>| {
        let node = Node::new(probe.log(), "made");
        *node.weak.borrow_mut() = me.clone();
        node
    };
    let make = heap.try_alloc_cyclic(make).expect_err("nothing fits").into_value();
    heap.check();
    heap.set_memory_limit(None);
    let node = heap.try_alloc_cyclic(make).expect("everything fits");
    assert!(Gc::ptr_eq(&node, &node.weak.borrow().upgrade().unwrap()));
    assert_eq!(log.take(), ["drop captured"]);
    // With room for the object, but none for its weak record.
    let node = Gc::try_new_cyclic(|me: &Weak<Node>| {
        let node = Node::new(&log, "default heap");
        *node.weak.borrow_mut() = me.clone();
        node
    });
    assert!(node.is_ok_and(|node| Gc::ptr_eq(&node, &node.weak.borrow().upgrade().unwrap())));
    let heap = manual_heap();
    drop(Node::alloc(&heap, &log, "n"));
    heap.set_memory_limit(Some(heap.used_bytes()));
    let error = heap.try_alloc_cyclic(|_: &Weak<Node>| unreachable!("it is not called"));
    assert!(error.err().unwrap().to_string().contains("for a weak reference"));
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn weak_references_can_be_refused() {
    fn watched(log: &Log) -> CallbackFn<impl Fn(&tailbite::AnyGc) + 'static> {
        let probe = log.probe("callback");
        callback(move |_| probe.log().push("called"))
    }
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    heap.set_memory_limit(Some(heap.used_bytes()));
    assert!(Gc::try_downgrade(&node).is_err());
    // Steps of growth, so that each of the allocations of a reference is the one that is refused.
    let mut refusals = 0;
    let made = loop {
        let error: OutOfMemory<_> = match WeakRef::try_with_callback(&node, watched(&log)) {
            Ok(made) => break made,
            Err(error) => error,
        };
        refusals += 1;
        drop(error.into_value());
        assert_eq!(log.take(), ["drop callback"]);
        assert!(Proxy::try_with_callback(&node, watched(&log)).is_err());
        assert_eq!(log.take(), ["drop callback"]);
        assert!(WeakRef::try_new(&node).is_err() || refusals > 1);
        assert!(Proxy::try_new(&node).is_err() || refusals > 1);
        heap.check();
        heap.set_memory_limit(Some(heap.memory_limit().unwrap() + 4096));
        assert!(refusals < 100);
    };
    assert!(refusals >= 3, "{refusals}");
    heap.set_memory_limit(None);
    let (reference, proxy) = (WeakRef::try_new(&node).unwrap(), Proxy::try_new(&node).unwrap());
    assert!(Gc::ptr_eq(&reference, &WeakRef::new(&node)) && Gc::ptr_eq(&proxy, &Proxy::new(&node)));
    let weak = Gc::try_downgrade(&node).unwrap();
    drop(node);
    assert!(weak.upgrade().is_none() && !reference.is_alive() && !proxy.is_alive() && !made.is_alive());
    assert_eq!(log.take(), ["called", "drop callback", "drop n"].map(str::to_owned));
    heap.check();
}

#[test]
fn a_clone_that_is_refused_comes_back() {
    #[derive(Debug)]
    struct Large([Option<u64>; 100], Probe);
    impl Clone for Large {
        fn clone(&self) -> Large {
            Large(self.0, self.1.log().probe("clone"))
        }
    }
    tailbite::leaf!(Large);
    let heap = manual_heap();
    let log = Log::new();
    let mut one = heap.alloc(Large([Some(1); 100], log.probe("original")));
    let other = one.clone();
    heap.set_memory_limit(Some(heap.used_bytes()));
    let rest = fill(&heap, || Large([None; 100], log.probe("rest")));
    log.take();
    let error = Gc::try_make_mut(&mut one).expect_err("there is no room for a clone");
    assert_eq!((error.limit(), error.into_value().0[5]), (heap.memory_limit(), Some(1)));
    assert_eq!(log.take(), ["drop clone"]);
    assert!(Gc::ptr_eq(&one, &other));
    drop(rest);
    Gc::try_make_mut(&mut one).expect("there is room now").0[5] = None;
    assert_eq!((one.0[5], other.0[5]), (None, Some(1)));
    drop(other);
    assert!(Gc::try_make_mut(&mut one).is_ok());
}

#[test]
fn registries_name_the_limit_that_refused_them() {
    let heap = manual_heap();
    let object = heap.alloc(1);
    let limit = Some(heap.used_bytes());
    heap.set_memory_limit(limit);
    let error = heap.try_add_root(object).unwrap_err();
    assert_eq!(error.limit(), limit);
    assert!(error.to_string().contains("for a root were refused: the heap's limit is"), "{error}");
    let error = heap.try_add_callback(|_, _, _| {}).unwrap_err();
    assert_eq!(error.limit(), limit);
    assert!(error.to_string().contains("for a gc callback were refused: the heap's limit is"), "{error}");
}
