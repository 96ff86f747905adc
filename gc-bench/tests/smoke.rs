//! Every workload on every peer that is built in, as small as it gets: what it asserts holds, all peers agree on the result, and there are figures for
//! the targets.

use gc_bench::matrix::{BASE, peers};
use gc_bench::measure::{Outcome, Sample, on_stack};
use gc_bench::report::TARGETS;
use gc_bench::workloads::{Size, WORKLOADS};

/// Whatever the targets need of this peer on this workload is measured.
fn assert_targets_are_measured(workload: &str, peer: &str, outcome: &Outcome) {
    // So few nodes fit into memory that was there before: peers that don't account for theirs seem to take none.
    let is_shown = |metric: &str| peer == BASE || metric != "peak over live";
    for target in TARGETS.iter().filter(|target| target.concerns(peer)) {
        let [of, metric, unit] = target.figure();
        let is_it = |sample: &Sample| sample.metric == metric && sample.unit == unit;
        let is_measured = of != workload || !is_shown(metric) || outcome.samples.iter().any(is_it);
        assert!(is_measured, "{target}: {peer} has no such figure: {:?}", outcome.samples);
    }
}

#[test]
fn every_workload_runs_on_every_peer_with_the_same_result() {
    for workload in WORKLOADS {
        let mut results = Vec::new();
        for peer in peers() {
            let Some(run) = peer.runs(workload) else { continue };
            println!("{} on {}", workload.name, peer.name);
            let outcome = on_stack(256, || run(workload.items(Size::Tiny)));
            assert!(!outcome.samples.is_empty(), "{} on {} measures nothing", workload.name, peer.name);
            // In memory that was there before, nodes seem to take less than what is in them.
            let is_sane =
                |sample: &Sample| sample.value.is_finite() && (sample.value >= 0.0 || sample.metric == "overhead");
            let sane = outcome.samples.iter().all(is_sane);
            assert!(sane, "{} on {}: {:?}", workload.name, peer.name, outcome.samples);
            // Elsewhere the system doesn't show as much of a process's memory.
            if cfg!(target_os = "linux") {
                assert_targets_are_measured(workload.name, peer.name, &outcome);
            }
            results.push((peer.name, outcome.checksum));
        }
        let all_agree = results.windows(2).all(|pair| pair[0].1 == pair[1].1);
        assert!(!results.is_empty() && all_agree, "{}: {results:?}", workload.name);
    }
}
