//! What must hold after each operation, and at the end.

use std::collections::BTreeSet;

use tailbite::{Gc, Generation};

use super::{Machine, id, number};
use crate::Op;

impl Machine {
    pub(super) fn compare(&mut self, op: Op) {
        let mut rescued = self.rescued.take();
        rescued.sort_by_key(id);
        self.handles.append(&mut rescued);
        let expected = self.model.settle();
        let events = self.log.take_sorted();
        self.dropped.extend(events.iter().filter_map(|event| event.strip_prefix("drop ")).map(number));
        if self.automatic {
            let reachable = self.model.reachable();
            assert!(self.dropped.is_disjoint(&reachable), "{op:?} freed a reachable object");
            let dead = (0..self.model.object_count()).filter(|&object| !self.model.is_alive(object));
            assert!(dead.collect::<BTreeSet<_>>().is_subset(&self.dropped), "{op:?} left an object without handles");
        } else {
            assert_eq!(events, expected, "the events of {op:?}");
            self.compare_exactly(op);
        }
        for heap in self.heaps.iter().flatten() {
            heap.check();
        }
    }

    fn compare_exactly(&self, op: Op) {
        for (handle, &object) in self.handles.iter().zip(&self.model.handles) {
            assert_eq!(id(handle), object, "handle order after {op:?}");
            assert_eq!(Gc::strong_count(handle), self.model.count(object), "count of {object} after {op:?}");
            Gc::with_heap(handle, |heap| {
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
            // Weak reference objects are tracked objects too; of those the model does not know the generation.
            let slack = self.model.watches_of(index);
            let tracked = self.model.live_in(index).count() + slack;
            assert_eq!(heap.tracked_objects(), tracked, "tracked objects after {op:?}");
            let [young, middle, old] = self.model.counts(index);
            let counts = heap.get_count();
            assert!((young..=young + slack).contains(&counts[0]), "{counts:?}, not {young} after {op:?}");
            assert_eq!(counts[1..], [middle, old], "counts after {op:?}");
        }
    }

    /// Gives up everything: all payloads drop once, except cycles through several heaps, which are documented to leak.
    pub(super) fn finish(mut self) {
        self.watches.clear();
        while self.model.watch_count() > 0 {
            self.model.drop_watch(0);
        }
        if self.automatic {
            let reachable = self.model.reachable();
            let heap = self.heaps[0].as_ref().expect("the heap is open");
            heap.collect(Generation::Old);
            self.dropped.extend(self.log.take().iter().filter_map(|event| event.strip_prefix("drop ")).map(number));
            let expected = (0..self.model.object_count()).filter(|object| !reachable.contains(object)).collect();
            assert_eq!(self.dropped, expected, "a full collection leaves what is reachable, and nothing else");
        }
        while !self.handles.is_empty() {
            if self.automatic {
                self.handles.clear();
            } else {
                self.step(Op::Drop(0));
            }
        }
        if !self.automatic {
            for index in 0..self.heaps.iter().flatten().count() {
                self.step(Op::Collect(index, 2));
            }
        }
        assert!(
            self.weaks
                .iter()
                .zip(&self.model.weaks)
                .all(|(weak, &object)| { self.automatic || weak.upgrade().is_some() == self.model.is_alive(object) })
        );
    }
}
