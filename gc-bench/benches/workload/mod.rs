//! A workload of `gc-bench compare` as a benchmark: its own figures, taken in this process.

use std::time::Duration;

use criterion::Criterion;
use gc_bench::matrix::peers;
use gc_bench::measure::on_stack;
use gc_bench::workloads::WORKLOADS;

/// A stack that the peers that recurse have room on, in MiB.
const STACK: usize = 1024;

/// The figure of a metric per node or operation, on every quick peer.
pub(crate) fn bench(c: &mut Criterion, workload: &str, metric: &str, items: usize) {
    let workload = WORKLOADS.iter().find(|other| other.name == workload).expect("the table has it");
    let mut group = c.benchmark_group(format!("{}/{metric}", workload.name));
    group.sample_size(10);
    for peer in peers().iter().filter(|peer| peer.quick) {
        let Some(run) = peer.runs(workload) else { continue };
        let once = || {
            let outcome = on_stack(STACK, || run(items));
            let sample = outcome.samples.into_iter().find(|sample| sample.metric == metric).expect("it is measured");
            let nanoseconds = if sample.unit == "us" { sample.value * 1e3 } else { sample.value };
            // Criterion's clock has no fractions of nanoseconds: thousandths are shown as whole ones.
            Duration::from_nanos((nanoseconds * 1e3) as u64)
        };
        group
            .bench_function(peer.title, |b| b.iter_custom(|times| (0..times).map(|_| once()).sum::<Duration>() / 1000));
    }
    group.finish();
}
