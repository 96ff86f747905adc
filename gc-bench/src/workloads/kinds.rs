//! The kinds of workloads, and how much of one is done.

/// Workloads on graphs of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graph {
    /// Operations on handles.
    Handles,
    /// A tree, built and dropped.
    Tree,
    /// A list, built and dropped.
    List,
    /// A long list, dropped.
    Deep,
    /// Rings, made and dropped.
    Rings,
    /// A full collection of a random graph that is alive.
    LiveRandom,
    /// The same of a graph in the order of memory.
    LiveOrdered,
    /// A full collection of a random graph that is garbage.
    DeadRandom,
    /// The same of a graph in the order of memory.
    DeadOrdered,
    /// The same of pairs.
    DeadPairs,
    /// A young collection beside an old heap.
    Young,
    /// Short-lived objects beside a live heap.
    Churn,
    /// The same with references from the short-lived to the live.
    ChurnLinked,
    /// Memory per node.
    Footprint,
    /// Pages dirtied after `fork`.
    Fork,
}

/// Workloads on allocators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw {
    /// Taken and given back at once.
    Pair,
    /// The oldest of many replaced.
    Fifo,
    /// Any of many replaced.
    Random,
    /// The same with all small sizes.
    Mixed,
    /// The same with an interpreter's sizes.
    Interp,
    /// Memory after most blocks were freed.
    Scattered,
}

/// What a workload runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nodes of one size.
    Graph(Graph),
    /// Nodes of different sizes.
    Mixed(Graph),
    /// Nodes with a vector and a map inside.
    Objects(Graph),
    /// Blocks without objects.
    Raw(Raw),
}

/// How much of a workload to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// As much as the published figures speak of.
    Full,
    /// As much as fits into a quick comparison.
    Quick,
    /// As little as shows that it works.
    Tiny,
}
