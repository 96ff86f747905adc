//! Entries of weak maps and sets, without their types: what links one to its record and to its table.

use core::cell::Cell;

use super::entry_table::EntryTable;
use super::link::{Kind, Link};
use crate::object::RawObject;

/// The first part of the payload of an entry object: the link to the record of the object that it hangs on (the key of
/// a key-weak map, the value of a value-weak one), and its place in its container's table.
///
/// Invariants:
/// - *placed*: `map` is set exactly as long as a slot of that container's table, the one that the link names, holds this
///   entry, with one count.
///   Before the table goes, it clears `map`, also of entries whose payload was dropped in the same sweep (S8 keeps
///   their memory). So `map` leads to a table that is there.
/// - An entry is in a table exactly if its link is in a record, except while the container or the entry is torn down.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct EntryLink {
    link: Link,
    pub(super) map: Cell<Option<RawObject>>,
}

impl EntryLink {
    /// An entry that is in no table and hangs on no object yet.
    pub(crate) fn new(kind: Kind) -> EntryLink {
        EntryLink { link: Link::new(kind), map: Cell::new(None) }
    }

    /// The entry in the payload of `object`.
    ///
    /// # Safety
    /// `object` is an allocated object whose payload starts with an `EntryLink`: its link's kind says so.
    pub(crate) unsafe fn of(object: &RawObject) -> &EntryLink {
        // SAFETY: the caller's promise; everything in it is a cell.
        unsafe { object.payload().cast::<EntryLink>().as_ref() }
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// The container whose table holds this entry.
    pub(crate) fn map(&self) -> Option<RawObject> {
        self.map.get()
    }

    /// The slot of its container's table that holds this entry.
    pub(crate) fn slot(&self) -> Option<u32> {
        self.map.get().map(|_| self.link.slot.get())
    }

    /// Whether its container's table has it where it thinks to be.
    pub(super) fn is_placed(&self) -> bool {
        let at = |map: RawObject| {
            // SAFETY: *placed*.
            let entry = unsafe { EntryTable::of(&map) }.entry(self.link.slot.get())?;
            // SAFETY: the table holds it.
            Some(core::ptr::eq(unsafe { EntryLink::of(&entry) }, self))
        };
        self.map.get().and_then(at) == Some(true)
    }

    /// Says where the entry is.
    pub(super) fn place(&self, map: Option<RawObject>, slot: u32) {
        self.map.set(map);
        self.link.slot.set(slot);
    }

    /// Takes the entry out of its table, if it is in one: then the table's count on it is the caller's.
    pub(crate) fn leave_table(&self) -> bool {
        let Some(map) = self.map.get() else { return false };
        // SAFETY: *placed*.
        unsafe { EntryTable::of(&map) }.vacate(self.link.slot.get()).is_some()
    }
}
