//! WeakValueDictionary.

use tailbite::{Gc, Heap, WeakValueMap};
use tailbite_tests::manual_heap;

use super::super::super::collect;
use super::super::super::gc::automatic;
use super::{COUNT, Object, RefCycle, objects, sorted};

type Map = WeakValueMap<usize, Gc<Object>>;

fn make(heap: &Heap) -> (Gc<Map>, Vec<Gc<Object>>) {
    let (map, objects) = (Map::new(heap), objects(heap));
    for object in &objects {
        assert!(map.insert(object.0, object).is_none());
    }
    (map, objects)
}

fn make_cycles(heap: &Heap, count: usize) -> Gc<WeakValueMap<usize, Gc<RefCycle>>> {
    let map = WeakValueMap::new(heap);
    for (key, cycle) in (0..count).map(|_| RefCycle::alloc(heap)).collect::<Vec<_>>().into_iter().enumerate() {
        map.insert(key, &cycle);
    }
    map
}

#[test]
fn test_weak_valued_len_cycles() {
    let heap = manual_heap();
    let map = make_cycles(&heap, 20);
    assert_eq!(map.len(), 20);
    let mut iter = map.iter();
    let first = iter.next();
    collect(&heap);
    assert_eq!(map.len(), 1, "the one that was given out");
    drop(first);
    collect(&heap);
    assert_eq!(map.len(), 0);
    assert!(iter.next().is_none() && map.is_empty());
}

#[test]
fn test_weak_valued_len_race() {
    for threshold in 1..100 {
        let heap = automatic([threshold; 3]);
        let map = make_cycles(&heap, 20);
        let before = {
            let mut iter = map.iter();
            drop(iter.next());
            map.len()
        };
        let after = map.len();
        assert!(before <= 20 && after <= before, "{threshold}: {before}, {after}");
        assert!(map.items().len() <= after);
    }
}

#[test]
fn test_weak_values() {
    let heap = manual_heap();
    let (map, mut objects) = make(&heap);
    for object in &objects {
        assert!(Gc::ptr_eq(object, &map.get(&object.0).expect("it is there")));
        assert_eq!(Gc::strong_count(object), 1, "the map does not count");
    }
    let items = map.items();
    assert_eq!(sorted(items.iter().map(|(key, value)| (*key, value.0))), sorted((0..COUNT).map(|n| (n, n))));
    drop(items);
    assert_eq!(map.len(), COUNT);
    drop(objects.remove(0));
    assert_eq!(map.len(), COUNT - 1);
    drop(objects);
    assert_eq!(map.len(), 0);
    assert!(map.get(&1).is_none());
    map.insert(2, &heap.alloc(Object(2)));
    assert!(map.get(&2).is_none() && !map.contains(&2), "nobody holds it");
}

#[test]
fn test_weak_valued_iters() {
    let heap = manual_heap();
    let (map, objects) = make(&heap);
    let all = sorted(0..COUNT);
    assert_eq!(sorted(map.iter().map(|(_, value)| value.0)), all);
    assert_eq!(sorted(map.items().iter().map(|(_, value)| value.0)), all);
    assert_eq!(sorted(map.keys()), all);
    assert_eq!(sorted(map.values().iter().map(|value| value.0)), all);
    let references = map.value_refs();
    let found = references.iter().map(|reference| reference.get().expect("alive").downcast::<Object>().expect("ours"));
    assert_eq!(sorted(found.map(|value| map.get(&value.0).expect("in the map").0)), all);
    drop(objects);
    assert!(references.iter().all(|reference| reference.get().is_none()));
    assert!(map.keys().is_empty() && map.values().is_empty() && map.iter().next().is_none());
}

#[test]
fn test_weak_values_destroy_while_iterating() {
    let heap = manual_heap();
    // A value dies after the first step.
    let (map, mut objects) = make(&heap);
    for _ in 0..4 {
        let count = map.len();
        let mut iter = map.iter();
        assert!(iter.next().is_some());
        drop(objects.pop());
        collect(&heap);
        assert!([objects.len(), objects.len() - 1].contains(&iter.count()));
        assert_eq!(map.len(), count - 1);
    }
    // A value died; its key is looked for, deleted, used again, while one goes through the map.
    let (map, mut objects) = make(&heap);
    let mut in_between = |act: &dyn Fn(usize)| {
        let mut iter = map.iter();
        assert!(iter.next().is_some());
        let number = objects.pop().expect("there are some").0;
        collect(&heap);
        act(number);
        collect(&heap);
        number
    };
    in_between(&|key| assert!(!map.contains(&key)));
    in_between(&|key| assert!(map.get(&key).is_none() && map.remove(&key).is_none()));
    let other = heap.alloc(Object(7));
    let key = in_between(&|key| assert!(map.insert(key, &other).is_none()));
    assert!(Gc::ptr_eq(&map.get(&key).expect("it is there"), &other) && map.len() == COUNT - 2);
    in_between(&|_| map.clear());
    assert_eq!(map.len(), 0);
}

#[test]
fn test_weak_valued_dict_popitem() {
    let heap = manual_heap();
    let map = WeakValueMap::<&str, Gc<Object>>::new(&heap);
    let values = [heap.alloc(Object(1)), heap.alloc(Object(2))];
    map.insert("key1", &values[0]);
    map.insert("key2", &values[1]);
    for left in [1, 0] {
        let (key, value) = map.pop_item().expect("there is one");
        assert_eq!(map.len(), left);
        assert!(Gc::ptr_eq(&value, if key == "key1" { &values[0] } else { &values[1] }));
    }
    assert!(map.pop_item().is_none());
}

#[test]
fn test_weak_valued_dict_setdefault() {
    let heap = manual_heap();
    let map = WeakValueMap::<&str, Gc<Object>>::new(&heap);
    let values = [heap.alloc(Object(1)), heap.alloc(Object(2))];
    for value in &values {
        assert!(Gc::ptr_eq(&map.get_or_insert("key", value), &values[0]));
        assert!(map.contains("key"));
        assert!(Gc::ptr_eq(&map.get("key").expect("it is there"), &values[0]));
    }
}

#[test]
fn test_weak_valued_delitem() {
    let heap = manual_heap();
    let map = WeakValueMap::<&str, Gc<Object>>::new(&heap);
    let values = [heap.alloc(Object(1)), heap.alloc(Object(2))];
    map.insert("something", &values[0]);
    map.insert("something else", &values[1]);
    assert_eq!(map.len(), 2);
    assert!(Gc::ptr_eq(&map.remove("something").expect("it was there"), &values[0]));
    assert_eq!(map.len(), 1);
    let left = map.items();
    assert!(left.len() == 1 && left[0].0 == "something else" && Gc::ptr_eq(&left[0].1, &values[1]));
}

#[test]
fn test_weak_valued_consistency() {
    // A value that is garbage is replaced; when it is collected, the entry is its successor's.
    let heap = manual_heap();
    let map = WeakValueMap::<usize, Gc<RefCycle>>::new(&heap);
    let reference = {
        let first = RefCycle::alloc(&heap);
        map.insert(10, &first);
        map.value_refs().remove(0)
    };
    let second = RefCycle::alloc(&heap);
    map.insert(10, &second);
    assert!(reference.get().is_some());
    assert_eq!(collect(&heap), 1);
    assert!(reference.get().is_none());
    assert_eq!(map.len(), 1);
    assert!(Gc::ptr_eq(&map.get(&10).expect("it is there"), &second));
}
