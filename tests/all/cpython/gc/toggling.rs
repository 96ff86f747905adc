//! GCTogglingTests: collections that happen by themselves, or don't.

use std::cell::Cell;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Heap, Trigger, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring};

use super::super::collect;
use super::automatic;

/// Tells when there was a collection: a piece of garbage with a callback.
struct Detector {
    has_happened: Rc<Cell<bool>>,
    _watch: Gc<WeakRef>,
}

impl Detector {
    fn new(heap: &Heap, log: &Log) -> Detector {
        let has_happened = Rc::<Cell<bool>>::default();
        let node = Node::alloc(heap, log, "detector");
        node.link(&node);
        let set = has_happened.clone();
        let watch = WeakRef::with_callback(&node, callback(move |_: &AnyGc| set.set(true)));
        Detector { has_happened, _watch: watch }
    }

    /// Allocates objects, up to `limit`, until there is a collection; how many there were.
    fn wait(&self, heap: &Heap, log: &Log, limit: usize) -> usize {
        let mut junk = Vec::new();
        while !self.has_happened.get() && junk.len() < limit {
            junk.push(Node::alloc(heap, log, "junk"));
            heap.safepoint();
        }
        junk.len()
    }
}

/// An old object is held by young garbage only. The young collection that finds that garbage does not look at the old object, which
/// dies by count while the garbage goes; what it runs then must not get at other garbage through a plain weak reference.
fn bug1055820(watch_old: impl FnOnce(&Gc<Node>, Gc<WeakRef>) -> Option<Gc<WeakRef>>) -> Log {
    // Collections at safepoints come in a sequence that a stress build does not change.
    let (heap, log) = (automatic([1000, 0, 0]), Log::new());
    heap.set_trigger(Trigger::Safepoint);
    let old = Node::alloc(&heap, &log, "old");
    old.link(&old);
    collect(&heap);
    let c1 = Node::alloc(&heap, &log, "c1");
    c1.link(&c1);
    c1.link(&old);
    old.unlink();
    let c2 = Node::alloc(&heap, &log, "c2");
    c2.link(&c2);
    let c2_watch = WeakRef::new(&c2);
    let kept = watch_old(&old, c2_watch.clone());
    drop((old, c1, c2));
    assert!(c2_watch.get().is_some() && log.is_empty());
    let detector = Detector::new(&heap, &log);
    let before = heap.get_stats();
    assert!(detector.wait(&heap, &log, 10_000) < 10_000);
    let after = heap.get_stats();
    assert_eq!((after[0].collections, after[0].collected), (before[0].collections + 1, before[0].collected + 3));
    assert_eq!((after[1].collections, after[2].collections), (before[1].collections, before[2].collections));
    for name in ["drop c1", "drop c2", "drop old"] {
        assert_eq!(log.count(name), 1, "{name}");
    }
    heap.check();
    drop(kept);
    log
}

#[test]
fn test_bug1055820c() {
    let log = bug1055820(|old, c2_watch| {
        let log = old.log().clone();
        let see = callback(move |_: &AnyGc| log.push(format!("sees {}", c2_watch.get().is_some())));
        Some(WeakRef::with_callback(old, see))
    });
    assert_eq!((log.count("sees false"), log.count("sees true")), (1, 0));
}

#[test]
fn test_bug1055820d() {
    let log = bug1055820(|old, c2_watch| {
        Node::on_finalize(old, move |node| node.log().push(format!("sees {}", c2_watch.get().is_some())));
        None
    });
    assert_eq!((log.count("sees false"), log.count("sees true")), (1, 0));
}

#[test]
fn test_indirect_calls_with_gc_disabled() {
    let (heap, log) = (automatic([1000, 0, 0]), Log::new());
    assert!(Detector::new(&heap, &log).wait(&heap, &log, 10_000) < 10_000);
    heap.disable();
    let before = heap.get_stats().map(|stats| stats.collections);
    assert_eq!(Detector::new(&heap, &log).wait(&heap, &log, 10_000), 10_000);
    assert_eq!(heap.get_stats().map(|stats| stats.collections), before);
    heap.enable();
    assert!(Detector::new(&heap, &log).wait(&heap, &log, 10_000) < 10_000);
}

#[test]
fn test_threshold_zero() {
    let (heap, log) = (automatic([0, 10, 10]), Log::new());
    leak_ring(&heap, &log, "n", 1);
    let kept: Vec<_> = (0..50_000).map(|_| Node::alloc(&heap, &log, "n")).collect();
    heap.safepoint();
    assert!(log.is_empty());
    assert_eq!(heap.get_stats().map(|stats| stats.collections), [0; 3]);
    assert_eq!(heap.get_count()[0], kept.len() + 1);
}
