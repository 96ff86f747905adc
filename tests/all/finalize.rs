//! `Finalize`: called once, when the object dies, or at the latest when the heap is closed.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{AnyGc, Finalize, Gc, Generation, Heap, UnraisableContext, WeakRef, callback};
use tailbite_tests::{Armed, Log, Node, OnDrop, manual_heap, quiet, ring};

/// Registers one that logs `call NAME`.
fn register(heap: &Heap, object: &Gc<Node>, log: &Log, name: &str) -> Finalize<String> {
    let log = log.clone();
    heap.finalize(object, name.to_owned(), move |name| log.push(format!("call {name}")))
}

#[test]
fn it_is_called_once_when_the_object_dies() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let finalize = register(&heap, &node, &log, "f");
    let same = finalize.clone();
    assert!(finalize.is_alive() && finalize.at_exit());
    assert_eq!(heap.get_weakref_count(&node), 1);
    let (object, data) = finalize.peek().expect("alive");
    assert!(object == AnyGc::from(node.clone()) && data == "f");
    drop((node, object));
    assert_eq!(log.take(), ["call f", "drop n"]);
    assert!(!same.is_alive() && !same.call() && same.peek().is_none() && same.detach().is_none() && !same.at_exit());
    heap.run_exit_finalizers();
    drop((heap, finalize, same));
    assert!(log.is_empty());
}

#[test]
fn it_is_called_by_hand_or_detached() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let called = register(&heap, &node, &log, "called");
    let detached = register(&heap, &node, &log, "detached");
    drop(register(&heap, &node, &log, "handle dropped"));
    assert!(called.call() && !called.call());
    assert_eq!(log.take(), ["call called"]);
    let (object, data) = detached.detach().expect("alive");
    assert!(object.is::<Node>() && data == "detached" && !detached.is_alive() && detached.detach().is_none());
    assert_eq!(heap.get_weakref_count(&node), 1);
    drop((node, object));
    assert_eq!(log.take(), ["call handle dropped", "drop n"]);
    assert_eq!(heap.object_count(), 2, "the two that there are still handles to");
    drop((called, detached));
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn the_newest_comes_first_among_all_callbacks() {
    for collected in [false, true] {
        let (heap, log) = (manual_heap(), Log::new());
        let node = Node::alloc(&heap, &log, "n");
        Node::on_finalize(&node, |_| {});
        register(&heap, &node, &log, "1");
        let sink = log.clone();
        let watch = WeakRef::with_callback(&node, callback(move |_: &AnyGc| sink.push("callback 2")));
        register(&heap, &node, &log, "3");
        if collected {
            node.set(0, Some(node.clone()));
            drop(node);
            heap.collect(Generation::Young);
            assert_eq!(log.take(), ["call 3", "callback 2", "call 1", "finalize n", "drop n"]);
        } else {
            drop(node);
            assert_eq!(log.take(), ["finalize n", "call 3", "callback 2", "call 1", "drop n"]);
        }
        drop(watch);
        assert_eq!(heap.object_count(), 0);
    }
}

#[test]
fn closing_calls_in_reverse_order_with_collection_disabled() {
    let (heap, log) = (Rc::new(manual_heap()), Log::new());
    let reports = quiet(&heap);
    let node = Node::alloc(&heap, &log, "n");
    register(&heap, &node, &log, "1");
    register(&heap, &node, &log, "not at exit").set_at_exit(false);
    let (object, sink) = (Gc::as_any(&node), log.clone());
    heap.finalize(&node, 2, move |number: i32| {
        let was_enabled = object.with_heap(|heap| {
            let made: AnyGc = heap.alloc(number).into();
            let sink = sink.clone();
            heap.finalize(&made, made.clone(), move |_| sink.push("call made meanwhile"));
            heap.is_enabled()
        });
        sink.push(format!("call 2, enabled: {was_enabled}"));
    });
    heap.finalize(&node, (), |()| panic!("3 fails"));
    register(&heap, &node, &log, "4");
    let again = register(&heap, &node, &log, "5");
    again.set_at_exit(false);
    again.set_at_exit(true);
    drop(Rc::into_inner(heap));
    let calls = ["call 5", "call 4", "call 2, enabled: false", "call made meanwhile", "call 1"];
    assert_eq!(log.take(), calls);
    assert_eq!(reports.take(), [(UnraisableContext::Finalize, "3 fails".to_owned())]);
    drop(node);
    assert_eq!(log.take(), ["drop n"], "the one that was not to be called at exit is gone");
}

#[test]
fn exit_finalizers_can_be_called_earlier() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    register(&heap, &node, &log, "1");
    let kept = register(&heap, &node, &log, "kept");
    kept.set_at_exit(false);
    let (object, nested) = (Gc::as_any(&node), Rc::new(Cell::new(7)));
    let sink = nested.clone();
    heap.finalize(&node, (), move |()| sink.set(object.with_heap(Heap::run_exit_finalizers)));
    assert_eq!(heap.run_exit_finalizers(), 2);
    assert_eq!(nested.get(), 0);
    assert!(heap.is_enabled() && kept.is_alive());
    assert_eq!(log.take(), ["call 1"]);
    assert_eq!(heap.run_exit_finalizers(), 0);
    drop(node);
    assert_eq!(log.take(), ["call kept", "drop n"]);
}

#[test]
fn endless_creation_at_exit_ends() {
    fn again(object: &Gc<i32>, count: &Rc<Cell<u32>>) {
        count.set(count.get() + 1);
        let (data, counter) = (object.clone(), count.clone());
        Gc::with_heap(object, |heap| heap.finalize(object, data, move |object| again(&object, &counter)));
    }
    let heap = manual_heap();
    let count = Rc::new(Cell::new(0));
    let object = heap.alloc(1);
    again(&object, &count);
    drop(object);
    drop(heap);
    assert!(count.get() > 1000, "{}", count.get());
    assert_eq!(Rc::strong_count(&count), 1, "what was left was dropped");
}

#[test]
fn dropping_the_heap_at_exit_closes_it_afterwards() {
    let log = Log::new();
    let heap = Rc::new(RefCell::new(Some(manual_heap())));
    let nodes = {
        let borrowed = heap.borrow();
        let heap_now = borrowed.as_ref().expect("open");
        let node = Node::alloc(heap_now, &log, "n");
        register(heap_now, &node, &log, "1");
        let (slot, sink) = (heap.clone(), log.clone());
        heap_now.finalize(&node, (), move |()| {
            sink.push("drops the heap");
            drop(slot.take());
        });
        ring(heap_now, &log, "r", 2);
        node
    };
    let view = nodes.clone();
    Gc::with_heap(&view, Heap::run_exit_finalizers);
    let mut events = log.take();
    events[2..].sort();
    assert_eq!(events, ["drops the heap", "call 1", "drop r0", "drop r1"]);
    drop((nodes, view));
    assert_eq!(log.take(), ["drop n"]);
}

#[test]
fn a_panic_is_reported_or_raised_to_who_calls() {
    let (heap, log) = (manual_heap(), Log::new());
    let reports = quiet(&heap);
    let node = Node::alloc(&heap, &log, "n");
    let fails = heap.finalize(&node, (), |()| panic!("raised"));
    heap.finalize(&node, 5_u8, |_| panic!("reported"));
    let raised = catch_unwind(AssertUnwindSafe(|| fails.call())).expect_err("raised to the caller");
    assert_eq!(raised.downcast_ref::<&str>(), Some(&"raised"));
    assert!(!fails.is_alive() && reports.is_empty());
    drop(node);
    assert_eq!(reports.take(), [(UnraisableContext::Finalize, "reported".to_owned())]);
    assert_eq!(log.take(), ["drop n"]);
}

#[test]
fn data_and_function_are_dropped_once_and_may_do_anything() {
    for how in 0..4 {
        let (heap, log) = (manual_heap(), Log::new());
        let node = Node::alloc(&heap, &log, "n");
        let other = register(&heap, &node, &log, "other");
        let (sink, nested, probe) = (log.clone(), other.clone(), log.probe("captured"));
        let on_drop = OnDrop::new(move || sink.push(format!("data dropped, other called: {}", nested.call())));
        let finalize = heap.finalize(&node, on_drop, move |data| drop((probe, data)));
        match how {
            0 => drop(node),
            1 => drop(finalize.call()),
            2 => drop(finalize.detach()),
            _ => {
                finalize.set_at_exit(false);
                drop(heap);
            }
        }
        let mut events = log.take();
        events.retain(|event| event != "drop n");
        events.sort();
        let other_called = if how == 3 { "false" } else { "true" };
        let mut expected = vec![
            "call other".to_owned(),
            format!("data dropped, other called: {other_called}"),
            "drop captured".to_owned(),
        ];
        expected.sort();
        assert_eq!(events, expected, "{how}");
        drop((finalize, other));
        assert!(log.is_empty() || how != 0);
    }
}

#[test]
fn data_that_calls_while_it_is_cloned() {
    type Handle = (Finalize<Cloned>, Option<Gc<Node>>);
    #[derive(Default)]
    struct Cloned {
        handle: Rc<RefCell<Option<Handle>>>,
        results: Rc<RefCell<Vec<String>>>,
    }
    impl Clone for Cloned {
        fn clone(&self) -> Cloned {
            let taken = self.handle.borrow_mut().take();
            if let Some((finalize, node)) = taken {
                let gone = (finalize.detach().is_none(), finalize.peek().is_none());
                drop(node);
                self.results.borrow_mut().push(format!("{gone:?} {} {}", finalize.is_alive(), finalize.call()));
            }
            Cloned { handle: self.handle.clone(), results: self.results.clone() }
        }
    }
    for dies in [false, true] {
        let (heap, log) = (manual_heap(), Log::new());
        let node = Node::alloc(&heap, &log, "n");
        let data = Cloned::default();
        let (handle, results) = (data.handle.clone(), data.results.clone());
        let finalize = heap.finalize(&node, data, |data| data.results.borrow_mut().push("called".into()));
        let mut kept = Some(node);
        *handle.borrow_mut() = Some((finalize.clone(), if dies { kept.take() } else { None }));
        let peeked = finalize.peek();
        assert!(peeked.is_some() && !finalize.is_alive());
        assert_eq!(*results.borrow(), ["(true, true) true true", "called"], "as soon as it was cloned");
        drop((peeked, kept));
        assert_eq!(results.borrow().len(), 2, "and once only");
    }
}

#[test]
fn a_clone_that_panics_loses_nothing() {
    #[derive(Debug)]
    struct Fails(Armed, Log);
    impl Clone for Fails {
        fn clone(&self) -> Fails {
            assert!(!self.0.is_set(), "no clone");
            Fails(self.0.clone(), self.1.clone())
        }
    }
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    let armed = Armed::new();
    let finalize = heap.finalize(&node, Fails(armed.clone(), log.clone()), |data| data.1.push("called"));
    assert!(catch_unwind(AssertUnwindSafe(|| finalize.peek())).is_err());
    armed.disarm();
    assert!(finalize.peek().is_some());
    drop(node);
    assert_eq!(log.take(), ["called", "drop n"]);
}

#[test]
fn it_may_be_registered_with_another_heap() {
    let log = Log::new();
    let (here, there) = (manual_heap(), manual_heap());
    let node = Node::alloc(&there, &log, "n");
    register(&here, &node, &log, "here");
    register(&there, &node, &log, "there");
    drop(here);
    assert_eq!(log.take(), ["call here"]);
    drop(there);
    assert_eq!(log.take(), ["call there"]);
    drop(node);

    let (here, there) = (manual_heap(), manual_heap());
    let node = Node::alloc(&there, &log, "n");
    let finalize = register(&here, &node, &log, "death");
    drop(there);
    drop(node);
    assert_eq!(log.take()[1..], ["call death", "drop n"]);
    drop(here);
    drop(finalize);
}

#[test]
fn a_closed_heap_still_calls_at_the_death() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    drop(heap);
    Gc::with_heap(&node, |heap| register(heap, &node, &log, "late"));
    drop(node);
    assert_eq!(log.take(), ["call late", "drop n"]);
}

#[test]
fn many_are_called_at_exit_in_linear_time() {
    let heap = manual_heap();
    let objects: Vec<_> = (0..50_000).map(|index| heap.alloc(index)).collect();
    let calls = Rc::new(RefCell::new(Vec::new()));
    let all: Vec<_> = objects
        .iter()
        .map(|object| {
            let calls = calls.clone();
            heap.finalize(object, **object, move |index| calls.borrow_mut().push(index))
        })
        .collect();
    for finalize in all.iter().step_by(2) {
        finalize.set_at_exit(false);
    }
    for finalize in all.iter().step_by(3) {
        assert!(finalize.detach().is_some());
    }
    drop(heap);
    let expected: Vec<i32> = (0..50_000).rev().filter(|index| index % 2 != 0 && index % 3 != 0).collect();
    assert_eq!(*calls.borrow(), expected);
    assert!(all.iter().all(|finalize| !finalize.is_alive()));
}
