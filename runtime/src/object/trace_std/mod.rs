//! `Trace` for the types of the standard library.
//!
//! Most impls visit what the value owns. These are **opaque**: they report nothing, so a cycle through them is never
//! collected, and nothing is ever freed too early because of them.
//!
//! | type | why |
//! |---|---|
//! | `Rc`, `Arc`, their `Weak`s | the contents have several owners: each would report the same handles |
//! | `&'static T`, `&'static mut T`, raw pointers | what they name is not owned by the value |
//! | `Mutex`, `RwLock` | looking inside means locking, and fails when a guard is alive or the lock is poisoned |
//! | `UnsafeCell` | nothing says when its contents may be looked at |
//! | `LazyCell`, `LazyLock` | what their closure captured can't be seen |
//! | `Pin`, and a borrowed `Cow` | seen only through `Deref`, which may be anybody's code or shared |
//! | a `RefCell` while it is mutably borrowed | the borrower may be half-way through a change; the collector counts these |
//! | boxes and collections nested deeper than the tracer's bound | tracing uses the native stack, which must not overflow (see `Box`) |
//! | function pointers | they own nothing |
//!
//! There is no impl for `ManuallyDrop` and `MaybeUninit`, whose contents may be gone or not there yet, none for the
//! guards of cells and locks, and none for `dyn Any` and closures: wrap those in `Untraced`, or skip the field.
//!
//! No impl calls code of the user's: maps are iterated without hashing or comparing, nothing is cloned.

mod cells;
mod collections;
mod compose;
mod opaque;
mod plain;

use crate::object::trace::{Shape, Trace};
pub(crate) use collections::{entry_shape, trace_entries};

/// The shape that a part of type `T` gives to the value it is a part of, whose own shape is asked at `depth`.
#[inline]
pub(crate) fn part<T: Trace>(depth: u32) -> Shape {
    match depth.checked_sub(1) {
        Some(depth) => T::shape(depth),
        None => Shape::UNKNOWN,
    }
}

/// The shape of something whose contents report nothing and can't be asked what their drop does.
#[inline]
pub(crate) fn opaque<T: ?Sized>() -> Shape {
    if std::mem::needs_drop::<T>() { Shape::LOUD_DROP } else { Shape::PLAIN }
}

/// How deep a collection looks into the type of its items before it walks them. Less than `Shape::DEPTH`, since it
/// looks at each walk; a wrong yes costs time only.
const WALK_DEPTH: u32 = 3;

/// Whether walking items of type `T` can report anything. No for what needs no drop, which a compiler sees at once.
#[inline]
pub(crate) fn worth_walking<T: Trace>() -> bool {
    std::mem::needs_drop::<T>() && T::shape(WALK_DEPTH).contains(Shape::EDGES)
}
