//! The table of workloads: their names, their sizes, and what they are.

use super::kinds::{Graph, Raw, Size, Work};

/// A workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Its name on the command line, in tables and in JSON.
    pub name: &'static str,
    /// What is done.
    pub about: &'static str,
    /// What it runs on.
    pub work: Work,
    /// Its number of items (nodes, rings, operations) in full.
    items: usize,
    /// Its number of items in a quick comparison.
    quick_items: usize,
    /// Whether a quick comparison includes it without being told.
    is_quick: bool,
    /// The bytes per item that the hungriest peer takes, harness included.
    bytes_per_item: usize,
}

impl Workload {
    /// The number of items.
    #[must_use]
    pub fn items(&self, size: Size) -> usize {
        match size {
            Size::Full => self.items,
            Size::Quick => self.quick_items,
            Size::Tiny => 3000,
        }
    }

    /// Whether it belongs to a quick comparison.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.is_quick
    }

    /// The memory that so many items may take.
    #[must_use]
    pub fn bytes(&self, items: usize) -> usize {
        items * self.bytes_per_item
    }
}

/// A row of the table below. In a quick comparison that names it, it has a tenth of its items.
const fn row(name: &'static str, about: &'static str, work: Work, items: usize, bytes_per_item: usize) -> Workload {
    Workload { name, about, work, items, quick_items: items / 10, is_quick: false, bytes_per_item }
}

impl Workload {
    const fn quick(self) -> Workload {
        Workload { is_quick: true, ..self }
    }

    /// What the slowest peer has done in a second or two: the same for all of them.
    const fn quick_items(self, quick_items: usize) -> Workload {
        Workload { quick_items, ..self }
    }
}

const M: usize = 1_000_000;
/// Bytes per node of a graph that stays, with handles, the order of links, and a peer that collects by side tables or by recursion.
const NODE: usize = 600;

/// All workloads, in the order in which they are run.
pub const WORKLOADS: &[Workload] = &[
    row(
        "handles",
        "a handle cloned and dropped; a node made and dropped at once",
        Work::Graph(Graph::Handles),
        2 * M,
        1,
    )
    .quick()
    .quick_items(M),
    row("footprint", "memory per node of a list", Work::Graph(Graph::Footprint), 4 * M, NODE / 2)
        .quick()
        .quick_items(M),
    row("footprint-mixed", "the same with nodes of 24, 32, 40 and 72 bytes", Work::Mixed(Graph::Footprint), M, NODE),
    row("tree", "a binary tree, built with the collector on, and dropped", Work::Graph(Graph::Tree), M, NODE),
    row("list", "a list, built with the collector on, and dropped", Work::Graph(Graph::List), M, NODE),
    row("deep", "a long list through either reference, dropped", Work::Graph(Graph::Deep), 5 * M, NODE),
    row(
        "rings",
        "rings of 2 to 10 nodes, dropped as soon as they are closed, collector on",
        Work::Graph(Graph::Rings),
        M,
        6 * 100,
    )
    .quick()
    .quick_items(M / 5),
    row("live-random", "full collection of a live random graph", Work::Graph(Graph::LiveRandom), M, NODE)
        .quick()
        .quick_items(M / 2),
    row(
        "live-ordered",
        "full collection of a live list in both directions, in order of memory",
        Work::Graph(Graph::LiveOrdered),
        M,
        NODE,
    ),
    row(
        "live-mixed",
        "full collection of a live random graph of nodes of 24 to 72 bytes",
        Work::Mixed(Graph::LiveRandom),
        M,
        NODE,
    ),
    row("live-random-5m", "full collection of a larger live random graph", Work::Graph(Graph::LiveRandom), 5 * M, NODE),
    row("dead-random", "full collection of a random graph that is garbage", Work::Graph(Graph::DeadRandom), M, NODE)
        .quick()
        .quick_items(M / 2),
    row(
        "dead-ordered",
        "full collection of a list in both directions that is garbage",
        Work::Graph(Graph::DeadOrdered),
        M,
        NODE,
    ),
    row("dead-pairs", "full collection of pairs that are garbage", Work::Graph(Graph::DeadPairs), M, NODE),
    row(
        "dead-random-5m",
        "full collection of a larger random graph that is garbage",
        Work::Graph(Graph::DeadRandom),
        5 * M,
        NODE,
    ),
    row("young", "young collection of 2000 nodes beside many old ones", Work::Graph(Graph::Young), 5 * M, NODE / 2),
    row(
        "churn",
        "short-lived nodes, a tenth in cycles, beside live ones, two for five of them",
        Work::Graph(Graph::Churn),
        5 * M,
        NODE / 2,
    )
    .quick()
    .quick_items(M / 4),
    row(
        "churn-linked",
        "the same with references from the short-lived to the live",
        Work::Graph(Graph::ChurnLinked),
        5 * M,
        NODE / 2,
    )
    .quick_items(M / 4),
    row("fork", "pages dirtied by a full collection of a live heap after fork", Work::Graph(Graph::Fork), M, NODE),
    row(
        "objects-tree",
        "a tree of objects with a vector and a map inside, built with the collector on, and dropped",
        Work::Objects(Graph::Tree),
        M / 5,
        2 * NODE,
    ),
    row(
        "objects-live",
        "full collection of a live random graph of such objects",
        Work::Objects(Graph::LiveRandom),
        M / 5,
        2 * NODE,
    ),
    row(
        "objects-dead",
        "full collection of such a graph that is garbage",
        Work::Objects(Graph::DeadRandom),
        M / 5,
        2 * NODE,
    ),
    row("raw-pair", "32 bytes taken and given back at once", Work::Raw(Raw::Pair), 5 * M, 1),
    row("raw-fifo", "blocks of 48 bytes, the oldest replaced", Work::Raw(Raw::Fifo), M, 150),
    row("raw-random", "blocks of 48 bytes, any replaced", Work::Raw(Raw::Random), M, 150),
    row("raw-mixed", "blocks of 16 to 512 bytes in 100,000 slots, any replaced", Work::Raw(Raw::Mixed), 2 * M, 100),
    row(
        "raw-interp",
        "blocks of mostly 32 to 96 bytes in 100,000 slots, any replaced",
        Work::Raw(Raw::Interp),
        2 * M,
        100,
    ),
    row("scattered", "memory after 99 % of many blocks were freed at random", Work::Raw(Raw::Scattered), 4 * M, 150),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::WORKLOADS;
    use crate::workloads::Size;

    #[test]
    fn names_are_unique() {
        let names: HashSet<_> = WORKLOADS.iter().map(|workload| workload.name).collect();
        assert_eq!(names.len(), WORKLOADS.len());
    }

    #[test]
    fn a_quick_comparison_is_never_larger_than_a_full_one() {
        for workload in WORKLOADS {
            assert!(workload.items(Size::Tiny) <= workload.items(Size::Quick), "{}", workload.name);
            assert!(workload.items(Size::Quick) <= workload.items(Size::Full), "{}", workload.name);
        }
    }
}
