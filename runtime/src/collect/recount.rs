//! Detections done again in the plain way, in stress builds: what trial deletion found in side bytes, hub tables and by a
//! bounded stack has to be what counting in a table finds.

use hashbrown::HashMap;

use super::candidates::Candidates;
use crate::alloc::Allocator;
use crate::base::stop;
use crate::object::{HubTable, RawObject, SideState, TraceEntries, Tracer, type_of};

/// References that the objects of a set hold to each other.
struct Internal(HashMap<RawObject, usize>);

impl Internal {
    fn count(set: &Candidates, alloc: &Allocator, trace_entries: TraceEntries<'_>) -> Internal {
        let mut counts = HashMap::new();
        let mut add = |edge: RawObject| {
            if set.contains(edge) {
                *counts.entry(edge).or_insert(0) += 1;
            }
        };
        let mut tracer = Tracer::exact_in(set.heap(), &mut add, trace_entries);
        set.for_each(alloc, |object| super::detect::trace(object, &mut tracer));
        Internal(counts)
    }

    fn get(&self, object: RawObject) -> usize {
        self.0.get(&object).copied().unwrap_or(0)
    }
}

/// The counts are made, nothing is marked yet.
pub(super) fn check_counts(set: &Candidates, alloc: &Allocator, trace_entries: TraceEntries<'_>, hubs: &mut HubTable) {
    let internal = Internal::count(set, alloc, trace_entries);
    set.for_each(alloc, |object| {
        let (known, state) = (internal.get(object), SideState::of(object));
        let is_right = match state.count() {
            Some(count) => known == count as usize + hubs.get(object.side()) as usize,
            None if state == SideState::INTERNAL => known == object.header().count() as usize,
            None => state == SideState::HELD && known != object.header().count() as usize,
        };
        if !is_right {
            stop(&format!("{} has {known} internal references, and its side byte is {state:?}", named(object)));
        }
    });
}

/// The detection is over: what is left in the set holds each other, and nothing else holds it.
pub(super) fn check_unreachable(set: &Candidates, alloc: &Allocator, trace_entries: TraceEntries<'_>) {
    let internal = Internal::count(set, alloc, trace_entries);
    set.for_each(alloc, |object| {
        let (known, count) = (internal.get(object), object.header().count() as usize);
        if known != count || SideState::of(object) != SideState::UNREACHABLE {
            stop(&format!("{} was found unreachable: {known} of {count} references are internal", named(object)));
        }
    });
}

fn named(object: RawObject) -> String {
    // SAFETY: a candidate is alive, so its type is registered.
    format!("`{}`, {object:?},", unsafe { type_of(object.header().type_id()) }.name())
}
