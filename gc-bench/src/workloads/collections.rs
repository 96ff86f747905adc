//! One collection of everything: of a heap where all is alive, and of one where nothing is.

use crate::measure::{Outcome, each, time};
use crate::peers::GraphPeer;

/// Collections of the same heap after the first one.
const REPEATS: usize = 3;

/// The graph is held by one handle. The first collection sees new objects, and the state in which building left the collector; those after it see what
/// the first one left. Checked by the number of nodes.
pub(super) fn live<P: GraphPeer>(nodes: usize, build: impl FnOnce(&mut P, usize) -> u64) -> Outcome {
    let mut peer = P::new();
    peer.set_automatic(false);
    let checksum = build(&mut peer, nodes);
    peer.mutate(|_, roots| {
        roots.truncate(1);
        roots.shrink_to_fit();
    });
    let first = time(|| peer.collect()).1;
    let again = (0..REPEATS).map(|_| time(|| peer.collect()).1).min().unwrap_or_default();
    assert_eq!(peer.live_nodes().unwrap_or(nodes), nodes, "all are alive");
    assert_eq!(peer.mutate(|_, roots| P::value(&roots[0])), 0, "the root is intact");
    Outcome::new(checksum).with("first collection", "ns/node", each(first, nodes)).with(
        "later collections",
        "ns/node",
        each(again, nodes),
    )
}

/// Nothing holds the graph any more. Checked by the number of nodes.
pub(super) fn dead<P: GraphPeer>(nodes: usize, build: impl FnOnce(&mut P, usize) -> u64) -> Outcome {
    let mut peer = P::new();
    peer.set_automatic(false);
    let checksum = build(&mut peer, nodes);
    peer.mutate(|_, roots| *roots = Vec::new());
    let duration = time(|| peer.collect()).1;
    assert_eq!(peer.live_nodes().unwrap_or(0), 0, "nothing is left");
    Outcome::new(checksum).with("collection", "ns/node", each(duration, nodes))
}
