//! The private objects behind weak containers and `finalize`, which `get_objects` hands out: kept, rooted, used as keys.

use std::cell::Cell;
use std::rc::Rc;

use tailbite::{AnyGc, ById, Gc, Generation, Heap, WeakKeyMap, WeakRef, WeakSet, WeakValueMap, callback};

use crate::common::{Loud, Node, manual};

type Map = WeakKeyMap<AnyGc, AnyGc, ById>;

/// A map with one entry, its key, and the entry itself: what came to be by the insertion.
fn entry_of(heap: &Heap, drops: &Rc<Cell<usize>>) -> (Gc<Map>, Gc<Node>, Vec<AnyGc>) {
    let map = Map::with_equivalence(heap, ById);
    let key = Node::alloc(heap, None);
    let value = heap.alloc(Loud(drops.clone()));
    let before = heap.get_objects(None);
    map.insert(&Gc::as_any(&key), value.into());
    let entries: Vec<AnyGc> = heap.get_objects(None).into_iter().filter(|object| !before.contains(object)).collect();
    (map, key, entries)
}

#[test]
fn an_entry_outlives_its_map_and_its_key() {
    for order in 0..3 {
        let (heap, drops) = (manual(), Rc::default());
        let (map, key, entries) = entry_of(&heap, &drops);
        match order {
            0 => drop((map, key)),
            1 => drop((key, map)),
            _ => {
                map.clear();
                map.insert(&Gc::as_any(&key), heap.alloc(1).into());
                drop((map, key));
            }
        }
        heap.collect(Generation::Old);
        heap.check();
        let referents = heap.get_referents(&entries);
        assert!(referents.len() <= 1);
        drop((referents, entries));
        heap.collect(Generation::Old);
        assert_eq!((drops.get(), heap.object_count()), (1, 0), "order {order}");
    }
}

#[test]
fn an_immortal_entry_lets_its_key_die() {
    let (heap, drops) = (manual(), Rc::default());
    let (map, key, entries) = entry_of(&heap, &drops);
    for entry in &entries {
        heap.make_immortal(entry);
    }
    drop(entries);
    let weak = Gc::downgrade(&key);
    drop(key);
    heap.collect(Generation::Old);
    assert!(weak.upgrade().is_none() && map.is_empty());
    map.check();
    heap.check();
    let key = AnyGc::from(Node::alloc(&heap, None));
    map.insert(&key, heap.alloc(2).into());
    drop(map);
    heap.check();
    drop(heap);
    drop(key);
    assert_eq!(drops.get(), 1);
}

#[test]
fn an_entry_is_its_own_key_and_its_own_value() {
    let (heap, drops) = (manual(), Rc::default());
    let (map, key, entries) = entry_of(&heap, &drops);
    for entry in entries {
        map.insert(&entry, entry.clone());
        map.insert(&Gc::as_any(&key), entry.clone());
        let weak = WeakRef::with_callback(&entry, callback(|_| ()));
        map.insert(&Gc::as_any(&weak), entry);
    }
    map.insert(&Gc::as_any(&map), Gc::as_any(&map));
    heap.collect(Generation::Old);
    map.check();
    heap.check();
    drop(key);
    heap.collect(Generation::Old);
    heap.check();
    map.check();
    drop(map);
    heap.collect(Generation::Old);
    heap.collect(Generation::Old);
    assert_eq!((drops.get(), heap.object_count()), (1, 0));
}

#[test]
fn entries_of_entries_of_entries() {
    let (heap, drops) = (manual(), Rc::default());
    let (map, key, _) = entry_of(&heap, &drops);
    for _ in 0..5 {
        for object in heap.get_objects(None) {
            map.insert(&object, map.get(&object).unwrap_or(Gc::as_any(&key)));
        }
    }
    heap.check();
    let set = WeakSet::<AnyGc, ById>::with_equivalence(&heap, ById);
    let values = WeakValueMap::<usize, AnyGc>::new(&heap);
    for (n, object) in heap.get_objects(None).iter().enumerate() {
        set.insert(object);
        values.insert(n, object);
        heap.finalize(object, set.clone(), |set| drop(set.pop()));
    }
    map.check();
    set.check();
    values.check();
    heap.collect(Generation::Old);
    heap.freeze();
    drop(key);
    heap.unfreeze();
    heap.collect(Generation::Old);
    heap.check();
    drop((map, values, set));
    heap.run_exit_finalizers();
    heap.collect(Generation::Old);
    heap.collect(Generation::Old);
    heap.check();
    drop(heap);
    assert_eq!(drops.get(), 1);
}

#[test]
fn the_reference_of_a_finalize_is_taken_and_kept() {
    let heap = manual();
    let calls = Rc::new(Cell::new(0));
    let (object, count) = (Node::alloc(&heap, None), calls.clone());
    let finalize = heap.finalize(&object, 1, move |_| count.set(count.get() + 1));
    let weakrefs = heap.get_weakrefs(&object);
    let callbacks: Vec<AnyGc> =
        weakrefs.iter().filter_map(|weak| weak.downcast_ref::<WeakRef>().and_then(WeakRef::callback)).collect();
    let everything = heap.get_referents(&callbacks);
    for object in weakrefs.iter().chain(&callbacks) {
        heap.make_immortal(object);
        heap.add_root_any(object.clone());
        heap.finalize(object, (), |()| ());
    }
    assert!(finalize.detach().is_some());
    drop(object);
    assert_eq!(calls.get(), 0);
    let object = Node::alloc(&heap, None);
    let count = calls.clone();
    heap.finalize(&object, 1, move |_| count.set(count.get() + 1));
    heap.get_weakrefs(&object).iter().for_each(|weak| heap.make_immortal(weak));
    drop(object);
    assert_eq!(calls.get(), 1);
    heap.check();
    drop((heap, weakrefs, callbacks, everything));
}

#[test]
fn the_objects_of_one_heap_are_keys_of_a_map_of_another_that_ends_first() {
    for end in [true, false] {
        let (a, b, drops) = (manual(), manual(), Rc::default());
        let (map, key, entries) = entry_of(&a, &drops);
        let foreign = AnyGc::from(Node::alloc(&b, None));
        map.insert(&foreign, foreign.clone());
        for entry in &entries {
            let other = Map::with_equivalence(&b, ById);
            other.insert(entry, Gc::as_any(&map));
            b.add_root(other);
        }
        if end {
            drop(a);
            drop((key, map));
            b.collect(Generation::Old);
            b.check();
            drop(b);
        } else {
            drop(b);
            drop(key);
            a.collect(Generation::Old);
            a.check();
            drop((map, a));
        }
        drop((entries, foreign));
        assert_eq!(drops.get(), 1, "{end}");
    }
}
