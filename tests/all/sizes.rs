//! Sizes: objects from 0 bytes to 1 GiB, limits at every size, a billion bytes of churn, hubs. How much of the dear part:
//! `TAILBITE_DEPTH`, as for [depth](super::depth).

use std::cell::RefCell;
use std::collections::VecDeque;

use tailbite::{AnyGc, Gc, Generation, Heap, WithSlice};
use tailbite_tests::{Random, collecting_heap, manual_heap};

/// Whether the dear part is asked for.
fn is_full() -> bool {
    std::env::var_os("TAILBITE_DEPTH").is_some()
}

/// All bytes that a heap has taken from outside.
fn mapped(heap: &Heap) -> usize {
    heap.memory().bytes.total
}

/// One byte that is repeated: no memory is needed for what an object is made of.
fn bytes(byte: u8, count: usize) -> impl ExactSizeIterator<Item = u8> {
    std::iter::repeat_n(byte, count)
}

/// Eight bytes that are repeated.
fn words(word: u64, count: usize) -> impl ExactSizeIterator<Item = u64> {
    std::iter::repeat_n(word, count)
}

#[test]
fn from_nothing_to_a_gibibyte() {
    let heap = manual_heap();
    let largest = if is_full() { 30 } else { 22 };
    for power in 0..=largest {
        // (In words beyond some size: an unoptimised build writes each item by hand.)
        for length in [(1_usize << power) - 1, 1 << power, (1 << power) + 1] {
            let before = mapped(&heap);
            if power < 16 {
                let slice: Gc<[u8]> = heap.alloc_slice(bytes(length as u8, length));
                let pair: Gc<WithSlice<AnyGc, u8>> = heap.alloc_with_slice(Gc::as_any(&slice), bytes(!0, length));
                let text: Gc<str> = heap.alloc_str(&"z".repeat(length));
                assert!(slice.len() == length && slice.iter().all(|&byte| byte == length as u8));
                assert!(pair.slice.len() == length && pair.slice.iter().all(|&byte| byte == !0));
                assert_eq!((text.len(), text.bytes().all(|byte| byte == b'z')), (length, true));
                heap.check();
            } else {
                let slice: Gc<[u64]> = heap.alloc_slice(words(length as u64, length / 8));
                let word = length as u64;
                assert_eq!((slice.len(), slice[0], slice[slice.len() - 1]), (length / 8, word, word));
                heap.check();
                assert!(mapped(&heap) >= before + size_of_val(&*slice));
            }
            if power >= 20 {
                assert_eq!(mapped(&heap), before, "large regions go at once");
            }
        }
    }
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn nothing_at_all_is_an_object_too() {
    let heap = manual_heap();
    let empty: Gc<[u8]> = heap.alloc_slice([]);
    let units: Gc<[()]> = heap.alloc_slice(std::iter::repeat_n((), 1 << 20));
    let (unit, text, array) = (heap.alloc(()), heap.alloc_str(""), heap.alloc([0_u64; 0]));
    let edges: Gc<[AnyGc]> = heap.alloc_slice([]);
    assert_eq!((empty.len(), units.len(), &*text, array.len(), edges.len()), (0, 1 << 20, "", 0, 0));
    let all = [Gc::erase(empty), Gc::erase(units), Gc::erase(unit), Gc::erase(text), Gc::erase(array)];
    for (index, one) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|other| !AnyGc::ptr_eq(one, other)), "each has an identity");
    }
    heap.check();
    drop((all, edges));
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn requests_at_the_end_of_the_address_space_are_refused() {
    let heap = manual_heap();
    let edges = heap.alloc(1);
    let ends = [usize::MAX, isize::MAX as usize];
    for length in ends.into_iter().flat_map(|end| [1, 2, 4, 8].map(|size| end / size)).flat_map(|end| end - 40..=end) {
        assert!(heap.try_alloc_slice(words(0, length)).is_err(), "{length}");
        assert!(heap.try_alloc_with_slice([0_u8; 13], words(0, length)).is_err(), "{length}");
        if length > 1 << 61 {
            assert!(heap.try_alloc_slice(bytes(0, length)).is_err(), "{length}");
            assert!(heap.try_alloc_with_slice(edges.clone(), bytes(0, length)).is_err(), "{length}");
            assert!(heap.try_add_external(length).is_err() || heap.memory_limit().is_none());
        }
    }
    heap.check();
    drop(edges);
    assert_eq!((heap.object_count(), heap.external_bytes()), (0, 0));
}

#[test]
fn at_a_limit_each_size_is_served_or_refused_and_never_half() {
    let heap = collecting_heap();
    drop(heap.alloc_slice(words(1, 10)));
    for power in 3..24 {
        let length = 1_usize << power;
        // The object needs no more than this beside itself: a pool, or the head of a region and its place in the directory.
        let room = heap.used_bytes() + length + (64 << 10);
        for limit in [heap.used_bytes(), heap.used_bytes() + length / 2, room, room + length] {
            heap.set_memory_limit(Some(limit));
            match heap.try_alloc_slice(words(power, length / 8)) {
                Ok(slice) => assert_eq!((slice.len(), slice.last()), (length / 8, Some(&power))),
                Err(error) => {
                    assert!(limit < room, "{length} bytes fit into {limit}");
                    assert_eq!(error.into_value().len(), length / 8, "what it was made of comes back untouched");
                }
            }
            assert!(heap.used_bytes() <= limit.max(room - length - (64 << 10)));
            heap.check();
        }
        heap.set_memory_limit(None);
        heap.trim();
    }
}

/// A heap that lives at its limit, with objects of all sizes, cycles, and raw blocks coming and going: whatever it has
/// mapped after a while has to do for the rest of its life.
#[test]
fn a_heap_at_its_limit_through_a_billion_bytes_does_not_grow() {
    let total: usize = if is_full() { 2_000_000_000 } else { 60_000_000 };
    let heap = collecting_heap();
    let limit = 8 << 20;
    heap.set_memory_limit(Some(limit));
    let mut random = Random::new(5);
    let (mut held, mut raw, mut done, mut refused) = (VecDeque::new(), VecDeque::new(), 0, 0_usize);
    let mut mapped_early = 0;
    while done < total {
        let size = match random.below(100) {
            0 => 20_000 + random.below(200_000),
            1..10 => 512 + random.below(4000),
            _ => random.below(512),
        };
        let made = match random.below(4) {
            0 => heap.try_alloc_slice(words(1, size / 8)).map(Gc::erase).is_ok_and(|object| {
                held.push_back(object);
                true
            }),
            1 => heap.try_alloc_with_slice(RefCell::new(None::<AnyGc>), words(2, size / 8)).is_ok_and(|object| {
                // A cycle, which nobody holds.
                *object.head.borrow_mut() = Some(Gc::as_any(&object));
                true
            }),
            2 => {
                let mut block = allocator_api2::vec::Vec::<u64, _>::new_in(heap.allocator());
                let is_granted = block.try_reserve_exact(size / 8 + 1).is_ok();
                if is_granted {
                    block.push(3);
                    raw.push_back(block);
                } else {
                    // Raw memory collects nothing (S19).
                    heap.collect(Generation::Old);
                }
                is_granted
            }
            _ => heap.try_alloc_str(&"w".repeat(size.min(3000))).map(Gc::erase).is_ok_and(|object| {
                held.push_back(object);
                true
            }),
        };
        if made {
            done += size;
        } else {
            refused += 1;
            held.drain(..held.len() / 3);
            raw.drain(..raw.len() / 3);
        }
        assert!(heap.used_bytes() <= limit);
        if mapped_early == 0 && done > total / 10 {
            mapped_early = mapped(&heap);
        }
    }
    assert!(refused > 5, "it was at its limit");
    assert!(heap.peak_bytes() <= limit);
    // An arena costs addresses only; one or two more are the play that placement needs.
    let arena = heap.memory().arenas.size;
    let mapped_late = mapped(&heap);
    assert!(mapped_late <= mapped_early.max(limit) + 2 * arena, "{mapped_early} bytes were mapped, now {mapped_late}");
    assert!(raw.iter().all(|block| block.first() == Some(&3)));
    heap.check();
    drop((held, raw));
    heap.collect(Generation::Old);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn a_class_with_a_million_instances_is_counted_to_the_last() {
    let count = if cfg!(debug_assertions) && !is_full() { 100_000 } else { 1_000_000 };
    let heap = manual_heap();
    let class = heap.alloc(RefCell::new(Vec::<AnyGc>::new()));
    let instances: Vec<AnyGc> = (0..count).map(|_| heap.alloc(Some(Gc::as_any(&class))).into()).collect();
    assert_eq!(Gc::strong_count(&class), count + 1);
    heap.check();
    *class.borrow_mut() = instances;
    assert_eq!(Gc::strong_count(&class), count + 1);
    heap.check();
    assert_eq!(heap.get_referrers(&[Gc::as_any(&class)]).len(), count);
    // One handle among a million edges keeps all of it; without it, all of it goes.
    assert_eq!(heap.collect(Generation::Old), 0);
    let last = class.borrow()[count / 2].clone();
    drop(class);
    assert_eq!(heap.collect(Generation::Old), 0);
    heap.check();
    drop(last);
    assert_eq!(heap.collect(Generation::Old), count + 1);
    assert_eq!(heap.object_count(), 0);
    // And by count: each death takes one edge away.
    let class = heap.alloc(RefCell::new(Vec::<AnyGc>::new()));
    let mut instances: Vec<_> = (0..count).map(|_| heap.alloc(Some(Gc::as_any(&class)))).collect();
    instances.truncate(7);
    assert_eq!(Gc::strong_count(&class), 8);
    drop(instances);
    assert_eq!((Gc::strong_count(&class), heap.object_count()), (1, 1));
}

#[test]
fn a_hub_that_is_wrong_by_one_is_seen() {
    // The sum of a million edges is exact: one that is reported twice shows.
    struct Twice(AnyGc);
    // SAFETY: none: it reports its handle twice.
    unsafe impl tailbite::Trace for Twice {
        fn trace(&self, tracer: &mut tailbite::Tracer<'_>) {
            self.0.trace(tracer);
            self.0.trace(tracer);
        }

        fn shape(_: u32) -> tailbite::Shape {
            tailbite::Shape::EDGES
        }
    }
    let count = if cfg!(debug_assertions) && !is_full() { 50_000 } else { 1_000_000 };
    let heap: Heap = manual_heap();
    let class = Gc::erase(heap.alloc(1));
    let instances: Vec<_> = (0..count).map(|_| heap.alloc(Some(class.clone()))).collect();
    let twice = heap.alloc(Twice(class));
    let message = heap.verify().expect_err("one too many").to_string();
    assert!(message.contains(&format!("(found {}, known {})", count + 2, count + 1)), "{message}");
    drop(twice);
    heap.check();
    drop(instances);
}
