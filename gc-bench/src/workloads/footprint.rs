//! What a node costs in memory.

use crate::measure::{Meter, Outcome};
use crate::peers::GraphPeer;

/// Nodes made in one step.
const STEP: usize = 1000;

/// A list in memory, after a collection. Checked by its length.
pub(super) fn run<P: GraphPeer>(nodes: usize) -> Outcome {
    let mut peer = P::new();
    peer.set_automatic(false);
    let (accounted, meter) = (peer.heap_bytes(), Meter::start());
    let mut payload = 0;
    for start in (0..nodes).step_by(STEP) {
        peer.mutate(|heap, roots| {
            let mut rest = roots.pop();
            for value in start..nodes.min(start + STEP) {
                payload += P::payload_bytes(value as i64);
                rest = Some(P::node(heap, rest, None, value as i64));
            }
            roots.extend(rest);
        });
    }
    let per_node = |bytes: f64| bytes / nodes as f64;
    let accounted =
        accounted.zip(peer.heap_bytes()).map(|(before, after)| per_node(after.saturating_sub(before) as f64));
    let resident = meter.now().map(per_node);
    let length = peer.mutate(|_, roots| {
        let mut length = 0_u64;
        let mut rest = roots.first().cloned();
        while let Some(node) = rest {
            length += 1;
            rest = P::a(&node);
        }
        length
    });
    assert_eq!(length, nodes as u64, "the list is whole");
    let overhead = accounted.or(resident).map(|bytes| bytes - per_node(payload as f64));
    Outcome::new(length)
        .with_some("bytes", "B/node", accounted)
        .with_some("resident", "B/node", resident)
        .with_some("overhead", "B/node", overhead)
}
