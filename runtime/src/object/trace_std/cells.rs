//! Cells. While a collection traces, no user code runs: nothing can write to a cell that is being read (S25).

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::OnceLock;

use super::part;
use crate::object::trace::{Shape, Trace, Tracer};

// SAFETY: the contents are owned by the cell and visited once.
unsafe impl<T: Trace> Trace for Cell<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: S25. A `Cell` is written only through calls on it by code of the user's, and `trace` runs none, nor
        // does this reference outlive the call; the object is not lent for writing (S1). No other thread has access,
        // since `Cell` is `!Sync`.
        let value = unsafe { &*self.as_ptr() };
        T::trace(value, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<T>(depth)
    }

    #[inline]
    fn owns_only_handles() -> bool {
        T::owns_only_handles()
    }
}

// SAFETY: the contents are owned by the cell and visited at most once.
unsafe impl<T: Trace> Trace for RefCell<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // Without counting the borrow, which would write to every cell of the heap in each full collection (a page written
        // to is a page no longer shared after a `fork`).
        // SAFETY: S25, as for `Cell`: nothing borrows the cell mutably while the reference lives, because `trace` runs no
        // code of the user's.
        match unsafe { self.try_borrow_unguarded() } {
            Ok(value) => T::trace(value, tracer),
            // Somebody is changing it: what it holds counts as held from outside.
            Err(_) => tracer.opaque_cell(),
        }
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<T>(depth)
    }

    /// What is borrowed mutably is not reported.
    #[inline]
    fn owns_only_handles() -> bool {
        !std::mem::needs_drop::<T>() && T::owns_only_handles()
    }
}

macro_rules! once {
    ($($cell:ident)*) => {$(
        // SAFETY: the contents, once there, are owned by the cell and visited once; nothing can take or set them
        // meanwhile, since no user code runs and handles don't leave their thread.
        unsafe impl<T: Trace> Trace for $cell<T> {
            #[inline]
            fn trace(&self, tracer: &mut Tracer<'_>) {
                if let Some(value) = self.get() {
                    T::trace(value, tracer);
                }
            }

            #[inline]
            fn shape(depth: u32) -> Shape {
                part::<T>(depth)
            }

            #[inline]
            fn owns_only_handles() -> bool {
                T::owns_only_handles()
            }
        }
    )*};
}

once! { OnceCell OnceLock }
