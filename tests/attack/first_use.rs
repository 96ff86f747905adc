//! What a type declares is made at its first use: expressions there that allocate, panic, and use the type itself.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tailbite::{AnyGc, Gc, Generation, Heap, Trace};

use crate::common::{Node, manual};

struct Slots(u32);

thread_local!(static STEP: Cell<u32> = const { Cell::new(0) });

fn reenter() -> &'static Slots {
    STEP.set(STEP.get() + 1);
    if STEP.get() == 1 {
        // The very type that is being registered, and another that is new.
        let heap = manual();
        let object = Gc::erase(heap.alloc(Selfish(1, None)));
        assert!(object.is::<Selfish>());
        heap.alloc(Other(RefCell::new(Some(object)))).0.borrow();
        Heap::with_default(|heap| heap.collect(Generation::Old));
    }
    &Slots(7)
}

#[derive(Trace)]
#[trace(protocol = reenter())]
struct Selfish(u8, Option<AnyGc>);

#[derive(Trace)]
#[trace(protocol = reenter())]
struct Other(RefCell<Option<AnyGc>>);

#[test]
fn a_table_whose_making_uses_the_type() {
    let heap = manual();
    let object = heap.alloc(Selfish(2, None));
    let any = Gc::as_any(&object);
    assert_eq!(any.protocol::<Slots>().map(|slots| slots.0), Some(7));
    let again = Gc::erase(heap.alloc(Selfish(3, Some(any.clone()))));
    assert_eq!(again.downcast_ref::<Selfish>().map(|it| it.0), Some(3));
    assert_eq!(heap.get_referents(&[again]), [any]);
    heap.check();
}

fn fails_at_first() -> &'static Slots {
    STEP.set(STEP.get() + 1);
    assert!(STEP.get() > 2, "not yet");
    &Slots(9)
}

#[derive(Trace)]
#[trace(protocol = fails_at_first())]
struct Late(Option<AnyGc>);

#[test]
fn a_table_whose_making_panics() {
    let heap = manual();
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| heap.alloc(Late(None)))).is_err());
        heap.check();
    }
    assert_eq!(heap.object_count(), 0);
    assert_eq!(Gc::erase(heap.alloc(Late(None))).protocol::<Slots>().map(|slots| slots.0), Some(9));
    // Nothing is poisoned for other types, here and on other threads.
    std::thread::spawn(|| drop(Gc::new([1_u8; 77]))).join().unwrap();
    drop(heap.alloc([1_u8; 78]));
}

fn ends_the_heap() -> &'static Slots {
    HELD.with_borrow_mut(|held| drop(held.take()));
    &Slots(1)
}

thread_local!(static HELD: RefCell<Option<Heap>> = const { RefCell::new(None) });

#[derive(Trace)]
#[trace(protocol = ends_the_heap())]
struct Ender(RefCell<Option<AnyGc>>);

#[test]
fn a_table_whose_making_ends_the_heap() {
    let heap = manual();
    let object = heap.alloc(1);
    HELD.set(Some(heap));
    let ender = Gc::with_heap(&object, |heap| heap.alloc(Ender(RefCell::new(None))));
    *ender.0.borrow_mut() = Some(Gc::as_any(&object));
    drop((object, ender));
}

#[derive(Trace)]
struct Sized1<const N: usize>([u8; N], Option<AnyGc>);

fn use_types<const A: usize, const B: usize, const C: usize>(heap: &Heap) -> Vec<AnyGc> {
    vec![
        heap.alloc(Sized1::<A>([1; A], None)).into(),
        heap.alloc(Sized1::<B>([2; B], None)).into(),
        heap.alloc(Sized1::<C>([3; C], None)).into(),
    ]
}

#[test]
fn many_threads_register_the_same_types_at_once() {
    let barrier = std::sync::Barrier::new(6);
    std::thread::scope(|scope| {
        for n in 0..6 {
            let barrier = &barrier;
            scope.spawn(move || {
                let heap = manual();
                barrier.wait();
                let objects = match n % 3 {
                    0 => [use_types::<1, 2, 3>(&heap), use_types::<4, 5, 6>(&heap)].concat(),
                    1 => [use_types::<6, 4, 2>(&heap), use_types::<5, 3, 1>(&heap)].concat(),
                    _ => [use_types::<5, 6, 3>(&heap), use_types::<2, 1, 4>(&heap)].concat(),
                };
                for object in objects {
                    let hits = [
                        object.is::<Sized1<1>>(),
                        object.is::<Sized1<2>>(),
                        object.is::<Sized1<3>>(),
                        object.is::<Sized1<4>>(),
                        object.is::<Sized1<5>>(),
                        object.is::<Sized1<6>>(),
                    ];
                    assert_eq!(hits.into_iter().filter(|hit| *hit).count(), 1);
                }
                heap.check();
            });
        }
    });
}

// A finalizer that is generic, of a type with a const and a default.
#[derive(Trace)]
#[trace(finalize = Generic::finalize)]
struct Generic<T: Trace, const N: usize = 1>
where
    T: Clone,
{
    items: RefCell<[Option<T>; N]>,
    log: Gc<Cell<usize>>,
}

impl<T: Trace + Clone, const N: usize> Generic<T, N> {
    fn finalize(this: &Gc<Self>) {
        this.log.set(this.log.get() + N);
    }
}

#[test]
fn finalizers_of_generic_types_are_told_apart() {
    let heap = manual();
    let log = heap.alloc(Cell::new(0));
    let node = AnyGc::from(Node::alloc(&heap, None));
    drop(heap.alloc(Generic { items: RefCell::new([Some(node.clone())]), log: log.clone() }));
    assert_eq!(log.get(), 1);
    drop(heap.alloc(Generic::<AnyGc, 10> { items: RefCell::new([const { None }; 10]), log: log.clone() }));
    assert_eq!(log.get(), 11);
    let ring = heap.alloc(Generic::<AnyGc, 100> { items: RefCell::new([const { None }; 100]), log: log.clone() });
    ring.items.borrow_mut()[99] = Some(Gc::as_any(&ring));
    drop(ring);
    assert_eq!((heap.collect(Generation::Old), log.get()), (1, 111));
}
