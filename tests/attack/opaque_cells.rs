//! Cells of every kind that are borrowed, poisoned, being filled or dropped while a collection looks at them.

use std::cell::{Cell, LazyCell, OnceCell, RefCell};
use std::mem;
use std::rc::Rc;
use std::sync::{Mutex, OnceLock, RwLock};

use tailbite::{AnyGc, Gc, Generation, Heap, Trace};

use crate::common::{Loud, manual};

#[derive(Trace, Default)]
struct Cells {
    cell: Cell<Option<Vec<AnyGc>>>,
    ref_cell: RefCell<Vec<AnyGc>>,
    once: OnceCell<AnyGc>,
    lock: OnceLock<AnyGc>,
    mutex: Mutex<Option<AnyGc>>,
    rw: RwLock<Option<AnyGc>>,
    nested: Cell<Option<Box<RefCell<Cell<Option<AnyGc>>>>>>,
    loud: Option<Loud>,
}

fn cells(heap: &Heap, drops: &Rc<Cell<usize>>) -> Gc<Cells> {
    heap.alloc(Cells { loud: Some(Loud(drops.clone())), ..Cells::default() })
}

#[test]
fn filled_from_within_a_collection_of_themselves() {
    let (heap, drops) = (manual(), Rc::default());
    let object = cells(&heap, &drops);
    let me = || Gc::as_any(&object);
    object.once.get_or_init(|| {
        heap.collect(Generation::Old);
        me()
    });
    object.lock.get_or_init(|| {
        heap.collect(Generation::Old);
        drop(heap.get_referrers(&[me()]));
        me()
    });
    let lazy = LazyCell::new(|| heap.collect(Generation::Old));
    assert_eq!(*lazy, 0);
    object.cell.set(Some(vec![me(); 3]));
    let taken = object.cell.take();
    heap.collect(Generation::Old);
    object.cell.set(taken);
    object.nested.set(Some(Box::new(RefCell::new(Cell::new(Some(me()))))));
    heap.check();
    assert_eq!(heap.get_referents(&[me()]).len(), 6);
    let weak = Gc::downgrade(&object);
    drop(object);
    assert_eq!((heap.collect(Generation::Old), drops.get()), (1, 1));
    assert!(weak.upgrade().is_none());
}

#[test]
fn borrowed_for_good() {
    let (heap, drops) = (manual(), Rc::default());
    let object = cells(&heap, &drops);
    object.ref_cell.borrow_mut().push(Gc::as_any(&object));
    mem::forget(object.ref_cell.borrow_mut());
    assert!(heap.get_referents(&[Gc::as_any(&object)]).is_empty());
    drop(object);
    assert_eq!((heap.collect(Generation::Old), drops.get()), (0, 0), "what can't be looked into is held");
    heap.check();
    let shared = cells(&heap, &drops);
    shared.ref_cell.borrow_mut().push(Gc::as_any(&shared));
    mem::forget(shared.ref_cell.borrow());
    drop(shared);
    assert_eq!((heap.collect(Generation::Old), drops.get()), (1, 1), "shared borrows are no obstacle");
}

#[test]
fn locked_and_poisoned() {
    let (heap, drops) = (manual(), Rc::default());
    let object = cells(&heap, &drops);
    *object.mutex.lock().unwrap() = Some(Gc::as_any(&object));
    {
        let _guard = object.mutex.lock().unwrap();
        let _other = object.rw.write().unwrap();
        heap.collect(Generation::Old);
        heap.check();
    }
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = object.mutex.lock().unwrap();
        panic!("poison");
    }));
    assert!(result.is_err());
    heap.collect(Generation::Old);
    let cycle = object.mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    drop((cycle, object));
    assert_eq!((heap.object_count(), drops.get()), (0, 1));
}

#[test]
fn containers_that_are_in_the_middle_of_something() {
    #[derive(Trace)]
    struct Holder {
        items: RefCell<Vec<Entry>>,
        sorted: RefCell<std::collections::BTreeSet<Entry>>,
    }
    #[derive(Trace, Clone)]
    struct Entry(AnyGc, u32);
    thread_local!(static OBSERVER: RefCell<Option<AnyGc>> = const { RefCell::new(None) });
    fn observe() {
        let any = OBSERVER.with_borrow(Clone::clone);
        if let Some(any) = any {
            any.with_heap(|heap| {
                heap.collect(Generation::Old);
                drop(heap.get_referents(&[any.clone()]));
                heap.check();
            });
        }
    }
    impl PartialEq for Entry {
        fn eq(&self, other: &Entry) -> bool {
            self.cmp(other).is_eq()
        }
    }
    impl Eq for Entry {}
    impl PartialOrd for Entry {
        fn partial_cmp(&self, other: &Entry) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for Entry {
        fn cmp(&self, other: &Entry) -> std::cmp::Ordering {
            observe();
            self.1.cmp(&other.1)
        }
    }
    let heap = manual();
    let holder = heap.alloc(Holder { items: RefCell::default(), sorted: RefCell::default() });
    OBSERVER.set(Some(Gc::as_any(&holder)));
    for n in 0..20 {
        let entry = Entry(Gc::as_any(&holder), n * 7 % 20);
        holder.items.borrow_mut().push(entry.clone());
        holder.sorted.borrow_mut().insert(entry);
    }
    holder.items.borrow_mut().sort();
    holder.items.borrow_mut().retain(|entry| {
        observe();
        entry.1 % 2 == 0
    });
    {
        let mut items = holder.items.borrow_mut();
        let drain = items.drain(1..5);
        observe();
        mem::forget(drain);
    }
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        holder.items.borrow_mut().retain_mut(|_| {
            observe();
            panic!("in the middle");
        });
    }));
    assert!(result.is_err());
    observe();
    holder.sorted.borrow_mut().retain(|entry| {
        observe();
        entry.1 < 5
    });
    OBSERVER.set(None);
    heap.check();
}

#[test]
fn what_a_cell_held_is_dropped_while_its_object_is_looked_at() {
    struct Looker(Rc<RefCell<Option<AnyGc>>>, #[expect(dead_code, reason = "it counts its drop")] Loud);
    tailbite::leaf!(Looker);
    impl Drop for Looker {
        fn drop(&mut self) {
            let any = self.0.borrow().clone();
            if let Some(any) = any {
                any.with_heap(|heap| {
                    heap.collect(Generation::Old);
                    drop(heap.get_referents(&[any.clone()]));
                    heap.check();
                });
            }
        }
    }
    #[derive(Trace)]
    struct Slot(Cell<Option<Box<(Looker, AnyGc, Looker)>>>, RefCell<Vec<(AnyGc, Looker)>>);
    let (heap, drops) = (manual(), Rc::new(Cell::new(0)));
    let shared: Rc<RefCell<Option<AnyGc>>> = Rc::default();
    let looker = || Looker(shared.clone(), Loud(drops.clone()));
    let slot = heap.alloc(Slot(Cell::new(None), RefCell::default()));
    *shared.borrow_mut() = Some(Gc::as_any(&slot));
    for _ in 0..5 {
        slot.0.set(Some(Box::new((looker(), Gc::as_any(&slot), looker()))));
        slot.1.borrow_mut().extend((0..5).map(|_| (Gc::as_any(&slot), looker())));
        slot.1.borrow_mut().truncate(2);
        slot.1.borrow_mut().clear();
    }
    slot.0.set(None);
    let payload = shared.take();
    drop((payload, slot));
    assert_eq!((heap.object_count(), drops.get()), (0, 35));
}
