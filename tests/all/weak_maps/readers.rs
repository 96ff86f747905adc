//! Values and keys that are cloned while somebody changes the map under them.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{Equivalence, Gc, Heap, Trace, WeakKeyMap, WeakValueMap};
use tailbite_tests::manual_heap;

type Script = Rc<RefCell<Option<Box<dyn FnOnce()>>>>;

/// A value whose clone runs a script once. It has a text of its own, so that reading freed memory would show.
#[derive(Trace)]
struct Value {
    text: Box<str>,
    #[trace(skip)]
    script: Script,
}

impl Value {
    fn new(text: &str, script: &Script) -> Value {
        Value { text: text.into(), script: script.clone() }
    }
}

impl Clone for Value {
    fn clone(&self) -> Value {
        let script = self.script.borrow_mut().take();
        if let Some(script) = script {
            script();
        }
        Value { text: self.text.clone(), script: self.script.clone() }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.text == other.text
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

type Map = Gc<WeakKeyMap<Gc<i32>, Value>>;

fn map_of(heap: &Heap) -> (Map, Gc<i32>, Script) {
    let script = Script::default();
    let map = WeakKeyMap::new(heap);
    let key = heap.alloc(1);
    map.insert(&key, Value::new("old", &script));
    (map, key, script)
}

#[test]
fn a_value_may_be_replaced_while_it_is_cloned() {
    let heap = manual_heap();
    let (map, key, script) = map_of(&heap);
    let (inner, inner_key, made) = (map.clone(), key.clone(), script.clone());
    *script.borrow_mut() = Some(Box::new(move || {
        let replaced = inner.insert(&inner_key, Value::new("new", &made)).expect("there was one");
        assert_eq!(&*replaced.text, "old", "a clone, because the value is being read");
        let replaced = inner.insert(&inner_key, Value::new("newer", &made)).expect("there was one");
        assert_eq!(&*replaced.text, "new", "moved out, because nobody reads it");
        inner.check();
    }));
    assert_eq!(map.get(&key).map(|value| value.text), Some("old".into()));
    assert_eq!(map.get(&key).map(|value| value.text), Some("newer".into()));
    assert_eq!(map.len(), 1);
    map.check();
    heap.check();
}

#[test]
fn an_entry_may_go_while_its_value_is_cloned() {
    for how in 0..5 {
        let heap = manual_heap();
        let (map, key, script) = map_of(&heap);
        let (inner, inner_key) = (map.clone(), RefCell::new(Some(key.clone())));
        *script.borrow_mut() = Some(Box::new(move || match how {
            0 => assert!(inner.remove(&inner_key.borrow().clone().expect("there")).is_some()),
            1 => inner.clear(),
            2 => assert!(inner.pop_item().is_some()),
            3 => drop(inner_key.take()),
            _ => drop((inner_key.take(), inner)),
        }));
        let value = match how {
            3 => {
                // The iterator has the only handle to the key.
                drop(key);
                map.iter().next().map(|(_, value)| value)
            }
            _ => map.get(&key),
        };
        assert_eq!(value.map(|value| value.text), Some("old".into()), "{how}");
        map.check();
        heap.check();
        assert_eq!(map.len(), usize::from(how == 4), "{how}");
    }
}

#[test]
fn removing_and_popping_what_is_being_read_gives_clones() {
    let heap = manual_heap();
    let (map, key, script) = map_of(&heap);
    let taken = Rc::new(RefCell::new(Vec::new()));
    let (inner, inner_key, sink, made) = (map.clone(), key.clone(), taken.clone(), script.clone());
    *script.borrow_mut() = Some(Box::new(move || {
        sink.borrow_mut().extend(inner.remove(&inner_key));
        inner.insert(&inner_key, Value::new("second", &made));
        sink.borrow_mut().extend(inner.pop_item().map(|(_, value)| value));
    }));
    assert_eq!(map.items().len(), 1);
    let texts: Vec<_> = taken.borrow().iter().map(|value| value.text.clone()).collect();
    assert_eq!(texts, ["old".into(), "second".into()]);
    assert!(map.is_empty());
}

#[test]
fn a_clone_that_panics_leaves_the_map_as_it_was() {
    let heap = manual_heap();
    let (map, key, script) = map_of(&heap);
    for ask in [|map: &Map, key: &Gc<i32>| drop(map.get(key)), |map: &Map, _: &Gc<i32>| drop(map.items())] {
        *script.borrow_mut() = Some(Box::new(|| panic!("no clone")));
        assert!(catch_unwind(AssertUnwindSafe(|| ask(&map, &key))).is_err());
        map.check();
        assert_eq!(map.insert(&key, Value::new("old", &script)).map(|value| value.text), Some("old".into()));
        assert_eq!(map.len(), 1);
    }
    heap.check();
}

/// Compares texts, and lets a script run first.
struct Scripted(Script);

impl Equivalence<Value> for Scripted {
    fn hash(&self, _: &Value) -> u64 {
        0
    }

    fn equivalent(&self, a: &Value, b: &Value) -> bool {
        let script = self.0.borrow_mut().take();
        if let Some(script) = script {
            script();
        }
        a == b
    }
}

#[test]
fn keys_of_a_value_map_stay_while_they_are_compared_or_cloned() {
    for how in 0..6 {
        let heap = manual_heap();
        let (script, none) = (Script::default(), Script::default());
        let map = WeakValueMap::<Value, Gc<i32>, _>::with_equivalence(&heap, Scripted(script.clone()));
        let value = heap.alloc(1);
        map.insert(Value::new("key", &script), &value);
        let (inner, kept, query) = (map.clone(), RefCell::new(Some(value.clone())), none.clone());
        let heap_of = value.clone();
        *script.borrow_mut() = Some(Box::new(move || match how {
            0 | 3 => drop(inner.remove(&Value::new("key", &query))),
            1 | 4 => inner.clear(),
            2 => {
                // The same key with another value.
                let other = Gc::with_heap(&heap_of, |heap| heap.alloc(2));
                inner.insert(Value::new("key", &query), &other);
                std::mem::forget(other);
            }
            _ => drop((kept.take(), inner.pop_item())),
        }));
        let found = match how {
            0..=2 => map.get(&Value::new("key", &none)).map(|value| *value),
            _ => map.iter().next().map(|(key, value)| {
                assert_eq!(&*key.text, "key");
                *value
            }),
        };
        // Looked up, the answer is that of the map as it is now; visited, the entry was there.
        let expected = match how {
            0 | 1 => None,
            2 => Some(2),
            _ => Some(1),
        };
        assert_eq!(found, expected, "{how}");
        map.check();
        heap.check();
    }
}
