//! What must hold after each operation, and at the end.

use std::collections::BTreeSet;

use tailbite::{Generation, Heap};

use super::Machine;
use super::objects::{id, number};
use crate::Op;

impl Machine {
    pub(super) fn compare(&mut self, op: Op) {
        let mut rescued = self.rescued.take();
        rescued.sort_by_key(id);
        self.handles.append(&mut rescued);
        let expected = self.model.settle();
        let events = self.log.take_sorted();
        self.dropped.extend(events.iter().filter_map(|event| event.strip_prefix("drop ")).filter_map(number_of));
        if self.automatic {
            let reachable = self.model.reachable();
            assert!(self.dropped.is_disjoint(&reachable), "{op:?} freed a reachable object");
            let dead = (0..self.model.object_count()).filter(|&object| !self.model.is_alive(object));
            assert!(dead.collect::<BTreeSet<_>>().is_subset(&self.dropped), "{op:?} left an object without handles");
        } else {
            assert_eq!(events, expected, "the events of {op:?}");
            self.compare_exactly(op);
        }
        self.steps += 1;
        if self.steps.is_multiple_of(8) {
            self.heaps.iter().flatten().for_each(Heap::check);
        }
    }

    fn compare_exactly(&self, op: Op) {
        for (handle, &object) in self.handles.iter().zip(&self.model.handles) {
            assert_eq!(id(handle), object, "handle order after {op:?}");
            assert_eq!(handle.strong_count(), self.model.count(object), "count of {object} after {op:?}");
            assert_eq!(handle.is_immortal(), self.model.is_immortal(object), "{object} after {op:?}");
            handle.with_heap(|heap| {
                assert_eq!(heap.is_tracked(handle), self.model.is_tracked(object), "{object} after {op:?}");
                assert_eq!(heap.is_finalized(handle), self.model.is_finalized(object), "{object} after {op:?}");
                assert_eq!(heap.get_weakref_count(handle), self.model.weakref_count(object), "{object} after {op:?}");
            });
        }
        for (weak, &object) in self.weaks.iter().zip(&self.model.weaks) {
            assert_eq!(weak.upgrade().is_some(), self.model.is_alive(object), "weak of {object} after {op:?}");
            assert_eq!(weak.strong_count() > 0, self.model.is_alive(object), "weak of {object} after {op:?}");
        }
        for (index, watch) in self.watches.iter().enumerate() {
            assert_eq!(watch.is_alive(), self.model.watch_is_alive(index), "watch {index} after {op:?}");
            assert_eq!(watch.get().is_some(), self.model.watch_is_alive(index), "watch {index} after {op:?}");
        }
        for (index, heap) in self.heaps.iter().enumerate() {
            let Some(heap) = heap else { continue };
            let generations = self.model.generations(index);
            assert_eq!(heap.tracked_objects(), generations.len(), "tracked objects after {op:?}");
            assert_eq!(heap.get_count(), self.model.counts(index), "counts after {op:?}");
            assert_eq!(heap.get_freeze_count(), self.model.frozen(index), "frozen objects after {op:?}");
        }
    }

    /// Gives up everything: all payloads drop once, except cycles through several heaps, which are documented to leak.
    pub(super) fn finish(mut self) {
        while !self.watches.is_empty() {
            self.step(Op::DropWatch(0));
        }
        while !self.roots.is_empty() {
            self.step(Op::Unroot(0));
        }
        if self.automatic {
            let reachable = self.model.reachable();
            self.heap(0).unfreeze();
            self.heap(0).collect(Generation::Old);
            let events = self.log.take();
            self.dropped.extend(events.iter().filter_map(|event| event.strip_prefix("drop ")).filter_map(number_of));
            let expected = (0..self.model.object_count()).filter(|object| !reachable.contains(object)).collect();
            assert_eq!(self.dropped, expected, "a full collection leaves what is reachable, and nothing else");
            self.handles.clear();
            self.heap(0).check();
            return;
        }
        while !self.handles.is_empty() {
            self.step(Op::Drop(0));
        }
        for heap in 0..self.model.open_heaps().len() {
            self.step(Op::Collect(heap, 2));
        }
        self.heaps.iter().flatten().for_each(Heap::check);
        while !self.model.open_heaps().is_empty() {
            self.step(Op::CloseHeap(0));
        }
    }
}

/// The object behind a drop that was logged, if it is one of the program's.
fn number_of(name: &str) -> Option<usize> {
    (name != "temporary").then(|| number(name))
}
