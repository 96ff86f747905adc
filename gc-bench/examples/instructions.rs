//! One operation, for `gc-bench/instructions.sh`, which counts the instructions between the beginning and the end of `measured`.
//!
//! ```text
//! instructions --list         names, and by how many the count is to be divided
//! instructions OPERATION
//! ```

use std::hint::black_box;
use std::process::ExitCode;
use std::rc::Rc;

use gc_bench::peers::tailbite::{Node, Tailbite};
use gc_bench::peers::{GraphPeer, rc};
use gc_bench::workloads::graphs;
use tailbite::{Gc, Heap, RawAllocator, Trace};

/// A name, the number of items, and what does the operation with so many.
type Operation = (&'static str, usize, fn(usize));

#[derive(Trace)]
struct Leaf(i64);

/// How often the operations of a few instructions are repeated.
const TIMES: usize = 20_000;
/// Nodes of the graphs.
const NODES: usize = 100_000;
/// Young objects, as many as make a collection due.
const YOUNG: usize = 2_000;

const OPERATIONS: [Operation; 15] = [
    ("clone+drop", TIMES, |times| {
        let kept = Kept::new();
        let node = kept.heap.alloc(Node::new(None, None, 1));
        repeat(times, || drop(black_box(node.clone())));
    }),
    ("clone+drop-rc", TIMES, |times| {
        let node = Rc::new(rc::Node::new(None, None, 1));
        repeat(times, || drop(black_box(node.clone())));
    }),
    ("new+drop-factory", TIMES, |times| {
        let kept = Kept::new();
        let factory = kept.heap.factory();
        repeat(times, || drop(black_box(factory.alloc(Node::new(None, None, 1)))));
    }),
    ("new+drop-heap", TIMES, |times| {
        let kept = Kept::new();
        repeat(times, || drop(black_box(kept.heap.alloc(Node::new(None, None, 1)))));
    }),
    ("new+drop-default-heap", TIMES, |times| {
        let _kept: Vec<_> = (0..100).map(|value| Gc::new(Node::new(None, None, value))).collect();
        repeat(times, || drop(black_box(Gc::new(Node::new(None, None, 1)))));
    }),
    ("new+drop-leaf", TIMES, |times| {
        let kept = Kept::new();
        repeat(times, || drop(black_box(kept.heap.alloc(Leaf(1)))));
    }),
    ("new+drop-rc", TIMES, |times| {
        let _kept: Vec<_> = (0..100).map(|value| Rc::new(rc::Node::new(None, None, value))).collect();
        repeat(times, || drop(black_box(Rc::new(rc::Node::new(None, None, 1)))));
    }),
    ("safepoint", TIMES, |times| {
        let kept = Kept::new();
        repeat(times, || _ = black_box(black_box(&kept.heap).safepoint()));
    }),
    ("raw-pair", TIMES, |times| {
        let raw = RawAllocator::new();
        let _kept: Vec<_> = (0..100).map(|_| raw.allocate(32, 8)).collect();
        repeat(times, || {
            let block = black_box(raw.allocate(32, 8)).expect("there is memory");
            // SAFETY: allocated above with this layout, and not used any more.
            unsafe { raw.free_sized(block, std::alloc::Layout::new::<[u64; 4]>()) };
        });
    }),
    ("full-live-random", NODES, |nodes| live(nodes, graphs::random)),
    ("full-live-ordered", NODES, |nodes| live(nodes, graphs::ordered)),
    ("full-dead-random", NODES, |nodes| dead(nodes, graphs::random)),
    ("full-dead-ordered", NODES, |nodes| dead(nodes, graphs::ordered)),
    ("young-live", YOUNG, |young| beside_old(young, true)),
    ("young-dead", YOUNG, |young| beside_old(young, false)),
];

/// Between the beginning and the end of this, instructions count. The script knows its name.
#[inline(never)]
fn measured(work: &mut dyn FnMut(usize), times: usize) {
    black_box(work)(times);
    black_box(());
}

/// The same, without being counted.
#[inline(never)]
fn prepared(work: &mut dyn FnMut(usize), times: usize) {
    black_box(work)(times);
    black_box(());
}

/// Measures something small many times, after it was done a few times. It is called in one place only, so that it becomes part of the loop.
fn repeat(times: usize, mut operation: impl FnMut()) {
    let mut work = |times| (0..times).for_each(|_| operation());
    prepared(&mut work, 100);
    measured(&mut work, times);
}

/// A heap with neighbours, so that the allocator is not measured at its empty edge.
struct Kept {
    _objects: Vec<(Gc<Node>, Gc<Leaf>)>,
    heap: Heap,
}

impl Kept {
    fn new() -> Kept {
        let heap = Heap::new();
        let objects = (0..100).map(|value| (heap.alloc(Node::new(None, None, value)), heap.alloc(Leaf(value))));
        let objects: Vec<_> = objects.collect();
        assert_eq!(objects.iter().map(|(_, leaf)| leaf.0).sum::<i64>(), 4950);
        Kept { _objects: objects, heap }
    }
}

type Peer = Tailbite<true>;

/// A peer with a graph, and its first root.
fn with_graph(nodes: usize, build: impl FnOnce(&mut Peer, usize) -> u64) -> Peer {
    let mut peer = Peer::new();
    peer.set_automatic(false);
    build(&mut peer, nodes);
    peer.mutate(|_, roots| roots.truncate(1));
    peer
}

/// A full collection of a graph that is old and alive.
fn live(nodes: usize, build: impl FnOnce(&mut Peer, usize) -> u64) {
    let mut peer = with_graph(nodes, build);
    peer.collect();
    measured(&mut |_| peer.collect(), 1);
    assert_eq!(peer.live_nodes(), Some(nodes));
}

/// A full collection of a graph that is young and dead.
fn dead(nodes: usize, build: impl FnOnce(&mut Peer, usize) -> u64) {
    let mut peer = with_graph(nodes, build);
    peer.mutate(|_, roots| roots.clear());
    measured(&mut |_| peer.collect(), 1);
    assert_eq!(peer.live_nodes(), Some(0));
}

/// A young collection beside a graph that is old: of pairs of nodes which refer to each other and to an old one.
fn beside_old(young: usize, alive: bool) {
    let mut peer = with_graph(NODES, graphs::random);
    peer.collect();
    let make = |peer: &mut Peer| {
        peer.mutate(|heap, roots| {
            let old = roots[0].clone();
            for value in (0..young).step_by(2) {
                let first = Peer::node(heap, None, Some(old.clone()), value as i64);
                let second = Peer::node(heap, Some(first.clone()), Some(old.clone()), 0);
                Peer::set_a(heap, &first, Some(second.clone()));
                roots.extend(alive.then_some(second));
            }
        });
    };
    // Once before, so that what a heap makes for its first young collection is there.
    make(&mut peer);
    peer.collect_young();
    make(&mut peer);
    measured(&mut |_| peer.collect_young(), 1);
    assert_eq!(peer.live_nodes(), Some(NODES + if alive { 2 * young } else { 0 }));
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["--list"] {
        OPERATIONS.iter().for_each(|(name, items, _)| println!("{name} {items}"));
        return ExitCode::SUCCESS;
    }
    let [wanted] = &arguments[..] else {
        eprintln!("usage: instructions --list | OPERATION");
        return ExitCode::FAILURE;
    };
    let Some((_, items, run)) = OPERATIONS.iter().find(|(name, ..)| name == wanted) else {
        eprintln!("error: no operation is called \"{wanted}\": see instructions --list");
        return ExitCode::FAILURE;
    };
    run(*items);
    ExitCode::SUCCESS
}
