//! GCTests: debug flags, and what they print and keep.

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{DebugFlags, Gc, Generation, Heap};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::super::collect;

/// What a heap would print to stderr.
fn printed(heap: &Heap) -> Rc<RefCell<Vec<String>>> {
    let lines: Rc<RefCell<Vec<String>>> = Rc::default();
    let sink = lines.clone();
    heap.set_debug_sink(move |event| sink.borrow_mut().extend(event.to_string().lines().map(str::to_owned)));
    lines
}

#[test]
fn test_saveall() {
    let (heap, log) = (manual_heap(), Log::new());
    collect(&heap);
    assert!(heap.garbage().is_empty());
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    let at = Gc::as_any(&node).address();
    let debug = heap.get_debug();
    assert_eq!(debug, DebugFlags::empty());
    heap.set_debug(debug | DebugFlags::SAVEALL);
    drop(node);
    assert_eq!(collect(&heap), 1, "it is counted as if it had been freed");
    heap.set_debug(debug);
    assert_eq!((heap.garbage().len(), log.len()), (1, 0));
    let saved = heap.take_garbage();
    assert_eq!(saved.iter().map(|object| object.address()).collect::<Vec<_>>(), [at]);
    assert!(heap.garbage().is_empty());
    let node = saved[0].downcast_ref::<Node>().expect("a node");
    assert_eq!((node.name(), node.list.borrow().len()), ("n", 1), "whole");
    drop(saved);
    assert!(log.is_empty());
    assert_eq!(collect(&heap), 1);
    assert_eq!(log.take(), ["drop n"]);
}

#[test]
fn test_gc_debug_stats() {
    let (heap, log) = (manual_heap(), Log::new());
    let lines = printed(&heap);
    collect(&heap);
    assert!(lines.take().is_empty(), "nothing is printed without a flag");
    let kept = Node::alloc(&heap, &log, "n");
    heap.collect(Generation::Young);
    leak_ring(&heap, &log, "n", 2);
    heap.set_debug(DebugFlags::STATS);
    assert_eq!(heap.get_debug(), DebugFlags::STATS);
    collect(&heap);
    let seen = lines.take();
    assert_eq!(seen[0], "gc: collecting generation 2...");
    assert_eq!(seen[1], "gc: objects in each generation: 2 1 0");
    assert_eq!(seen[2], "gc: objects in permanent generation: 0");
    let elapsed = seen[3].strip_prefix("gc: done, 2 unreachable, 0 uncollectable, ").expect("the figures");
    let seconds = elapsed.strip_suffix("s elapsed").expect("a time");
    assert_eq!(seconds.split_once('.').map(|(_, digits)| digits.len()), Some(4), "{seconds}");
    assert!(seconds.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0));
    assert_eq!(seen.len(), 4, "{seen:?}");
    for (generation, index) in Generation::ALL.into_iter().zip(0..) {
        heap.collect(generation);
        assert_eq!(lines.take()[0], format!("gc: collecting generation {index}..."));
    }
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    let at = Gc::as_any(&node).address();
    drop(node);
    heap.set_debug(DebugFlags::COLLECTABLE);
    collect(&heap);
    let seen = lines.take();
    assert!(seen[0].starts_with("gc: collectable <") && seen[0].contains("Node"), "{seen:?}");
    assert!(seen[0].ends_with(&format!("{at:#x}>")) && seen.len() == 1, "{seen:?}");
    heap.set_debug(DebugFlags::empty());
    collect(&heap);
    assert!(lines.take().is_empty());
    drop(kept);
}

#[test]
fn test_garbage_at_shutdown() {
    // CPython warns of uncollectable objects, of which there are none here; of saved ones it says nothing either.
    let (heap, log) = (manual_heap(), Log::new());
    let lines = printed(&heap);
    heap.set_debug(DebugFlags::SAVEALL);
    leak_ring(&heap, &log, "first", 2);
    assert_eq!(collect(&heap), 2);
    assert_eq!((heap.garbage().len(), heap.get_stats()[2].uncollectable), (2, 0));
    drop(heap);
    assert!(lines.take().is_empty());
    // Not saving any more, the heap frees at its end what it had saved.
    let (heap, log) = (manual_heap(), Log::new());
    let lines = printed(&heap);
    heap.set_debug(DebugFlags::SAVEALL);
    leak_ring(&heap, &log, "first", 2);
    collect(&heap);
    heap.set_debug(DebugFlags::UNCOLLECTABLE);
    assert!(log.is_empty());
    drop(heap);
    assert_eq!(log.take_sorted(), ["drop first0", "drop first1"]);
    assert!(lines.take().is_empty());
}
