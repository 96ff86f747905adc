//! What fuzzers have found: each kept input, and each one that ever crashed, runs again.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use tailbite_tests::{on_stack, run_chaos, run_derive, run_program, run_raw, run_weak_maps};

type Program = fn(&[u8]);

/// The stack that a fuzzer's main thread has; syn, which recurses on nested tokens, needs more than a test has where nothing is optimised.
const STACK: usize = 8 << 20;

/// The fuzz targets: the programs of `tests/fuzz/targets`.
const TARGETS: [(&str, Program); 5] = [
    ("chaos", run_chaos),
    ("derive", run_derive),
    ("program", run_program),
    ("raw_allocator", run_raw),
    ("weak_maps", run_weak_maps),
];

fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind)
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut inputs: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    inputs.sort();
    inputs
}

/// Replays all inputs of a kind, and gives their number.
fn replay(kind: &str) -> usize {
    let mut count = 0;
    for (target, run) in TARGETS {
        for input in inputs(&folder(kind).join(target)) {
            let bytes = fs::read(&input).expect("the input can be read");
            let result = catch_unwind(|| on_stack(STACK, move || run(&bytes)));
            assert!(result.is_ok(), "{target} fails on {}", input.display());
            count += 1;
        }
    }
    count
}

#[test]
fn what_crashed_once_runs() {
    replay("regressions");
}

#[test]
fn the_kept_corpora_run() {
    assert!(replay("corpus") > 100, "the corpora are kept");
}

#[test]
fn every_target_is_replayed() {
    let files = inputs(&folder("targets"));
    let names: Vec<&str> = files.iter().filter_map(|file| file.file_stem()?.to_str()).collect();
    assert_eq!(names, TARGETS.map(|(name, _)| name));
    for kind in ["corpus", "regressions"] {
        let folders = inputs(&folder(kind));
        let unknown = folders.iter().find(|folder| !names.iter().any(|name| folder.ends_with(name)));
        assert_eq!(unknown, None, "it belongs to no target");
    }
}
