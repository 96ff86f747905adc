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
