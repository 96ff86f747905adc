//! Rings of two to ten nodes that are dropped as soon as they are closed, with the collector on: what has to be found is all that there is.

use crate::measure::{Meter, Outcome, each, time};
use crate::peers::GraphPeer;

/// Rings made in one step.
const STEP: usize = 100;

/// A ring's number of nodes.
fn length(ring: usize) -> usize {
    2 + ring % 9
}

/// Checked by the number of nodes that are left after a last collection.
pub(super) fn run<P: GraphPeer>(rings: usize) -> Outcome {
    let mut peer = P::new();
    let meter = Meter::start();
    let work = || {
        let mut nodes = 0;
        let mut sum = 0_u64;
        for start in (0..rings).step_by(STEP) {
            let before = nodes;
            peer.mutate(|heap, _| {
                for ring in start..rings.min(start + STEP) {
                    let first = P::node(heap, None, None, ring as i64);
                    let mut last = first.clone();
                    for value in 1..length(ring) {
                        let node = P::node(heap, None, None, value as i64);
                        P::set_a(heap, &last, Some(node.clone()));
                        last = node;
                    }
                    sum += P::value(&last) as u64;
                    P::set_a(heap, &last, Some(first));
                    nodes += length(ring);
                }
            });
            peer.safepoint(nodes - before);
        }
        (nodes, sum)
    };
    let ((nodes, checksum), duration) = time(work);
    let peak = meter.peak();
    let outcome = Outcome::new(checksum).with("build, drop, collect", "ns/node", each(duration, nodes)).with_some(
        "peak memory",
        "MB",
        peak.map(|bytes| bytes / 1e6),
    );
    if !P::ABILITIES.collects {
        return outcome.noting("leaks all of it");
    }
    peer.collect();
    assert_eq!(peer.live_nodes().unwrap_or(0), 0, "nothing is left");
    outcome
}
