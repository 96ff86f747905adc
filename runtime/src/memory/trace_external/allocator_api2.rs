//! Vectors and boxes of `allocator-api2`, in memory from any allocator.

use ::allocator_api2::alloc::{Allocator, Global};
use ::allocator_api2::boxed::Box;
use ::allocator_api2::vec::Vec;

use super::{allocator_shape, items_shape, trace_items};
use crate::object::{Shape, Trace, Tracer};

// SAFETY: owns no handle.
unsafe impl Trace for Global {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::PLAIN
    }

    fn owns_only_handles() -> bool {
        true
    }
}

// SAFETY: each item is owned by the vector and visited once.
unsafe impl<T: Trace, A: Allocator + 'static> Trace for Vec<T, A> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(self, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        items_shape::<T, A>(depth)
    }
}

/// Bounded in depth, as the standard library's boxes are.
// SAFETY: the contents are owned by the box and visited at most once.
unsafe impl<T: ?Sized + Trace, A: Allocator + 'static> Trace for Box<T, A> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // What needs no drop owns no handle.
        if core::mem::needs_drop::<T>() && tracer.enter() {
            T::trace(self, tracer);
            tracer.leave();
        }
    }

    #[inline]
    fn shape(_: u32) -> Shape {
        if core::mem::needs_drop::<T>() { Shape::UNKNOWN } else { allocator_shape::<A>() }
    }
}
