//! Walks over the objects that may be shown, and the handles that come of them.

use crate::alloc::{Allocator, PoolKind};
use crate::handle::AnyGc;
use crate::heap::{HeapState, OutOfMemory};
use crate::object::{Mode, RawObject, SideState, Tracer, type_of};

/// A walk over a heap's tracked objects. The allocator is held while this exists, also if a `Trace` panics (S8).
pub(super) struct Walk<'a>(&'a HeapState);

impl<'a> Walk<'a> {
    pub(super) fn over(state: &'a HeapState) -> Walk<'a> {
        state.alloc.hold();
        Walk(state)
    }

    /// Calls `f` on every tracked object that may be shown, permanent ones too, in order of place. `f` runs no user code
    /// but `Trace::trace`.
    ///
    /// Not shown is what is no object, or is being torn down or lent (S3), and what a collection under way has found
    /// unreachable: user code that runs in it has no business there (S7). Nor are the runtime's own objects, the entries
    /// of weak maps and sets.
    pub(super) fn for_each(&self, mut f: impl FnMut(RawObject)) {
        self.0.for_each_object(PoolKind::Tracked, |object| {
            if object.is_revivable()
                && SideState::of(object) == SideState::REST
                // SAFETY: a live object's type is registered.
                && !unsafe { type_of(object.header().type_id()) }.hooks.private
            {
                f(object);
            }
        });
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.0.alloc.release_hold();
    }
}

/// Calls `f` for every edge of an object, in the order in which its type reports them.
///
/// # Safety
/// The object is revivable: alive, not lent exclusively (S1).
pub(super) unsafe fn for_each_edge(object: RawObject, mut f: impl FnMut(RawObject)) {
    // SAFETY: the caller's promise: a live object's type is registered.
    let ty = unsafe { type_of(object.header().type_id()) };
    // SAFETY: the caller's promise: the object is alive, of this type, and not lent.
    // USER CODE: `Trace::trace`, which by contract has no effects, but may panic.
    unsafe { (ty.descriptor.trace)(object, &mut Tracer::new(Mode::Visit(&mut f))) };
}

/// Handles that are being gathered. Room is made before each; once that is refused, no more are taken.
pub(super) struct Handles<'a> {
    alloc: &'a Allocator,
    taken: Vec<AnyGc>,
    is_refused: bool,
}

impl<'a> Handles<'a> {
    /// None yet, of objects of this heap.
    pub(super) fn of(state: &'a HeapState) -> Handles<'a> {
        Handles { alloc: &state.alloc, taken: Vec::new(), is_refused: false }
    }

    /// Takes a handle to `object`, if it may be shown (S3).
    pub(super) fn take(&mut self, object: RawObject) {
        if self.is_refused || !self.alloc.make_room(&mut self.taken, 1) {
            self.is_refused = true;
        } else {
            self.taken.extend(AnyGc::revive(object));
        }
    }

    /// All of them.
    ///
    /// # Panics
    /// If memory for them was refused. Those that were taken are dropped.
    #[track_caller]
    pub(super) fn finish(self) -> Vec<AnyGc> {
        if self.is_refused {
            let bytes = size_of::<AnyGc>().saturating_mul(self.taken.len() + 1);
            drop(self.taken);
            OutOfMemory::new((), bytes).for_purpose("a list of objects").raise();
        }
        self.taken
    }
}
