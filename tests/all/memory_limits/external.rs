//! Bytes held outside of the heap.

use std::cell::Cell;

use tailbite::{External, Gc, Generation, Heap, Trace};
use tailbite_tests::{Log, Node, manual_heap};

use super::collecting_heap;

/// An object that holds bytes elsewhere, and may be part of a cycle.
#[derive(Trace)]
struct Buffer {
    other: Cell<Option<Gc<Buffer>>>,
    bytes: External,
}

fn buffer(heap: &Heap, bytes: usize) -> Gc<Buffer> {
    heap.alloc(Buffer { other: Cell::new(None), bytes: heap.add_external(bytes) })
}

#[test]
fn external_bytes_count_and_come_back() {
    let heap = manual_heap();
    drop(buffer(&heap, 1));
    let before = heap.used_bytes();
    let mut external = heap.add_external(1000);
    let zero = heap.add_external(0);
    assert_eq!((heap.external_bytes(), heap.used_bytes(), external.bytes()), (1000, before + 1000, 1000));
    external.resize(5000).expect("there is no limit");
    external.resize(3000).expect("shrinking never fails");
    external.resize(3000).expect("nor does staying");
    assert_eq!((heap.external_bytes(), heap.peak_bytes() >= before + 5000), (3000, true));
    let a = buffer(&heap, 100);
    let b = buffer(&heap, 200);
    a.other.set(Some(b.clone()));
    b.other.set(Some(a.clone()));
    assert_eq!(heap.external_bytes(), 3300);
    drop((a, b));
    heap.check();
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(heap.external_bytes(), 3000);
    drop(external);
    assert_eq!((heap.external_bytes(), zero.bytes()), (0, 0));
    heap.check();
}

#[test]
fn external_bytes_are_limited_exactly() {
    let heap = manual_heap();
    heap.set_memory_limit(Some(heap.used_bytes() + 1000));
    let mut external = heap.try_add_external(600).expect("it fits");
    let error = heap.try_add_external(401).unwrap_err();
    assert_eq!((error.requested(), error.limit()), (401, heap.memory_limit()));
    let rest = heap.try_add_external(400).expect("it fits exactly");
    assert_eq!(external.resize(601).unwrap_err().requested(), 1);
    assert_eq!((external.bytes(), heap.external_bytes()), (600, 1000));
    heap.set_memory_limit(Some(0));
    external.resize(10).expect("shrinking never fails");
    assert!(external.resize(11).is_err());
    drop(rest);
    assert_eq!(heap.external_bytes(), 10);
    heap.check();
}

#[test]
fn garbage_with_external_bytes_makes_room() {
    let heap = collecting_heap();
    heap.set_memory_limit(Some(heap.used_bytes() + (1 << 20)));
    for _ in 0..100 {
        let pair = [buffer(&heap, 100_000), buffer(&heap, 100_000)];
        pair[0].other.set(Some(pair[1].clone()));
        pair[1].other.set(Some(pair[0].clone()));
        assert!(heap.used_bytes() <= heap.memory_limit().unwrap());
    }
    assert!(heap.get_stats()[2].collections >= 15);
    let mut external = heap.add_external(1);
    let collections = heap.get_stats()[2].collections;
    assert!(external.resize(1 << 20).is_err(), "it runs no user code");
    assert_eq!(heap.get_stats()[2].collections, collections);
}

#[test]
fn externals_outlive_their_heap() {
    let heap = manual_heap();
    let mut external = heap.add_external(1000);
    let other = heap.add_external(1);
    let held = buffer(&heap, 50);
    heap.set_memory_limit(Some(heap.used_bytes() + 1000));
    drop(heap);
    drop(held);
    drop(other);
    external.resize(1500).expect("below the limit");
    assert!(external.resize(1 << 20).is_err(), "which is still there");
    external.resize(0).expect("shrinking never fails");
    drop(external);
}

#[test]
fn the_last_keeper_frees_a_heap_and_its_hook() {
    let log = Log::new();
    let heap = manual_heap();
    let probe = log.probe("hook");
    heap.set_unraisable_hook(move |_| assert_eq!(probe.name(), "hook"));
    let external = heap.add_external(1000);
    let allocator = heap.allocator();
    let node = Node::alloc(&heap, &log, "n");
    drop(heap);
    drop(external);
    drop(node);
    assert_eq!(log.take(), ["drop n"]);
    drop(allocator.clone());
    assert!(log.is_empty());
    drop(allocator);
    assert_eq!(log.take(), ["drop hook"]);
}

#[test]
fn an_external_may_own_its_own_heap_s_last_breath() {
    // The object's drop drops the external while the heap is closed and this block is all that is left.
    let heap = manual_heap();
    let held = buffer(&heap, 50);
    let two = buffer(&heap, 60);
    held.other.set(Some(two));
    drop(heap);
    drop(held);
    // And in a collection of another heap.
    let (a, b) = (manual_heap(), manual_heap());
    let node = Node::alloc(&a, &Log::new(), "n");
    node.link(&node);
    node.hold(buffer(&b, 70));
    drop(b);
    drop(node);
    assert_eq!(a.collect(Generation::Old), 1);
    a.check();
}
