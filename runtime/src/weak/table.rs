//! The table from objects to their weak records.

use core::cell::UnsafeCell;
use core::ptr::NonNull;

use hashbrown::HashMap;

use super::record::{Record, record_ref};
use super::reference::{PendingCallbacks, Reference};
use crate::alloc::Allocator;
use crate::object::{Flags, RawObject};

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
        let record = alloc.allocate_raw(size_of::<Record>(), align_of::<Record>())?.cast::<Record>();
        // SAFETY: a fresh block of a record's size and alignment.
        unsafe { record.write(Record::new(object)) };
        self.with(|records| records.insert(key(object), record));
        object.header().insert(Flags::WEAK);
        Some(record)
    }

    /// Parts `object` from its record: the record's target is gone, every reference that is still linked is cleared.
    /// Callbacks of references that live on are due in order, newest first; those of references that are dying
    /// themselves never run (`is_dying`).
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
        while let Some(reference) = this.take_reference(|_| true) {
            Self::clear_reference(reference, due, &is_dying);
        }
        this.is_unused().then_some(record)
    }

    /// Clears the references with a callback only, and leaves all else: the step before the finalizers of a collection.
    pub(crate) fn clear_with_callback(
        &self,
        object: RawObject,
        due: &PendingCallbacks,
        is_dying: impl Fn(RawObject) -> bool,
    ) {
        let Some(record) = self.find(object) else { return };
        // SAFETY: the record of an object that has not been parted from it.
        let this = unsafe { record_ref(record) };
        let has_callback = |reference: RawObject| {
            // SAFETY: a record lists live reference objects.
            unsafe { Reference::of(&reference) }.callback().is_some()
        };
        while let Some(reference) = this.take_reference(has_callback) {
            Self::clear_reference(reference, due, &is_dying);
        }
    }

    fn clear_reference(object: RawObject, due: &PendingCallbacks, is_dying: &impl Fn(RawObject) -> bool) {
        // SAFETY: a record lists live reference objects.
        let reference = unsafe { Reference::of(&object) };
        reference.set_cleared();
        if reference.callback().is_some() && object.is_revivable() && !is_dying(object) {
            due.push(object);
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
            }
        });
    }
}

fn key(object: RawObject) -> usize {
    object.block().addr().get()
}
