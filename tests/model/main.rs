//! Millions of operations of random programs: what `tests/model.sh` runs.
//!
//! One process supervises. It starts workers, which run the programs of consecutive seeds and say before each what they are about to do. A
//! worker that ends early, by a panic, a signal or a sanitizer's report, leaves the seed of the program behind; that is shrunk, each attempt
//! in a process of its own, and written down.

mod once;
mod supervise;
mod work;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Ok(program) = std::env::var("TAILBITE_PROGRAM") {
        return once::replay(&program);
    }
    match arguments.as_slice() {
        ["work", seed] => work::work(seed.parse().expect("a seed")),
        ["once", program] => once::run(program),
        [] => supervise::supervise("60", None),
        [amount] => supervise::supervise(amount, None),
        [amount, seed] => supervise::supervise(amount, Some(seed)),
        _ => {
            eprintln!("usage: model [SECONDS|OPERATIONSops] [SEED]");
            ExitCode::from(2)
        }
    }
}
