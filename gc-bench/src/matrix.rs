//! Who runs what: the table of peers, and which workloads make sense for each.

use std::alloc::System;

use ::tailbite::RawAllocator;

use crate::measure::Outcome;
#[cfg(libpython)]
use crate::peers::cpython;
use crate::peers::{Abilities, GraphPeer, RawPeer, mixed, objects, raw, rc, tailbite};
#[cfg(feature = "peers")]
use crate::peers::{bacon_rajan, boa, dumpster, gc_arena, gcmodule, rust_cc, rust_gc};
use crate::workloads::{Graph, Raw, Work, Workload, run_graph, run_raw};

/// Runs a workload of one kind.
type Run<W> = fn(W, usize) -> Outcome;

/// A peer, with what it can run.
#[derive(Debug)]
pub struct Peer {
    /// Its name on the command line and in JSON.
    pub name: &'static str,
    /// Its name in tables.
    pub title: &'static str,
    /// Whether it is part of a quick comparison.
    pub quick: bool,
    /// Only on these workloads; on all if empty.
    only: &'static [Graph],
    graph: Option<(Abilities, Run<Graph>)>,
    mixed: Option<(Abilities, Run<Graph>)>,
    objects: Option<(Abilities, Run<Graph>)>,
    raw: Option<Run<Raw>>,
}

/// What the others are compared with.
pub const BASE: &str = "tailbite";

impl Peer {
    /// A peer that runs nothing yet.
    const fn new(name: &'static str, title: &'static str) -> Peer {
        Peer { name, title, quick: false, only: &[], graph: None, mixed: None, objects: None, raw: None }
    }

    const fn quick(self) -> Peer {
        Peer { quick: true, ..self }
    }

    const fn graph<P: GraphPeer>(self) -> Peer {
        Peer { graph: Some((P::ABILITIES, run_graph::<P>)), ..self }
    }

    const fn mixed<P: GraphPeer>(self) -> Peer {
        Peer { mixed: Some((P::ABILITIES, run_graph::<P>)), ..self }
    }

    const fn objects<P: GraphPeer>(self) -> Peer {
        Peer { objects: Some((P::ABILITIES, run_graph::<P>)), ..self }
    }

    const fn raw<P: RawPeer>(self) -> Peer {
        Peer { raw: Some(run_raw::<P>), ..self }
    }

    const fn only(self, only: &'static [Graph]) -> Peer {
        Peer { only, ..self }
    }

    /// What runs a workload on this peer, if it makes sense.
    #[must_use]
    pub fn runs(&self, workload: &Workload) -> Option<Box<dyn Fn(usize) -> Outcome + Send + Sync>> {
        let (work, (abilities, run)) = match workload.work {
            Work::Graph(graph) => (graph, self.graph?),
            Work::Mixed(graph) => (graph, self.mixed?),
            Work::Objects(graph) => (graph, self.objects?),
            Work::Raw(raw) => {
                let run = self.raw?;
                return Some(Box::new(move |items| run(raw, items)));
            }
        };
        let wanted = self.only.is_empty() || self.only.contains(&work);
        (wanted && is_able(abilities, work)).then_some(Box::new(move |items| run(work, items)) as _)
    }
}

/// Whether a workload can be run by a peer with these abilities.
fn is_able(abilities: Abilities, work: Graph) -> bool {
    match work {
        Graph::LiveRandom
        | Graph::LiveOrdered
        | Graph::DeadRandom
        | Graph::DeadOrdered
        | Graph::DeadPairs
        | Graph::Fork => abilities.collects,
        Graph::Young => abilities.generations,
        _ => true,
    }
}

/// All peers that are built in, Tailbite first.
#[must_use]
pub fn peers() -> Vec<Peer> {
    let mut peers = vec![
        Peer::new(BASE, "Tailbite")
            .quick()
            .graph::<tailbite::Tailbite<true>>()
            .mixed::<mixed::tailbite::Mixed>()
            .objects::<objects::tailbite::Objects>()
            .raw::<RawAllocator>(),
        Peer::new("tailbite-alloc", "Tailbite, without a factory")
            .quick()
            .graph::<tailbite::Tailbite<false>>()
            .only(&[Graph::Handles, Graph::Tree, Graph::List, Graph::Rings]),
        Peer::new("rc", "Rc")
            .quick()
            .graph::<rc::Counted>()
            .mixed::<mixed::rc::Mixed>()
            .objects::<objects::rc::Objects>(),
    ];
    #[cfg(feature = "peers")]
    peers.extend([
        Peer::new("gc-arena", "gc-arena")
            .quick()
            .graph::<gc_arena::GcArena>()
            .mixed::<mixed::gc_arena::Mixed>()
            .objects::<objects::gc_arena::Objects>(),
        Peer::new("gcmodule", "jrsonnet-gcmodule")
            .quick()
            .graph::<gcmodule::GcModule>()
            .mixed::<mixed::gcmodule::Mixed>()
            .objects::<objects::gcmodule::Objects>(),
        Peer::new("rust-cc", "rust-cc").graph::<rust_cc::RustCc>(),
        Peer::new("bacon-rajan", "bacon_rajan_cc").graph::<bacon_rajan::BaconRajan>(),
        Peer::new("dumpster", "dumpster").graph::<dumpster::Dumpster>(),
        Peer::new("rust-gc", "gc (rust-gc)").graph::<rust_gc::RustGc>(),
        Peer::new("boa", "boa_gc").graph::<boa::Boa>(),
    ]);
    #[cfg(libpython)]
    peers.push(
        Peer::new("cpython", "CPython")
            .quick()
            .graph::<cpython::CPython<{ cpython::PLAIN }>>()
            .mixed::<cpython::CPython<{ cpython::MIXED }>>()
            .objects::<cpython::CPython<{ cpython::OBJECTS }>>()
            .raw::<cpython::PyMalloc>(),
    );
    peers.push(Peer::new("system", "malloc").raw::<raw::Process<System>>());
    #[cfg(feature = "allocators")]
    peers.extend([
        Peer::new("mimalloc", "mimalloc").raw::<raw::Process<mimalloc::MiMalloc>>(),
        Peer::new("jemalloc", "jemalloc").raw::<raw::Process<tikv_jemallocator::Jemalloc>>(),
    ]);
    #[cfg(feature = "snmalloc")]
    peers.push(Peer::new("snmalloc", "snmalloc").raw::<raw::Process<snmalloc_rs::SnMalloc>>());
    peers.push(Peer::new("free-list", "a bare free list").raw::<raw::FreeList>());
    peers
}

/// Peers that could be there, and why they are not.
#[must_use]
pub fn absent() -> Vec<(&'static str, &'static str)> {
    let mut absent = Vec::new();
    if cfg!(not(feature = "peers")) {
        let names = ["gc-arena", "gcmodule", "rust-cc", "bacon-rajan", "dumpster", "rust-gc", "boa"];
        absent.extend(names.map(|name| (name, "built without the feature `peers`")));
    }
    if cfg!(not(feature = "allocators")) {
        absent.extend(["mimalloc", "jemalloc"].map(|name| (name, "built without the feature `allocators`")));
    }
    if cfg!(not(feature = "snmalloc")) {
        absent.push(("snmalloc", "built without the feature `snmalloc`, which needs a C++ compiler"));
    }
    if cfg!(not(libpython)) {
        let missing = "built without the feature `cpython`, which needs an interpreter with headers and libpython";
        absent.push(("cpython", option_env!("GC_BENCH_NO_PYTHON").unwrap_or(missing)));
    }
    absent
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{BASE, absent, peers};
    use crate::workloads::WORKLOADS;

    #[test]
    fn tailbite_is_first_and_runs_everything() {
        let peers = peers();
        assert_eq!(peers[0].name, BASE);
        for workload in WORKLOADS {
            assert!(peers[0].runs(workload).is_some(), "{}", workload.name);
        }
    }

    #[test]
    fn each_peer_is_there_once_or_has_a_reason() {
        let names: Vec<_> =
            peers().iter().map(|peer| peer.name).chain(absent().iter().map(|(name, _)| *name)).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
        for peer in ["cpython", "snmalloc", "mimalloc", "gc-arena"] {
            assert!(names.contains(&peer), "{peer} is neither there nor absent");
        }
    }

    #[test]
    fn a_workload_is_run_by_those_who_can() {
        let runners = |name: &str| {
            let workload = WORKLOADS.iter().find(|workload| workload.name == name).unwrap();
            let able = peers().into_iter().filter(|peer| peer.runs(workload).is_some());
            able.map(|peer| peer.name).collect::<Vec<_>>()
        };
        assert!(!runners("live-random").contains(&"rc"), "it collects nothing");
        assert!(!runners("young").contains(&"gc-arena"), "it has no generations");
        assert!(!runners("list").contains(&"system"), "it has no objects");
        assert!(runners("raw-pair").contains(&"free-list"));
        assert!(!runners("deep").contains(&"tailbite-alloc"), "it differs in allocations only");
    }
}
