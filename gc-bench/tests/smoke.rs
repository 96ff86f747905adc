//! Every workload on every peer that is built in, as small as it gets: what it asserts holds, and all peers agree on the result.

use gc_bench::matrix::peers;
use gc_bench::measure::{Sample, on_stack};
use gc_bench::workloads::{Size, WORKLOADS};

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
            results.push((peer.name, outcome.checksum));
        }
        let all_agree = results.windows(2).all(|pair| pair[0].1 == pair[1].1);
        assert!(!results.is_empty() && all_agree, "{}: {results:?}", workload.name);
    }
}
