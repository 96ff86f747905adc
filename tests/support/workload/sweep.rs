//! Runs of the workload, with a fault at every number.

use std::fmt;
use std::ops::RangeInclusive;

use tailbite::Heap;

use super::faults::{arm, caught, disarm, exempt};
use super::verdict::{Left, give_up, judge_heap, judge_values};
use super::world::{World, message};
use super::{script, set_hook};

/// An allocator of the system's that refuses on demand.
pub trait System: fmt::Debug {
    /// Requests of this thread are numbered from now on, and those in the range refused.
    fn refuse(&self, requests: RangeInclusive<u64>);

    /// Nothing is refused any more; the requests that were numbered.
    fn grant(&self) -> u64;
}

/// Which requests a run refuses, and which call of user code panics in it.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    /// Requests of the heap.
    pub heap: Option<RangeInclusive<u64>>,
    /// Requests of the thread's default heap.
    pub default_heap: Option<RangeInclusive<u64>>,
    /// Requests of the allocator without a heap.
    pub raw: Option<RangeInclusive<u64>>,
    /// Requests of everything, at the system's allocator.
    pub system: Option<(&'a dyn System, RangeInclusive<u64>)>,
    /// The call that panics.
    pub panic_at: Option<u64>,
    /// Functions whose only way to fail is a panic get their memory. (For what the system refuses.)
    pub fallible_only: bool,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Requests of the heap, the default heap, the allocator without a heap, and the system.
    pub requests: [u64; 4],
    /// Calls of user code.
    pub calls: u64,
    /// Steps that were done, refused, and ended by a panic.
    pub ends: [usize; 3],
    /// Faults that happened.
    pub faults: u64,
    /// What was left in the heap; none if a fault fell into its end.
    pub left: Option<Left>,
}

impl Plan<'_> {
    fn ranges(&self) -> [Option<RangeInclusive<u64>>; 4] {
        let system = self.system.as_ref().map(|(_, range)| range.clone());
        [self.heap.clone(), self.default_heap.clone(), self.raw.clone(), system]
    }

    /// The faults of this plan that have happened, by the numbers so far, and those that were planned.
    fn happened(&self, requests: [u64; 4], calls: u64) -> (u64, u64) {
        let of_range = |(range, requests): (Option<RangeInclusive<u64>>, u64)| match range {
            Some(range) => (requests.min(range.end().saturating_add(1)).saturating_sub(*range.start()), 1),
            None => (0, 0),
        };
        let refused = self.ranges().into_iter().zip(requests).map(of_range);
        let panics = self.panic_at.map_or((0, 0), |number| (u64::from(calls > number), 1));
        refused.chain([panics]).fold((0, 0), |(happened, planned), (one, plan)| (happened + one, planned + plan))
    }
}

/// Runs the workload according to a plan. `calm` is what is left by a run without faults.
///
/// # Panics
/// With everything that must not be, and was.
pub fn run(plan: &Plan<'_>, calm: Option<&Left>) -> Outcome {
    try_run(plan, calm).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The same, with everything that must not be as an error.
fn try_run(plan: &Plan<'_>, calm: Option<&Left>) -> Result<Outcome, String> {
    let all = |range: &Option<RangeInclusive<u64>>| range.clone().unwrap_or(u64::MAX..=u64::MAX);
    if let Some((system, range)) = &plan.system {
        system.refuse(range.clone());
    }
    let [heap, default_heap, raw, system] = plan.ranges().map(|range| range.map_or(u64::MAX, |range| *range.start()));
    // What the system refuses isn't known at once: results are never certain then.
    let call = if system == u64::MAX { plan.panic_at.unwrap_or(u64::MAX) } else { 0 };
    let Ok(world) = World::try_new(plan.fallible_only, [heap, default_heap, raw, call]) else {
        let requests = plan.system.as_ref().map_or(0, |(system, _)| system.grant());
        return Ok(Outcome { requests: [0, 0, 0, requests], faults: 1, ..Outcome::default() });
    };
    let notes = world.notes.clone();
    let Ok(()) = exempt(|| set_hook(&world)) else { unreachable!("nothing is refused so far") };
    let unraisable = notes.clone();
    exempt(|| Heap::with_default(|heap| heap.set_unraisable_hook(move |panic| unraisable.unraisable(panic))));
    arm(plan.panic_at);
    Heap::with_default(|heap| heap.refuse_allocations(all(&plan.default_heap)));
    world.raw.refuse_allocations(all(&plan.raw));
    world.heap.refuse_allocations(all(&plan.heap));
    script(&world);
    let of_default = || Heap::with_default(Heap::allocation_requests);
    let mut outcome = Outcome { ends: world.ends(), ..Outcome::default() };
    let mut requests = [world.heap.allocation_requests(), of_default(), world.raw.allocation_requests(), 0];
    let waits_for_the_end = {
        // The system's number is known when it is over: those faults have happened.
        let (mut happened, planned) = plan.happened(requests, super::faults::calls());
        happened += u64::from(plan.system.is_some());
        happened < planned
    };
    if waits_for_the_end {
        give_up(&world);
        requests[0] = world.heap.allocation_requests();
    }
    let ledger = world.ledger.clone();
    let mut world = Some(world);
    if waits_for_the_end {
        // The end of the heap runs what is left of the user's.
        if let Err(payload) = caught(|| drop(world.take())) {
            notes.problem(format_args!("the end of the heap panics: {}", message(&*payload)));
        }
        requests[1] = of_default();
    }
    outcome.calls = disarm();
    if let Some((system, _)) = &plan.system {
        requests[3] = system.grant();
    }
    outcome.requests = requests;
    outcome.faults = plan.happened(requests, outcome.calls).0;
    Heap::with_default(|heap| {
        heap.refuse_allocations(0..0);
        heap.reset_unraisable_hook();
    });
    if let Some(world) = world {
        world.heap.refuse_allocations(0..0);
        world.raw.refuse_allocations(0..0);
        match caught(|| judge_heap(&world, calm)) {
            Ok(left) => outcome.left = Some(left),
            Err(payload) => world.problem(message(&*payload)),
        }
        drop(world);
    }
    super::item::saved().into_iter().for_each(drop);
    if let Err(problem) = judge_values(&ledger) {
        notes.problem(problem);
    }
    let problems = notes.problems();
    if problems.is_empty() {
        return Ok(outcome);
    }
    Err(format!("{plan:?}: {outcome:?}\nfailed:{}\n{problems}", notes.failed()))
}

/// What a sweep came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Runs.
    pub runs: u64,
    /// Faults that happened in them.
    pub faults: u64,
    /// Steps that were refused, and that a panic ended.
    pub failed: [usize; 2],
    /// What must not be, of as many runs as one can read of.
    problems: Vec<String>,
}

impl Tally {
    fn add(&mut self, outcome: Result<Outcome, String>) {
        self.runs += 1;
        match outcome {
            Ok(outcome) => {
                self.faults += outcome.faults;
                self.failed[0] += outcome.ends[1];
                self.failed[1] += outcome.ends[2];
            }
            Err(problem) if self.problems.len() < 10 => self.problems.push(problem),
            Err(_) => {}
        }
    }

    /// Panics if any run was not as it must be.
    fn judged(self) -> Tally {
        assert!(self.problems.is_empty(), "{}", self.problems.join("\n"));
        self
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { runs, faults, failed: [refused, panicked], .. } = self;
        write!(f, "{runs} runs, {faults} faults survived; {refused} steps were refused, {panicked} ended by a panic")
    }
}

/// From one number to the next: `usual`, unless `TAILBITE_FAULTS` is `complete`.
pub fn stride(usual: u64) -> u64 {
    if std::env::var("TAILBITE_FAULTS").is_ok_and(|value| value == "complete") { 1 } else { usual }
}

/// Runs `f` on a thread of its own, whose default heap nobody else uses, and prints what it came to.
///
/// # Panics
/// If nothing failed: then nothing was tested.
pub fn tally(name: &'static str, f: impl FnOnce() -> Tally + Send + 'static) {
    let tally = std::thread::spawn(f).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    println!("{name}: {tally}");
    assert!(tally.faults > 0, "something failed");
}

/// Runs the workload with the plan for every `stride`-th number, until a number comes too late for anything to happen.
pub fn sweep<'a>(stride: u64, plan: impl Fn(u64) -> Plan<'a>) -> Tally {
    let calm = calm();
    let mut tally = Tally::default();
    for number in (0..).step_by(stride.max(1) as usize) {
        let outcome = try_run(&plan(number), calm.left.as_ref());
        if outcome.as_ref().is_ok_and(|outcome| outcome.faults == 0) {
            break;
        }
        tally.add(outcome);
    }
    tally.judged()
}

/// Runs the workload with the plan for every pair of numbers, by strides.
pub fn grid<'a>(ends: [u64; 2], strides: [u64; 2], plan: impl Fn(u64, u64) -> Plan<'a>) -> Tally {
    let calm = calm();
    let mut tally = Tally::default();
    for first in (0..ends[0]).step_by(strides[0].max(1) as usize) {
        // Another remainder each time, so that in the end every second number comes up.
        for second in (first % strides[1].max(1)..ends[1]).step_by(strides[1].max(1) as usize) {
            tally.add(try_run(&plan(first, second), calm.left.as_ref()));
        }
    }
    tally.judged()
}

/// A run without faults, the second on its thread: types, and what belongs to the thread, are there.
pub fn calm() -> Outcome {
    run(&Plan::default(), None);
    let calm = run(&Plan::default(), None);
    assert_eq!(calm.ends[1..], [0, 0], "nothing fails by itself");
    calm
}
