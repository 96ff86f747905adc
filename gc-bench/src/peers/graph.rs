//! What a peer has to offer for workloads on graphs: nodes of two optional references and an integer.

use crate::measure::malloc_bytes;

/// What a peer does, which decides how a workload treats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Objects die with their last handle. Else they wait for a collection.
    pub counts: bool,
    /// Cycles are collected. Else they leak.
    pub collects: bool,
    /// It has a young generation that can be collected alone.
    pub generations: bool,
}

/// A way to make graphs. Nodes are reached through handles, which are valid within a step; between steps, only what is in the vector of
/// roots is held. Counted handles need none of this, but peers whose handles can't leave an arena do, and so all work the same.
///
/// Each adapter uses the peer as its documentation advises, in its best configuration, and collects automatically wherever it can.
pub trait GraphPeer: Sized {
    /// What nodes are made in.
    type Heap<'gc>: Copy;
    /// A handle to a node.
    type Node<'gc>: Clone;
    /// What the peer does.
    const ABILITIES: Abilities;

    /// A heap of its own, or a thread's.
    fn new() -> Self;

    /// Runs a step, with the vector of roots.
    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce(Self::Heap<'gc>, &mut Vec<Self::Node<'gc>>) -> R) -> R;

    /// Makes a node.
    fn node<'gc>(
        heap: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc>;

    /// Replaces a node's first reference.
    fn set_a<'gc>(heap: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>);

    /// Replaces a node's second reference.
    fn set_b<'gc>(heap: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>);

    /// A node's first reference.
    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>>;

    /// A node's second reference.
    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>>;

    /// A node's integer.
    fn value(node: &Self::Node<'_>) -> i64;

    /// The bytes that the integer and the references of a node take, and whatever else the peer's user put into it.
    fn payload_bytes(_value: i64) -> usize {
        24
    }

    /// Called between steps, with the number of nodes that were made since the last call: where a peer that doesn't collect inside
    /// allocations has its chance.
    fn safepoint(&mut self, _made: usize) {}

    /// Collects everything.
    fn collect(&mut self) {}

    /// Collects the young generation.
    fn collect_young(&mut self) {
        self.collect();
    }

    /// Switches automatic collections on or off, where this is possible.
    fn set_automatic(&mut self, _on: bool) {}

    /// The number of nodes that exist, where the peer can tell.
    fn live_nodes(&self) -> Option<usize> {
        None
    }

    /// The bytes that the heap takes, by the peer's own accounting or by that of the `malloc` that it lives on.
    fn heap_bytes(&self) -> Option<usize> {
        malloc_bytes()
    }
}

/// The number of nodes after which a peer without a trigger of its own is told to collect.
const MANUAL_THRESHOLD: usize = 10_000;

/// Counts nodes for a peer that collects only when it is told to.
#[derive(Debug)]
pub struct ManualTrigger {
    made: usize,
    on: bool,
}

impl ManualTrigger {
    /// On, with nothing made so far.
    #[must_use]
    pub const fn new() -> ManualTrigger {
        ManualTrigger { made: 0, on: true }
    }

    /// Switches it on or off.
    pub fn set(&mut self, on: bool) {
        self.on = on;
    }

    /// Whether it is time for a collection, after so many more nodes.
    pub fn is_due(&mut self, made: usize) -> bool {
        self.made += made;
        let due = self.on && self.made >= MANUAL_THRESHOLD;
        if due {
            self.made = 0;
        }
        due
    }
}

impl Default for ManualTrigger {
    fn default() -> ManualTrigger {
        ManualTrigger::new()
    }
}
