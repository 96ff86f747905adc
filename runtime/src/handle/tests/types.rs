//! The end of the type ids, made near for one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::handle::Gc;
use crate::heap::Heap;
use crate::object::{END_OF_IDS, registered};

/// A type for each number; nobody else uses them.
struct Numbered<const N: usize>(u8);
crate::leaf!(Numbered<0>, Numbered<1>, Numbered<2>, Numbered<3>);

fn message_of(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    payload.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn the_last_type_id_is_followed_by_a_clear_error_and_nothing_worse() {
    let (heap, all) = (Heap::new(), END_OF_IDS.get());
    let known = heap.alloc(Numbered::<0>(0));
    END_OF_IDS.set(registered() + 1);
    let expected = "out of type ids: a process can use 65,535 types of objects, and `tailbite::handle::tests::\
                    types::Numbered<1>` is one more";
    for _ in 0..2 {
        assert_eq!(message_of(|| drop(heap.alloc(Numbered::<1>(1)))), expected);
        assert_eq!(message_of(|| drop(heap.factory::<Numbered<1>>().alloc(Numbered::<1>(1)))), expected);
        assert_eq!(message_of(|| drop(Gc::new(Numbered::<1>(1)))), expected);
    }
    heap.check();
    // What is known goes on working, in this heap and in new ones.
    let more = [heap.alloc(Numbered::<0>(7)), Heap::new().alloc(Numbered::<0>(7))];
    assert_eq!(more.map(|object| object.0), [7, 7]);
    drop(known);
    assert_eq!(heap.object_count(), 0);
    // And so does the registry, were there more.
    END_OF_IDS.set(all);
    let (two, one) = (heap.alloc(Numbered::<2>(2)), heap.alloc(Numbered::<1>(1)));
    assert_eq!((one.0, two.0), (1, 2));
    assert!(Gc::as_any(&one).is::<Numbered<1>>() && !Gc::as_any(&one).is::<Numbered<2>>());
    END_OF_IDS.set(registered() + 1);
    assert!(message_of(|| drop(heap.alloc(Numbered::<3>(3)))).contains("Numbered<3>"));
    assert_eq!(heap.alloc(Numbered::<1>(5)).0, 5);
    heap.check();
}
