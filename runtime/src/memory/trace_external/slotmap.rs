//! Slot maps, of `slotmap`. Keys own nothing; those of the host's making can be declared with `leaf!`.

use core::hash::BuildHasher;

use ::slotmap::{DefaultKey, DenseSlotMap, Key, KeyData, SecondaryMap, SlotMap, SparseSecondaryMap};

use super::trace_items;
use crate::object::{Shape, Trace, Tracer};
use crate::object::{opaque, part};

macro_rules! keys {
    ($($ty:ty)*) => {$(
        // SAFETY: a key owns nothing.
        unsafe impl Trace for $ty {
            fn trace(&self, _: &mut Tracer<'_>) {}

            fn shape(_: u32) -> Shape {
                Shape::PLAIN
            }

            fn owns_only_handles() -> bool {
                true
            }
        }
    )*};
}

keys! { KeyData DefaultKey }

macro_rules! maps {
    ($($map:ty)*) => {$(
        // SAFETY: each value is owned by the map and visited once. Walking makes keys, which by the promise of the
        // unsafe trait `Key` is a copy of two numbers.
        unsafe impl<K: Key + 'static, V: Trace> Trace for $map {
            #[inline]
            fn trace(&self, tracer: &mut Tracer<'_>) {
                trace_items(self.values(), tracer);
            }

            #[inline]
            fn shape(depth: u32) -> Shape {
                part::<V>(depth)
            }
        }
    )*};
}

maps! { SlotMap<K, V> DenseSlotMap<K, V> SecondaryMap<K, V> }

/// On its way out of `slotmap`, but hosts have it still.
mod hop {
    #![allow(deprecated, reason = "hosts may use it as long as it is there")]

    use super::{Key, Shape, Trace, Tracer, part, trace_items};

    maps! { ::slotmap::HopSlotMap<K, V> }
}

/// With any hasher: walking doesn't hash.
// SAFETY: each value is owned by the map and visited once.
unsafe impl<K: Key + 'static, V: Trace, S: BuildHasher + 'static> Trace for SparseSecondaryMap<K, V, S> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(self.values(), tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<V>(depth).union(opaque::<S>())
    }
}
