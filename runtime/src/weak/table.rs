//! The table from objects to their weak records.

use core::cell::UnsafeCell;
use core::ptr::NonNull;

use hashbrown::HashMap;

use super::entry::EntryLink;
use super::link::{Kind, Link, PendingCallbacks};
use super::record::{Record, record_ref};
use super::reference::Reference;
use crate::alloc::Allocator;
use crate::object::{Flags, RawObject, Tracer};

/// The weak records of one heap, by the address of their object. An object without weak references has no entry and
/// pays nothing.
///
/// Invariant: an entry exists exactly for the objects with the `WEAK` bit.
#[derive(Debug, Default)]
pub(crate) struct WeakTable {
    records: UnsafeCell<HashMap<usize, NonNull<Record>>>,
}

impl WeakTable {
    /// Runs `f` on the map. `f` runs no user code and doesn't come back to the table.
    fn with<R>(&self, f: impl FnOnce(&mut HashMap<usize, NonNull<Record>>) -> R) -> R {
        // SAFETY: the only borrow of the map: every use goes through here, and none of the closures calls back.
        f(unsafe { &mut *self.records.get() })
    }

    /// Bytes that the table takes.
    pub(crate) fn bytes(&self) -> usize {
        self.with(|records| records.allocation_size())
    }

    /// Gives back the room of a table that is far too large; returns the bytes.
    pub(crate) fn shrink(&self, alloc: &Allocator) -> usize {
        self.with(|records| alloc.budget().shrink_kept(records))
    }

    /// The record of `object`, if it has one.
    pub(crate) fn find(&self, object: RawObject) -> Option<NonNull<Record>> {
        if !object.header().has(Flags::WEAK) {
            return None;
        }
        self.with(|records| records.get(&key(object)).copied())
    }

    /// The record of `object`, made if there is none; `None` if memory is refused.
    pub(crate) fn find_or_make(&self, object: RawObject, alloc: &Allocator) -> Option<NonNull<Record>> {
        if let Some(record) = self.find(object) {
            return Some(record);
        }
        if !self.with(|records| alloc.keep_entry(records)) {
            return None;
        }
        let record = alloc.allocate_raw_in_pool(size_of::<Record>(), align_of::<Record>())?.cast::<Record>();
        // SAFETY: a fresh block of a record's size and alignment.
        unsafe { record.write(Record::new(object)) };
        self.with(|records| records.insert(key(object), record));
        object.header().insert(Flags::WEAK);
        Some(record)
    }

    /// Parts `object` from its record: the record's target is gone, every reference that is still linked is cleared,
    /// every entry that hangs on the object leaves its table. In list order, newest first, callbacks are due of
    /// references that live on, and entries to be dropped. Callbacks of references that are dying themselves never run;
    /// dying entries go with what makes them die (`is_dying`).
    ///
    /// Returns the record if nothing names it any more, to be freed by the caller.
    pub(crate) fn clear(
        &self,
        object: RawObject,
        due: &PendingCallbacks,
        is_dying: impl Fn(RawObject) -> bool,
    ) -> Option<NonNull<Record>> {
        let record = self.find(object)?;
        self.with(|records| records.remove(&key(object)));
        object.header().remove(Flags::WEAK);
        // SAFETY: the record of an object that was not parted from it until now.
        let this = unsafe { record_ref(record) };
        this.clear_target();
        for listed in this.listed() {
            // SAFETY: the record lists it.
            unsafe { Self::clear_listed(this, listed, due, &is_dying) };
        }
        this.is_unused().then_some(record)
    }

    /// Clears what goes before the finalizers of a collection, and leaves all else: the references with a callback, and
    /// the entries of value-weak maps that live on. (Entries that hang on their key stay as long as the key can come
    /// back.)
    pub(crate) fn clear_with_callback(
        &self,
        object: RawObject,
        due: &PendingCallbacks,
        is_dying: impl Fn(RawObject) -> bool,
    ) {
        let Some(record) = self.find(object) else { return };
        // SAFETY: the record of an object that has not been parted from it.
        let this = unsafe { record_ref(record) };
        for listed in this.listed() {
            // SAFETY: the record lists it.
            let goes = match unsafe { Link::of(&listed) }.kind() {
                // SAFETY: as its kind says.
                Kind::Reference | Kind::Proxy => unsafe { Reference::of(&listed) }.callback().is_some(),
                Kind::KeyEntry => false,
                Kind::ValueEntry => !is_dying(listed),
            };
            if goes {
                // SAFETY: the record lists it.
                unsafe { Self::clear_listed(this, listed, due, &is_dying) };
            }
        }
    }

    /// Takes one object out of a record's list, and says whether anything of it is due.
    ///
    /// # Safety
    /// `record` lists `object`.
    unsafe fn clear_listed(
        record: &Record,
        object: RawObject,
        due: &PendingCallbacks,
        is_dying: &impl Fn(RawObject) -> bool,
    ) {
        // SAFETY: the caller's promise: a record lists objects with a link.
        let link = unsafe { Link::of(&object) };
        // SAFETY: the caller's promise.
        unsafe { record.unlink(link) };
        let lives_on = object.is_revivable() && !is_dying(object);
        if link.kind().is_entry() {
            // SAFETY: as its kind says.
            let was_in_table = unsafe { EntryLink::of(&object) }.leave_table();
            if was_in_table && lives_on {
                // SAFETY: alive, just unlinked, and the table's count goes to the queue. (A dying entry keeps that
                // count, which matters no more: its sweep frees it.)
                unsafe { due.push_owned(object) };
            }
            return;
        }
        // SAFETY: not an entry, so a `WeakRef` or `Proxy`.
        if lives_on && unsafe { Reference::of(&object) }.callback().is_some() {
            // SAFETY: alive, and just unlinked.
            unsafe { due.push(object) };
        }
    }

    /// Reports to `tracer`, when it comes to `key`, the entries that hang on it: see [`Tracer::entry_of_key`].
    pub(crate) fn trace_entries(&self, key: RawObject, tracer: &mut Tracer<'_>) {
        let Some(record) = self.find(key) else { return };
        // SAFETY: the record of an object that has not been parted from it.
        for listed in unsafe { record_ref(record) }.listed() {
            // SAFETY: the record lists it.
            if unsafe { Link::of(&listed) }.kind() == Kind::KeyEntry
                // SAFETY: as its kind says.
                && let Some(map) = unsafe { EntryLink::of(&listed) }.map()
            {
                tracer.entry_of_key(map, listed);
            }
        }
    }

    /// Forgets the record of `object`, which nothing names any more.
    pub(crate) fn forget(&self, object: RawObject) {
        self.with(|records| records.remove(&key(object)));
        object.header().remove(Flags::WEAK);
    }

    /// Whether every entry leads to a record of the object it stands for.
    pub(crate) fn check(&self, alloc: &Allocator) {
        self.with(|records| {
            for (key, record) in records.iter() {
                // SAFETY: the table's invariant: records of objects that exist.
                let owner = unsafe { record_ref(*record) }.owner();
                let owner = owner.expect("a record in the table has lost its object");
                assert_eq!(owner.block().addr().get(), *key, "a weak record stands under another object's address");
                assert!(alloc.owns(owner.block()), "a weak record stands for an object of another heap");
                assert!(owner.header().has(Flags::WEAK), "an object with a weak record lacks its weak bit");
                // SAFETY: as above.
                for listed in unsafe { record_ref(*record) }.listed() {
                    // SAFETY: the record lists it.
                    let link = unsafe { Link::of(&listed) };
                    assert_eq!(link.record(), Some(*record), "a weak record lists what doesn't belong to it");
                    // SAFETY: as its kind says.
                    let is_placed = !link.kind().is_entry() || unsafe { EntryLink::of(&listed) }.is_placed();
                    assert!(is_placed, "an entry is listed that is in no table");
                }
            }
        });
    }
}

fn key(object: RawObject) -> usize {
    object.block().addr().get()
}
