//! minipy: a small Python on the tailbite runtime.
//!
//! It is the reference embedder: it uses the public API only, and no `unsafe`. `README.md` says which Python it speaks.

#![forbid(unsafe_code)]

mod compile;
mod modules;
mod object;
mod syntax;
mod vm;

use std::io::Read;
use std::process::ExitCode;

use vm::Vm;

/// The exit status for a command line that can't be served.
const WRONG_USE: u8 = 2;

/// Enough for the deepest recursion that scripts are allowed, and for the largest syntax trees.
const STACK: usize = 1 << 30;

const USAGE: &str = "usage: minipy [--debug-heap] [--memory-limit SIZE] [-c CODE | FILE | -] [ARGS]...";

const HELP: &str = "\
Runs Python programs (a subset of the language) on the tailbite runtime.

  FILE                  run a file
  -c CODE               run code given as text
  -                     run what comes from standard input (the default)
  ARGS                  passed to the program in sys.argv
  --debug-heap          guard every block of memory, and say if one was misused
  --memory-limit SIZE   what the program's objects may take: bytes, or with K, M or G
                        for 1024, 1024^2 or 1024^3; what is beyond is a MemoryError
  --help                show this
  --version             show the version";

/// How the heap is to be.
#[derive(Clone, Copy, Default)]
struct Memory {
    /// In bytes.
    limit: Option<usize>,
    debug: bool,
}

/// What the command line asks for.
enum Command {
    Run(Program),
    Print(String),
    Fail(String),
}

struct Program {
    source: String,
    filename: String,
    argv: Vec<String>,
    memory: Memory,
}

fn main() -> ExitCode {
    match parse_command_line(std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect()) {
        Command::Print(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Command::Fail(message) => {
            eprintln!("{message}");
            ExitCode::from(WRONG_USE)
        }
        Command::Run(program) => run(program),
    }
}

/// A number of bytes, perhaps with a unit.
fn parse_size(text: &str) -> Option<usize> {
    let (digits, shift) = match text.as_bytes().last()? {
        b'K' | b'k' => (&text[..text.len() - 1], 10),
        b'M' | b'm' => (&text[..text.len() - 1], 20),
        b'G' | b'g' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse::<usize>().ok()?.checked_mul(1 << shift)
}

/// Takes `--memory-limit SIZE` or `--memory-limit=SIZE`, and `--debug-heap`, off.
fn take_memory_options(args: &mut Vec<String>) -> Result<Memory, String> {
    const OPTION: &str = "--memory-limit";
    let mut memory = Memory::default();
    loop {
        if args.first().is_some_and(|first| first == "--debug-heap") {
            args.remove(0);
            memory.debug = true;
            continue;
        }
        let Some(rest) = args.first().and_then(|first| first.strip_prefix(OPTION)) else { break };
        let size = match rest.strip_prefix('=') {
            Some(size) => size.to_owned(),
            None if !rest.is_empty() => break,
            None if args.len() < 2 => return Err(format!("Argument expected for the {OPTION} option\n{USAGE}")),
            None => args.remove(1),
        };
        args.remove(0);
        let bytes = parse_size(&size);
        let message = || format!("{OPTION}: '{size}' is no size: say how many bytes, or how many K, M or G\n{USAGE}");
        memory.limit = Some(bytes.ok_or_else(message)?);
    }
    Ok(memory)
}

fn parse_command_line(mut args: Vec<String>) -> Command {
    let memory = match take_memory_options(&mut args) {
        Ok(memory) => memory,
        Err(message) => return Command::Fail(message),
    };
    match args.first().map(String::as_str) {
        Some("-h" | "--help") => return Command::Print(format!("{USAGE}\n\n{HELP}")),
        Some("-V" | "--version") => return Command::Print(format!("minipy {}", env!("CARGO_PKG_VERSION"))),
        Some("-c") => {
            if args.len() < 2 {
                return Command::Fail(format!("Argument expected for the -c option\n{USAGE}"));
            }
            let source = args.remove(1);
            return Command::Run(Program { source, filename: "<string>".to_owned(), argv: args, memory });
        }
        Some(flag) if flag.starts_with('-') && flag != "-" => {
            return Command::Fail(format!("unknown option {flag}\n{USAGE}\nTry `minipy --help' for more information."));
        }
        _ => {}
    }
    let (bytes, filename) = match args.first().map(String::as_str) {
        None | Some("-") => {
            if args.is_empty() {
                args.push(String::new());
            }
            let mut bytes = Vec::new();
            (std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes), "<stdin>".to_owned())
        }
        Some(path) => {
            // As in CPython, tracebacks show the whole path.
            let whole =
                std::path::absolute(path).map_or_else(|_| path.to_owned(), |p| p.to_string_lossy().into_owned());
            let read = std::fs::read(path);
            (read, whole)
        }
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            let code = error.raw_os_error().unwrap_or(0);
            let text = error.to_string();
            let reason = text.split(" (os error").next().unwrap_or_default();
            return Command::Fail(format!("minipy: can't open file '{filename}': [Errno {code}] {reason}"));
        }
    };
    match String::from_utf8(bytes) {
        Ok(source) => Command::Run(Program { source, filename, argv: args, memory }),
        Err(_) => Command::Fail(format!("minipy: '{filename}' is not UTF-8 text")),
    }
}

/// Runs the program on a thread with a big stack.
fn run(program: Program) -> ExitCode {
    let Program { source, filename, argv, memory } = program;
    let program = move || {
        let source = source.strip_prefix('\u{feff}').unwrap_or(&source);
        let vm = match Vm::start(argv, memory.limit, memory.debug) {
            Ok(vm) => vm,
            Err(message) => {
                eprintln!("minipy: {message}");
                std::process::exit(WRONG_USE.into());
            }
        };
        let status = vm.run_main(source, &filename);
        if memory.debug {
            vm.check_heap();
        }
        // The operating system takes the memory back faster than a heap can be torn down.
        std::process::exit(status)
    };
    let thread = std::thread::Builder::new().name("minipy".to_owned()).stack_size(STACK).spawn(program);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(_)) => {
            eprintln!("minipy: the interpreter failed; this is a bug in minipy");
            ExitCode::from(70)
        }
        Err(error) => {
            eprintln!("minipy: no thread to run on: {error}");
            ExitCode::from(70)
        }
    }
}
