//! `gc-bench compare`.

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::Compare;
use super::{output, selection};
use crate::matrix::{Peer, absent};
use crate::measure::{Rounds, available_bytes, machine, run_child};
use crate::report::{Row, rows, table, to_json};
use crate::workloads::{Size, Workload};

/// The time of a quick comparison; the rest of the 40 seconds that are promised is for the last round of each workload.
const QUICK: Duration = Duration::from_secs(30);
/// How long a run may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(300);
/// Rounds unless told otherwise.
const ROUNDS: u32 = 5;

/// Compares, prints, writes.
pub(super) fn run(arguments: &Compare) -> Result<ExitCode, String> {
    let size = if arguments.quick { Size::Quick } else { Size::Full };
    let peers = selection::chosen_peers(&arguments.peers, arguments.quick)?;
    let workloads = affordable(selection::workloads(&arguments.workloads, arguments.quick)?, size, available_bytes());
    println!("{}", machine());
    let mut all_rows = Vec::new();
    let start = Instant::now();
    for (index, workload) in workloads.iter().enumerate() {
        let budget = arguments.quick.then(|| {
            let left = u32::try_from(workloads.len() - index).unwrap_or(1);
            QUICK.saturating_sub(start.elapsed()) / left
        });
        all_rows.extend(compare(workload, size, &peers, arguments.rounds, budget));
    }
    for (name, why) in absent() {
        println!("not measured: {name}: {why}");
    }
    println!("{} workloads in {:.0} s", workloads.len(), start.elapsed().as_secs_f64());
    if let Some(file) = &arguments.json {
        fs::write(file, to_json(&all_rows)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    output::make(&arguments.output, &all_rows)
}

/// The workloads that there is memory for; says so of the others.
fn affordable(workloads: Vec<&'static Workload>, size: Size, available: Option<usize>) -> Vec<&'static Workload> {
    let fits = |workload: &&Workload| {
        let needed = workload.bytes(workload.items(size));
        let fits = available.is_none_or(|available| needed <= available);
        if !fits {
            let gigabytes = |bytes: usize| bytes as f64 / 1e9;
            let available = gigabytes(available.unwrap_or_default());
            println!("left out: {} may take {:.1} GB, and there are {available:.1}", workload.name, gigabytes(needed));
        }
        fits
    };
    workloads.into_iter().filter(fits).collect()
}

/// Runs rounds of a workload and prints its table. With a budget, rounds end when another one wouldn't fit, and there is at least one.
fn compare(workload: &Workload, size: Size, peers: &[Peer], rounds: Option<u32>, budget: Option<Duration>) -> Vec<Row> {
    let runnable: Vec<&Peer> = peers.iter().filter(|peer| peer.runs(workload).is_some()).collect();
    let names: Vec<&'static str> = runnable.iter().map(|peer| peer.name).collect();
    let count = rounds.unwrap_or(ROUNDS);
    let bar = ProgressBar::new(u64::from(count) * names.len() as u64);
    let style = ProgressStyle::with_template("{bar:20} {pos}/{len} {wide_msg}").expect("the template is well-formed");
    bar.set_style(style);

    let items = workload.items(size);
    let mut results = Rounds::new(workload.name, items, &names, PATIENCE);
    let start = Instant::now();
    for round in 1..=count {
        let begun = Instant::now();
        results.round(run_child, |peer| {
            bar.set_message(format!("{}, round {round}: {peer}", workload.name));
            bar.inc(1);
        });
        if budget.is_some_and(|budget| rounds.is_none() && start.elapsed() + begun.elapsed() > budget) {
            break;
        }
    }
    bar.finish_and_clear();

    let rows = rows(workload.name, results.cells());
    let title = |name: &str| runnable.iter().find(|peer| peer.name == name).map_or(name, |peer| peer.title).to_owned();
    println!("\n{} ({items} items): {}\n{}", workload.name, workload.about, table(&rows, results.cells(), title));
    rows
}

#[cfg(test)]
mod tests {
    use super::affordable;
    use crate::workloads::{Size, WORKLOADS};

    #[test]
    fn workloads_that_there_is_no_memory_for_are_left_out() {
        let all = || WORKLOADS.iter().collect::<Vec<_>>();
        assert_eq!(affordable(all(), Size::Full, None).len(), WORKLOADS.len(), "nobody knows");
        let left: Vec<_> = affordable(all(), Size::Full, Some(1 << 30)).iter().map(|workload| workload.name).collect();
        assert!(left.contains(&"live-random") && !left.contains(&"live-random-5m"), "{left:?}");
        assert_eq!(affordable(all(), Size::Full, Some(0)).len(), 0);
    }
}
