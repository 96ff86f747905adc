//! One binary for all integration tests; a module per topic.

mod alloc;
mod conformance;
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
mod model;
mod panics;
mod reentrancy;
mod regressions;
mod resurrection;
mod scripts;
mod soundness;
mod tidy;
mod ui;
mod weakrefs;
