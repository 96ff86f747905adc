//! Debug flags: what is told, in the reference's words, and what is kept.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, DebugEvent, DebugFlags, Gc, Generation, Heap, Trigger, UnraisableContext, WeakRef, callback};
use tailbite_tests::{Log, Node, OnDrop, leak_ring, manual_heap, quiet, ring};

/// Sends events to a log, as lines.
fn lines(heap: &Heap, log: &Log) {
    let log = log.clone();
    heap.set_debug_sink(move |event| event.to_string().lines().for_each(|line| log.push(line)));
}

fn names(objects: &[AnyGc]) -> Vec<&str> {
    objects.iter().map(|object| object.downcast_ref::<Node>().expect("a node").name()).collect()
}

#[test]
fn the_flags_are_numbered_as_in_the_reference() {
    let numbers = [DebugFlags::STATS, DebugFlags::COLLECTABLE, DebugFlags::UNCOLLECTABLE, DebugFlags::SAVEALL];
    assert_eq!(numbers.map(|flag| flag.bits()), [1, 2, 4, 32]);
    assert_eq!(DebugFlags::LEAK.bits(), 38);
    let heap = manual_heap();
    assert_eq!(heap.get_debug(), DebugFlags::empty());
    heap.set_debug(DebugFlags::LEAK | DebugFlags::STATS);
    assert_eq!(heap.get_debug().bits(), 39);
    heap.set_debug(DebugFlags::from_bits_retain(1 << 20));
    assert_eq!(heap.get_debug().bits(), 1 << 20, "unknown bits stay, and do nothing");
    heap.collect(Generation::Old);
}

#[test]
fn stats_are_told_in_the_words_of_the_reference() {
    let (heap, log, events) = (manual_heap(), Log::new(), Log::new());
    lines(&heap, &events);
    heap.collect(Generation::Old);
    assert!(events.is_empty(), "nothing is told unless it is asked for");
    let frozen = ring(&heap, &log, "frozen", 5);
    heap.freeze();
    let old = ring(&heap, &log, "old", 3);
    heap.collect(Generation::Old);
    let middle = ring(&heap, &log, "middle", 2);
    heap.collect(Generation::Young);
    let young = ring(&heap, &log, "young", 1);
    leak_ring(&heap, &log, "trash", 4);
    heap.set_debug(DebugFlags::STATS);
    heap.collect(Generation::Middle);
    let mut told = events.take();
    let done = told.pop().expect("four lines");
    let expected = [
        "gc: collecting generation 1...",
        "gc: objects in each generation: 5 2 3",
        "gc: objects in permanent generation: 5",
    ];
    assert_eq!(told, expected);
    let elapsed = done.strip_prefix("gc: done, 4 unreachable, 0 uncollectable, ").expect(&done);
    let seconds = elapsed.strip_suffix("s elapsed").expect(&done);
    assert!(seconds.len() >= 6 && seconds.split_once('.').expect(&done).1.len() == 4, "{done}");
    drop((frozen, old, middle, young));
}

#[test]
fn the_events_carry_the_figures() {
    let heap = manual_heap();
    let log = Log::new();
    let done = Rc::new(Cell::new(None));
    let sink = done.clone();
    heap.set_debug_sink(move |event| {
        if let DebugEvent::Done { unreachable, uncollectable, elapsed, .. } = event {
            sink.set(Some((*unreachable, *uncollectable, *elapsed)));
        }
    });
    heap.set_debug(DebugFlags::STATS);
    leak_ring(&heap, &log, "n", 3);
    heap.collect(Generation::Old);
    assert_eq!(done.get(), Some((3, 0, heap.get_stats()[2].duration)));
}

#[test]
fn each_unreachable_object_is_told_before_anything_happens_to_it() {
    let (heap, log) = (manual_heap(), Log::new());
    let events = log.clone();
    heap.set_debug_sink(move |event| {
        let DebugEvent::Collectable { object } = event else { return };
        let node: &Node = object.downcast_ref().expect("a node");
        let line = format!("gc: collectable <{} {:#x}>", object.type_name(), object.address());
        assert_eq!(event.to_string(), line);
        events.push(format!("tell {}", node.name()));
    });
    heap.set_debug(DebugFlags::COLLECTABLE);
    let nodes = ring(&heap, &log, "n", 2);
    let kept = Node::alloc(&heap, &log, "kept");
    Node::on_finalize(&nodes[1], |_| {});
    let weak_log = log.clone();
    let watch = WeakRef::with_callback(&nodes[0], callback(move |_| weak_log.push("weak")));
    drop(nodes);
    heap.collect(Generation::Young);
    assert_eq!(log.take(), ["tell n0", "tell n1", "weak", "finalize n1", "drop n0", "drop n1"]);
    drop((kept, watch));
}

#[test]
fn a_sink_that_keeps_an_object_resurrects_it() {
    let (heap, log) = (manual_heap(), Log::new());
    let kept = Rc::new(RefCell::new(Vec::new()));
    let keep = kept.clone();
    heap.set_debug_sink(move |event| {
        if let DebugEvent::Collectable { object } = event
            && object.downcast_ref::<Node>().is_some_and(|node| node.name() == "a0")
        {
            keep.borrow_mut().push((*object).clone());
        }
    });
    heap.set_debug(DebugFlags::COLLECTABLE);
    leak_ring(&heap, &log, "a", 2);
    leak_ring(&heap, &log, "b", 2);
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(log.take_sorted(), ["drop b0", "drop b1"]);
    heap.check();
    heap.set_debug(DebugFlags::empty());
    kept.take();
    assert_eq!(heap.collect(Generation::Old), 2);
}

#[test]
fn what_a_sink_arms_is_honoured() {
    let (heap, log) = (manual_heap(), Log::new());
    let watches: Rc<RefCell<Vec<Gc<WeakRef>>>> = Rc::default();
    let (watch, calls) = (watches.clone(), log.clone());
    heap.set_debug_sink(move |event| {
        let DebugEvent::Collectable { object } = event else { return };
        let node: Gc<Node> = (*object).clone().downcast().expect("a node");
        Node::on_finalize(&node, |_| {});
        let calls = calls.clone();
        watch.borrow_mut().push(WeakRef::with_callback(&node, callback(move |_| calls.push("weak"))));
    });
    heap.set_debug(DebugFlags::COLLECTABLE);
    leak_ring(&heap, &log, "n", 1);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!(log.take(), ["weak", "finalize n0", "drop n0"]);
}

#[test]
fn hostile_sinks() {
    // What a sink may do to the objects that it is shown.
    let deeds: [fn(&Gc<Node>); 5] = [
        |node| node.unlink(),
        |node| {
            if let Some(next) = node.cells[0].take() {
                drop(Gc::try_unwrap(next));
            }
        },
        |node| {
            if let Some(mut next) = node.cells[0].take() {
                std::mem::forget(Gc::get_mut(&mut next));
            }
        },
        |node| Gc::with_heap(node, |heap| leak_ring(heap, node.log(), "new", 3)),
        |node| {
            let collected = Gc::with_heap(node, |heap| heap.collect(Generation::Old));
            assert_eq!(collected, 0);
            panic!("sink");
        },
    ];
    for generation in Generation::ALL {
        for deed in deeds {
            let (heap, log) = (manual_heap(), Log::new());
            let reports = quiet(&heap);
            heap.set_debug_sink(move |event| {
                if let DebugEvent::Collectable { object } = event {
                    deed(&(*object).clone().downcast().expect("a node"));
                }
            });
            leak_ring(&heap, &log, "n", 4);
            heap.set_debug(DebugFlags::COLLECTABLE);
            heap.collect(generation);
            heap.set_debug(DebugFlags::empty());
            heap.check();
            heap.collect(Generation::Old);
            heap.check();
            assert!((0..4).all(|index| log.count(&format!("drop n{index}")) <= 1), "{log:?}");
            let reports = reports.take();
            assert!(reports.iter().all(|report| *report == (UnraisableContext::DebugSink, "sink".to_owned())));
        }
    }
    assert_eq!(UnraisableContext::DebugSink.to_string(), "the debug sink");
}

#[test]
fn a_sink_replaces_itself_and_is_dropped_when_it_returns() {
    let heap = Rc::new(manual_heap());
    let (log, events) = (Log::new(), Log::new());
    let (inner, calls, next, probe) = (Rc::downgrade(&heap), events.clone(), events.clone(), events.probe("first"));
    heap.set_debug_sink(move |_| {
        let next = next.clone();
        inner.upgrade().expect("it is open").set_debug_sink(move |event| next.push(format!("second: {event}")));
        calls.push(format!("{} runs", probe.name()));
    });
    heap.set_debug(DebugFlags::COLLECTABLE | DebugFlags::STATS);
    leak_ring(&heap, &log, "n", 1);
    heap.collect(Generation::Old);
    let told = events.take();
    assert_eq!(told[..2], ["first runs", "drop first"]);
    assert!(told[2].starts_with("second: gc: objects in each"), "{told:?}");
    assert!(told[3].starts_with("second: gc: collectable <"), "{told:?}");
    assert!(told[4].starts_with("second: gc: done, 1"), "{told:?}");
    assert_eq!(told.len(), 5);
    let probe = events.probe("third");
    heap.set_debug_sink(move |_| drop(probe.name().to_owned()));
    heap.set_debug(DebugFlags::empty());
    heap.reset_debug_sink();
    heap.reset_debug_sink();
    assert_eq!(events.take(), ["drop third"]);
}

#[test]
fn saveall_keeps_everything_and_frees_nothing() {
    for generation in Generation::ALL {
        let (heap, log) = (manual_heap(), Log::new());
        heap.set_debug(DebugFlags::SAVEALL);
        let nodes = ring(&heap, &log, "n", 3);
        let survivor = Node::alloc(&heap, &log, "survivor");
        Node::on_finalize(&nodes[1], |_| {});
        let weak = Gc::downgrade(&nodes[0]);
        let plain = WeakRef::new(&nodes[2]);
        let calls = log.clone();
        let watch = WeakRef::with_callback(&nodes[0], callback(move |_| calls.push("weak")));
        drop(nodes);
        assert_eq!(heap.collect(generation), 3, "they count as collected");
        heap.check();
        assert_eq!(log.take(), ["weak", "finalize n1"], "callbacks and finalizers run, nothing is dropped");
        assert!(weak.upgrade().is_none() && plain.get().is_none() && watch.get().is_none());
        let garbage = heap.garbage();
        assert_eq!(names(&garbage), ["n0", "n1", "n2"]);
        let older = Generation::ALL[(generation.index() + 1).min(2)];
        assert!(garbage.iter().all(|object| heap.get_objects(Some(older)).contains(object)));
        assert_eq!(heap.get_stats()[generation.index()].collected, 3);
        // They are alive: nothing more is found, and they can be used again.
        assert_eq!(heap.collect(Generation::Old), 0);
        let revived: Gc<Node> = garbage[0].clone().downcast().expect("a node");
        assert!(Gc::downgrade(&revived).upgrade().is_some());
        assert_eq!(heap.garbage().len(), 3);
        drop((garbage, revived, survivor, plain, watch));
        assert_eq!(log.take(), ["drop survivor"]);
        // Taken out and let go, they are ordinary garbage, whose finalizers have run.
        heap.set_debug(DebugFlags::empty());
        let taken = heap.take_garbage();
        assert_eq!((names(&taken), heap.garbage().len()), (vec!["n0", "n1", "n2"], 0));
        assert_eq!(heap.collect(Generation::Old), 0);
        drop(taken);
        assert_eq!(heap.collect(Generation::Old), 3);
        assert_eq!(log.take_sorted(), ["drop n0", "drop n1", "drop n2"]);
        assert_eq!(heap.object_count(), 0);
        heap.check();
    }
}

#[test]
fn garbage_that_is_dropped_under_saveall_is_kept_again() {
    let (heap, log) = (manual_heap(), Log::new());
    heap.set_debug(DebugFlags::SAVEALL);
    leak_ring(&heap, &log, "n", 2);
    assert_eq!(heap.collect(Generation::Old), 2);
    drop(heap.take_garbage());
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!((heap.garbage().len(), log.take()), (2, vec![]));
    // The cycle is cut: they die by count, promptly.
    let taken = heap.take_garbage();
    taken.iter().filter_map(|object| object.downcast_ref::<Node>()).for_each(Node::unlink);
    drop(taken);
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1"]);
}

#[test]
fn what_resurrects_itself_is_not_kept() {
    let (heap, log) = (manual_heap(), Log::new());
    heap.set_debug(DebugFlags::SAVEALL);
    let nodes = ring(&heap, &log, "back", 2);
    let slot = Rc::new(RefCell::new(None));
    let rescue = slot.clone();
    Node::on_finalize(&nodes[0], move |node| *rescue.borrow_mut() = Some(node.clone()));
    drop(nodes);
    leak_ring(&heap, &log, "n", 1);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!(names(&heap.garbage()), ["n0"]);
    drop(slot.take());
}

#[test]
fn garbage_may_be_edited_in_a_callback() {
    let (heap, log) = (manual_heap(), Log::new());
    heap.set_debug(DebugFlags::SAVEALL);
    let found = Rc::new(Cell::new(0));
    let count = found.clone();
    heap.add_callback(move |heap, phase, _| {
        if phase == tailbite::Phase::Stop {
            count.set(count.get() + heap.take_garbage().len());
        }
    });
    leak_ring(&heap, &log, "n", 4);
    assert_eq!(heap.collect(Generation::Young), 4);
    assert_eq!((found.get(), heap.garbage().len(), heap.object_count()), (4, 0, 4));
    heap.check();
    heap.set_debug(DebugFlags::empty());
    assert_eq!(heap.collect(Generation::Old), 4);
    assert_eq!(found.get(), 4);
}

#[test]
fn kept_garbage_and_freezing() {
    let (heap, log) = (manual_heap(), Log::new());
    heap.set_debug(DebugFlags::SAVEALL);
    leak_ring(&heap, &log, "n", 2);
    heap.collect(Generation::Old);
    heap.freeze();
    assert_eq!((heap.get_freeze_count(), heap.garbage().len()), (2, 2));
    drop(heap);
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1"], "closing lets garbage go");
}

#[test]
fn closing_ignores_saveall_and_drops_the_sink_last() {
    let log = Log::new();
    let heap = manual_heap();
    let probe = log.probe("sink");
    let (events, held) = (log.clone(), Node::alloc(&heap, &log, "captured"));
    heap.set_debug_sink(move |event| {
        if matches!(event, DebugEvent::Done { .. }) {
            events.push(format!("{} told, {} held", probe.name(), held.name()));
        }
    });
    heap.set_debug(DebugFlags::SAVEALL);
    leak_ring(&heap, &log, "kept", 2);
    heap.collect(Generation::Young);
    let kept: Gc<Node> = heap.garbage()[0].clone().downcast().expect("a node");
    kept.on_drop({
        // The drop of garbage sees a list that is being emptied.
        let (log, weak) = (log.clone(), Gc::downgrade(&Node::alloc(&heap, &log, "temporary")));
        move || log.push(format!("temporary is alive: {}", weak.upgrade().is_some()))
    });
    drop(kept);
    leak_ring(&heap, &log, "new", 2);
    log.take();
    heap.set_debug(DebugFlags::SAVEALL | DebugFlags::STATS);
    drop(heap);
    let events = log.take();
    let sinks: Vec<_> = events.iter().filter(|event| event.contains("told")).collect();
    assert_eq!(sinks.len(), 2, "the closing collections are told: {events:?}");
    for index in 0..2 {
        assert!(events.contains(&format!("drop kept{index}")) && events.contains(&format!("drop new{index}")));
    }
    assert_eq!(events[events.len() - 2..], ["drop sink", "drop captured"], "captures go, and then the heap");
}

#[test]
fn user_code_in_the_last_drops_may_set_sinks_and_callbacks() {
    // A closed heap takes them and drops them at once: nothing would ever call them.
    let log = Log::new();
    let heap = manual_heap();
    let held = Node::alloc(&heap, &log, "held");
    let node = Gc::downgrade(&held);
    let probe = log.clone();
    let again = OnDrop::new(move || {
        let node = node.upgrade().expect("it is held");
        Gc::with_heap(&node, |heap| {
            let (late, later) = (probe.probe("late sink"), probe.probe("late callback"));
            heap.set_debug_sink(move |_| drop(late.name().to_owned()));
            heap.add_callback(move |_, _, _| drop(later.name().to_owned()));
            heap.reset_debug_sink();
        });
    });
    heap.set_debug_sink(move |_| again.set(|| {}));
    drop(heap);
    assert_eq!(log.take(), ["drop late sink", "drop late callback"]);
    drop(held);
    assert_eq!(log.take(), ["drop held"]);
}

#[test]
fn without_a_sink_events_are_lines_on_stderr() {
    // Captured by the test harness; here: that nothing panics, and that a collection is what it always is.
    let (heap, log) = (manual_heap(), Log::new());
    let reports = quiet(&heap);
    heap.set_debug(DebugFlags::STATS | DebugFlags::LEAK);
    leak_ring(&heap, &log, "n", 2);
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!((heap.garbage().len(), reports.len()), (2, 0));
}

/// What the sink makes immortal is no garbage any more.
#[test]
fn what_a_sink_makes_immortal_is_not_told_of() {
    let (heap, log) = (manual_heap(), Log::new());
    let nodes = ring(&heap, &log, "n", 2);
    let (other, events) = (Gc::downgrade(&nodes[1]), log.clone());
    heap.set_debug_sink(move |_| {
        events.push("told");
        let other = other.upgrade().expect("nothing has happened to it");
        Gc::with_heap(&other, |heap| heap.make_immortal(&other));
    });
    heap.set_debug(DebugFlags::COLLECTABLE);
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 0);
    assert_eq!(log.take(), ["told"]);
}

/// The growth rule counts what is kept among the survivors: it is there, and costs the next full collection a look.
#[test]
fn garbage_that_is_kept_delays_the_next_full_collection() {
    let (heap, log) = (manual_heap(), Log::new());
    heap.set_debug(DebugFlags::SAVEALL);
    leak_ring(&heap, &log, "old", 1000);
    assert_eq!(heap.collect(Generation::Old), 1000);
    heap.set_trigger(Trigger::Safepoint);
    heap.set_threshold([1, 100, 0]);
    let full = |pending: usize| {
        leak_ring(&heap, &log, "pending", pending);
        heap.set_trigger(Trigger::Manual);
        heap.collect(Generation::Middle);
        heap.set_trigger(Trigger::Safepoint);
        let young = ring(&heap, &log, "young", 5);
        heap.safepoint();
        drop(young);
        heap.get_stats()[2].collections
    };
    assert_eq!(full(10), 1, "10 of 1000 are not half");
    assert_eq!(full(600), 2);
}
