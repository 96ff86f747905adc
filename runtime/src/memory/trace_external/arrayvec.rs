//! Vectors and strings in place, of `arrayvec`.

use ::arrayvec::{ArrayString, ArrayVec};

use super::trace_items;
use crate::object::part;
use crate::object::{Shape, Trace, Tracer};

// SAFETY: each item is owned by the vector and visited once.
unsafe impl<T: Trace, const CAP: usize> Trace for ArrayVec<T, CAP> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(self, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        if CAP == 0 { Shape::PLAIN } else { part::<T>(depth) }
    }
}

// SAFETY: owns no handle.
unsafe impl<const CAP: usize> Trace for ArrayString<CAP> {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::PLAIN
    }

    fn owns_only_handles() -> bool {
        true
    }
}
