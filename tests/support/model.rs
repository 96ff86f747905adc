//! The naive model: a graph, counts by counting, garbage by reachability. It says what must happen; how is not its business.
//!
//! The order of finalizers in one collection is unspecified, so the finalizers of [`FinalizerKind`] commute, and events are
//! compared as a set per operation.

mod collection;
mod death;
mod watches;

use std::collections::BTreeSet;

use crate::{FinalizerKind, ObjectKind, Place};
use watches::Watch;

/// The generation of what is frozen.
const PERMANENT: usize = 3;

/// An object as the model knows it.
#[derive(Clone, Debug)]
struct Object {
    heap: usize,
    kind: ObjectKind,
    generation: usize,
    finalized: bool,
    alive: bool,
    immortal: bool,
    /// Handles of the host and the heap, edges of live objects, and pins of a collection under way.
    count: usize,
    cells: [Option<usize>; 2],
    list: Vec<usize>,
    items: Vec<usize>,
    /// What a slice was made with.
    fixed: Option<usize>,
}

impl Object {
    fn finalizer(&self) -> FinalizerKind {
        match self.kind {
            ObjectKind::Knot(finalizer) => finalizer,
            _ => FinalizerKind::None,
        }
    }

    fn is_tracked(&self) -> bool {
        self.kind != ObjectKind::Leaf
    }
}

/// A heap as the model knows it.
#[derive(Clone, Debug)]
struct HeapModel {
    open: bool,
    counts: [usize; 3],
    /// Objects to which it keeps a handle of the host's.
    roots: Vec<usize>,
}

/// What is opaque to a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opaque {
    /// Nothing.
    Nothing,
    /// The list of this object is mutably borrowed.
    List(usize),
    /// This object is lent.
    Object(usize),
}

/// The state that the host and its heaps must be in.
#[derive(Clone, Debug, Default)]
pub struct Model {
    objects: Vec<Object>,
    heaps: Vec<HeapModel>,
    pub(crate) handles: Vec<usize>,
    pub(crate) weaks: Vec<usize>,
    watches: Vec<Watch>,
    /// The host's handles to weak reference objects.
    pub(crate) watching: Vec<usize>,
    rescued: Vec<usize>,
    events: Vec<String>,
    /// The heap that collects on the host's word.
    collecting: Option<usize>,
}

impl Model {
    pub(crate) fn open_heap(&mut self) {
        self.heaps.push(HeapModel { open: true, counts: [0; 3], roots: Vec::new() });
    }

    pub(crate) fn open_heaps(&self) -> Vec<usize> {
        (0..self.heaps.len()).filter(|&heap| self.heaps[heap].open).collect()
    }

    /// A new object and a handle of the host to it. One whose finalizer allocates has the next number reserved for that.
    pub(crate) fn alloc(&mut self, heap: usize, kind: ObjectKind, edge: Option<usize>) -> usize {
        let id = self.new_object(heap, kind);
        self.objects[id].alive = true;
        if let Some(edge) = edge {
            self.objects[edge].count += 1;
            self.objects[id].fixed = Some(edge);
        }
        self.add_handle(id);
        if kind == ObjectKind::Knot(FinalizerKind::Allocate) {
            self.new_object(heap, ObjectKind::Knot(FinalizerKind::None));
        }
        id
    }

    fn new_object(&mut self, heap: usize, kind: ObjectKind) -> usize {
        self.objects.push(Object {
            heap,
            kind,
            generation: 0,
            finalized: false,
            alive: false,
            immortal: false,
            count: 0,
            cells: [None; 2],
            list: Vec::new(),
            items: Vec::new(),
            fixed: None,
        });
        self.objects.len() - 1
    }

    pub(crate) fn add_handle(&mut self, object: usize) {
        self.objects[object].count += 1;
        self.handles.push(object);
    }

    pub(crate) fn drop_handle(&mut self, handle: usize) {
        let object = self.handles.swap_remove(handle);
        self.release(object);
    }

    pub(crate) fn set(&mut self, from: usize, cell: usize, to: Option<usize>) {
        if let Some(to) = to {
            self.objects[to].count += 1;
        }
        if let Some(old) = std::mem::replace(&mut self.objects[from].cells[cell], to) {
            self.release(old);
        }
    }

    pub(crate) fn place(&self, object: usize, place: Place) -> &[usize] {
        match place {
            Place::List => &self.objects[object].list,
            Place::Items => &self.objects[object].items,
        }
    }

    fn place_mut(&mut self, object: usize, place: Place) -> &mut Vec<usize> {
        match place {
            Place::List => &mut self.objects[object].list,
            Place::Items => &mut self.objects[object].items,
        }
    }

    pub(crate) fn push(&mut self, from: usize, place: Place, to: usize) {
        self.objects[to].count += 1;
        self.place_mut(from, place).push(to);
    }

    pub(crate) fn pop(&mut self, from: usize, place: Place, index: usize) {
        let old = self.place_mut(from, place).swap_remove(index);
        self.release(old);
    }

    pub(crate) fn immortalize(&mut self, object: usize) {
        let known = &mut self.objects[object];
        // (A closed heap makes nothing immortal.)
        if self.heaps[known.heap].open && !known.immortal {
            known.immortal = true;
            known.count += 1;
        }
    }

    pub(crate) fn root(&mut self, heap: usize, object: usize) {
        self.objects[object].count += 1;
        self.heaps[heap].roots.push(object);
    }

    /// Whether the heap still keeps the object, which it then gives to the host.
    pub(crate) fn unroot(&mut self, heap: usize, object: usize) -> bool {
        let Some(index) = self.heaps[heap].roots.iter().position(|&root| root == object) else { return false };
        self.heaps[heap].roots.swap_remove(index);
        self.handles.push(object);
        true
    }

    /// Whether the host may borrow the payload mutably: one handle, and no weak reference of any kind.
    pub(crate) fn is_exclusive(&self, object: usize) -> bool {
        self.count(object) == 1 && !self.weaks.contains(&object) && self.weakref_count(object) == 0
    }

    pub(crate) fn is_alive(&self, object: usize) -> bool {
        self.objects[object].alive
    }

    pub(crate) fn is_immortal(&self, object: usize) -> bool {
        self.objects[object].immortal
    }

    pub(crate) fn is_tracked(&self, object: usize) -> bool {
        self.objects[object].is_tracked()
    }

    pub(crate) fn count(&self, object: usize) -> usize {
        self.objects[object].count
    }

    pub(crate) fn is_finalized(&self, object: usize) -> bool {
        self.objects[object].finalized
    }

    pub(crate) fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// The generations of all tracked objects that are alive in a heap, weak reference objects among them.
    pub(crate) fn generations(&self, heap: usize) -> Vec<usize> {
        let objects = self.live_in(heap).filter(|&object| self.is_tracked(object));
        let objects = objects.map(|object| self.objects[object].generation);
        objects.chain(self.watch_generations(heap)).collect()
    }

    pub(crate) fn counts(&self, heap: usize) -> [usize; 3] {
        let mut counts = self.heaps[heap].counts;
        counts[0] = self.generations(heap).iter().filter(|generation| **generation == 0).count();
        counts
    }

    pub(crate) fn frozen(&self, heap: usize) -> usize {
        self.generations(heap).iter().filter(|generation| **generation == PERMANENT).count()
    }

    pub(crate) fn live_in(&self, heap: usize) -> impl Iterator<Item = usize> {
        (0..self.objects.len()).filter(move |&object| self.objects[object].alive && self.objects[object].heap == heap)
    }

    /// Whether some finalizer of the program gives up edges: then a collected object may have died by count before it was swept.
    pub(crate) fn has_unlinkers(&self) -> bool {
        self.objects.iter().any(|object| object.finalizer() == FinalizerKind::Unlink)
    }

    /// The events of the last operation, sorted. The handles that finalizers saved are the host's from now on.
    pub(crate) fn settle(&mut self) -> Vec<String> {
        self.rescued.sort_unstable();
        self.handles.append(&mut self.rescued);
        let mut events = std::mem::take(&mut self.events);
        events.sort();
        events
    }

    /// What the host can reach, through all heaps.
    pub(crate) fn reachable(&self) -> BTreeSet<usize> {
        let all = (0..self.objects.len()).collect();
        let immortal = (0..self.objects.len()).filter(|&object| self.objects[object].immortal);
        let roots = self.heaps.iter().flat_map(|heap| &heap.roots);
        let held = self.handles.iter().chain(roots).copied().chain(immortal).collect();
        self.closure(held, &all, Opaque::Nothing)
    }
}
