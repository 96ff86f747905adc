//! Weak maps and sets: what goes when, what shows, in which order.

mod hostile;
mod iteration;
mod limits;
mod readers;
mod shown;
mod unused;

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{AnyGc, ById, Equivalence, Gc, Generation, Heap, WeakKeyMap, WeakRef, WeakSet, WeakValueMap, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

/// A map from nodes, by identity, to objects of any type.
type NodeMap = Gc<WeakKeyMap<Gc<Node>, AnyGc, ById>>;

fn node_map(heap: &Heap) -> NodeMap {
    WeakKeyMap::with_equivalence(heap, ById)
}

/// All that can be asked of a map and must agree.
fn names<V: tailbite::Trace + Clone, E: Equivalence<Gc<Node>>>(map: &WeakKeyMap<Gc<Node>, V, E>) -> Vec<String> {
    map.check();
    let names: Vec<String> = map.keys().iter().map(|key| key.name().to_owned()).collect();
    assert_eq!(map.len(), names.len());
    assert_eq!(map.is_empty(), names.is_empty());
    assert_eq!(map.iter().map(|(key, _)| key.name().to_owned()).collect::<Vec<_>>(), names);
    assert_eq!(map.values().len(), names.len());
    names
}

#[test]
fn an_entry_goes_with_its_key() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = node_map(&heap);
    let keys: Vec<_> = (0..3).map(|index| Node::alloc(&heap, &log, format!("k{index}"))).collect();
    for key in &keys {
        assert!(map.insert(key, Node::alloc(&heap, &log, format!("value of {}", key.name())).into()).is_none());
    }
    assert_eq!(names(&map), ["k0", "k1", "k2"]);
    let [first, second, third] = keys.try_into().expect("three keys");
    drop(second);
    assert_eq!(log.take(), ["drop value of k1", "drop k1"]);
    assert_eq!(names(&map), ["k0", "k2"]);
    assert!(map.contains(&first) && map.get(&third).is_some());
    drop((first, third));
    assert!(names(&map).is_empty());
    heap.check();
}

#[test]
fn an_entry_goes_in_a_collection_of_any_generation() {
    for (age, generation) in [(0, Generation::Young), (1, Generation::Middle), (2, Generation::Old)] {
        for old_map in [false, true] {
            let (heap, log) = (manual_heap(), Log::new());
            let (map, set) = (node_map(&heap), WeakSet::with_equivalence(&heap, ById));
            let values = WeakValueMap::<i32, Gc<Node>>::new(&heap);
            if old_map {
                heap.collect(Generation::Old);
            }
            let nodes = ring(&heap, &log, "n", 3);
            for (index, node) in nodes.iter().enumerate() {
                map.insert(node, Node::alloc(&heap, &log, format!("value{index}")).into());
                set.insert(node);
                values.insert(index as i32, node);
            }
            for younger in &Generation::ALL[..age] {
                heap.collect(*younger);
            }
            drop(nodes);
            assert_eq!((names(&map).len(), set.len(), values.len()), (3, 3, 3));
            heap.collect(generation);
            assert_eq!((names(&map).len(), set.len(), values.len()), (0, 0, 0), "{generation:?}, old map: {old_map}");
            assert_eq!(log.len(), 6);
            heap.check();
        }
    }
}

#[test]
fn the_order_is_that_of_insertion_and_an_equal_key_stays() {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<String>, i32>::new(&heap);
    let [one, two, three] = ["one", "two", "three"].map(|text| heap.alloc(text.to_owned()));
    for (value, key) in [&one, &two, &three].into_iter().enumerate() {
        assert_eq!(map.insert(key, value as i32), None);
    }
    let other_one = heap.alloc(String::from("one"));
    assert_eq!(map.insert(&other_one, 10), Some(0));
    assert_eq!(map.get(&one), Some(10));
    assert!(Gc::ptr_eq(&map.keys()[0], &one), "the old key object stays");
    drop(one);
    assert_eq!(map.get(&other_one), None, "and its death takes the entry along");
    assert_eq!(map.insert(&other_one, 11), None);
    let items: Vec<(String, i32)> = map.items().iter().map(|(key, value)| (String::clone(key), *value)).collect();
    assert_eq!(items, [("two".into(), 1), ("three".into(), 2), ("one".into(), 11)]);
    assert_eq!(map.pop_item().map(|(key, value)| (String::clone(&key), value)), Some(("one".into(), 11)));
    assert_eq!(map.remove(&two), Some(1));
    assert_eq!(map.remove(&two), None);
    assert_eq!(map.get_or_insert(&two, 5), 5);
    assert_eq!(map.get_or_insert(&two, 6), 5);
    assert_eq!(map.key_refs().iter().filter(|key| key.is_alive()).count(), 2);
    map.clear();
    assert!(map.pop_item().is_none() && map.is_empty());
    assert_eq!(heap.get_weakref_count(&two), 0);
}

#[test]
fn a_value_map_lets_its_keys_go_with_their_values() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = WeakValueMap::<Gc<Node>, Gc<Node>, ById>::with_equivalence(&heap, ById);
    let key = |name: &str| Node::alloc(&heap, &log, name);
    let value = key("value");
    map.insert(key("k1"), &value);
    map.insert(key("k2"), &value);
    assert!(log.is_empty(), "the map keeps its keys");
    drop(value);
    assert_eq!(log.take(), ["drop k2", "drop k1", "drop value"], "newest first");
    assert!(map.is_empty());

    // A ring that dies in a collection; its finalizer sees the map without it, as in CPython.
    let nodes = ring(&heap, &log, "n", 2);
    map.insert(key("k3"), &nodes[0]);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (sink, watched) = (seen.clone(), map.clone());
    Node::on_finalize(&nodes[1], move |_| sink.borrow_mut().push(watched.len()));
    drop(nodes);
    heap.collect(Generation::Old);
    assert_eq!(*seen.borrow(), [0]);
    assert_eq!(log.take(), ["drop k3", "finalize n1", "drop n0", "drop n1"]);
}

#[test]
fn a_value_map_can_be_asked_with_borrowed_keys() {
    let heap = manual_heap();
    let map = WeakValueMap::<String, Gc<i32>>::new(&heap);
    let (one, two) = (heap.alloc(1), heap.alloc(2));
    assert!(map.insert("a".into(), &one).is_none());
    assert_eq!(map.get("a").as_deref(), Some(&1));
    assert_eq!(map.insert("a".into(), &two).as_deref(), Some(&1));
    assert_eq!(map.get("a").as_deref(), Some(&2));
    assert_eq!(map.insert("a".into(), &two).as_deref(), Some(&2), "the same again");
    map.check();
    drop(one);
    assert_eq!(map.items(), [("a".to_owned(), two.clone())], "the entry hangs on its new value only");
    assert!(Gc::ptr_eq(&map.get_or_insert("a".into(), &heap.alloc(3)), &two));
    assert!(Gc::ptr_eq(&map.get_or_insert("b".into(), &two), &two));
    assert_eq!(map.value_refs().len(), 2);
    assert_eq!(map.remove("a").as_deref(), Some(&2));
    assert!(!map.contains("a") && map.contains("b"));
    assert_eq!(map.pop_item().map(|(key, value)| (key, *value)), Some(("b".into(), 2)));
    assert!(map.pop_item().is_none());
    map.check();
}

/// CPython's test_weak_valued_consistency: the removal of a dead value's entry must not hit the entry that replaced it.
#[test]
fn replacing_a_value_whose_death_waits_leaves_the_new_one() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = WeakValueMap::<i32, Gc<Node>>::new(&heap);
    for _ in 0..3 {
        let (old, new) = (Node::alloc(&heap, &log, "old"), Node::alloc(&heap, &log, "new"));
        map.insert(1, &old);
        // The callback runs while the old value is dying.
        let (inner, replacement) = (map.clone(), new.clone());
        let watch = WeakRef::with_callback(&old, callback(move |_: &AnyGc| drop(inner.insert(1, &replacement))));
        drop(old);
        assert!(map.get(&1).is_some_and(|value| Gc::ptr_eq(&value, &new)));
        drop(watch);
        drop(new);
    }
    assert!(map.is_empty());
    map.check();
}

#[test]
fn a_set_has_members_while_they_live() {
    let heap = manual_heap();
    let set = WeakSet::<Gc<str>>::new(&heap);
    let (a, also_a, b) = (heap.alloc_str("a"), heap.alloc_str("a"), heap.alloc_str("b"));
    assert!(set.insert(&a) && set.insert(&b) && !set.insert(&also_a));
    assert!(Gc::ptr_eq(&set.get(&also_a).expect("equal"), &a));
    assert!(set.contains(&also_a) && set.remove(&also_a) && !set.contains(&a));
    assert_eq!(set.to_vec(), std::slice::from_ref(&b));
    assert!(set.insert(&a));
    drop(b);
    assert_eq!(set.pop(), Some(a));
    assert!(set.is_empty() && set.pop().is_none());
    set.check();
}

#[test]
fn entries_are_nobodys_weak_references() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = node_map(&heap);
    let mut node = Node::alloc(&heap, &log, "n");
    map.insert(&node, node.clone().into());
    drop(map.remove(&node));
    map.insert(&node, heap.alloc(1).into());
    assert_eq!(heap.get_weakref_count(&node), 0);
    assert!(heap.get_weakrefs(&node).is_empty());
    assert_eq!(Gc::weak_count(&node), 0);
    assert!(Gc::get_mut(&mut node).is_none(), "but something refers to it");
    let first = WeakRef::with_callback(&node, callback(|_: &AnyGc| {}));
    let plain = WeakRef::new(&node);
    map.insert(&node, heap.alloc(2).into());
    assert_eq!(heap.get_weakref_count(&node), 2);
    let listed = heap.get_weakrefs(&node);
    assert!(listed == [Gc::as_any(&plain), Gc::as_any(&first)]);
    // The payload moves out: for the map, the key is dead.
    let node = Gc::try_unwrap(node).expect("the only handle");
    assert!(map.is_empty() && !first.is_alive());
    drop(node);
}

#[test]
fn containers_stay_where_they_are() {
    let heap = manual_heap();
    let map = WeakKeyMap::<AnyGc, i32>::new(&heap);
    let mut map = Gc::try_unwrap(map).expect_err("known by its address");
    assert!(Gc::get_mut(&mut map).is_none());
    assert!(format!("{map:?}").contains("len: 0"));
}

#[test]
fn callbacks_and_entries_go_in_one_order() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = node_map(&heap);
    for collected in [false, true] {
        let node = Node::alloc(&heap, &log, "key");
        let watch = |name: &'static str| {
            let (log, map) = (log.clone(), map.clone());
            WeakRef::with_callback(&node, callback(move |_: &AnyGc| log.push(format!("{name} {}", map.len()))))
        };
        let older = watch("older");
        map.insert(&node, Node::alloc(&heap, &log, "value").into());
        let newer = watch("newer");
        if collected {
            node.set(0, Some(node.clone()));
            drop(node);
            heap.collect(Generation::Old);
            // As long as a finalizer may bring the key back, its entry stays; but it goes before the payloads.
            let events = log.take();
            assert_eq!(events[..2], ["newer 1", "older 1"]);
            assert_eq!(events.len(), 4, "{events:?}");
            assert!(map.is_empty());
        } else {
            drop(node);
            assert_eq!(log.take(), ["newer 0", "drop value", "older 0", "drop key"]);
        }
        drop((older, newer));
    }
}

#[test]
fn length_is_right_while_keys_wait_for_their_drop() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = node_map(&heap);
    let nodes: Vec<_> = (0..200).map(|index| Node::alloc(&heap, &log, format!("n{index}"))).collect();
    for node in &nodes {
        map.insert(node, heap.alloc(0).into());
    }
    let seen = Rc::new(RefCell::new(Vec::new()));
    for pair in nodes.windows(2) {
        pair[0].set(0, Some(pair[1].clone()));
        let (map, seen) = (map.clone(), seen.clone());
        pair[0].on_drop(move || seen.borrow_mut().push((map.len(), map.keys().len())));
    }
    drop(nodes);
    let seen = seen.borrow();
    assert_eq!(seen.len(), 199);
    assert!(seen.iter().all(|(len, keys)| len == keys), "{seen:?}");
    assert!(seen.is_sorted_by(|a, b| a.0 >= b.0) && map.is_empty());
}

#[test]
fn maps_and_keys_in_different_heaps_end_in_any_order() {
    for order in 0..4 {
        let log = Log::new();
        let (keys, maps) = (manual_heap(), manual_heap());
        let map = node_map(&maps);
        let values = WeakValueMap::<i32, Gc<Node>>::new(&maps);
        let key = Node::alloc(&keys, &log, "key");
        let old_key = Node::alloc(&keys, &log, "old key");
        map.insert(&key, Node::alloc(&maps, &log, "value").into());
        values.insert(1, &key);
        map.insert(&old_key, Node::alloc(&keys, &log, "old value").into());
        leak_ring(&keys, &log, "ring", 2);
        keys.collect(Generation::Old);
        maps.collect(Generation::Old);
        drop(old_key);
        assert_eq!(names(&map), ["key"]);
        match order {
            0 => drop((keys, key, map, maps, values)),
            1 => drop((maps, map, values, keys, key)),
            2 => drop((keys, maps, values, key, map)),
            _ => drop((maps, keys, map, key, values)),
        }
        let events = log.take_sorted();
        assert_eq!(events, ["drop key", "drop old key", "drop old value", "drop ring0", "drop ring1", "drop value"]);
    }
}

#[test]
fn maps_outlive_their_heap() {
    let log = Log::new();
    let heap = manual_heap();
    let map = node_map(&heap);
    let key = Node::alloc(&heap, &log, "key");
    drop(heap);
    map.insert(&key, Gc::with_heap(&key, |heap| Node::alloc(heap, &log, "value")).into());
    assert_eq!(names(&map), ["key"]);
    drop(key);
    assert!(map.is_empty());
    assert_eq!(log.take(), ["drop value", "drop key"]);
}

#[test]
fn bad_hashes_only_cost_time() {
    struct Constant;
    impl Equivalence<Gc<i32>> for Constant {
        fn hash(&self, _: &Gc<i32>) -> u64 {
            7
        }
        fn equivalent(&self, a: &Gc<i32>, b: &Gc<i32>) -> bool {
            a == b
        }
    }
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<i32>, i32, _>::with_equivalence(&heap, Constant);
    let mut keys: Vec<_> = (0..300).map(|index| heap.alloc(index)).collect();
    for key in &keys {
        assert_eq!(map.insert(key, **key), None);
    }
    // From the middle, the front and the back, so that chains are cut everywhere.
    for step in 0..280 {
        let gone = keys.remove([keys.len() / 2, 0, keys.len() - 1][step % 3]);
        drop(gone);
        map.check();
    }
    assert!(keys.iter().all(|key| map.get(key) == Some(**key)));
    assert_eq!(map.len(), 20);
}

#[test]
fn a_map_that_lost_most_of_its_entries_gets_smaller_and_keeps_its_order() {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<i32>, i32>::new(&heap);
    let mut keys: Vec<_> = (0..10_000).map(|index| heap.alloc(index)).collect();
    for key in &keys {
        map.insert(key, 2 * **key);
    }
    keys.retain(|key| **key % 1000 == 0);
    map.check();
    for round in 0..30_000 {
        assert!(map.insert(&heap.alloc(20_000 + round), 0).is_none());
    }
    map.check();
    let kept: Vec<i32> = map.values();
    assert_eq!(kept, [0, 2000, 4000, 6000, 8000, 10_000, 12_000, 14_000, 16_000, 18_000]);
}

#[test]
fn popping_everything_is_linear() {
    let heap = manual_heap();
    let set = WeakSet::with_equivalence(&heap, ById);
    let members: Vec<_> = (0..50_000).map(|index| heap.alloc(index)).collect();
    for member in &members {
        set.insert(member);
    }
    let mut next = members.len();
    while let Some(member) = set.pop() {
        next -= 1;
        assert_eq!(*member, next);
    }
    assert_eq!(next, 0);
}

#[test]
fn one_object_in_many_maps_and_many_times_in_one() {
    let heap = manual_heap();
    let shared = heap.alloc(String::from("shared"));
    let values = WeakValueMap::<u32, Gc<String>>::new(&heap);
    for index in 0..50_000 {
        values.insert(index, &shared);
    }
    let maps: Vec<_> = (0..1000).map(|_| WeakKeyMap::<Gc<String>, u32>::new(&heap)).collect();
    for map in &maps {
        map.insert(&shared, 1);
    }
    for index in (0..50_000).step_by(2) {
        assert!(values.remove(&index).is_some());
    }
    assert_eq!(values.len(), 25_000);
    drop(shared);
    assert!(values.is_empty() && maps.iter().all(|map| map.is_empty()));
    heap.check();
}

#[test]
fn an_iteration_visits_what_was_there_and_still_is_once() {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<i32>, i32>::new(&heap);
    let mut keys: Vec<Option<Gc<i32>>> = (0..1000).map(|index| Some(heap.alloc(index))).collect();
    for key in keys.iter().flatten() {
        map.insert(key, **key);
    }
    let mut extra = Vec::new();
    let mut seen = Vec::new();
    for (key, value) in &*map {
        assert_eq!(*key, value);
        seen.push(value);
        drop(key);
        // The next one goes, and one behind; others come, so that the table is rebuilt now and then.
        keys[value as usize + 1] = None;
        keys[(value as usize * 7) % 1000] = None;
        for _ in 0..3 {
            extra.push(heap.alloc(5000 + extra.len() as i32));
            map.insert(extra.last().expect("just pushed"), -1);
        }
        if value > 900 {
            break;
        }
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "each once, in order");
    assert!(seen.iter().all(|value| *value < 1000) && seen.len() > 100);
    map.check();

    let mut visited = 0;
    for _ in map.iter() {
        visited += 1;
        map.clear();
    }
    assert_eq!(visited, 1);
}

#[test]
fn taking_out_the_first_again_and_again_is_linear() {
    let heap = manual_heap();
    let set = WeakSet::with_equivalence(&heap, ById);
    let members: Vec<_> = (0..30_000).map(|number| heap.alloc(number)).collect();
    for member in &members {
        set.insert(member);
    }
    for (index, member) in members.iter().enumerate() {
        // Passing all the tombstones each time would be half a billion of them.
        let first = set.iter().next().expect("not all are gone");
        assert!(Gc::ptr_eq(&first, member));
        set.remove(&first);
        if index % 1000 == 0 {
            set.check();
            set.insert(member);
            assert_eq!(set.pop().map(|last| *last), Some(index as i32));
        }
    }
    assert!(set.is_empty());
}
