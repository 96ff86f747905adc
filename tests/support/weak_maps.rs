//! Programs over weak containers in two heaps, beside a naive model: a graph, counts by counting, and garbage by reachability with the
//! rule of ephemerons.

mod ops;
mod reachable;

use std::collections::BTreeSet;

use tailbite::{AnyGc, ById, Gc, Generation, Heap, Trace, WeakKeyMap, WeakSet, WeakValueMap};

use crate::{Log, Node, Tape, manual_heap, replay};
pub use ops::WEAK_MAPS_OPERATION;
use ops::{Kind, Op};

type KeyMap = WeakKeyMap<Gc<Node>, AnyGc, ById>;
type ValueMap = WeakValueMap<AnyGc, Gc<Node>, ById>;
type Set = WeakSet<Gc<Node>, ById>;

/// An object as the model knows it. An entry of a key map or set is (weak key, owned value), of a value map (weak value,
/// owned key).
struct Object {
    heap: usize,
    kind: Kind,
    alive: bool,
    /// Whether a container is really alive. (Nodes log their drops.)
    shows: Box<dyn Fn() -> bool>,
    edges: Vec<usize>,
    entries: Vec<(usize, Option<usize>)>,
}

pub(crate) struct World {
    heaps: [Heap; 2],
    log: Log,
    handles: Vec<(usize, AnyGc)>,
    objects: Vec<Object>,
}

impl World {
    fn new() -> World {
        World { heaps: [manual_heap(), manual_heap()], log: Log::new(), handles: Vec::new(), objects: Vec::new() }
    }

    fn pick(&self, index: usize, wanted: impl Fn(Kind) -> bool) -> Option<(usize, AnyGc)> {
        let fitting: Vec<_> = self.handles.iter().filter(|(id, _)| wanted(self.objects[*id].kind)).collect();
        (!fitting.is_empty()).then(|| fitting[index % fitting.len()].clone())
    }

    fn node(&self, index: usize) -> Option<(usize, Gc<Node>)> {
        let (id, object) = self.pick(index, |kind| kind == Kind::Node)?;
        Some((id, object.downcast().expect("a node")))
    }

    fn run(&mut self, op: &Op) -> Option<()> {
        let is_map = |kind| kind != Kind::Node;
        match *op {
            Op::New(heap, kind) => {
                let id = self.objects.len();
                let place = &self.heaps[heap];
                let (object, shows): (AnyGc, Box<dyn Fn() -> bool>) = match kind {
                    Kind::Node => {
                        let node = Node::alloc(place, &self.log, format!("{id}"));
                        if id.is_multiple_of(3) {
                            // So that collections detect twice.
                            Node::on_finalize(&node, |_| {});
                        }
                        (node.into(), Box::new(|| true))
                    }
                    Kind::KeyMap => watched(KeyMap::with_equivalence(place, ById)),
                    Kind::ValueMap => watched(ValueMap::with_equivalence(place, ById)),
                    Kind::Set => watched(Set::with_equivalence(place, ById)),
                };
                self.objects.push(Object { heap, kind, alive: true, shows, edges: Vec::new(), entries: Vec::new() });
                self.handles.push((id, object));
            }
            Op::Drop(index) => {
                if !self.handles.is_empty() {
                    let index = index % self.handles.len();
                    drop(self.handles.swap_remove(index));
                }
            }
            Op::Clone(index) => {
                let handle = self.pick(index, |_| true)?;
                self.handles.push(handle);
            }
            Op::Link(from, to) => {
                let ((from, node), (to, object)) = (self.node(from)?, self.pick(to, |_| true)?);
                node.hold(object);
                self.objects[from].edges.push(to);
            }
            Op::Unlink(node) => {
                let (id, node) = self.node(node)?;
                self.objects[id].edges.clear();
                drop(node.any.take());
            }
            Op::Insert(map, target, owned) => {
                let ((map, object), (target, node)) = (self.pick(map, is_map)?, self.node(target)?);
                let (owned, other) = self.pick(owned, |_| true)?;
                let entries = &mut self.objects[map].entries;
                if let Some(map) = object.downcast_ref::<KeyMap>() {
                    let old = map.insert(&node, other).is_some();
                    let known = entries.iter_mut().find(|entry| entry.0 == target);
                    assert_eq!(old, known.is_some());
                    match known {
                        Some(entry) => entry.1 = Some(owned),
                        None => entries.push((target, Some(owned))),
                    }
                } else if let Some(map) = object.downcast_ref::<ValueMap>() {
                    let old = map.insert(other, &node).is_some();
                    let known = entries.iter_mut().find(|entry| entry.1 == Some(owned));
                    assert_eq!(old, known.is_some());
                    match known {
                        Some(entry) => entry.0 = target,
                        None => entries.push((target, Some(owned))),
                    }
                } else if let Some(set) = object.downcast_ref::<Set>() {
                    let new = !entries.iter().any(|entry| entry.0 == target);
                    assert_eq!(set.insert(&node), new);
                    if new {
                        entries.push((target, None));
                    }
                }
            }
            Op::Remove(map, key) => {
                let (map, object) = self.pick(map, is_map)?;
                let (id, key) = self.pick(key, |kind| kind == Kind::Node)?;
                let node = key.clone().downcast::<Node>().expect("a node");
                let (removed, is_value_map) = if let Some(map) = object.downcast_ref::<KeyMap>() {
                    (map.remove(&node).is_some(), false)
                } else if let Some(map) = object.downcast_ref::<ValueMap>() {
                    (map.remove(&key).is_some(), true)
                } else {
                    (object.downcast_ref::<Set>().expect("a set").remove(&node), false)
                };
                let entries = &mut self.objects[map].entries;
                let before = entries.len();
                entries.retain(|entry| if is_value_map { entry.1 != Some(id) } else { entry.0 != id });
                assert_eq!(removed, entries.len() < before);
            }
            Op::Pop(map) => {
                let (map, object) = self.pick(map, is_map)?;
                let popped = if let Some(map) = object.downcast_ref::<KeyMap>() {
                    map.pop_item().map(|(key, _)| key)
                } else if let Some(map) = object.downcast_ref::<ValueMap>() {
                    map.pop_item().map(|(_, value)| value)
                } else {
                    object.downcast_ref::<Set>().expect("a set").pop()
                };
                let entry = self.objects[map].entries.pop();
                assert_eq!(popped.map(|node| node.name().to_owned()), entry.map(|entry| entry.0.to_string()));
            }
            Op::Clear(map) => {
                let (map, object) = self.pick(map, is_map)?;
                if let Some(map) = object.downcast_ref::<KeyMap>() {
                    map.clear();
                } else if let Some(map) = object.downcast_ref::<ValueMap>() {
                    map.clear();
                } else if let Some(set) = object.downcast_ref::<Set>() {
                    set.clear();
                }
                self.objects[map].entries.clear();
            }
            Op::Follow(map, index) => {
                let (map, object) = self.pick(map, is_map)?;
                let map_of = object.downcast_ref::<KeyMap>()?;
                let entries = &self.objects[map].entries;
                let (target, owned) = *entries.get(index % entries.len().max(1))?;
                let (key, value) = map_of.iter().find(|(key, _)| key.name() == target.to_string())?;
                assert!(map_of.get(&key).as_ref() == Some(&value));
                self.handles.push((owned?, value));
            }
            Op::Collect(heap, generation) => {
                let must_live = self.reachable(heap);
                self.heaps[heap].collect(generation);
                if generation == Generation::Old {
                    for (id, object) in self.objects.iter_mut().enumerate() {
                        object.alive &= must_live.contains(&id);
                    }
                } else {
                    // Which of the garbage goes depends on ages. (What must stay may still die by count afterwards, with the
                    // entry of a key that went.)
                    let dropped = self.dropped();
                    for (id, object) in self.objects.iter_mut().enumerate() {
                        object.alive &= must_live.contains(&id) || !dropped.contains(&id) && (object.shows)();
                    }
                }
            }
        }
        Some(())
    }

    /// The nodes whose drops were logged.
    fn dropped(&self) -> BTreeSet<usize> {
        let events = self.log.take();
        for event in &events {
            self.log.push(event.clone());
        }
        let dropped = events.iter().filter_map(|event| event.strip_prefix("drop "));
        dropped.map(|name| name.parse().expect("a number")).collect()
    }

    fn compare(&self) {
        let dropped = self.dropped();
        for (id, object) in self.objects.iter().enumerate() {
            let lives = !dropped.contains(&id) && (object.shows)();
            assert_eq!(object.alive, lives, "whether {:?} {id} lives, in the model and really", object.kind);
        }
        for (id, handle) in &self.handles {
            let entries: Vec<String> = self.objects[*id].entries.iter().map(|entry| entry.0.to_string()).collect();
            let (len, targets) = if let Some(map) = handle.downcast_ref::<KeyMap>() {
                map.check();
                (map.len(), map.keys())
            } else if let Some(map) = handle.downcast_ref::<ValueMap>() {
                map.check();
                (map.len(), map.values())
            } else if let Some(set) = handle.downcast_ref::<Set>() {
                set.check();
                (set.len(), set.to_vec())
            } else {
                continue;
            };
            let targets: Vec<&str> = targets.iter().map(|node| node.name()).collect();
            assert_eq!(targets, entries, "container {id}");
            assert_eq!(len, entries.len());
        }
    }
}

/// A container, erased, and whether it lives.
fn watched<C: Trace>(container: Gc<C>) -> (AnyGc, Box<dyn Fn() -> bool>) {
    let weak = Gc::downgrade(&container);
    (container.into(), Box::new(move || weak.upgrade().is_some()))
}

/// Runs a program of operations of [`WEAK_MAPS_OPERATION`] bytes over weak containers.
///
/// # Panics
/// If the runtime and the model disagree.
pub fn run_weak_maps(program: &[u8]) {
    let tape = Tape::of_operations(program);
    let mut world = World::new();
    while tape.operation(WEAK_MAPS_OPERATION) {
        let op = Op::read(&tape);
        if replay::is_told() {
            println!("{op:?}");
        }
        world.run(&op);
        world.settle();
        world.compare();
    }
    for heap in &world.heaps {
        heap.check();
    }
}
