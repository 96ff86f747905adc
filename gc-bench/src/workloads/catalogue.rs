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
    /// Its number of items in a quick comparison, which it is part of if there is one.
    quick_items: Option<usize>,
    /// The bytes per item that the hungriest peer takes, harness included.
    bytes_per_item: usize,
}

impl Workload {
    /// The number of items.
    #[must_use]
    pub fn items(&self, size: Size) -> usize {
        match size {
            Size::Full => self.items,
            Size::Quick => self.quick_items.unwrap_or(self.items / 10),
            Size::Tiny => 3000,
        }
    }

    /// Whether it belongs to a quick comparison.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.quick_items.is_some()
    }

    /// The memory that so many items may take.
    #[must_use]
    pub fn bytes(&self, items: usize) -> usize {
        items * self.bytes_per_item
    }
}

/// A row of the table below.
const fn row(
    name: &'static str,
    about: &'static str,
    work: Work,
    items: usize,
    quick_items: Option<usize>,
    bytes_per_item: usize,
) -> Workload {
    Workload { name, about, work, items, quick_items, bytes_per_item }
}

const M: usize = 1_000_000;
/// Bytes per node of a graph that stays, with handles, the order of links, and a peer that collects by side tables.
const NODE: usize = 400;

/// All workloads, in the order in which they are run.
pub const WORKLOADS: &[Workload] = &[
    row(
        "handles",
        "a handle cloned and dropped; a node made and dropped at once",
        Work::Graph(Graph::Handles),
        2 * M,
        Some(M),
        1,
    ),
    row("footprint", "memory per node of a list", Work::Graph(Graph::Footprint), 4 * M, Some(M), NODE),
    row(
        "footprint-mixed",
        "the same with nodes of 24, 32, 40 and 72 bytes",
        Work::Mixed(Graph::Footprint),
        M,
        None,
        NODE,
    ),
    row(
        "tree",
        "a binary tree of a million nodes, built with the collector on, and dropped",
        Work::Graph(Graph::Tree),
        M,
        None,
        NODE,
    ),
    row(
        "list",
        "a list of a million nodes, built with the collector on, and dropped",
        Work::Graph(Graph::List),
        M,
        None,
        NODE,
    ),
    row(
        "deep",
        "a list of five million nodes through either reference, dropped",
        Work::Graph(Graph::Deep),
        5 * M,
        None,
        NODE,
    ),
    row(
        "rings",
        "a million rings of 2 to 10 nodes, dropped as soon as they are closed, collector on",
        Work::Graph(Graph::Rings),
        M,
        Some(M / 5),
        6 * 100,
    ),
    row(
        "live-random",
        "full collection of a live random graph, a million nodes",
        Work::Graph(Graph::LiveRandom),
        M,
        Some(M),
        NODE,
    ),
    row(
        "live-ordered",
        "full collection of a live list in both directions, in order of memory",
        Work::Graph(Graph::LiveOrdered),
        M,
        None,
        NODE,
    ),
    row(
        "live-mixed",
        "full collection of a live random graph of nodes of 24 to 72 bytes",
        Work::Mixed(Graph::LiveRandom),
        M,
        None,
        NODE,
    ),
    row(
        "live-random-5m",
        "full collection of a live random graph, five million nodes",
        Work::Graph(Graph::LiveRandom),
        5 * M,
        None,
        NODE,
    ),
    row(
        "dead-random",
        "full collection of a random graph that is garbage",
        Work::Graph(Graph::DeadRandom),
        M,
        Some(M),
        NODE,
    ),
    row(
        "dead-ordered",
        "full collection of a list in both directions that is garbage",
        Work::Graph(Graph::DeadOrdered),
        M,
        None,
        NODE,
    ),
    row("dead-pairs", "full collection of pairs that are garbage", Work::Graph(Graph::DeadPairs), M, None, NODE),
    row(
        "dead-random-5m",
        "full collection of a random graph that is garbage, five million nodes",
        Work::Graph(Graph::DeadRandom),
        5 * M,
        None,
        NODE,
    ),
    row(
        "young",
        "young collection of 2000 nodes beside five million old ones",
        Work::Graph(Graph::Young),
        5 * M,
        None,
        NODE / 2,
    ),
    row(
        "churn",
        "five million short-lived nodes, a tenth in cycles, beside two million live ones",
        Work::Graph(Graph::Churn),
        5 * M,
        Some(M / 5),
        NODE,
    ),
    row(
        "churn-linked",
        "the same with references from the short-lived to the live",
        Work::Graph(Graph::ChurnLinked),
        5 * M,
        None,
        NODE,
    ),
    row(
        "fork",
        "pages dirtied by a full collection of a live heap after fork",
        Work::Graph(Graph::Fork),
        M,
        None,
        NODE,
    ),
    row(
        "objects-tree",
        "a tree of objects with a vector and a map inside, built with the collector on, and dropped",
        Work::Objects(Graph::Tree),
        M / 5,
        None,
        2 * NODE,
    ),
    row(
        "objects-live",
        "full collection of a live random graph of such objects",
        Work::Objects(Graph::LiveRandom),
        M / 5,
        None,
        2 * NODE,
    ),
    row(
        "objects-dead",
        "full collection of such a graph that is garbage",
        Work::Objects(Graph::DeadRandom),
        M / 5,
        None,
        2 * NODE,
    ),
    row("raw-pair", "32 bytes taken and given back at once", Work::Raw(Raw::Pair), 5 * M, None, 1),
    row("raw-fifo", "a million blocks of 48 bytes, the oldest replaced", Work::Raw(Raw::Fifo), M, None, 150),
    row("raw-random", "a million blocks of 48 bytes, any replaced", Work::Raw(Raw::Random), M, None, 150),
    row(
        "raw-mixed",
        "blocks of 16 to 512 bytes in 100,000 slots, any replaced",
        Work::Raw(Raw::Mixed),
        2 * M,
        None,
        100,
    ),
    row(
        "raw-interp",
        "blocks of mostly 32 to 96 bytes in 100,000 slots, any replaced",
        Work::Raw(Raw::Interp),
        2 * M,
        None,
        100,
    ),
    row(
        "scattered",
        "memory after 99 % of four million blocks were freed at random",
        Work::Raw(Raw::Scattered),
        4 * M,
        None,
        150,
    ),
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
