//! Guards of exclusive access that are leaked, outlive their heap, or meet everything else that can be done to an object.

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;

use tailbite::{AnyGc, ById, Gc, Generation, Heap, Trace, WeakKeyMap, WeakRef, WeakSet};

use crate::common::{Loud, manual};

#[derive(Trace, Clone)]
#[trace(finalize = Own::finalize)]
struct Own {
    items: Vec<AnyGc>,
    cell: RefCell<Option<AnyGc>>,
    #[trace(skip)]
    loud: Rc<Cell<usize>>,
}

impl Own {
    fn finalize(this: &Gc<Own>) {
        this.loud.set(this.loud.get() + 1);
    }
}

fn own(heap: &Heap, finalized: &Rc<Cell<usize>>) -> Gc<Own> {
    heap.alloc(Own { items: vec![heap.alloc(1).into()], cell: RefCell::default(), loud: finalized.clone() })
}

#[test]
fn a_leaked_guard_and_all_that_can_be_done_afterwards() {
    let finalized = Rc::new(Cell::new(0));
    let heap = manual();
    let mut object = own(&heap, &finalized);
    mem::forget(Gc::get_mut(&mut object));
    let weak = Gc::downgrade(&object);
    assert!(weak.upgrade().is_none());
    let reference = WeakRef::new(&object);
    assert!(reference.get().is_none());
    let map = WeakKeyMap::<AnyGc, AnyGc, ById>::with_equivalence(&heap, ById);
    let set = WeakSet::<Gc<Own>, ById>::with_equivalence(&heap, ById);
    map.insert(&Gc::as_any(&object), Gc::as_any(&object));
    set.insert(&object);
    assert!(map.items().is_empty() && set.to_vec().is_empty());
    let any = Gc::as_any(&object);
    heap.add_root_any(any.clone());
    heap.make_immortal(&object);
    heap.freeze();
    heap.collect(Generation::Old);
    heap.unfreeze();
    *object.cell.borrow_mut() = Some(any.clone());
    heap.finalize(&any, (), |()| ());
    Gc::request_finalizer(&object);
    let object = Gc::try_unwrap(object).map(drop).expect_err("it is lent");
    heap.check();
    map.check();
    set.check();
    drop((any, object, map, set));
    heap.collect(Generation::Old);
    heap.check();
    drop(heap);
    assert!(weak.upgrade().is_none());
}

#[test]
fn an_object_that_is_lent_for_good_is_not_unwrapped() {
    let finalized = Rc::new(Cell::new(0));
    let heap = manual();
    let mut object = own(&heap, &finalized);
    mem::forget(Gc::get_mut(&mut object));
    match Gc::try_unwrap(object) {
        Ok(payload) => drop(payload),
        Err(mut object) => {
            // The first loan is over, if never given back: another one may begin, and its end is the end of both.
            Gc::make_mut(&mut object).items.clear();
            assert_eq!(Gc::unwrap_or_clone(object).items.len(), 0);
        }
    }
    heap.collect(Generation::Old);
    heap.check();
}

#[test]
fn a_guard_outlives_its_heap() {
    let finalized = Rc::new(Cell::new(0));
    let heap = manual();
    let mut object = own(&heap, &finalized);
    let mut guard = Gc::get_mut(&mut object).unwrap();
    guard.items.push(heap.alloc(2).into());
    drop(heap);
    guard.items.clear();
    guard.items.shrink_to_fit();
    drop(guard);
    assert!(object.items.is_empty());
    drop(object);
    assert_eq!(finalized.get(), 1);
}

#[test]
fn two_lent_objects_trade_their_contents_while_collections_run() {
    let finalized = Rc::new(Cell::new(0));
    let heap = Heap::new();
    heap.set_stress(1);
    let (mut a, mut b) = (own(&heap, &finalized), own(&heap, &finalized));
    *a.cell.borrow_mut() = Some(heap.alloc(RefCell::new(None::<AnyGc>)).into());
    {
        let (mut one, mut two) = (Gc::get_mut(&mut a).unwrap(), Gc::get_mut(&mut b).unwrap());
        for n in 0..50 {
            mem::swap(&mut *one, &mut *two);
            let mut items = mem::take(&mut one.items);
            items.extend((0..n).map(|n| AnyGc::from(heap.alloc(n))));
            two.items = items;
            heap.collect(Generation::Old);
        }
    }
    let count = a.items.len() + b.items.len();
    drop(a);
    heap.check();
    drop(b);
    assert!(count > 10 && finalized.get() == 2);
    heap.collect(Generation::Old);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn a_finalizer_lends_clones_of_its_object() {
    #[derive(Trace, Clone)]
    #[trace(finalize = Lender::finalize)]
    struct Lender(RefCell<Option<Gc<Lender>>>, Vec<u64>);
    impl Lender {
        fn finalize(this: &Gc<Lender>) {
            let mut handle = this.clone();
            {
                let mut guard = Gc::make_mut(&mut handle);
                assert!(!std::ptr::eq(&raw const *guard, Gc::as_ptr(this)), "this one is in use");
                guard.1.clear();
            }
            assert_eq!(this.1.len(), 3);
            handle.0.take();
            mem::forget(Gc::get_mut(&mut handle));
        }
    }
    let heap = manual();
    drop(heap.alloc(Lender(RefCell::new(None), vec![1, 2, 3])));
    let ring = heap.alloc(Lender(RefCell::new(None), vec![1, 2, 3]));
    *ring.0.borrow_mut() = Some(ring.clone());
    drop(ring);
    heap.collect(Generation::Old);
    heap.check();
}

#[test]
fn a_lent_object_takes_over_all_that_holds_itself() {
    // The only handle of an object goes into its own payload while it is lent: through a cell beside.
    let drops = Rc::new(Cell::new(0));
    let heap = manual();
    let mut inner = heap.alloc((RefCell::new(None::<AnyGc>), Loud(drops.clone())));
    let outer = heap.alloc(RefCell::new(None::<AnyGc>));
    *inner.0.borrow_mut() = Some(Gc::as_any(&outer));
    {
        let guard = Gc::get_mut(&mut inner).unwrap();
        heap.collect(Generation::Old);
        let moved = guard.0.take();
        drop(moved);
        *guard.0.borrow_mut() = Some(Gc::as_any(&outer));
    }
    *outer.borrow_mut() = Some(Gc::erase(inner));
    drop(outer);
    assert_eq!((heap.collect(Generation::Old), drops.get()), (2, 1));
}
