//! `gc-bench run-one`: one workload on one peer, in this process.

use std::io::{self, Write};
use std::process::{self, ExitCode};

use super::RunOne;
use super::selection;
use crate::measure::on_stack;

/// Prints the outcome as a line of JSON, and leaves before anything of the peer's is torn down.
pub(super) fn run(arguments: &RunOne) -> Result<ExitCode, String> {
    let workload = selection::workload(&arguments.workload)?;
    let peer = selection::peer(&arguments.peer)?;
    let run = peer
        .runs(workload)
        .ok_or_else(|| format!("the workload {} makes no sense for {}", workload.name, peer.title))?;
    let items = arguments.items;
    on_stack(arguments.stack, move || {
        let outcome = run(items);
        let line = serde_json::to_string(&outcome).expect("an outcome is plain data");
        let written = writeln!(io::stdout(), "{line}").and_then(|()| io::stdout().flush());
        process::exit(i32::from(written.is_err()));
    })
}
