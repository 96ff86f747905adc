//! What the documentation says, held against it where that is easily wrong.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{
    AnyGc, ById, Gc, Generation, Heap, HeapAllocator, LastFirst, Trace, Weak, WeakKeyMap, WeakRef, WeakSet, callback,
    leaf,
};

use crate::common::{Loud, Node, logged, manual};

#[test]
fn a_failed_cyclic_object_leaves_nothing_behind() {
    let heap = manual();
    let drops = Rc::new(Cell::new(0));
    drop(heap.alloc_cyclic(|weak| Kept(weak.clone(), Loud(drops.clone()))));
    let before = (heap.object_count(), heap.memory().bytes.allocated);
    let kept: RefCell<Vec<Weak<Kept>>> = RefCell::default();
    for _ in 0..100 {
        let make = AssertUnwindSafe(|| {
            heap.alloc_cyclic(|weak| {
                kept.borrow_mut().extend([weak.clone(), weak.clone()]);
                let _partial = Kept(weak.clone(), Loud(drops.clone()));
                heap.collect(Generation::Old);
                std::panic::resume_unwind(Box::new("no"))
            })
        });
        assert!(catch_unwind(make).is_err());
    }
    let weak = kept.take();
    assert!(weak.iter().all(|weak| weak.upgrade().is_none() && weak.strong_count() == 0 && weak.weak_count() == 0));
    assert!(weak[0] == weak[1] && weak[0] != weak[2]);
    drop(weak);
    assert_eq!(((heap.object_count(), heap.memory().bytes.allocated), drops.get()), (before, 101));
    heap.check();
}

#[derive(Trace)]
struct Kept(Weak<Kept>, Loud);

#[test]
fn a_cyclic_object_that_is_given_the_weak_handle_of_another() {
    let heap = manual();
    let first = heap.alloc_cyclic(|one| {
        let second = heap.alloc_cyclic(|two| {
            assert!(one.upgrade().is_none() && two.upgrade().is_none() && one != two);
            Kept(one.clone(), Loud(Rc::default()))
        });
        assert!(second.0.upgrade().is_none());
        Kept(Gc::downgrade(&second), Loud(Rc::default()))
    });
    assert!(first.0.upgrade().is_none(), "the second is dead by now");
    heap.check();
}

#[test]
fn items_of_a_last_first_vector_are_dropped_once_whatever_panics() {
    struct Item(usize, Rc<RefCell<Vec<usize>>>);
    leaf!(Item);
    impl Drop for Item {
        fn drop(&mut self) {
            self.1.borrow_mut().push(self.0);
            assert!(self.0 != 3, "three");
        }
    }
    let order = Rc::new(RefCell::new(Vec::new()));
    let items = || (0..6).map(|n| Item(n, order.clone())).collect::<Vec<_>>();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(LastFirst::from(items())))).is_err());
    assert_eq!(order.take(), [5, 4, 3, 2, 1, 0]);
    let (heap, log) = logged();
    drop(heap.alloc(LastFirst::from(items())));
    assert_eq!((order.take(), log.borrow().len()), (vec![5, 4, 3, 2, 1, 0], 1));
    let mut inside = LastFirst::<Item, HeapAllocator>::new_in(heap.allocator());
    inside.extend(items());
    inside.truncate(5);
    assert_eq!(order.take(), [5]);
    drop((heap.alloc(inside), heap));
    assert_eq!(order.take(), [4, 3, 2, 1, 0]);
}

#[test]
fn hints_of_iterators_bound_what_they_give() {
    let heap = manual();
    let map = WeakKeyMap::<AnyGc, u8, ById>::with_equivalence(&heap, ById);
    let set = WeakSet::<AnyGc, ById>::with_equivalence(&heap, ById);
    let mut keys: Vec<AnyGc> = (0..50).map(|n| heap.alloc(n).into()).collect();
    for key in &keys {
        map.insert(key, 1);
        set.insert(key);
    }
    keys.truncate(20);
    let (mut entries, mut members) = (map.iter(), set.iter());
    keys.truncate(10);
    for left in (0..=10).rev() {
        for (low, high) in [entries.size_hint(), members.size_hint()] {
            assert!(low <= left && high.is_none_or(|high| high >= left), "{low} {high:?} {left}");
        }
        assert_eq!((entries.next().is_some(), members.next().is_some()), (left > 0, left > 0));
    }
    map.clear();
    assert!(entries.next().is_none());
}

#[test]
fn a_guard_that_was_leaked_leaks_the_object() {
    // `GcMut`: "Leaking the guard leaks the object: it is never freed."
    let (heap, drops) = (manual(), Rc::new(Cell::new(0)));
    let mut object = heap.alloc(Loud(drops.clone()));
    std::mem::forget(Gc::get_mut(&mut object));
    drop(object);
    heap.collect(Generation::Old);
    assert_eq!((drops.get(), heap.object_count()), (0, 1));
}

#[test]
fn weak_references_that_were_cleared_by_make_mut_stay_dead() {
    let heap = manual();
    let calls = Rc::new(Cell::new(0));
    let mut object = heap.alloc(vec![1]);
    let (weak, count) = (Gc::downgrade(&object), calls.clone());
    let plain = WeakRef::new(&object);
    let watched = WeakRef::with_callback(&object, callback(move |_| count.set(count.get() + 1)));
    drop(Gc::make_mut(&mut object));
    assert!(weak.upgrade().is_none() && plain.get().is_none() && watched.get().is_none());
    assert_eq!((calls.get(), heap.get_weakref_count(&object)), (1, 0));
    let again = WeakRef::new(&object);
    assert!(!Gc::ptr_eq(&again, &plain) && again.is_alive());
    assert!(weak != Gc::downgrade(&object), "it is not of the same object any more");
    drop(object);
    assert_eq!(calls.get(), 1);
}

#[test]
fn leaking_is_switched_on_while_the_heap_closes() {
    let heap = manual();
    let calls = Rc::new(Cell::new(0));
    for _ in 0..3 {
        let object = heap.alloc(Node::default());
        let (anchor, count) = (Gc::as_any(&object), calls.clone());
        heap.finalize(&object, (), move |()| {
            count.set(count.get() + 1);
            anchor.with_heap(|heap| heap.set_leak_at_close(true));
        });
        *object.next.borrow_mut() = Some(Gc::as_any(&object));
    }
    let anchor = heap.alloc(5);
    drop(heap);
    assert!(calls.get() >= 1 && *anchor == 5);
    Gc::with_heap(&anchor, Heap::check);
}

#[test]
fn children_die_before_a_drop_returns_and_weak_references_know() {
    // S13: "what it drops is dead before it returns, to a nesting of 8 by default".
    #[derive(Trace)]
    #[trace(finalize = Scope::finalize)]
    struct Scope(RefCell<Option<Gc<Scope>>>, #[trace(skip)] Rc<RefCell<Vec<bool>>>);
    impl Scope {
        fn finalize(this: &Gc<Scope>) {
            let Some(next) = this.0.take() else { return };
            let weak = Gc::downgrade(&next);
            drop(next);
            this.1.borrow_mut().push(weak.upgrade().is_none());
        }
    }
    let heap = manual();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let chain = (0..30).fold(None, |next, _| Some(heap.alloc(Scope(RefCell::new(next), seen.clone()))));
    drop(chain);
    let seen = seen.take();
    assert_eq!((seen.len(), heap.object_count()), (29, 0));
    assert!(seen.iter().all(|dead| *dead), "whoever waits for its drop is not to be had any more");
}
