//! Maps and sets in insertion order, of `indexmap`, with any hasher.

use ::indexmap::{IndexMap, IndexSet};

use super::trace_items;
use crate::object::{Shape, Trace, Tracer};
use crate::object::{entry_shape, trace_entries};
use crate::object::{opaque, part};

// SAFETY: each key and each value is owned by the map and visited once.
unsafe impl<K: Trace, V: Trace, S: 'static> Trace for IndexMap<K, V, S> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_entries(self.iter(), tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        entry_shape::<K, V>(depth).union(opaque::<S>())
    }
}

// SAFETY: each item is owned by the set and visited once.
unsafe impl<T: Trace, S: 'static> Trace for IndexSet<T, S> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(self, tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<T>(depth).union(opaque::<S>())
    }
}
