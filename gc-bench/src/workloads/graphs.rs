//! Graphs that live until their root goes. Each is built without automatic collections, and is reachable from one root.

use super::Numbers;
use crate::peers::GraphPeer;

const STEP: usize = 1000;

/// Makes nodes without references as roots, in the order of allocation. Returns the sum of their integers.
fn make<P: GraphPeer>(peer: &mut P, nodes: usize) -> u64 {
    peer.mutate(|_, roots| roots.reserve(nodes));
    for start in (0..nodes).step_by(STEP) {
        let end = nodes.min(start + STEP);
        peer.mutate(|heap, roots| roots.extend((start..end).map(|value| P::node(heap, None, None, value as i64))));
    }
    peer.mutate(|_, roots| roots.iter().map(|node| P::value(node) as u64).sum())
}

/// Each node refers to two others: one circle through all of them in random order, and a second reference to any node. So all of them are
/// reachable from each, and the order of the memory says nothing.
pub fn random<P: GraphPeer>(peer: &mut P, nodes: usize) -> u64 {
    let mut numbers = Numbers::default();
    let order = numbers.permutation(nodes);
    let checksum = make(peer, nodes);
    peer.mutate(|heap, roots| {
        for (position, &index) in order.iter().enumerate() {
            let node = &roots[index as usize];
            let next = order[(position + 1) % nodes] as usize;
            P::set_a(heap, node, Some(roots[next].clone()));
            P::set_b(heap, node, Some(roots[numbers.below(nodes)].clone()));
        }
    });
    checksum
}

/// Each node refers to the one made after it and to the one made before it: a list in both directions, in the order of the memory.
pub fn ordered<P: GraphPeer>(peer: &mut P, nodes: usize) -> u64 {
    let checksum = make(peer, nodes);
    peer.mutate(|heap, roots| {
        for pair in 1..nodes {
            P::set_a(heap, &roots[pair - 1], Some(roots[pair].clone()));
            P::set_b(heap, &roots[pair], Some(roots[pair - 1].clone()));
        }
    });
    checksum
}

/// Nodes in pairs that refer to each other. As roots, all of them are needed.
pub fn pairs<P: GraphPeer>(peer: &mut P, nodes: usize) -> u64 {
    let checksum = make(peer, nodes);
    peer.mutate(|heap, roots| {
        for pair in roots.chunks_exact(2) {
            P::set_a(heap, &pair[0], Some(pair[1].clone()));
            P::set_a(heap, &pair[1], Some(pair[0].clone()));
        }
    });
    checksum
}
