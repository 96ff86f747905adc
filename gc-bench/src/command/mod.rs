//! The command line.

mod compare;
mod list;
mod output;
mod run_one;
mod selection;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Measures Tailbite beside its peers, on the same work in the same run.
#[derive(Debug, Parser)]
#[command(name = "gc-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs workloads on all peers in turn and prints a table of each
    Compare(Compare),
    /// Makes charts of the figures that an earlier comparison wrote, and compares them with the targets
    Report(Report),
    /// Lists the workloads and the peers
    List,
    /// Runs one workload on one peer in this process and prints its outcome as JSON
    RunOne(RunOne),
}

/// What to compare.
#[derive(Debug, Args)]
struct Compare {
    /// The workloads whose names begin so; all if there are none
    workloads: Vec<String>,
    /// At most 40 seconds: fewer workloads, fewer peers, smaller sizes
    #[arg(long)]
    quick: bool,
    /// Only these peers, beside Tailbite
    #[arg(long, value_delimiter = ',', value_name = "PEER,...")]
    peers: Vec<String>,
    /// How often each peer runs each workload [default: 5; with --quick, as often as there is time]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// Writes all figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// What to make of figures.
#[derive(Debug, Args)]
struct Output {
    /// Draws charts into a folder, as SVG
    #[arg(long, value_name = "FOLDER")]
    charts: Option<PathBuf>,
    /// Compares the figures with the project's targets, and fails if one falls short
    #[arg(long)]
    check: bool,
}

/// What to report.
#[derive(Debug, Args)]
struct Report {
    /// What `compare --json` wrote
    file: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// What to run.
#[derive(Debug, Args)]
struct RunOne {
    /// The peer's name
    peer: String,
    /// The workload's name
    workload: String,
    /// The number of items
    items: usize,
    /// The stack, in MiB of address space
    #[arg(long, value_name = "MIB", default_value_t = 8)]
    stack: usize,
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Compare(compare) => compare::run(&compare),
        Command::Report(report) => output::run(&report),
        Command::List => list::run(),
        Command::RunOne(run_one) => run_one::run(&run_one),
    };
    result.unwrap_or_else(|message| {
        eprintln!("error: {message}");
        ExitCode::FAILURE
    })
}
