//! What a node costs in memory, from the heap's own accounting, and what ten million cost to drop on a small stack.

use std::thread;
use std::time::Instant;

use gc_bench::peers::tailbite::Node;
use tailbite::{Gc, Generation, Heap};

const NODES: i64 = 10_000_000;

/// A list, newest node first.
fn list(heap: &Heap, length: i64) -> Option<Gc<Node>> {
    (0..length).fold(None, |rest, value| Some(heap.alloc(Node::new(rest, None, value))))
}

fn main() {
    thread::Builder::new().stack_size(64 << 10).spawn(run).expect("a thread starts").join().expect("no panic");
}

fn run() {
    println!("a list of {NODES} nodes (24 bytes of payload), on a stack of 64 KiB");
    let heap = Heap::new();
    heap.disable();
    let head = list(&heap, NODES);
    let memory = heap.memory();
    println!("bytes per node, all metadata included: {:.2}", memory.bytes.total as f64 / NODES as f64);
    let start = Instant::now();
    drop(head);
    println!("dropped by count:  {:.1} ns per node", start.elapsed().as_nanos() as f64 / NODES as f64);
    assert_eq!(heap.object_count(), 0);

    let last = heap.alloc(Node::new(None, None, 0));
    let mut head = Some(last.clone());
    for value in 1..NODES {
        head = Some(heap.alloc(Node::new(head, None, value)));
    }
    last.a.set(head);
    drop(last);
    let start = Instant::now();
    let collected = heap.collect(Generation::Old);
    println!("made cyclic, collected {collected}: {:.1} ns per node", start.elapsed().as_nanos() as f64 / NODES as f64);
    assert_eq!(heap.object_count(), 0);
}
