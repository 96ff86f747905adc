//! Values made of other values: options, tuples, arrays, boxes, ranges.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::num::{Saturating, Wrapping};
use std::ops::{Bound, ControlFlow, Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};
use std::task::Poll;

use super::{part, worth_walking};
use crate::object::trace::{Shape, Trace, Tracer};

/// An impl that visits what a pattern binds, and whose shape is the union of its parameters'.
macro_rules! visit {
    ($(<$($parameter:ident),*> $ty:ty { $($pattern:pat => ($($value:expr),*)),* $(,)? })*) => {$(
        // SAFETY: each part is owned by the value and visited once.
        unsafe impl<$($parameter: Trace),*> Trace for $ty {
            #[inline]
            fn trace(&self, tracer: &mut Tracer<'_>) {
                match self {
                    $($pattern => { $(Trace::trace($value, tracer);)* })*
                }
            }

            #[inline]
            fn shape(depth: u32) -> Shape {
                let mut shape = Shape::PLAIN;
                $(
                    if !shape.contains(Shape::UNKNOWN) {
                        shape = shape.union(part::<$parameter>(depth));
                    }
                )*
                shape
            }

            #[inline]
            fn owns_only_handles() -> bool {
                true $(&& $parameter::owns_only_handles())*
            }
        }
    )*};
}

visit! {
    <T> Option<T> { Some(value) => (value), None => () }
    <T, E> Result<T, E> { Ok(value) => (value), Err(error) => (error) }
    <T> Poll<T> { Poll::Ready(value) => (value), Poll::Pending => () }
    <B, C> ControlFlow<B, C> { ControlFlow::Break(value) => (value), ControlFlow::Continue(value) => (value) }
    <T> Bound<T> { Bound::Included(value) | Bound::Excluded(value) => (value), Bound::Unbounded => () }
    <T> Wrapping<T> { Wrapping(value) => (value) }
    <T> Saturating<T> { Saturating(value) => (value) }
    <T> Reverse<T> { Reverse(value) => (value) }
    <T> Range<T> { Range { start, end } => (start, end) }
    <T> RangeFrom<T> { RangeFrom { start } => (start) }
    <T> RangeTo<T> { RangeTo { end } => (end) }
    <T> RangeToInclusive<T> { RangeToInclusive { end } => (end) }
    <T> RangeInclusive<T> { range => (range.start(), range.end()) }
}

/// Tuples of 1 to 12, the type parameters serving as the names of the values too.
macro_rules! tuples {
    ($($first:ident $($rest:ident)*;)*) => {$(
        visit! { <$first $(, $rest)*> ($first, $($rest,)*) { ($first, $($rest,)*) => ($first $(, $rest)*) } }
    )*};
}

mod tuples {
    #![allow(non_snake_case, reason = "type parameters serve as the names of the values")]

    use super::{Shape, Trace, Tracer, part};

    tuples! {
        A;
        A B;
        A B C;
        A B C D;
        A B C D E;
        A B C D E F;
        A B C D E F G;
        A B C D E F G H;
        A B C D E F G H I;
        A B C D E F G H I J;
        A B C D E F G H I J K;
        A B C D E F G H I J K L;
    }
}

// SAFETY: each item is owned by the slice and visited once.
unsafe impl<T: Trace> Trace for [T] {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if worth_walking::<T>() {
            for item in self {
                T::trace(item, tracer);
            }
        }
    }
}

// SAFETY: as for slices.
unsafe impl<T: Trace, const N: usize> Trace for [T; N] {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        <[T]>::trace(self, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        if N == 0 { Shape::PLAIN } else { part::<T>(depth) }
    }

    #[inline]
    fn owns_only_handles() -> bool {
        T::owns_only_handles()
    }
}

/// Boxes may nest without limit (`struct Tail(Option<Box<Tail>>)`), and tracing them uses the native stack, so the
/// tracer bounds how deep it goes; what lies deeper is opaque.
// SAFETY: the contents are owned by the box and visited at most once.
unsafe impl<T: ?Sized + Trace> Trace for Box<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // What needs no drop owns no handle: strings, slices of numbers.
        if std::mem::needs_drop::<T>() && tracer.enter() {
            T::trace(self, tracer);
            tracer.leave();
        }
    }

    /// An unsized `T` has no shape to ask for, and the two kinds of `T` can't be told apart here.
    #[inline]
    fn shape(_: u32) -> Shape {
        if std::mem::needs_drop::<T>() { Shape::UNKNOWN } else { Shape::PLAIN }
    }
}

/// Borrowed contents are opaque: they are somebody else's.
// SAFETY: the contents, where owned, are visited once. `Deref` is not used, since it would show borrowed ones too.
unsafe impl<B: ?Sized + ToOwned<Owned: Trace> + 'static> Trace for Cow<'static, B> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        match self {
            Cow::Borrowed(_) => {}
            Cow::Owned(value) => Trace::trace(value, tracer),
        }
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<B::Owned>(depth)
    }
}

/// What is left of a vector that is being consumed.
// SAFETY: the items that are left are owned by the iterator and visited once.
unsafe impl<T: Trace> Trace for std::vec::IntoIter<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if tracer.enter() {
            <[T]>::trace(self.as_slice(), tracer);
            tracer.leave();
        }
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<T>(depth)
    }
}
