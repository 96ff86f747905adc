//! Reclaiming what a collection found: past resurrection, nothing leads to it any more, and nothing comes back.

use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use core::ptr::NonNull;
use std::panic::catch_unwind;

use super::drops::Drops;
use super::state::HeapState;
use crate::base::Delay;
use crate::collect::Candidates;
use crate::object::{Flags, Mode, RawObject, Tracer, type_of};
use crate::weak::PendingCallbacks;

/// Doomed objects whose drop is due in some steps.
type Ahead = Delay<Option<RawObject>, 8>;

thread_local! {
    /// Collections under way in this thread, of whatever heaps: one begins within another where user code of that one asks for it.
    static COLLECTIONS: Cell<u32> = const { Cell::new(0) };
}

/// A collection under way.
pub(super) struct UnderWay;

impl UnderWay {
    pub(super) fn begin() -> UnderWay {
        COLLECTIONS.with(|count| count.set(count.get() + 1));
        UnderWay
    }

    /// Whether no other heap of this thread is in the middle of a collection.
    fn is_only_one() -> bool {
        COLLECTIONS.with(|count| count.get() == 1)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        COLLECTIONS.with(|count| count.set(count.get() - 1));
    }
}

/// As long as this exists, all deaths are queued; when it goes, they are carried out.
pub(super) struct DeathsPutOff {
    limit: u32,
}

impl DeathsPutOff {
    fn begin() -> DeathsPutOff {
        Drops::enter_forced();
        DeathsPutOff { limit: Drops::queue_all() }
    }
}

impl Drop for DeathsPutOff {
    fn drop(&mut self) {
        Drops::restore(self.limit);
        HeapState::leave_drop();
    }
}

impl HeapState {
    /// Past resurrection: from here on nothing reveals the objects of `set`, and no weak reference leads to them.
    pub(super) fn doom(&self, set: &Candidates, parked: &PendingCallbacks) {
        set.for_each(&self.alloc, |object| {
            object.header().insert(Flags::DOOMED);
            if object.header().has(Flags::WEAK) {
                self.clear_weak(object, parked, |listed| set.is_unreachable(listed));
            }
        });
    }

    /// Whether nothing has to be done for garbage with these flags, or-ed, but to let go of handles and to free the blocks.
    pub(super) fn can_sweep(garbage: Flags) -> bool {
        // (What is unreachable in another heap's collection would be taken for garbage of this one.)
        !garbage.intersects(Flags::GLUE | Flags::WEAK | Flags::FINALIZER | Flags::LARGE) && UnderWay::is_only_one()
    }

    /// Reclaims the garbage in one pass, if [`can_sweep`](HeapState::can_sweep); the number of objects.
    ///
    /// The handles are let go through the trace: side bytes tell which of them lead to garbage, and those count for nothing, so that its headers need
    /// not come from memory once more. No code of the user's runs in the pass, nor until the set is finished, as long as the caller keeps the deaths
    /// of what was held put off: so no block that was freed is used again while its side byte still says that it is garbage.
    pub(super) fn sweep(&self, set: &Candidates) -> (usize, DeathsPutOff) {
        let put_off = DeathsPutOff::begin();
        let mut tracer = Tracer::new(Mode::LetGo(Self::release));
        let mut freed = 0;
        set.for_each(&self.alloc, |object| {
            // SAFETY: garbage keeps its type until its block is freed.
            let ty = unsafe { type_of(object.header().type_id()) };
            // (What needs no drop owns no handle; its trace may be anybody's, and panic.)
            if ty.descriptor.drop.is_some() {
                // SAFETY: the type is the object's; nothing refers to it but other garbage, nobody is lent it, and it is visited once.
                unsafe { (ty.descriptor.trace)(object, &mut tracer) };
            }
            object.header().clear();
            // SAFETY: nothing is left to drop in the payload, and the header is cleared. The operation under way keeps the state.
            unsafe { self.alloc.free(object.block(), object.pool()) };
            freed += 1;
        });
        (freed, put_off)
    }

    /// Drops the payloads of the garbage where they lie. References among the garbage count for nothing
    /// ([`Flags::DOOMED`]); what it holds of the living is let go, and may die as usual.
    ///
    /// What the drops will touch is asked for eight objects ahead.
    pub(super) fn drop_payloads(&self, set: &Candidates) {
        let mut fetch = Tracer::new(Mode::Fetch);
        let mut waiting = Ahead::new(None);
        set.for_each(&self.alloc, |object| {
            fetch_ahead(object, &mut fetch);
            if let Some(due) = waiting.exchange(Some(object)) {
                self.drop_doomed(due);
            }
        });
        for _ in 0..Ahead::LENGTH {
            if let Some(due) = waiting.exchange(None) {
                self.drop_doomed(due);
            }
        }
    }

    fn drop_doomed(&self, object: RawObject) {
        // SAFETY: a doomed object keeps its type until its block is freed.
        let ty = unsafe { type_of(object.header().type_id()) };
        if let Some(drop) = ty.descriptor.drop {
            Drops::enter_forced();
            // SAFETY: (1) the type is the object's; (2) doomed garbage, visited once: nothing revives it, and what
            // refers to it is garbage too, whose drop only counts (S7).
            unsafe { self.drop_payload(object, ty, drop, object.header().has(Flags::LOUD)) };
            Self::leave_drop();
        }
    }

    /// Frees the blocks of the garbage, after all of its payloads were dropped (S8).
    pub(super) fn free_garbage(&self, set: &Candidates) -> usize {
        let mut freed = 0;
        set.for_each(&self.alloc, |object| {
            let header = object.header();
            let large = header.has(Flags::LARGE);
            header.clear();
            if large {
                header.insert(Flags::LARGE);
            }
            // SAFETY: the payload is dropped, the header cleared. The operation under way keeps the state.
            unsafe { Self::free_block(NonNull::from(self), object) };
            freed += 1;
        });
        freed
    }
}

/// Asks for the headers of what a doomed object refers to.
fn fetch_ahead(object: RawObject, fetch: &mut Tracer<'_>) {
    // SAFETY: a doomed object keeps its type until its block is freed.
    let ty = unsafe { type_of(object.header().type_id()) };
    // A trace that panics now had no edges to fetch; its object was examined without it.
    // SAFETY: the type is the object's, which is doomed garbage whose payload is whole, and lent to nobody.
    // USER CODE: `Trace::trace`, which by contract has no effects, but may panic.
    let _ = catch_unwind(AssertUnwindSafe(|| unsafe { (ty.descriptor.trace)(object, fetch) }));
}
