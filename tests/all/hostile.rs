//! Hosts that do in every window what they had better not: take the neighbours apart, lend them, close the heap.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{
    AnyGc, Gc, Generation, Heap, Shape, Trace, Tracer, Trigger, UnraisableContext, Weak, WeakRef, callback, unsize,
};
use tailbite_tests::{Log, Node, OnDrop, leak_ring, manual_heap, quiet, ring};

/// What a finalizer does with the handle of its neighbour that it took out of its own edge.
type Deed = fn(Gc<Node>);

const DEEDS: [Deed; 7] = [
    |next| drop(Gc::try_unwrap(next)),
    |next| drop(Gc::into_inner(next)),
    |mut next| drop(Gc::get_mut(&mut next)),
    |mut next| std::mem::forget(Gc::get_mut(&mut next)),
    |next| next.unlink(),
    |next| {
        let taken = next.cells[0].take();
        next.set(1, taken);
    },
    |next| drop((WeakRef::new(&next), Gc::downgrade(&next), Gc::as_any(&next))),
];

#[test]
fn neighbours_taken_apart_in_finalizers() {
    for deed in DEEDS {
        for collected in [false, true] {
            let heap = manual_heap();
            let log = Log::new();
            let nodes = ring(&heap, &log, "n", 4);
            if !collected {
                nodes[3].unlink();
            }
            for node in &nodes {
                Node::on_finalize(node, move |node| {
                    if let Some(next) = node.cells[0].take() {
                        deed(next);
                    }
                });
            }
            drop(nodes);
            for _ in 0..3 {
                heap.collect(Generation::Old);
                heap.check();
            }
            for index in 0..4 {
                assert!(log.count(&format!("drop n{index}")) <= 1, "{log:?}");
                assert!(log.count(&format!("finalize n{index}")) <= 1, "{log:?}");
            }
        }
    }
}

#[test]
fn neighbours_taken_apart_in_callbacks() {
    // The callback gets at the garbage through a plain weak reference, before finalizers run.
    for deed in DEEDS {
        let heap = manual_heap();
        let log = Log::new();
        let nodes = ring(&heap, &log, "n", 4);
        let weaks: Vec<Weak<Node>> = nodes.iter().map(Gc::downgrade).collect();
        let watch = WeakRef::with_callback(
            &nodes[0],
            callback(move |_: &AnyGc| weaks.iter().filter_map(Weak::upgrade).for_each(deed)),
        );
        drop(nodes);
        for _ in 0..3 {
            heap.collect(Generation::Old);
            heap.check();
        }
        assert!((0..4).all(|index| log.count(&format!("drop n{index}")) <= 1), "{log:?}");
        drop(watch);
    }
}

#[test]
fn a_reference_made_in_a_finalizer_does_not_call_in_a_collection() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    let made: Rc<Cell<Option<Gc<WeakRef>>>> = Rc::default();
    let (make, events) = (made.clone(), log.clone());
    Node::on_finalize(&node, move |node| {
        let events = events.clone();
        make.set(Some(WeakRef::with_callback(node, callback(move |_: &AnyGc| events.push("call")))));
    });
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!(log.take(), ["finalize n", "drop n"]);
    assert!(made.take().is_some_and(|reference| !reference.is_alive() && reference.callback().is_none()));
}

#[test]
fn made_immortal_in_a_finalizer() {
    for collected in [false, true] {
        let heap = manual_heap();
        let log = Log::new();
        let node = Node::alloc(&heap, &log, "n");
        if collected {
            node.link(&node);
        }
        let weak = Gc::downgrade(&node);
        Node::on_finalize(&node, |node| Gc::with_heap(node, |heap| heap.make_immortal(node)));
        drop(node);
        heap.collect(Generation::Old);
        heap.collect(Generation::Old);
        assert!(weak.upgrade().is_some(), "immortal, collected: {collected}");
        assert_eq!(log.take(), ["finalize n"]);
        heap.check();
    }
}

#[test]
fn immortal_objects_and_the_end_of_their_heap() {
    let log = Log::new();
    let heap = manual_heap();
    let node = Node::alloc(&heap, &log, "immortal");
    let other = Node::alloc(&heap, &log, "other");
    node.link(&other);
    other.link(&node);
    heap.make_immortal(&node);
    let text = heap.alloc_str("None");
    heap.make_immortal(&text);
    let held = text.clone();
    drop((node, other, text));
    drop(heap);
    assert_eq!(&*held, "None");
    drop(held);
    assert!(log.count("drop immortal") <= 1 && log.count("drop other") <= 1);
}

#[test]
fn a_finalizer_is_not_asked_for_twice() {
    let heap = manual_heap();
    let log = Log::new();
    let saved: Rc<RefCell<Vec<Gc<Node>>>> = Rc::default();
    let node = Node::alloc(&heap, &log, "n");
    let save = saved.clone();
    Node::on_finalize(&node, move |node| {
        Gc::request_finalizer(node);
        save.borrow_mut().push(node.clone());
    });
    drop(node);
    Gc::request_finalizer(&saved.borrow()[0]);
    saved.borrow_mut().clear();
    assert_eq!(log.take(), ["finalize n", "drop n"], "once in a life");
}

/// Closes the heap whose handle is in the slot.
fn closer(slot: &Rc<RefCell<Option<Heap>>>) -> impl Fn() + Clone + use<> {
    let slot = slot.clone();
    move || drop(slot.take())
}

#[test]
fn the_heap_is_dropped_inside_its_own_collection() {
    for window in 0..3 {
        let log = Log::new();
        let slot = Rc::new(RefCell::new(Some(manual_heap())));
        let close = closer(&slot);
        let (held, nodes, mut watch) = {
            let heap = slot.borrow();
            let heap = heap.as_ref().expect("open");
            (heap.alloc_str("held"), ring(heap, &log, "n", 5), None)
        };
        match window {
            0 => Node::on_finalize(&nodes[2], move |_| close()),
            1 => watch = Some(WeakRef::with_callback(&nodes[2], callback(move |_: &AnyGc| close()))),
            _ => nodes[2].on_drop(close),
        }
        drop(nodes);
        let collected = Gc::with_heap(&held, |heap| heap.collect(Generation::Old));
        assert!(slot.borrow().is_none());
        assert_eq!((collected, log.take().iter().filter(|event| event.starts_with("drop")).count()), (5, 5));
        assert_eq!(&*held, "held");
        drop((held, watch));
    }
}

#[test]
fn the_heap_is_dropped_inside_an_allocation() {
    let log = Log::new();
    let slot = Rc::new(RefCell::new(Some(Heap::new())));
    let close = closer(&slot);
    let factory = {
        let heap = slot.borrow();
        let heap = heap.as_ref().expect("open");
        heap.set_threshold([5, 1, 1]);
        let node = Node::alloc(heap, &log, "closer");
        node.link(&node);
        Node::on_finalize(&node, move |_| close());
        heap.factory::<RefCell<Option<AnyGc>>>()
    };
    let objects: Vec<_> = (0..100).map(|_| factory.alloc(RefCell::new(None))).collect();
    assert!(slot.borrow().is_none());
    *objects[0].borrow_mut() = Some(Gc::as_any(&objects[99]));
    drop(factory);
    assert!(objects[0].borrow().is_some());
    drop(objects);
    assert_eq!(log.take(), ["finalize closer", "drop closer"]);
}

#[test]
fn iterators_that_use_the_heap_while_a_slice_is_built() {
    let heap = Heap::new();
    heap.set_threshold([3, 1, 1]);
    let log = Log::new();
    for len in [1_usize, 10, 1000, 5000] {
        let slice = heap.alloc_slice((0..len).map(|index| {
            leak_ring(&heap, &log, "trash", 2);
            if index % 100 == 0 {
                heap.collect(Generation::Old);
                heap.check();
                heap.trim();
            }
            heap.alloc(RefCell::new(vec![index]))
        }));
        assert!(slice.iter().enumerate().all(|(index, item)| item.borrow()[0] == index));
        let tuple = heap.alloc_with_slice(slice.clone(), slice.iter().map(Gc::as_any));
        heap.collect(Generation::Old);
        assert!(tuple.slice.iter().all(|item| item.strong_count() == 2));
    }
    heap.collect(Generation::Old);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn a_callback_that_drops_its_own_reference() {
    for in_cycle in [false, true] {
        let heap = manual_heap();
        let log = Log::new();
        let node = Node::alloc(&heap, &log, "n");
        let slot: Rc<Cell<Option<Gc<WeakRef>>>> = Rc::default();
        let (own, events) = (slot.clone(), log.clone());
        let captured = log.probe("captured");
        let watch = WeakRef::with_callback(
            &node,
            callback(move |_: &AnyGc| {
                drop(own.take());
                // What the callback owns outlives the reference that owned the callback.
                events.push(format!("still has {}", captured.name()));
            }),
        );
        slot.set(Some(watch));
        if in_cycle {
            node.link(&node);
        }
        drop(node);
        heap.collect(Generation::Old);
        assert_eq!((log.count("still has captured"), log.count("drop captured")), (1, 1), "{log:?}");
        assert_eq!(heap.object_count(), 0);
        heap.check();
    }
}

#[test]
fn a_clone_that_panics_in_make_mut() {
    struct Fragile(Cell<bool>, #[expect(dead_code, reason = "it only drops")] tailbite_tests::Probe, Log);
    impl Clone for Fragile {
        fn clone(&self) -> Fragile {
            assert!(!self.0.get(), "the clone fails");
            Fragile(Cell::new(false), self.2.probe("clone"), self.2.clone())
        }
    }
    tailbite::leaf!(Fragile);
    let heap = manual_heap();
    let log = Log::new();
    let mut fragile = heap.alloc(Fragile(Cell::new(true), log.probe("original"), log.clone()));
    let other = fragile.clone();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(Gc::make_mut(&mut fragile)))).is_err());
    assert!(Gc::ptr_eq(&fragile, &other) && Gc::strong_count(&other) == 2);
    fragile.0.set(false);
    drop(Gc::make_mut(&mut fragile));
    assert!(!Gc::ptr_eq(&fragile, &other));
    drop((fragile, other));
    assert_eq!(log.take_sorted(), ["drop clone", "drop original"]);
    heap.check();
}

/// Panics while it is traced, when told to.
struct Moody {
    panics: Rc<Cell<bool>>,
    edge: RefCell<Option<Gc<Moody>>>,
    _probe: tailbite_tests::Probe,
}

// SAFETY: reports its one edge once; a panic before that reports nothing, which only keeps what it holds.
unsafe impl Trace for Moody {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        assert!(!self.panics.get(), "not now");
        self.edge.trace(tracer);
    }

    fn shape(_: u32) -> Shape {
        Shape::UNKNOWN
    }
}

#[test]
fn a_panic_in_a_trace_keeps_and_loses_nothing() {
    let heap = manual_heap();
    let reports = quiet(&heap);
    let log = Log::new();
    let panics = Rc::new(Cell::new(false));
    let make =
        |name: &str| heap.alloc(Moody { panics: panics.clone(), edge: RefCell::default(), _probe: log.probe(name) });
    let (a, b, kept) = (make("a"), make("b"), make("kept"));
    *a.edge.borrow_mut() = Some(b.clone());
    *b.edge.borrow_mut() = Some(a.clone());
    *kept.edge.borrow_mut() = Some(a.clone());
    drop((a, b));
    panics.set(true);
    let result = catch_unwind(AssertUnwindSafe(|| heap.collect(Generation::Old)));
    panics.set(false);
    assert_eq!(result.ok(), Some(0), "reported, not resumed");
    assert!(reports.take().iter().any(|(context, _)| *context == UnraisableContext::Trace));
    assert!(log.is_empty());
    heap.check();
    drop(kept);
    assert_eq!(heap.collect(Generation::Old), 2, "the next collection works as ever");
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn unsized_weak_references_to_the_dying() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let weak: Weak<dyn Trace> = unsize!(Gc::downgrade(&node) => dyn Trace);
    let seen = weak.clone();
    let events = log.clone();
    node.on_drop(move || events.push(format!("alive {}", seen.upgrade().is_some())));
    node.link(&node);
    assert!(weak.upgrade().is_some_and(|object| Gc::erase(object).is::<Node>()));
    drop(node);
    heap.collect(Generation::Old);
    assert_eq!(log.take(), ["drop n", "alive false"]);
}

#[test]
fn collections_set_off_in_every_drop() {
    // Automatic collections at nearly every allocation, allocations in every drop.
    let heap = Rc::new(Heap::new());
    heap.set_threshold([1, 0, 0]);
    let log = Log::new();
    let count = Rc::new(Cell::new(0));
    for _ in 0..300 {
        let nodes = ring(&heap, &log, "n", 3);
        for node in &nodes {
            let (heap, count) = (Rc::downgrade(&heap), count.clone());
            node.on_drop(move || {
                let heap = heap.upgrade().expect("open");
                let inner = heap.alloc(RefCell::new(None::<AnyGc>));
                *inner.borrow_mut() = Some(Gc::as_any(&inner));
                count.set(count.get() + 1);
            });
        }
    }
    heap.collect(Generation::Old);
    heap.collect(Generation::Old);
    assert_eq!((count.get(), heap.object_count()), (900, 0));
    heap.check();
}

#[test]
fn raw_handles_of_every_shape() {
    let heap = manual_heap();
    let log = Log::new();
    let unit = Gc::into_raw(heap.alloc(()));
    let node = Gc::into_raw(Node::alloc(&heap, &log, "n"));
    heap.collect(Generation::Old);
    // SAFETY: both came from `into_raw`, and are taken back once.
    let (unit, node) = unsafe { (Gc::from_raw(unit), Gc::from_raw(node)) };
    assert!(heap.contains(&unit) && heap.contains(&node));
    drop((unit, node));
    assert_eq!((log.take(), heap.object_count()), (vec!["drop n".to_owned()], 0));
}

#[test]
fn safepoints_and_triggers_change_in_the_middle() {
    let heap = Rc::new(Heap::new());
    let log = Log::new();
    heap.set_threshold([2, 1, 1]);
    for round in 0..50 {
        let node = Node::alloc(&heap, &log, "n");
        node.link(&node);
        let inner = Rc::downgrade(&heap);
        Node::on_finalize(&node, move |_| {
            let heap = inner.upgrade().expect("open");
            heap.set_trigger([Trigger::Allocation, Trigger::Safepoint, Trigger::Manual][round % 3]);
            heap.set_threshold([1 + round as i32 % 3, 0, 0]);
            heap.safepoint();
            drop(heap.alloc(OnDrop::default()));
        });
        drop(node);
        heap.safepoint();
    }
    heap.collect(Generation::Old);
    assert_eq!((log.count("drop n"), heap.object_count()), (50, 0));
    heap.check();
}
