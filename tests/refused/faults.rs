//! The workload of the whole API while the system refuses memory. With the feature `std-alloc`, arenas are refused too.

use tailbite::{Gc, Heap, Trace};
use tailbite_tests::manual_heap;
use tailbite_tests::workload::{Plan, System, calm, caught, exempt, grid, stride, sweep, tally, user_call};

use super::{ALLOCATOR, refusing};

/// The numbers of the system's requests in a calm run.
fn requests() -> u64 {
    calm();
    let system: &dyn System = &ALLOCATOR;
    let none = u64::MAX..=u64::MAX;
    tailbite_tests::workload::run(&Plan { system: Some((system, none)), ..Plan::default() }, None).requests[3]
}

#[test]
fn one_request_is_refused_at_every_number() {
    tally("the system refuses one request", || {
        sweep(stride(3), |n| Plan { system: Some((&ALLOCATOR, n..=n)), ..Plan::default() })
    });
}

#[test]
fn all_requests_are_refused_from_every_number_on() {
    tally("the system refuses all requests from one on", || {
        sweep(stride(3), |n| Plan { system: Some((&ALLOCATOR, n..=u64::MAX)), fallible_only: true, ..Plan::default() })
    });
}

#[test]
fn requests_are_refused_and_user_code_panics() {
    tally("the system refuses one request, one call panics", || {
        let strides = if stride(2) == 1 { [3, 13] } else { [41, 137] };
        grid([requests(), calm().calls], strides, |n, call| Plan {
            system: Some((&ALLOCATOR, n..=n)),
            panic_at: Some(call),
            // A refusal of the box that a panic travels in would end the process.
            fallible_only: true,
            ..Plan::default()
        })
    });
}

/// A type that the process hasn't seen before, for each number.
struct Fresh<const N: usize>(Box<u8>);

// SAFETY: owns no handles.
unsafe impl<const N: usize> Trace for Fresh<N> {
    fn trace(&self, _: &mut tailbite::Tracer<'_>) {}

    fn shape(_: u32) -> tailbite::Shape {
        user_call("shape");
        tailbite::Shape::LOUD_DROP
    }

    fn options(options: &mut tailbite::TypeOptions<Fresh<N>>) {
        options.finalizer(|this| assert_eq!(*this.0, 7));
        user_call("options");
    }
}

/// Uses the type for the first time with the request after `N` granted ones refused, then again. Whether any was refused.
fn first_use<const N: usize>(heap: &Heap) -> bool {
    let fresh = || Fresh::<N>(exempt(|| Box::new(7)));
    let (result, refused) = refusing(N, || caught(|| heap.try_alloc(fresh()).is_ok()));
    match result {
        Ok(granted) => assert!(granted || refused),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map_or("", String::as_str);
            assert!(refused && text.starts_with("out of memory: "), "{text}");
        }
    }
    heap.check();
    let again: Gc<Fresh<N>> = heap.alloc(fresh());
    assert_eq!(*again.0, 7, "the type can be used all the same");
    refused
}

#[test]
fn the_first_use_of_a_type_is_refused_and_the_next_one_works() {
    let heap = manual_heap();
    let uses = [
        first_use::<0>,
        first_use::<1>,
        first_use::<2>,
        first_use::<3>,
        first_use::<4>,
        first_use::<5>,
        first_use::<6>,
        first_use::<7>,
    ];
    let refused = uses.iter().filter(|first_use| first_use(&heap)).count();
    assert!((2..8).contains(&refused), "{refused}");
}
