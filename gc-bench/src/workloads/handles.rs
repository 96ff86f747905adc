//! The operations that happen most: a handle is cloned and dropped, an object is made and dies at once.

use std::hint::black_box;

use crate::measure::{Outcome, best_of, each, time};
use crate::peers::GraphPeer;

/// Objects that are alive beside the one that comes and goes: no allocator is measured at its empty edge.
const NEIGHBOURS: i64 = 100;
const REPEATS: usize = 5;
const STEP: usize = 1000;

/// Checked by the neighbours' integers, and by the number of objects where the peer knows it.
pub(super) fn run<P: GraphPeer>(items: usize) -> Outcome {
    let mut peer = P::new();
    peer.mutate(|heap, roots| roots.extend((0..NEIGHBOURS).map(|value| P::node(heap, None, None, value))));

    let clone = best_of(REPEATS, || {
        peer.mutate(|_, roots| {
            let node = roots[0].clone();
            time(|| (0..items).for_each(|_| drop(black_box(node.clone())))).1
        })
    });
    let make = best_of(REPEATS, || {
        let work = || {
            for _ in 0..items / STEP {
                peer.mutate(|heap, _| (0..STEP).for_each(|_| drop(black_box(P::node(heap, None, None, 1)))));
                peer.safepoint(STEP);
            }
        };
        time(work).1
    });

    let checksum = peer.mutate(|_, roots| roots.iter().map(|node| P::value(node) as u64).sum());
    peer.collect();
    assert_eq!(peer.live_nodes().unwrap_or(NEIGHBOURS as usize), NEIGHBOURS as usize, "the neighbours are left");
    let outcome = Outcome::new(checksum).with("clone+drop", "ns", each(clone, items)).with(
        "new+drop",
        "ns",
        each(make, items / STEP * STEP),
    );
    if P::ABILITIES.counts { outcome } else { outcome.noting("no counting: clone+drop copies a word, or counts roots") }
}
