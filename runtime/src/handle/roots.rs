//! Roots: handles that a heap keeps for its host, under plain keys.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use super::{AnyGc, Gc};
use crate::heap::{Heap, OutOfMemory, RootId};
use crate::object::{Managed, Shape, Trace, Tracer};

/// The name of a [root](Heap::add_root): of a handle to a `T` that a heap keeps for its host. A plain number that owns
/// nothing and can be copied; a number that names nothing any more is told apart from all later ones.
///
/// Keys belong to one heap. In another one they name nothing, or any root of that heap of the same type; a root of
/// another type they never give.
///
/// Invariant in `T`, and neither `Send` nor `Sync`; [`to_bits`](RootKey::to_bits) makes a number that can go to other
/// threads and come back.
///
/// ```
/// use tailbite::{Heap, RootKey};
/// let heap = Heap::new();
/// let key: RootKey<str> = heap.add_root(heap.alloc_str("kept"));
/// let copy = key;
/// assert_eq!(heap.root(copy).as_deref(), Some("kept"));
/// heap.remove_root(key);
/// heap.add_root(heap.alloc_str("another"));
/// assert!(heap.root(copy).is_none(), "it doesn't name what came later");
/// ```
pub struct RootKey<T: ?Sized> {
    id: RootId,
    /// Invariant in `T`, and neither `Send` nor `Sync` (S4).
    marker: PhantomData<*mut T>,
}

/// The name of a root whose type is known at run time only.
pub type AnyRootKey = RootKey<dyn Trace>;

impl<T: ?Sized> RootKey<T> {
    const fn new(id: RootId) -> RootKey<T> {
        RootKey { id, marker: PhantomData }
    }

    /// The key as a number, to be passed through foreign code, files or other threads. Not zero.
    ///
    /// ```
    /// use tailbite::{Heap, RootKey};
    /// let heap = Heap::new();
    /// let key = heap.add_root(heap.alloc(5));
    /// assert!(key.to_bits() != 0 && RootKey::<i32>::from_bits(key.to_bits()) == key);
    /// ```
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.id.get()
    }

    /// The key behind a number. Any number may be asked for: what it names is checked when the key is used.
    ///
    /// ```
    /// use tailbite::{Heap, RootKey};
    /// let heap = Heap::new();
    /// assert!(heap.root(RootKey::<i32>::from_bits(12345)).is_none());
    /// ```
    #[must_use]
    pub fn from_bits(bits: u64) -> RootKey<T> {
        // Neither 0 nor this one ever names a root.
        RootKey::new(RootId::new(bits).unwrap_or(RootId::MAX))
    }

    /// The same key, without the type.
    ///
    /// ```
    /// use tailbite::{AnyRootKey, Heap};
    /// let heap = Heap::new();
    /// let key: AnyRootKey = heap.add_root(heap.alloc(5)).erase();
    /// assert!(heap.root_any(key).is_some_and(|object| object.is::<i32>()));
    /// ```
    #[must_use]
    pub fn erase(self) -> AnyRootKey {
        RootKey::new(self.id)
    }
}

impl Heap {
    /// Keeps a handle for the host until it is [removed](Heap::remove_root) or the heap is closed, and returns the key
    /// that names it: for handles that must go by plain numbers, as in a C API, a table of pending calls, or a ticket
    /// that another thread brings back.
    ///
    /// Closing a heap lets its roots go before it collects; finalizers may then add others, for a bounded number of
    /// rounds. A root that is added later stays until it is removed, and keeps the heap's memory.
    ///
    /// ```
    /// use tailbite::{Gc, Heap, RootKey};
    /// let heap = Heap::new();
    /// let key: RootKey<str> = heap.add_root(heap.alloc_str("kept"));
    /// let ticket: u64 = key.to_bits();
    /// // ... and back:
    /// let key = RootKey::<str>::from_bits(ticket);
    /// assert_eq!(heap.root(key).as_deref(), Some("kept"));
    /// assert!(heap.root(RootKey::<String>::from_bits(ticket)).is_none(), "of another type");
    /// assert_eq!(heap.remove_root(key).as_deref(), Some("kept"));
    /// assert!(heap.root(key).is_none());
    /// ```
    ///
    /// # Panics
    /// If memory for the entry is refused, or if the handle is a view that [unsizing](Gc::unsize) made: of an array as
    /// a slice. (Erase those, and use [`add_root_any`](Heap::add_root_any).)
    pub fn add_root<T: Managed + ?Sized>(&self, handle: Gc<T>) -> RootKey<T> {
        self.try_add_root(handle).unwrap_or_else(|error| error.raise())
    }

    /// As [`add_root`](Heap::add_root), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the handle in it.
    ///
    /// # Panics
    /// If the handle is a view that unsizing made.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let text = heap.alloc_str("text");
    /// heap.set_memory_limit(Some(0));
    /// let text = heap.try_add_root(text).unwrap_err().into_value();
    /// assert_eq!((&*text, heap.root_count()), ("text", 0));
    /// ```
    pub fn try_add_root<T: Managed + ?Sized>(&self, handle: Gc<T>) -> Result<RootKey<T>, OutOfMemory<Gc<T>>> {
        let payload = Gc::payload(&handle);
        let any = Gc::erase(handle);
        assert!(any.is::<T>(), "a root of an unsized view, of an `{}`, could not be found again", any.type_name());
        match self.try_add_root_any(any) {
            Ok(key) => Ok(RootKey::new(key.id)),
            Err(error) => Err(error.map(|any| {
                core::mem::forget(any);
                // SAFETY: the handle that was erased above, with the reference that was just forgotten.
                unsafe { Gc::from_owned(payload) }
            })),
        }
    }

    /// As [`add_root`](Heap::add_root), for a handle to any type.
    ///
    /// # Panics
    /// If memory for the entry is refused.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let key = heap.add_root_any(Gc::erase(heap.alloc(5)));
    /// assert!(heap.root_any(key).is_some());
    /// assert_eq!(heap.remove_root_any(key).and_then(|object| object.downcast_ref().copied()), Some(5));
    /// assert!(heap.root_any(key).is_none());
    /// ```
    pub fn add_root_any(&self, handle: AnyGc) -> AnyRootKey {
        self.try_add_root_any(handle).unwrap_or_else(|error| error.raise())
    }

    /// As [`add_root_any`](Heap::add_root_any), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the handle in it.
    pub fn try_add_root_any(&self, handle: AnyGc) -> Result<AnyRootKey, OutOfMemory<AnyGc>> {
        let handle = ManuallyDrop::new(handle);
        // *Rooted*: the registry owns the handle's reference, which is not dropped here.
        let alloc = &self.state().alloc;
        alloc.budget().forget_refusal();
        match self.state().roots.insert(handle.object(), alloc) {
            Some(id) => Ok(RootKey::new(id)),
            None => {
                let error = OutOfMemory::by(alloc, ManuallyDrop::into_inner(handle), size_of::<RootId>());
                Err(error.for_purpose("a root"))
            }
        }
    }

    /// Another handle to the object of a root; `None` if the key names nothing, or an object of another type.
    ///
    /// ```
    /// use tailbite::{Heap, RootKey};
    /// let heap = Heap::new();
    /// let key = heap.add_root(heap.alloc(5));
    /// assert_eq!(heap.root(key).as_deref(), Some(&5));
    /// assert!(heap.root(RootKey::<str>::from_bits(key.to_bits())).is_none(), "of another type");
    /// ```
    #[must_use]
    pub fn root<T: Managed + ?Sized>(&self, key: RootKey<T>) -> Option<Gc<T>> {
        self.root_any(key)?.downcast().ok()
    }

    /// The same for a key of any type, without looking at the type; see [`add_root_any`](Heap::add_root_any).
    #[must_use]
    pub fn root_any<T: ?Sized>(&self, key: RootKey<T>) -> Option<AnyGc> {
        let object = self.state().roots.get(key.id)?;
        // SAFETY: *rooted*: the registry owns a reference.
        Some(unsafe { AnyGc::from_borrowed(object) })
    }

    /// Takes a root out of the registry and gives its handle back: dropping it may run user code, when the registry is
    /// done. `None`, and nothing changed, if the key names nothing, or an object of another type.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let key = heap.add_root(heap.alloc(5));
    /// assert_eq!((heap.remove_root(key).as_deref(), heap.root_count()), (Some(&5), 0));
    /// assert!(heap.remove_root(key).is_none());
    /// ```
    pub fn remove_root<T: Managed + ?Sized>(&self, key: RootKey<T>) -> Option<Gc<T>> {
        self.root_any(key)?.is::<T>().then_some(())?;
        self.remove_root_any(key)?.downcast().ok()
    }

    /// The same for a key of any type, without looking at the type; see [`add_root_any`](Heap::add_root_any).
    pub fn remove_root_any<T: ?Sized>(&self, key: RootKey<T>) -> Option<AnyGc> {
        let object = self.state().roots.remove(key.id)?;
        // SAFETY: *rooted*: the registry's reference, which was taken out with the entry.
        Some(unsafe { AnyGc::from_owned(object) })
    }

    /// The number of roots.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let keys = [1, 2].map(|number| heap.add_root(heap.alloc(number)));
    /// assert_eq!(heap.root_count(), 2);
    /// ```
    #[must_use]
    pub fn root_count(&self) -> usize {
        self.state().roots.len()
    }
}

impl<T: ?Sized> Clone for RootKey<T> {
    fn clone(&self) -> RootKey<T> {
        *self
    }
}

impl<T: ?Sized> Copy for RootKey<T> {}

impl<T: ?Sized> PartialEq for RootKey<T> {
    fn eq(&self, other: &RootKey<T>) -> bool {
        self.id == other.id
    }
}

impl<T: ?Sized> Eq for RootKey<T> {}

impl<T: ?Sized> Hash for RootKey<T> {
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.id.hash(state);
    }
}

impl<T: ?Sized> fmt::Debug for RootKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootKey({:#x})", self.to_bits())
    }
}

// SAFETY: a key owns no handle.
unsafe impl<T: ?Sized + 'static> Trace for RootKey<T> {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::PLAIN
    }

    fn owns_only_handles() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::refusal;

    #[test]
    fn refused_memory_gives_the_handle_back() {
        let heap = Heap::new();
        let (text, number) = (heap.alloc_str("text"), heap.alloc(5_u64));
        refusal::refuse_nth(0);
        let error = heap.try_add_root(text.clone()).expect_err("refused");
        assert!(error.requested() > 0);
        let back = error.into_value();
        assert!(Gc::ptr_eq(&back, &text) && &*back == "text");
        drop(back);
        refusal::refuse_nth(0);
        let back = heap.try_add_root_any(Gc::as_any(&number)).expect_err("refused").into_value();
        assert!(back == Gc::as_any(&number));
        drop(back);
        assert!(!refusal::grant(), "both were refused");
        assert_eq!((Gc::strong_count(&text), Gc::strong_count(&number), heap.root_count()), (1, 1, 0));
        let key = heap.add_root(text);
        assert_eq!(heap.root(key).as_deref(), Some("text"));
    }
}
