//! Equivalences, drops and callbacks that do their worst while a container asks them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{
    AnyGc, ById, Equivalence, Gc, Generation, Heap, Trace, WeakKeyMap, WeakRef, WeakSet, WeakValueMap, callback,
};
use tailbite_tests::{Armed, Bomb, Log, Node, OnDrop, manual_heap, quiet, ring};

type Map = WeakKeyMap<Gc<Node>, Gc<Node>, Hostile>;
type ValueMap = WeakValueMap<Gc<Node>, Gc<Node>, Hostile>;

/// Everything there is, for an equivalence to get at.
#[derive(Default)]
struct World {
    heap: RefCell<Option<Heap>>,
    map: RefCell<Option<Gc<Map>>>,
    values: RefCell<Option<Gc<ValueMap>>>,
    keys: RefCell<Vec<Gc<Node>>>,
    log: Log,
    /// At which question, counted down, `action` comes.
    countdown: Cell<u32>,
    action: Cell<Option<Action>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Panic,
    Collect(Generation),
    DropKeys,
    DropEverything,
    InsertOthers,
    InsertEqual,
    RemoveEqual,
    RemoveOthers,
    Clear,
    PopAll,
    Replace,
}

const ACTIONS: [Action; 13] = [
    Action::Panic,
    Action::Collect(Generation::Young),
    Action::Collect(Generation::Middle),
    Action::Collect(Generation::Old),
    Action::DropKeys,
    Action::DropEverything,
    Action::InsertOthers,
    Action::InsertEqual,
    Action::RemoveEqual,
    Action::RemoveOthers,
    Action::Clear,
    Action::PopAll,
    Action::Replace,
];

impl World {
    fn new() -> Rc<World> {
        let world = Rc::new(World::default());
        let heap = manual_heap();
        let map = WeakKeyMap::with_equivalence(&heap, Hostile(world.clone()));
        let values = WeakValueMap::with_equivalence(&heap, Hostile(world.clone()));
        *world.heap.borrow_mut() = Some(heap);
        for index in 0..6 {
            let key = world.node(&format!("k{index}")).expect("the heap is open");
            map.insert(&key, world.node(&format!("value{index}")).expect("the heap is open"));
            values.insert(world.node(&format!("k{index}")).expect("the heap is open"), &key);
            world.keys.borrow_mut().push(key);
        }
        *world.map.borrow_mut() = Some(map);
        *world.values.borrow_mut() = Some(values);
        world
    }

    fn node(&self, name: &str) -> Option<Gc<Node>> {
        self.heap.borrow().as_ref().map(|heap| Node::alloc(heap, &self.log, name))
    }

    /// Somebody asks an equivalence.
    fn asked(&self) {
        let left = self.countdown.get();
        self.countdown.set(left.wrapping_sub(1));
        if left == 0
            && let Some(action) = self.action.take()
        {
            self.act(action);
        }
    }

    fn act(&self, action: Action) {
        let (map, values) = (self.map.borrow().clone(), self.values.borrow().clone());
        let (Some(map), Some(values)) = (map, values) else { return };
        match action {
            Action::Panic => panic!("asked"),
            Action::Collect(generation) => {
                self.keys.borrow_mut().truncate(3);
                if let Some(heap) = &*self.heap.borrow() {
                    heap.collect(generation);
                }
            }
            Action::DropKeys => drop(self.keys.take()),
            Action::DropEverything => {
                drop((self.keys.take(), self.map.take(), self.values.take(), map, values));
                drop(self.heap.take());
            }
            Action::InsertOthers | Action::InsertEqual => {
                for index in 0..40 {
                    let name = if action == Action::InsertEqual { "k3".to_owned() } else { format!("new{index}") };
                    let key = self.node(&name).expect("the heap is open");
                    map.insert(&key, self.node("new value").expect("the heap is open"));
                    values.insert(self.node(&name).expect("the heap is open"), &key);
                    self.keys.borrow_mut().push(key);
                }
            }
            Action::RemoveEqual => {
                let key = self.node("k3").expect("the heap is open");
                drop((map.remove(&key), values.remove(&key)));
            }
            Action::RemoveOthers => {
                for name in ["k0", "k1", "k2", "k4", "k5"] {
                    let key = self.node(name).expect("the heap is open");
                    drop((map.remove(&key), values.remove(&key)));
                }
            }
            Action::Clear => {
                map.clear();
                values.clear();
            }
            Action::PopAll => {
                while map.pop_item().is_some() {}
                while values.pop_item().is_some() {}
            }
            Action::Replace => {
                for key in map.keys() {
                    map.insert(&key, self.node("replaced").expect("the heap is open"));
                    values.insert(key.clone(), &self.node("replaced").expect("the heap is open"));
                }
            }
        }
    }
}

/// Compares by name, hashes badly, and lets the world act.
struct Hostile(Rc<World>);

impl Equivalence<Gc<Node>> for Hostile {
    fn hash(&self, _: &Gc<Node>) -> u64 {
        self.0.asked();
        3
    }

    fn equivalent(&self, a: &Gc<Node>, b: &Gc<Node>) -> bool {
        let before = a.name() == b.name();
        self.0.asked();
        assert_eq!(before, a.name() == b.name(), "what is compared stays");
        before
    }
}

type Ask = fn(&Map, &ValueMap, &Gc<Node>);

#[test]
fn whatever_an_equivalence_does_the_container_stays_whole() {
    let asks: [Ask; 8] = [
        |map, _, key| drop((map.contains(key), map.get(key))),
        |map, _, key| drop(map.insert(key, key.clone())),
        |map, _, key| drop(map.get_or_insert(key, key.clone())),
        |map, _, key| drop(map.remove(key)),
        |_, values, key| drop((values.contains(key), values.get(key))),
        |_, values, key| drop(values.insert(key.clone(), key)),
        |_, values, key| drop(values.get_or_insert(key.clone(), key)),
        |_, values, key| drop(values.remove(key)),
    ];
    for action in ACTIONS {
        for (number, ask) in asks.into_iter().enumerate() {
            for countdown in 0..7 {
                let world = World::new();
                let (map, values) = (world.map.borrow().clone(), world.values.borrow().clone());
                let (map, values) = (map.expect("there"), values.expect("there"));
                let key = world.node("k3").expect("the heap is open");
                world.countdown.set(countdown);
                world.action.set(Some(action));
                let result = catch_unwind(AssertUnwindSafe(|| ask(&map, &values, &key)));
                let context = format!("{action:?} at {countdown} in {number}");
                let acted = world.action.take().is_none();
                assert_eq!(result.is_err(), acted && action == Action::Panic, "{context}");
                map.check();
                values.check();
                let names: Vec<String> = map.keys().iter().map(|key| key.name().to_owned()).collect();
                assert_eq!(names.len(), map.len(), "{context}");
                assert_eq!(
                    BTreeSet::from_iter(&names).len(),
                    names.len(),
                    "{context}: a key is there twice: {names:?}"
                );
                let keys: Vec<String> = values.keys().iter().map(|key| key.name().to_owned()).collect();
                assert_eq!(BTreeSet::from_iter(&keys).len(), keys.len(), "{context}: a key is there twice: {keys:?}");
                if let Some(heap) = &*world.heap.borrow() {
                    heap.check();
                }
                drop((key, map, values));
                world.act(Action::DropEverything);
                let made = world.log.take();
                assert!(made.iter().all(|event| event.starts_with("drop")), "{context}: {made:?}");
            }
        }
    }
}

/// A search during which entries come starts again, but not for ever.
#[test]
fn an_equivalence_that_never_lets_a_search_end_does_not_hang_it() {
    type Numbers = WeakKeyMap<Gc<i32>, i32, Shared>;
    #[derive(Default)]
    struct Restless {
        map: RefCell<Option<Gc<Numbers>>>,
        made: RefCell<Vec<Gc<i32>>>,
    }
    #[derive(Clone, Default)]
    struct Shared(Rc<Restless>);
    impl Equivalence<Gc<i32>> for Shared {
        fn hash(&self, _: &Gc<i32>) -> u64 {
            0
        }
        fn equivalent(&self, known: &Gc<i32>, key: &Gc<i32>) -> bool {
            let map = self.0.map.borrow().clone();
            if let (Some(map), 0..1000, 0..1000) = (map, **known, **key) {
                let new = Gc::with_heap(&map, |heap| heap.alloc(1000 + self.0.made.borrow().len() as i32));
                map.insert(&new, 0);
                self.0.made.borrow_mut().push(new);
            }
            known == key
        }
    }
    let heap = manual_heap();
    let restless = Shared::default();
    let map = WeakKeyMap::with_equivalence(&heap, restless.clone());
    let keys: Vec<_> = (0..3).map(|index| heap.alloc(index)).collect();
    for key in &keys {
        map.insert(key, **key);
    }
    *restless.0.map.borrow_mut() = Some(map.clone());
    assert_eq!(map.get(&heap.alloc(2)), Some(2));
    assert_eq!(restless.0.made.borrow().len(), 3, "what is found is found");
    assert_eq!(map.get(&heap.alloc(7)), None);
    assert_eq!(restless.0.made.borrow().len(), 3 + 3 * 16, "what is not is looked for 16 times");
    assert_eq!(map.insert(&heap.alloc(8), 8), None);
    map.check();
    drop(restless.0.map.take());
}

/// CPython's test_weak_keyed_cascading_deletes: comparing kills keys.
#[test]
fn keys_that_die_by_being_compared() {
    struct Kills(Rc<RefCell<Vec<Gc<Node>>>>);
    impl Equivalence<Gc<Node>> for Kills {
        fn hash(&self, _: &Gc<Node>) -> u64 {
            0
        }
        fn equivalent(&self, a: &Gc<Node>, b: &Gc<Node>) -> bool {
            let dropped = self.0.borrow_mut().pop();
            drop(dropped);
            a.name() == b.name()
        }
    }
    let (heap, log) = (manual_heap(), Log::new());
    let keys = Rc::new(RefCell::new(Vec::new()));
    let set = WeakSet::with_equivalence(&heap, Kills(keys.clone()));
    let all: Vec<_> = (0..20).map(|index| Node::alloc(&heap, &log, format!("k{index}"))).collect();
    for key in &all {
        set.insert(key);
    }
    *keys.borrow_mut() = all;
    let query = Node::alloc(&heap, &log, "not there");
    assert!(!set.contains(&query));
    set.check();
    assert_eq!((set.len(), log.len()), (10, 10), "each comparison killed the last one");
    while !set.remove(&Node::alloc(&heap, &log, "k0")) {}
    assert!(set.len() < 10);
    set.check();
    drop(keys.take());
    assert!(set.is_empty());
}

/// A value that acts when it is dropped, or panics.
#[derive(Trace)]
struct Value {
    at_drop: OnDrop,
    bomb: Option<Bomb>,
}

#[test]
fn values_whose_drop_panics_or_uses_the_map() {
    for collected in [false, true] {
        for clear in [false, true] {
            let (heap, log) = (manual_heap(), Log::new());
            let reports = quiet(&heap);
            let armed = Armed::new();
            let map = WeakKeyMap::<Gc<Node>, Gc<Value>, ById>::with_equivalence(&heap, ById);
            let nodes = ring(&heap, &log, "n", 20);
            let survivor = Node::alloc(&heap, &log, "survivor");
            for (index, node) in nodes.iter().enumerate() {
                let (inner, kept, log) = (map.clone(), survivor.clone(), log.clone());
                let at_drop = OnDrop::new(move || {
                    inner.check();
                    assert_eq!(inner.len(), inner.keys().len());
                    inner.remove(&kept);
                    if index == 7 {
                        inner.clear();
                    }
                    log.push(format!("value {index}"));
                });
                let bomb = (index % 5 == 0).then(|| armed.bomb("value"));
                map.insert(node, heap.alloc(Value { at_drop, bomb }));
            }
            let plain = heap.alloc(Value { at_drop: OnDrop::default(), bomb: None });
            map.insert(&survivor, plain);
            if clear {
                map.clear();
            }
            if !collected {
                nodes[19].unlink();
            }
            drop(nodes);
            heap.collect(Generation::Old);
            assert!(map.is_empty());
            assert_eq!(log.take().iter().filter(|event| event.starts_with("value")).count(), 20);
            assert_eq!(reports.messages(), ["value"; 4]);
            map.check();
            heap.check();
        }
    }
}

#[test]
fn callbacks_that_use_the_map_of_the_dying_key() {
    for collected in [false, true] {
        let (heap, log) = (manual_heap(), Log::new());
        let map = WeakKeyMap::<Gc<Node>, Gc<Node>, ById>::with_equivalence(&heap, ById);
        let nodes = ring(&heap, &log, "n", 10);
        let mut watches = Vec::new();
        let survivor = Node::alloc(&heap, &log, "survivor");
        for node in &nodes {
            let (inner, kept) = (map.clone(), survivor.clone());
            watches.push(WeakRef::with_callback(
                node,
                callback(move |_: &AnyGc| {
                    inner.check();
                    inner.insert(&kept, kept.clone());
                    drop(inner.pop_item());
                    for (key, value) in inner.iter() {
                        assert!(inner.contains(&key) && !value.name().is_empty());
                    }
                }),
            ));
            map.insert(node, nodes[0].clone());
        }
        if !collected {
            // Each value holds the ring together: the map has to let go of one.
            drop(map.remove(&nodes[0]));
            nodes[9].unlink();
        }
        drop(nodes);
        heap.collect(Generation::Old);
        assert_eq!(log.count("drop n3"), 1, "collected: {collected}");
        assert!(map.len() <= 1);
        map.check();
        heap.check();
    }
}

#[test]
fn a_map_that_is_dropped_in_a_callback_of_its_key() {
    let (heap, log) = (manual_heap(), Log::new());
    let map = WeakKeyMap::<Gc<Node>, Gc<Node>, ById>::with_equivalence(&heap, ById);
    let key = Node::alloc(&heap, &log, "key");
    let holder = Rc::new(RefCell::new(Some((map.clone(), heap))));
    for index in 0..3 {
        let value = holder.borrow().as_ref().map(|(_, heap)| Node::alloc(heap, &log, format!("value{index}")));
        map.insert(&key, value.expect("open"));
    }
    let slot = holder.clone();
    let watch = WeakRef::with_callback(&key, callback(move |_: &AnyGc| drop(slot.take())));
    drop(map);
    drop(key);
    assert_eq!(log.take_sorted(), ["drop key", "drop value0", "drop value1", "drop value2"]);
    drop(watch);
}

/// A value like all others, with a switch.
#[derive(Trace)]
struct Guarded {
    _bomb: Option<Bomb>,
    _held: Gc<Node>,
}

impl Clone for Guarded {
    fn clone(&self) -> Guarded {
        Guarded { _bomb: None, _held: self._held.clone() }
    }
}

/// What was to be returned is dropped with everything else when the drop of a key or value that wasn't needed panics.
#[test]
fn a_panic_in_the_drop_of_what_is_not_needed_leaks_nothing() {
    let (heap, log, armed) = (manual_heap(), Log::new(), Armed::new());
    quiet(&heap);
    /// All equal.
    struct Same;
    impl<T> Equivalence<T> for Same {
        fn hash(&self, _: &T) -> u64 {
            0
        }
        fn equivalent(&self, _: &T, _: &T) -> bool {
            true
        }
    }
    let panics = |act: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(act)).is_err());
    let node = |name: &str| Node::alloc(&heap, &log, name);

    let values = WeakValueMap::<Option<Bomb>, Gc<Node>, _>::with_equivalence(&heap, Same);
    let (first, second) = (node("first"), node("second"));
    assert!(values.insert(None, &first).is_none());
    panics(&|| drop(values.insert(Some(armed.bomb("key")), &second)));
    panics(&|| drop(values.get_or_insert(Some(armed.bomb("key")), &first)));
    drop((first, second));
    assert_eq!(log.take(), ["drop first", "drop second"]);

    let keys = WeakKeyMap::<Gc<Node>, Guarded, _>::with_equivalence(&heap, Same);
    let (key, held) = (node("key"), node("held"));
    keys.insert(&key, Guarded { _bomb: None, _held: held.clone() });
    panics(&|| {
        let unneeded = Guarded { _bomb: Some(armed.bomb("value")), _held: key.clone() };
        drop(keys.get_or_insert(&key, unneeded));
    });
    drop(keys);
    drop((key, held));
    assert_eq!(log.take_sorted(), ["drop held", "drop key"]);
    assert_eq!(heap.object_count(), 1, "the value map");
}
