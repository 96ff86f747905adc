//! `Trace` for the types of other crates, each behind the feature of the crate's name: nobody else can add these impls.
//!
//! | feature | version | types |
//! |---|---|---|
//! | `allocator-api2` | 0.2 | `Vec`, `Box`, `Global`; other allocators as those are |
//! | `arrayvec` | 0.7 | `ArrayVec`, `ArrayString` |
//! | `either` | 1 | `Either` |
//! | `hashbrown` | 0.17 | `HashMap`, `HashSet`, `HashTable` |
//! | `indexmap` | 2 | `IndexMap`, `IndexSet` |
//! | `num-bigint` | 0.4 | `BigInt`, `BigUint`, `Sign` |
//! | `slotmap` | 1 | `SlotMap`, `HopSlotMap`, `DenseSlotMap`, `SecondaryMap`, `SparseSecondaryMap`, `KeyData`, `DefaultKey` |
//! | `smallvec` | 1 | `SmallVec` |
//! | `thin-vec` | 0.2 | `ThinVec` |
//!
//! What holds for the standard library's types holds here (see `trace_std`). Hashers and allocators, of any type, are
//! opaque: what handles they own counts as held from outside. No impl hashes, compares, clones or allocates.

#[cfg(feature = "allocator-api2")]
mod allocator_api2;
#[cfg(feature = "arrayvec")]
mod arrayvec;
#[cfg(feature = "either")]
mod either;
#[cfg(feature = "hashbrown")]
mod hashbrown;
#[cfg(feature = "indexmap")]
mod indexmap;
#[cfg(feature = "num-bigint")]
mod num_bigint;
#[cfg(feature = "slotmap")]
mod slotmap;
#[cfg(feature = "smallvec")]
mod smallvec;
#[cfg(feature = "thin-vec")]
mod thin_vec;

use core::any::TypeId;

use super::HeapAllocator;
use crate::object::{Shape, Trace, Tracer};
use crate::object::{part, worth_walking};

/// What memory from an `A` adds to the shape of a container: giving it back calls the allocator, which may be anybody's
/// code, whether or not dropping an `A` does anything.
#[inline]
pub(super) fn allocator_shape<A: 'static>() -> Shape {
    let known = [TypeId::of::<::allocator_api2::alloc::Global>(), TypeId::of::<HeapAllocator>()];
    if known.contains(&TypeId::of::<A>()) { Shape::PLAIN } else { Shape::LOUD_DROP }
}

/// The walk over items that a container owns; nothing at the tracer's bound of containers within each other.
#[inline]
pub(super) fn trace_items<'a, T: Trace>(items: impl IntoIterator<Item = &'a T>, tracer: &mut Tracer<'_>) {
    if worth_walking::<T>() && tracer.enter() {
        for item in items {
            T::trace(item, tracer);
        }
        tracer.leave();
    }
}

/// The shape of a container of such items in memory from an `A`.
#[inline]
pub(super) fn items_shape<T: Trace, A: 'static>(depth: u32) -> Shape {
    part::<T>(depth).union(allocator_shape::<A>())
}
