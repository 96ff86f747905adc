//! Ephemerons: an entry of a key-weak map holds its value only while both the map and the key are alive (S9).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, ById, Gc, Generation, Heap, Trace, WeakKeyMap, WeakRef, callback};
use tailbite_tests::{Log, Node, manual_heap, on_small_stack, ring};

type Map = WeakKeyMap<Gc<Node>, Gc<Node>, ById>;
type AnyMap = WeakKeyMap<Gc<Node>, AnyGc, ById>;

fn map(heap: &Heap) -> Gc<Map> {
    WeakKeyMap::with_equivalence(heap, ById)
}

/// A key and a value that holds it; the handle to the key is the only one.
fn self_holding(heap: &Heap, log: &Log, map: &Map, name: &str) -> Gc<Node> {
    let key = Node::alloc(heap, log, format!("{name} key"));
    let value = Node::alloc(heap, log, format!("{name} value"));
    value.link(&key);
    map.insert(&key, value);
    key
}

#[test]
fn a_value_that_refers_to_its_own_key_is_collected() {
    for generation in Generation::ALL {
        for older_map in [false, true] {
            let (heap, log) = (manual_heap(), Log::new());
            let map = map(&heap);
            if older_map {
                heap.collect(Generation::Old);
            }
            let key = self_holding(&heap, &log, &map, "n");
            heap.collect(generation);
            assert!(log.is_empty() && map.len() == 1, "the key is held");
            drop(key);
            assert!(log.is_empty(), "the value holds the key");
            // They are a generation older by now, unless the collection was a full one.
            let oldest = if generation == Generation::Young { Generation::Middle } else { Generation::Old };
            assert_eq!(heap.collect(oldest), 3, "key, value, entry");
            assert_eq!(log.take_sorted(), ["drop n key", "drop n value"]);
            map.check();
            assert!(map.is_empty());
            heap.check();
        }
    }
}

#[test]
fn young_ephemerons_of_an_old_map_go_in_a_young_collection() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = map(&heap);
    let old_key = self_holding(&heap, &log, &map, "old");
    heap.collect(Generation::Old);
    drop(self_holding(&heap, &log, &map, "young"));
    let living = self_holding(&heap, &log, &map, "living");
    assert_eq!(heap.collect(Generation::Young), 3);
    assert_eq!(log.take_sorted(), ["drop young key", "drop young value"]);
    assert_eq!(map.len(), 2);
    drop((old_key, living));
    assert_eq!(heap.collect(Generation::Old), 6);
    assert!(map.is_empty());
}

#[test]
fn finalizers_and_callbacks_do_not_keep_ephemerons() {
    for with_callback in [false, true] {
        let (heap, log) = (manual_heap(), Log::new());
        let map = map(&heap);
        let key = self_holding(&heap, &log, &map, "n");
        Node::on_finalize(&key, |_| {});
        Node::on_finalize(&map.get(&key).expect("there"), |_| {});
        let watch = with_callback.then(|| WeakRef::with_callback(&key, callback(|_: &AnyGc| {})));
        drop(key);
        assert_eq!(heap.collect(Generation::Old), 3, "detected again, and still garbage");
        let finalized = ["drop n key", "drop n value", "finalize n key", "finalize n value"];
        assert_eq!(log.take_sorted(), finalized);
        assert!(map.is_empty());
        drop(watch);
    }
}

#[test]
fn chains_of_ephemerons_are_marked_and_collected_in_linear_time() {
    on_small_stack(|| {
        const LENGTH: usize = 100_000;
        #[derive(Trace)]
        struct Link(RefCell<Option<Gc<Link>>>);
        for backwards in [false, true] {
            let heap = manual_heap();
            let map = WeakKeyMap::<Gc<Link>, Gc<Link>, ById>::with_equivalence(&heap, ById);
            let mut keys: Vec<_> = (0..LENGTH).map(|_| heap.alloc(Link(RefCell::default()))).collect();
            if backwards {
                keys.reverse();
            }
            for pair in keys.windows(2) {
                // The value of each key holds the next key.
                map.insert(&pair[0], heap.alloc(Link(RefCell::new(Some(pair[1].clone())))));
            }
            let first = keys.swap_remove(0);
            drop(keys);
            assert_eq!(heap.collect(Generation::Old), 0, "the first key leads to all others");
            assert_eq!(map.len(), LENGTH - 1);
            // The last key leads to the first: garbage, once the handle to that is gone.
            let last = {
                let mut at = first.clone();
                while let Some(value) = map.get(&at) {
                    at = value.0.borrow().clone().expect("each value holds a key");
                }
                at
            };
            *last.0.borrow_mut() = Some(first.clone());
            drop((first, last));
            assert_eq!(heap.collect(Generation::Old), 3 * LENGTH - 2);
            assert!(map.is_empty());
            heap.check();
        }
    });
}

#[test]
fn chains_of_ephemerons_die_by_count_on_a_small_stack() {
    on_small_stack(|| {
        let (heap, log) = (manual_heap(), Log::new());
        // An entry takes no scope, of which as many as there may be would not fit.
        heap.set_drop_nesting(64);
        let map = map(&heap);
        let keys: Vec<_> = (0..20_000).map(|_| Node::alloc(&heap, &log, "key")).collect();
        for pair in keys.windows(2) {
            map.insert(&pair[0], pair[1].clone());
        }
        let first = keys[0].clone();
        drop(keys);
        assert_eq!((map.len(), log.len()), (19_999, 0));
        drop(first);
        assert_eq!((map.len(), log.len()), (0, 20_000));
    });
}

#[test]
fn a_key_that_only_another_value_holds_lives_with_that() {
    let (heap, log) = (manual_heap(), Log::new());
    // In two maps, made in either order, so that each is traced before the other once.
    for first_is_outer in [false, true] {
        let (one, two) = (map(&heap), map(&heap));
        let (outer, inner) = if first_is_outer { (one, two) } else { (two, one) };
        let (k1, k2) = (Node::alloc(&heap, &log, "k1"), Node::alloc(&heap, &log, "k2"));
        let v2 = Node::alloc(&heap, &log, "v2");
        v2.link(&k2);
        inner.insert(&k2, v2);
        outer.insert(&k1, k2);
        heap.collect(Generation::Old);
        assert_eq!((outer.len(), inner.len()), (1, 1));
        assert!(log.is_empty());
        k1.set(0, Some(k1.clone()));
        drop(k1);
        heap.collect(Generation::Old);
        assert_eq!((outer.len(), inner.len()), (0, 0));
        assert_eq!(log.take_sorted(), ["drop k1", "drop k2", "drop v2"]);
    }
}

#[test]
fn ephemerons_that_hold_each_other_are_collected() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = map(&heap);
    let keys: Vec<_> = (0..5).map(|index| Node::alloc(&heap, &log, format!("k{index}"))).collect();
    for index in 0..5 {
        map.insert(&keys[index], keys[(index + 1) % 5].clone());
    }
    let third = keys[3].clone();
    drop(keys);
    heap.collect(Generation::Old);
    assert_eq!(map.len(), 5);
    drop(third);
    heap.collect(Generation::Old);
    assert_eq!((map.len(), log.len()), (0, 5));
}

/// A payload that holds a map.
#[derive(Trace)]
struct Holder {
    map: RefCell<Option<Gc<AnyMap>>>,
}

#[test]
fn a_map_in_a_cycle_with_its_value_is_collected() {
    let (heap, log) = (manual_heap(), Log::new());
    for key_lives in [false, true] {
        let map = AnyMap::with_equivalence(&heap, ById);
        let key = Node::alloc(&heap, &log, "key");
        let value = Node::alloc(&heap, &log, "value");
        let holder = heap.alloc(Holder { map: RefCell::new(Some(map.clone())) });
        value.hold(holder);
        map.insert(&key, value.into());
        let key = key_lives.then_some(key);
        assert_eq!(map.len(), usize::from(key_lives));
        drop(map);
        heap.collect(Generation::Old);
        assert_eq!(log.take_sorted(), if key_lives { vec!["drop value"] } else { vec!["drop key", "drop value"] });
        heap.check();
        if let Some(key) = &key {
            assert!(Gc::is_unique(key), "nothing refers to the key any more");
        }
        drop(key);
        log.take();
    }
}

#[test]
fn a_map_that_its_own_value_holds_lives_with_the_key_and_the_map() {
    let (heap, log) = (manual_heap(), Log::new());
    // The key holds the map, whose value holds the key: all of it garbage, or none.
    let map = AnyMap::with_equivalence(&heap, ById);
    let key = Node::alloc(&heap, &log, "key");
    key.hold(map.clone());
    let value = Node::alloc(&heap, &log, "value");
    value.link(&key);
    map.insert(&key, value.into());
    drop(map);
    assert_eq!(heap.collect(Generation::Old), 0);
    let again = key.any.borrow()[0].clone();
    drop(key);
    assert_eq!(heap.collect(Generation::Old), 3, "the map is held, but not the key");
    let map: Gc<AnyMap> = again.downcast().expect("the map");
    assert!(map.is_empty());
    assert_eq!(log.take_sorted(), ["drop key", "drop value"]);
}

#[test]
fn what_a_finalizer_brings_back_keeps_its_entry() {
    for (what, expected) in [("key", 1), ("value", 1), ("other", 0)] {
        let (heap, log) = (manual_heap(), Log::new());
        let map = map(&heap);
        let key = self_holding(&heap, &log, &map, "n");
        let value = map.get(&key).expect("there");
        let other = Node::alloc(&heap, &log, "n other");
        other.set(0, Some(other.clone()));
        let saved = Rc::new(RefCell::new(None));
        let sink = saved.clone();
        let saves = match what {
            "key" => &key,
            "value" => &value,
            _ => &other,
        };
        Node::on_finalize(saves, move |node| *sink.borrow_mut() = Some(node.clone()));
        drop((key, value, other));
        heap.collect(Generation::Old);
        assert_eq!(map.len(), expected, "{what}");
        map.check();
        heap.check();
        // (The value holds the key, so the key comes back with it.)
        let left = 3 - log.count("drop n key") - log.count("drop n value") - log.count("drop n other");
        assert_eq!(left, if what == "other" { 1 } else { 2 }, "{what}");
        saved.take().expect("saved").unlink();
        heap.collect(Generation::Old);
        assert_eq!(map.len(), 0);
        assert_eq!(log.count("drop n key") + log.count("drop n value") + log.count("drop n other"), 3, "{what}");
    }
}

#[test]
fn a_map_that_comes_back_has_its_entries() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = AnyMap::with_equivalence(&heap, ById);
    let nodes = ring(&heap, &log, "n", 2);
    nodes[0].hold(map.clone());
    let key = Node::alloc(&heap, &log, "key");
    map.insert(&key, Node::alloc(&heap, &log, "value").into());
    map.insert(&nodes[1], nodes[0].clone().into());
    let saved = Rc::new(RefCell::new(None));
    let sink = saved.clone();
    Node::on_finalize(&nodes[0], move |node| *sink.borrow_mut() = Some(node.any.borrow()[0].clone()));
    drop((map, nodes));
    heap.collect(Generation::Old);
    let map: Gc<AnyMap> = saved.take().expect("saved").downcast().expect("the map");
    map.check();
    assert_eq!(map.items().len(), 1, "the one whose key lives");
    assert!(map.contains(&key));
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1", "finalize n0"]);
    heap.check();
}

#[test]
fn a_finalizer_may_change_the_map_of_its_own_key() {
    for action in 0..4 {
        let (heap, log) = (manual_heap(), Log::new());
        let map = map(&heap);
        let key = self_holding(&heap, &log, &map, "n");
        let (inner, log_inner, heap_view) = (map.clone(), log.clone(), Gc::as_any(&map));
        let calls = Rc::new(Cell::new(0));
        let counter = calls.clone();
        Node::on_finalize(&key, move |key| {
            counter.set(counter.get() + 1);
            match action {
                0 => drop(inner.remove(key)),
                1 => inner.clear(),
                2 => {
                    let new = heap_view.with_heap(|heap| Node::alloc(heap, &log_inner, "new value"));
                    new.link(key);
                    assert!(inner.insert(key, new).is_some());
                }
                _ => {
                    drop(inner.remove(key));
                    assert!(inner.insert(key, key.clone()).is_none());
                }
            }
        });
        drop(key);
        heap.collect(Generation::Old);
        heap.collect(Generation::Old);
        assert_eq!((map.len(), calls.get()), (0, 1), "{action}");
        assert_eq!((log.count("drop n key"), log.count("drop n value")), (1, 1), "{action}");
        map.check();
        heap.check();
    }
}

#[test]
fn hubs_may_be_keys_and_values() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = map(&heap);
    let key = self_holding(&heap, &log, &map, "hub");
    let value = map.get(&key).expect("there");
    let holders: Vec<_> = (0..2000).map(|_| Node::alloc(&heap, &log, "holder")).collect();
    for holder in &holders {
        holder.link(&key);
        holder.link(&value);
        value.link(holder);
    }
    drop(value);
    heap.collect(Generation::Old);
    assert_eq!(map.len(), 1);
    drop((key, holders));
    assert_eq!(heap.collect(Generation::Old), 2003);
    assert!(map.is_empty());
}

#[test]
fn wide_maps_are_followed_when_marking_runs_out_of_stack() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = map(&heap);
    // Far more keys at once than the mark stack of a stress build holds.
    let root = Node::alloc(&heap, &log, "root");
    for _ in 0..5000 {
        let key = Node::alloc(&heap, &log, "key");
        let value = Node::alloc(&heap, &log, "value");
        let beyond = Node::alloc(&heap, &log, "beyond");
        beyond.link(&key);
        value.link(&beyond);
        map.insert(&key, value);
        root.link(&key);
    }
    assert_eq!(heap.collect(Generation::Old), 0);
    assert_eq!(map.len(), 5000);
    root.unlink();
    assert_eq!(heap.collect(Generation::Old), 4 * 5000);
    assert!(map.is_empty());
}

#[test]
fn immortal_maps_let_their_ephemerons_go() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = map(&heap);
    heap.make_immortal(&map);
    drop(self_holding(&heap, &log, &map, "n"));
    assert_eq!(heap.collect(Generation::Old), 3);
    assert!(map.is_empty());
}

#[test]
fn a_collection_in_another_heap_does_not_confuse_entries() {
    // The entry is unreachable in the collection of its own heap when its key dies in a collection of another one.
    let log = Log::new();
    let (here, there) = (manual_heap(), Rc::new(manual_heap()));
    let map = AnyMap::with_equivalence(&here, ById);
    let nodes = ring(&here, &log, "n", 2);
    nodes[0].hold(map.clone());
    let key = Node::alloc(&there, &log, "key");
    key.set(0, Some(key.clone()));
    map.insert(&key, Node::alloc(&here, &log, "value").into());
    drop(key);
    let saved = Rc::new(RefCell::new(None));
    let (sink, other) = (saved.clone(), there.clone());
    Node::on_finalize(&nodes[1], move |node| {
        assert_eq!(other.collect(Generation::Old), 1);
        *sink.borrow_mut() = Some(node.clone());
    });
    drop((map, nodes));
    here.collect(Generation::Old);
    assert_eq!(log.take_sorted(), ["drop key", "drop value", "finalize n1"]);
    here.check();
    drop(saved.take());
    here.collect(Generation::Old);
    assert_eq!(here.object_count(), 0, "and no count was left behind");
}
