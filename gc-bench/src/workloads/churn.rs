//! Short-lived objects beside a large heap, a tenth of them in cycles: throughput, pauses, and how much trash waits.

use std::time::Instant;

use super::{Numbers, graphs};
use crate::measure::{Meter, Outcome, Pauses, time};
use crate::peers::GraphPeer;

/// Nodes that are made, and dropped, together.
const GROUP: usize = 10;
/// Groups in a step, whose time counts as a pause.
const GROUPS: usize = 10;
/// Live objects that the short-lived ones may refer to.
const ANCHORS: usize = 1000;

/// Makes a chain and drops it; every tenth chain is a ring.
fn make_groups<P: GraphPeer>(peer: &mut P, step: usize, numbers: &mut Numbers, linked: bool) -> u64 {
    peer.mutate(|heap, roots| {
        let mut sum = 0;
        for group in 0..GROUPS {
            let first = P::node(heap, None, None, step as i64);
            let mut last = first.clone();
            for value in 1..GROUP {
                let anchor = linked.then(|| roots[numbers.below(ANCHORS)].clone());
                last = P::node(heap, Some(last), anchor, value as i64);
            }
            sum += P::value(&last) as u64;
            if group == 0 {
                P::set_a(heap, &first, Some(last));
            }
        }
        sum
    })
}

/// Two live nodes for each five short-lived ones; the latter refer to live ones if `linked`. Checked by the number of nodes that are left.
pub(super) fn run<P: GraphPeer>(short_lived: usize, linked: bool) -> Outcome {
    let live = (short_lived / 5 * 2).max(ANCHORS);
    let mut peer = P::new();
    let building = Meter::start();
    peer.set_automatic(false);
    let mut checksum = graphs::random(&mut peer, live);
    peer.mutate(|_, roots| {
        roots.truncate(ANCHORS);
        roots.shrink_to_fit();
    });
    peer.collect();
    peer.set_automatic(true);

    let size = building.size();
    let meter = Meter::start();
    let mut pauses = Pauses::new();
    let mut numbers = Numbers::new(7);
    let steps = short_lived / (GROUP * GROUPS);
    let work = || {
        for step in 0..steps {
            let start = Instant::now();
            checksum += make_groups(&mut peer, step, &mut numbers, linked);
            peer.safepoint(GROUP * GROUPS);
            pauses.record(start.elapsed());
        }
    };
    let duration = time(work).1;
    let peak = meter.peak();
    let outcome = Outcome::new(checksum)
        .with("total", "ms", duration.as_secs_f64() * 1e3)
        .with("longest pause", "us", pauses.longest_us())
        .with("pause, 99.9 %", "us", pauses.quantile_us(0.999))
        .with("pause, 50 %", "us", pauses.quantile_us(0.5))
        .with_some("peak over live", "x", size.zip(peak).map(|(live, more)| (live + more) / live));
    if !P::ABILITIES.collects {
        return outcome.noting("leaks the cycles");
    }
    peer.collect();
    assert_eq!(peer.live_nodes().unwrap_or(live), live, "the live ones are left");
    outcome
}
