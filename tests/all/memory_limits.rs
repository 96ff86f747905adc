//! Limits of memory: exact at every moment, and an ordinary event when they are reached.

mod external;
mod soft;
mod twins;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use allocator_api2::vec::Vec as VecIn;
use hashbrown::HashMap;
use tailbite::{AnyGc, Gc, Generation, Heap, Trigger, WeakRef, callback};
use tailbite_tests::{Log, Node, Random, collecting_heap, leak_ring, manual_heap};

/// What a refusal may fall short by: the rounding of a region or pool, and the growth of lists and directories.
const SLACK: usize = 64 << 10;

/// Takes up what is left in the pools for objects like `make`'s.
fn fill<T: tailbite::Trace>(heap: &Heap, make: impl Fn() -> T) -> Vec<Gc<T>> {
    std::iter::from_fn(|| heap.try_alloc(make()).ok()).collect()
}

/// A heap with `bytes` left before its limit.
fn limited(heap: Heap, bytes: usize) -> Heap {
    heap.set_memory_limit(Some(heap.used_bytes() + bytes));
    heap
}

fn collections(heap: &Heap) -> [u64; 3] {
    heap.get_stats().map(|row| row.collections)
}

/// What a random program holds on to.
enum Held {
    Object(#[expect(dead_code, reason = "held, never read")] AnyGc),
    Raw(#[expect(dead_code, reason = "held, never read")] VecIn<u8, tailbite::HeapAllocator>),
    External(tailbite::External),
}

#[test]
fn no_step_of_a_random_program_exceeds_the_limit() {
    for seed in 0..6 {
        let mut random = Random::new(seed);
        let heap = limited(if seed % 2 == 0 { manual_heap() } else { collecting_heap() }, 1 << 20);
        let log = Log::new();
        let mut held: Vec<Held> = Vec::new();
        let (mut granted, mut refused) = (0, 0);
        for step in 0..4000 {
            let limit = heap.memory_limit().unwrap();
            let mut wanted = 0;
            let result = match random.below(9) {
                0..=1 => heap
                    .try_alloc(Node::new(&log, "n"))
                    .map(|node| {
                        node.link(&node);
                        if random.below(3) != 0 {
                            node.unlink();
                        }
                        Held::Object(node.into())
                    })
                    .map_err(drop),
                2 => {
                    wanted = random.below(3000);
                    heap.try_alloc_slice(vec![1_u8; wanted]).map(|slice| Held::Object(slice.into())).map_err(drop)
                }
                3 => {
                    wanted = 20_000 + random.below(200_000);
                    heap.try_alloc_slice(vec![1_u8; wanted]).map(|slice| Held::Object(slice.into())).map_err(drop)
                }
                4 => {
                    wanted = if random.below(2) == 0 { random.below(600) } else { random.below(100_000) };
                    let mut bytes = VecIn::new_in(heap.allocator());
                    bytes.try_reserve_exact(wanted).map(|()| Held::Raw(bytes)).map_err(drop)
                }
                5 => {
                    wanted = random.below(50_000);
                    let before = heap.used_bytes();
                    let result = heap.try_add_external(wanted);
                    assert_eq!(result.is_ok(), heap.used_bytes() + usize::from(result.is_err()) * wanted <= limit);
                    assert!(result.is_err() || heap.used_bytes() <= before + wanted);
                    result.map(Held::External).map_err(drop)
                }
                6 => {
                    let used = heap.used_bytes();
                    heap.set_memory_limit(Some(used.saturating_sub(10_000) + random.below(1 << 20)));
                    continue;
                }
                _ => {
                    for _ in 0..random.below(20) {
                        if !held.is_empty() {
                            let index = random.below(held.len());
                            let mut gone = held.swap_remove(index);
                            if let Held::External(external) = &mut gone {
                                let _ = external.resize(random.below(60_000));
                            }
                        }
                    }
                    if random.below(40) == 0 {
                        heap.collect(Generation::ALL[random.below(3)]);
                        heap.trim();
                    }
                    continue;
                }
            };
            match result {
                Ok(object) => {
                    granted += 1;
                    held.push(object);
                }
                Err(()) => {
                    refused += 1;
                    assert!(heap.used_bytes() + wanted + SLACK > limit, "{wanted} bytes would have fit");
                }
            }
            // A limit below what was in use stays exceeded, but nothing new is granted.
            let before = heap.peak_bytes();
            assert!(heap.used_bytes() <= limit || heap.used_bytes() <= before, "step {step} of {seed}");
            if step % 256 == 0 {
                heap.check();
            }
        }
        assert!(granted > 500 && refused > 50, "{granted} granted, {refused} refused");
        drop(held);
        heap.collect(Generation::Old);
        heap.trim();
        heap.check();
        assert_eq!(heap.object_count(), 0);
    }
}

#[test]
fn a_grant_never_takes_the_use_over_the_limit() {
    let heap = limited(manual_heap(), 300_000);
    let limit = heap.memory_limit().unwrap();
    let mut random = Random::new(5);
    let mut held = Vec::new();
    for _ in 0..20_000 {
        match heap.try_alloc_slice(vec![0_u8; random.below(4000)]) {
            Ok(slice) => held.push(slice),
            Err(_) => drop(held.drain(..held.len() / 2).collect::<Vec<_>>()),
        }
        assert!(heap.used_bytes() <= limit && heap.peak_bytes() <= limit);
    }
    heap.check();
}

#[test]
fn the_registry_of_finalizers_grows_within_the_limit() {
    let heap = manual_heap();
    let object = heap.alloc(1);
    for _ in 0..300 {
        // Ever a little more room, so that each growth is refused until it just fits.
        for room in (0..).step_by(16) {
            heap.set_memory_limit(Some(heap.used_bytes() + room));
            let granted = heap.try_finalize(&object, (), drop).is_ok();
            assert!(heap.used_bytes() <= heap.memory_limit().unwrap());
            if granted {
                break;
            }
        }
    }
    heap.set_memory_limit(None);
    heap.check();
}

#[test]
fn a_limit_below_the_use_grants_nothing_new() {
    let heap = manual_heap();
    let texts: Vec<_> = (0..5000).map(|n| heap.alloc(format!("text {n}"))).collect();
    let used = heap.used_bytes();
    for limit in [0, 1, used / 2, used] {
        heap.set_memory_limit(Some(limit));
        drop(fill(&heap, String::new));
        assert!(heap.try_alloc_slice(vec![0_u8; 100_000]).is_err());
        assert!(heap.try_add_external(1).is_err());
        assert!(heap.try_add_external(0).is_ok());
        assert!(heap.used_bytes() <= used);
    }
    heap.set_memory_limit(Some(used - 50_000));
    assert!(heap.try_add_external(1).is_err());
    drop(texts);
    let external = heap.try_add_external(1).expect("the use has fallen");
    assert_eq!(external.bytes(), 1);
    heap.set_memory_limit(None);
    assert_eq!(heap.memory_limit(), None);
    assert!(heap.try_alloc_slice(vec![0_u8; 100_000]).is_ok());
    heap.check();
}

#[test]
fn the_highest_limit_is_as_good_as_none() {
    let heap = manual_heap();
    heap.set_memory_limit(Some(usize::MAX));
    assert_eq!(heap.memory_limit(), Some(usize::MAX));
    let all = heap.try_add_external(usize::MAX - heap.used_bytes()).expect("it fits exactly");
    assert_eq!(heap.used_bytes(), usize::MAX);
    assert!(heap.try_add_external(1).is_err(), "and no count wraps");
    drop(all);
    heap.set_memory_limit(None);
    let most = heap.add_external(usize::MAX / 2);
    assert!(heap.try_add_external(usize::MAX - 5).is_err(), "without a limit, too");
    drop(most);
    assert_eq!(heap.external_bytes(), 0);
    heap.check();
}

#[test]
fn the_value_comes_back_and_the_message_says_why() {
    let heap = limited(manual_heap(), 0);
    let log = Log::new();
    let nodes = fill(&heap, || Node::new(&log, "kept"));
    log.take();
    let Err(error) = heap.try_alloc(Node::new(&log, "refused")) else { panic!("there was room") };
    let (limit, used) = (heap.memory_limit().unwrap(), heap.used_bytes());
    assert_eq!(error.limit(), Some(limit));
    let size = size_of::<Node>();
    let text = format!("{size} bytes for an object were refused: the heap's limit is {limit} bytes, {used} are in use");
    assert_eq!(error.to_string(), format!("out of memory: {text}"));
    assert_eq!(error.into_value().name(), "refused");
    assert_eq!(log.take(), ["drop refused"]);
    let panic = catch_unwind(AssertUnwindSafe(|| heap.alloc(Node::new(&log, "x")))).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("the heap's limit is"));
    let external = heap.try_add_external(1 << 20).unwrap_err();
    assert!(external.to_string().contains("1048576 bytes for external storage were refused"));
    assert!(heap.try_alloc_slice(std::iter::repeat_n(0_u64, usize::MAX)).unwrap_err().limit().is_none());
    drop(nodes);
    heap.check();
}

#[test]
fn a_refusal_is_preceded_by_one_full_collection() {
    let heap = limited(collecting_heap(), 0);
    let log = Log::new();
    let kept = fill(&heap, || Node::new(&log, "kept"));
    let attempts = collections(&heap);
    assert_eq!(attempts[2], 1, "before the refusal that ended it");
    for n in 1..=5 {
        assert!(heap.try_alloc(Node::new(&log, "refused")).is_err());
        assert!(heap.try_alloc_slice(vec![0_u8; 100_000]).is_err());
        assert!(heap.try_add_external(1 << 20).is_err());
        assert_eq!(collections(&heap), [0, 0, 1 + 3 * n]);
    }
    let mut raw = VecIn::<u8, _>::new_in(heap.allocator());
    assert!(raw.try_reserve(10_000).is_err());
    assert!(raw.try_reserve(100).is_err());
    assert_eq!(collections(&heap)[2], 16, "raw memory is refused at once");
    drop(kept);
}

#[test]
fn garbage_makes_room_for_what_would_be_refused() {
    let heap = limited(collecting_heap(), 200_000);
    let log = Log::new();
    for n in 0..20_000 {
        leak_ring(&heap, &log, "n", 2);
        assert!(heap.used_bytes() <= heap.memory_limit().unwrap(), "{n}");
    }
    assert!(collections(&heap)[2] > 10);
    assert_eq!(collections(&heap)[..2], [0, 0]);
    heap.check();
}

#[test]
fn only_allocations_that_may_collect_do() {
    let log = Log::new();
    for setting in 0..4 {
        let heap = manual_heap();
        leak_ring(&heap, &log, "n", 10);
        match setting {
            0 => {}
            1 => heap.set_trigger(Trigger::Safepoint),
            2 => {
                heap.set_trigger(Trigger::Allocation);
                heap.disable();
            }
            _ => heap.set_trigger(Trigger::Allocation),
        }
        heap.set_threshold([0, 0, 0]);
        heap.set_memory_limit(Some(0));
        assert!(heap.try_add_external(1).is_err());
        assert!(heap.try_alloc_slice(vec![0_u8; 50_000]).is_err());
        let expected = if setting >= 2 { 2 } else { 0 };
        assert_eq!(collections(&heap)[2], expected, "setting {setting}");
    }
}

#[test]
fn inside_a_collection_a_refusal_is_final() {
    let heap = Rc::new(collecting_heap());
    let log = Log::new();
    let nodes = tailbite_tests::ring(&heap, &log, "n", 3);
    for node in &nodes {
        let heap = heap.clone();
        Node::on_finalize(node, move |node| {
            let refused = heap.try_alloc_slice(vec![0_u8; 50_000]).is_err() && heap.try_add_external(50_000).is_err();
            node.log().push(format!("refused {refused}"));
        });
    }
    heap.set_memory_limit(Some(heap.used_bytes()));
    drop(nodes);
    assert!(heap.try_alloc_slice(vec![0_u8; 100_000]).is_err());
    assert_eq!((log.count("refused true"), log.count("drop n0")), (3, 1));
    assert_eq!(collections(&heap)[2], 1);
    heap.check();
}

#[test]
fn churn_at_the_limit_does_not_grow() {
    let heap = limited(collecting_heap(), 3 << 20);
    let limit = heap.memory_limit().unwrap();
    let mut random = Random::new(11);
    let (mut bytes, mut held) = (0, std::collections::VecDeque::new());
    let total = if cfg!(debug_assertions) { 20 << 20 } else { 100 << 20 };
    while bytes < total {
        // Phases that prefer small blocks, medium ones, large objects.
        let size = match bytes * 40 / total % 3 {
            0 => random.below(200),
            1 => 500 + random.below(5000),
            _ => 20_000 + random.below(400_000),
        };
        let slice = loop {
            match heap.try_alloc_slice(vec![1_u8; size]) {
                Ok(slice) => break slice,
                Err(_) => drop(held.pop_front().expect("an empty heap has room")),
            }
        };
        held.push_back(slice);
        bytes += size;
        assert!(heap.used_bytes() <= limit);
    }
    assert!(heap.peak_bytes() <= limit);
    assert!(heap.memory().arenas.mapped * heap.memory().arenas.size <= 2 * limit + (8 << 20), "{}", heap.memory());
    heap.check();
}

#[test]
fn blocks_move_between_size_classes_at_the_limit() {
    // Each phase takes all memory for one class and gives it back: the next must be able to have it, and no more.
    let heap = limited(manual_heap(), 1 << 20);
    let limit = heap.memory_limit().unwrap();
    let mut counts = Vec::new();
    for round in 0..3 {
        for size in [16_usize, 100, 500, 2000, 9000, 50_000, 300_000] {
            let held: Vec<_> = std::iter::from_fn(|| heap.try_alloc_slice(vec![0_u8; size]).ok()).collect();
            assert!(heap.used_bytes() <= limit);
            assert!(held.len() * size >= 300_000, "{} of {size} in round {round}", held.len());
            counts.push(held.len());
        }
    }
    assert_eq!(counts[7..14], counts[14..], "nothing is lost from round to round");
    heap.check();
}

#[test]
fn cycles_are_collected_when_nothing_can_be_allocated() {
    let heap = manual_heap();
    let log = Log::new();
    let calls = Log::new();
    let mut weak = Vec::new();
    for n in 0..300 {
        let nodes = tailbite_tests::ring(&heap, &log, "n", 7);
        let calls = calls.clone();
        weak.push((
            Gc::downgrade(&nodes[0]),
            WeakRef::with_callback(&nodes[1], callback(move |_| calls.push("called"))),
        ));
        if n % 3 == 0 {
            Node::on_finalize(&nodes[2], |node| assert!(node.name() == "n2"));
        }
        nodes[0].hold(heap.alloc_slice(vec![0_u8; 20_000 * (n % 2)]));
    }
    let chain = tailbite_tests::chain(&heap, &log, "c", 10_000);
    let head = chain[0].clone();
    heap.set_memory_limit(Some(0));
    drop(chain);
    drop(head);
    assert_eq!(log.len(), 10_000, "deaths by count need no memory");
    for generation in Generation::ALL {
        heap.collect(generation);
    }
    assert_eq!((calls.len(), log.count("drop n6")), (300, 300));
    assert!(weak.iter().all(|(weak, reference)| weak.upgrade().is_none() && !reference.is_alive()));
    drop(weak);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn young_objects_are_found_when_the_list_has_no_room_to_grow() {
    let heap = manual_heap();
    let log = Log::new();
    drop((0..20_000).map(|_| Node::alloc(&heap, &log, "n")).collect::<Vec<_>>());
    let kept = Node::alloc(&heap, &log, "kept");
    heap.collect(Generation::Old);
    heap.set_memory_limit(Some(0));
    // The pool of the node that is kept has room for more.
    let more: Vec<_> = std::iter::from_fn(|| heap.try_alloc(Node::new(&log, "young")).ok()).collect();
    assert!(!more.is_empty());
    for node in &more {
        node.link(node);
    }
    assert_eq!(heap.get_count()[0], more.len());
    let count = more.len();
    drop(more);
    assert_eq!(heap.collect(Generation::Young), count);
    heap.check();
    drop(kept);
}

#[test]
fn collections_of_a_host_live_in_the_heap() {
    let log = Log::new();
    for way in ["by count", "in a collection", "after closing"] {
        let heap = manual_heap();
        let before = heap.used_bytes();
        let node = Node::alloc(&heap, &log, "n");
        let mut table = HashMap::new_in(heap.allocator());
        table.extend((0..1000).map(|n| (n, log.probe("entry"))));
        let mut items = VecIn::new_in(heap.allocator());
        items.extend((0..1000).map(|n| (n, log.probe("item"))));
        assert!(heap.used_bytes() > before + 2000 * size_of::<(i32, tailbite_tests::Probe)>());
        let payload = heap.alloc(tailbite::Untraced((RefCell::new(table), items)));
        payload.0.0.borrow_mut().insert(5, log.probe("new entry"));
        assert_eq!(log.take(), ["drop entry"]);
        node.hold(payload.clone());
        match way {
            "by count" => {
                drop(payload);
                drop(node);
            }
            "in a collection" => {
                drop(payload);
                node.link(&node);
                drop(node);
                assert_eq!(heap.collect(Generation::Old), 1);
            }
            _ => {
                drop(heap);
                let mut table = payload.0.0.borrow_mut();
                table.extend((2000..4000).map(|n| (n, log.probe("entry"))));
                drop(table);
                drop(node);
                drop(payload);
                assert_eq!(log.take().len(), 4001);
                continue;
            }
        }
        assert_eq!(log.take().len(), 2001, "{way}");
        heap.trim();
        // Some pools may stay resident where the system takes no memory back from within an arena.
        assert!(heap.used_bytes() < before + 50_000, "{way}: {before}, now {}", heap.used_bytes());
        heap.check();
    }
}

#[test]
fn an_allocator_keeps_the_memory_of_a_closed_heap() {
    let heap = manual_heap();
    let allocator = heap.allocator();
    let mut items = VecIn::new_in(allocator.clone());
    items.push(1_u64);
    heap.set_memory_limit(Some(heap.used_bytes() + (2 << 20)));
    drop(heap);
    items.extend(0..50_000);
    assert_eq!(items[1..], *(0..50_000).collect::<Vec<u64>>());
    drop(allocator);
    let mut more = items.clone();
    assert!(more.try_reserve_exact(1 << 20).is_err(), "its limit still holds");
    drop(items);
    more.shrink_to_fit();
    assert_eq!(more.len(), 50_001);
}
