//! Mistakes of a host's unsafe code, one a run, to show which tool catches which; and the same without the mistake, which must be silent.
//!
//! ```text
//! seeded --list TOOL              the mistakes that a tool catches, each with a part of what it says
//! seeded --table                  the table for docs/testing.md
//! seeded [--debug-heap] MISTAKE   makes it
//! seeded [--debug-heap] --clean MISTAKE
//! ```

mod mistakes;

use std::process::ExitCode;

use mistakes::{MISTAKES, Mistake, TOOLS};
use tailbite::{Generation, Heap, Trigger};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (debug_heap, rest) = match &arguments[..] {
        ["--table"] => {
            print!("{}", table());
            return ExitCode::SUCCESS;
        }
        ["--list", tool] => return list(tool),
        ["--debug-heap", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (clean, name) = match rest {
        ["--clean", name] => (true, name),
        [name] => (false, name),
        _ => return usage(),
    };
    let Some(mistake) = MISTAKES.iter().find(|mistake| mistake.name == *name) else {
        return usage();
    };
    run(mistake, clean, debug_heap);
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    let names = MISTAKES.map(|mistake| mistake.name).join(" ");
    eprintln!("usage: seeded --list TOOL | --table | [--debug-heap] [--clean] MISTAKE\ntools: {}", TOOLS.join(" "));
    eprintln!("mistakes: {names}");
    ExitCode::FAILURE
}

fn run(mistake: &Mistake, clean: bool, debug_heap: bool) {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Manual);
    heap.set_debug_heap(debug_heap);
    // Neighbours, so that pools stay.
    let kept = [(); 10].map(|()| heap.alloc([0_u64; 4]));
    (mistake.make)(&heap, clean);
    heap.collect(Generation::Old);
    heap.trim();
    heap.collect(Generation::Young);
    heap.check();
    drop(kept);
}

fn list(tool: &str) -> ExitCode {
    let Some(index) = TOOLS.iter().position(|known| *known == tool) else {
        return usage();
    };
    for mistake in &MISTAKES {
        if let Some(says) = mistake.says[index] {
            println!("{}\t{says}", mistake.name);
        }
    }
    ExitCode::SUCCESS
}

fn table() -> String {
    let mut text = format!("| mistake | {} |\n|---{}|\n", TOOLS.join(" | "), "|---".repeat(TOOLS.len()));
    for mistake in &MISTAKES {
        let cells = mistake.says.map(|says| if says.is_some() { "yes" } else { "-" }).join(" | ");
        text += &format!("| `{}`: {} | {cells} |\n", mistake.name, mistake.what);
    }
    text
}
