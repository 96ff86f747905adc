//! What the program does when something is wrong: with its arguments, with the machine, or with a peer.

use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gc-bench");

/// Runs the program, which must fail.
fn refused(arguments: &[&str]) -> String {
    failed(&Command::new(PROGRAM).args(arguments).output().expect("the program starts"))
}

/// What a program said that failed.
fn failed(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

#[test]
fn an_unknown_workload_is_answered_with_the_known_ones() {
    for arguments in
        [&["compare", "rinks"][..], &["compare", "handles", "rinks", "--quick"], &["run-one", "rc", "rinks", "1"]]
    {
        let said = refused(arguments);
        assert!(said.starts_with("error: ") && said.contains("\"rinks\""), "{said}");
        for known in ["\n  rings ", "\n  live-random-5m ", "\n  raw-pair "] {
            assert!(said.contains(known), "{said}");
        }
    }
}

#[test]
fn an_unknown_peer_is_answered_with_the_known_ones() {
    for arguments in [&["compare", "--peers", "rc,rx"][..], &["run-one", "rx", "rings", "1"]] {
        let said = refused(arguments);
        assert!(said.starts_with("error: ") && said.contains("\"rx\""), "{said}");
        for known in ["\n  tailbite ", "\n  rc ", "\n  free-list "] {
            assert!(said.contains(known), "{said}");
        }
    }
}

#[test]
fn a_peer_that_is_not_built_in_is_named_with_the_reason() {
    if let Some((name, why)) = gc_bench::matrix::absent().first() {
        let said = refused(&["compare", "--peers", name]);
        assert!(said.contains(name) && said.contains(why), "{said}");
    }
}

#[test]
fn what_is_no_document_of_figures_is_refused() {
    assert!(refused(&["report", "/nowhere/figures.json"]).contains("/nowhere/figures.json"));
    assert!(refused(&["report", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]).contains("no document"));
}

#[test]
fn figures_of_a_file_are_compared_with_the_targets() {
    let report = |median: f64| {
        let row = |peer: &str, median: f64| {
            format!(
                r#"{{"workload":"list","peer":"{peer}","metric":"drop","unit":"ns/node","median":{median},"min":0.0,"max":9.0}}"#
            )
        };
        let file = std::env::temp_dir().join(format!("gc-bench-{}-{median}.json", std::process::id()));
        let rows = [row("tailbite", median), row("rc", 10.0)].join(",");
        std::fs::write(&file, format!(r#"{{"rows":[{rows}]}}"#)).expect("a temporary file");
        let output =
            Command::new(PROGRAM).arg("report").arg(&file).arg("--check").output().expect("the program starts");
        std::fs::remove_file(&file).expect("the file is there");
        output
    };
    let output = report(2.0);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 met, 0 fall short"), "{said}");
    assert!(failed(&report(5.0)).contains("SHORT  list, drop"));
}

#[cfg(unix)]
#[test]
fn an_interpreter_that_cannot_be_linked_is_named() {
    let compare = concat!(env!("CARGO_MANIFEST_DIR"), "/compare.sh");
    for (variable, program, reason) in [
        ("TAILBITE_PYTHON", "/nowhere/python3", "there is no such program"),
        ("PYO3_PYTHON", "true", "it is no Python"),
    ] {
        let mut command = Command::new(compare);
        command.env_remove("TAILBITE_PYTHON").env(variable, program).args(["--quick", "handles"]);
        let said = failed(&command.output().expect("the script starts"));
        let expected = format!("error: {variable} names {program}, which can't be linked: {reason}");
        assert!(said.contains(&expected), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_workload_that_there_is_no_memory_for_is_named_before_anything_runs() {
    let limited = |arguments: &str| {
        let line = format!("ulimit -v 2000000; exec \"$0\" {arguments}");
        Command::new("sh").args(["-c", &line, PROGRAM]).output().expect("the shell starts")
    };
    let said = failed(&limited("compare --peers rc live-random-5m"));
    assert!(said.contains("left out: live-random-5m may need 3.00 GB of memory, and 2.05 GB are available"), "{said}");
    assert!(said.contains("error: there is not enough memory"), "{said}");

    let output = limited("compare --quick --rounds 1 --peers system raw-pair live-random-5m young");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("\nraw-pair ("), "the others are run: {said}");
}

/// Kills each process that a running program starts for a peer, as a crash would.
#[cfg(target_os = "linux")]
fn crash_each_run_of(parent: u32, peer: &str) {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    for child in children.split_whitespace() {
        let arguments = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        if arguments.contains(&format!("\0run-one\0{peer}\0")) {
            let child = child.parse().expect("a process's number");
            // SAFETY: it is a child of a program of this test; nothing of this process is touched.
            unsafe { libc::kill(child, libc::SIGSEGV) };
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_crashes_is_reported_and_the_rest_goes_on() {
    let mut program = Command::new(PROGRAM)
        .args(["compare", "--quick", "--rounds", "2", "--peers", "rc,tailbite-alloc", "handles"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    while program.try_wait().expect("it can be waited for").is_none() {
        crash_each_run_of(program.id(), "rc");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let output = program.wait_with_output().expect("it has ended");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Rc: crashed (signal 11)"), "{said}");
    assert!(said.contains("| Tailbite, without a factory |"), "{said}");
    assert!(!said.contains("| Rc "), "{said}");
}
