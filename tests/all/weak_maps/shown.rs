//! What inspection shows of weak containers: them, and what their entries own, but never an entry.

use std::fmt::Display;

use tailbite::{AnyGc, ById, DebugFlags, Gc, Generation, WeakKeyMap, WeakSet, WeakValueMap};
use tailbite_tests::{Log, Node, manual_heap};

type Map = WeakKeyMap<Gc<Node>, Gc<Node>, ById>;

#[test]
fn entries_are_not_shown() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = Map::with_equivalence(&heap, ById);
    let values = WeakValueMap::<Gc<Node>, Gc<Node>, ById>::with_equivalence(&heap, ById);
    let (key, value) = (Node::alloc(&heap, &log, "key"), Node::alloc(&heap, &log, "value"));
    map.insert(&key, value.clone());
    values.insert(value.clone(), &key);
    let mut shown = heap.get_objects(None);
    let all: [AnyGc; 4] = [map.clone().into(), values.clone().into(), key.clone().into(), value.clone().into()];
    assert!(shown.len() == 4 && all.iter().all(|object| shown.contains(object)));
    shown.clear();
    assert!(heap.get_referrers(&[value.clone().into()]) == all[..2], "the containers hold what their entries own");
    assert!(heap.get_referrers(&[key.into()]).is_empty());
    assert!(heap.get_referents(&[map.into(), values.into()]) == [value.clone().into(), value.into()]);
}

#[test]
fn garbage_that_is_kept_has_lost_its_entries() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = Map::with_equivalence(&heap, ById);
    heap.set_debug(DebugFlags::SAVEALL);
    let key = Node::alloc(&heap, &log, "key");
    let value = Node::alloc(&heap, &log, "value");
    value.link(&key);
    map.insert(&key, value);
    drop(key);
    heap.collect(Generation::Old);
    assert!(map.is_empty() && log.is_empty());
    map.check();
    let garbage = heap.take_garbage();
    let names: Vec<_> = garbage.iter().filter_map(|object| Some(object.downcast_ref::<Node>()?.name())).collect();
    assert!(garbage.len() == 2 && names.contains(&"key") && names.contains(&"value"), "{garbage:?}");
    heap.set_debug(DebugFlags::empty());
    drop(garbage);
    assert_eq!(log.take_sorted(), ["drop key", "drop value"], "nothing counts on them any more");
    heap.check();
    assert_eq!(heap.object_count(), 1);

    // A map that is garbage itself keeps the entries of living keys.
    heap.set_debug(DebugFlags::SAVEALL);
    let living = Node::alloc(&heap, &log, "living");
    let holder = Node::alloc(&heap, &log, "holder");
    holder.hold(map.clone());
    map.insert(&living, holder);
    drop(map);
    heap.collect(Generation::Old);
    let garbage = heap.take_garbage();
    assert_eq!(garbage.len(), 2);
    let map = garbage.iter().find_map(|object| object.downcast_ref::<Map>()).expect("kept");
    assert_eq!(map.get(&living).map(|holder| holder.name().to_owned()).as_deref(), Some("holder"));
    map.check();
    heap.set_debug(DebugFlags::empty());
    drop(garbage);
    heap.collect(Generation::Old);
    drop(living);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn keys_may_be_handles_that_were_unsized() {
    let heap = manual_heap();
    let number = heap.alloc(41);
    let shown = || -> Gc<dyn Display> { Gc::unsize(number.clone(), |number| number as &dyn Display) };
    let map = WeakKeyMap::<Gc<dyn Display>, i32, ById>::with_equivalence(&heap, ById);
    let set = WeakSet::<Gc<[u8]>>::new(&heap);
    let bytes: Gc<[u8]> = heap.alloc_slice(*b"bytes");
    assert!(map.insert(&shown(), 1).is_none() && set.insert(&bytes));
    assert_eq!(map.insert(&shown(), 2), Some(1), "another handle to the same object");
    assert_eq!(map.keys().iter().map(|key| key.to_string()).collect::<Vec<_>>(), ["41"]);
    assert!(set.contains(&heap.alloc_slice(*b"bytes")) && &*set.to_vec()[0] == b"bytes");
    drop((number, bytes));
    assert!(map.is_empty() && set.is_empty());
}
