//! `Heap::verify`: what a wrong `Trace` looks like to it, what its messages say, and where it may be called.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{
    AnyGc, ById, DebugFlags, Gc, Generation, Heap, Proxy, Shape, Trace, Tracer, WeakKeyMap, WeakRef, WeakSet,
    WeakValueMap, callback,
};
use tailbite_tests::{Log, Node, manual_heap, quiet, ring};

/// Reports its handle as often as it is told.
struct Reports {
    handle: RefCell<Option<AnyGc>>,
    times: Cell<u32>,
}

// SAFETY: none: a handle that is reported more than once breaks the contract. That is what the tests are for.
unsafe impl Trace for Reports {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        (0..self.times.get()).for_each(|_| self.handle.trace(tracer));
    }

    fn shape(_: u32) -> Shape {
        Shape::EDGES
    }
}

fn reports(heap: &Heap, handle: &AnyGc, times: u32) -> Gc<Reports> {
    heap.alloc(Reports { handle: RefCell::new(Some(handle.clone())), times: Cell::new(times) })
}

/// What `verify` says, with `@A`, `@B`, ... in place of addresses, in order of their appearance.
fn message(heap: &Heap) -> String {
    let message = heap.verify().expect_err("it is broken").to_string();
    let mut known: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for word in message.split(' ') {
        let end = word.find([',', '\n']).unwrap_or(word.len());
        let (address, rest) = word.split_at(end);
        if !address.starts_with("0x") {
            words.push(word.to_owned());
            continue;
        }
        let index = known.iter().position(|other| other == address).unwrap_or_else(|| {
            known.push(address.to_owned());
            known.len() - 1
        });
        words.push(format!("@{}{rest}", char::from(b'A' + index as u8)));
    }
    words.join(" ")
}

#[test]
fn a_handle_that_is_reported_twice_is_named_with_its_path() {
    let heap = manual_heap();
    let item = Gc::erase(heap.alloc_str("item"));
    let twice = reports(&heap, &item, 1);
    let list = heap.alloc(vec![Gc::erase(heap.alloc(1)), Gc::as_any(&twice)]);
    heap.check();
    twice.times.set(2);
    // One of the two is held here, so that it can't be told.
    heap.check();
    drop((item, twice));
    let expected = "this is broken: no object is referred to more often than it is held (found 2, known 1)\n  \
                    `str` at @A\n  shown by `all::verify::Reports` at @B\n  path: held \
                    `alloc::vec::Vec<tailbite::handle::any::AnyGc>` at @C, edge 1 -> `all::verify::Reports` at @B, \
                    edge 0 -> `str` at @A";
    assert_eq!(message(&heap), expected);
    let violation = heap.verify().expect_err("still");
    assert_eq!(violation.rule(), "no object is referred to more often than it is held");
    assert_eq!(violation.objects().map(|(name, _)| name).collect::<Vec<_>>(), ["str", "all::verify::Reports"]);
    drop(list);
    heap.check();
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn check_panics_with_the_message() {
    let heap = manual_heap();
    let twice = reports(&heap, &Gc::erase(heap.alloc(1)), 2);
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| heap.check())).expect_err("it is broken");
    let message = payload.downcast_ref::<String>().expect("a message");
    assert_eq!(*message, heap.verify().unwrap_err().to_string());
    twice.times.set(1);
    heap.check();
}

#[test]
fn an_edge_to_what_is_gone_is_found() {
    /// Owns nothing, and reports a handle of somebody else's.
    struct Borrowed(Cell<Option<AnyGc>>);
    // SAFETY: none: it reports a handle that it doesn't own.
    unsafe impl Trace for Borrowed {
        fn trace(&self, tracer: &mut Tracer<'_>) {
            self.0.trace(tracer);
        }

        fn shape(_: u32) -> Shape {
            Shape::EDGES
        }
    }
    let heap = manual_heap();
    let keeps_pool = heap.alloc(2_u64);
    let victim = Gc::erase(heap.alloc(1_u64));
    let borrowed = heap.alloc(Borrowed(Cell::new(None)));
    // SAFETY: none: a second handle without a count of its own. It is forgotten before it is dropped.
    borrowed.0.set(Some(unsafe { std::ptr::read(&raw const victim) }));
    heap.check();
    drop(victim);
    let expected = "this is broken: an edge leads to an object, not to a free block\n  `no object` at @A\n  \
                    shown by `all::verify::an_edge_to_what_is_gone_is_found::Borrowed` at @B\n  path: held \
                    `all::verify::an_edge_to_what_is_gone_is_found::Borrowed` at @B, edge 0 -> `no object` at @A";
    assert_eq!(message(&heap), expected);
    std::mem::forget(borrowed.0.take());
    heap.check();
    drop(keeps_pool);
}

#[test]
fn a_cycle_that_nobody_holds_has_no_path() {
    let heap = manual_heap();
    let twice = heap.alloc(Reports { handle: RefCell::default(), times: Cell::new(2) });
    *twice.handle.borrow_mut() = Some(Gc::as_any(&twice));
    drop(twice);
    let expected = "this is broken: no object is referred to more often than it is held (found 2, known 1)\n  \
                    `all::verify::Reports` at @A\n  shown by `all::verify::Reports` at @A\n  \
                    path: none, no edge leads to it from an object that is held";
    assert_eq!(message(&heap), expected);
    // A collection keeps it, and says so (S11).
    let reports = quiet(&heap);
    assert_eq!(heap.collect(Generation::Old), 0);
    assert_eq!(reports.len(), 1);
}

#[test]
fn of_a_long_path_the_middle_is_left_out() {
    let heap = manual_heap();
    let mut first = Gc::erase(reports(&heap, &Gc::erase(heap.alloc(1)), 2));
    for _ in 0..100_000 {
        first = Gc::erase(heap.alloc(first));
    }
    let message = message(&heap);
    // The chain, the object that reports, the number; eight of them at each end.
    assert!(message.contains(", edge 0 -> (99986 more) -> `"), "{message}");
    assert_eq!(message.lines().last().unwrap_or_default().matches(" at @").count(), 16, "{message}");
    assert!(message.ends_with(", edge 0 -> `i32` at @A"), "{message}");
    drop(first);
}

#[test]
fn what_the_heap_itself_holds_is_counted() {
    // Each holds the only count: reported once by a type that doesn't own it, it is referred to twice.
    let holders: [fn(&Heap, AnyGc); 3] = [
        |heap, object| {
            heap.add_root_any(object);
        },
        |heap, object| heap.make_immortal(&object),
        |heap, object| {
            let list = heap.alloc(RefCell::new(vec![object]));
            let cycle = Gc::as_any(&list);
            list.borrow_mut().push(cycle);
            heap.set_debug(DebugFlags::SAVEALL);
            drop(list);
            heap.collect(Generation::Old);
        },
    ];
    for hold in holders {
        let heap = manual_heap();
        let object = heap.alloc(Some(Gc::erase(heap.alloc(1))));
        let weak = Gc::downgrade(&object);
        hold(&heap, Gc::erase(object));
        heap.check();
        // (Keeping garbage clears its weak references.)
        let kept = weak.upgrade().map(Gc::erase);
        let kept = kept.or_else(|| heap.garbage().into_iter().find(|object| object.is::<Option<AnyGc>>()));
        let object = kept.expect("the heap holds it");
        let twice = reports(&heap, &object, 1);
        drop(object);
        heap.check();
        twice.times.set(2);
        let violation = heap.verify().expect_err("one too many");
        assert_eq!(violation.rule(), "no object is referred to more often than it is held");
        twice.times.set(1);
    }
}

#[test]
fn what_is_lent_or_borrowed_is_passed_over() {
    let heap = manual_heap();
    let mut twice = reports(&heap, &Gc::erase(heap.alloc(1)), 2);
    assert!(heap.verify().is_err());
    let borrow = twice.handle.borrow_mut();
    heap.check();
    drop(borrow);
    let guard = Gc::get_mut(&mut twice).expect("the only handle");
    heap.check();
    drop(guard);
    assert!(heap.verify().is_err());
}

#[test]
fn edges_into_other_heaps_are_followed_and_not_counted() {
    let (heap, other) = (manual_heap(), manual_heap());
    let item = Gc::erase(other.alloc(1));
    let twice = reports(&heap, &item, 2);
    drop(item);
    heap.check();
    other.check();
    drop(other);
    heap.check();
    Gc::as_any(&twice).with_heap(|heap| heap.check());
}

#[test]
fn it_may_be_called_from_every_callback() {
    let heap = Rc::new(manual_heap());
    let log = Log::new();
    let (watched, calls) = (heap.clone(), Rc::new(Cell::new(0)));
    let verify = {
        let calls = calls.clone();
        move || {
            calls.set(calls.get() + 1);
            if let Err(violation) = watched.verify() {
                eprintln!("{violation}");
                std::process::abort();
            }
        }
    };
    let reports = quiet(&heap);
    heap.set_debug(DebugFlags::COLLECTABLE | DebugFlags::STATS);
    let (at_event, at_phase) = (verify.clone(), verify.clone());
    heap.set_debug_sink(move |_| at_event());
    let key = heap.add_callback(move |_, _, _| at_phase());
    let map = WeakKeyMap::with_equivalence(&heap, ById);
    let (values, set) = (WeakValueMap::new(&heap), WeakSet::with_equivalence(&heap, ById));
    for round in 0..3 {
        let nodes = ring(&heap, &log, "n", 20);
        let mut watches = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let [at_end, at_drop, at_death, at_final] = [(); 4].map(|()| verify.clone());
            Node::on_finalize(node, move |_| at_end());
            node.on_drop(at_drop);
            watches.push(WeakRef::with_callback(node, callback(move |_: &AnyGc| at_death())));
            heap.finalize(node, (), move |()| at_final());
            map.insert(node, Gc::as_any(&nodes[(index + 1) % 20]));
            values.insert(index, node);
            set.insert(node);
            let _ = Proxy::new(node);
        }
        if round == 1 {
            nodes[0].unlink();
        }
        drop(nodes);
        heap.collect(Generation::Old);
        assert!(map.is_empty() && values.is_empty() && set.is_empty());
        drop(watches);
        verify();
    }
    assert!(reports.is_empty(), "{:?}", reports.take());
    assert_eq!(log.count("drop n0"), 3);
    assert!(calls.get() > 3 * 20 * 4);
    heap.remove_callback(key);
    heap.reset_debug_sink();
}

#[test]
fn a_trace_that_panics_ends_it_and_nothing_else() {
    #[derive(Default)]
    struct Panics(Cell<bool>);
    // SAFETY: reports nothing; it may panic.
    unsafe impl Trace for Panics {
        fn trace(&self, _: &mut Tracer<'_>) {
            assert!(!self.0.get(), "traced");
        }

        fn shape(_: u32) -> Shape {
            Shape::EDGES
        }
    }
    let heap = manual_heap();
    let object = heap.alloc(Panics::default());
    object.0.set(true);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| heap.verify())).is_err());
    object.0.set(false);
    heap.check();
    drop(object);
    heap.collect(Generation::Young);
    assert!(heap.trim() > 0, "no walk holds the heap any more");
}

#[test]
fn the_remains_of_a_closed_heap_are_verified() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 50);
    let watches: Vec<_> = nodes.iter().map(WeakRef::new).collect();
    let map = WeakKeyMap::with_equivalence(&heap, ById);
    nodes.iter().for_each(|node| assert!(map.insert(node, 1).is_none()));
    heap.freeze();
    drop(heap);
    let check = |object: &AnyGc| object.with_heap(|heap| heap.check());
    check(&Gc::as_any(&nodes[0]));
    nodes.iter().for_each(|node| node.unlink());
    let last = Gc::as_any(&map);
    drop((nodes, map));
    check(&last);
    drop(watches);
    check(&last);
    let twice = last.with_heap(|heap| reports(heap, &Gc::erase(heap.alloc(1)), 2));
    assert!(last.with_heap(|heap| heap.verify()).is_err());
    twice.times.set(1);
    check(&last);
}
