//! Vectors of one word, of `thin-vec`.

use ::thin_vec::ThinVec;

use super::trace_items;
use crate::object::part;
use crate::object::{Shape, Trace, Tracer};

// SAFETY: each item is owned by the vector and visited once.
unsafe impl<T: Trace> Trace for ThinVec<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(self, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<T>(depth)
    }
}
