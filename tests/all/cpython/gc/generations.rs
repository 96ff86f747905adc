//! GCTests: counts, generations, statistics.

use tailbite::{Generation, Heap, Trigger};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::super::collect;

#[test]
fn test_get_count() {
    let (heap, log) = (manual_heap(), Log::new());
    collect(&heap);
    assert_eq!(heap.get_count(), [0, 0, 0]);
    let node = Node::alloc(&heap, &log, "n");
    assert_eq!(heap.get_count(), [1, 0, 0]);
    drop(node);
    assert_eq!(heap.get_count(), [0, 0, 0], "what died is not counted");
    let kept: Vec<_> = (0..5000).map(|_| Node::alloc(&heap, &log, "n")).collect();
    assert_eq!(heap.get_count(), [5000, 0, 0]);
    drop(kept);
    assert_eq!(heap.get_count(), [0, 0, 0]);
}

#[test]
fn test_collect_generations() {
    let (heap, log) = (manual_heap(), Log::new());
    collect(&heap);
    let _node = Node::alloc(&heap, &log, "n");
    let after = |generation| {
        heap.collect(generation);
        heap.get_count()
    };
    assert_eq!(after(Generation::Young), [0, 1, 0]);
    assert_eq!(after(Generation::Middle), [0, 0, 1]);
    assert_eq!(after(Generation::Old), [0, 0, 0]);
    assert_eq!((after(Generation::Young), after(Generation::Young)), ([0, 1, 0], [0, 2, 0]));
    assert_eq!((after(Generation::Middle), after(Generation::Middle)), ([0, 0, 1], [0, 0, 2]));
    assert_eq!((after(Generation::Young), after(Generation::Old)), ([0, 1, 2], [0, 0, 0]));
}

#[test]
fn test_get_stats() {
    let (heap, log) = (manual_heap(), Log::new());
    assert!(heap.get_stats().iter().all(|stats| stats.collections == 0 && stats.collected == 0));
    collect(&heap);
    for generation in Generation::ALL {
        let old = heap.get_stats();
        leak_ring(&heap, &log, "n", 3);
        assert_eq!(heap.collect(generation), 3);
        let new = heap.get_stats();
        for index in 0..3 {
            if index == generation.index() {
                assert_eq!(new[index].collections, old[index].collections + 1);
                assert_eq!(new[index].collected, old[index].collected + 3);
                assert_eq!(new[index].uncollectable, 0);
            } else {
                assert_eq!(new[index], old[index], "only the generation that was collected is charged");
            }
        }
    }
}

/// In which generations a heap that collects at safepoints does so, while `count` objects are allocated and kept.
fn triggered(heap: &Heap, count: usize) -> Vec<usize> {
    let log = Log::new();
    heap.set_trigger(Trigger::Safepoint);
    let (mut kept, mut sequence) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let before = heap.get_stats();
        kept.push(Node::alloc(heap, &log, "n"));
        heap.safepoint();
        let after = heap.get_stats();
        sequence.extend((0..3).filter(|&index| after[index].collections > before[index].collections));
    }
    sequence
}

// Section 1.4 of the reference, which CPython's tests take for granted.

#[test]
fn trigger_sequence_at_safepoints() {
    let heap = Heap::new();
    heap.set_threshold([10, 2, 2]);
    assert_eq!(triggered(&heap, 11 * 13), [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2]);
}

#[test]
fn a_young_garbage_object_is_found_by_its_generation_and_older_ones() {
    let (heap, log) = (manual_heap(), Log::new());
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    for generation in Generation::ALL {
        heap.collect(generation);
    }
    drop(node);
    assert_eq!(heap.collect(Generation::Young), 0);
    assert_eq!(heap.collect(Generation::Middle), 0);
    assert_eq!(heap.collect(Generation::Old), 1);
}
