//! Gc callbacks: when they run, what they are told, and callbacks that misbehave.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tailbite::{CallbackKey, Gc, Generation, Heap, Phase, UnraisableContext, WeakRef, callback};
use tailbite_tests::{Log, Node, OnDrop, leak_ring, manual_heap, quiet, ring};

/// Adds a callback that logs each call under `name`.
fn listen(heap: &Heap, log: &Log, name: &'static str) -> CallbackKey {
    let log = log.clone();
    heap.add_callback(move |_, phase, info| log.push(format!("{name} {phase} {}", info.generation.index())))
}

#[test]
fn each_callback_hears_of_start_and_stop_in_order() {
    let heap = manual_heap();
    let log = Log::new();
    let first = listen(&heap, &log, "a");
    listen(&heap, &log, "b");
    heap.collect(Generation::Middle);
    assert_eq!(log.take(), ["a start 1", "b start 1", "a stop 1", "b stop 1"]);
    assert!(heap.remove_callback(first));
    assert!(!heap.remove_callback(first), "a key is good for once");
    listen(&heap, &log, "c");
    heap.collect(Generation::Old);
    assert_eq!(log.take(), ["b start 2", "c start 2", "b stop 2", "c stop 2"], "in order of addition");
    assert!(!Heap::new().remove_callback(first), "a heap without callbacks knows no key");
}

#[test]
fn the_figures_are_zero_at_the_start_and_true_at_the_end() {
    let heap = manual_heap();
    let log = Log::new();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let sink = seen.clone();
    heap.add_callback(move |heap, phase, info| {
        sink.borrow_mut().push((phase, *info, heap.get_stats(), heap.get_count()));
    });
    let kept = ring(&heap, &log, "kept", 3);
    leak_ring(&heap, &log, "trash", 4);
    let resurrected = ring(&heap, &log, "back", 1);
    let rescued = Rc::new(RefCell::new(None));
    let rescue = rescued.clone();
    Node::on_finalize(&resurrected[0], move |node| *rescue.borrow_mut() = Some(node.clone()));
    drop(resurrected);
    assert_eq!(heap.collect(Generation::Young), 4);
    let seen = seen.take();
    let [(Phase::Start, start, before, counts), (Phase::Stop, stop, after, counts_after)] = seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(start.generation, Generation::Young);
    assert_eq!((start.collected, start.uncollectable, start.candidates, start.duration), (0, 0, 0, Duration::ZERO));
    assert_eq!(before[0].collections, 0);
    assert_eq!(counts, [8, 0, 0], "nothing is counted yet");
    assert_eq!((stop.collected, stop.uncollectable, stop.candidates), (4, 0, 8));
    assert!(stop.duration > Duration::ZERO);
    assert_eq!((after[0].collections, after[0].collected, after[0].candidates), (1, 4, 8));
    assert_eq!(after[0].duration, stop.duration);
    assert_eq!(after[1], heap.get_stats()[1], "only the generation that was collected is charged");
    assert_eq!(counts_after, [0, 1, 0]);
    drop((kept, rescued));
}

#[test]
fn candidates_and_duration_add_up_in_the_statistics() {
    let heap = manual_heap();
    let log = Log::new();
    let kept = ring(&heap, &log, "kept", 5);
    heap.collect(Generation::Old);
    heap.collect(Generation::Old);
    heap.collect(Generation::Young);
    let [young, middle, old] = heap.get_stats();
    assert_eq!((young.candidates, middle.candidates, old.candidates), (0, 0, 10));
    assert!(old.duration > Duration::ZERO && middle.duration == Duration::ZERO);
    drop(kept);
}

#[test]
fn callbacks_run_before_and_after_everything_else() {
    let heap = manual_heap();
    let log = Log::new();
    listen(&heap, &log, "cb");
    let nodes = ring(&heap, &log, "n", 1);
    Node::on_finalize(&nodes[0], |_| {});
    let weak_log = log.clone();
    let watch = WeakRef::with_callback(&nodes[0], callback(move |_| weak_log.push("weak")));
    drop(nodes);
    heap.collect(Generation::Old);
    assert_eq!(log.take(), ["cb start 2", "weak", "finalize n0", "drop n0", "cb stop 2"]);
    drop(watch);
}

#[test]
fn a_panic_goes_to_the_hook_and_the_next_callback_runs() {
    let heap = manual_heap();
    let log = Log::new();
    let reports = quiet(&heap);
    heap.add_callback(|_, phase, _| panic!("bad {phase}"));
    listen(&heap, &log, "good");
    leak_ring(&heap, &log, "n", 2);
    assert_eq!(heap.collect(Generation::Young), 2);
    assert_eq!(log.take(), ["good start 0", "drop n0", "drop n1", "good stop 0"]);
    let context = UnraisableContext::GcCallback;
    assert_eq!(reports.take(), [(context, "bad start".to_owned()), (context, "bad stop".to_owned())]);
    assert_eq!(context.to_string(), "a gc callback");
    heap.collect(Generation::Young);
    assert_eq!(reports.len(), 2, "it stays registered");
}

#[test]
fn callbacks_added_meanwhile_are_called_and_removed_ones_are_not() {
    let heap = manual_heap();
    let log = Log::new();
    let reports = quiet(&heap);
    let keys: Rc<RefCell<Vec<CallbackKey>>> = Rc::default();
    let (adding, removing) = (log.clone(), keys.clone());
    let adder = heap.add_callback(move |heap, phase, _| {
        adding.push(format!("adder {phase}"));
        if phase == Phase::Start {
            listen(heap, &adding, "new");
        }
    });
    heap.collect(Generation::Young);
    assert_eq!(log.take(), ["adder start", "new start 0", "adder stop", "new stop 0"]);
    assert!(heap.remove_callback(adder));
    let remover = heap.add_callback(move |heap, _, _| {
        for key in removing.take() {
            assert!(heap.remove_callback(key));
            assert!(!heap.remove_callback(key));
        }
    });
    keys.borrow_mut().extend([listen(&heap, &log, "x"), listen(&heap, &log, "y")]);
    listen(&heap, &log, "z");
    heap.collect(Generation::Young);
    assert_eq!(log.take(), ["new start 0", "z start 0", "new stop 0", "z stop 0"], "nobody is skipped");
    assert_eq!(reports.messages(), [""; 0]);
    assert!(heap.remove_callback(remover));
}

#[test]
fn a_callback_removes_itself_and_is_dropped_when_it_returns() {
    let heap = manual_heap();
    let log = Log::new();
    let key = Rc::new(Cell::new(None));
    let (own, calls, probe) = (key.clone(), log.clone(), log.probe("capture"));
    key.set(Some(heap.add_callback(move |heap, phase, _| {
        assert!(heap.remove_callback(own.get().expect("it is set")));
        calls.push(format!("{phase}, {} still there", probe.name()));
    })));
    listen(&heap, &log, "next");
    heap.collect(Generation::Young);
    assert_eq!(log.take(), ["start, capture still there", "drop capture", "next start 0", "next stop 0"]);
}

#[test]
fn what_a_removed_callback_captured_may_do_anything_when_it_is_dropped() {
    let heap = Rc::new(manual_heap());
    let log = Log::new();
    let reports = quiet(&heap);
    let (inner, calls) = (Rc::downgrade(&heap), log.clone());
    let capture = OnDrop::new(move || {
        let heap = inner.upgrade().expect("the heap is open");
        leak_ring(&heap, &calls, "n", 2);
        calls.push(format!("collected {}", heap.collect(Generation::Old)));
        panic!("in a drop");
    });
    let key = Rc::new(Cell::new(None));
    let own = key.clone();
    key.set(Some(heap.add_callback(move |heap, _, _| {
        let _ = &capture;
        heap.remove_callback(own.get().expect("it is set"));
    })));
    heap.collect(Generation::Old);
    assert_eq!(log.take(), ["collected 0", "drop n0", "drop n1"], "within a collection a nested one does nothing");
    assert_eq!(reports.messages(), ["in a drop"]);
    heap.check();
}

#[test]
fn a_nested_collection_does_nothing() {
    let heap = manual_heap();
    let log = Log::new();
    let (nested, calls) = (log.clone(), Rc::new(Cell::new(0)));
    let counter = calls.clone();
    heap.add_callback(move |heap, _, _| {
        counter.set(counter.get() + 1);
        leak_ring(heap, &nested, "n", 2);
        assert_eq!(heap.collect(Generation::Old), 0);
    });
    let reports = quiet(&heap);
    assert_eq!(heap.collect(Generation::Old), 2, "what was made at the start is garbage of this collection");
    assert_eq!(heap.collect(Generation::Old), 4);
    assert_eq!((calls.get(), reports.messages()), (4, vec![]));
}

#[test]
fn the_heap_may_be_dropped_in_a_callback() {
    for phase in [Phase::Start, Phase::Stop] {
        let log = Log::new();
        let heap = Rc::new(RefCell::new(Some(Rc::new(manual_heap()))));
        let open = heap.borrow().clone().expect("it is open");
        leak_ring(&open, &log, "n", 2);
        let held = Node::alloc(&open, &log, "held");
        let (slot, calls) = (heap.clone(), log.clone());
        open.add_callback(move |_, now, info| {
            calls.push(format!("{now} {}", info.collected));
            if now == phase {
                drop(slot.take());
            }
        });
        let weak = Rc::downgrade(&open);
        drop(open);
        // The handle keeps the state, so that a view of the heap can be used; the `Heap` goes in the callback.
        let collected = Gc::with_heap(&held, |heap| heap.collect(Generation::Old));
        assert_eq!(collected, 2);
        assert!(weak.upgrade().is_none());
        assert_eq!(log.take(), ["start 0", "drop n0", "drop n1", "stop 2"], "the collection goes on to its end");
        assert_eq!(Gc::with_heap(&held, |heap| heap.collect(Generation::Old)), 0, "closed");
        drop(held);
        assert_eq!(log.take(), ["drop held"]);
    }
}

#[test]
fn callbacks_may_change_what_triggers_collections() {
    let heap = Heap::new();
    heap.set_threshold([10, 10, 10]);
    let log = Log::new();
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    heap.add_callback(move |heap, phase, _| {
        counter.set(counter.get() + 1);
        if phase == Phase::Stop {
            heap.disable();
            heap.set_threshold([1, 1, 1]);
        }
    });
    let nodes: Vec<_> = (0..100).map(|index| Node::alloc(&heap, &log, format!("n{index}"))).collect();
    assert_eq!(calls.get(), 2, "one collection, then none");
    drop(nodes);
}

#[test]
fn a_callback_that_allocates_survives_the_candidates() {
    // What the callback makes and keeps at the start is examined, what it makes at the end is not.
    let heap = manual_heap();
    let log = Log::new();
    let kept: Rc<RefCell<Vec<Gc<Node>>>> = Rc::default();
    let (keep, names) = (kept.clone(), log.clone());
    heap.add_callback(move |heap, phase, info| {
        assert_eq!(phase == Phase::Start, info.candidates == 0);
        let name = format!("{phase}");
        keep.borrow_mut().extend(ring(heap, &names, &name, 3));
    });
    assert_eq!(heap.collect(Generation::Young), 0);
    heap.check();
    assert_eq!(heap.get_count(), [3, 1, 0]);
    assert_eq!(kept.borrow().len(), 6);
}

#[test]
fn closing_drops_callbacks_and_calls_none() {
    let log = Log::new();
    let heap = manual_heap();
    listen(&heap, &log, "cb");
    // A cycle from the heap through a callback to an object of the heap: closing breaks it.
    let held = ring(&heap, &log, "held", 2);
    let weak = Gc::downgrade(&held[0]);
    heap.add_callback(move |_, _, _| drop(held.clone()));
    leak_ring(&heap, &log, "n", 1);
    Node::on_finalize(&weak.upgrade().expect("the callback holds it"), {
        let log = log.clone();
        move |node| {
            Gc::with_heap(node, |heap| {
                let late = log.probe("late callback");
                let key = heap.add_callback(move |_, _, _| drop(late.name().to_owned()));
                assert!(!heap.remove_callback(key), "a closing heap takes no more");
            });
            log.push("done");
        }
    });
    drop(heap);
    let mut events = log.take();
    assert_eq!(events.remove(0), "finalize held0");
    events.sort();
    assert_eq!(events, ["done", "drop held0", "drop held1", "drop late callback", "drop n0"]);
    assert!(weak.upgrade().is_none());
}

#[test]
fn collections_of_two_heaps_nest_in_callbacks() {
    let (outer, inner) = (manual_heap(), Rc::new(manual_heap()));
    let log = Log::new();
    listen(&inner, &log, "inner");
    listen(&outer, &log, "outer");
    let collect = inner.clone();
    outer.add_callback(move |_, _, _| {
        collect.collect(Generation::Young);
    });
    leak_ring(&inner, &log, "n", 1);
    outer.collect(Generation::Old);
    let expected = ["outer start 2", "inner start 0", "drop n0", "inner stop 0"];
    assert_eq!(log.take(), [&expected[..], &["outer stop 2", "inner start 0", "inner stop 0"]].concat());
}

#[test]
fn automatic_collections_call_too() {
    let heap = Heap::new();
    heap.set_threshold([100, 2, 2]);
    let log = Log::new();
    let generations: Rc<RefCell<Vec<usize>>> = Rc::default();
    let seen = generations.clone();
    heap.add_callback(move |_, phase, info| {
        if phase == Phase::Start {
            seen.borrow_mut().push(info.generation.index());
        }
    });
    let before: u64 = heap.get_stats().iter().map(|row| row.collections).sum();
    let nodes: Vec<_> = (0..1000).map(|index| Node::alloc(&heap, &log, format!("n{index}"))).collect();
    let after: u64 = heap.get_stats().iter().map(|row| row.collections).sum();
    assert_eq!(generations.borrow().len() as u64, after - before);
    assert!(generations.borrow().contains(&0));
    drop(nodes);
}
