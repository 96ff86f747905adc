//! One program, in this process: an attempt of the shrinker, or a replay.

use std::process::ExitCode;

use tailbite_tests::{ProgramKind, from_hex};

/// A kind and the bytes of a program, from `KIND:HEX`.
pub(crate) fn parse(text: &str) -> Option<(ProgramKind, Vec<u8>)> {
    let (kind, bytes) = text.split_once(':')?;
    Some((ProgramKind::named(kind)?, from_hex(bytes)?))
}

/// Runs a program. A failure is a panic.
pub(crate) fn run(text: &str) -> ExitCode {
    let Some((kind, program)) = parse(text) else {
        eprintln!("a program is KIND:HEX");
        return ExitCode::from(2);
    };
    (kind.run)(&program);
    ExitCode::SUCCESS
}

/// Runs a program that failed once, and says how it went.
pub(crate) fn replay(text: &str) -> ExitCode {
    let code = run(text);
    println!("the program runs to its end");
    code
}
