//! The workloads of the collector for criterion: lists, rings, full collections of living and dead heaps, and young ones.

use criterion::{Criterion, criterion_group, criterion_main};

mod workload;

const NODES: usize = 200_000;

fn collector(c: &mut Criterion) {
    workload::bench(c, "list", "build+drop", NODES);
    workload::bench(c, "tree", "build+drop", NODES);
    workload::bench(c, "rings", "build, drop, collect", NODES / 6);
    workload::bench(c, "live-random", "later collections", NODES);
    workload::bench(c, "dead-random", "collection", NODES);
    workload::bench(c, "young", "all live", NODES);
}

criterion_group!(benches, collector);
criterion_main!(benches);
