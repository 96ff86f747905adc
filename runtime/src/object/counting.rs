//! Counting internal references: every edge to a candidate adds one to its side byte.

use core::cell::Cell;
use core::ptr::NonNull;

use super::hubs::HubTable;
use super::layout::RawObject;
use super::side::{HUB_COUNT, SideState};
use crate::base::{Delay, prefetch};

/// Side bytes that are on their way from memory, one for each edge.
type Edges = Delay<NonNull<Cell<u8>>, 16>;

/// The counting under way.
///
/// An edge is not counted when it is met: its side byte is asked for, and the edge that was met some steps before is counted, whose byte has
/// arrived. At the end, [`finish`](Counting::finish) counts the rest.
#[derive(Debug)]
pub(crate) struct Counting<'a> {
    edges: Edges,
    hubs: &'a mut HubTable,
    /// A hub found no room in the table.
    deferred: bool,
}

impl<'a> Counting<'a> {
    pub(crate) fn new(hubs: &'a mut HubTable) -> Counting<'a> {
        Counting { edges: Delay::new(nothing()), hubs, deferred: false }
    }

    #[inline(always)]
    pub(crate) fn edge(&mut self, object: RawObject) {
        let side = NonNull::from_ref(object.side());
        prefetch(side);
        let due = self.edges.exchange(side);
        // SAFETY: the byte of an object that is alive as long as its owner, which was traced in this walk; tracing frees nothing.
        self.count(unsafe { due.as_ref() });
    }

    #[inline(always)]
    fn count(&mut self, side: &Cell<u8>) {
        let state = side.get();
        if (SideState::CANDIDATE.0..SideState::LAST_COUNT.0).contains(&state) {
            side.set(state + 1);
        } else if state == SideState::LAST_COUNT.0 {
            side.set(self.carry(side).0);
        }
    }

    #[cold]
    #[inline(never)]
    fn carry(&mut self, side: &Cell<u8>) -> SideState {
        if self.hubs.add(side, HUB_COUNT) {
            return SideState::CANDIDATE;
        }
        self.deferred = true;
        SideState::DEFERRED
    }

    /// Counts what is still on its way; whether a hub has to be counted in a round of its own.
    pub(crate) fn finish(&mut self) -> bool {
        for _ in 0..Edges::LENGTH {
            let due = self.edges.exchange(nothing());
            // SAFETY: as above.
            self.count(unsafe { due.as_ref() });
        }
        self.deferred
    }

    /// Whether the collection under way examines `object`.
    pub(crate) fn is_candidate(&self, object: RawObject) -> bool {
        !SideState::of(object).is_outside()
    }

    /// The same for a round over hubs that were deferred: only they count, and only in the table.
    #[inline]
    pub(crate) fn recount(&mut self, object: RawObject) {
        if SideState::of(object) == SideState::COUNTED {
            self.hubs.add(object.side(), 1);
        }
    }
}

/// A byte at rest, to stand for no edge.
#[inline]
fn nothing() -> NonNull<Cell<u8>> {
    /// Lets a byte be shared by all threads.
    struct Shared(Cell<u8>);
    // SAFETY: the only one is never written to: bytes at rest are not counted.
    unsafe impl Sync for Shared {}
    static NOTHING: Shared = Shared(Cell::new(SideState::REST.0));
    NonNull::from_ref(&NOTHING.0)
}
