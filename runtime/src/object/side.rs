//! Side states: what a collection knows of one object while it examines it, in one byte beside the object's block.
//!
//! Trial deletion needs, per candidate, the number of references that come from other candidates, and later whether it
//! was reached. Both live in side bytes, apart from the objects, so that a collection of a living heap writes to no object
//! (pages stay shared after a `fork`, and a panic in a trace leaves nothing to repair in any header). Outside a collection,
//! and for all that is no candidate, the byte rests at
//! [`SideState::REST`]: edges into older objects, leaf pools and other heaps fall through without a special case (S17).

use super::layout::RawObject;

/// The byte's values.
///
/// | value | state |
/// |---|---|
/// | 0 | rest: not a candidate |
/// | 1 to 240 | candidate; the value less one is the number of references found so far, less what the hub table holds |
/// | 249 | hub whose exact count is decided: held from outside |
/// | 250 | hub whose exact count is decided: held by candidates only |
/// | 251 | hub that found no room in the table, to be counted in a round of its own |
/// | 252 | the same, in this round's table |
/// | 253 | reached, but the mark stack was full: its edges wait for a scan |
/// | 254 | unreachable |
/// | 255 | reached |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct SideState(pub(crate) u8);

impl SideState {
    pub(crate) const REST: SideState = SideState(0);
    pub(crate) const CANDIDATE: SideState = SideState(1);
    pub(super) const LAST_COUNT: SideState = SideState(240);
    pub(crate) const HELD: SideState = SideState(249);
    pub(crate) const INTERNAL: SideState = SideState(250);
    pub(crate) const DEFERRED: SideState = SideState(251);
    pub(crate) const COUNTED: SideState = SideState(252);
    pub(crate) const WAITING: SideState = SideState(253);
    pub(crate) const UNREACHABLE: SideState = SideState(254);
    pub(crate) const REACHED: SideState = SideState(255);

    /// The internal references that the byte itself counts; `None` for the states without a count.
    #[inline(always)]
    pub(crate) fn count(self) -> Option<u32> {
        (self.0 >= Self::CANDIDATE.0 && self.0 <= Self::LAST_COUNT.0).then(|| u32::from(self.0) - 1)
    }

    /// The state of `object`'s block.
    #[inline(always)]
    pub(crate) fn of(object: RawObject) -> SideState {
        SideState(object.side().get())
    }

    /// Sets the state of `object`'s block.
    #[inline(always)]
    pub(crate) fn set(self, object: RawObject) {
        object.side().set(self.0);
    }

    /// Whether this is a candidate that was not reached so far.
    #[inline(always)]
    pub(crate) fn is_open(self) -> bool {
        self.0.wrapping_sub(Self::CANDIDATE.0) < Self::WAITING.0 - Self::CANDIDATE.0
    }

    /// Whether a detection that is under way doesn't examine the object with this state. (A detection runs no user code, so other heaps, whose
    /// collections may be waiting for the end of this one, show only unreachable objects meanwhile. A panic hook that collects another heap in the
    /// middle of this one's detection finds open candidates, and may write to their bytes: that detection has failed, so all of its objects survive
    /// and their bytes are put to rest; and to the other heap, what foreign objects refer to is held from outside anyway.)
    #[inline(always)]
    pub(crate) fn is_outside(self) -> bool {
        matches!(self, SideState::REST | SideState::UNREACHABLE)
    }
}

/// The first refcount whose object can be in the hub table: below it a byte is enough.
pub(crate) const HUB_COUNT: u32 = SideState::LAST_COUNT.0 as u32;
