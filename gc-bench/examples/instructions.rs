//! One hot operation, as often as told: for `gc-bench/instructions.sh`, which counts the instructions of each.
//!
//! ```text
//! instructions OPERATION TIMES
//! ```

use std::hint::black_box;
use std::process::ExitCode;

use gc_bench::peers::rc;
use gc_bench::peers::tailbite::Node;
use tailbite::{Gc, Heap, Trace};

/// An operation's name, and what runs it a number of times.
type Operation = (&'static str, fn(&Heap, usize));

#[derive(Trace)]
struct Leaf(i64);

/// The operations, each in a heap that is not empty.
const OPERATIONS: [Operation; 7] = [
    ("new+drop-factory", |heap, times| {
        let factory = heap.factory();
        (0..times).for_each(|_| drop(black_box(factory.alloc(Node::new(None, None, 1)))));
    }),
    ("new+drop-heap", |heap, times| {
        (0..times).for_each(|_| drop(black_box(heap.alloc(Node::new(None, None, 1)))));
    }),
    ("new+drop-leaf", |heap, times| {
        (0..times).for_each(|_| drop(black_box(heap.alloc(Leaf(1)))));
    }),
    ("new+drop-default-heap", |_, times| {
        (0..times).for_each(|_| drop(black_box(Gc::new(Node::new(None, None, 1)))));
    }),
    ("new+drop-rc", |_, times| {
        (0..times).for_each(|_| drop(black_box(std::rc::Rc::new(rc::Node::new(None, None, 1)))));
    }),
    ("clone+drop", |heap, times| {
        let node = heap.alloc(Node::new(None, None, 1));
        (0..times).for_each(|_| drop(black_box(node.clone())));
    }),
    ("safepoint", |heap, times| {
        (0..times).for_each(|_| _ = black_box(black_box(heap).safepoint()));
    }),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let names = OPERATIONS.map(|(name, _)| name).join("\n");
    if arguments == ["--list"] {
        println!("{names}");
        return ExitCode::SUCCESS;
    }
    let chosen = arguments.first().and_then(|wanted| OPERATIONS.iter().find(|(name, _)| name == wanted));
    let times = arguments.get(1).and_then(|times| times.parse().ok());
    let (Some((_, run)), Some(times)) = (chosen, times) else {
        eprintln!("usage: instructions OPERATION TIMES\noperations:\n{names}");
        return ExitCode::FAILURE;
    };
    let heap = Heap::new();
    // Neighbours, so that the allocator is not measured at its empty edge.
    let kept: Vec<_> =
        (0..100).map(|value| (heap.alloc(Node::new(None, None, value)), heap.alloc(Leaf(value)))).collect();
    let also_kept: Vec<_> = (0..100).map(|value| Gc::new(Node::new(None, None, value))).collect();
    run(&heap, times);
    drop((kept.iter().map(|(_, leaf)| leaf.0).sum::<i64>(), also_kept));
    ExitCode::SUCCESS
}
