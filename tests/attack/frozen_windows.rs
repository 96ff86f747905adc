//! The gc surface used from within a collection: freezing, listing, checking, saving and lending what is being examined.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{
    AnyGc, ById, DebugFlags, Gc, Generation, Heap, Phase, Proxy, Trace, Weak, WeakKeyMap, WeakRef, callback,
};

use crate::common::{Log, Loud, Node, logged};

/// Does something in a finalizer: what, is in a thread-local.
#[derive(Trace)]
#[trace(finalize = Doer::finalize)]
struct Doer {
    other: RefCell<Option<AnyGc>>,
    loud: Loud,
}

type Action = Rc<dyn Fn(&Heap, &AnyGc)>;

thread_local! {
    static ACTION: RefCell<Option<Action>> = const { RefCell::new(None) };
    static KEPT: RefCell<Vec<AnyGc>> = RefCell::default();
}

fn act(heap: &Heap, any: &AnyGc) {
    let action = ACTION.with_borrow(Clone::clone);
    if let Some(action) = action {
        action(heap, any);
    }
}

impl Doer {
    fn finalize(this: &Gc<Doer>) {
        Gc::with_heap(this, |heap| act(heap, &Gc::as_any(this)));
    }
}

/// Runs `action` in the finalizers, callbacks and gc callbacks of collections of rings and chains of them, young and old.
fn within(action: impl Fn(&Heap, &AnyGc) + 'static) -> (usize, Log) {
    let (heap, log) = logged();
    let drops = Rc::new(Cell::new(0));
    let doer = |other| heap.alloc(Doer { other: RefCell::new(other), loud: Loud(drops.clone()) });
    ACTION.set(Some(Rc::new(action)));
    let bystander = doer(None);
    let mut refs = Vec::new();
    for round in 0..6 {
        let outside = doer(Some(Gc::as_any(&bystander)));
        for length in 1..5 {
            let first = doer(Some(Gc::as_any(&outside)));
            let last = (1..length).fold(first.clone(), |next, _| doer(Some(next.into())));
            *first.other.borrow_mut() = Some(Gc::as_any(&last));
            let anchor = Gc::as_any(&bystander);
            refs.push(WeakRef::with_callback(&first, callback(move |weak| anchor.with_heap(|heap| act(heap, weak)))));
        }
        let key = heap.add_callback(|heap, _, _| act(heap, &heap.alloc(1).into()));
        heap.collect(Generation::ALL[round % 3]);
        heap.remove_callback(key);
        heap.check();
    }
    ACTION.set(None);
    KEPT.with_borrow_mut(Vec::clear);
    drop((refs, bystander));
    heap.set_debug(DebugFlags::empty());
    drop(heap.take_garbage());
    heap.unfreeze();
    heap.collect(Generation::Old);
    heap.collect(Generation::Old);
    heap.check();
    let left = heap.tracked_objects();
    drop(heap);
    assert_eq!(drops.get(), 67, "every object was dropped once");
    (left, log)
}

fn quiet((left, log): (usize, Log)) {
    assert_eq!((left, log.take()), (0, vec![]));
}

#[test]
fn freezing_and_unfreezing() {
    quiet(within(|heap, _| heap.freeze()));
    quiet(within(|heap, _| {
        heap.freeze();
        heap.unfreeze();
        heap.freeze();
        drop(heap.get_freeze_count());
    }));
    quiet(within(|heap, any| {
        heap.freeze();
        KEPT.with_borrow_mut(|kept| kept.push(any.clone()));
    }));
}

#[test]
fn listing_and_keeping_what_is_listed() {
    quiet(within(|heap, any| {
        let objects = heap.get_objects(None);
        let referrers = heap.get_referrers(&objects);
        let referents = heap.get_referents(&[any.clone()]);
        KEPT.with_borrow_mut(|kept| {
            kept.extend(objects.into_iter().step_by(3));
            kept.extend(referrers.into_iter().step_by(5));
            kept.extend(referents);
        });
    }));
}

#[test]
fn checking_measuring_trimming_and_switching() {
    quiet(within(|heap, _| {
        heap.check();
        heap.trim();
        assert!(!heap.memory().to_string().is_empty());
        heap.set_counting(true);
        assert!(heap.allocation_counts().allocated < 1_000_000);
        heap.set_stress(1);
        heap.alloc(Node::default());
        heap.set_stress(0);
        heap.set_threshold([1, 1, 1]);
        heap.safepoint();
        assert!(heap.get_count()[0] < 1000);
        heap.disable();
        heap.enable();
    }));
}

#[test]
fn saving_and_letting_go() {
    quiet(within(|heap, _| {
        heap.set_debug(if heap.get_debug().is_empty() { DebugFlags::SAVEALL } else { DebugFlags::empty() });
        drop(heap.take_garbage());
    }));
    quiet(within(|heap, _| {
        heap.set_debug(DebugFlags::SAVEALL);
        KEPT.with_borrow_mut(|kept| kept.extend(heap.garbage()));
    }));
}

#[test]
fn referring_weakly_to_what_dies() {
    quiet(within(|heap, any| {
        let map = WeakKeyMap::<AnyGc, AnyGc, ById>::with_equivalence(heap, ById);
        map.insert(any, any.clone());
        map.insert(&Gc::as_any(&map), any.clone());
        WeakRef::with_callback(any, callback(|weak| assert!(weak.downcast_ref::<WeakRef>().unwrap().get().is_none())));
        let weaks = (WeakRef::new(any), Proxy::new(any));
        heap.finalize(any, weaks, drop);
        heap.finalize(&map, Gc::as_any(&map), drop).detach();
        KEPT.with_borrow_mut(|kept| kept.push(map.into()));
    }));
}

#[test]
fn rooting_and_unrooting_what_dies() {
    quiet(within(|heap, any| {
        let key = heap.add_root_any(any.clone());
        assert!(heap.root_any(key).is_some());
        heap.remove_root_any(key);
    }));
}

#[test]
fn making_what_dies_immortal() {
    let (left, log) = within(|heap, any| {
        any.with_heap(|its| its.make_immortal(any));
        assert!(heap.is_immortal(any));
    });
    assert!(left > 0 && log.borrow().is_empty());
}

#[test]
fn unwrapping_the_neighbours() {
    quiet(within(|_, any| {
        let Some(doer) = any.downcast_ref::<Doer>() else { return };
        let Some(other) = doer.other.take() else { return };
        let Ok(mut other) = other.downcast::<Doer>() else { return };
        if let Some(guard) = Gc::get_mut(&mut other) {
            guard.other.take();
        }
        // The count of drops is right only if an unwrapped payload is dropped here, and nowhere else.
        drop(Gc::try_unwrap(other).map(|payload| payload.other.take()));
    }));
}

#[test]
fn ending_other_heaps_and_starting_new_ones() {
    quiet(within(|_, any| {
        let other = Heap::new();
        let ring = other.alloc(Node::default());
        *ring.next.borrow_mut() = Some(any.clone());
        other.add_callback(|heap, phase, _| assert!(phase == Phase::Start || heap.object_count() < 5));
        other.collect(Generation::Old);
        let weak: Weak<Node> = Gc::downgrade(&ring);
        drop((ring, other));
        assert!(weak.upgrade().is_none());
    }));
}
