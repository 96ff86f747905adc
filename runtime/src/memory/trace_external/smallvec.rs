//! Vectors that begin in place, of `smallvec`.

use ::smallvec::{Array, SmallVec};

use super::trace_items;
use crate::object::part;
use crate::object::{Shape, Trace, Tracer};

// SAFETY: each item is owned by the vector and visited once.
unsafe impl<A: Array<Item: Trace> + 'static> Trace for SmallVec<A> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(self, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<A::Item>(depth)
    }
}
