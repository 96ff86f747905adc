//! `GcMut`: exclusive access to a payload.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::Gc;
use crate::object::{Flags, RawObject};

/// Exclusive access to the payload of an object, lent by [`Gc::get_mut`] and [`Gc::make_mut`].
///
/// While the guard lives, the object is hidden from the collector: it isn't examined, and what it holds counts as held
/// from outside. Anything else would read it while it is being written (S1). Leaking the guard (`mem::forget`) leaks
/// the object: it is never freed, unless the handle lends it again and that guard is dropped.
///
/// ```
/// use tailbite::{AnyGc, Gc, Heap};
/// let heap = Heap::new();
/// let mut list = heap.alloc(Vec::<AnyGc>::new());
/// let mut guard = Gc::get_mut(&mut list).expect("the only handle");
/// assert!(heap.get_objects(None).is_empty(), "hidden");
/// guard.push(Gc::erase(heap.alloc(1)));
/// drop(guard);
/// assert_eq!((list.len(), heap.get_objects(None).len()), (1, 1));
/// ```
pub struct GcMut<'a, T: ?Sized> {
    object: RawObject,
    payload: NonNull<T>,
    /// Borrows the only handle; invariant in `T` (S4).
    marker: PhantomData<&'a mut Gc<T>>,
}

impl<'a, T: ?Sized> GcMut<'a, T> {
    /// Lends the payload of the only handle to an object that nothing refers to weakly.
    pub(super) fn lend(handle: &'a mut Gc<T>) -> GcMut<'a, T> {
        debug_assert!(Gc::is_unique(handle));
        let object = Gc::object(handle);
        object.header().insert(Flags::EXCLUSIVE);
        GcMut { object, payload: Gc::payload(handle), marker: PhantomData }
    }
}

impl<T: ?Sized> Drop for GcMut<'_, T> {
    fn drop(&mut self) {
        self.object.header().remove(Flags::EXCLUSIVE);
    }
}

impl<T: ?Sized> Deref for GcMut<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the only handle is borrowed by this guard, and walks stay away (S1).
        unsafe { self.payload.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for GcMut<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above; the guard itself is borrowed exclusively.
        unsafe { self.payload.as_mut() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for GcMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for GcMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
