//! All objects of a heap, as handles.

use super::walk::{Handles, Walk};
use crate::collect::{Generation, InvalidGeneration};
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
        let mut objects = Handles::of(self.state());
        Walk::over(self.state()).for_each(|object| {
            if wanted.contains(&object.header().generation()) {
                objects.take(object);
            }
        });
        objects.finish()
    }
}

impl Generation {
    /// The argument of CPython's `gc.get_objects`, for [`Heap::get_objects`](crate::Heap::get_objects): 0, 1 or 2, and
    /// -1 for all of them.
    ///
    /// # Errors
    /// If the number is neither, with CPython's message.
    ///
    /// ```
    /// use tailbite::Generation;
    /// assert_eq!(Generation::parse_objects_argument(-1), Ok(None));
    /// assert_eq!(Generation::parse_objects_argument(1), Ok(Some(Generation::Middle)));
    /// let error = Generation::parse_objects_argument(-2).unwrap_err();
    /// assert_eq!(error.to_string(), "generation parameter cannot be negative");
    /// ```
    pub fn parse_objects_argument(number: i64) -> Result<Option<Generation>, InvalidGeneration> {
        match number {
            -1 => Ok(None),
            ..0 => Err(InvalidGeneration::NEGATIVE),
            _ => Generation::try_from(number).map(Some).map_err(|_| InvalidGeneration::TOO_LARGE),
        }
    }
}
