//! Death in the model: by count, by having the payload moved out, and what finalizers do.

use super::{Model, Opaque};
use crate::FinalizerKind;

impl Model {
    /// Moves the payload out: no finalizer, weak references die, then the payload drops.
    pub(crate) fn unwrap(&mut self, handle: usize) {
        let object = self.handles.swap_remove(handle);
        self.objects[object].count = 0;
        self.bury(object);
    }

    /// One handle or edge less.
    pub(super) fn release(&mut self, object: usize) {
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

    pub(super) fn mark_dead(&mut self, object: usize) -> Vec<usize> {
        self.events.push(format!("drop {object}"));
        self.objects[object].alive = false;
        let fixed = self.objects[object].fixed.take();
        let mut edges = self.take_edges(object);
        edges.extend(fixed);
        edges
    }

    /// The edges that an object can give up.
    fn take_edges(&mut self, object: usize) -> Vec<usize> {
        let object = &mut self.objects[object];
        let cells = object.cells.iter_mut().filter_map(Option::take).collect::<Vec<_>>();
        let list = std::mem::take(&mut object.list);
        cells.into_iter().chain(list).chain(std::mem::take(&mut object.items)).collect()
    }

    pub(super) fn finalize(&mut self, object: usize) {
        let finalizer = self.objects[object].finalizer();
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
            FinalizerKind::Allocate => {
                let child = &mut self.objects[object + 1];
                child.alive = true;
                child.count = 1;
                self.rescued.push(object + 1);
            }
            FinalizerKind::Panic => self.events.push("unraisable".to_owned()),
            FinalizerKind::Unwrap => self.events.push("drop temporary".to_owned()),
            FinalizerKind::Collect if self.collecting == Some(self.objects[object].heap) => {
                self.events.push("nested 0".to_owned());
            }
            FinalizerKind::None | FinalizerKind::Log | FinalizerKind::Collect => {}
        }
    }

    /// Closes a heap: nothing is immortal or frozen any more, its roots go, and full collections until there is nothing more to find.
    pub(crate) fn close_heap(&mut self, heap: usize) {
        self.unfreeze(heap);
        let immortal: Vec<usize> = self.live_in(heap).filter(|&object| self.objects[object].immortal).collect();
        for &object in &immortal {
            self.objects[object].immortal = false;
        }
        for object in immortal.into_iter().chain(std::mem::take(&mut self.heaps[heap].roots)) {
            self.release(object);
        }
        loop {
            let events = self.events.len();
            if self.run_collection(heap, 2, Opaque::Nothing) == 0 && self.events.len() == events {
                break;
            }
        }
        self.heaps[heap].open = false;
    }
}
