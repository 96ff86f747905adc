//! Allocation through the public API: contents, reuse, slices and strings, accounting.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tailbite::{Gc, Generation, Heap, Trace, Weak, WithSlice};
use tailbite_tests::{Armed, Log, Node, manual_heap, quiet};

#[test]
fn objects_of_all_sizes_keep_their_contents() {
    let heap = manual_heap();
    let slices: Vec<Gc<[u8]>> = (0..2000_usize).map(|len| heap.alloc_slice(vec![len as u8; len])).collect();
    for (len, slice) in slices.iter().enumerate() {
        assert_eq!(slice.len(), len);
        assert!(slice.iter().all(|&byte| byte == len as u8), "slice of {len} bytes");
        assert!(heap.contains(slice));
    }
    assert_eq!(heap.object_count(), 2000);
    heap.check();
    drop(slices);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn freed_blocks_are_reused() {
    let heap = manual_heap();
    let first: Vec<Gc<[u64; 4]>> = (0..10_000).map(|number| heap.alloc([number; 4])).collect();
    let mut addresses: Vec<usize> = first.iter().map(|object| Gc::as_any(object).address()).collect();
    drop(first);
    let second: Vec<Gc<[u64; 4]>> = (0..10_000).map(|number| heap.alloc([number; 4])).collect();
    addresses.sort_unstable();
    let reused = second.iter().filter(|object| addresses.binary_search(&Gc::as_any(object).address()).is_ok()).count();
    // A pool that fell empty may have been given another place in the meantime.
    assert!(reused > 5_000, "{reused} of 10000 blocks were reused");
    assert!(second.iter().enumerate().all(|(number, object)| **object == [number as u64; 4]));
}

#[test]
fn live_objects_never_overlap() {
    let heap = manual_heap();
    let mut live: Vec<(Gc<[u8]>, u8)> = Vec::new();
    let mut state = 12345_u32;
    for step in 0..20_000_u32 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (random, fill) = ((state >> 8) as usize, step as u8);
        if live.len() > 400 || (random.is_multiple_of(3) && !live.is_empty()) {
            let (object, fill) = live.swap_remove(random % live.len());
            assert!(object.iter().all(|&byte| byte == fill));
        } else {
            let object = heap.alloc_slice(vec![fill; random % 700]);
            live.push((object, fill));
        }
    }
    assert!(live.iter().all(|(object, fill)| object.iter().all(|byte| byte == fill)));
    heap.check();
}

#[test]
fn strings_and_slices_live_in_one_block() {
    let heap = manual_heap();
    let empty = heap.alloc_str("");
    let text = heap.alloc_str("lists of lists, \u{1F600}");
    assert_eq!((&*empty, &*text), ("", "lists of lists, \u{1F600}"));
    let tuple: Gc<WithSlice<u32, Gc<str>>> = heap.alloc_with_slice(7, vec![text.clone(), empty.clone()]);
    assert_eq!(tuple.head, 7);
    assert_eq!(&*tuple.slice[0], &*text);
    assert_eq!(Gc::strong_count(&text), 2);
    drop(tuple);
    assert_eq!(Gc::strong_count(&text), 1);
    let try_text = heap.try_alloc_str("again").expect("there is memory");
    let try_slice = heap.try_alloc_slice([1_u16, 2, 3]).expect("there is memory");
    let Ok(try_tuple) = heap.try_alloc_with_slice(String::from("head"), [1_u8]) else { panic!("there is memory") };
    assert_eq!((&*try_text, &*try_slice, &*try_tuple.head), ("again", &[1, 2, 3][..], "head"));
}

#[test]
fn a_tuple_in_a_cycle_is_collected() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "node");
    let tuple = heap.alloc_with_slice((), vec![node.clone(), node.clone()]);
    node.hold(tuple);
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(log.take(), ["drop node"]);
}

#[test]
fn a_constructor_that_panics_leaves_nothing_behind() {
    let heap = manual_heap();
    let log = Log::new();
    let items = (0..5).map(|index| {
        assert!(index != 3, "the fourth item fails");
        log.probe(index.to_string())
    });
    let failed = catch_unwind(AssertUnwindSafe(|| heap.alloc_slice(items.collect::<Vec<_>>())));
    assert!(failed.is_err());
    log.take();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        heap.alloc_slice((0..5_usize).map(|index| {
            assert!(index != 3, "the fourth item fails");
            log.probe(index.to_string())
        }))
    }));
    assert!(failed.is_err());
    assert_eq!(log.take_sorted(), ["drop 0", "drop 1", "drop 2"]);
    let failed = catch_unwind(AssertUnwindSafe(|| heap.alloc_cyclic::<Node>(|_| panic!("no payload"))));
    assert!(failed.is_err());
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

/// Says that it yields `claimed` items, and yields `real`.
struct Liar {
    claimed: usize,
    real: usize,
    log: Log,
}

impl Iterator for Liar {
    type Item = tailbite_tests::Probe;
    fn next(&mut self) -> Option<Self::Item> {
        self.real = self.real.checked_sub(1)?;
        Some(self.log.probe("item"))
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.claimed, Some(self.claimed))
    }
}

impl ExactSizeIterator for Liar {
    fn len(&self) -> usize {
        self.claimed
    }
}

#[test]
fn an_iterator_that_lies_about_its_length_corrupts_nothing() {
    for (claimed, real) in [(4, 2), (2, 4), (0, 3), (3, 0), (200, 1), (1, 200)] {
        let heap = manual_heap();
        let log = Log::new();
        let liar = Liar { claimed, real, log: log.clone() };
        let result = catch_unwind(AssertUnwindSafe(|| heap.alloc_slice(liar)));
        if let Ok(slice) = &result {
            assert!(slice.len() <= real, "no more items than there were");
        }
        heap.check();
        drop(result);
        // Whatever was taken out of the iterator was dropped exactly once.
        assert!(log.count("drop item") <= real);
        assert_eq!(heap.object_count(), 0);
    }
}

#[test]
fn factories_allocate_in_their_heap() {
    let heap = manual_heap();
    let factory = heap.factory::<[u32; 3]>();
    let clone = factory.clone();
    let object = factory.alloc([1, 2, 3]);
    assert!(heap.contains(&object));
    assert_eq!(*clone.try_alloc([4; 3]).expect("there is memory"), [4; 3]);
    drop(heap);
    assert_eq!(*object, [1, 2, 3]);
    assert_eq!(*factory.alloc([5; 3]), [5; 3], "a factory keeps the heap state alive");
}

#[test]
fn memory_is_accounted_and_given_back() {
    let heap = manual_heap();
    let objects: Vec<Gc<[u64; 8]>> = (0..200_000).map(|number| heap.alloc([number; 8])).collect();
    let full = heap.memory().to_string();
    assert!(!full.is_empty());
    // Every other object stays, so that nothing can go before the rest does.
    let kept: Vec<_> = objects.into_iter().step_by(64).collect();
    heap.check();
    heap.trim();
    heap.check();
    assert!(kept.iter().enumerate().all(|(index, object)| object[0] == index as u64 * 64));
    drop(kept);
    heap.trim();
    heap.check();
    assert_eq!(heap.object_count(), 0);
    assert_ne!(heap.memory().to_string(), full);
    assert_eq!(*heap.alloc([3_u64; 8]), [3; 8], "a trimmed heap allocates");
}

#[test]
fn an_element_whose_drop_panics_does_not_stop_the_others() {
    let heap = manual_heap();
    let reports = quiet(&heap);
    let log = Log::new();
    let armed = Armed::new();
    let slice =
        heap.alloc_slice([(None, log.probe("a")), (Some(armed.bomb("boom")), log.probe("b")), (None, log.probe("c"))]);
    drop(slice);
    assert_eq!(reports.messages(), ["boom"]);
    assert_eq!(log.take_sorted(), ["drop a", "drop b", "drop c"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn the_default_heap_belongs_to_the_thread() {
    let object = Gc::new(5_u32);
    assert!(Heap::with_default(|heap| heap.contains(&object)));
    assert!(!manual_heap().contains(&object));
    let seen = Cell::new(7);
    let cyclic = Gc::new_cyclic(|weak: &Weak<Own>| {
        seen.set(weak.strong_count());
        assert!(weak.upgrade().is_none(), "an object under construction is not visible");
        Own(weak.clone())
    });
    assert_eq!(seen.get(), 0);
    assert!(Gc::ptr_eq(&cyclic.0.upgrade().expect("it lives"), &cyclic));
}

/// Knows itself weakly.
#[derive(Trace)]
struct Own(Weak<Own>);
