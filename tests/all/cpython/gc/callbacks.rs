//! GCCallbackTests: what is told of each collection.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tailbite::{CallbackKey, CollectionInfo, DebugFlags, Generation, Heap, Phase};
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
        heap.add_callback(move |_, phase, info| visits.borrow_mut().push((number, phase, info.clone())))
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
