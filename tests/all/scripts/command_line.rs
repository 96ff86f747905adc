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
fn the_debug_heap_changes_nothing_that_a_script_sees() {
    let program = "import gc, weakref\nclass A: pass\nfor n in range(300):\n    a = A(); a.me = a; r = weakref.ref(a)\n\
                   del a\ngc.collect()\nprint(r(), sorted({str(n): [n] * n for n in range(50)})[:3])";
    let [plain, debug] = [&[][..], &["--debug-heap"]].map(|options| run(&[options, &["-c", program]].concat(), ""));
    assert_eq!((text(&debug.stdout), text(&debug.stderr)), (text(&plain.stdout), String::new()));
    assert_eq!((debug.status.code(), text(&plain.stdout).as_str()), (Some(0), "None ['0', '1', '10']\n"));
}

#[test]
fn memory_limits() {
    for size in ["2000000", "2000K", "2M", "2m", "1G"] {
        let output = run(&["--memory-limit", size, "-c", "print('fine')"], "");
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("fine\n", Some(0)), "{size}: {output:?}");
    }
    let output = run(&["--memory-limit=2M", "-", "a"], "import sys\nprint(sys.argv)");
    assert_eq!(text(&output.stdout), "['-', 'a']\n");
    for size in ["", "M", "much", "-1", "1.5M", "1T", "99999999999999999999", "99999999999999G"] {
        let output = run(&["--memory-limit", size, "-c", "1"], "");
        assert_eq!(output.status.code(), Some(2), "{size}: {output:?}");
        assert!(text(&output.stderr).contains("is no size"), "{size}: {output:?}");
    }
    let output = run(&["--memory-limit"], "");
    assert_eq!((output.status.code(), text(&output.stderr).contains("--memory-limit")), (Some(2), true));
    for size in ["0", "4096", "100K"] {
        let output = run(&["--memory-limit", size, "-c", "print(1)"], "");
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{size}: {output:?}");
        assert!(text(&output.stderr).contains("too small to start"), "{size}: {output:?}");
    }
}

#[test]
fn a_program_that_exceeds_its_limit_ends_with_a_memory_error() {
    let program = "def grow():\n    things = []\n    while True:\n        things.append([things])\ngrow()\n";
    let output = run(&["--memory-limit", "4M", "-"], program);
    let stderr = text(&output.stderr);
    assert_eq!((output.status.code(), stderr.lines().last()), (Some(1), Some("MemoryError")), "{stderr}");
    assert!(stderr.starts_with("Traceback") && stderr.contains("line 4, in grow"), "{stderr}");
}

/// Whatever the limit is, and so wherever memory is refused: nothing but a `MemoryError`.
#[test]
fn every_limit_is_kept_without_a_panic() {
    let program = "
import gc, weakref

class Node:
    def __init__(self, next):
        self.next = next
        self.me = self
        self.table = {str(i): [i, (i, self)] for i in range(5)}
    def __del__(self):
        deleted.append(repr(self.table.keys()))
    def __eq__(self, other):
        return self is other
    def __hash__(self):
        return len('text' * 3)

def work(count):
    kept = []
    group = set()
    for number in range(count):
        node = Node(weakref.ref(kept[-1]) if kept else None)
        kept.append(node)
        group.add(node)
        yield '%s of %d {}'.format(number) % (node.table, 2 ** number)
    kept.sort(key=lambda node: str(node.table))

deleted = []
for part in work(60):
    pass
gc.collect()
print(len(deleted), sorted(deleted)[:1], 'done'.upper().replace('D', 'd' * 100))
";
    let mut served = 0;
    for limit in (440..1200).step_by(20) {
        let output = run(&["--memory-limit", &format!("{limit}K"), "-"], program);
        let stderr = text(&output.stderr);
        let status = output.status.code();
        assert!(status.is_some_and(|status| status <= 2), "{limit}K: {status:?} {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("memory allocation of"), "{limit}K: {stderr}");
        if status == Some(1) {
            assert!(stderr.lines().any(|line| line == "MemoryError"), "{limit}K: {stderr}");
        }
        served += i32::from(status == Some(0));
    }
    assert!(served > 0, "the largest limits are enough");
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
