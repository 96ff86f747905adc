//! Random programs on the runtime and on the naive model, side by side.
//!
//! `TAILBITE_MODEL_CASES` sets the number of programs, for a long run.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tailbite_tests::{FinalizerKind, Machine, Op, Program};

fn cases(normal: u32) -> Config {
    let asked = std::env::var("TAILBITE_MODEL_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(normal), failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() }
}

fn finalizer() -> impl Strategy<Value = FinalizerKind> {
    prop_oneof![
        4 => Just(FinalizerKind::None),
        1 => Just(FinalizerKind::Log),
        1 => Just(FinalizerKind::Resurrect),
        1 => Just(FinalizerKind::Unlink),
    ]
}

/// Handles are few, so that small numbers meet the same objects again and again.
fn op() -> impl Strategy<Value = Op> {
    let (index, small) = (|| 0_usize..24, || 0_usize..3);
    prop_oneof![
        1 => Just(Op::OpenHeap),
        1 => small().prop_map(Op::CloseHeap),
        24 => (small(), finalizer()).prop_map(|(heap, kind)| Op::Alloc(heap, kind)),
        2 => small().prop_map(Op::AllocCyclic),
        4 => index().prop_map(Op::Clone),
        24 => index().prop_map(Op::Drop),
        16 => (index(), small(), index()).prop_map(|(from, cell, to)| Op::Set(from, cell, to)),
        3 => (index(), small()).prop_map(|(from, cell)| Op::Clear(from, cell)),
        12 => (index(), index()).prop_map(|(from, to)| Op::Push(from, to)),
        4 => (index(), small()).prop_map(|(from, edge)| Op::Pop(from, edge)),
        4 => (index(), small()).prop_map(|(from, edge)| Op::Follow(from, edge)),
        4 => index().prop_map(Op::Downgrade),
        4 => index().prop_map(Op::Watch),
        3 => index().prop_map(Op::WeakRef),
        2 => index().prop_map(Op::DropWeak),
        2 => index().prop_map(Op::DropWatch),
        4 => index().prop_map(Op::Upgrade),
        2 => index().prop_map(Op::Unwrap),
        8 => (small(), small()).prop_map(|(heap, generation)| Op::Collect(heap, generation)),
        2 => (index(), small(), small()).prop_map(|(node, heap, generation)| Op::CollectBorrowed(node, heap, generation)),
        2 => (index(), small(), small()).prop_map(|(node, heap, generation)| Op::CollectLent(node, heap, generation)),
    ]
}

fn programs(length: usize) -> impl Strategy<Value = Program> {
    prop::collection::vec(op(), 1..length)
}

fn run(config: Config, length: usize, machine: fn() -> Machine) {
    let result = TestRunner::new(config).run(&programs(length), |program| {
        machine().run(&program);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn short_programs() {
    run(cases(600), 30, Machine::exact);
}

#[test]
fn long_programs() {
    run(cases(60), 300, Machine::exact);
}

#[test]
fn programs_with_automatic_collections() {
    run(cases(200), 200, Machine::automatic);
}
