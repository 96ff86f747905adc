//! Collections. Those of items that can't hold handles are not walked. The others may nest without limit, like boxes, and
//! the tracer bounds how deep it goes.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};

use super::{opaque, part, worth_walking};
use crate::object::trace::{Shape, Trace, Tracer};

/// Collections of one kind of item. Iterating calls none of the items' code.
macro_rules! items {
    ($($name:ident)*) => {$(
        // SAFETY: each item is owned by the collection and visited once.
        unsafe impl<T: Trace> Trace for $name<T> {
            #[inline]
            fn trace(&self, tracer: &mut Tracer<'_>) {
                if worth_walking::<T>() && tracer.enter() {
                    for item in self {
                        T::trace(item, tracer);
                    }
                    tracer.leave();
                }
            }

            #[inline]
            fn shape(depth: u32) -> Shape {
                part::<T>(depth)
            }
        }
    )*};
}

items! { Vec VecDeque LinkedList BinaryHeap BTreeSet }

/// The walk of a map: keys and values apart, so that a map from plain keys touches its values only.
#[inline]
pub(crate) fn trace_entries<'a, K: Trace, V: Trace>(
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    tracer: &mut Tracer<'_>,
) {
    let (keys, values) = (worth_walking::<K>(), worth_walking::<V>());
    if !keys && !values || !tracer.enter() {
        return;
    }
    for (key, value) in entries {
        if keys {
            K::trace(key, tracer);
        }
        if values {
            V::trace(value, tracer);
        }
    }
    tracer.leave();
}

#[inline]
pub(crate) fn entry_shape<K: Trace, V: Trace>(depth: u32) -> Shape {
    let key = part::<K>(depth);
    if key.contains(Shape::UNKNOWN) { key } else { key.union(part::<V>(depth)) }
}

// SAFETY: each key and each value is owned by the map and visited once.
unsafe impl<K: Trace, V: Trace> Trace for BTreeMap<K, V> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_entries(self.iter(), tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        entry_shape::<K, V>(depth)
    }
}

/// With any hasher: iterating doesn't hash. What the hasher owns is opaque.
// SAFETY: each key and each value is owned by the map and visited once.
unsafe impl<K: Trace, V: Trace, S: 'static> Trace for HashMap<K, V, S> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_entries(self.iter(), tracer);
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        entry_shape::<K, V>(depth).union(opaque::<S>())
    }
}

/// With any hasher, as a map.
// SAFETY: each item is owned by the set and visited once.
unsafe impl<T: Trace, S: 'static> Trace for HashSet<T, S> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if worth_walking::<T>() && tracer.enter() {
            for item in self {
                T::trace(item, tracer);
            }
            tracer.leave();
        }
    }

    #[inline]
    fn shape(depth: u32) -> Shape {
        part::<T>(depth).union(opaque::<S>())
    }
}
