//! Leaking at close: a heap that is dropped and leaves everything as it is.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};

use tailbite::{AnyGc, DebugFlags, Gc, Generation, Heap, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, quiet, ring};

/// A heap that leaks at close.
fn leaking() -> (Heap, Log) {
    let heap = manual_heap();
    assert!(!heap.leak_at_close());
    heap.set_leak_at_close(true);
    assert!(heap.leak_at_close());
    (heap, Log::new())
}

#[test]
fn nothing_runs_and_nothing_is_freed() {
    let (heap, log) = leaking();
    let reports = quiet(&heap);
    leak_ring(&heap, &log, "n", 3);
    let node = ring(&heap, &log, "f", 1);
    Node::on_finalize(&node[0], |_| {});
    let calls = log.clone();
    let watch = WeakRef::with_callback(&node[0], callback(move |_| calls.push("weak")));
    let (probe, sink, hook) = (log.probe("callback"), log.probe("sink"), log.probe("hook"));
    let calls = log.clone();
    heap.add_callback(move |_, phase, _| calls.push(format!("{} {phase}", probe.name())));
    heap.set_debug_sink(move |_| drop(sink.name().to_owned()));
    heap.set_unraisable_hook(move |_| drop(hook.name().to_owned()));
    log.take();
    heap.make_immortal(&heap.alloc(1));
    drop(node);
    heap.set_debug(DebugFlags::STATS);
    let weak = Gc::downgrade(&watch);
    drop(heap);
    assert!(log.is_empty(), "{log:?}");
    assert!(reports.is_empty());
    assert!(watch.get().is_some(), "even the garbage is there");
    drop(watch);
    assert!(weak.upgrade().is_none(), "what is let go dies by count");
}

#[test]
fn the_heap_stays_also_when_nothing_is_in_it() {
    for leak in [true, false] {
        let heap = manual_heap();
        let log = Log::new();
        heap.set_leak_at_close(leak);
        let (probe, other) = (log.probe("hook"), log.probe("other"));
        heap.set_unraisable_hook(move |_| drop(probe.name().to_owned()));
        let held = heap.alloc_str("held");
        drop(heap);
        assert!(log.is_empty());
        drop((held, other));
        assert_eq!(log.take(), if leak { &["drop other"][..] } else { &["drop hook", "drop other"] });
    }
}

#[test]
fn handles_go_on_working() {
    let (heap, log) = leaking();
    let held = Node::alloc(&heap, &log, "held");
    let factory = heap.factory::<RefCell<Vec<AnyGc>>>();
    drop(heap);
    let child = Gc::with_heap(&held, |heap| Node::alloc(heap, &log, "child"));
    Node::on_finalize(&child, |_| {});
    held.link(&child);
    let text = Gc::with_heap(&held, |heap| heap.alloc_str(&"x".repeat(100_000)));
    drop((child, text));
    let made: Vec<_> = (0..10_000).map(|_| factory.alloc(RefCell::default())).collect();
    assert_eq!(Gc::with_heap(&held, Heap::object_count), 10_002);
    drop(made);
    Gc::with_heap(&held, |heap| {
        heap.check();
        leak_ring(heap, &log, "cycle", 2);
        assert_eq!((heap.collect(Generation::Old), heap.safepoint()), (0, 0), "never again");
        heap.freeze();
        heap.unfreeze();
        heap.check();
    });
    drop(held);
    assert_eq!(log.take(), ["drop held", "finalize child", "drop child"]);
    assert_eq!(factory.alloc(RefCell::default()).borrow().len(), 0);
}

#[test]
fn nothing_is_collected_by_allocations() {
    let heap = Heap::new();
    heap.set_threshold([10, 1, 1]);
    heap.set_leak_at_close(true);
    let log = Log::new();
    let held = Node::alloc(&heap, &log, "held");
    drop(heap);
    let stats = Gc::with_heap(&held, Heap::get_stats);
    for _ in 0..100 {
        Gc::with_heap(&held, |heap| leak_ring(heap, &log, "n", 1));
    }
    assert_eq!((Gc::with_heap(&held, Heap::get_stats), log.len()), (stats, 0));
}

#[test]
fn a_heap_that_is_dropped_in_its_own_collection_leaks_after_it() {
    let (heap, log) = leaking();
    let slot = Rc::new(RefCell::new(Some(heap)));
    let nodes = slot.borrow().as_ref().map(|heap| ring(heap, &log, "n", 2)).expect("it is open");
    let held = slot.borrow().as_ref().map(|heap| Node::alloc(heap, &log, "held")).expect("it is open");
    let last = slot.clone();
    Node::on_finalize(&nodes[0], move |node| {
        leak_ring(last.borrow().as_ref().expect("it is open"), node.log(), "new", 2);
        drop(last.take());
    });
    drop(nodes);
    assert_eq!(Gc::with_heap(&held, |heap| heap.collect(Generation::Old)), 2);
    assert_eq!(log.take(), ["finalize n0", "drop n0", "drop n1"], "the collection ends as ever, what it left stays");
}

#[test]
fn the_flag_can_be_taken_back() {
    let (heap, log) = leaking();
    leak_ring(&heap, &log, "n", 2);
    heap.set_leak_at_close(false);
    drop(heap);
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1"]);
}

/// Reports its drop, in which it allocates in the default heap.
struct Late(Sender<&'static str>);

tailbite::leaf!(Late);

impl Drop for Late {
    fn drop(&mut self) {
        let text = Gc::new(String::from("late"));
        self.0.send(if text.len() == 4 { "dropped" } else { "wrong" }).expect("the receiver waits");
    }
}

#[test]
fn the_default_heap_leaks_too() {
    thread_local! {
        static HELD: RefCell<Option<Gc<Late>>> = const { RefCell::new(None) };
    }
    type Ring = RefCell<Option<Gc<(Late, AnyGc)>>>;
    let (sender, receiver) = channel();
    let run = move || {
        HELD.set(Some(Gc::new(Late(sender.clone()))));
        Heap::with_default(|heap| heap.set_leak_at_close(true));
        let ring: Gc<Ring> = Gc::new(RefCell::new(None));
        *ring.borrow_mut() = Some(Gc::new((Late(sender), Gc::as_any(&ring))));
    };
    std::thread::spawn(run).join().expect("it does not panic");
    // The object that a thread-local holds dies with it, before or after the heap closes. The cycle leaks.
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["dropped"]);
}

#[test]
fn closing_visits_nothing() {
    let (heap, log) = leaking();
    let nodes: Vec<_> = (0..100_000).map(|_| Node::alloc(&heap, &log, "")).collect();
    nodes.iter().for_each(|node| node.link(node));
    drop(nodes);
    let held = heap.alloc(1);
    let before = heap.memory();
    drop(heap);
    Gc::with_heap(&held, |heap| {
        assert_eq!((log.len(), heap.object_count()), (0, 100_001));
        assert_eq!(heap.memory().arenas, before.arenas, "nothing is unmapped");
        assert_eq!(heap.get_count(), [100_000, 0, 0], "nothing is touched");
    });
}
