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

/// Enough for the deepest recursion that scripts are allowed, and for the largest syntax trees.
const STACK: usize = 1 << 30;

const USAGE: &str = "usage: minipy [-c CODE | FILE | -] [ARGS]...";

const HELP: &str = "\
Runs Python programs (a subset of the language) on the tailbite runtime.

  FILE        run a file
  -c CODE     run code given as text
  -           run what comes from standard input (the default)
  ARGS        passed to the program in sys.argv
  --help      show this
  --version   show the version";

/// What the command line asks for.
enum Command {
    Run { source: String, filename: String, argv: Vec<String> },
    Print(String),
    Fail(String),
}

fn main() -> ExitCode {
    match parse_command_line(std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect()) {
        Command::Print(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Command::Fail(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
        Command::Run { source, filename, argv } => run(source, filename, argv),
    }
}

fn parse_command_line(mut args: Vec<String>) -> Command {
    match args.first().map(String::as_str) {
        Some("-h" | "--help") => return Command::Print(format!("{USAGE}\n\n{HELP}")),
        Some("-V" | "--version") => return Command::Print(format!("minipy {}", env!("CARGO_PKG_VERSION"))),
        Some("-c") => {
            if args.len() < 2 {
                return Command::Fail(format!("Argument expected for the -c option\n{USAGE}"));
            }
            let source = args.remove(1);
            return Command::Run { source, filename: "<string>".to_owned(), argv: args };
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
        Ok(source) => Command::Run { source, filename, argv: args },
        Err(_) => Command::Fail(format!("minipy: '{filename}' is not UTF-8 text")),
    }
}

/// Runs the program on a thread with a big stack.
fn run(source: String, filename: String, argv: Vec<String>) -> ExitCode {
    let program = move || {
        let source = source.strip_prefix('\u{feff}').unwrap_or(&source);
        let vm = Vm::start(argv);
        let status = vm.run_main(source, &filename);
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
