//! Weak maps and sets.

use tailbite::{AnyGc, Gc, Generation, WeakKeyMap, WeakSet, WeakValueMap};

use super::canary::Canary;
use super::faults::exempt;
use super::item::{ByNumber, Item, Leaf, Manner};
use super::world::{Refused, Step, Steps, World};

/// What this file asks for.
pub(super) const STEPS: Steps = &[
    ("maps by key", by_key),
    ("maps by value", by_value),
    ("sets", sets),
    ("lists of what is in them", lists),
    ("ephemerons", ephemerons),
];

/// Objects to be keys; the first two are equal.
fn leaves(w: &World, count: u32) -> Result<Vec<Gc<Leaf>>, Refused> {
    let mut leaves = exempt(|| Vec::with_capacity(count as usize));
    for number in 0..count {
        leaves.push(w.heap.try_alloc(Leaf::new(w, number.max(1)))?);
    }
    Ok(leaves)
}

fn by_key(w: &World) -> Step {
    let map = WeakKeyMap::try_with_equivalence(&w.heap, ByNumber(w.canary()))?;
    let keys = leaves(w, 12)?;
    for key in &keys {
        drop(map.try_insert(key, w.canary())?);
    }
    w.expect(map.len() == 11 && !map.is_empty(), "two were equal");
    drop(w.infallible(|| map.insert(&keys[3], w.canary()))?);
    w.expect(map.get(&keys[0]).is_some() && map.contains(&keys[1]), "found");
    drop(map.try_get_or_insert(&keys[2], w.canary())?);
    drop(w.infallible(|| map.get_or_insert(&keys[4], w.canary()))?);
    w.expect(map.remove(&keys[5]).is_some() && map.pop_item().is_some(), "taken out");
    w.expect(map.iter().count() == map.len(), "all of them");
    map.check();
    drop(keys);
    w.expect(map.is_empty(), "gone with their keys");
    let plain: Gc<WeakKeyMap<AnyGc, Canary>> = w.infallible(|| WeakKeyMap::new(&w.heap))?;
    let key = Item::alloc(w, Manner::Quiet)?;
    drop(plain.try_insert(&Gc::as_any(&key), w.canary())?);
    w.keep(key);
    w.keep(plain);
    Ok(())
}

fn by_value(w: &World) -> Step {
    let map = WeakValueMap::try_with_equivalence(&w.heap, ByNumber(w.canary()))?;
    let values = leaves(w, 6)?;
    for (number, value) in (0..).zip(&values) {
        drop(map.try_insert(Leaf::new(w, number), value)?);
    }
    let key = Leaf::new(w, 2);
    drop(w.infallible(|| map.insert(Leaf::new(w, 2), &values[0]))?);
    w.expect(map.get(&key).is_some_and(|value| Gc::ptr_eq(&value, &values[0])), "replaced");
    w.expect(map.contains(&key) && map.remove(&key).is_some() && !map.contains(&key), "taken out");
    drop(map.try_get_or_insert(Leaf::new(w, 2), &values[1])?);
    drop(w.infallible(|| map.get_or_insert(Leaf::new(w, 2), &values[2]))?);
    w.expect(map.pop_item().is_some() && map.iter().count() == map.len(), "all of them");
    map.check();
    let plain: Gc<WeakValueMap<Leaf, Gc<Leaf>>> = w.infallible(|| WeakValueMap::new(&w.heap))?;
    drop(plain.try_insert(Leaf::new(w, 1), &values[0])?);
    drop(plain.try_insert(Leaf::new(w, 4), &values[1])?);
    w.expect(plain.len() == 2, "by hash and comparison");
    plain.clear();
    w.expect(plain.is_empty() && !map.is_empty(), "cleared");
    drop(values);
    w.expect(map.is_empty(), "gone with their values");
    w.keep(map);
    Ok(())
}

fn sets(w: &World) -> Step {
    let set = WeakSet::try_with_equivalence(&w.heap, ByNumber(w.canary()))?;
    let members = leaves(w, 8)?;
    for member in &members {
        set.try_insert(member)?;
    }
    w.expect(set.len() == 7 && set.contains(&members[0]), "two were equal");
    w.expect(set.get(&members[1]).is_some_and(|first| Gc::ptr_eq(&first, &members[0])), "the first stays");
    w.infallible(|| set.insert(&members[0]))?;
    w.expect(set.remove(&members[2]) && set.pop().is_some() && set.iter().count() == set.len(), "taken out");
    set.check();
    let plain: Gc<WeakSet<Gc<Leaf>>> = w.infallible(|| WeakSet::new(&w.heap))?;
    plain.try_insert(&members[3])?;
    let other = w.infallible(|| WeakSet::with_equivalence(&w.heap, ByNumber(w.canary())))?;
    other.try_insert(&members[3])?;
    w.keep(other);
    Ok(())
}

fn lists(w: &World) -> Step {
    let keys = leaves(w, 5)?;
    let map = w.infallible(|| WeakKeyMap::with_equivalence(&w.heap, ByNumber(w.canary())))?;
    let values = w.infallible(|| WeakValueMap::with_equivalence(&w.heap, ByNumber(w.canary())))?;
    let set = WeakSet::try_with_equivalence(&w.heap, ByNumber(w.canary()))?;
    for key in &keys {
        drop(map.try_insert(key, w.canary())?);
        drop(values.try_insert(Leaf::new(w, key.number), key)?);
        set.try_insert(key)?;
    }
    w.expect(w.infallible(|| map.keys())?.len() == 4, "its keys");
    w.expect(w.infallible(|| map.values())?.len() == 4, "its values");
    w.expect(w.infallible(|| map.items())?.len() == 4, "both");
    w.expect(w.infallible(|| map.key_refs())?.len() == 4, "references to its keys");
    w.expect(w.infallible(|| values.keys())?.len() == 4, "its keys");
    w.expect(w.infallible(|| values.values())?.len() == 4, "its values");
    w.expect(w.infallible(|| values.items())?.len() == 4, "both");
    w.expect(w.infallible(|| values.value_refs())?.len() == 4, "references to its values");
    w.expect(w.infallible(|| set.to_vec())?.len() == 4, "its members");
    Ok(())
}

/// A value that refers to its own key.
fn ephemerons(w: &World) -> Step {
    let map = w.infallible(|| WeakKeyMap::<Gc<Item>, Gc<Item>, _>::with_equivalence(&w.heap, tailbite::ById))?;
    for manner in [Manner::Quiet, Manner::Busy, Manner::Unlinks] {
        let (key, value) = (Item::alloc(w, manner)?, Item::alloc(w, manner)?);
        *value.next.borrow_mut() = Some(key.clone());
        drop(map.try_insert(&key, value)?);
    }
    // (In a stress build allocations have collected.)
    w.expect(map.len() == 3 || cfg!(tailbite_stress), "held by themselves");
    w.heap.collect(Generation::Old);
    w.expect(map.is_empty(), "collected");
    w.keep(map);
    Ok(())
}
