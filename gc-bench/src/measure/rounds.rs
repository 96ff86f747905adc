//! Rounds: each peer once, then each peer again, so that a slow moment of the machine hits all of them.

use super::child::{Answer, Failure, Job};
use super::outcome::Outcome;
use super::statistics::Summary;

/// The stack that a thread has where nobody asks for more, in MiB.
const USUAL_STACK: usize = 8;
/// The stack that a peer gets that overflowed the usual one, in MiB: enough for millions of nested calls, and not all of the machine's memory if they never
/// end.
const LARGE_STACK: usize = 4 << 10;

/// What is known of one peer on one workload.
#[derive(Debug)]
pub struct Cell {
    /// The peer's name.
    pub peer: &'static str,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Why there are no figures, or no more.
    pub failure: Option<Failure>,
    figures: Vec<(String, String, Vec<f64>)>,
    checksum: Option<u64>,
    stack: usize,
}

impl Cell {
    fn new(peer: &'static str) -> Cell {
        Cell { peer, notes: Vec::new(), failure: None, figures: Vec::new(), checksum: None, stack: USUAL_STACK }
    }

    /// The figures so far: metric, unit, summary.
    pub fn figures(&self) -> impl Iterator<Item = (&str, &str, Summary)> {
        self.figures.iter().filter_map(|(metric, unit, values)| Some((&metric[..], &unit[..], Summary::of(values)?)))
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn add(&mut self, outcome: Outcome) {
        self.checksum = Some(outcome.checksum);
        outcome.notes.into_iter().for_each(|note| self.note(note));
        for sample in outcome.samples {
            let known =
                self.figures.iter_mut().find(|(metric, unit, _)| *metric == sample.metric && *unit == sample.unit);
            match known {
                Some((_, _, values)) => values.push(sample.value),
                None => self.figures.push((sample.metric, sample.unit, vec![sample.value])),
            }
        }
    }

    /// Runs the peer once; on a large stack from the moment when it overflowed the usual one.
    fn run(&mut self, mut job: Job<'_>, run: &mut impl FnMut(Job<'_>) -> Answer) {
        job.peer = self.peer;
        job.stack = self.stack;
        let mut answer = run(job);
        if matches!(answer, Err(Failure::Killed(_))) && self.stack == USUAL_STACK {
            self.stack = LARGE_STACK;
            job.stack = LARGE_STACK;
            answer = run(job);
            if answer.is_ok() {
                self.note(format!("overflows a stack of {USUAL_STACK} MiB; measured on {} GiB", LARGE_STACK >> 10));
            }
        }
        match answer {
            Ok(outcome) => self.add(outcome),
            Err(failure) => self.failure = Some(failure),
        }
    }
}

/// A workload and the peers that it is run on.
#[derive(Debug)]
pub struct Rounds<'a> {
    job: Job<'a>,
    cells: Vec<Cell>,
}

impl<'a> Rounds<'a> {
    /// No round yet.
    #[must_use]
    pub fn new(workload: &'a str, items: usize, peers: &[&'static str]) -> Rounds<'a> {
        let job = Job { peer: "", workload, items, stack: USUAL_STACK };
        Rounds { job, cells: peers.iter().map(|peer| Cell::new(peer)).collect() }
    }

    /// Runs each peer once that hasn't failed, and says which before it does.
    pub fn round(&mut self, mut run: impl FnMut(Job<'_>) -> Answer, mut starts: impl FnMut(&str)) {
        for cell in self.cells.iter_mut().filter(|cell| cell.failure.is_none()) {
            starts(cell.peer);
            cell.run(self.job, &mut run);
        }
        self.compare_checksums();
    }

    /// A peer whose result differs from the first peer's has done something else: its figures don't count.
    fn compare_checksums(&mut self) {
        let Some(expected) = self.cells.iter().find_map(|cell| cell.checksum) else { return };
        for cell in &mut self.cells {
            if let Some(checksum) = cell.checksum.filter(|&checksum| checksum != expected) {
                cell.failure = Some(Failure::Failed(format!("the result is {checksum}, not {expected}")));
            }
        }
    }

    /// What is known of each peer.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGE_STACK, Rounds};
    use crate::measure::{Failure, Outcome};

    #[test]
    fn rounds_interleave_the_peers() {
        let mut order = Vec::new();
        let mut rounds = Rounds::new("w", 1, &["a", "b"]);
        for value in [3.0, 1.0, 2.0] {
            rounds.round(|_| Ok(Outcome::new(1).with("m", "ns", value)), |peer| order.push(peer.to_owned()));
        }
        assert_eq!(order.concat(), "ababab");
        let medians: Vec<f64> = rounds.cells().iter().flat_map(|cell| cell.figures().map(|f| f.2.median)).collect();
        assert_eq!(medians, [2.0, 2.0]);
    }

    #[test]
    fn an_overflow_is_tried_again_on_a_large_stack_and_noted() {
        let mut stacks = Vec::new();
        let mut rounds = Rounds::new("w", 1, &["deep"]);
        for _ in 0..2 {
            let run = |job: crate::measure::Job<'_>| {
                stacks.push(job.stack);
                if job.stack < LARGE_STACK { Err(Failure::Killed(6)) } else { Ok(Outcome::new(1).with("m", "ns", 1.0)) }
            };
            rounds.round(run, |_| ());
        }
        assert_eq!(stacks, [8, LARGE_STACK, LARGE_STACK]);
        assert_eq!(rounds.cells()[0].failure, None);
        assert!(rounds.cells()[0].notes[0].contains("overflows"));
    }

    #[test]
    fn a_peer_that_fails_is_left_out_and_the_rest_goes_on() {
        let mut runs = Vec::new();
        let mut rounds = Rounds::new("w", 1, &["bad", "good"]);
        for _ in 0..2 {
            let run = |job: crate::measure::Job<'_>| {
                runs.push(job.peer.to_owned());
                if job.peer == "bad" { Err(Failure::Failed("no".to_owned())) } else { Ok(Outcome::new(1)) }
            };
            rounds.round(run, |_| ());
        }
        assert_eq!(runs, ["bad", "good", "good"]);
        assert_eq!(rounds.cells()[0].failure, Some(Failure::Failed("no".to_owned())));
    }

    #[test]
    fn a_peer_with_another_result_is_not_comparable() {
        let mut rounds = Rounds::new("w", 1, &["a", "b"]);
        rounds.round(|job| Ok(Outcome::new(if job.peer == "a" { 1 } else { 2 })), |_| ());
        assert_eq!(rounds.cells()[0].failure, None);
        assert!(matches!(rounds.cells()[1].failure, Some(Failure::Failed(_))));
    }
}
