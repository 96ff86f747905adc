//! Chains of handles through everything that can own one, of a length that no stack of 64 KiB has room for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{
    AnyGc, ById, Gc, Generation, Heap, LastFirst, Packed, Trace, Untraced, WeakKeyMap, WeakRef, WeakValueMap, callback,
    leaf,
};

use crate::common::{Node, manual, small_stack};

const LONG: usize = 10_000;

/// Drops what the chain hangs on, and asserts that all of it is gone.
fn falls(make: impl FnOnce(&Heap) -> AnyGc + Send + 'static) {
    small_stack(move || {
        let heap = manual();
        let first = make(&heap);
        assert!(heap.object_count() >= LONG);
        drop(first);
        assert_eq!(heap.object_count(), 0);
        heap.check();
    });
}

#[test]
fn data_of_finalize_holds_the_next() {
    falls(|heap| {
        (0..LONG).fold(heap.alloc(0).into(), |next: AnyGc, _| {
            let object = AnyGc::from(heap.alloc(1_u8));
            heap.finalize(&object, next, drop);
            object
        })
    });
}

#[test]
fn what_a_finalize_function_captures_holds_the_next() {
    falls(|heap| {
        (0..LONG).fold(heap.alloc(0).into(), |next: AnyGc, _| {
            let object = AnyGc::from(heap.alloc(1_u8));
            heap.finalize(&object, (), move |()| drop(next));
            object
        })
    });
}

#[test]
fn values_of_a_key_map_are_the_next_key() {
    falls(|heap| {
        let map = WeakKeyMap::<AnyGc, AnyGc, ById>::with_equivalence(heap, ById);
        let last = AnyGc::from(Node::alloc(heap, None));
        map.insert(&last, Gc::as_any(&map));
        (0..LONG).fold(last, |next, _| {
            let key = AnyGc::from(heap.alloc(1_u8));
            map.insert(&key, next);
            key
        })
    });
}

#[test]
fn keys_of_a_value_map_hold_the_next_value() {
    falls(|heap| {
        let map = WeakValueMap::<(usize, Packed), AnyGc, Anyhow>::with_equivalence(heap, Anyhow);
        let last = AnyGc::from(heap.alloc(map.clone()));
        (0..LONG).fold(last, |next, n| {
            let value = AnyGc::from(heap.alloc(1_u8));
            map.insert((n, next.into()), &value);
            value
        })
    });
}

struct Anyhow;

impl tailbite::Equivalence<(usize, Packed)> for Anyhow {
    fn hash(&self, value: &(usize, Packed)) -> u64 {
        value.0 as u64
    }
    fn equivalent(&self, a: &(usize, Packed), b: &(usize, Packed)) -> bool {
        a == b
    }
}

#[test]
fn callbacks_hold_the_next_reference_and_its_object() {
    falls(|heap| {
        (0..LONG).fold(heap.alloc(0).into(), |next: AnyGc, _| {
            let object = AnyGc::from(heap.alloc(1_u8));
            let slot = Rc::new(RefCell::new(None));
            let holder = slot.clone();
            let weak = WeakRef::with_callback(&object, callback(move |_| drop((holder.take(), &next))));
            *slot.borrow_mut() = Some(weak);
            object
        })
    });
}

#[test]
fn references_to_references() {
    falls(|heap| {
        let object = AnyGc::from(heap.alloc(1_u8));
        let mut chain = vec![object.clone()];
        for _ in 0..LONG {
            let last = chain.last().unwrap().clone();
            chain.push(WeakRef::with_callback(&last.clone(), callback(move |_| drop(&last))).into());
        }
        let first = chain.pop().unwrap();
        drop(chain);
        first
    });
}

#[test]
fn closures_boxes_and_counted_host_values_in_turn() {
    falls(|heap| {
        (0..LONG).fold(heap.alloc(0).into(), |next: AnyGc, n| match n % 6 {
            0 => heap.alloc(Untraced(move || drop(next.clone()))).into(),
            1 => heap.alloc(Rc::new(next)).into(),
            2 => heap.alloc(Box::new(next) as Box<dyn Trace>).into(),
            3 => heap.alloc_slice([LastFirst::from(vec![next])]).into(),
            4 => heap.alloc_with_slice(Packed::from(next), [Cell::new(1)]).into(),
            _ => heap.alloc(std::sync::Mutex::new(vec![next])).into(),
        })
    });
}

struct Dropper(RefCell<Option<AnyGc>>, Cell<bool>);
leaf!(Dropper);

impl Drop for Dropper {
    fn drop(&mut self) {
        // Takes more of the stack than the compiler's own drop.
        let mut room = [0_u8; 300];
        std::hint::black_box(&mut room);
        let next = self.0.take();
        if self.1.get() {
            drop(next);
        } else {
            Heap::with_default(|heap| heap.alloc(Dropper(RefCell::new(next), Cell::new(true))));
        }
    }
}

#[test]
fn drops_that_allocate_in_another_heap() {
    falls(|heap| {
        (0..LONG).fold(heap.alloc(0).into(), |next: AnyGc, n| {
            heap.alloc(Dropper(RefCell::new(Some(next)), Cell::new(n % 2 == 0))).into()
        })
    });
}

#[derive(Trace)]
#[trace(finalize = Swapper::finalize)]
struct Swapper(RefCell<Option<AnyGc>>);

impl Swapper {
    fn finalize(this: &Gc<Swapper>) {
        let next = this.0.take();
        let copy = Gc::with_heap(this, |heap| heap.alloc(Swapper(RefCell::new(None))));
        drop((next, copy.0.take()));
        Gc::try_unwrap(copy).ok();
    }
}

#[test]
fn finalizers_that_drop_the_next_and_unwrap() {
    falls(|heap| {
        (0..LONG).fold(heap.alloc(0).into(), |next: AnyGc, _| heap.alloc(Swapper(RefCell::new(Some(next)))).into())
    });
}

#[test]
fn through_many_heaps_that_are_closed_already() {
    small_stack(|| {
        let mut last: Option<AnyGc> = None;
        for n in 0..120 {
            let heap = manual();
            for _ in 0..20 {
                last = Some(heap.alloc(Dropper(RefCell::new(last), Cell::new(n % 2 == 0))).into());
                last = Some(Node::alloc(&heap, last).into());
            }
        }
        drop(last);
    });
}

#[test]
fn roots_of_heaps_that_hold_the_next_heap() {
    small_stack(|| {
        let first = (0..120).fold(manual(), |inner, _| {
            let heap = manual();
            heap.add_root(heap.alloc(Untraced(inner)));
            heap
        });
        drop(first);
    });
}

#[test]
fn objects_that_hold_the_heap_of_the_next() {
    small_stack(|| {
        let mut last: Option<(Heap, AnyGc)> = None;
        for _ in 0..120 {
            let heap = manual();
            let object = AnyGc::from(heap.alloc(Untraced(last)));
            last = Some((heap, object));
        }
        drop(last);
    });
}

#[test]
fn collections_of_many_heaps_within_each_other() {
    #[derive(Trace)]
    #[trace(finalize = Ring::finalize)]
    struct Ring {
        me: RefCell<Option<Gc<Ring>>>,
        #[trace(skip)]
        next: RefCell<Option<Heap>>,
    }
    impl Ring {
        fn finalize(this: &Gc<Ring>) {
            drop(this.next.take());
        }
    }
    small_stack(|| {
        let mut last = None;
        for _ in 0..120 {
            let heap = manual();
            let ring = heap.alloc(Ring { me: RefCell::default(), next: RefCell::new(last) });
            *ring.me.borrow_mut() = Some(ring.clone());
            last = Some(heap);
        }
        last.as_ref().unwrap().collect(Generation::Old);
    });
}
