//! CycleChainFinalizationTest: rings whose objects know both neighbours, with finalizers of several kinds.

use super::Kind::{Resurrecting, Simple, Suicidal};
use super::{Bench, Kind, alive};

/// A ring that dies in one collection, which says that it collected `collected` (the others died by count before).
fn dies(kinds: &[Kind], collected: usize) {
    let bench = Bench::new();
    let weak = bench.leak_ring(kinds);
    let ids: Vec<usize> = (0..kinds.len()).collect();
    assert_eq!(alive(&weak), kinds.len());
    assert_eq!(bench.collect(), collected);
    for _ in 0..2 {
        assert_eq!(bench.record.call_ids(), ids);
        assert!(bench.record.survivor_ids().is_empty());
        assert_eq!(alive(&weak), 0);
        assert_eq!(bench.collect(), 0);
    }
    drop(weak);
    assert_eq!(bench.heap.object_count(), 0);
}

/// A ring that is resurrected as a whole, by some of its objects, and dies when those are let go.
fn comes_back(kinds: &[Kind]) {
    let bench = Bench::new();
    let weak = bench.leak_ring(kinds);
    let ids: Vec<usize> = (0..kinds.len()).collect();
    let survivors: Vec<usize> = ids.iter().copied().filter(|id| kinds[*id] == Resurrecting).collect();
    assert_eq!(bench.collect(), 0);
    assert_eq!((bench.record.call_ids(), bench.record.survivor_ids()), (ids.clone(), survivors));
    assert_eq!(alive(&weak), kinds.len(), "each is reachable from a survivor, and its plain reference works");
    assert_eq!(bench.collect(), 0);
    bench.record.clear_survivors();
    assert_eq!(bench.collect(), kinds.len());
    assert_eq!((bench.record.call_ids(), bench.record.survivor_ids()), (ids, vec![]));
    assert_eq!(alive(&weak), 0);
    drop(weak);
    assert_eq!(bench.heap.object_count(), 0);
}

#[test]
fn test_homogenous() {
    dies(&[Simple; 3], 3);
}

#[test]
fn test_homogenous_resurrect() {
    comes_back(&[Resurrecting; 3]);
}

#[test]
fn test_homogenous_suicidal() {
    dies(&[Suicidal; 3], 0);
}

#[test]
fn test_heterogenous_suicidal_one() {
    // Each simple one is left by both its neighbours, and dies by count.
    dies(&[Suicidal, Simple, Suicidal, Simple], 0);
}

#[test]
fn test_heterogenous_suicidal_two() {
    // The two simple ones still have each other, and the suicidal ones.
    dies(&[Suicidal, Suicidal, Simple, Simple], 4);
}

#[test]
fn test_heterogenous_resurrect_one() {
    comes_back(&[Resurrecting, Simple, Resurrecting, Simple]);
}

#[test]
fn test_heterogenous_resurrect_two() {
    comes_back(&[Resurrecting, Simple, Suicidal, Resurrecting, Simple, Suicidal]);
}

#[test]
fn test_heterogenous_resurrect_three() {
    comes_back(&[Resurrecting, Resurrecting, Simple, Simple, Suicidal, Suicidal]);
}
