//! The naive model: a graph, counts by counting, garbage by reachability. It says what must happen; how is not its business.
//!
//! The order of finalizers in one collection is unspecified, so the finalizers of [`FinalizerKind`] commute, and events are
//! compared as a set per operation.

use std::collections::BTreeSet;

use crate::FinalizerKind;

/// An object as the model knows it.
#[derive(Clone, Debug)]
struct Object {
    heap: usize,
    generation: usize,
    finalizer: FinalizerKind,
    finalized: bool,
    alive: bool,
    /// Handles of the host, edges of live objects, and pins of a collection under way.
    count: usize,
    cells: [Option<usize>; 2],
    list: Vec<usize>,
}

/// A weak reference object of the host.
#[derive(Clone, Copy, Debug)]
struct Watch {
    object: usize,
    /// The number under which its callback is logged, if it has one.
    callback: Option<usize>,
    alive: bool,
}

/// A heap as the model knows it.
#[derive(Clone, Debug)]
struct HeapModel {
    open: bool,
    counts: [usize; 3],
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
    callbacks: usize,
    rescued: Vec<usize>,
    events: Vec<String>,
}

impl Model {
    pub(crate) fn open_heap(&mut self) {
        self.heaps.push(HeapModel { open: true, counts: [0; 3] });
    }

    pub(crate) fn open_heaps(&self) -> Vec<usize> {
        (0..self.heaps.len()).filter(|&heap| self.heaps[heap].open).collect()
    }

    /// A new object and a handle of the host to it.
    pub(crate) fn alloc(&mut self, heap: usize, finalizer: FinalizerKind) -> usize {
        let id = self.objects.len();
        let (cells, list) = ([None; 2], Vec::new());
        let object = Object { heap, generation: 0, finalizer, finalized: false, alive: true, count: 0, cells, list };
        self.objects.push(object);
        self.add_handle(id);
        id
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

    pub(crate) fn push(&mut self, from: usize, to: usize) {
        self.objects[to].count += 1;
        self.objects[from].list.push(to);
    }

    pub(crate) fn list(&self, object: usize) -> &[usize] {
        &self.objects[object].list
    }

    pub(crate) fn pop(&mut self, from: usize, index: usize) {
        let old = self.objects[from].list.swap_remove(index);
        self.release(old);
    }

    pub(crate) fn watch(&mut self, object: usize, with_callback: bool) -> Option<usize> {
        let callback = with_callback.then_some(self.callbacks);
        self.callbacks += usize::from(with_callback);
        self.watches.push(Watch { object, callback, alive: true });
        callback
    }

    pub(crate) fn drop_watch(&mut self, watch: usize) {
        self.watches.swap_remove(watch);
    }

    pub(crate) fn watch_count(&self) -> usize {
        self.watches.len()
    }

    pub(crate) fn watch_is_alive(&self, watch: usize) -> bool {
        self.watches[watch].alive
    }

    /// The distinct weak reference objects of an object: one without callback however many handles the host has, and all others.
    pub(crate) fn weakref_count(&self, object: usize) -> usize {
        let of_object = || self.watches.iter().filter(|watch| watch.object == object && watch.alive);
        of_object().filter(|watch| watch.callback.is_some()).count()
            + usize::from(of_object().any(|watch| watch.callback.is_none()))
    }

    /// Whether the host may borrow the payload mutably: one handle, and no weak reference of any kind.
    pub(crate) fn is_exclusive(&self, object: usize) -> bool {
        self.count(object) == 1 && !self.weaks.contains(&object) && self.weakref_count(object) == 0
    }

    pub(crate) fn is_alive(&self, object: usize) -> bool {
        self.objects[object].alive
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

    pub(crate) fn counts(&self, heap: usize) -> [usize; 3] {
        let mut counts = self.heaps[heap].counts;
        counts[0] = self.live_in(heap).filter(|&object| self.objects[object].generation == 0).count();
        counts
    }

    pub(crate) fn live_in(&self, heap: usize) -> impl Iterator<Item = usize> {
        (0..self.objects.len()).filter(move |&object| self.objects[object].alive && self.objects[object].heap == heap)
    }

    /// The distinct weak reference objects that the host holds and whose referent is or was in this heap.
    pub(crate) fn watches_of(&self, heap: usize) -> usize {
        let in_heap = self.watches.iter().filter(|watch| self.objects[watch.object].heap == heap);
        in_heap.map(|watch| (watch.object, watch.callback)).collect::<BTreeSet<_>>().len()
    }

    /// Whether some finalizer of the program gives up edges: then a collected object may have died by count before it was swept.
    pub(crate) fn has_unlinkers(&self) -> bool {
        self.objects.iter().any(|object| object.finalizer == FinalizerKind::Unlink)
    }

    /// The events of the last operation, sorted. The handles that finalizers saved are the host's from now on.
    pub(crate) fn settle(&mut self) -> Vec<String> {
        self.rescued.sort_unstable();
        self.handles.append(&mut self.rescued);
        let mut events = std::mem::take(&mut self.events);
        events.sort();
        events
    }

    /// Moves the payload out: no finalizer, weak references die, then the payload drops.
    pub(crate) fn unwrap(&mut self, handle: usize) {
        let object = self.handles.swap_remove(handle);
        self.objects[object].count = 0;
        self.bury(object);
    }

    /// One handle or edge less.
    fn release(&mut self, object: usize) {
        self.objects[object].count -= 1;
        if self.objects[object].count == 0 && self.objects[object].alive {
            self.die(object);
        }
    }

    /// Death by count: finalizer, weak references and their callbacks, payload.
    fn die(&mut self, object: usize) {
        self.objects[object].count = 1;
        self.finalize(object);
        self.objects[object].count -= 1;
        if self.objects[object].count == 0 {
            self.bury(object);
        }
    }

    fn bury(&mut self, object: usize) {
        self.clear_watches(object, true);
        self.clear_watches(object, false);
        let edges = self.mark_dead(object);
        for edge in edges {
            self.release(edge);
        }
    }

    fn mark_dead(&mut self, object: usize) -> Vec<usize> {
        self.events.push(format!("drop {object}"));
        self.objects[object].alive = false;
        self.take_edges(object)
    }

    fn take_edges(&mut self, object: usize) -> Vec<usize> {
        let object = &mut self.objects[object];
        let cells = object.cells.iter_mut().filter_map(Option::take).collect::<Vec<_>>();
        cells.into_iter().chain(std::mem::take(&mut object.list)).collect()
    }

    fn finalize(&mut self, object: usize) {
        let finalizer = self.objects[object].finalizer;
        if finalizer == FinalizerKind::None || std::mem::replace(&mut self.objects[object].finalized, true) {
            return;
        }
        self.events.push(format!("finalize {object}"));
        match finalizer {
            FinalizerKind::Resurrect => {
                self.objects[object].count += 1;
                self.rescued.push(object);
            }
            FinalizerKind::Unlink => {
                for edge in self.take_edges(object) {
                    self.release(edge);
                }
            }
            FinalizerKind::None | FinalizerKind::Log => {}
        }
    }

    fn clear_watches(&mut self, object: usize, with_callback: bool) {
        for watch in &mut self.watches {
            if watch.object == object && watch.alive && watch.callback.is_some() == with_callback {
                watch.alive = false;
                self.events.extend(watch.callback.map(|number| format!("callback {number}")));
            }
        }
    }

    /// Collects a generation and gives the number of collected objects.
    pub(crate) fn collect(&mut self, heap: usize, generation: usize, opaque: Opaque) -> usize {
        let counts = &mut self.heaps[heap].counts;
        if generation < 2 {
            counts[generation + 1] += 1;
        }
        counts[..=generation].fill(0);
        let candidates: BTreeSet<usize> =
            self.live_in(heap).filter(|&object| self.objects[object].generation <= generation).collect();
        let unreachable = self.detect(&candidates, opaque, 0);
        for &object in &candidates {
            self.objects[object].generation = (generation + 1).min(2);
        }
        // What was lent is looked at again by a full collection only.
        if let Opaque::Object(lent) = opaque
            && candidates.contains(&lent)
        {
            self.objects[lent].generation = 2;
        }
        for &object in &unreachable {
            self.clear_watches(object, true);
            self.objects[object].count += 1;
        }
        for &object in &unreachable {
            self.finalize(object);
        }
        let garbage = self.detect(&unreachable, opaque, 1);
        for &object in &unreachable {
            self.objects[object].count -= 1;
        }
        for &object in &garbage {
            self.clear_watches(object, false);
        }
        let edges: Vec<usize> = garbage.iter().flat_map(|&object| self.mark_dead(object)).collect();
        for edge in edges {
            if self.objects[edge].alive {
                self.release(edge);
            }
        }
        garbage.len()
    }

    /// Trial deletion by the definition: what is not reachable from a candidate that something else holds.
    fn detect(&self, candidates: &BTreeSet<usize>, opaque: Opaque, pins: usize) -> BTreeSet<usize> {
        let mut held = BTreeSet::new();
        for &object in candidates {
            let internal = candidates.iter().flat_map(|&from| self.traced(from, opaque)).filter(|&to| to == object);
            if self.objects[object].count - pins > internal.count() {
                held.insert(object);
            }
        }
        candidates.difference(&self.closure(held, candidates, opaque)).copied().collect()
    }

    fn closure(&self, start: BTreeSet<usize>, within: &BTreeSet<usize>, opaque: Opaque) -> BTreeSet<usize> {
        let mut reached = start.clone();
        let mut open: Vec<usize> = start.into_iter().collect();
        while let Some(object) = open.pop() {
            for to in self.traced(object, opaque) {
                if within.contains(&to) && reached.insert(to) {
                    open.push(to);
                }
            }
        }
        reached
    }

    fn traced(&self, object: usize, opaque: Opaque) -> Vec<usize> {
        let known = &self.objects[object];
        let cells = known.cells.iter().flatten().copied();
        match opaque {
            Opaque::Object(lent) if lent == object => Vec::new(),
            Opaque::List(borrowed) if borrowed == object => cells.collect(),
            _ => cells.chain(known.list.iter().copied()).collect(),
        }
    }

    /// What the host can reach, through all heaps.
    pub(crate) fn reachable(&self) -> BTreeSet<usize> {
        let all = (0..self.objects.len()).collect();
        self.closure(self.handles.iter().copied().collect(), &all, Opaque::Nothing)
    }

    /// Closes a heap: full collections until there is nothing more to find.
    pub(crate) fn close_heap(&mut self, heap: usize) {
        while self.collect(heap, 2, Opaque::Nothing) > 0 {}
        self.heaps[heap].open = false;
    }
}
