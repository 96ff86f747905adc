//! Bad input and extremes: refused or served, never an abort, a leak or a corruption.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tailbite::{Gc, Generation, Heap};
use tailbite_tests::{Armed, Log, Node, manual_heap, quiet};

#[test]
fn capacity_overflow_is_an_error() {
    let heap = manual_heap();
    let Err(error) = heap.try_alloc_slice(std::iter::repeat_n(7_u64, usize::MAX)) else { panic!("it does not fit") };
    assert!(error.requested() >= isize::MAX as usize);
    assert!(!error.to_string().is_empty());
    assert_eq!(error.into_value().len(), usize::MAX, "the items are not touched");
    for len in [usize::MAX, usize::MAX / 8, usize::MAX / 8 - 1, isize::MAX as usize / 8, isize::MAX as usize / 8 - 1] {
        assert!(heap.try_alloc_slice(std::iter::repeat_n(7_u64, len)).is_err(), "{len}");
        assert!(heap.try_alloc_with_slice(1_u8, std::iter::repeat_n(7_u64, len)).is_err(), "{len}");
    }
    let refused = catch_unwind(AssertUnwindSafe(|| heap.alloc_slice(std::iter::repeat_n(7_u64, usize::MAX / 4))));
    assert!(refused.is_err(), "alloc panics, and does not abort");
    heap.check();
    assert_eq!(*heap.alloc(1), 1);
}

#[test]
fn memory_that_does_not_exist_is_an_error() {
    let heap = manual_heap();
    let log = Log::new();
    let probe = log.probe("head");
    let Err(error) = heap.try_alloc_with_slice(probe, std::iter::repeat_n([0_u8; 1 << 10], 1 << 50)) else {
        panic!("no machine has it")
    };
    assert!(log.is_empty(), "the value is in the error");
    assert!(error.requested() >= 1 << 60);
    let (probe, items) = error.into_value();
    assert_eq!(items.len(), 1 << 50);
    drop(probe);
    assert_eq!(log.take(), ["drop head"]);
    let refused = catch_unwind(AssertUnwindSafe(|| heap.alloc_slice(std::iter::repeat_n([0_u8; 1 << 10], 1 << 50))));
    assert!(refused.is_err());
    heap.check();
}

#[test]
fn a_hundred_megabytes() {
    let heap = manual_heap();
    let log = Log::new();
    let large = heap.alloc_slice(std::iter::repeat_n([5_u64; 1 << 10], 12_800));
    assert_eq!(size_of_val(&*large), 100 << 20);
    assert!(large.iter().all(|part| part[1023] == 5));
    let text = heap.try_alloc_str(&"x".repeat(100 << 20)).expect("there is memory");
    assert_eq!(text.len(), 100 << 20);
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    node.hold(large);
    node.hold(text);
    drop(node);
    heap.check();
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!((log.take(), heap.object_count()), (vec!["drop n".to_owned()], 0));
    heap.check();
}

#[test]
fn a_hundred_megabytes_by_value() {
    tailbite_tests::on_stack(2 << 30, || {
        let heap = manual_heap();
        let mut object = heap.alloc([1_u8; 100 << 20]);
        assert_eq!(Gc::get_mut(&mut object).expect("the only handle").len(), 100 << 20);
        assert_eq!((object[0], object[(100 << 20) - 1]), (1, 1));
        assert_eq!(heap.collect(Generation::Old), 0);
    });
}

#[test]
fn a_forgotten_guard_leaks_its_object_only() {
    let heap = manual_heap();
    let log = Log::new();
    let mut node = Node::alloc(&heap, &log, "lent");
    let child = Node::alloc(&heap, &log, "child");
    node.link(&child);
    child.link(&child);
    std::mem::forget(Gc::get_mut(&mut node).expect("the only handle"));
    drop(child);
    for generation in Generation::ALL {
        assert_eq!(heap.collect(generation), 0, "its edges count as held from outside");
    }
    heap.check();
    assert_eq!(node.list.borrow().len(), 1);
    drop(node);
    heap.collect(Generation::Old);
    heap.check();
    assert_eq!(log.count("drop lent") + log.count("drop child"), log.len(), "each at most once");
    drop(heap);
    let mut numbers = Gc::new(vec![1]);
    std::mem::forget(Gc::get_mut(&mut numbers));
    assert_eq!(*numbers, [1]);
}

#[test]
fn a_forgotten_handle_leaks_and_never_frees() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    std::mem::forget(node.clone());
    let weak = Gc::downgrade(&node);
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 0);
    drop(heap);
    assert!(log.is_empty() && weak.upgrade().is_some());
}

#[test]
fn counts_saturate_to_immortal() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    // 2^32 forgotten clones would wrap a 32-bit count. Fewer in a slow build, where the count must simply hold.
    let clones = if cfg!(debug_assertions) { 1_u64 << 24 } else { (1 << 32) + 1000 };
    for _ in 0..clones {
        std::mem::forget(node.clone());
    }
    for _ in 0..1000 {
        drop(node.clone());
    }
    assert!(Gc::strong_count(&node) >= (1 << 24));
    let weak = Gc::downgrade(&node);
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 0);
    assert!(weak.upgrade().is_some() && log.is_empty());
}

#[test]
fn bombs_in_slices_options_and_tuples() {
    let heap = manual_heap();
    let reports = quiet(&heap);
    let armed = Armed::new();
    let log = Log::new();
    drop(heap.alloc((log.probe("a"), Some(armed.bomb("first")), log.probe("b"))));
    drop(heap.alloc(vec![Some(armed.bomb("second")), None]));
    drop(heap.alloc_with_slice(armed.bomb("third"), [log.probe("c"), log.probe("d")]));
    drop(heap.alloc_with_slice(log.probe("e"), [Some(armed.bomb("fourth")), None]));
    assert_eq!(reports.messages(), ["first", "second", "third", "fourth"]);
    assert_eq!(log.take_sorted(), ["drop a", "drop b", "drop c", "drop d", "drop e"]);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn many_types_are_registered() {
    fn one<const N: usize>(heap: &Heap) {
        let object = heap.alloc([N as u8; N]);
        assert!(Gc::as_any(&object).is::<[u8; N]>());
        assert!(!Gc::as_any(&object).is::<[i8; N]>());
    }
    let heap = manual_heap();
    one::<0>(&heap);
    one::<1>(&heap);
    one::<2>(&heap);
    one::<3>(&heap);
    one::<5>(&heap);
    one::<8>(&heap);
    one::<500>(&heap);
    one::<505>(&heap);
    one::<8000>(&heap);
    one::<9000>(&heap);
    one::<70_000>(&heap);
    one::<200_000>(&heap);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn sizes_around_every_limit() {
    let heap = manual_heap();
    let limits = [8_usize, 16, 64, 504, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 262_144, 2 << 20, 4 << 20];
    for limit in limits {
        for len in limit.saturating_sub(24)..limit + 24 {
            let slice = heap.alloc_slice(std::iter::repeat_n(len as u8, len.min(9000)));
            assert!(slice.iter().all(|&byte| byte == len as u8));
            let text = heap.alloc_str(&"y".repeat(len));
            assert_eq!(text.len(), len);
        }
        heap.check();
    }
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn an_alignment_that_no_region_has_is_an_error() {
    #[repr(align(65536))]
    struct Wide(u8);
    tailbite::leaf!(Wide);
    tailbite_tests::on_stack(16 << 20, || {
        let heap = manual_heap();
        match heap.try_alloc(Wide(7)) {
            Ok(object) => assert_eq!((Gc::as_ptr(&object).addr() % 65_536, object.0), (0, 7)),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                assert_eq!(error.into_value().0, 7, "the value comes back");
                assert!(catch_unwind(AssertUnwindSafe(|| heap.alloc(Wide(1)))).is_err(), "alloc panics");
            }
        }
        heap.check();
        assert_eq!(heap.object_count(), 0);
    });
}

#[test]
fn immortal_objects_are_not_taken_apart() {
    let heap = manual_heap();
    let mut numbers = heap.alloc(vec![1, 2]);
    heap.make_immortal(&numbers);
    if let Some(mut lent) = Gc::get_mut(&mut numbers) {
        lent.push(3);
    }
    let numbers = Gc::try_unwrap(numbers).expect_err("it is never the last handle");
    assert_eq!(numbers[..2], [1, 2]);
    assert!(Gc::into_inner(numbers).is_none());
    heap.check();
}
