//! The project's targets, and which of them a comparison met.

use std::fmt;

use super::row::Row;
use crate::matrix::BASE;

/// What Tailbite's figure must not exceed.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// A figure in the metric's unit.
    Figure(f64),
    /// A factor times the best of these peers' figures.
    Times(f64, &'static [&'static str]),
}

/// One target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    workload: &'static str,
    metric: &'static str,
    unit: &'static str,
    bound: Bound,
}

/// How a target came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It was met.
    Met {
        /// Tailbite's figure.
        measured: f64,
        /// The bound, in the same unit.
        bound: f64,
    },
    /// It was missed.
    Short {
        /// Tailbite's figure.
        measured: f64,
        /// The bound, in the same unit.
        bound: f64,
    },
    /// A figure that it speaks of is missing.
    Unknown,
}

const RC: &[&str] = &["rc"];
const CPYTHON: &[&str] = &["cpython"];
const COLLECTORS: &[&str] = &["gc-arena", "gcmodule", "rust-cc", "bacon-rajan", "dumpster", "rust-gc", "boa"];
const FREE_LIST: &[&str] = &["free-list"];
const BEST_MALLOC: &[&str] = &["mimalloc", "jemalloc"];

const fn figure(workload: &'static str, metric: &'static str, unit: &'static str, bound: f64) -> Target {
    Target { workload, metric, unit, bound: Bound::Figure(bound) }
}

const fn times(
    workload: &'static str,
    metric: &'static str,
    unit: &'static str,
    factor: f64,
    peers: &'static [&'static str],
) -> Target {
    Target { workload, metric, unit, bound: Bound::Times(factor, peers) }
}

/// All targets that figures of a comparison can show.
pub const TARGETS: &[Target] = &[
    times("handles", "clone+drop", "ns", 1.2, RC),
    times("handles", "new+drop", "ns", 0.3, RC),
    figure("footprint", "bytes", "B/node", 34.0),
    figure("footprint-mixed", "overhead", "B/node", 10.0),
    times("tree", "build+drop", "ns/node", 1.0, RC),
    times("list", "build+drop", "ns/node", 1.0, RC),
    times("list", "drop", "ns/node", 0.3, RC),
    times("rings", "build, drop, collect", "ns/node", 0.35, CPYTHON),
    times("rings", "build, drop, collect", "ns/node", 0.5, COLLECTORS),
    figure("rings", "peak memory", "MB", 2.0),
    figure("live-random", "later collections", "ns/node", 42.0),
    times("live-random", "later collections", "ns/node", 0.25, CPYTHON),
    figure("live-ordered", "later collections", "ns/node", 13.0),
    times("live-ordered", "later collections", "ns/node", 0.25, CPYTHON),
    figure("live-mixed", "later collections", "ns/node", 65.0),
    times("live-mixed", "later collections", "ns/node", 0.25, CPYTHON),
    figure("live-random-5m", "later collections", "ns/node", 60.0),
    figure("dead-random", "collection", "ns/node", 30.0),
    times("dead-random", "collection", "ns/node", 0.2, CPYTHON),
    figure("dead-ordered", "collection", "ns/node", 16.0),
    times("dead-ordered", "collection", "ns/node", 0.2, CPYTHON),
    figure("dead-pairs", "collection", "ns/node", 15.0),
    times("dead-pairs", "collection", "ns/node", 0.2, CPYTHON),
    figure("young", "all live", "us", 40.0),
    times("churn", "total", "ms", 1.0, RC),
    figure("churn", "longest pause", "us", 500.0),
    times("churn", "longest pause", "us", 0.5, CPYTHON),
    times("churn", "peak over live", "x", 1.0, CPYTHON),
    times("churn-linked", "total", "ms", 1.0, RC),
    figure("churn-linked", "longest pause", "us", 500.0),
    times("churn-linked", "longest pause", "us", 0.5, CPYTHON),
    times("churn-linked", "peak over live", "x", 1.0, CPYTHON),
    figure("fork", "dirtied", "% of heap", 5.0),
    times("raw-pair", "allocate and free", "ns", 1.6, FREE_LIST),
    times("raw-fifo", "replace", "ns", 1.1, FREE_LIST),
    times("raw-mixed", "replace", "ns", 1.0, BEST_MALLOC),
    times("raw-interp", "replace", "ns", 1.0, BEST_MALLOC),
    times("raw-pair", "allocate and free", "ns", 1.0 / 1.6, CPYTHON),
    times("raw-fifo", "replace", "ns", 1.0 / 1.6, CPYTHON),
    times("raw-random", "replace", "ns", 1.0 / 1.6, CPYTHON),
    times("raw-mixed", "replace", "ns", 1.0 / 1.6, CPYTHON),
    times("raw-interp", "replace", "ns", 1.0 / 1.6, CPYTHON),
];

impl Target {
    /// The workload, the metric and its unit.
    #[must_use]
    pub fn figure(&self) -> [&'static str; 3] {
        [self.workload, self.metric, self.unit]
    }

    /// Whether a peer's figure decides it: Tailbite's always does.
    #[must_use]
    pub fn concerns(&self, peer: &str) -> bool {
        let others = if let Bound::Times(_, peers) = self.bound { peers } else { &[] };
        peer == BASE || others.contains(&peer)
    }

    /// Compares with the figures of a comparison.
    #[must_use]
    pub fn check(&self, rows: &[Row]) -> Verdict {
        let is_ours =
            |row: &&Row| (&row.workload[..], &row.metric[..], &row.unit[..]) == (self.workload, self.metric, self.unit);
        let median = |peer: &str| rows.iter().filter(is_ours).find(|row| row.peer == peer).map(|row| row.median);
        let bound = match self.bound {
            Bound::Figure(bound) => Some(bound),
            Bound::Times(factor, peers) => {
                let best = peers.iter().filter_map(|peer| median(peer)).min_by(f64::total_cmp);
                best.map(|best| factor * best)
            }
        };
        match (median(BASE), bound) {
            (Some(measured), Some(bound)) if measured <= bound => Verdict::Met { measured, bound },
            (Some(measured), Some(bound)) => Verdict::Short { measured, bound },
            _ => Verdict::Unknown,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: at most ", self.workload, self.metric)?;
        match self.bound {
            Bound::Figure(bound) => write!(f, "{bound} {}", self.unit),
            Bound::Times(factor, [peer]) => write!(f, "{factor:.3} x {peer}"),
            Bound::Times(factor, peers) => write!(f, "{factor:.3} x the best of {}", peers.join(", ")),
        }
    }
}

/// The targets with their verdicts as text, those that fall short last; and whether none does. Targets that nothing was measured for are counted
/// only.
#[must_use]
pub fn check_targets(rows: &[Row]) -> (String, bool) {
    let verdicts: Vec<_> = TARGETS.iter().map(|target| (target, target.check(rows))).collect();
    let mut text = String::from("Targets:\n");
    for (target, verdict) in &verdicts {
        if let Verdict::Met { measured, bound } = verdict {
            text += &format!("  met    {target}: {measured:.2} of {bound:.2} {}\n", target.unit);
        }
    }
    for (target, verdict) in &verdicts {
        if let Verdict::Short { measured, bound } = verdict {
            text += &format!("  SHORT  {target}: {measured:.2} of {bound:.2} {}\n", target.unit);
        }
    }
    let count = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|(_, verdict)| wanted(verdict)).count();
    let short = count(|verdict| matches!(verdict, Verdict::Short { .. }));
    let met = count(|verdict| matches!(verdict, Verdict::Met { .. }));
    text += &format!("{met} met, {short} fall short, {} not measured", TARGETS.len() - met - short);
    (text, short == 0)
}

#[cfg(test)]
mod tests {
    use super::{Bound, TARGETS, Verdict, check_targets, figure, times};
    use crate::matrix::{absent, peers};
    use crate::report::Row;
    use crate::workloads::WORKLOADS;

    fn row(peer: &str, median: f64) -> Row {
        let [workload, metric, unit] = ["list", "drop", "ns/node"].map(str::to_owned);
        Row { workload, peer: peer.to_owned(), metric, unit, median, min: median, max: median }
    }

    #[test]
    fn a_figure_is_met_up_to_itself() {
        let target = figure("list", "drop", "ns/node", 10.0);
        assert_eq!(target.check(&[row("tailbite", 10.0)]), Verdict::Met { measured: 10.0, bound: 10.0 });
        assert_eq!(target.check(&[row("tailbite", 10.1)]), Verdict::Short { measured: 10.1, bound: 10.0 });
        assert_eq!(target.check(&[row("rc", 1.0)]), Verdict::Unknown);
    }

    #[test]
    fn a_factor_is_of_the_best_peer_that_was_measured() {
        let target = times("list", "drop", "ns/node", 0.5, &["a", "b", "c"]);
        let rows = [row("tailbite", 6.0), row("a", 20.0), row("b", 10.0)];
        assert_eq!(target.check(&rows), Verdict::Short { measured: 6.0, bound: 5.0 });
        assert_eq!(target.check(&rows[..2]), Verdict::Met { measured: 6.0, bound: 10.0 });
        assert_eq!(target.check(&rows[..1]), Verdict::Unknown);
        let elsewhere = times("tree", "drop", "ns/node", 0.5, &["a"]);
        assert_eq!(elsewhere.check(&rows), Verdict::Unknown, "another workload's figures don't count");
    }

    #[test]
    fn what_falls_short_is_said() {
        let (text, all_met) = check_targets(&[row("tailbite", 5.0), row("rc", 10.0)]);
        assert!(!all_met && text.contains("SHORT  list, drop: at most 0.300 x rc: 5.00 of 3.00 ns/node"), "{text}");
        let (text, all_met) = check_targets(&[row("tailbite", 2.0), row("rc", 10.0)]);
        assert!(all_met && text.contains("1 met, 0 fall short"), "{text}");
    }

    #[test]
    fn targets_speak_of_workloads_and_peers_that_exist() {
        let there: Vec<_> = peers().iter().map(|peer| peer.name).collect();
        let known: Vec<_> = there.into_iter().chain(absent().into_iter().map(|(name, _)| name)).collect();
        for target in TARGETS {
            assert!(WORKLOADS.iter().any(|workload| workload.name == target.workload), "{target}");
            let Bound::Times(_, others) = target.bound else { continue };
            assert!(others.iter().all(|other| known.contains(other)), "{target}");
        }
    }
}
