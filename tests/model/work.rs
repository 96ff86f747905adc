//! The worker: runs program after program, in this process.

use std::io::{self, Write};
use std::process::ExitCode;

use tailbite_tests::PROGRAMS;

/// Runs the programs of the seeds from `seed` on, until it is told to stop: until nobody reads what it says.
pub(crate) fn work(mut seed: u64) -> ExitCode {
    let mut out = io::stdout().lock();
    let mut done = 0;
    loop {
        let kind = PROGRAMS[seed as usize % PROGRAMS.len()];
        let said = writeln!(out, "{done} {seed}").and_then(|()| out.flush());
        if said.is_err() {
            return ExitCode::SUCCESS;
        }
        let program = kind.random(seed);
        (kind.run)(&program);
        done += kind.operations(&program);
        seed += 1;
    }
}
