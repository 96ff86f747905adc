//! The collector: lists, rings, and full collections of living and dead heaps, per node.

use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gc_bench::{drop_rc_list, list, random_graph, rc_list, rings};
use tailbite::{Generation, Heap};

const NODES: usize = 200_000;

fn lists(c: &mut Criterion) {
    let mut group = c.benchmark_group("list, built and dropped");
    group.throughput(Throughput::Elements(NODES as u64)).sample_size(20);
    let heap = Heap::new();
    group.bench_function("Gc", |b| b.iter(|| drop(list(&heap, NODES as i64))));
    group.bench_function("Rc, dropped by hand", |b| b.iter(|| drop_rc_list(rc_list(NODES as i64))));
    group.finish();
    assert_eq!(heap.object_count(), 0, "a dropped list leaves nothing behind");
}

fn cycles(c: &mut Criterion) {
    let mut group = c.benchmark_group("rings of 2 to 10, collected as they go");
    group.throughput(Throughput::Elements(NODES as u64)).sample_size(20);
    let heap = Heap::new();
    group.bench_function("Gc", |b| b.iter(|| rings(&heap, NODES)));
    group.finish();
}

fn full(c: &mut Criterion) {
    let mut group = c.benchmark_group("full collection, random graph");
    group.throughput(Throughput::Elements(NODES as u64)).sample_size(20);
    let heap = Heap::new();
    heap.disable();
    let nodes = random_graph(&heap, NODES);
    group.bench_function("live", |b| b.iter(|| assert_eq!(heap.collect(Generation::Old), 0)));
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), NODES);
    group.bench_function("dead", |b| {
        b.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                drop(random_graph(&heap, NODES));
                let start = Instant::now();
                assert_eq!(heap.collect(Generation::Old), NODES);
                total += start.elapsed();
            }
            total
        });
    });
    group.finish();
}

fn young(c: &mut Criterion) {
    let mut group = c.benchmark_group("young collection of 2000 live objects");
    let heap = Heap::new();
    heap.disable();
    let _old = random_graph(&heap, NODES);
    heap.collect(Generation::Old);
    group.bench_function("beside 200,000 old ones", |b| {
        b.iter_batched_ref(
            || list(&heap, 2000),
            |_kept| assert_eq!(heap.collect(Generation::Young), 0),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, lists, cycles, full, young);
criterion_main!(benches);
