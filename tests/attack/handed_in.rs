//! References that the runtime hands to user code: that code takes the object away from under them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, WeakCallback, WeakRef};

use crate::common::{Loud, manual};

thread_local! {
    static STASH: RefCell<Vec<AnyGc>> = RefCell::default();
    static SEEN: RefCell<Vec<String>> = RefCell::default();
}

#[derive(Trace)]
#[trace(finalize = Own::finalize)]
struct Own {
    me: RefCell<Option<Gc<Own>>>,
    text: RefCell<String>,
    loud: Loud,
}

fn own(heap: &Heap, drops: &Rc<Cell<usize>>) -> Gc<Own> {
    heap.alloc(Own { me: RefCell::default(), text: RefCell::new("x".repeat(100)), loud: Loud(drops.clone()) })
}

impl Own {
    /// Tries to get the payload, or exclusive access to it, while `this` is lent.
    fn finalize(this: &Gc<Own>) {
        let taken = this.me.take();
        let mut handle = taken.unwrap_or_else(|| this.clone());
        let exclusive = Gc::get_mut(&mut handle).is_some();
        let unwrapped = Gc::try_unwrap(handle).is_ok();
        let text = this.text.borrow().len();
        SEEN.with_borrow_mut(|seen| seen.push(format!("{exclusive} {unwrapped} {text}")));
    }
}

#[test]
fn a_finalizer_cannot_take_its_object_away() {
    let drops = Rc::new(Cell::new(0));
    let heap = manual();
    drop(own(&heap, &drops));
    for _ in 0..2 {
        let ring = own(&heap, &drops);
        *ring.me.borrow_mut() = Some(ring.clone());
        drop(ring);
    }
    heap.collect(Generation::Old);
    heap.collect(Generation::Old);
    assert_eq!(drops.get(), 3);
    let ring = own(&heap, &drops);
    *ring.me.borrow_mut() = Some(ring.clone());
    drop(ring);
    drop(heap);
    assert_eq!(SEEN.take(), ["false false 100"; 4]);
    assert_eq!(drops.get(), 4);
}

#[derive(Trace)]
struct Callback {
    text: RefCell<String>,
    loud: Loud,
}

impl WeakCallback for Callback {
    fn call(&self, reference: &AnyGc) {
        let handles = STASH.take();
        let mut unwrapped = 0;
        for handle in handles {
            match handle.downcast::<Callback>() {
                Ok(mut callback) => {
                    unwrapped += usize::from(Gc::get_mut(&mut callback).is_some());
                    unwrapped += usize::from(Gc::try_unwrap(callback).is_ok());
                }
                Err(other) => drop(other),
            }
        }
        let (text, count) = (self.text.borrow().len(), self.loud.0.get());
        SEEN.with_borrow_mut(|seen| {
            seen.push(format!("{unwrapped} {text} {count} {}", reference.type_name().len() > 1));
        });
    }
}

#[test]
fn a_callback_cannot_take_itself_away() {
    for mode in 0..3 {
        let drops = Rc::new(Cell::new(0));
        let heap = manual();
        let object = heap.alloc(RefCell::new(None::<AnyGc>));
        let weak = WeakRef::with_callback(&object, Callback { text: "y".repeat(50).into(), loud: Loud(drops.clone()) });
        let callback = weak.callback().unwrap();
        STASH.with_borrow_mut(|stash| stash.extend([Gc::erase(weak), callback]));
        match mode {
            0 => drop(object),
            1 => {
                *object.borrow_mut() = Some(Gc::as_any(&object));
                drop(object);
                heap.collect(Generation::Old);
            }
            _ => drop(Gc::try_unwrap(object).ok().unwrap()),
        }
        assert_eq!(SEEN.take(), ["0 50 0 true"], "mode {mode}");
        assert_eq!(drops.get(), 1);
        heap.check();
    }
}

#[derive(Clone, Trace)]
struct Page(RefCell<Vec<u64>>);

#[test]
fn callbacks_that_make_mut_runs_cannot_get_a_second_handle() {
    let heap = manual();
    let mut page = heap.alloc(Page(RefCell::new(vec![1, 2, 3])));
    let stash: Rc<RefCell<Vec<AnyGc>>> = Rc::default();
    let (sink, view) = (stash.clone(), heap.alloc(1_u8));
    let weak = WeakRef::with_callback(
        &page,
        tailbite::callback(move |_| {
            Gc::with_heap(&view, |heap| {
                sink.borrow_mut().extend(heap.get_objects(None));
                let found = heap.get_referrers(&[]);
                sink.borrow_mut().extend(found);
            });
        }),
    );
    let second = Gc::downgrade(&page);
    {
        let mut guard = Gc::make_mut(&mut page);
        let lent: *const Page = &raw const *guard;
        for any in stash.borrow().iter() {
            if let Some(page) = any.downcast_ref::<Page>() {
                assert!(!std::ptr::eq(page, lent), "nobody has a handle to what is lent");
            }
        }
        assert!(second.upgrade().is_none());
        guard.0.get_mut().clear();
    }
    drop(weak);
    heap.check();
}

#[test]
fn callbacks_that_make_mut_slice_runs_cannot_get_a_second_handle() {
    let heap = manual();
    let mut slice: Gc<[AnyGc]> = heap.alloc_slice([heap.alloc(1).into(), heap.alloc(2).into()]);
    let stash: Rc<RefCell<Vec<AnyGc>>> = Rc::default();
    let (sink, view) = (stash.clone(), heap.alloc(1_u8));
    let weak = WeakRef::with_callback(
        &slice,
        tailbite::callback(move |_| Gc::with_heap(&view, |heap| sink.borrow_mut().extend(heap.get_objects(None)))),
    );
    {
        let mut guard = Gc::make_mut_slice(&mut slice);
        let lent = guard.as_ptr();
        for any in stash.borrow().iter() {
            if let Some(items) = any.downcast_ref::<[AnyGc]>() {
                assert!(!std::ptr::eq(items.as_ptr(), lent), "nobody has a handle to what is lent");
            }
        }
        guard[0] = heap.alloc(5).into();
    }
    drop(weak);
    heap.check();
}

#[test]
fn a_clone_that_hides_a_handle_to_the_clone_is_seen() {
    // `Clone` runs before the new object exists, so nothing can name it.
    struct Spy(Rc<Cell<usize>>);
    tailbite::leaf!(Spy);
    impl Clone for Spy {
        fn clone(&self) -> Spy {
            Heap::with_default(|heap| {
                heap.collect(Generation::Old);
                self.0.set(heap.object_count());
            });
            Spy(self.0.clone())
        }
    }
    let seen = Rc::new(Cell::new(0));
    let mut spy = Gc::new(Spy(seen.clone()));
    let other = spy.clone();
    drop(Gc::make_mut(&mut spy));
    assert_eq!(seen.get(), 1);
    assert!(!Gc::ptr_eq(&spy, &other));
}
