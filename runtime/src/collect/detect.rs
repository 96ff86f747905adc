//! Detection: trial deletion, the phase that finds what is unreachable.
//!
//! Textbook form (Lins 1992 after Christopher 1984; the variant of CPython's `gc` module, Neil Schemenauer and Tim
//! Peters, 2000):
//!
//! ```text
//! for each candidate o:        internal(o) := 0
//! for each candidate o:        for each edge o -> p, p a candidate: internal(p) += 1
//! for each candidate o:        if internal(o) < refcount(o): o is held from outside; reach(o)
//! reach(o):                    if o not reached: mark it; for each edge o -> p, p a candidate: reach(p)
//! unreachable := candidates that were not reached
//! ```
//!
//! An entry of a key-weak map is an *ephemeron* (Hayes 1997): it is held only while both its map and its key are. Its
//! edges are counted as usual; the edge to it is followed from whichever of map and key is reached last. So marking stays
//! linear. A map that isn't examined (it is older, or survived the detection before) counts as alive, not as a holder:
//! then the key reports the edge on its behalf.
//!
//! Here the counts go up from zero in side bytes instead of down in the header, and `reach` works on a stack that may
//! refuse to grow.

use super::candidates::Candidates;
use crate::alloc::Allocator;
use crate::object::{
    Counting, Flags, HUB_COUNT, HubTable, MarkStack, Marking, Mode, RawObject, SideState, TraceEntries, Tracer, type_of,
};

/// The working memory of detections, reserved with the heap: nothing here can be refused later (S10).
#[derive(Debug)]
pub(crate) struct Examiner {
    hubs: HubTable,
    stack: MarkStack,
}

/// What a detection found.
#[derive(Debug)]
pub(crate) struct Detection {
    /// Objects that survived.
    pub(crate) survivors: usize,
    /// Objects that nothing outside holds.
    pub(crate) unreachable: usize,
    /// The gc bits of the unreachable objects, or-ed: which later phases have anything to do.
    pub(crate) flags: Flags,
    pub(crate) opaque_cells: u64,
    /// A type that reported more edges than there are references (S11); the objects concerned were kept.
    pub(crate) over_reported: Option<&'static str>,
}

impl Examiner {
    /// `None` if memory is refused.
    pub(crate) fn try_new() -> Option<Examiner> {
        Some(Examiner { hubs: HubTable::try_new()?, stack: MarkStack::try_new()? })
    }

    /// Bytes of the reserve.
    pub(crate) fn bytes(&self) -> usize {
        self.hubs.bytes() + self.stack.bytes()
    }

    /// Finds the unreachable objects among `candidates`, which are in state *candidate*. Afterwards the others are out
    /// of the set, and were given to `survive`.
    ///
    /// Runs user code only in `Trace::trace`, which may panic; then the set is as it was up to the side states, and the
    /// caller finishes it.
    ///
    /// `trace_entries` reports the entries of key-weak maps that hang on an object with weak references
    /// ([`Tracer::entry_of_key`]).
    ///
    /// `again`: examines an unreachable set another time, after user code ran; whatever that made reachable survives
    /// (resurrection).
    pub(crate) fn detect(
        &mut self,
        candidates: &mut Candidates,
        alloc: &Allocator,
        again: bool,
        trace_entries: TraceEntries<'_>,
        mut survive: impl FnMut(RawObject),
    ) -> Detection {
        let mut late = 0;
        if again {
            candidates.for_each(alloc, |object| {
                if object.header().is_candidate() {
                    SideState::CANDIDATE.set(object);
                } else {
                    // Lent exclusively, or made immortal, by that user code: no walk may look into it now (S1).
                    SideState::REST.set(object);
                    late += 1;
                    survive(object);
                }
            });
        }
        self.hubs.clear();
        self.stack.reset();
        let mut detection =
            Detection { survivors: late, unreachable: 0, flags: Flags::empty(), opaque_cells: 0, over_reported: None };
        self.count_internal_references(candidates, alloc, trace_entries, &mut detection);
        #[cfg(tailbite_stress)]
        super::recount::check_counts(candidates, alloc, trace_entries, &mut self.hubs);
        self.mark_reachable(candidates, alloc, trace_entries, &mut detection);
        detection.survivors += candidates.partition(alloc, survive, |object| {
            detection.unreachable += 1;
            detection.flags |= object.header().flags();
        });
        self.stack.reset();
        #[cfg(tailbite_stress)]
        if detection.over_reported.is_none() {
            super::recount::check_unreachable(candidates, alloc, trace_entries);
        }
        detection
    }

    /// After: each candidate's side byte and the hub table say how many references candidates hold to it.
    fn count_internal_references(
        &mut self,
        candidates: &Candidates,
        alloc: &Allocator,
        trace_entries: TraceEntries<'_>,
        detection: &mut Detection,
    ) {
        let mut tracer = Tracer::with_entries(Mode::Count(Counting::new(&mut self.hubs)), trace_entries);
        candidates.for_each(alloc, |object| trace(object, &mut tracer));
        detection.opaque_cells = tracer.opaque_cells();
        let Mode::Count(counting) = tracer.mode() else { unreachable!("the mode of a walk stays") };
        if counting.finish() {
            self.settle_deferred_hubs(candidates, alloc, trace_entries);
        }
    }

    /// Counts the hubs that found the table full, as many in a round as it holds. The other hubs are decided first,
    /// because the rounds need the table for themselves.
    #[cold]
    fn settle_deferred_hubs(&mut self, candidates: &Candidates, alloc: &Allocator, trace_entries: TraceEntries<'_>) {
        candidates.for_each(alloc, |object| {
            if let (Some(count), true) = (SideState::of(object).count(), object.header().count() >= HUB_COUNT) {
                self.decide(object, count);
            }
        });
        loop {
            self.hubs.clear();
            let mut open = 0_usize;
            candidates.for_each(alloc, |object| {
                if SideState::of(object) == SideState::DEFERRED && self.hubs.add(object.side(), 0) {
                    SideState::COUNTED.set(object);
                    open += 1;
                }
            });
            if open == 0 {
                return;
            }
            let mut tracer = Tracer::with_entries(Mode::Recount(Counting::new(&mut self.hubs)), trace_entries);
            candidates.for_each(alloc, |object| trace(object, &mut tracer));
            candidates.for_each(alloc, |object| {
                if SideState::of(object) == SideState::COUNTED {
                    self.decide(object, 0);
                }
            });
        }
    }

    fn decide(&mut self, object: RawObject, count: u32) {
        let internal = count.saturating_add(self.hubs.get(object.side()));
        let state = if internal == object.header().count() { SideState::INTERNAL } else { SideState::HELD };
        state.set(object);
    }

    /// After: what something outside holds, directly or not, is in state *reached*.
    fn mark_reachable(
        &mut self,
        candidates: &Candidates,
        alloc: &Allocator,
        trace_entries: TraceEntries<'_>,
        detection: &mut Detection,
    ) {
        let hubs = &mut self.hubs;
        let mut tracer = Tracer::with_entries(Mode::Mark(Marking::new(&mut self.stack)), trace_entries);
        let mut turn = 0_u8;
        candidates.for_each_open(alloc, |object| {
            let state = SideState::of(object);
            let held = match state.count() {
                Some(mut internal) => {
                    let refcount = object.header().count();
                    if refcount >= HUB_COUNT {
                        internal = internal.saturating_add(hubs.get(object.side()));
                    }
                    if internal > refcount {
                        // SAFETY: a candidate is alive, so its type is registered.
                        detection.over_reported = Some(unsafe { type_of(object.header().type_id()) }.name());
                    }
                    internal != refcount
                }
                None => state == SideState::HELD,
            };
            if held {
                reach(object, &mut tracer);
                follow(&mut tracer, false);
            }
            // Now and then all that is on its way is followed to its end, so that what is reached is known to be before this walk comes to it.
            turn = turn.wrapping_add(1);
            if turn == 0 {
                follow_to_the_end(candidates, alloc, &mut tracer);
            }
        });
        follow_to_the_end(candidates, alloc, &mut tracer);
    }
}

/// Follows all edges, also those of objects that the stack had no room for.
fn follow_to_the_end(candidates: &Candidates, alloc: &Allocator, tracer: &mut Tracer<'_>) {
    follow(tracer, true);
    while take_overflow(tracer) {
        candidates.for_each_waiting(alloc, |object| {
            trace(object, tracer);
            follow(tracer, false);
        });
        follow(tracer, true);
    }
}

fn reach(object: RawObject, tracer: &mut Tracer<'_>) {
    if let Mode::Mark(marking) = tracer.mode() {
        marking.reach(object);
    }
}

/// Follows the edges of what was reached, and of all that this reaches: of what has arrived from memory, or of `all`.
#[inline]
fn follow(tracer: &mut Tracer<'_>, all: bool) {
    while let Mode::Mark(marking) = tracer.mode()
        && let Some(object) = marking.next(all)
    {
        trace(object, tracer);
    }
}

/// Whether reached objects were left off the stack since the last call.
fn take_overflow(tracer: &mut Tracer<'_>) -> bool {
    match tracer.mode() {
        Mode::Mark(marking) => marking.take_overflow(),
        _ => false,
    }
}

/// Reports the edges of a candidate, and the entries that hang on it.
#[inline(always)]
pub(super) fn trace(object: RawObject, tracer: &mut Tracer<'_>) {
    if object.header().has(Flags::WEAK) {
        tracer.trace_entries(object);
    }
    // SAFETY: a candidate is alive, so its type is registered.
    let ty = unsafe { type_of(object.header().type_id()) };
    // SAFETY: the object is alive, of this type, and not lent exclusively (S1: exclusive objects are no candidates).
    // USER CODE: `Trace::trace`, which by contract has no effects, but may panic.
    unsafe { (ty.descriptor.trace)(object, tracer) };
}
