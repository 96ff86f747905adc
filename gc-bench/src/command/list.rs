//! `gc-bench list`.

use std::process::ExitCode;

use crate::matrix::{absent, peers};
use crate::workloads::WORKLOADS;

/// Prints the workloads and the peers.
pub(super) fn run() -> Result<ExitCode, String> {
    println!("Workloads (* with --quick):");
    for workload in WORKLOADS {
        println!("{} {:16} {}", if workload.is_quick() { '*' } else { ' ' }, workload.name, workload.about);
    }
    println!("\nPeers (* with --quick):");
    for peer in peers() {
        println!("{} {:16} {}", if peer.quick { '*' } else { ' ' }, peer.name, peer.title);
    }
    for (name, why) in absent() {
        println!("  {name:16} not there: {why}");
    }
    Ok(ExitCode::SUCCESS)
}
