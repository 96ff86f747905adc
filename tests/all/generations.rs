//! Generations, counts, thresholds, triggers, statistics.

use tailbite::{Gc, Generation, Growth, Heap, Trigger};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

fn collections(heap: &Heap) -> [u64; 3] {
    heap.get_stats().map(|stats| stats.collections)
}

#[test]
fn defaults() {
    let heap = Heap::new();
    assert_eq!(heap.get_threshold(), [2000, 10, 10]);
    assert_eq!(heap.get_count(), [0, 0, 0]);
    assert!(heap.is_enabled());
    assert_eq!(heap.trigger(), Trigger::Allocation);
    assert_eq!(collections(&heap), [0, 0, 0]);
}

#[test]
fn generations_are_numbered() {
    for (index, generation) in Generation::ALL.into_iter().enumerate() {
        assert_eq!(generation.index(), index);
        assert_eq!(Generation::try_from(index).expect("it exists"), generation);
        assert_eq!(Generation::try_from(index as i64).expect("it exists"), generation);
    }
    for wrong in [-1, 3, i64::MIN, i64::MAX] {
        let error = Generation::try_from(wrong).expect_err("there are three");
        assert_eq!(error.to_string(), "invalid generation");
    }
    assert!(Generation::try_from(3_usize).is_err() && Generation::try_from(usize::MAX).is_err());
}

#[test]
fn the_count_is_what_was_allocated_and_lives() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes: Vec<_> = (0..10).map(|_| Node::alloc(&heap, &log, "n")).collect();
    let leaves: Vec<_> = (0..10).map(|number| heap.alloc(number)).collect();
    assert_eq!(heap.get_count(), [10, 0, 0], "objects without edges are not tracked");
    assert_eq!((heap.tracked_objects(), heap.object_count()), (10, 20));
    drop(leaves);
    drop(nodes);
    assert_eq!(heap.get_count(), [0, 0, 0]);
    let kept = Node::alloc(&heap, &log, "kept");
    heap.collect(Generation::Young);
    assert_eq!(heap.get_count(), [0, 1, 0]);
    let young = Node::alloc(&heap, &log, "young");
    drop(kept);
    assert_eq!(heap.get_count(), [1, 1, 0], "the death of an older object does not count");
    drop(young);
}

#[test]
fn survivors_grow_old() {
    let heap = manual_heap();
    let log = Log::new();
    // Garbage of each age: collected only when its own generation is.
    let young_to_old = [Generation::Young, Generation::Middle, Generation::Old];
    for age in 0..3 {
        let nodes = ring(&heap, &log, "n", 2);
        for _ in 0..age {
            heap.collect(young_to_old[age - 1]);
        }
        drop(nodes);
        for younger in &young_to_old[..age] {
            assert_eq!(heap.collect(*younger), 0, "age {age}");
        }
        assert_eq!(heap.collect(young_to_old[age]), 2, "age {age}");
    }
}

#[test]
fn one_young_collection_makes_middle_and_one_middle_makes_old() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 3);
    heap.collect(Generation::Young);
    heap.collect(Generation::Young);
    drop(nodes);
    assert_eq!(heap.collect(Generation::Young), 0);
    assert_eq!(heap.collect(Generation::Middle), 3);
    let nodes = ring(&heap, &log, "n", 3);
    heap.collect(Generation::Young);
    heap.collect(Generation::Middle);
    drop(nodes);
    assert_eq!(heap.collect(Generation::Middle), 0);
    assert_eq!(heap.collect(Generation::Old), 3);
}

#[test]
fn an_older_holder_keeps_young_garbage() {
    let heap = manual_heap();
    let log = Log::new();
    let old = Node::alloc(&heap, &log, "old");
    heap.collect(Generation::Old);
    let young = Node::alloc(&heap, &log, "young");
    old.link(&young);
    young.link(&old);
    drop((old, young));
    assert_eq!(heap.collect(Generation::Young), 0);
    assert_eq!(heap.collect(Generation::Middle), 0);
    assert_eq!(heap.collect(Generation::Old), 2);
}

#[test]
fn statistics_charge_the_collected_generation() {
    let heap = manual_heap();
    let log = Log::new();
    for (index, generation) in Generation::ALL.into_iter().enumerate() {
        let before = heap.get_stats();
        leak_ring(&heap, &log, "n", 3);
        assert_eq!(heap.collect(generation), 3);
        for (other, (before, after)) in before.into_iter().zip(heap.get_stats()).enumerate() {
            let charged = u64::from(other == index);
            assert_eq!(after.collections - before.collections, charged);
            assert_eq!(after.collected - before.collected, 3 * charged);
            assert_eq!(after.uncollectable, 0);
        }
    }
}

/// The generations of the automatic collections that `allocations` kept objects set off. Stress mode has a sequence of its own.
#[cfg(not(tailbite_stress))]
fn triggered(heap: &Heap, allocations: usize) -> Vec<usize> {
    let log = Log::new();
    let mut kept = Vec::new();
    let mut sequence = Vec::new();
    let mut before = collections(heap);
    for _ in 0..allocations {
        kept.push(Node::alloc(heap, &log, "n"));
        let after = collections(heap);
        for generation in 0..3 {
            sequence.extend((before[generation]..after[generation]).map(|_| generation));
        }
        before = after;
    }
    sequence
}

#[cfg(not(tailbite_stress))]
#[test]
fn the_sequence_of_triggers_is_cpythons() {
    let heap = Heap::new();
    heap.set_threshold([10, 2, 2]);
    let sequence = triggered(&heap, 11 * 8 + 5);
    assert_eq!(sequence[..8], [0, 0, 0, 1, 0, 0, 0, 1]);
}

#[cfg(not(tailbite_stress))]
#[test]
fn a_full_collection_comes_after_threshold_plus_one_middle_ones() {
    let heap = Heap::new();
    heap.set_threshold([10, 2, 2]);
    let sequence = triggered(&heap, 11 * 16);
    assert_eq!(sequence[..13], [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2]);
}

#[cfg(not(tailbite_stress))]
#[test]
fn a_trigger_fires_above_the_threshold() {
    let heap = Heap::new();
    let log = Log::new();
    heap.set_threshold([10, 10, 10]);
    let kept: Vec<_> = (0..10).map(|_| Node::alloc(&heap, &log, "n")).collect();
    assert_eq!(collections(&heap), [0, 0, 0]);
    // The object that takes the count above the threshold, or at the latest the next one, sets the collection off.
    let more: Vec<_> = (0..2).map(|_| Node::alloc(&heap, &log, "n")).collect();
    assert_eq!(collections(&heap), [1, 0, 0]);
    drop((kept, more));
}

#[test]
fn automatic_collections_free_garbage() {
    let heap = Heap::new();
    let log = Log::new();
    heap.set_threshold([100, 2, 2]);
    for _ in 0..5_000 {
        leak_ring(&heap, &log, "n", 2);
    }
    assert!(log.len() >= 5_000, "{} of 10000 were collected on the way", log.len());
    assert!(heap.tracked_objects() < 5_000);
    heap.check();
}

#[test]
fn nothing_happens_by_itself_when_it_is_not_wanted() {
    let log = Log::new();
    let quiet: [fn(&Heap); 5] = [
        |heap| heap.disable(),
        |heap| heap.set_threshold([0, 0, 0]),
        |heap| heap.set_trigger(Trigger::Manual),
        |heap| heap.set_trigger(Trigger::Safepoint),
        |heap| heap.set_threshold([i32::MAX, 0, 0]),
    ];
    // Stress mode collects whatever the threshold is, unless that is zero.
    let cases = if cfg!(tailbite_stress) { 4 } else { 5 };
    for (index, make_quiet) in quiet.into_iter().enumerate().take(cases) {
        let heap = Heap::new();
        heap.set_threshold([10, 1, 1]);
        make_quiet(&heap);
        for _ in 0..2_000 {
            leak_ring(&heap, &log, "n", 1);
        }
        assert_eq!(collections(&heap), [0, 0, 0], "case {index}");
        assert_eq!(heap.get_count()[0], 2_000);
        assert_eq!(heap.collect(Generation::Old), 2_000, "an explicit collection works");
    }
}

#[test]
fn disabling_ends_with_enabling() {
    let heap = Heap::new();
    let log = Log::new();
    heap.set_threshold([10, 10, 10]);
    heap.disable();
    assert!(!heap.is_enabled());
    for _ in 0..100 {
        leak_ring(&heap, &log, "n", 1);
    }
    assert!(log.is_empty());
    heap.enable();
    assert!(heap.is_enabled());
    for _ in 0..2 {
        leak_ring(&heap, &log, "n", 1);
    }
    assert!(log.len() >= 100);
}

#[test]
fn a_safepoint_collects_when_it_is_due() {
    let heap = Heap::new();
    let log = Log::new();
    heap.set_trigger(Trigger::Safepoint);
    heap.set_threshold([10, 10, 10]);
    assert_eq!(heap.safepoint(), 0);
    for _ in 0..10 {
        leak_ring(&heap, &log, "n", 1);
    }
    assert_eq!(heap.safepoint(), 0, "ten is not above ten");
    for _ in 0..15 {
        leak_ring(&heap, &log, "n", 1);
    }
    assert!(log.is_empty());
    assert_eq!(heap.safepoint(), 25);
    assert_eq!(heap.safepoint(), 0);
    heap.disable();
    for _ in 0..25 {
        leak_ring(&heap, &log, "n", 1);
    }
    assert_eq!(heap.safepoint(), 0, "a disabled heap does not collect at safepoints");
    assert_eq!(heap.collect(Generation::Young), 25);
}

#[test]
fn negative_thresholds_are_always_exceeded() {
    let heap = Heap::new();
    let log = Log::new();
    heap.set_threshold([-1, -1, -1]);
    assert_eq!(heap.get_threshold(), [-1, -1, -1]);
    for _ in 0..20 {
        leak_ring(&heap, &log, "n", 1);
    }
    assert!(collections(&heap).iter().sum::<u64>() >= 19);
    assert!(log.len() >= 19);
}

#[cfg(not(tailbite_stress))]
#[test]
fn full_collections_wait_for_growth() {
    let count = |growth: Growth| {
        let heap = Heap::new();
        heap.set_threshold([100, 1, 1]);
        heap.set_growth(growth);
        assert_eq!(heap.growth(), growth);
        let log = Log::new();
        let kept: Vec<_> = (0..20_000).map(|_| Node::alloc(&heap, &log, "n")).collect();
        assert_eq!(kept.len(), heap.tracked_objects());
        collections(&heap)
    };
    let (never_wait, quarter, double) =
        (count(Growth::percent(0)), count(Growth::percent(25)), count(Growth::percent(100)));
    assert!(never_wait[2] > quarter[2], "{never_wait:?} {quarter:?}");
    assert!(quarter[2] > double[2], "{quarter:?} {double:?}");
    assert!(double[2] >= 3 && double[2] <= 20, "{double:?}");
}

#[test]
fn immortal_objects_stay() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "immortal");
    let held = Node::alloc(&heap, &log, "held");
    node.link(&held);
    node.link(&node);
    heap.make_immortal(&node);
    assert!(heap.is_immortal(&node) && Gc::as_any(&node).is_immortal() && !heap.is_immortal(&held));
    let weak = Gc::downgrade(&node);
    drop((node, held));
    for generation in Generation::ALL {
        assert_eq!(heap.collect(generation), 0);
    }
    assert!(log.is_empty());
    let again = weak.upgrade().expect("it lives");
    for _ in 0..1000 {
        drop(again.clone());
    }
    assert_eq!(again.list.borrow().len(), 2);
    heap.check();
}
