//! S1 to S6: access to payloads, who may make a handle.

use std::cell::{Cell, RefCell};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Packed, Proxy, RootKey, Trace, Tracer, Untraced, Weak, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

/// A frame of values, as an interpreter has: a plain vector that only `&mut` changes.
#[derive(Trace, Clone)]
struct Frame(Vec<AnyGc>);

#[test]
fn s01_lent_objects_report_nothing() {
    let heap = Heap::new();
    heap.set_threshold([5, 1, 1]);
    let log = Log::new();
    let mut frame = heap.alloc(Frame(Vec::new()));
    for _ in 0..50 {
        let mut lent = Gc::get_mut(&mut frame).expect("the only handle");
        lent.0.clear();
        lent.0.shrink_to_fit();
        // Each allocation may collect while the vector's buffer moves.
        for _ in 0..20 {
            let node = Node::alloc(&heap, &log, "n");
            node.link(&node);
            lent.0.push(node.into());
        }
        drop(lent);
        heap.check();
    }
    assert!(frame.0.iter().all(|any| { any.downcast_ref::<Node>().is_some_and(|node| node.list.borrow().len() == 1) }));
    drop(frame);
    heap.collect(Generation::Old);
    assert_eq!(heap.object_count(), 0);
}

/// Counts how often it is traced while somebody has it as `&mut`.
struct Spied {
    lent: bool,
    traced: Rc<Cell<[usize; 2]>>,
    edge: Option<AnyGc>,
}

// SAFETY: reports its one edge once; the counter is its own cell.
unsafe impl Trace for Spied {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let mut traced = self.traced.get();
        traced[usize::from(self.lent)] += 1;
        self.traced.set(traced);
        self.edge.trace(tracer);
    }
}

#[test]
fn s01_nobody_looks_into_what_is_lent() {
    let heap = manual_heap();
    let log = Log::new();
    let traced = Rc::new(Cell::new([0; 2]));
    let mut spied = heap.alloc(Spied { lent: false, traced: traced.clone(), edge: None });
    heap.collect(Generation::Young);
    assert!(traced.get()[0] > 0);
    let mut lent = Gc::get_mut(&mut spied).expect("the only handle");
    lent.lent = true;
    lent.edge = Some(Node::alloc(&heap, &log, "n").into());
    for generation in Generation::ALL {
        leak_ring(&heap, &log, "trash", 3);
        assert_eq!(heap.collect(generation), 3);
        heap.check();
    }
    assert_eq!(traced.get()[1], 0, "traced while lent");
    lent.lent = false;
    std::mem::forget(lent);
    let before = traced.get();
    heap.collect(Generation::Old);
    assert_eq!(traced.get(), before, "a leaked guard lends for ever");
    assert_eq!(log.count("drop n"), 0);
}

#[test]
fn s01_nor_into_what_a_finalizer_lends() {
    // The finalizer of a garbage object lends its neighbour, to which it has the only handle, and never takes it back.
    let heap = manual_heap();
    let log = Log::new();
    let traced = Rc::new(Cell::new([0; 2]));
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    node.hold(heap.alloc(Spied { lent: false, traced: traced.clone(), edge: None }));
    Node::on_finalize(&node, |node| {
        let mut spied = node.any.borrow_mut().remove(0).downcast::<Spied>().expect("it is one");
        if let Some(mut lent) = Gc::get_mut(&mut spied) {
            lent.lent = true;
            node.log().push("lent");
            std::mem::forget(lent);
        }
        node.hold(spied);
    });
    drop(node);
    heap.collect(Generation::Old);
    heap.check();
    assert_eq!((log.count("lent"), traced.get()[1]), (1, 0), "traced while lent");
    heap.collect(Generation::Old);
    assert_eq!(traced.get()[1], 0, "traced while lent");
    assert_eq!(log.count("drop n"), 1);
}

#[test]
fn s01_make_mut_lends_too() {
    let heap = manual_heap();
    let log = Log::new();
    let mut frame = heap.alloc(Frame(vec![Node::alloc(&heap, &log, "n").into()]));
    let other = frame.clone();
    let mut lent = Gc::make_mut(&mut frame);
    lent.0.clear();
    heap.collect(Generation::Old);
    lent.0.shrink_to_fit();
    heap.collect(Generation::Old);
    drop(lent);
    assert_eq!((frame.0.len(), other.0.len()), (0, 1));
    assert!(log.is_empty());
}

#[test]
fn s02_tracers_are_for_traces_only() {
    // That safe code can't get one is for the compile-fail tests (`ui`); what is seen through `Rc` is not reported.
    #[derive(Trace)]
    struct Shared {
        inner: Rc<RefCell<Option<Gc<Shared>>>>,
        other: Untraced<RefCell<Option<Gc<Shared>>>>,
    }
    let heap = manual_heap();
    let inner = Rc::new(RefCell::new(None));
    let make = || Shared { inner: inner.clone(), other: Untraced(RefCell::default()) };
    // Two objects own one shared cell: reporting its handle from both would free what is held.
    let (a, b) = (heap.alloc(make()), heap.alloc(make()));
    *inner.borrow_mut() = Some(a.clone());
    *b.other.0.borrow_mut() = Some(a.clone());
    let weak = Gc::downgrade(&a);
    drop((a, b));
    heap.collect(Generation::Old);
    assert!(weak.upgrade().is_some_and(|a| a.inner.borrow().is_some()));
    drop(inner.take());
}

#[test]
fn s03_the_dying_are_not_revived() {
    let heap = manual_heap();
    let log = Log::new();
    for in_cycle in [false, true] {
        let nodes = ring(&heap, &log, "n", 3);
        if !in_cycle {
            nodes[2].unlink();
        }
        let weaks: Vec<Weak<Node>> = nodes.iter().map(Gc::downgrade).collect();
        let plain: Vec<_> = nodes.iter().map(WeakRef::new).collect();
        let proxies: Vec<_> = nodes.iter().map(Proxy::new).collect();
        let watch = Rc::new(move || {
            let mine = weaks.iter().filter(|weak| weak.upgrade().is_some()).count();
            let refs = plain.iter().filter(|reference| reference.get().is_some()).count();
            let proxies = proxies.iter().filter(|proxy| proxy.get().is_ok()).count();
            assert_eq!((mine, mine), (refs, proxies));
            mine
        });
        for (index, node) in nodes.iter().enumerate() {
            let (watch, log) = (watch.clone(), log.clone());
            node.on_drop(move || log.push(format!("{index} sees {}", watch())));
        }
        drop(nodes);
        heap.collect(Generation::Old);
        let events = log.take();
        if in_cycle {
            assert_eq!(events.iter().filter(|event| event.ends_with("sees 0")).count(), 3, "{events:?}");
        } else {
            // By count each is dead when its payload drops; those behind it may still live.
            assert!(events.iter().any(|event| event == "2 sees 0"), "{events:?}");
        }
        assert_eq!(watch(), 0);
    }
}

#[test]
fn s03_nothing_is_visible_under_construction() {
    let heap = Heap::new();
    heap.set_threshold([1, 1, 1]);
    let log = Log::new();
    for _ in 0..50 {
        let node = heap.alloc_cyclic(|weak| {
            leak_ring(&heap, &log, "trash", 2);
            heap.collect(Generation::Old);
            heap.check();
            assert!(weak.upgrade().is_none() && weak.clone().strong_count() == 0);
            Node::new(&log, "n")
        });
        assert_eq!(Gc::strong_count(&node), 1);
    }
    // A constructor that keeps the weak and panics leaves a dead weak behind.
    let kept: RefCell<Option<Weak<Node>>> = RefCell::default();
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        heap.alloc_cyclic::<Node>(|weak| {
            *kept.borrow_mut() = Some(weak.clone());
            panic!("no payload")
        })
    }));
    assert!(failed.is_err());
    assert!(kept.borrow().as_ref().is_some_and(|weak| weak.upgrade().is_none()));
    heap.check();
}

#[test]
fn s03_listing_weak_references_revives_none() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let references = Rc::new(Cell::new(Some(WeakRef::with_callback(&node, callback(|_: &AnyGc| {})))));
    let other = WeakRef::new(&node);
    // While one reference object dies it is not listed any more.
    let (listed, seen, weak) = (Rc::new(Cell::new(9)), references.clone(), Gc::downgrade(&node));
    let count = listed.clone();
    let trigger = Node::alloc(&heap, &log, "trigger");
    trigger.on_drop(move || {
        drop(seen.take());
        let node = weak.upgrade().expect("it lives");
        count.set(Gc::with_heap(&node, |heap| heap.get_weakrefs(&node).len()));
    });
    drop(trigger);
    assert_eq!(listed.get(), 1);
    drop((other, references));
}

#[test]
fn s04_handles_are_invariant_and_stay_on_their_thread() {
    // Compile-fail tests (`ui`) show that a lifetime can't be shortened and that nothing made for a handle is `Send` or
    // `Sync`. Here: the markers' cost.
    assert_eq!((size_of::<Gc<String>>(), size_of::<AnyGc>(), size_of::<Packed>()), (8, 8, 8));
    assert_eq!((size_of::<RootKey<String>>(), size_of::<Weak<String>>()), (8, 16));
}

#[test]
fn s04_keys_from_other_threads_name_nothing_of_theirs() {
    // A number may go anywhere; what it names is looked up in the heap that is asked, and its type is checked.
    let bits = std::thread::spawn(|| {
        let heap = Heap::new();
        let key = heap.add_root(heap.alloc(String::from("of another thread")));
        heap.add_root(heap.alloc(1_u8));
        key.to_bits()
    });
    let bits = bits.join().expect("no panic");
    let heap = Heap::new();
    assert!(heap.root(RootKey::<String>::from_bits(bits)).is_none());
    let mine = heap.add_root(heap.alloc(5_u64));
    assert!(heap.root(RootKey::<String>::from_bits(bits)).is_none(), "the same slot, another type");
    assert_eq!(heap.root(mine).as_deref(), Some(&5));
}

#[test]
fn s05_weak_lists_lend_nothing() {
    // What a callback does to the weak references of the same object does not disturb the walk over them.
    let heap = manual_heap();
    let log = Log::new();
    let all: Rc<RefCell<Vec<Gc<WeakRef>>>> = Rc::default();
    let node = Node::alloc(&heap, &log, "n");
    for index in 0..20 {
        let (all_too, log) = (all.clone(), log.clone());
        let watch = WeakRef::with_callback(
            &node,
            callback(move |_: &AnyGc| {
                log.push("call");
                if index == 15 {
                    let all = all_too.take();
                    drop(all);
                }
            }),
        );
        all.borrow_mut().push(watch);
    }
    drop(node);
    assert_eq!(log.count("drop n"), 1);
    assert!(log.count("call") >= 5, "newest first, up to the one that dropped the others at least: {log:?}");
    heap.check();
}

#[test]
fn s06_there_is_no_pin() {
    /// Would be hidden by a function of that name on the handle itself.
    trait NoFunction: Sized {
        fn pin(_: PhantomPinned) -> &'static str {
            "not there"
        }
        fn into_pin(_: Self) -> &'static str {
            "not there"
        }
    }
    impl<T: ?Sized> NoFunction for Gc<T> {}
    impl NoFunction for AnyGc {}
    let object = Gc::new(PhantomPinned);
    let functions = [
        Gc::<PhantomPinned>::pin(PhantomPinned),
        Gc::into_pin(object.clone()),
        AnyGc::pin(PhantomPinned),
        AnyGc::into_pin(Gc::erase(object)),
    ];
    assert_eq!(functions, ["not there"; 4]);

    /// Has one impl for a handle that is not converted, and two, so that `_` can't be inferred, for one that is.
    trait NotConverted<Which> {
        fn check() {}
    }
    impl<T> NotConverted<()> for T {}
    impl<T: Into<Pin<T>>> NotConverted<u8> for T {}
    <Gc<PhantomPinned> as NotConverted<_>>::check();
    <Gc<dyn Future<Output = ()>> as NotConverted<_>>::check();
    <AnyGc as NotConverted<_>>::check();
}

#[test]
fn s06_payloads_move_out() {
    // Why: a payload moves out by value, so an object can't promise that it stays where it is.
    let object = Gc::new(String::from("moves"));
    let at = Gc::as_ptr(&object);
    let moved = Gc::try_unwrap(object).expect("the only handle");
    assert_ne!(&raw const moved, at);
}
