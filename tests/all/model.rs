//! Random programs on the runtime and on the naive models, and chaos programs, which have none: user code at every place.
//!
//! `TAILBITE_MODEL_CASES` sets the number of programs, for a long run; `tests/model.sh` runs millions of operations.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tailbite_tests::{Machine, ObjectKind, Op, Place, ProgramKind, Random, read_program, shrink, to_hex};

fn cases(normal: u32) -> Config {
    let asked = std::env::var("TAILBITE_MODEL_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(normal), failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() }
}

/// Runs programs of a kind with up to `length` operations. Each operation is an element of its own, so that shrinking takes out whole ones.
fn run(kind: &str, first: u8, config: Config, length: usize) {
    let kind = ProgramKind::named(kind).expect("there is such a kind");
    let operation = prop::collection::vec(any::<u8>(), kind.operation);
    let programs = (any::<u8>(), prop::collection::vec(operation, 1..length));
    let result = TestRunner::new(config).run(&programs, |(header, operations)| {
        let program = [&[header & 0xFE | first][..kind.header], &operations.concat()].concat();
        catch_unwind(AssertUnwindSafe(|| (kind.run)(&program))).map_err(|_| {
            TestCaseError::fail(format!("TAILBITE_PROGRAM={}:{} tests/model.sh", kind.name, to_hex(&program)))
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn short_programs() {
    run("model", 0, cases(500), 30);
}

#[test]
fn long_programs() {
    run("model", 0, cases(50), 300);
}

#[test]
fn programs_with_automatic_collections() {
    run("model", 1, cases(150), 200);
}

#[test]
fn programs_over_weak_containers() {
    run("weak-maps", 0, cases(150), 120);
}

#[test]
fn chaos_in_one_heap() {
    run("chaos", 0, cases(150), 100);
}

#[test]
fn chaos_in_several_heaps() {
    run("chaos", 1, cases(150), 100);
}

/// What must be found is found, and shrunk to the operations that matter.
#[test]
fn a_machine_that_misbehaves_is_caught_and_the_program_shrunk() {
    let kind = ProgramKind::named("model").expect("there is such a kind");
    let fails = |bytes: &[u8]| {
        let program = read_program(&bytes[kind.header..]);
        catch_unwind(AssertUnwindSafe(|| Machine::misbehaving().run(&program))).is_err()
    };
    let found = (1..100).map(|seed| kind.random(seed)).find(|program| fails(program));
    let program = found.expect("in a hundred programs it shows");
    let small = shrink(&program, kind.header, kind.operation, 4000, fails);
    let operations = read_program(&small[kind.header..]);
    assert!(operations.len() <= 8, "{operations:?}");
    assert!(matches!(operations.last(), Some(Op::Pop(..))), "{operations:?}");
    assert!(catch_unwind(|| Machine::exact().run(&operations)).is_ok(), "the runtime itself is right");
}

/// A program needs all of three operations to fail, and one byte at 7 or more.
#[test]
fn the_shrinker_keeps_what_is_needed() {
    let fails = |bytes: &[u8]| {
        let kinds: Vec<u8> = bytes[1..].chunks(3).map(|operation| operation[0]).collect();
        let mut wanted = [4, 9, 4].iter();
        let mut next = wanted.next();
        for kind in kinds {
            if next == Some(&kind) {
                next = wanted.next();
            }
        }
        next.is_none() && bytes[0] >= 7
    };
    let mut random = Random::new(3);
    let mut program = vec![200];
    program.extend((0..400).flat_map(|_| [random.below(10) as u8, 1, 2]));
    assert!(fails(&program));
    assert_eq!(shrink(&program, 1, 3, 10_000, fails), [7, 4, 0, 0, 9, 0, 0, 4]);
}

#[test]
fn the_same_bytes_are_the_same_program() {
    assert_eq!(read_program(&[0, 1, 17, 0, 71, 5]), [Op::Alloc(1, ObjectKind::Tuple, 0), Op::Clone(5)]);
    assert_eq!(read_program(&[151, 1, 1, 2]), [Op::Push(1, Place::Items, 2)]);
}
