//! `gc-bench compare`.

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::Compare;
use super::{output, selection};
use crate::matrix::{Peer, absent};
use crate::measure::{Job, Rounds, available_bytes, machine, run_child};
use crate::report::{Row, rows, table, to_json};
use crate::workloads::{Size, Workload};

/// The time of a quick comparison, after which no workload begins another round.
const QUICK: Duration = Duration::from_secs(26);
/// The time after which a quick comparison ends whatever still runs. It is promised to take 40 seconds at most.
const QUICK_END: Duration = Duration::from_secs(38);
/// How long a run may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(300);
/// Rounds unless told otherwise.
const ROUNDS: u32 = 5;

/// Compares, prints, writes.
pub(super) fn run(arguments: &Compare) -> Result<ExitCode, String> {
    let size = if arguments.quick { Size::Quick } else { Size::Full };
    let peers = selection::chosen_peers(&arguments.peers, arguments.quick)?;
    let workloads = affordable(selection::workloads(&arguments.workloads, arguments.quick)?, size, available_bytes())?;
    println!("{}", machine());
    let schedule = Schedule { start: Instant::now(), rounds: arguments.rounds, quick: arguments.quick };
    let mut all_rows = Vec::new();
    for (index, workload) in workloads.iter().enumerate() {
        all_rows.extend(compare(workload, size, &peers, schedule, workloads.len() - index));
    }
    for (name, why) in absent() {
        println!("not measured: {name}: {why}");
    }
    println!("{} workloads in {:.0} s", workloads.len(), schedule.start.elapsed().as_secs_f64());
    if let Some(file) = &arguments.json {
        fs::write(file, to_json(&all_rows)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    output::make(&arguments.output, &all_rows)
}

/// How often and how long workloads are run.
#[derive(Clone, Copy)]
struct Schedule {
    start: Instant,
    rounds: Option<u32>,
    quick: bool,
}

impl Schedule {
    fn rounds(self) -> u32 {
        self.rounds.unwrap_or(ROUNDS)
    }

    /// Whether time counts. Who asks for a number of rounds gets it.
    fn is_limited(self) -> bool {
        self.quick && self.rounds.is_none()
    }

    /// When the first of so many workloads should be done: all have an equal share of the time that is left.
    fn end_of_first(self, left: usize) -> Option<Instant> {
        let share = QUICK.saturating_sub(self.start.elapsed()) / u32::try_from(left).unwrap_or(u32::MAX);
        self.is_limited().then(|| Instant::now() + share)
    }

    /// How long a run may take from now on.
    fn patience(self) -> Duration {
        if self.is_limited() { QUICK_END.saturating_sub(self.start.elapsed()) } else { PATIENCE }
    }
}

/// The workloads that there is memory for; says so of the others.
///
/// # Errors
/// If none is left.
fn affordable(
    workloads: Vec<&'static Workload>,
    size: Size,
    available: Option<usize>,
) -> Result<Vec<&'static Workload>, String> {
    let Some(available) = available else { return Ok(workloads) };
    let needed = |workload: &Workload| workload.bytes(workload.items(size));
    let (fitting, others): (Vec<&Workload>, Vec<&Workload>) =
        workloads.into_iter().partition(|workload| needed(workload) <= available);
    let gigabytes = |bytes: usize| bytes as f64 / 1e9;
    for workload in others {
        let name = workload.name;
        let (needed, available) = (gigabytes(needed(workload)), gigabytes(available));
        println!("left out: {name} may need {needed:.2} GB of memory, and {available:.2} GB are available");
    }
    if fitting.is_empty() { Err("there is not enough memory for any of the workloads".to_owned()) } else { Ok(fitting) }
}

/// Runs rounds of the first of so many workloads and prints its table. Where time counts, there is at least one round, and none that wouldn't fit.
fn compare(workload: &Workload, size: Size, peers: &[Peer], schedule: Schedule, left: usize) -> Vec<Row> {
    let runnable: Vec<&Peer> = peers.iter().filter(|peer| peer.runs(workload).is_some()).collect();
    let names: Vec<&'static str> = runnable.iter().map(|peer| peer.name).collect();
    let bar = ProgressBar::new(u64::from(schedule.rounds()) * names.len() as u64);
    let style = ProgressStyle::with_template("{bar:20} {pos}/{len} {wide_msg}").expect("the template is well-formed");
    bar.set_style(style);

    let items = workload.items(size);
    let mut results = Rounds::new(workload.name, items, &names);
    let end = schedule.end_of_first(left);
    for round in 1..=schedule.rounds() {
        let begun = Instant::now();
        let run = |job: Job<'_>| run_child(job, schedule.patience());
        results.round(run, |peer| {
            bar.set_message(format!("{}, round {round}: {peer}", workload.name));
            bar.inc(1);
        });
        if end.is_some_and(|end| Instant::now() + begun.elapsed() > end) {
            break;
        }
    }
    bar.finish_and_clear();

    let rows = rows(workload.name, results.cells());
    let title = |name: &str| runnable.iter().find(|peer| peer.name == name).map_or(name, |peer| peer.title).to_owned();
    let full = workload.items(Size::Full);
    let size = if items == full { format!("{items} items") } else { format!("{items} items instead of {full}") };
    println!("\n{} ({size}): {}\n{}", workload.name, workload.about, table(&rows, results.cells(), title));
    rows
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{QUICK, QUICK_END, Schedule, affordable};
    use crate::workloads::{Size, WORKLOADS};

    #[test]
    fn workloads_that_there_is_no_memory_for_are_left_out() {
        let all = || WORKLOADS.iter().collect::<Vec<_>>();
        let names = |available| {
            let left = affordable(all(), Size::Full, available).unwrap();
            left.iter().map(|workload| workload.name).collect::<Vec<_>>()
        };
        assert_eq!(names(None).len(), WORKLOADS.len(), "nobody knows");
        let left = names(Some(1 << 30));
        assert!(left.contains(&"live-random") && !left.contains(&"live-random-5m"), "{left:?}");
        assert!(affordable(all(), Size::Full, Some(0)).unwrap_err().contains("not enough memory"));
    }

    #[test]
    fn a_quick_comparison_shares_its_time_and_ends() {
        let schedule = |rounds, quick| Schedule { start: Instant::now(), rounds, quick };
        let quick = schedule(None, true);
        let share = quick.end_of_first(2).unwrap() - Instant::now();
        assert!(share <= QUICK / 2 && share > QUICK / 3, "{share:?}");
        assert!(quick.patience() <= QUICK_END && QUICK_END < Duration::from_secs(40));
        let late = Schedule { start: Instant::now() - QUICK_END, ..quick };
        assert!(late.end_of_first(1).unwrap() <= Instant::now() && late.patience().is_zero());
        for unlimited in [schedule(Some(9), true), schedule(None, false)] {
            assert!(unlimited.end_of_first(1).is_none() && unlimited.patience() > QUICK_END);
        }
    }
}
