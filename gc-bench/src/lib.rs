//! Measures Tailbite beside what one would pick instead, on the same work in the same run.
//!
//! A [workload](workloads) is written once, against [traits](peers) that every peer implements; each pair of a workload and a peer
//! runs in a process of its own, in rounds that interleave the peers ([measure]); what comes out are [tables, JSON, charts and a
//! comparison with the project's targets](report). `cargo run --release -p gc-bench -- help` shows the [commands](command).

#![expect(missing_debug_implementations, reason = "nodes hold cells of handles, which can't be shown")]

pub mod command;
pub mod matrix;
pub mod measure;
pub mod peers;
pub mod report;
pub mod workloads;
