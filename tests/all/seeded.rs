//! Seeded mistakes: each that the debug heap catches is caught, and the same program without the mistake is silent. Other tools have their
//! scripts for it (`tests/seeded.sh`).

use std::process::{Command, Output};

use crate::tidy::sources::root;

fn seeded(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seeded")).args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_debug_heap_catches_what_it_should() {
    let list = text(&seeded(&["--list", "debug-heap"]).stdout);
    assert!(list.lines().count() >= 8);
    for (name, says) in list.lines().map(|line| line.split_once('\t').expect("a name and what is said")) {
        let found = text(&seeded(&["--debug-heap", name]).stderr);
        assert!(found.contains(says), "{name}: {found}");
        let clean = seeded(&["--debug-heap", "--clean", name]);
        assert_eq!((text(&clean.stderr).as_str(), clean.status.success()), ("", true), "{name}");
    }
}

#[test]
fn the_table_of_tools_is_what_the_runs_show() {
    let table = text(&seeded(&["--table"]).stdout);
    let page = std::fs::read_to_string(root().join("docs/testing.md")).expect("the page is there");
    assert!(page.contains(&table), "docs/testing.md should have this table:\n{table}");
}
