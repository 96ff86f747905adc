//! Who runs what: the table of peers, and which workloads make sense for each.

use std::alloc::System;

use ::tailbite::RawAllocator;

use crate::measure::Outcome;
#[cfg(libpython)]
use crate::peers::cpython;
use crate::peers::{Abilities, GraphPeer, RawPeer, objects, raw, rc, tailbite, tailbite_mixed};
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
            .mixed::<tailbite_mixed::TailbiteMixed>()
            .objects::<objects::tailbite::Objects>()
            .raw::<RawAllocator>(),
        Peer::new("tailbite-alloc", "Tailbite, without a factory")
            .quick()
            .graph::<tailbite::Tailbite<false>>()
            .only(&[Graph::Handles, Graph::Tree, Graph::List, Graph::Rings]),
        Peer::new("rc", "Rc").quick().graph::<rc::Counted>().objects::<objects::rc::Objects>(),
    ];
    #[cfg(feature = "peers")]
    peers.extend([
        Peer::new("gc-arena", "gc-arena").quick().graph::<gc_arena::GcArena>(),
        Peer::new("gcmodule", "jrsonnet-gcmodule")
            .quick()
            .graph::<gcmodule::GcModule>()
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
        let why = if cfg!(feature = "cpython") {
            "no libpython was found when this was built (PYO3_PYTHON names an interpreter)"
        } else {
            "built without the feature `cpython`, which needs an interpreter with headers and libpython"
        };
        absent.push(("cpython", why));
    }
    absent
}
