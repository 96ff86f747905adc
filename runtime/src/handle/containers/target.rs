//! Targets: the handles that weak containers turn into an address, and back while the object lives.

use core::ptr::NonNull;

use crate::handle::{AnyGc, Gc, Handle};
use crate::object::{RawObject, Trace};

/// A handle type to the objects that a weak container refers to: [`Gc<T>`](Gc), also of a `T` that isn't sized, or
/// [`AnyGc`].
///
/// ```
/// use tailbite::{AnyGc, Gc, Heap, WeakSet, WeakTarget};
/// fn is_watched<H: WeakTarget + std::hash::Hash + Eq>(watched: &WeakSet<H>, object: &H) -> bool {
///     watched.contains(object)
/// }
/// let heap = Heap::new();
/// let typed = WeakSet::<Gc<str>>::new(&heap);
/// let erased = WeakSet::<AnyGc>::new(&heap);
/// let text = heap.alloc_str("text");
/// typed.insert(&text);
/// assert!(is_watched(&typed, &text) && !is_watched(&erased, &Gc::erase(text)));
/// ```
pub trait WeakTarget: Handle + Trace + Clone {
    /// What a handle knows beyond the object's address.
    #[doc(hidden)]
    type Place: Copy + 'static;

    #[doc(hidden)]
    fn place(&self) -> Self::Place;

    /// A handle again.
    ///
    /// # Safety
    /// `place` is that of a handle to `object`, which is alive, and of which the caller gives up a reference.
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    unsafe fn from_place(object: RawObject, place: Self::Place) -> Self;
}

impl<T: ?Sized + 'static> WeakTarget for Gc<T> {
    type Place = NonNull<T>;

    fn place(&self) -> NonNull<T> {
        Gc::payload(self)
    }

    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    unsafe fn from_place(_: RawObject, place: NonNull<T>) -> Gc<T> {
        // SAFETY: the caller's promise: the payload of a live object, as a handle described it; the caller's reference.
        unsafe { Gc::from_owned(place) }
    }
}

impl WeakTarget for AnyGc {
    type Place = ();

    fn place(&self) {}

    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    unsafe fn from_place(object: RawObject, (): ()) -> AnyGc {
        // SAFETY: the caller's promise.
        unsafe { AnyGc::from_owned(object) }
    }
}
