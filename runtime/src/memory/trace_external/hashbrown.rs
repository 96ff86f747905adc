//! Maps, sets and tables of `hashbrown`, with any hasher, in memory from any allocator.

use ::allocator_api2::alloc::Allocator;
use ::hashbrown::{HashMap, HashSet, HashTable};

use super::{allocator_shape, items_shape, trace_items};
use crate::object::opaque;
use crate::object::{Shape, Trace, Tracer};
use crate::object::{entry_shape, trace_entries};

// SAFETY: each key and each value is owned by the map and visited once.
unsafe impl<K: Trace, V: Trace, S: 'static, A: Allocator + 'static> Trace for HashMap<K, V, S, A> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_entries(self.iter(), tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        entry_shape::<K, V>(depth).union(opaque::<S>()).union(allocator_shape::<A>())
    }
}

// SAFETY: each item is owned by the set and visited once.
unsafe impl<T: Trace, S: 'static, A: Allocator + 'static> Trace for HashSet<T, S, A> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(self, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        items_shape::<T, A>(depth).union(opaque::<S>())
    }
}

// SAFETY: each item is owned by the table and visited once.
unsafe impl<T: Trace, A: Allocator + 'static> Trace for HashTable<T, A> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(self, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        items_shape::<T, A>(depth)
    }
}
