//! Python programs run by minipy and by an installed CPython: the same output, exit status and last line of errors.
//!
//! The oracle is `TAILBITE_PYTHON`, else the newest CPython from 3.11 on that is found. Without one the test is skipped with a
//! message, except in CI, where it fails.
//!
//! A script whose first line is `# minipy OPTIONS` runs with these, and only on minipy: CPython has no such options, so the expected
//! output is in the `.out` file.

mod command_line;
mod oracle;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

use oracle::Oracle;
use table::Differences;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace")
}

/// Builds the interpreter in the profile of this test, once.
pub(crate) fn minipy() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let mut build = Command::new(cargo);
        build.current_dir(root()).args(["build", "--quiet", "--package", "minipy"]);
        // This binary lies in TARGET/PROFILE/deps; the folder of the profile `dev` is called `debug`.
        let this = std::env::current_exe().expect("this program has a path");
        let folder = this.ancestors().nth(2).expect("it lies in a target folder");
        match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => {}
            Some(profile) => drop(build.args(["--profile", profile])),
        }
        let target = folder.parent().expect("the profile's folder lies in the target folder");
        // With `--target` there is one folder more.
        let triple = target
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|name| name.matches('-').count() >= 2 && target.join("../CACHEDIR.TAG").exists());
        let target_folder = match triple {
            Some(triple) => {
                build.args(["--target", triple]);
                target.parent().expect("it lies in the target folder")
            }
            None => target,
        };
        build.env("CARGO_TARGET_DIR", target_folder);
        let status = build.status().expect("cargo runs");
        assert!(status.success(), "minipy does not build");
        folder.join(format!("minipy{}", std::env::consts::EXE_SUFFIX))
    })
}

/// Runs a program, and ends it when it takes too long.
pub(crate) fn run(command: &mut Command) -> Output {
    use std::process::Stdio;
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let id = child.id();
    let (done, waits) = std::sync::mpsc::channel();
    std::thread::spawn(move || drop(done.send(child.wait_with_output())));
    match waits.recv_timeout(Duration::from_secs(180)) {
        Ok(output) => output.expect("its output can be read"),
        Err(_) => {
            drop(Command::new("kill").arg(id.to_string()).status());
            panic!("{command:?} does not come to an end");
        }
    }
}

/// What is compared.
#[derive(Debug, PartialEq, Eq)]
struct Result {
    stdout: String,
    status: Option<i32>,
    /// The last line of stderr of a program that failed.
    error: Option<String>,
    /// Reports of errors in finalizers and callbacks.
    ignored: usize,
}

impl Result {
    fn of(output: &Output) -> Result {
        let stderr = String::from_utf8_lossy(&output.stderr).replace("\r\n", "\n");
        let last = stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        // Each parser words its syntax errors in its own way.
        let last = match last.split_once(':') {
            Some(("SyntaxError" | "IndentationError" | "TabError", _)) => "SyntaxError",
            _ => last,
        };
        Result {
            stdout: String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n"),
            status: output.status.code(),
            error: (!output.status.success()).then(|| last.to_owned()),
            ignored: stderr.lines().filter(|line| line.starts_with("Exception ignored")).count(),
        }
    }
}

/// The programs of a folder, as paths from the root.
fn programs(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.map(|entry| entry.expect("the folder can be read").file_name().into_string().expect("UTF-8"));
    let mut programs: Vec<String> =
        names.filter(|name| name.ends_with(".py")).map(|name| format!("{folder}/{name}")).collect();
    programs.sort();
    assert!(!programs.is_empty(), "{folder} has no programs");
    programs
}

/// The options that a program asks for.
fn options(program: &str) -> Vec<String> {
    let source = std::fs::read_to_string(root().join(program)).unwrap_or_else(|error| panic!("{program}: {error}"));
    let first = source.lines().next().and_then(|line| line.strip_prefix("# minipy "));
    first.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// What is expected of a program, and who says so.
fn expected(program: &str, has_options: bool, oracle: &Oracle, differences: &Differences) -> (Result, String) {
    let mut expected = match has_options {
        true => Result { stdout: String::new(), status: Some(0), error: None, ignored: 0 },
        false => Result::of(&run(&mut oracle.command(root(), program))),
    };
    if !has_options && differences.is_oracle(program, oracle.version) {
        return (expected, oracle.to_string());
    }
    let file = root().join(program).with_extension("out");
    let read = std::fs::read_to_string(&file);
    expected.stdout = read.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    (expected, format!("{}.out", program.trim_end_matches(".py")))
}

/// Runs all programs of a folder and reports all that differ.
fn compare(folder: &str) {
    let Some(oracle) = Oracle::find() else {
        assert!(std::env::var_os("CI").is_none(), "no CPython from 3.11 on was found, and CI needs one as its oracle");
        eprintln!("SKIPPED: no CPython from 3.11 on was found (set TAILBITE_PYTHON); {folder} is not compared");
        return;
    };
    let differences = Differences::read(&root().join("tests/scripts/differences.txt"));
    let mut failures = Vec::new();
    for program in programs(folder) {
        let options = options(&program);
        let ours = run(Command::new(minipy()).current_dir(root()).args(&options).arg(&program));
        let (expected, source) = expected(&program, !options.is_empty(), &oracle, &differences);
        let result = Result::of(&ours);
        if result != expected {
            let stderr = String::from_utf8_lossy(&ours.stderr).into_owned();
            failures
                .push(format!("== {program}\n{}stderr of minipy:\n{stderr}", describe(&result, &expected, &source)));
        }
    }
    assert!(failures.is_empty(), "{} programs differ\n{}", failures.len(), failures.join("\n"));
}

/// The first difference of each kind.
fn describe(ours: &Result, expected: &Result, source: &str) -> String {
    let mut text = String::new();
    let (mut a, mut b) = (ours.stdout.lines(), expected.stdout.lines());
    for line in 1.. {
        match (a.next(), b.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                let show = |line: Option<&str>| line.map_or("(end)".to_owned(), |line| format!("{line:?}"));
                text += &format!("line {line} of the output: minipy {}, {source} {}\n", show(a), show(b));
                break;
            }
        }
    }
    if ours.status != expected.status {
        text += &format!("exit status: minipy {:?}, {source} {:?}\n", ours.status, expected.status);
    }
    if ours.error != expected.error {
        text += &format!("error: minipy {:?}, {source} {:?}\n", ours.error, expected.error);
    }
    if ours.ignored != expected.ignored {
        text += &format!("reports of ignored errors: minipy {}, {source} {}\n", ours.ignored, expected.ignored);
    }
    text
}

#[test]
fn scripts_print_what_cpython_prints() {
    compare("tests/scripts");
}

#[test]
fn cpythons_tests_print_what_cpython_prints() {
    compare("tests/scripts/cpython");
}

#[test]
fn examples_print_what_cpython_prints() {
    compare("minipy/examples");
}
