//! GCCallbackTests: what is told of each collection.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tailbite::{AnyGc, CallbackKey, CollectionInfo, DebugFlags, Gc, Generation, Heap, Phase, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::super::collect;

/// One call: the number of the callback, the phase, what it was told.
type Visit = (usize, Phase, CollectionInfo);
type Visits = Rc<RefCell<Vec<Visit>>>;

/// A heap with two callbacks that write down their calls.
fn observed() -> (Heap, Visits, [CallbackKey; 2]) {
    let heap = manual_heap();
    let visits = Visits::default();
    let keys = [1, 2].map(|number| {
        let visits = visits.clone();
        heap.add_callback(move |_, phase, info| {
            visits.borrow_mut().push((number, phase, *info));
        })
    });
    collect(&heap);
    visits.take();
    (heap, visits, keys)
}

#[test]
fn test_collect() {
    let (heap, visits, keys) = observed();
    let log = Log::new();
    leak_ring(&heap, &log, "n", 3);
    let kept = Node::alloc(&heap, &log, "kept");
    assert_eq!(collect(&heap), 3);
    let seen = visits.take();
    let order: Vec<_> = seen.iter().map(|(number, phase, _)| (*number, phase.to_string())).collect();
    let expected = [(1, "start"), (2, "start"), (1, "stop"), (2, "stop")];
    assert_eq!(order, expected.map(|(number, phase)| (number, phase.to_owned())));
    for (_, phase, info) in &seen {
        assert_eq!((info.generation, info.uncollectable), (Generation::Old, 0));
        let figures = (info.collected, info.candidates);
        match phase {
            Phase::Start => assert_eq!((figures, info.duration), ((0, 0), Duration::ZERO)),
            Phase::Stop => assert_eq!(figures, (3, 4)),
        }
    }
    // A collection that finds nothing is told of as well; a callback that was removed hears no more.
    assert!(heap.remove_callback(keys[0]));
    assert!(!heap.remove_callback(keys[0]));
    assert_eq!(collect(&heap), 0);
    let order: Vec<_> = visits.take().iter().map(|(number, phase, info)| (*number, *phase, info.collected)).collect();
    assert_eq!(order, [(2, Phase::Start, 0), (2, Phase::Stop, 0)]);
    drop(kept);
}

#[test]
fn test_collect_generation() {
    let (heap, visits, _) = observed();
    for generation in Generation::ALL {
        heap.collect(generation);
        let seen = visits.take();
        assert_eq!(seen.len(), 4);
        assert!(seen.iter().all(|(_, _, info)| info.generation == generation), "{generation:?}");
    }
}

#[test]
fn test_collect_garbage() {
    // Without legacy finalizers nothing is uncollectable; garbage is what SAVEALL keeps, and a callback may dispose of it.
    let (heap, visits, _) = observed();
    let log = Log::new();
    leak_ring(&heap, &log, "n", 1);
    assert_eq!(collect(&heap), 1);
    for (_, phase, info) in visits.take() {
        assert_eq!((info.collected, info.uncollectable), (usize::from(phase == Phase::Stop), 0));
    }
    heap.set_debug(DebugFlags::SAVEALL);
    leak_ring(&heap, &log, "saved", 4);
    assert_eq!(collect(&heap), 4);
    assert!(visits.take().iter().all(|(_, phase, info)| info.collected == if *phase == Phase::Stop { 4 } else { 0 }));
    let garbage = heap.take_garbage();
    assert_eq!(garbage.len(), 4);
    garbage.iter().for_each(|object| object.downcast_ref::<Node>().expect("a node").unlink());
    drop(garbage);
    log.take();
    let disposed = Rc::<RefCell<usize>>::default();
    let count = disposed.clone();
    heap.add_callback(move |heap, phase, _| {
        if phase == Phase::Stop {
            let garbage = heap.take_garbage();
            *count.borrow_mut() += garbage.len();
            garbage.iter().for_each(|object| object.downcast_ref::<Node>().expect("a node").unlink());
        }
    });
    leak_ring(&heap, &log, "saved", 2);
    assert_eq!(collect(&heap), 2);
    assert_eq!((*disposed.borrow(), heap.garbage().len()), (2, 0));
    assert_eq!(log.take_sorted(), ["drop saved0", "drop saved1"]);
    heap.check();
}

// Section 2 of the reference: when, within a collection, the counts and the statistics change.

#[test]
fn counts_and_statistics_within_a_collection() {
    let (heap, log) = (manual_heap(), Log::new());
    heap.collect(Generation::Young);
    let base = heap.get_stats()[0].collections;
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    let into = heap.alloc(0_u8);
    let seen = Rc::<RefCell<Vec<String>>>::default();
    let (note, sink) = (seen.clone(), seen.clone());
    let note = Rc::new(move |heap: &Heap, what: &str| {
        let ([_, middle, old], collections) = (heap.get_count(), heap.get_stats()[0].collections - base);
        note.borrow_mut().push(format!("{what}: {middle} {old}, {collections}, {}", heap.collect(Generation::Old)));
    });
    let in_callback = note.clone();
    let watch = WeakRef::with_callback(
        &node,
        callback(move |_: &AnyGc| Gc::with_heap(&into, |heap| in_callback(heap, "weak callback"))),
    );
    let in_finalizer = note.clone();
    Node::on_finalize(&node, move |node| Gc::with_heap(node, |heap| in_finalizer(heap, "finalizer")));
    heap.add_callback(move |heap, phase, _| note(heap, &phase.to_string()));
    drop(node);
    assert_eq!(heap.collect(Generation::Young), 1);
    let expected = ["start: 1 0, 0, 0", "weak callback: 2 0, 0, 0", "finalizer: 2 0, 0, 0", "stop: 2 0, 1, 0"];
    assert_eq!(sink.take(), expected);
    drop(watch);
}
