//! WeakKeyDictionary.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use tailbite::{ById, Gc, Heap, Trace, WeakKeyMap};
use tailbite_tests::manual_heap;

use super::super::super::collect;
use super::super::super::gc::automatic;
use super::{COUNT, Object, RefCycle, objects, sorted};

type Map = WeakKeyMap<Gc<Object>, usize>;

fn make(heap: &Heap) -> (Gc<Map>, Vec<Gc<Object>>) {
    let (map, objects) = (Map::new(heap), objects(heap));
    for object in &objects {
        assert_eq!(map.insert(object, object.0), None);
    }
    (map, objects)
}

fn make_cycles(heap: &Heap, count: usize) -> Gc<WeakKeyMap<Gc<RefCycle>, i32, ById>> {
    let map = WeakKeyMap::with_equivalence(heap, ById);
    for cycle in (0..count).map(|_| RefCycle::alloc(heap)).collect::<Vec<_>>() {
        map.insert(&cycle, 1);
    }
    map
}

#[test]
fn test_weak_keyed_len_cycles() {
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
fn test_weak_keyed_len_race() {
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
fn test_weak_keys() {
    let heap = manual_heap();
    let (map, mut objects) = make(&heap);
    for object in &objects {
        assert_eq!(map.get(object), Some(object.0));
        assert_eq!(Gc::strong_count(object), 1, "the map does not count");
    }
    let items = map.items();
    assert_eq!(sorted(items.iter().map(|(key, value)| (key.0, *value))), sorted((0..COUNT).map(|n| (n, n))));
    drop(items);
    assert_eq!(map.len(), COUNT);
    drop(objects.remove(0));
    assert_eq!(map.len(), COUNT - 1);
    drop(objects);
    assert_eq!(map.len(), 0);
    let object = heap.alloc(Object(42));
    map.insert(&object, 1);
    assert!(map.contains(&object) && map.contains(&heap.alloc(Object(42))), "by equality");
    assert!(!map.contains(&heap.alloc(Object(34))));
    // An equal key does not replace the one that is there, only its value.
    let equal = heap.alloc(Object(42));
    assert_eq!(map.insert(&equal, 2), Some(1));
    assert_eq!((map.len(), map.get(&equal)), (1, Some(2)));
    drop(object);
    assert_eq!((map.len(), map.get(&equal)), (0, None));
}

#[test]
fn test_weak_keyed_iters() {
    let heap = manual_heap();
    let (map, objects) = make(&heap);
    let all = sorted(0..COUNT);
    assert_eq!(sorted(map.iter().map(|(key, _)| key.0)), all);
    assert_eq!(sorted(map.items().iter().map(|(key, _)| key.0)), all);
    assert_eq!(sorted(map.keys().iter().map(|key| key.0)), all);
    assert_eq!(sorted(map.values()), all);
    let references = map.key_refs();
    let found = references.iter().map(|reference| reference.get().expect("alive").downcast::<Object>().expect("ours"));
    assert_eq!(sorted(found.map(|key| map.get(&key).expect("in the map"))), all);
    drop(objects);
    assert!(references.iter().all(|reference| reference.get().is_none()));
    assert!(map.keys().is_empty() && map.values().is_empty() && map.iter().next().is_none());
}

#[test]
fn test_weak_keys_destroy_while_iterating() {
    let heap = manual_heap();
    // A key dies after the first step.
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
    // A key died; the same is looked for, deleted, inserted, while one goes through the map.
    let (map, mut objects) = make(&heap);
    let mut in_between = |act: &dyn Fn(Gc<Object>)| {
        let mut iter = map.iter();
        assert!(iter.next().is_some());
        let number = objects.pop().expect("there are some").0;
        collect(&heap);
        act(heap.alloc(Object(number)));
        collect(&heap);
        number
    };
    in_between(&|key| assert!(!map.contains(&key)));
    in_between(&|key| assert_eq!((map.get(&key), map.remove(&key)), (None, None)));
    let kept = RefCell::new(Vec::new());
    in_between(&|key| {
        map.insert(&key, 7);
        kept.borrow_mut().push(key);
    });
    let again = &kept.borrow()[0];
    assert_eq!((map.get(again), map.len()), (Some(7), COUNT - 2));
    in_between(&|_| map.clear());
    assert_eq!(map.len(), 0);
}

#[test]
fn test_weak_keyed_dict_popitem() {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<Object>, &str>::new(&heap);
    let keys = [heap.alloc(Object(1)), heap.alloc(Object(2))];
    map.insert(&keys[0], "value 1");
    map.insert(&keys[1], "value 2");
    for left in [1, 0] {
        let (key, value) = map.pop_item().expect("there is one");
        assert_eq!(map.len(), left);
        assert_eq!(value, if Gc::ptr_eq(&key, &keys[0]) { "value 1" } else { "value 2" });
    }
    assert!(map.pop_item().is_none());
}

#[test]
fn test_weak_keyed_dict_setdefault() {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<Object>, &str>::new(&heap);
    let key = heap.alloc(Object(1));
    for value in ["value 1", "value 2"] {
        assert_eq!(map.get_or_insert(&key, value), "value 1");
        assert!(map.contains(&key));
        assert_eq!(map.get(&key), Some("value 1"));
    }
}

#[test]
fn test_weak_keyed_delitem() {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<Object>, &str>::new(&heap);
    let keys = [heap.alloc(Object(1)), heap.alloc(Object(2))];
    for key in &keys {
        map.insert(key, "something");
    }
    assert_eq!((map.len(), map.remove(&keys[0]), map.len()), (2, Some("something"), 1));
    let left = map.keys();
    assert!(left.len() == 1 && Gc::ptr_eq(&left[0], &keys[1]));
}

#[test]
fn test_weak_keyed_bad_delitem() {
    // Every object can be a key, and nothing else: what is no object does not compile.
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<Object>, &str>::new(&heap);
    let object = heap.alloc(Object(1));
    assert_eq!((map.remove(&object), map.get(&object)), (None, None));
    map.insert(&object, "something");
    assert_eq!((map.remove(&object), map.remove(&object)), (Some("something"), None));
}

/// A key whose comparison removes the last strong handle to another one.
#[derive(Trace)]
struct Mutant {
    value: usize,
    hash: usize,
    #[trace(skip)]
    shared: Rc<Shared>,
}

#[derive(Default)]
struct Shared {
    mutates: Cell<bool>,
    comparisons: Cell<usize>,
    keys: RefCell<Vec<Gc<Mutant>>>,
}

impl Hash for Mutant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl PartialEq for Mutant {
    fn eq(&self, other: &Mutant) -> bool {
        if self.shared.mutates.get() {
            self.shared.comparisons.set(self.shared.comparisons.get() + 1);
            let last = self.shared.keys.borrow_mut().pop();
            drop(last);
        }
        self.value == other.value
    }
}

impl Eq for Mutant {}

/// A map of four keys, held by a list that comparisons shorten; all keys are deleted one after the other. How many deletions and
/// comparisons that took.
fn delete_all(heap: &Heap, hash: fn(usize) -> usize, by_itself: bool, reversed: bool) -> (usize, usize) {
    let (map, shared) = (WeakKeyMap::<Gc<Mutant>, usize>::new(heap), Rc::<Shared>::default());
    let alloc = |value| heap.alloc(Mutant { value, hash: hash(value), shared: shared.clone() });
    for value in 0..4 {
        let key = alloc(value);
        map.insert(&key, value);
        shared.keys.borrow_mut().push(key);
    }
    let mut keys = map.keys();
    if reversed {
        keys.reverse();
    }
    drop(shared.keys.replace(keys));
    shared.mutates.set(true);
    let mut deletions = 0;
    loop {
        let Some(key) = shared.keys.borrow().get(deletions).cloned() else { break };
        let key = if by_itself { key } else { alloc(key.value) };
        map.remove(&key);
        deletions += 1;
    }
    shared.mutates.set(false);
    assert!(map.len() <= shared.keys.borrow().len());
    drop(shared.keys.take());
    assert_eq!(map.len(), 0);
    heap.check();
    (deletions, shared.comparisons.get())
}

#[test]
fn test_weak_keyed_cascading_deletes() {
    let heap = manual_heap();
    for reversed in [false, true] {
        // A map asks for equality, even of a key with itself, and that takes away the last key but one, then the last.
        assert_eq!(delete_all(&heap, |value| value, true, reversed), (2, 2));
        // By an equal key, which does not hold the one in the map; with many comparisons, when all hashes are the same.
        assert_eq!(delete_all(&heap, |value| value, false, reversed), (2, 2));
        for by_itself in [false, true] {
            let (_, comparisons) = delete_all(&heap, |_| 0, by_itself, reversed);
            assert!(comparisons >= 2);
        }
    }
    assert_eq!(heap.object_count(), 0);
}
