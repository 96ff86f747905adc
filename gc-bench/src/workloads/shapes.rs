//! Trees and lists, built with the collector on, and dropped at once: what counting is quick at, and recursion fails at.

use crate::measure::{Outcome, each, time};
use crate::peers::GraphPeer;

/// Nodes made in one step.
const STEP: usize = 1000;

/// Drops all roots, and whatever only they held.
pub(super) fn drop_all<P: GraphPeer>(peer: &mut P) {
    peer.mutate(|_, roots| roots.clear());
    if !P::ABILITIES.counts {
        peer.collect();
    }
}

/// Adds up the integers of what the roots lead to by their first (`a`) and second references, each node once: of trees only.
fn sum<P: GraphPeer>(peer: &mut P) -> (usize, u64) {
    peer.mutate(|_, roots| {
        let mut pending = roots.clone();
        let (mut nodes, mut sum) = (0, 0_u64);
        while let Some(node) = pending.pop() {
            nodes += 1;
            sum = sum.wrapping_add(P::value(&node) as u64);
            pending.extend(P::a(&node));
            pending.extend(P::b(&node));
        }
        (nodes, sum)
    })
}

/// Times building and dropping, and checks both.
fn build_and_drop<P: GraphPeer>(nodes: usize, build: impl FnOnce(&mut P)) -> Outcome {
    let mut peer = P::new();
    let built = time(|| build(&mut peer)).1;
    let (found, checksum) = sum(&mut peer);
    assert_eq!(found, nodes, "every node is reached");
    let dropped = time(|| drop_all(&mut peer)).1;
    assert_eq!(peer.live_nodes().unwrap_or(0), 0, "nothing is left");
    Outcome::new(checksum)
        .with("build+drop", "ns/node", each(built + dropped, nodes))
        .with("build", "ns/node", each(built, nodes))
        .with("drop", "ns/node", each(dropped, nodes))
}

/// A complete binary tree of about so many nodes, from the leaves up, as a parser would build it.
pub(super) fn tree<P: GraphPeer>(nodes: usize) -> Outcome {
    let leaves = (nodes.next_power_of_two() / 2).max(1);
    build_and_drop::<P>(2 * leaves - 1, |peer| {
        // The heights of the trees among the roots: strictly decreasing, as the digits of a binary counter.
        let mut heights: Vec<u32> = Vec::new();
        for start in (0..leaves).step_by(STEP) {
            let end = leaves.min(start + STEP);
            peer.mutate(|heap, roots| {
                for leaf in start..end {
                    roots.push(P::node(heap, None, None, leaf as i64));
                    let mut height = 0;
                    while heights.last() == Some(&height) {
                        heights.pop();
                        let (right, left) = (roots.pop(), roots.pop());
                        height += 1;
                        roots.push(P::node(heap, left, right, i64::from(height)));
                    }
                    heights.push(height);
                }
            });
            peer.safepoint(2 * (end - start));
        }
    })
}

/// Adds nodes in front of the only root, which each refer to the one before.
fn prepend<P: GraphPeer>(peer: &mut P, nodes: usize, through_b: impl Fn(usize) -> bool) {
    for start in (0..nodes).step_by(STEP) {
        let end = nodes.min(start + STEP);
        peer.mutate(|heap, roots| {
            let mut rest = roots.pop();
            for value in start..end {
                let (a, b) = if through_b(value) { (None, rest) } else { (rest, None) };
                rest = Some(P::node(heap, a, b, value as i64));
            }
            roots.extend(rest);
        });
        peer.safepoint(end - start);
    }
}

/// A list, newest node first.
pub(super) fn list<P: GraphPeer>(nodes: usize) -> Outcome {
    build_and_drop::<P>(nodes, |peer| prepend(peer, nodes, |_| false))
}

/// A longer list that goes through either reference in turn, built with the collector off: the time of the drop alone.
pub(super) fn deep<P: GraphPeer>(nodes: usize) -> Outcome {
    let mut peer = P::new();
    peer.set_automatic(false);
    prepend(&mut peer, nodes, |value| value % 2 == 1);
    let (found, checksum) = sum(&mut peer);
    assert_eq!(found, nodes, "every node is reached");
    let dropped = time(|| drop_all(&mut peer)).1;
    assert_eq!(peer.live_nodes().unwrap_or(0), 0, "nothing is left");
    Outcome::new(checksum).with("drop", "ns/node", each(dropped, nodes))
}
