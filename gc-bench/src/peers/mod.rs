//! What is measured: one adapter per peer, behind traits that the workloads are written against.

#[cfg(feature = "peers")]
pub mod bacon_rajan;
#[cfg(feature = "peers")]
pub mod boa;
#[cfg(libpython)]
pub mod cpython;
#[cfg(feature = "peers")]
pub mod dumpster;
#[cfg(feature = "peers")]
pub mod gc_arena;
#[cfg(feature = "peers")]
pub mod gcmodule;
mod graph;
#[cfg(feature = "peers")]
mod in_arena;
#[cfg(feature = "peers")]
mod like_rc;
pub mod mixed;
pub mod objects;
pub mod raw;
pub mod rc;
#[cfg(feature = "peers")]
pub mod rust_cc;
#[cfg(feature = "peers")]
pub mod rust_gc;
pub mod tailbite;

pub use graph::{Abilities, GraphPeer, ManualTrigger};
pub use raw::RawPeer;
