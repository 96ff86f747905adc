//! One run in a process of its own: its heap is nobody else's, its peak memory is its own, and whatever happens to it is survived.

use std::env;
use std::fmt;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::outcome::Outcome;

/// A run that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The peer's name.
    pub peer: &'a str,
    /// The workload's name.
    pub workload: &'a str,
    /// The number of items.
    pub items: usize,
    /// The stack, in MiB.
    pub stack: usize,
}

/// What came out of a run.
pub type Answer = Result<Outcome, Failure>;

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The process was ended by a signal, as it is by an overflow of the stack.
    Killed(i32),
    /// The process ended itself; the last thing that it said.
    Failed(String),
    /// It took too long.
    Late(Duration),
    /// It could not be started, or said something that is no outcome.
    Unreadable(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Killed(signal) => write!(f, "crashed (signal {signal})"),
            Failure::Failed(said) => write!(f, "failed: {said}"),
            Failure::Late(Duration::ZERO) => write!(f, "not begun: no time was left"),
            Failure::Late(patience) => write!(f, "not done after {} s", patience.as_secs()),
            Failure::Unreadable(why) => write!(f, "no answer: {why}"),
        }
    }
}

/// Runs a job as `gc-bench run-one` in a child process, and waits for its answer, but not longer than it has patience.
///
/// # Errors
/// [`Failure`], whatever goes wrong.
pub fn run_child(job: Job<'_>, patience: Duration) -> Answer {
    if patience.is_zero() {
        return Err(Failure::Late(patience));
    }
    let unreadable = |error: io::Error| Failure::Unreadable(error.to_string());
    let mut child = Command::new(env::current_exe().map_err(unreadable)?)
        .args(["run-one", job.peer, job.workload, &job.items.to_string(), "--stack", &job.stack.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(unreadable)?;
    let (out, err) = (read_all(child.stdout.take()), read_all(child.stderr.take()));
    let status = wait(&mut child, patience).map_err(unreadable)?;
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    match status {
        Some(status) => interpret(status, &out, &err),
        None => Err(Failure::Late(patience)),
    }
}

/// Reads a pipe to its end on a thread of its own, so that a child that says much isn't held up.
fn read_all(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for a child; ends it when patience does.
fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Makes an answer of how a child ended and what it said.
fn interpret(status: ExitStatus, out: &str, err: &str) -> Answer {
    if let Some(signal) = signal(status) {
        return Err(Failure::Killed(signal));
    }
    if !status.success() {
        // A panic's message is on the line after where it was; hints come last.
        let said = err.lines().filter(|line| !line.starts_with("note: ")).rfind(|line| !line.trim().is_empty());
        return Err(Failure::Failed(said.unwrap_or("it said nothing").to_owned()));
    }
    serde_json::from_str(out.trim()).map_err(|error| Failure::Unreadable(error.to_string()))
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt;
    status.signal()
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::{Failure, interpret};
    use crate::measure::Outcome;

    #[test]
    fn a_signal_is_a_crash() {
        assert_eq!(interpret(ExitStatus::from_raw(11), "", ""), Err(Failure::Killed(11)));
    }

    #[test]
    fn a_failure_says_what_the_child_said() {
        let err = "thread 'main' panicked at x.rs:1:\nnothing is left\nnote: run with RUST_BACKTRACE=1\n";
        assert_eq!(interpret(ExitStatus::from_raw(256), "", err), Err(Failure::Failed("nothing is left".to_owned())));
    }

    #[test]
    fn an_outcome_is_read_back() {
        let outcome = Outcome::new(7).with("build", "ns/node", 1.5).noting("leaks");
        let line = serde_json::to_string(&outcome).unwrap();
        assert_eq!(interpret(ExitStatus::from_raw(0), &line, ""), Ok(outcome));
        assert!(matches!(interpret(ExitStatus::from_raw(0), "{", ""), Err(Failure::Unreadable(_))));
    }
}
