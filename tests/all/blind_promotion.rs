//! Young collections that are left out where the last ones found nothing: how many, when, and what that delays.

#[cfg(not(tailbite_stress))]
use std::cell::Cell;

#[cfg(not(tailbite_stress))]
use tailbite::AnyGc;
use tailbite::{Gc, Generation, Heap, Trigger};
use tailbite_tests::{Log, Node, leak_ring};

/// Objects allocated until the next young collection is due.
const THRESHOLD: usize = 100;

#[cfg(not(tailbite_stress))]
type Slot = Cell<Option<AnyGc>>;

/// A heap in which only young collections are due by themselves.
#[cfg(not(tailbite_stress))]
fn young_only() -> Heap {
    let heap = Heap::new();
    heap.set_threshold([THRESHOLD as i32, i32::MAX, i32::MAX]);
    heap
}

/// A handle to itself, and nobody else's to it.
#[cfg(not(tailbite_stress))]
fn leak_one(heap: &Heap) {
    let slot = heap.alloc(Slot::new(None));
    slot.set(Some(Gc::as_any(&slot)));
}

#[test]
fn it_is_on_in_a_new_heap() {
    let heap = Heap::new();
    assert!(heap.is_blind_promotion());
    heap.set_blind_promotion(false);
    assert!(!heap.is_blind_promotion());
    heap.set_blind_promotion(true);
    assert!(heap.is_blind_promotion());
    assert_eq!(heap.growth(), tailbite::Growth::percent(50));
}

/// Stress mode collects when it likes.
#[cfg(not(tailbite_stress))]
mod exact {
    use super::*;

    const DOUBLING: &str = "L-L--L----L--------L--------L--------L";

    fn collections(heap: &Heap) -> [u64; 3] {
        heap.get_stats().map(|stats| stats.collections)
    }

    /// Allocates until a young collection has taken place or was left out, and says which: `L` for a look, `-` for none. Of the objects some are garbage,
    /// the others are kept.
    fn turn(heap: &Heap, kept: &mut Vec<Gc<Slot>>, garbage: usize) -> char {
        let before = (collections(heap)[0], heap.get_count()[1]);
        (0..garbage).for_each(|_| leak_one(heap));
        while heap.get_count()[1] == before.1 {
            assert!(heap.get_count()[0] <= THRESHOLD + 1, "a collection is overdue");
            kept.push(heap.alloc(Slot::new(None)));
            if heap.trigger() == Trigger::Safepoint {
                heap.safepoint();
            }
        }
        assert_eq!(heap.get_count()[1], before.1 + 1, "counted as a collection");
        if collections(heap)[0] == before.0 { '-' } else { 'L' }
    }

    fn turns(heap: &Heap, kept: &mut Vec<Gc<Slot>>, count: usize) -> String {
        (0..count).map(|_| turn(heap, kept, 0)).collect()
    }

    #[test]
    fn runs_double_up_to_eight_with_a_look_after_each() {
        for trigger in [Trigger::Allocation, Trigger::Safepoint] {
            let (heap, mut kept) = (young_only(), Vec::new());
            heap.set_trigger(trigger);
            assert_eq!(turns(&heap, &mut kept, DOUBLING.len()), DOUBLING, "{trigger:?}");
            heap.check();
            assert_eq!(heap.tracked_objects(), kept.len());
            drop(kept);
            assert_eq!(heap.object_count(), 0);
        }
    }

    #[test]
    fn off_every_collection_takes_place() {
        let (heap, mut kept) = (young_only(), Vec::new());
        heap.set_blind_promotion(false);
        assert_eq!(turns(&heap, &mut kept, 30), "L".repeat(30));
        heap.set_blind_promotion(true);
        let later = turns(&heap, &mut kept, 12);
        assert!(later.contains('-'), "{later}");
        heap.set_blind_promotion(false);
        assert_eq!(turns(&heap, &mut kept, 20), "L".repeat(20));
    }

    /// Two objects of a hundred are garbage enough.
    #[test]
    fn any_yield_ends_it() {
        let (heap, mut kept) = (young_only(), Vec::new());
        assert_eq!(turns(&heap, &mut kept, 11), "L-L--L----L");
        assert_eq!(turns(&heap, &mut kept, 8), "--------");
        assert_eq!(turn(&heap, &mut kept, 5), 'L');
        assert_eq!(collections(&heap)[0], 5);
        assert_eq!(heap.get_stats()[0].collected, 5);
        assert_eq!(turn(&heap, &mut kept, 5), 'L', "the next one takes place");
        assert_eq!(turns(&heap, &mut kept, 11), "L-L--L----L", "and it starts anew");
        heap.check();
    }

    #[test]
    fn a_heap_with_garbage_is_always_examined() {
        let (heap, mut kept) = (young_only(), Vec::new());
        let all: String = (0..30).map(|_| turn(&heap, &mut kept, 10)).collect();
        assert_eq!(all, "L".repeat(30));
        assert_eq!(heap.get_stats()[0].collected, 300);
    }

    #[test]
    fn statistics_and_callbacks_know_nothing_of_those_left_out() {
        let (heap, mut kept) = (young_only(), Vec::new());
        let heard = std::rc::Rc::new(Cell::new(0));
        let count = heard.clone();
        heap.add_callback(move |_, _, _| count.set(count.get() + 1));
        turns(&heap, &mut kept, 11);
        assert_eq!((heard.get(), collections(&heap)), (8, [4, 0, 0]), "a start and an end for each of four");
        assert_eq!(heap.get_count()[1], 11);
    }

    #[test]
    fn those_left_out_count_for_the_middle_generation() {
        let heap = Heap::new();
        heap.set_threshold([THRESHOLD as i32, 10, i32::MAX]);
        let kept: Vec<_> = (0..50 * (THRESHOLD + 1)).map(|_| heap.alloc(Slot::new(None))).collect();
        let [young, middle, full] = collections(&heap);
        assert!((3..=6).contains(&middle) && full == 0, "one in twelve: {young} {middle} {full}");
        assert!(young < 25, "{young} of 50");
        heap.check();
        drop(kept);
    }

    #[test]
    fn garbage_that_was_promoted_blindly_waits_for_a_full_collection() {
        let (heap, mut kept) = (young_only(), Vec::new());
        turns(&heap, &mut kept, 11);
        assert_eq!(turn(&heap, &mut kept, 50), '-', "promoted as they are");
        assert_eq!((heap.collect(Generation::Young), heap.collect(Generation::Middle)), (0, 0));
        assert_eq!(heap.tracked_objects(), kept.len() + 50);
        assert_eq!(
            heap.get_objects(Some(Generation::Young)).len() + heap.get_objects(Some(Generation::Middle)).len(),
            0
        );
        heap.check();
        assert_eq!(heap.collect(Generation::Old), 50);
        heap.check();
        assert_eq!(heap.tracked_objects(), kept.len());
    }

    #[test]
    fn an_explicit_young_collection_always_examines() {
        let (heap, mut kept) = (young_only(), Vec::new());
        turns(&heap, &mut kept, 11);
        for round in 1..=5 {
            leak_ring(&heap, &Log::new(), "n", 3);
            assert_eq!(heap.collect(Generation::Young), 3, "{round}");
            assert_eq!(collections(&heap)[0], 4 + round);
        }
    }

    #[test]
    fn deaths_by_count_are_as_prompt_as_ever() {
        let (heap, mut kept) = (young_only(), Vec::new());
        let log = Log::new();
        turns(&heap, &mut kept, 11);
        let node = Node::alloc(&heap, &log, "promoted");
        assert_eq!(turn(&heap, &mut kept, 0), '-');
        let weak = Gc::downgrade(&node);
        drop(node);
        assert_eq!(log.take(), ["drop promoted"]);
        assert!(weak.upgrade().is_none());
        heap.check();
    }

    #[test]
    fn freezing_in_the_middle_of_a_run() {
        let (heap, mut kept) = (young_only(), Vec::new());
        turns(&heap, &mut kept, 13);
        heap.freeze();
        assert_eq!((heap.get_freeze_count(), heap.get_count()), (kept.len(), [0, 0, 0]));
        let frozen = kept.len();
        let later = turns(&heap, &mut kept, 20);
        assert!(later.contains('L') && later.contains('-'), "{later}");
        assert_eq!(heap.get_freeze_count(), frozen);
        heap.check();
        let old = heap.get_objects(None).len();
        assert_eq!(old, kept.len() - frozen);
        heap.unfreeze();
        leak_ring(&heap, &Log::new(), "n", 4);
        assert_eq!(heap.collect(Generation::Old), 4);
        heap.check();
    }

    #[test]
    fn in_a_debug_heap() {
        let (heap, mut kept) = (young_only(), Vec::new());
        heap.set_debug_heap(true);
        let reports = tailbite_tests::quiet(&heap);
        assert_eq!(turns(&heap, &mut kept, DOUBLING.len()), DOUBLING);
        heap.check();
        kept.truncate(10);
        assert_eq!(turn(&heap, &mut kept, 3), '-');
        assert_eq!(heap.collect(Generation::Old), 3);
        heap.check();
        assert_eq!(reports.messages(), [""; 0]);
    }

    #[test]
    fn while_memory_is_refused_to_the_lists() {
        for room in [0, 8 << 10, 64 << 10, 256 << 10] {
            let (heap, mut kept) = (young_only(), Vec::new());
            turns(&heap, &mut kept, 12);
            heap.set_memory_limit(Some(heap.used_bytes() + room));
            let mut made = 0;
            loop {
                let Ok(slot) = heap.try_alloc(Slot::new(None)) else { break };
                made += 1;
                if made % 3 == 0 {
                    slot.set(Some(Gc::as_any(&slot)));
                } else {
                    kept.push(slot);
                }
                assert!(made < 1_000_000);
            }
            heap.check();
            heap.set_memory_limit(None);
            heap.collect(Generation::Old);
            assert_eq!(heap.tracked_objects(), kept.len());
            heap.check();
        }
    }
}

/// More objects than the young list holds are all examined, or all promoted: none is lost.
#[cfg(not(tailbite_stress))]
#[test]
fn after_lists_have_spilled() {
    let heap = young_only();
    let mut kept: Vec<_> = (0..20 * THRESHOLD).map(|_| heap.alloc(Slot::new(None))).collect();
    heap.set_trigger(Trigger::Manual);
    kept.extend((0..70_000).map(|_| heap.alloc(Slot::new(None))));
    (0..100).for_each(|_| leak_one(&heap));
    heap.check();
    heap.set_trigger(Trigger::Allocation);
    kept.extend((0..20 * THRESHOLD).map(|_| heap.alloc(Slot::new(None))));
    heap.check();
    heap.collect(Generation::Old);
    assert_eq!(heap.tracked_objects(), kept.len());
    assert_eq!(heap.get_stats().iter().map(|stats| stats.collected).sum::<u64>(), 100);
    drop(kept);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

/// While a heap grows, automatic full collections find what was promoted blindly.
#[cfg(not(tailbite_stress))]
#[test]
fn automatic_full_collections_find_what_was_promoted_blindly() {
    let heap = Heap::new();
    heap.set_threshold([THRESHOLD as i32, 2, 2]);
    let mut kept: Vec<Gc<Slot>> = Vec::new();
    // Less than 2 %: never enough to end a run.
    let mut leaked = 0;
    for n in 0..60_000 {
        kept.push(heap.alloc(Slot::new(None)));
        if n % 120 == 0 {
            leak_one(&heap);
            leaked += 1;
        }
    }
    let found: u64 = heap.get_stats().iter().map(|stats| stats.collected).sum();
    assert!(heap.get_stats()[2].collections > 3);
    assert!(found > leaked / 2, "{found} of {leaked}");
    let rest = heap.collect(Generation::Old);
    assert_eq!(found + rest as u64, leaked);
    assert_eq!(heap.tracked_objects(), kept.len());
    heap.check();
}

/// Whether young collections are left out or not, the same objects live and die.
#[test]
fn programs_end_the_same_with_it_and_without() {
    let run = |blind: bool, trigger: Trigger| {
        let heap = Heap::new();
        heap.set_threshold([THRESHOLD as i32, 3, 2]);
        heap.set_blind_promotion(blind);
        heap.set_trigger(trigger);
        let log = Log::new();
        let mut random = tailbite_tests::Random::new(3);
        let mut kept: Vec<Gc<Node>> = Vec::new();
        let steps = if cfg!(tailbite_stress) { 800 } else { 8_000 };
        for step in 0..steps {
            match random.below(10) {
                0 if step % 200 > 100 => leak_ring(&heap, &log, "ring", 1 + random.below(3)),
                1 if !kept.is_empty() => drop(kept.swap_remove(random.below(kept.len()))),
                2 if kept.len() > 1 => {
                    let (from, to) = (random.below(kept.len()), random.below(kept.len()));
                    kept[from].link(&kept[to]);
                }
                _ => kept.push(Node::alloc(&heap, &log, "node")),
            }
            heap.safepoint();
        }
        heap.check();
        heap.collect(Generation::Old);
        heap.check();
        (heap.object_count(), log.count("drop node"), log.count("drop ring0"), log.len())
    };
    let expected = run(false, Trigger::Manual);
    for (blind, trigger) in [(true, Trigger::Allocation), (true, Trigger::Safepoint), (false, Trigger::Allocation)] {
        assert_eq!(run(blind, trigger), expected, "{blind} {trigger:?}");
    }
}
