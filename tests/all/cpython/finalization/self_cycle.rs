//! SelfCycleFinalizationTest: an object that refers to itself.

use super::super::Call;
use super::{Bench, Kind, alive};
use tailbite::WeakRef;
use tailbite_tests::Log;

#[test]
fn test_simple() {
    let bench = Bench::new();
    let weak = bench.leak_ring(&[Kind::Simple]);
    assert_eq!(alive(&weak), 1, "nothing dies before a collection");
    assert_eq!(bench.collect(), 1);
    for _ in 0..2 {
        assert_eq!((bench.record.call_ids(), bench.record.survivor_ids()), (vec![0], vec![]));
        assert_eq!(alive(&weak), 0);
        assert_eq!(bench.collect(), 0);
    }
}

#[test]
fn test_simple_resurrect() {
    let (bench, log) = (Bench::new(), Log::new());
    let weak = bench.leak_ring(&[Kind::Resurrecting]);
    let called = WeakRef::with_callback(&weak[0].get().expect("alive"), Call::new(&log, "c"));
    assert_eq!(bench.collect(), 0, "what lives on was not collected");
    assert_eq!((bench.record.call_ids(), bench.record.survivor_ids()), (vec![0], vec![0]));
    // The newest rule: a plain reference survives with its object, one with a callback is spent.
    assert_eq!(alive(&weak), 1);
    assert!(!called.is_alive());
    assert_eq!(log.count("call c"), 1);
    bench.record.clear_survivors();
    assert_eq!(bench.collect(), 1);
    assert_eq!((bench.record.call_ids(), bench.record.survivor_ids()), (vec![0], vec![]));
    assert_eq!(alive(&weak), 0);
    assert_eq!(log.count("call c"), 1);
}

#[test]
fn test_simple_suicide() {
    let bench = Bench::new();
    let weak = bench.leak_ring(&[Kind::Suicidal]);
    assert_eq!(bench.collect(), 0, "it died by count, while finalizers ran");
    for _ in 0..2 {
        assert_eq!((bench.record.call_ids(), bench.record.survivor_ids()), (vec![0], vec![]));
        assert_eq!(alive(&weak), 0);
        assert_eq!(bench.collect(), 0);
    }
}
