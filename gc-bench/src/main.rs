//! The program `gc-bench`: see `gc-bench help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gc_bench::command::main()
}
