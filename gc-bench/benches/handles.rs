//! Handles beside `Rc`: clone and drop, new and drop, in a heap that is not empty.

use std::hint::black_box;
use std::rc::Rc;

use criterion::{Criterion, criterion_group, criterion_main};
use gc_bench::{Node, RcNode};
use tailbite::Heap;

fn clone_and_drop(c: &mut Criterion) {
    let heap = Heap::new();
    let mut group = c.benchmark_group("clone+drop");
    let node = heap.alloc(Node::new(None, 1));
    group.bench_function("Gc", |b| b.iter(|| black_box(node.clone())));
    let node = Rc::new(RcNode::new(None, 1));
    group.bench_function("Rc", |b| b.iter(|| black_box(node.clone())));
    let any = tailbite::Gc::erase(heap.alloc(Node::new(None, 1)));
    group.bench_function("AnyGc", |b| b.iter(|| black_box(any.clone())));
    group.finish();
}

fn new_and_drop(c: &mut Criterion) {
    let heap = Heap::new();
    let mut group = c.benchmark_group("new+drop");
    // Neighbours, so that neither allocator is measured at its empty edge.
    let _kept: Vec<_> = (0..100).map(|value| heap.alloc(Node::new(None, value))).collect();
    group.bench_function("Heap::alloc", |b| b.iter(|| black_box(heap.alloc(Node::new(None, 1)))));
    let factory = heap.factory();
    group.bench_function("Factory::alloc", |b| b.iter(|| black_box(factory.alloc(Node::new(None, 1)))));
    group.bench_function("Gc::new", |b| b.iter(|| black_box(tailbite::Gc::new(Node::new(None, 1)))));
    let _kept: Vec<_> = (0..100).map(|value| Rc::new(RcNode::new(None, value))).collect();
    group.bench_function("Rc::new", |b| b.iter(|| black_box(Rc::new(RcNode::new(None, 1)))));
    group.finish();
}

criterion_group!(benches, clone_and_drop, new_and_drop);
criterion_main!(benches);
