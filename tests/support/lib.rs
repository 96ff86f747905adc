//! What the tests share: a log of events, payloads that panic when told to, a general graph node with builders over it, threads
//! with little stack, a tape of bytes that programs take their choices from, and the programs: operations with their naive model, raw
//! memory with its shadow, items for the derive.

mod chaos;
mod derive;
mod graph;
mod log;
mod machine;
mod model;
mod ops;
mod panics;
mod random;
mod raw;
mod refusing;
mod replay;
mod shrink;
mod stack;
mod tape;
mod valid;
mod weak_maps;
pub mod workload;

pub use chaos::{CHAOS_OPERATION, run_chaos};
pub use derive::run_derive;
pub use graph::{Node, chain, leak_ring, ring};
pub use log::{Log, OnDrop, Probe};
pub use machine::{Machine, run_program};
pub use model::Model;
pub use ops::{FinalizerKind, MODEL_OPERATION, ObjectKind, Op, Place, Program, read_program};
pub use panics::{Armed, Bomb, Reports, quiet};
pub use random::Random;
pub use raw::run_raw;
pub use refusing::Refusing;
pub use replay::{PROGRAMS, ProgramKind, from_hex, to_hex};
pub use shrink::shrink;
pub use stack::{on_small_stack, on_stack};
use tailbite::{Heap, Trigger};
pub use tape::{Tape, random_bytes};
pub use valid::valid_types;
pub use weak_maps::{WEAK_MAPS_OPERATION, run_weak_maps};

/// A heap that collects inside allocations, but only when memory is refused or stress mode asks for it: the thresholds are off.
pub fn collecting_heap() -> Heap {
    let heap = Heap::new();
    heap.set_threshold([0, 10, 10]);
    heap
}

/// A heap that collects only when told to, so that a test can say exactly what happened.
pub fn manual_heap() -> Heap {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Manual);
    heap
}
