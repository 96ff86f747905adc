//! One binary for all integration tests; a module per topic.

mod alloc;
mod cpython;
mod cycles;
mod deep;
mod derive;
mod finalizers;
mod generations;
mod handles;
mod heaps;
mod hostile;
mod layout;
mod limits;
mod memory_limits;
mod model;
mod panics;
mod raw_memory;
mod reentrancy;
mod regressions;
mod resurrection;
mod scripts;
mod soundness;
mod stress_mode;
mod tidy;
mod ui;
mod weakrefs;
