//! Keys and values of weak containers whose `Clone`, `Drop` and `Borrow` work on the very container, under whoever reads them.

use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tailbite::{AnyGc, ById, Equivalence, Gc, Generation, Heap, WeakKeyMap, WeakValueMap, leaf};

use crate::common::{Node, manual};

type Map = WeakKeyMap<AnyGc, Value, ById>;
type Values = WeakValueMap<Key, AnyGc, Same>;

thread_local! {
    static MODE: Cell<u32> = const { Cell::new(0) };
    static MAP: RefCell<Option<Gc<Map>>> = const { RefCell::new(None) };
    static VALUES: RefCell<Option<Gc<Values>>> = const { RefCell::new(None) };
    static KEYS: RefCell<Vec<AnyGc>> = RefCell::default();
    static ALIVE: Cell<isize> = const { Cell::new(0) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

const MODES: u32 = 10;
const TEXT: &str = "a text that is long enough to be on the heap";

fn new_text() -> String {
    ALIVE.set(ALIVE.get() + 1);
    TEXT.to_owned()
}

/// Does one thing to the containers, as the mode says.
fn disturb() {
    if DEPTH.get() > 2 {
        return;
    }
    DEPTH.set(DEPTH.get() + 1);
    let keys = KEYS.with_borrow(Clone::clone);
    let map = MAP.with_borrow(Clone::clone);
    let values = VALUES.with_borrow(Clone::clone);
    if let Some(key) = keys.first() {
        match MODE.get() {
            1 => drop(map.map(|map| map.remove(key))),
            2 => drop(map.map(|map| map.insert(key, Value(new_text())))),
            3 => drop((map.map(|map| map.clear()), values.map(|values| values.clear()))),
            4 => {
                drop((keys, map, values));
                KEYS.take();
                return DEPTH.set(DEPTH.get() - 1);
            }
            5 => drop(key.with_heap(|heap| heap.collect(Generation::Old))),
            6 => {
                drop((map, values));
                drop((MAP.take(), VALUES.take()));
                key.with_heap(|heap| heap.collect(Generation::Old));
            }
            7 if DEPTH.get() == 1 => {
                let more: Vec<AnyGc> = key.with_heap(|heap| (0..8).map(|n| heap.alloc(n).into()).collect());
                if let Some(map) = map {
                    more.iter().for_each(|key| drop(map.insert(key, Value(new_text()))));
                }
                if let Some(values) = values {
                    more.iter()
                        .enumerate()
                        .for_each(|(n, value)| drop(values.insert(Key(n as u32 + 9, new_text()), value)));
                }
            }
            8 => drop(values.map(|values| values.remove(&0))),
            9 => drop((map.map(|map| map.pop_item()), values.map(|values| values.pop_item()))),
            _ => (),
        }
    }
    DEPTH.set(DEPTH.get() - 1);
}

struct Value(String);
leaf!(Value);

impl Clone for Value {
    fn clone(&self) -> Value {
        disturb();
        assert_eq!(self.0, TEXT, "what is being cloned is still there");
        Value(new_text())
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        assert_eq!(self.0, TEXT);
        ALIVE.set(ALIVE.get() - 1);
        disturb();
    }
}

struct Key(u32, String);
leaf!(Key);

impl Clone for Key {
    fn clone(&self) -> Key {
        disturb();
        assert_eq!(self.1, TEXT);
        Key(self.0, new_text())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        assert_eq!(self.1, TEXT);
        ALIVE.set(ALIVE.get() - 1);
        disturb();
    }
}

impl Borrow<u32> for Key {
    fn borrow(&self) -> &u32 {
        disturb();
        assert_eq!(self.1, TEXT, "what is borrowed is still there");
        &self.0
    }
}

struct Same;

impl Equivalence<u32> for Same {
    fn hash(&self, value: &u32) -> u64 {
        u64::from(*value)
    }
    fn equivalent(&self, a: &u32, b: &u32) -> bool {
        let before = (*a, *b);
        disturb();
        assert_eq!(before, (*a, *b));
        a == b
    }
}

impl Equivalence<Key> for Same {
    fn hash(&self, value: &Key) -> u64 {
        u64::from(value.0)
    }
    fn equivalent(&self, a: &Key, b: &Key) -> bool {
        disturb();
        assert_eq!((&*a.1, &*b.1), (TEXT, TEXT));
        a.0 == b.0
    }
}

/// For each mode: containers with a few entries, then `f`, then the end of all of it.
fn each(f: impl Fn(&Heap, &Gc<Map>, &Gc<Values>, &[AnyGc])) {
    for mode in 0..MODES {
        MODE.set(0);
        let heap = manual();
        let keys: Vec<AnyGc> = (0..5).map(|_| Node::alloc(&heap, None).into()).collect();
        let map = Map::with_equivalence(&heap, ById);
        let values = Values::with_equivalence(&heap, Same);
        for (n, key) in keys.iter().enumerate() {
            map.insert(key, Value(new_text()));
            values.insert(Key(n as u32, new_text()), key);
        }
        MAP.set(Some(map.clone()));
        VALUES.set(Some(values.clone()));
        KEYS.set(keys.clone());
        MODE.set(mode);
        let result = catch_unwind(AssertUnwindSafe(|| f(&heap, &map, &values, &keys)));
        assert!(result.is_ok(), "mode {mode}");
        MODE.set(0);
        map.check();
        values.check();
        heap.check();
        drop((keys, KEYS.take(), MAP.take(), VALUES.take()));
        assert!(map.is_empty() && values.is_empty());
        drop((map, values, heap));
        assert_eq!(ALIVE.get(), 0, "mode {mode}: each was dropped once");
    }
}

#[test]
fn reading() {
    each(|_, map, values, keys| {
        for (n, key) in keys.iter().enumerate() {
            drop(map.get(key));
            drop(values.get(&(n as u32)));
            assert!(values.contains(&(n as u32)) || values.len() < 60);
        }
    });
}

#[test]
fn listing_and_iterating() {
    each(|_, map, values, _| {
        let mut entries = map.iter();
        let mut others = values.iter();
        while let (Some(a), Some(b)) = (entries.next(), others.next()) {
            drop((map.items(), values.items()));
            drop((a, b));
        }
        drop((map.values(), values.keys(), map.key_refs()));
    });
}

#[test]
fn replacing_and_removing() {
    each(|_, map, values, keys| {
        for (n, key) in keys.iter().enumerate() {
            drop(map.insert(key, Value(new_text())));
            drop(values.insert(Key(n as u32, new_text()), key));
            drop(map.get_or_insert(key, Value(new_text())));
            drop(values.get_or_insert(Key(n as u32 + 1, new_text()), key));
            drop(map.remove(key));
            drop(values.remove(&(n as u32)));
            drop((map.pop_item(), values.pop_item()));
        }
    });
}

#[test]
fn clearing_and_dying() {
    each(|_, map, values, _| {
        map.clear();
        values.clear();
    });
    each(|heap, map, values, keys| {
        for key in keys {
            map.insert(key, Value(new_text()));
            let Some(node) = key.downcast_ref::<Node>() else { continue };
            *node.next.borrow_mut() = Some(key.clone());
        }
        let weak: Vec<_> = keys.iter().map(|key| values.insert(Key(70, new_text()), key)).collect();
        drop((weak, KEYS.take()));
        heap.collect(Generation::Old);
        keys.iter().for_each(|key| drop(key.downcast_ref::<Node>().unwrap().next.take()));
    });
}
