//! Operations on weak containers, whose equivalences, clones and drops are user code.

use std::rc::Rc;

use tailbite::{AnyGc, Equivalence, Gc, Trace, WeakKeyMap, WeakSet, WeakValueMap};

use super::ledger::Canary;
use super::things::{Value, number_of, probe};
use super::world::World;

pub(crate) type KeyMap = WeakKeyMap<AnyGc, Value, Asking>;
pub(crate) type ValueMap = WeakValueMap<Key, AnyGc, Asking>;
pub(crate) type Members = WeakSet<AnyGc, Asking>;

/// What a value map owns as key.
#[derive(Trace)]
pub(crate) struct Key {
    canary: Canary,
    number: u64,
    object: Option<AnyGc>,
}

impl Key {
    fn new(world: &Rc<World>) -> Key {
        let object = if world.tape().one_in(2) { world.pick() } else { None };
        Key { canary: Canary::new(world, "key"), number: world.tape().below(8) as u64, object }
    }

    fn expect_alive(&self) {
        self.canary.expect_alive();
        self.object.iter().for_each(probe);
    }
}

impl Clone for Key {
    fn clone(&self) -> Key {
        self.expect_alive();
        let world = self.canary.world();
        let copy = Key { canary: Canary::new(world, "key"), number: self.number, object: self.object.clone() };
        world.user_code("clone");
        self.expect_alive();
        copy
    }
}

/// How an equivalence answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    /// As identity is.
    Truly,
    /// As identity is, with one hash for all.
    Slowly,
    /// As the tape says.
    AtRandom,
}

/// An equivalence that does what it wants before it answers.
pub(crate) struct Asking {
    canary: Canary,
    answers: Answers,
}

impl Asking {
    fn new(world: &Rc<World>) -> Asking {
        let answers = [Answers::Truly, Answers::Slowly, Answers::AtRandom][world.tape().below(3)];
        Asking { canary: Canary::new(world, "equivalence"), answers }
    }

    fn answer<T>(&self, place: &str, truth: T, wrong: T, check: impl Fn()) -> T {
        self.canary.expect_alive();
        check();
        let world = self.canary.world();
        world.user_code(place);
        self.canary.expect_alive();
        check();
        if self.answers == Answers::AtRandom && world.tape().one_in(2) { wrong } else { truth }
    }

    fn hash_of(&self, number: u64, check: impl Fn()) -> u64 {
        let truth = if self.answers == Answers::Slowly { 0 } else { number };
        self.answer("hash", truth, truth ^ 1, check)
    }
}

impl Equivalence<AnyGc> for Asking {
    fn hash(&self, value: &AnyGc) -> u64 {
        self.hash_of(value.address() as u64 / 16, || probe(value))
    }

    fn equivalent(&self, a: &AnyGc, b: &AnyGc) -> bool {
        let same = AnyGc::ptr_eq(a, b);
        self.answer("eq", same, !same, || [a, b].into_iter().for_each(probe))
    }
}

impl Equivalence<Key> for Asking {
    fn hash(&self, value: &Key) -> u64 {
        self.hash_of(value.number, || value.expect_alive())
    }

    fn equivalent(&self, a: &Key, b: &Key) -> bool {
        let same = a.number == b.number;
        self.answer("eq", same, !same, || [a, b].into_iter().for_each(Key::expect_alive))
    }
}

pub(crate) fn make(world: &Rc<World>) -> Option<()> {
    let kind = world.tape().below(3);
    let asking = Asking::new(world);
    let truthful = asking.answers != Answers::AtRandom;
    let held = match kind {
        0 => {
            let map = world.with_heap(|heap| KeyMap::try_with_equivalence(heap, asking))?.ok()?;
            let weak = Gc::try_downgrade(&map).ok()?;
            world.all_key_maps.borrow_mut().push(weak);
            world.key_maps.borrow_mut().push((truthful, map.clone()));
            Gc::erase(map)
        }
        1 => {
            let map = world.with_heap(|heap| ValueMap::try_with_equivalence(heap, asking))?.ok()?;
            let weak = Gc::try_downgrade(&map).ok()?;
            world.all_value_maps.borrow_mut().push(weak);
            world.value_maps.borrow_mut().push(map.clone());
            Gc::erase(map)
        }
        _ => {
            let set = world.with_heap(|heap| Members::try_with_equivalence(heap, asking))?.ok()?;
            world.sets.borrow_mut().push(set.clone());
            Gc::erase(set)
        }
    };
    // As an object among others it can be linked to, be a key, die in a cycle.
    if world.tape().one_in(2) {
        world.keep(held);
    }
    Some(())
}

pub(crate) fn drop_one(world: &Rc<World>) -> Option<()> {
    match world.tape().below(3) {
        0 => drop(world.take_from(&world.key_maps)?),
        1 => drop(world.take_from(&world.value_maps)?),
        _ => drop(world.take_from(&world.sets)?),
    }
    Some(())
}

/// What a key map gives: alive, and under the right key, where the equivalence tells the truth.
fn given(world: &Rc<World>, truthful: bool, key: &AnyGc, value: Value) {
    value.expect_alive();
    if truthful && value.under != number_of(key) {
        world.ledger().fail(format!("a key map gives a value of {:?} for {:?}", value.under, number_of(key)));
    }
    if let Some(object) = value.object.clone() {
        world.keep(object);
    }
}

pub(crate) fn use_key_map(world: &Rc<World>) -> Option<()> {
    let ((truthful, map), key) = (world.choose(&world.key_maps)?, world.pick()?);
    let kind = world.tape().below(14);
    match kind {
        0..=6 => {
            // A value that is its own map, a key that is its own value: whatever the host has.
            let object = if kind == 0 { Some(Gc::as_any(&map)) } else { world.pick() };
            let value = Value::new(world, object, number_of(&key));
            if kind == 1 {
                let value = map.try_get_or_insert(&key, value).ok()?;
                given(world, truthful, &key, value);
            } else if let Some(old) = map.try_insert(&key, value).ok()? {
                given(world, truthful, &key, old);
            }
        }
        7 => given(world, truthful, &key, map.get(&key)?),
        8 => given(world, truthful, &key, map.remove(&key)?),
        9 => {
            let (key, value) = map.pop_item()?;
            probe(&key);
            given(world, truthful, &key, value);
        }
        10 => {
            for (key, value) in map.iter().take(50) {
                probe(&key);
                given(world, truthful, &key, value);
                world.user_code("iteration");
            }
        }
        11 => {
            map.keys().iter().for_each(probe);
            map.values().iter().for_each(Value::expect_alive);
            map.items().iter().for_each(|(key, _)| probe(key));
            // (Infallible only: it makes weak references.)
            if !world.plan.limits {
                drop(map.key_refs());
            }
        }
        12 => map.clear(),
        _ => map.check(),
    }
    probe(&key);
    Some(())
}

pub(crate) fn use_value_map(world: &Rc<World>) -> Option<()> {
    let (map, value) = (world.choose(&world.value_maps)?, world.pick()?);
    match world.tape().below(10) {
        0..=3 => {
            let old = map.try_insert(Key::new(world), &value).ok()??;
            world.keep(old);
        }
        4 => world.keep(map.try_get_or_insert(Key::new(world), &value).ok()?),
        5 => world.keep(map.get(&Key::new(world))?),
        6 => world.keep(map.remove(&Key::new(world))?),
        7 => {
            let (key, value) = map.pop_item()?;
            key.expect_alive();
            world.keep(value);
        }
        8 => {
            for (key, value) in map.iter().take(50) {
                key.expect_alive();
                probe(&value);
                world.user_code("iteration");
            }
            map.keys().iter().for_each(Key::expect_alive);
            map.values().iter().for_each(probe);
            if !world.plan.limits {
                drop(map.value_refs());
            }
        }
        _ if world.tape().one_in(2) => map.clear(),
        _ => map.check(),
    }
    Some(())
}

pub(crate) fn use_set(world: &Rc<World>) -> Option<()> {
    let (set, member) = (world.choose(&world.sets)?, world.pick()?);
    match world.tape().below(8) {
        0..=2 => {
            set.try_insert(&member).ok()?;
        }
        3 => {
            set.remove(&member);
        }
        4 => world.keep(set.get(&member)?),
        5 => world.keep(set.pop()?),
        6 => {
            for member in set.iter().take(50) {
                probe(&member);
                world.user_code("iteration");
            }
            set.to_vec().iter().for_each(probe);
        }
        _ if world.tape().one_in(2) => set.clear(),
        _ => set.check(),
    }
    Some(())
}
