//! Looking for a key, and making an entry for it, while user code may change everything.
//!
//! Comparing runs user code, so it is done with nothing borrowed and a handle to the entry and its target kept.
//! Afterwards the table says whether the answer still holds. If it doesn't, or if entries came that were not looked at,
//! the search starts again, a bounded number of times.

use super::core::Core;
use super::entry::Entry;
use super::target::WeakTarget;
use crate::handle::{Gc, weak};
use crate::heap::{Heap, HeapState, OutOfMemory};
use crate::object::Trace;
use crate::weak::{Record, TableState};

/// Searches that are disturbed start again so many times: against equivalences that change the table whenever they are
/// asked.
const STARTS: u32 = 16;

/// An entry that was found, in the table until user code runs again.
pub(super) struct Found<H: WeakTarget, P> {
    pub(super) entry: Gc<Entry<H, P>>,
    pub(super) target: H,
}

/// What a new entry is to own: still a value, or in an entry that is in no table yet.
pub(super) struct Spare<H: WeakTarget, P> {
    owned: Option<P>,
    entry: Option<Gc<Entry<H, P>>>,
}

impl<H: WeakTarget, P: Trace> Spare<H, P> {
    pub(super) fn new(owned: P) -> Spare<H, P> {
        Spare { owned: Some(owned), entry: None }
    }

    fn owned(&self) -> &P {
        let in_entry = self.entry.as_ref().map(|entry| {
            // SAFETY: only this has a handle to the entry, and keeps it during the borrow.
            unsafe { entry.owned() }
        });
        self.owned.as_ref().or(in_entry).expect("a spare has a value until it is taken")
    }

    /// The value, once; the entry, if there is one, dies later, with this.
    pub(super) fn take(&mut self) -> P {
        let in_entry = self.entry.as_ref().and_then(Entry::take);
        self.owned.take().or(in_entry).expect("a spare has a value until it is taken")
    }
}

/// What [`Core::enter`] did.
pub(super) enum Entered<H: WeakTarget, P> {
    /// There is a new entry, this one.
    New(Gc<Entry<H, P>>),
    /// There was one already. The value is not used.
    Known(Found<H, P>, Spare<H, P>),
}

impl<H: WeakTarget, P: Trace, E: 'static> Core<H, P, E> {
    /// Looks for an entry with this hash that `matches`. If there is none, gives the state of the table for which that
    /// is so.
    pub(super) fn find(
        &self,
        hash: u64,
        mut matches: impl FnMut(&Gc<Entry<H, P>>, &H) -> bool,
    ) -> Result<Found<H, P>, TableState> {
        for _ in 0..STARTS {
            if let Some(result) = self.find_undisturbed(hash, &mut matches) {
                return result;
            }
        }
        Err(self.table.state())
    }

    /// `None` if the table changed so that the answer is not known.
    fn find_undisturbed(
        &self,
        hash: u64,
        matches: &mut impl FnMut(&Gc<Entry<H, P>>, &H) -> bool,
    ) -> Option<Result<Found<H, P>, TableState>> {
        let state = self.table.state();
        let mut next = self.table.first(hash);
        while let Some(slot) = next {
            // SAFETY: an entry in the table.
            let entry = unsafe { Entry::<H, P>::hold(self.table.entry(slot)?) };
            if let Some(target) = entry.revive() {
                // USER CODE: `equivalent`.
                if matches(&entry, &target) {
                    return self.confirm(state, slot, entry, target).map(Ok);
                }
                // USER CODE: the last handle to the target, or to the entry, may be dropped.
                drop(target);
            }
            drop(entry);
            if !self.table.has_slots_of(state) {
                return None;
            }
            next = self.table.following(slot);
        }
        (self.table.state() == state).then_some(Err(state))
    }

    /// Whether what was found is still there.
    fn confirm(&self, state: TableState, slot: u32, entry: Gc<Entry<H, P>>, target: H) -> Option<Found<H, P>> {
        let mut entry = entry;
        for _ in 0..STARTS {
            if !self.table.has_slots_of(state) || entry.target() != Some(target.as_object()) {
                return None;
            }
            let current = self.table.entry(slot)?;
            if current == Gc::object(&entry) {
                return Some(Found { entry, target });
            }
            // Another one for the same key took its place.
            // SAFETY: an entry in the table.
            // USER CODE: the one before may be dropped here.
            entry = unsafe { Entry::hold(current) };
        }
        None
    }

    /// Finds the entry that `matches`, or makes one for `target` that owns `owned`.
    pub(super) fn enter(
        &self,
        hash: u64,
        target: &H,
        mut spare: Spare<H, P>,
        matches: impl Fn(&Gc<Entry<H, P>>, &H, &P) -> bool,
    ) -> Result<Entered<H, P>, OutOfMemory<P>> {
        loop {
            let state = match self.find(hash, |entry, known| matches(entry, known, spare.owned())) {
                Ok(found) => return Ok(Entered::Known(found, spare)),
                Err(state) => state,
            };
            let entry = match spare.entry.take() {
                Some(entry) => entry,
                None => {
                    let entry = self.make(target, spare.take())?;
                    if self.table.state() != state {
                        // The allocation may have collected, and a finalizer may have made the entry.
                        spare.entry = Some(entry);
                        continue;
                    }
                    entry
                }
            };
            return match self.put(hash, target, &entry) {
                Ok(()) => Ok(Entered::New(entry)),
                Err(error) => {
                    spare.entry = Some(entry);
                    Err(error.with_value(spare.take()))
                }
            };
        }
    }

    /// Makes an entry that is in no table yet, in the container's heap.
    pub(super) fn make(&self, target: &H, owned: P) -> Result<Gc<Entry<H, P>>, OutOfMemory<P>> {
        let entry = Entry::new(self.table.kind(), target, owned);
        // USER CODE: the allocation may collect.
        let alloc = |heap: &Heap| heap.try_alloc(entry).map_err(|error| error.map(Entry::into_owned));
        // SAFETY: the container, to which the caller has a handle, keeps the state.
        unsafe { Heap::with_state(HeapState::of(self.table.map()), alloc) }
    }

    /// Puts an entry into the table.
    fn put(&self, hash: u64, target: &H, entry: &Gc<Entry<H, P>>) -> Result<(), OutOfMemory<()>> {
        if !self.table.reserve() {
            // SAFETY: the container, to which the caller has a handle, keeps the state.
            let state = unsafe { HeapState::of(self.table.map()).as_ref() };
            let error = OutOfMemory::by(&state.alloc, (), size_of::<Self>());
            return Err(error.for_purpose("a weak container"));
        }
        // SAFETY: the caller's handle keeps the target.
        let record = unsafe { weak::record_for(target.as_object()) }?;
        let object = Gc::object(entry);
        // SAFETY: (1) a live entry that hangs nowhere yet; (2) the record was just found, and an entry unlinks itself.
        unsafe { Record::link(record, object) };
        core::mem::forget(entry.clone());
        // SAFETY: (1) as just asked; (2) the count of the handle that was forgotten.
        unsafe { self.table.push(object, hash) };
        Ok(())
    }

    /// Puts another entry for the same target in the place of the one that was found, if that is still there; if not,
    /// gives the other one back.
    pub(super) fn substitute(&self, found: &Found<H, P>, entry: Gc<Entry<H, P>>) -> Result<(), Gc<Entry<H, P>>> {
        let (Some(slot), Some(record)) = (found.entry.link().slot(), found.entry.link().link().record()) else {
            return Err(entry);
        };
        let object = Gc::object(&entry);
        core::mem::forget(entry);
        // SAFETY: (1) a live entry that hangs nowhere yet; (2) the record of the entry that was found.
        unsafe { Record::link(record, object) };
        // SAFETY: (1) it still has its slot; (2) the count of the handle that was forgotten.
        let old = unsafe { self.table.substitute(slot, object) };
        debug_assert!(old == Gc::object(&found.entry));
        // SAFETY: (1) `found` keeps it; (2) and its target, and that its heap's state.
        unsafe { weak::unlink(found.entry.link().link()) };
        // SAFETY: the table's count; `found` keeps the entry.
        drop(unsafe { Entry::<H, P>::own(old) });
        Ok(())
    }

    /// Makes the entry that was found hang on another target.
    pub(super) fn move_to(&self, found: &Found<H, P>, target: &H) -> Result<(), OutOfMemory<()>> {
        if found.target.as_object() == target.as_object() {
            // Unlinked, it might be the last that its record lists.
            return Ok(());
        }
        // SAFETY: the caller's handle keeps the target.
        let record = unsafe { weak::record_for(target.as_object()) }?;
        // SAFETY: (1) `found` keeps the entry; (2) and its target, and that its heap's state.
        unsafe { weak::unlink(found.entry.link().link()) };
        found.entry.set_place(target);
        // SAFETY: (1) a live entry that was just unlinked; (2) as above.
        unsafe { Record::link(record, Gc::object(&found.entry)) };
        Ok(())
    }
}
