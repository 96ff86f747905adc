//! The workload of handles, and handles that only Tailbite has, for criterion: one process, so for watching a change rather than comparing.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use gc_bench::peers::tailbite::Node;
use tailbite::{Gc, Heap};

mod workload;

fn shared(c: &mut Criterion) {
    workload::bench(c, "handles", "clone+drop", 100_000);
    workload::bench(c, "handles", "new+drop", 100_000);
}

fn erased(c: &mut Criterion) {
    let heap = Heap::new();
    let any = Gc::erase(heap.alloc(Node::new(None, None, 1)));
    c.bench_function("clone+drop/AnyGc", |b| b.iter(|| black_box(any.clone())));
}

fn default_heap(c: &mut Criterion) {
    let _neighbours: Vec<_> = (0..100).map(|value| Gc::new(Node::new(None, None, value))).collect();
    c.bench_function("new+drop/Gc::new", |b| b.iter(|| black_box(Gc::new(Node::new(None, None, 1)))));
}

criterion_group!(benches, shared, erased, default_heap);
criterion_main!(benches);
