//! minipy's command line: what a user types, and what they get wrong.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use super::{minipy, root};

/// Runs minipy with arguments and a text on its standard input.
fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(minipy());
    command.current_dir(root()).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("minipy runs");
    // A program that does not read its input closes it.
    drop(child.stdin.take().expect("it is piped").write_all(input.as_bytes()));
    child.wait_with_output().expect("its output can be read")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn code_from_the_command_line() {
    let output = run(&["-c", "import sys\nprint(1 + 1, sys.argv)", "a", "-b"], "");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("2 ['-c', 'a', '-b']\n", Some(0)));
}

#[test]
fn code_from_standard_input() {
    let output = run(&["-"], "print('from stdin')\nraise ValueError('no')\n");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("from stdin\n", Some(1)));
    assert_eq!(text(&output.stderr).lines().last(), Some("ValueError: no"));
}

#[test]
fn files_that_cannot_be_read() {
    for path in ["no/such/file.py", "tests"] {
        let output = run(&[path], "");
        assert!(output.status.code().is_some_and(|code| code == 1 || code == 2), "{path}: {output:?}");
        assert!(text(&output.stderr).contains(path), "{path}: {output:?}");
    }
}

#[test]
fn flags() {
    for flag in ["--help", "--version"] {
        let output = run(&[flag], "");
        assert!(output.status.success() && text(&output.stdout).contains("minipy"), "{flag}: {output:?}");
    }
    let output = run(&["--no-such-flag"], "");
    assert_eq!((output.status.code(), output.stderr.is_empty()), (Some(2), false));
}

#[test]
fn errors_name_file_and_line() {
    let output = run(&["tests/scripts/traceback_simple.py"], "");
    let stderr = text(&output.stderr);
    assert!(stderr.starts_with("Traceback (most recent call last):\n"), "{stderr}");
    for (line, function) in [(13, "<module>"), (5, "f"), (9, "g")] {
        let place = format!("traceback_simple.py\", line {line}, in {function}");
        assert!(stderr.contains(&place), "{place} is not in\n{stderr}");
    }
    let output = run(&["tests/scripts/syntax_error.py"], "");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("syntax_error.py\", line 2"), "{stderr}");
}

#[test]
fn nested_source_is_refused_or_served() {
    let depth = 20_000;
    let sources = [
        format!("x = {}1{}", "(".repeat(depth), ")".repeat(depth)),
        format!("x = {}", "[".repeat(depth)),
        format!("x = {}1", "-".repeat(depth)),
        format!("x = {}1", "not ".repeat(depth)),
        format!("x = 1{}", " + 1".repeat(depth)),
        format!("x = a{}", ".b".repeat(depth)),
        format!("x = {}1", "lambda: ".repeat(depth)),
        (0..1000).map(|level| format!("{}if True:\n", " ".repeat(level))).collect::<String>()
            + &" ".repeat(1000)
            + "pass\n",
    ];
    for source in sources {
        let output = run(&["-"], &source);
        let start: String = source.chars().take(30).collect();
        assert!(output.status.code().is_some_and(|code| code <= 1), "{start}...: {:?}", output.status);
        assert_eq!(output.status.success(), output.stderr.is_empty(), "{start}...");
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    let mut command = Command::new(minipy());
    command.args(["-c", "for i in range(100000):\n    print(i)\n"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("minipy runs");
    let mut start = [0; 10];
    child.stdout.take().expect("it is piped").read_exact(&mut start).expect("it prints");
    let output = child.wait_with_output().expect("it ends");
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
    assert!(output.status.code().is_some() || !output.status.success());
}

#[test]
fn hostile_programs_end_with_an_error() {
    let programs = [
        "def f():\n    f()\nf()",
        "x = 10 ** 10 ** 10",
        "x = 'a' * 10 ** 15",
        "x = [0] * 10 ** 15",
        "x = 1 << 10 ** 15",
        "l = []\nfor i in range(100000):\n    l = [l]\nprint(repr(l))",
        "class A:\n    def __del__(self):\n        self.__del__()\nA()",
        "class A:\n    def __eq__(self, other):\n        return self == other\nA() == A()",
        "class A:\n    def __getattr__(self, name):\n        return getattr(self, name)\nA().x",
        "d = {}\nfor k in range(10):\n    d[k] = 0\nfor k in d:\n    del d[k]",
        "l = [3, 1, 2]\nl.sort(key=lambda x: l.clear() or x)",
    ];
    for program in programs {
        let output = run(&["-c", program], "");
        assert!(output.status.code().is_some_and(|code| code <= 1), "{program}: {:?}", output.status);
        let stderr = text(&output.stderr);
        assert!(!stderr.contains("panicked") && !stderr.contains("overflowed its stack"), "{program}: {stderr}");
    }
}
