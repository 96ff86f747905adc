//! All objects of a heap, as handles.

use super::walk::{Handles, Walk};
use crate::collect::Generation;
use crate::handle::AnyGc;
use crate::heap::Heap;

impl Heap {
    /// Handles to the tracked objects of a generation, or of all three; CPython's `gc.get_objects`. Untracked objects
    /// and [frozen](Heap::freeze) ones are not among them.
    ///
    /// Nor is what is hidden from every walk: objects lent through a [`GcMut`](crate::GcMut), objects that are dying,
    /// and, for user code that runs inside a collection, what that collection has found unreachable.
    ///
    /// In order of place (not of age). Cost: a look at each tracked object, and a write to each that is given out.
    ///
    /// # Panics
    /// If memory for the handles is refused.
    ///
    /// ```
    /// use tailbite::{AnyGc, Gc, Generation, Heap};
    /// let heap = Heap::new();
    /// let object: Gc<Option<AnyGc>> = heap.alloc(None);
    /// assert_eq!(heap.get_objects(Some(Generation::Young)), [Gc::as_any(&object)]);
    /// heap.collect(Generation::Old);
    /// assert_eq!(heap.get_objects(Some(Generation::Old)), [Gc::as_any(&object)]);
    /// assert!(heap.get_objects(Some(Generation::Young)).is_empty());
    /// ```
    #[must_use]
    pub fn get_objects(&self, generation: Option<Generation>) -> Vec<AnyGc> {
        let wanted = match generation {
            Some(generation) => generation as u8..=generation as u8,
            None => Generation::Young as u8..=Generation::Old as u8,
        };
        let mut objects = Handles::default();
        Walk::over(self.state()).for_each(|object| {
            if wanted.contains(&object.header().generation()) {
                objects.take(object);
            }
        });
        objects.finish()
    }
}
