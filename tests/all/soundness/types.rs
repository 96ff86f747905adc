//! S22 to S25: type identity, unsizing, the derive, cells.

use std::cell::{Cell, RefCell};

use tailbite::{AnyGc, Gc, Generation, Heap, Shape, Trace, unsize};
use tailbite_tests::{Log, manual_heap};

#[test]
fn s22_types_are_told_apart() {
    // Types of the same shape and drop; a table that two descriptors share must not make them one type.
    struct A(#[expect(dead_code, reason = "only its size matters")] u64);
    struct B(#[expect(dead_code, reason = "only its size matters")] u64);
    tailbite::leaf!(A, B);
    let heap = manual_heap();
    let (a, b): (AnyGc, AnyGc) = (heap.alloc(A(1)).into(), heap.alloc(B(1)).into());
    assert!(a.is::<A>() && !a.is::<B>() && b.is::<B>() && !b.is::<A>());
    assert_ne!(a.type_name(), b.type_name());
    assert!(!Gc::as_any(&heap.alloc(1_u32)).is::<i32>());
    assert!(!Gc::as_any(&heap.alloc([0_u8; 4])).is::<u32>());
    assert!(!Gc::as_any(&heap.alloc_slice([0_u8; 4])).is::<[u8; 4]>());
    // The same type is the same in every heap and thread.
    let other = manual_heap();
    assert!(Gc::as_any(&other.alloc(B(2))).is::<B>());
    std::thread::spawn(|| assert!(Gc::as_any(&Gc::new(B(3))).is::<B>())).join().expect("no panic");
}

#[test]
fn s23_unsized_handles_free_the_whole_object() {
    trait Shape2 {
        fn area(&self) -> u64;
    }
    struct Square(u64, #[expect(dead_code, reason = "it only drops")] tailbite_tests::Probe);
    tailbite::leaf!(Square);
    impl Shape2 for Square {
        fn area(&self) -> u64 {
            self.0 * self.0
        }
    }
    let heap = manual_heap();
    let log = Log::new();
    let square: Gc<dyn Shape2> = unsize!(heap.alloc(Square(3, log.probe("square"))) => dyn Shape2);
    assert_eq!(square.area(), 9);
    let erased = Gc::erase(square);
    assert!(erased.is::<Square>());
    drop(erased);
    assert_eq!(log.take(), ["drop square"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn s23_a_closure_that_gives_a_part_is_refused() {
    // A projection to a field, or to something else altogether, is not unsizing: it panics and leaks or drops, never frees wrongly.
    let heap = manual_heap();
    let log = Log::new();
    type Projection = fn(&(u64, tailbite_tests::Probe)) -> &dyn std::any::Any;
    let attempts: [Projection; 2] = [|pair| &pair.0 as &dyn std::any::Any, |_| &7_u8 as &dyn std::any::Any];
    for attempt in attempts {
        let pair = heap.alloc((5_u64, log.probe("pair")));
        let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Gc::unsize(pair, attempt)));
        assert!(refused.is_err());
    }
    heap.check();
}

#[test]
fn s24_the_derive_answers_yes_at_its_limit() {
    // What it refuses is in the `ui` tests. A recursive type has edges, however deep they lie.
    #[derive(Trace)]
    struct Level<T: Trace>(T);
    type Deep<T> = Level<Level<Level<Level<Level<Level<Level<Level<Level<Level<T>>>>>>>>>>;
    assert_eq!(Shape::of::<Deep<u8>>(), Shape::UNKNOWN, "deeper than it looks");
    assert_eq!(Shape::of::<Level<u8>>(), Shape::PLAIN);
    assert!(Shape::of::<Level<AnyGc>>().contains(Shape::EDGES));
    #[derive(Trace)]
    struct Recursive(Option<Box<Recursive>>);
    assert!(Shape::of::<Recursive>().contains(Shape::EDGES));
    let deep = manual_heap();
    assert!(deep.is_tracked(&deep.alloc(Recursive(None))));
}

#[test]
fn s25_cells_of_handles_are_traced() {
    #[derive(Trace)]
    struct Cells {
        maybe: Cell<Option<Gc<Cells>>>,
        any: Cell<Option<AnyGc>>,
        many: Cell<Vec<Gc<Cells>>>,
    }
    let heap = manual_heap();
    let make = || heap.alloc(Cells { maybe: Cell::default(), any: Cell::default(), many: Cell::default() });
    let (a, b, c) = (make(), make(), make());
    a.maybe.set(Some(b.clone()));
    b.any.set(Some(Gc::as_any(&c)));
    c.many.set(vec![a.clone(), c.clone()]);
    drop((a, b));
    assert_eq!(heap.collect(Generation::Old), 0);
    drop(c);
    assert_eq!(heap.collect(Generation::Old), 3);
}

#[test]
fn s25_a_borrowed_cell_is_opaque() {
    // In full: `reentrancy::a_borrowed_cell_is_opaque_and_nothing_panics`. The borrow and the allocation that collects in one line.
    let heap = Heap::new();
    heap.set_threshold([1, 0, 0]);
    let stack = heap.alloc(RefCell::new(Vec::<AnyGc>::new()));
    for _ in 0..500 {
        let mut borrowed = stack.borrow_mut();
        borrowed.push(heap.alloc(RefCell::new(None::<AnyGc>)).into());
        borrowed.push(heap.alloc_slice([Gc::as_any(&stack)]).into());
    }
    assert_eq!(stack.borrow().len(), 1000);
    assert!(stack.borrow().iter().all(|any| any.strong_count() == 1));
    drop(stack);
    heap.collect(Generation::Old);
    assert_eq!(heap.object_count(), 0);
}
