//! Refused memory: nothing is lost, and nothing is half done.

use super::{ById, WeakKeyMap, WeakSet, WeakValueMap};
use crate::base::refusal;
use crate::collect::Trigger;
use crate::handle::{Gc, WeakRef};
use crate::heap::Heap;

fn heap() -> Heap {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Manual);
    heap
}

/// Objects to be keys, more than an arena has room for entries of.
fn keys(heap: &Heap) -> Vec<Gc<usize>> {
    (0..100_000).map(|index| heap.alloc(index)).collect()
}

#[test]
fn an_insertion_that_is_refused_gives_its_value_back() {
    let heap = heap();
    let keys = keys(&heap);
    let map = WeakKeyMap::<Gc<usize>, String, ById>::with_equivalence(&heap, ById);
    let set = WeakSet::<Gc<usize>, ById>::with_equivalence(&heap, ById);
    let values = WeakValueMap::<String, Gc<usize>>::new(&heap);
    for key in &keys[..100] {
        map.insert(key, key.to_string());
    }
    refusal::refuse_from(0);
    let refused = keys.iter().skip(100).position(|key| match map.try_insert(key, key.to_string()) {
        Ok(old) => old.is_some(),
        Err(error) => error.into_value() == key.to_string(),
    });
    let refused = 100 + refused.expect("memory runs out");
    for key in &keys[refused..refused + 10] {
        assert!(map.try_insert(key, String::new()).is_err() && map.try_get_or_insert(key, String::new()).is_err());
        assert!(set.try_insert(key).is_err() || set.remove(key));
        if let Err(error) = values.try_insert(key.to_string(), key) {
            assert_eq!(error.into_value(), key.to_string());
        }
    }
    assert_eq!(map.try_insert(&keys[0], "new".to_owned()).ok().flatten().as_deref(), Some("0"), "needs no memory");
    assert_eq!(map.len(), refused);
    refusal::grant();
    map.check();
    set.check();
    values.check();
    assert!(keys[..refused].iter().all(|key| map.contains(key)));
    assert!(map.insert(&keys[refused], String::new()).is_none());
    let values = values.len();
    assert!(values <= 10);
    drop(keys);
    assert!(map.is_empty() && set.is_empty());
    heap.check();
}

#[test]
fn a_container_that_is_refused_gives_its_equivalence_back() {
    let heap = heap();
    refusal::refuse_from(0);
    let refused = WeakSet::<Gc<usize>, ById>::try_with_equivalence(&heap, ById);
    refusal::grant();
    assert!(refused.is_err_and(|error| matches!(error.into_value(), ById)));
}

#[test]
fn a_finalize_that_is_refused_gives_data_and_function_back() {
    let heap = heap();
    let keys = keys(&heap);
    refusal::refuse_from(0);
    let mut made = Vec::new();
    let refused = keys.iter().position(|key| match heap.try_finalize(key, key.to_string(), drop) {
        Ok(finalize) => {
            made.push(finalize);
            false
        }
        Err(error) => error.into_value().0 == key.to_string(),
    });
    let refused = refused.expect("memory runs out");
    refusal::grant();
    assert!(made.iter().all(|finalize| finalize.is_alive()) && made.len() == refused);
    assert_eq!(heap.get_weakref_count(&keys[refused]), 0);
    drop(keys);
    assert!(made.iter().all(|finalize| !finalize.is_alive()));
    heap.check();
}

#[test]
fn the_parts_have_the_sizes_that_the_documentation_says() {
    use super::entry::Entry;
    use crate::handle::AnyGc;
    use crate::weak::Record;
    assert_eq!(size_of::<Record>(), 24);
    assert_eq!(8 + size_of::<WeakRef>(), 56);
    assert_eq!(8 + size_of::<Entry<AnyGc, AnyGc>>(), 56);
    assert_eq!(8 + size_of::<Entry<Gc<str>, AnyGc>>(), 72);
}
