//! One binary for all integration tests; a module per topic.

mod alloc;
mod cpython;
mod cycles;
mod deep;
mod derive;
mod embedders;
mod finalizers;
mod generations;
mod handles;
mod heaps;
mod hostile;
mod layout;
mod limits;
mod model;
mod packed;
mod panics;
mod reentrancy;
mod regressions;
mod resurrection;
mod roots;
mod scripts;
mod soundness;
mod tidy;
mod trace_features;
mod ui;
mod weakrefs;
