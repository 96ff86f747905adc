//! Weak containers and the limit of their heap.

use tailbite::{ById, Gc, Heap, WeakKeyMap, WeakSet};
use tailbite_tests::manual_heap;

#[test]
fn tables_count_against_the_limit_and_give_back() {
    let (heap, keys_heap) = (manual_heap(), manual_heap());
    let keys: Vec<_> = (0..20_000).map(|index| keys_heap.alloc(index)).collect();
    let map = WeakKeyMap::<Gc<i32>, i32, ById>::with_equivalence(&heap, ById);
    let (before, blocks) = (heap.used_bytes(), heap.memory().bytes.allocated);
    for key in &keys {
        map.insert(key, 0);
    }
    let taken = heap.used_bytes() - before;
    assert!(taken > 20_000 * (48 + 8 + 32), "entries, slots and an index: {taken}");
    map.clear();
    // (Pools that are free again may stay resident, where the system takes nothing back from within an arena.)
    let kept = heap.memory().bytes.allocated - blocks;
    assert!(kept < taken / 10, "{kept} of {taken}");
    heap.trim();

    heap.set_memory_limit(Some(heap.used_bytes() + 300_000));
    let refused = keys.iter().position(|key| match map.try_insert(key, **key) {
        Ok(old) => old.is_some(),
        Err(error) => {
            assert_eq!(error.limit(), heap.memory_limit());
            error.into_value() == **key
        }
    });
    let refused = refused.expect("the limit is met");
    assert!(refused > 1000 && heap.used_bytes() <= heap.memory_limit().expect("set"));
    map.check();
    heap.check();
    assert!(map.len() == refused && keys[..refused].iter().all(|key| map.get(key) == Some(**key)));
    heap.set_memory_limit(None);
    assert!(map.insert(&keys[refused], 1).is_none());
    drop(keys);
    assert!(map.is_empty());
}

#[test]
fn a_collection_makes_room_for_an_entry() {
    // With the default trigger an object's allocation collects before it is refused; an entry is an object.
    let heap = Heap::new();
    let keys = manual_heap();
    let set = WeakSet::<Gc<i32>, ById>::with_equivalence(&heap, ById);
    let members: Vec<_> = (0..3000).map(|index| keys.alloc(index)).collect();
    members.iter().for_each(|member| assert!(set.insert(member)));
    // Room for a table that grows, which for a moment is there twice, but not for five times the entries.
    heap.set_memory_limit(Some(heap.used_bytes() + 250_000));
    for _ in 0..5 {
        set.clear();
        // What the others had is free.
        members.iter().for_each(|member| assert!(set.insert(member)));
        assert_eq!(set.len(), 3000);
    }
    heap.check();
}
