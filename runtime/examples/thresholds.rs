//! When collections run: thresholds, counts, statistics, safepoints, and collections on demand.

use std::cell::RefCell;

use tailbite::{Gc, Generation, Growth, Heap, Trace, Trigger};

#[derive(Trace)]
struct Node {
    other: RefCell<Option<Gc<Node>>>,
}

fn node(heap: &Heap) -> Gc<Node> {
    heap.alloc(Node { other: RefCell::new(None) })
}

/// Garbage of two objects that hold each other.
fn leak_pair(heap: &Heap) {
    let (a, b) = (node(heap), node(heap));
    *a.other.borrow_mut() = Some(b.clone());
    *b.other.borrow_mut() = Some(a);
}

fn print_stats(heap: &Heap) {
    for (generation, stats) in Generation::ALL.into_iter().zip(heap.get_stats()) {
        println!("  {generation:?}: {} collections, {} objects collected", stats.collections, stats.collected);
    }
}

fn main() {
    let heap = Heap::new();
    println!("thresholds of a new heap: {:?}", heap.get_threshold());

    // The first count is that of young tracked objects alive; dropping one takes it off again. Leaves are not counted.
    let kept = [node(&heap), node(&heap), node(&heap)];
    drop(node(&heap));
    let text = heap.alloc_str("no edges, so not tracked");
    println!("counts: {:?}, {} tracked of {} objects", heap.get_count(), heap.tracked_objects(), heap.object_count());

    // The other counts: younger collections since the last one of the generation.
    heap.collect(Generation::Young);
    println!("after a young collection: {:?}", heap.get_count());
    heap.collect(Generation::Middle);
    println!("after a middle one:       {:?}", heap.get_count());
    heap.collect(Generation::Old);
    println!("after a full one:         {:?}", heap.get_count());

    // Automatic collections: with 100 young objects allowed, 1000 pairs of garbage never pile up.
    heap.set_threshold([100, 5, 5]);
    heap.set_growth(Growth::percent(25));
    for _ in 0..1000 {
        leak_pair(&heap);
    }
    println!("{} tracked objects left after 1000 pairs", heap.tracked_objects());
    print_stats(&heap);

    // Safepoints: nothing of the host's runs inside an allocation; a collection that is due waits for the next safepoint.
    heap.set_trigger(Trigger::Safepoint);
    heap.collect(Generation::Old);
    let before = heap.tracked_objects();
    for _ in 0..100 {
        leak_pair(&heap);
    }
    println!("{} objects wait for a safepoint", heap.tracked_objects() - before);
    println!("the safepoint collected {}", heap.safepoint());
    println!("the next one had nothing to do: {}", heap.safepoint());

    // On demand only. A collection that is asked for runs whatever the settings say.
    heap.disable();
    leak_pair(&heap);
    println!("disabled, and collected {}", heap.collect(Generation::Young));

    // Memory: what the allocator holds, and what can go back to the system.
    let bytes = heap.memory().bytes;
    println!("{} bytes in use of {} mapped", bytes.allocated, bytes.total);
    drop((kept, text));
    println!("given back: {} bytes", heap.trim());
    println!("mapped now: {} bytes", heap.memory().bytes.total);
}
