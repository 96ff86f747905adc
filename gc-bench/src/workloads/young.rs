//! A young collection beside an old heap: what a pause costs that happens all the time.

use super::graphs;
use crate::measure::{Outcome, Summary, time};
use crate::peers::GraphPeer;

/// Young objects: the threshold of CPython and of Tailbite.
const YOUNG: usize = 2000;
/// Old objects that young ones refer to.
const ANCHORS: usize = 1000;
const REPEATS: usize = 20;

/// Makes young objects that are linked among themselves and refer to old ones; alive, or in pairs that nothing holds.
fn make_young<P: GraphPeer>(peer: &mut P, alive: bool) {
    peer.mutate(|heap, roots| {
        for value in (0..YOUNG).step_by(2) {
            let anchor = roots[value % ANCHORS].clone();
            let first = P::node(heap, None, Some(anchor.clone()), value as i64);
            let second = P::node(heap, Some(first.clone()), Some(anchor), 0);
            P::set_a(heap, &first, Some(second.clone()));
            if alive {
                roots.push(second);
            }
        }
    });
}

/// The young collection's time, with everything young alive and with all of it dead. Checked by the number of nodes.
pub(super) fn run<P: GraphPeer>(old: usize) -> Outcome {
    let old = old.max(ANCHORS);
    let mut peer = P::new();
    peer.set_automatic(false);
    let checksum = graphs::random(&mut peer, old);
    peer.mutate(|_, roots| {
        roots.truncate(ANCHORS);
        roots.shrink_to_fit();
    });
    peer.collect();
    let mut times = [Vec::new(), Vec::new()];
    for (alive, times) in [true, false].into_iter().zip(&mut times) {
        for _ in 0..REPEATS {
            make_young(&mut peer, alive);
            times.push(time(|| peer.collect_young()).1.as_nanos() as f64 / 1e3);
            let expected = if alive { old + YOUNG } else { old };
            assert_eq!(peer.live_nodes().unwrap_or(expected), expected, "garbage goes, and nothing else");
            // The survivors are old by now; opened up, they die by count.
            peer.mutate(|heap, roots| roots.drain(ANCHORS..).for_each(|node| P::set_a(heap, &node, None)));
        }
    }
    let [live, dead] = times.map(|times| Summary::of(&times).map_or(0.0, |summary| summary.median));
    Outcome::new(checksum).with("all live", "us", live).with("all dead", "us", dead)
}
