//! Garbage that was kept in place of being freed, as handles.

use super::walk::Handles;
use crate::handle::AnyGc;
use crate::heap::{Heap, OutOfMemory};

impl Heap {
    /// Handles to the objects that collections found unreachable and kept, oldest first: CPython's `gc.garbage` under
    /// [`DebugFlags::SAVEALL`](crate::DebugFlags::SAVEALL).
    ///
    /// Their finalizers have run and their weak references are cleared; otherwise they are ordinary objects, of which
    /// the heap holds one handle each. Where memory for the list is refused, objects are kept that it lacks. Closing the
    /// heap lets go of them; [`take_garbage`](Heap::take_garbage) takes them.
    ///
    /// # Panics
    /// If memory for the handles is refused.
    #[must_use]
    pub fn garbage(&self) -> Vec<AnyGc> {
        let mut garbage = Handles::of(self.state());
        let debugging = &self.state().debugging;
        for index in 0..debugging.garbage_len() {
            debugging.garbage_at(index).into_iter().for_each(|object| garbage.take(object));
        }
        garbage.finish()
    }

    /// Takes the objects that collections kept out of the heap's list: CPython's `gc.garbage.clear()`, once the result is
    /// dropped. Cycles among them are collected like any others, so clear [`DebugFlags::SAVEALL`] first.
    ///
    /// # Panics
    /// If memory for the handles is refused. The list stays as it is.
    ///
    /// [`DebugFlags::SAVEALL`]: crate::DebugFlags::SAVEALL
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use tailbite::{AnyGc, DebugFlags, Gc, Generation, Heap};
    /// let heap = Heap::new();
    /// heap.set_debug(DebugFlags::SAVEALL);
    /// let list = heap.alloc(RefCell::new(Vec::<AnyGc>::new()));
    /// list.borrow_mut().push(Gc::as_any(&list));
    /// drop(list);
    /// heap.collect(Generation::Old);
    /// assert_eq!((heap.garbage().len(), heap.object_count()), (1, 1));
    /// heap.set_debug(DebugFlags::empty());
    /// drop(heap.take_garbage());
    /// heap.collect(Generation::Old);
    /// assert_eq!((heap.garbage().len(), heap.object_count()), (0, 0));
    /// ```
    pub fn take_garbage(&self) -> Vec<AnyGc> {
        let debugging = &self.state().debugging;
        let mut garbage = Vec::new();
        if !self.state().alloc.make_room(&mut garbage, debugging.garbage_len()) {
            OutOfMemory::new((), debugging.garbage_len() * size_of::<AnyGc>()).raise();
        }
        // SAFETY: the list owned a reference to each of its objects, and it was taken.
        garbage.extend(
            debugging.take_garbage(&self.state().alloc).into_iter().map(|object| unsafe { AnyGc::from_owned(object) }),
        );
        garbage
    }
}
