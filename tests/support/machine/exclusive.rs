//! What is opaque during a collection, and what takes the payload out of an object.

use tailbite::{Gc, Generation};

use super::Machine;
use super::objects::Knot;
use crate::model::Opaque;

impl Machine {
    pub(super) fn collect_borrowed(&mut self, handle: usize, heap: usize, generation: usize) -> Option<()> {
        let (handle, knot) = self.pick_knot(handle)?;
        let object = self.model.handles[handle];
        // The clone counts.
        self.model.add_handle(object);
        let borrowed = knot.list.borrow_mut();
        self.collect(heap, generation, Opaque::List(object));
        drop(borrowed);
        drop(knot);
        let last = self.model.handles.len() - 1;
        self.model.drop_handle(last);
        Some(())
    }

    /// Takes one of the host's handles to a knot out.
    fn take_knot(&mut self, handle: usize) -> Option<(usize, Gc<Knot>)> {
        let (handle, knot) = self.pick_knot(handle)?;
        drop(self.handles.swap_remove(handle));
        Some((handle, knot))
    }

    pub(super) fn collect_lent(&mut self, handle: usize, heap: usize, generation: usize) -> Option<()> {
        if self.automatic {
            return None;
        }
        let (handle, mut knot) = self.take_knot(handle)?;
        let object = self.model.handles.swap_remove(handle);
        let exclusive = self.model.is_exclusive(object);
        if let Some(guard) = Gc::get_mut(&mut knot) {
            assert!(exclusive, "only the one handle without weak references lends");
            self.collecting.set(Some(heap));
            let collected = self.heap(heap).collect(Generation::ALL[generation]);
            self.collecting.set(None);
            drop(guard);
            self.expect_collected(collected, heap, generation, Opaque::Object(object));
        } else {
            assert!(!exclusive, "the one handle without weak references lends");
        }
        self.handles.push(Gc::erase(knot));
        self.model.handles.push(object);
        Some(())
    }

    pub(super) fn unwrap(&mut self, handle: usize) -> Option<()> {
        if self.automatic {
            return None;
        }
        let (handle, knot) = self.take_knot(handle)?;
        let object = self.model.handles[handle];
        match Gc::try_unwrap(knot) {
            Ok(payload) => {
                assert_eq!(self.model.count(object), 1, "only the last handle unwraps");
                drop(payload);
                self.model.unwrap(handle);
            }
            Err(knot) => {
                assert!(self.model.count(object) > 1, "the last handle unwraps");
                self.model.handles.swap_remove(handle);
                self.handles.push(Gc::erase(knot));
                self.model.handles.push(object);
            }
        }
        Some(())
    }
}
