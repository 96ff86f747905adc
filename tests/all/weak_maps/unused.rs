//! Keys and values that are not used, and panic when they are dropped: a result that is there already when a local's drop panics is leaked, so
//! that they have to go first.

use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{Gc, WeakKeyMap, WeakValueMap};
use tailbite_tests::{Armed, Bomb, manual_heap};

/// A key that equals all others.
struct Key {
    _bomb: Bomb,
}

impl PartialEq for Key {
    fn eq(&self, _: &Key) -> bool {
        true
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[derive(Clone)]
struct Value {
    _text: Gc<str>,
    _bomb: Option<Rc<Bomb>>,
}

tailbite::leaf!(Key, Value);

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

#[test]
fn an_unused_key_that_panics_leaks_no_handle() {
    let heap = manual_heap();
    let (quiet, armed) = (Armed::new(), Armed::new());
    quiet.disarm();
    let map = WeakValueMap::<Key, Gc<u32>>::new(&heap);
    let (value, other) = (heap.alloc(1), heap.alloc(2));
    map.insert(Key { _bomb: quiet.bomb("first") }, &value);
    assert!(panics(|| map.insert(Key { _bomb: armed.bomb("key") }, &other)));
    assert!(panics(|| map.get_or_insert(Key { _bomb: armed.bomb("key") }, &value)));
    assert_eq!((Gc::strong_count(&value), Gc::strong_count(&other)), (1, 1));
    heap.check();
}

#[test]
fn an_unused_value_that_panics_leaks_no_value() {
    let heap = manual_heap();
    let armed = Armed::new();
    let map = WeakKeyMap::<Gc<u32>, Value>::new(&heap);
    let (key, text) = (heap.alloc(1), heap.alloc_str("text"));
    map.insert(&key, Value { _text: text.clone(), _bomb: None });
    let unused = Value { _text: text.clone(), _bomb: Some(Rc::new(armed.bomb("value"))) };
    assert!(panics(|| map.get_or_insert(&key, unused)));
    assert_eq!(Gc::strong_count(&text), 2, "the map's, and ours");
    heap.check();
}
