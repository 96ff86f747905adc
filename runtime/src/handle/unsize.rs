//! Unsizing: from a handle to a concrete type to one for a trait object or a slice, on stable Rust.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::{Gc, Weak};

/// A handle to a sized type has the object's own type: everything else must be a trait object, a slice or a string.
const fn assert_wide<U: ?Sized>() {
    assert!(size_of::<*const U>() > size_of::<usize>(), "unsizing leads to a trait object, a slice or a string");
}

/// Puts the address (and with it the provenance) of `whole` under the metadata of `view`.
///
/// # Panics
/// If `view` is not of the whole payload: same address, size and alignment (S23).
fn graft<T, U: ?Sized>(whole: NonNull<T>, view: &U) -> NonNull<U> {
    const { assert_wide::<U>() };
    assert!(
        core::ptr::from_ref(view).addr() == whole.addr().get() && Layout::for_value(view) == Layout::new::<T>(),
        "the closure given to `unsize` must return a view of the whole payload"
    );
    let mut pointer = NonNull::from(view);
    // SAFETY: a pointer, wide or not, starts with its address word: there is no stable way to name it yet. That it does
    // is checked next.
    unsafe { (&raw mut pointer).cast::<NonNull<T>>().write(whole) };
    assert!(pointer.cast::<T>() == whole, "a wide pointer doesn't start with its address on this target");
    pointer
}

impl<T> Gc<T> {
    /// The same handle, seen as another type: `Gc::unsize(handle, |x| x as &dyn Shape)`, or `|x| x as &_` where the
    /// target is known. The closure returns a view of the whole payload. The object keeps its own type: dropping and
    /// downcasting go by that.
    ///
    /// ```
    /// use tailbite::{Gc, Trace};
    /// trait Speak: Trace { fn speak(&self) -> &str; }
    /// #[derive(Trace)]
    /// struct Dog;
    /// impl Speak for Dog { fn speak(&self) -> &str { "woof" } }
    ///
    /// let dog: Gc<dyn Speak> = Gc::unsize(Gc::new(Dog), |dog| dog as &_);
    /// assert_eq!(dog.speak(), "woof");
    /// ```
    ///
    /// # Panics
    /// If the closure returns a view of anything else than the whole payload.
    pub fn unsize<U: ?Sized>(this: Gc<T>, view: impl for<'a> FnOnce(&'a T) -> &'a U) -> Gc<U> {
        // USER CODE: the closure; on a panic, `this` is dropped as usual.
        let payload = graft(Gc::payload(&this), view(&this));
        core::mem::forget(this);
        // SAFETY: the same object and reference; the metadata describes the whole payload.
        unsafe { Gc::from_owned(payload) }
    }
}

/// What [`unsize!`](crate::unsize) works on.
#[doc(hidden)]
pub trait Unsize<T> {
    type Target<U: ?Sized>;

    /// # Safety
    /// `coerce` is an unsizing coercion from `T` to `U`, and `view` the same one.
    unsafe fn unsize_from<U: ?Sized>(
        self,
        view: impl for<'a> FnOnce(&'a T) -> &'a U,
        coerce: fn(*const T) -> *const U,
    ) -> Self::Target<U>;
}

impl<T> Unsize<T> for Gc<T> {
    type Target<U: ?Sized> = Gc<U>;

    unsafe fn unsize_from<U: ?Sized>(
        self,
        view: impl for<'a> FnOnce(&'a T) -> &'a U,
        _: fn(*const T) -> *const U,
    ) -> Gc<U> {
        Gc::unsize(self, view)
    }
}

impl<T> Unsize<T> for Weak<T> {
    type Target<U: ?Sized> = Weak<U>;

    unsafe fn unsize_from<U: ?Sized>(
        self,
        _: impl for<'a> FnOnce(&'a T) -> &'a U,
        coerce: fn(*const T) -> *const U,
    ) -> Weak<U> {
        // A thin target could be reached by a cast that is no unsizing coercion.
        const { assert_wide::<U>() };
        // There may be no payload to borrow any more, so the coercion works on the raw pointer.
        let (payload, record) = self.into_parts();
        let view = coerce(payload.as_ptr()).cast_mut();
        // SAFETY: the caller's promise: a coercion keeps the address, which is not null.
        let view = unsafe { NonNull::new_unchecked(view) };
        // SAFETY: the same record and address; a coercion adds metadata for the whole payload.
        unsafe { Weak::from_parts(view, record) }
    }
}

/// Unsizes a [`Gc`] or [`Weak`]: `unsize!(handle => dyn Trait)`, `unsize!(handle => [T])`.
///
/// ```
/// use std::fmt::Display;
/// use tailbite::{Gc, Weak, unsize};
/// let number = Gc::new(7);
/// let weak: Weak<dyn Display> = unsize!(Gc::downgrade(&number) => dyn Display);
/// let shown: Gc<dyn Display> = unsize!(number => dyn Display);
/// assert_eq!(shown.to_string(), "7");
/// assert!(weak.upgrade().is_some());
/// ```
#[macro_export]
macro_rules! unsize {
    ($handle:expr => $target:ty) => {
        match $handle {
            // SAFETY: both closures are the same unsizing coercion; any other cast is refused for one of them, or for
            // its thin target.
            handle => unsafe {
                $crate::__private::Unsize::unsize_from::<$target>(
                    handle,
                    |payload| payload as &$target,
                    |payload: *const _| -> *const $target { payload },
                )
            },
        }
    };
}
