//! Weak containers whose tables are rebuilt: while they are iterated over, and so that they stay small.

use tailbite::{ById, Gc, WeakKeyMap, WeakSet};
use tailbite_tests::manual_heap;

/// Far more than the slots that a table of the tests below has at any time: it is rebuilt again and again.
const STEPS: usize = 500;

#[test]
fn whatever_is_there_from_beginning_to_end_is_visited_once() {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<usize>, usize>::new(&heap);
    let mut keys: Vec<Option<Gc<usize>>> = (0..STEPS).map(|number| Some(heap.alloc(number))).collect();
    for key in keys.iter().flatten() {
        map.insert(key, **key);
    }
    let mut seen = Vec::new();
    for (key, value) in &*map {
        drop(key);
        seen.push(value);
        assert!(seen.len() <= STEPS, "{seen:?}");
        // The one before goes, this one stays, and so does the next. Others come and go at the end.
        if value != 0 {
            keys[value - 1] = None;
        }
        for _ in 0..5 {
            map.insert(&heap.alloc(STEPS + value), value);
        }
    }
    assert_eq!(seen, (0..STEPS).collect::<Vec<_>>());
    assert_eq!(map.len(), 1);
    map.check();
}

#[test]
fn what_comes_meanwhile_is_not_visited() {
    let heap = manual_heap();
    let set = WeakSet::with_equivalence(&heap, ById);
    let mut members: Vec<Gc<usize>> = (0..10).map(|number| heap.alloc(number)).collect();
    members.iter().for_each(|member| assert!(set.insert(member)));
    let mut seen = 0;
    for member in set.iter() {
        assert!(*member < 10);
        seen += 1;
        for _ in 0..STEPS {
            members.push(heap.alloc(10));
            set.insert(&members[members.len() - 1]);
        }
    }
    assert_eq!((seen, set.len()), (10, 10 + 10 * STEPS));
    set.check();
}

#[test]
fn entries_that_come_and_go_need_no_more_room() {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<usize>, usize>::new(&heap);
    let churn = |entries: usize, rounds: usize| {
        let mut keys: Vec<Gc<usize>> = (0..entries).map(|number| heap.alloc(number)).collect();
        for round in 0..rounds {
            keys[round % entries] = heap.alloc(round);
            map.insert(&keys[round % entries], round);
        }
        map.check();
        assert_eq!(map.len(), entries);
        heap.memory().bytes.allocated
    };
    let few = churn(100, 1000);
    assert!(few >= 100 * (40 + 4), "slots and an index, at least: {few}");
    assert!(churn(100, 20_000) <= few + few / 4, "tombstones are forgotten");
    let many: Vec<Gc<usize>> = (0..20_000).map(|number| heap.alloc(number)).collect();
    for key in &many {
        map.insert(key, 0);
    }
    drop(many);
    assert!(churn(100, 20_000) <= 2 * few, "a table that lost most of its entries gets smaller");
}
