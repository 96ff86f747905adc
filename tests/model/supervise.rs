//! The supervisor: counts, and shrinks what failed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tailbite_tests::{PROGRAMS, ProgramKind, shrink, to_hex};

/// Programs that the shrinker runs.
const ATTEMPTS: usize = 4000;

/// An attempt that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is to be run.
enum Amount {
    Seconds(u64),
    Operations(u64),
}

impl Amount {
    /// `90` is seconds, `2000000ops` operations.
    fn parse(text: &str) -> Option<Amount> {
        match text.strip_suffix("ops") {
            Some(operations) => operations.parse().ok().map(Amount::Operations),
            None => text.parse().ok().map(Amount::Seconds),
        }
    }

    fn is_reached(&self, seconds: u64, operations: u64) -> bool {
        match self {
            Amount::Seconds(wanted) => seconds >= *wanted,
            Amount::Operations(wanted) => operations >= *wanted,
        }
    }
}

/// What a worker said last.
#[derive(Default)]
struct Progress {
    operations: u64,
    seed: u64,
}

/// Runs programs until there were enough, or one failed.
pub(crate) fn supervise(amount: &str, seed: Option<&str>) -> ExitCode {
    let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_micros() as u64);
    let seed = seed.map_or_else(|| Some(fresh()), |seed| seed.parse().ok());
    let (Some(amount), Some(first)) = (Amount::parse(amount), seed) else {
        eprintln!("an amount is SECONDS or a number of operations like 2000000ops, a seed is a number");
        return ExitCode::from(2);
    };
    println!("seed {first}; kinds: {}", PROGRAMS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", "));
    let mut worker = start(&["work", &first.to_string()]);
    let start = Instant::now();
    let mut told = 0;
    let mut progress = Progress::default();
    let lines = BufReader::new(worker.stdout.take().expect("its output is a pipe")).lines();
    for line in lines.map_while(Result::ok) {
        // (Programs that tell what they do say other things in between.)
        let mut numbers = line.split(' ').map_while(|word| word.parse().ok());
        let (Some(operations), Some(seed)) = (numbers.next(), numbers.next()) else { continue };
        progress = Progress { operations, seed };
        let seconds = start.elapsed().as_secs();
        if seconds >= told + 5 {
            told = seconds;
            println!("{seconds:5} s: {operations:10} operations, {:7} per second", operations / seconds);
        }
        if amount.is_reached(seconds, operations) {
            worker.kill().expect("the worker is this process's own");
            worker.wait().expect("the worker ends");
            println!("{operations} operations in {seconds} s, seeds {first} to {seed}: all as it must be");
            return ExitCode::SUCCESS;
        }
    }
    let status = worker.wait().expect("the worker ends");
    report(&progress, status)
}

/// Says which program failed, and its small form.
fn report(progress: &Progress, status: ExitStatus) -> ExitCode {
    let kind = PROGRAMS[progress.seed as usize % PROGRAMS.len()];
    let program = kind.random(progress.seed);
    println!(
        "\nFAILED: {} program of seed {} ({status}), after {} operations",
        kind.name, progress.seed, progress.operations
    );
    println!("shrinking {} operations ...", kind.operations(&program));
    if !fails(&kind, &program) {
        println!("it doesn't fail by itself: run the seed again with what came before it");
        return ExitCode::FAILURE;
    }
    let small = shrink(&program, kind.header, kind.operation, ATTEMPTS, |candidate| fails(&kind, candidate));
    let text = format!("{}:{}", kind.name, to_hex(&small));
    println!("{} operations are left:\n", kind.operations(&small));
    println!("{}", told(&text));
    println!("replay with: TAILBITE_TELL=1 TAILBITE_PROGRAM={text} tests/model.sh");
    ExitCode::FAILURE
}

fn start(arguments: &[&str]) -> Child {
    let this = std::env::current_exe().expect("this program has a path");
    Command::new(this).args(arguments).stdout(Stdio::piped()).spawn().expect("this program starts")
}

/// Whether a program fails, in a process of its own.
fn fails(kind: &ProgramKind, program: &[u8]) -> bool {
    let text = format!("{}:{}", kind.name, to_hex(program));
    let this = std::env::current_exe().expect("this program has a path");
    let quiet = Command::new(this).args(["once", &text]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut attempt = quiet.expect("this program starts");
    let start = Instant::now();
    loop {
        if let Some(status) = attempt.try_wait().expect("the attempt is this process's own") {
            return !status.success();
        }
        if start.elapsed() > PATIENCE {
            attempt.kill().expect("as above");
            attempt.wait().expect("as above");
            return true;
        }
        std::thread::sleep(Duration::from_micros(300));
    }
}

/// What a program tells that it does, and how it fails.
fn told(text: &str) -> String {
    let this = std::env::current_exe().expect("this program has a path");
    let output =
        Command::new(this).args(["once", text]).env("TAILBITE_TELL", "1").output().expect("this program starts");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
