//! What is measured with: each workload is written once, checks its own results, and returns a number that all peers must agree on.

mod catalogue;
mod churn;
mod collections;
mod footprint;
mod fork;
pub mod graphs;
mod handles;
mod kinds;
mod numbers;
mod raw;
mod rings;
mod shapes;
mod young;

pub use catalogue::{WORKLOADS, Workload};
pub use kinds::{Graph, Raw, Size, Work};
pub use numbers::Numbers;

use crate::measure::Outcome;
use crate::peers::{GraphPeer, RawPeer};

/// Runs a workload on graphs with a number of items.
#[must_use]
pub fn run_graph<P: GraphPeer>(work: Graph, items: usize) -> Outcome {
    match work {
        Graph::Handles => handles::run::<P>(items),
        Graph::Tree => shapes::tree::<P>(items),
        Graph::List => shapes::list::<P>(items),
        Graph::Deep => shapes::deep::<P>(items),
        Graph::Rings => rings::run::<P>(items),
        Graph::LiveRandom => collections::live::<P>(items, graphs::random),
        Graph::LiveOrdered => collections::live::<P>(items, graphs::ordered),
        Graph::DeadRandom => collections::dead::<P>(items, graphs::random),
        Graph::DeadOrdered => collections::dead::<P>(items, graphs::ordered),
        Graph::DeadPairs => collections::dead::<P>(items, graphs::pairs),
        Graph::Young => young::run::<P>(items),
        Graph::Churn => churn::run::<P>(items, false),
        Graph::ChurnLinked => churn::run::<P>(items, true),
        Graph::Footprint => footprint::run::<P>(items),
        Graph::Fork => fork::run::<P>(items),
    }
}

/// Runs a workload on allocators with a number of steps or blocks.
#[must_use]
pub fn run_raw<P: RawPeer>(work: Raw, items: usize) -> Outcome {
    match work {
        Raw::Pair => raw::pair::<P>(items),
        Raw::Fifo => raw::fifo::<P>(items),
        Raw::Random => raw::random::<P>(items),
        Raw::Mixed => raw::mixed::<P>(items),
        Raw::Interp => raw::interp::<P>(items),
        Raw::Scattered => raw::scattered::<P>(items),
    }
}
