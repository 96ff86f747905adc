//! `Either`.

use ::either::Either;

use crate::object::part;
use crate::object::{Shape, Trace, Tracer};

// SAFETY: the one value that there is, is owned and visited once.
unsafe impl<L: Trace, R: Trace> Trace for Either<L, R> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        match self {
            Either::Left(left) => L::trace(left, tracer),
            Either::Right(right) => R::trace(right, tracer),
        }
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        let left = part::<L>(depth);
        if left.contains(Shape::UNKNOWN) { left } else { left.union(part::<R>(depth)) }
    }
}
