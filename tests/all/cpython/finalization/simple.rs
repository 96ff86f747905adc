//! SimpleFinalizationTest: no cycles.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{Gc, Trace, WeakRef};
use tailbite_tests::manual_heap;

use super::{Bench, Kind, collect};

#[test]
fn test_simple() {
    let bench = Bench::new();
    let object = bench.alone(7, Kind::Simple);
    let weak = WeakRef::new(&object);
    drop(object);
    for _ in 0..2 {
        assert_eq!(bench.record.call_ids(), [7]);
        assert!(bench.record.survivor_ids().is_empty() && weak.get().is_none());
        assert_eq!(bench.collect(), 0);
    }
}

#[test]
fn test_simple_resurrect() {
    // By count: weak references stay as they are, and the second death has no finalizer.
    let bench = Bench::new();
    let object = bench.alone(7, Kind::Resurrecting);
    let weak = WeakRef::new(&object);
    drop(object);
    bench.collect();
    assert_eq!((bench.record.call_ids(), bench.record.survivor_ids()), (vec![7], vec![7]));
    assert!(weak.get().is_some());
    bench.record.clear_survivors();
    bench.collect();
    assert_eq!((bench.record.call_ids(), bench.record.survivor_ids()), (vec![7], vec![]));
    assert!(weak.get().is_none());
}

/// Has no edges, so it is not tracked.
#[derive(Trace)]
#[trace(finalize = NonGc::finalize)]
struct NonGc {
    resurrects: Cell<bool>,
    #[trace(skip)]
    seen: Rc<Seen>,
}

#[derive(Default)]
struct Seen {
    calls: RefCell<Vec<usize>>,
    survivors: RefCell<Vec<Gc<NonGc>>>,
}

impl NonGc {
    fn finalize(this: &Gc<NonGc>) {
        this.seen.calls.borrow_mut().push(Gc::as_ptr(this).addr());
        if this.resurrects.get() {
            this.seen.survivors.borrow_mut().push(this.clone());
        }
    }
}

#[test]
fn test_non_gc() {
    let (heap, seen) = (manual_heap(), Rc::<Seen>::default());
    let object = heap.alloc(NonGc { resurrects: Cell::new(false), seen: seen.clone() });
    assert!(!heap.is_tracked(&object));
    let id = Gc::as_ptr(&object).addr();
    drop(object);
    for _ in 0..2 {
        assert_eq!(*seen.calls.borrow(), [id]);
        assert_eq!(collect(&heap), 0);
    }
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn test_non_gc_resurrect() {
    // What is not tracked has no mark for "finalized": its finalizer runs at every death.
    let (heap, seen) = (manual_heap(), Rc::<Seen>::default());
    let object = heap.alloc(NonGc { resurrects: Cell::new(true), seen: seen.clone() });
    assert!(!heap.is_tracked(&object));
    let id = Gc::as_ptr(&object).addr();
    drop(object);
    assert_eq!(*seen.calls.borrow(), [id]);
    let survivors = seen.survivors.take();
    assert_eq!(survivors.len(), 1);
    assert!(!heap.is_finalized(&survivors[0]));
    drop(survivors);
    assert_eq!(*seen.calls.borrow(), [id, id]);
    let survivors = seen.survivors.take();
    survivors[0].resurrects.set(false);
    drop(survivors);
    assert_eq!(*seen.calls.borrow(), [id; 3]);
    assert_eq!(heap.object_count(), 0);
}
