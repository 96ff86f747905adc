//! The table of a weak map or set: entries in order of insertion, found by hash, without types and without user code.

use core::cell::{Cell, UnsafeCell};

use super::entry::EntryLink;
use super::link::Kind;
use super::slots::Slots;
use super::table_memory::TableMemory;
use crate::alloc::Allocator;
use crate::base::{Broken, holds};
use crate::object::{RawObject, Tracer};

/// Which state a table is in: tells whether what was seen before user code ran is still so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableState {
    /// Changes when slots get other numbers.
    epoch: u64,
    /// Changes when an entry comes.
    serial: u64,
}

/// Where an iteration is. Entries that come after it began are not visited, and none is visited twice, whatever happens
/// to the table meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    epoch: u64,
    slot: u32,
    /// Serials from here on have not been visited.
    from: u64,
    /// Serials from here on came later.
    to: u64,
}

/// The entries of one weak map or set, the first part of its payload. It owns one count on each.
///
/// Nothing in here runs user code, and no reference into the table is given out: what looks at an entry while user code
/// runs holds a count on it (S5).
///
/// Invariant: the entry in slot `i` names this table's container and `i` (*placed*).
#[derive(Debug)]
pub(crate) struct EntryTable {
    /// That of its entries.
    kind: Kind,
    /// The container, once it is an object.
    map: Cell<Option<RawObject>>,
    inner: UnsafeCell<Slots>,
    epoch: Cell<u64>,
    serial: Cell<u64>,
}

impl EntryTable {
    /// An empty table for entries of this kind.
    ///
    /// # Safety
    /// The table is the first part of the payload of a container in the heap of `alloc`, or dropped before that heap goes.
    pub(crate) unsafe fn new(kind: Kind, alloc: &Allocator) -> EntryTable {
        // SAFETY: the caller's promise: the container's block keeps the state with the allocator.
        let memory = unsafe { TableMemory::new(alloc) };
        EntryTable {
            kind,
            map: Cell::new(None),
            inner: UnsafeCell::new(Slots::new(memory)),
            epoch: Cell::new(0),
            serial: Cell::new(0),
        }
    }

    /// The table in the payload of `map`.
    ///
    /// # Safety
    /// `map` is an allocated object whose payload starts with a table that was not dropped: a container.
    pub(crate) unsafe fn of(map: &RawObject) -> &EntryTable {
        // SAFETY: the caller's promise; everything in a table is a cell.
        unsafe { map.payload().cast::<EntryTable>().as_ref() }
    }

    /// Says which object's payload this is the start of.
    ///
    /// # Safety
    /// It is.
    pub(crate) unsafe fn set_map(&self, map: RawObject) {
        self.map.set(Some(map));
    }

    /// The object whose payload this is the start of.
    pub(crate) fn map(&self) -> RawObject {
        self.map.get().expect("a container is an object before anything is asked of it")
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Runs `f` on the slots. `f` runs no user code and doesn't come back to the table.
    fn with<R>(&self, f: impl FnOnce(&mut Slots) -> R) -> R {
        // SAFETY: the only borrow: every use goes through here, and none of the closures calls back.
        f(unsafe { &mut *self.inner.get() })
    }

    /// Occupied slots. Some may be those of objects that are dying.
    pub(crate) fn occupied(&self) -> usize {
        self.with(|inner| inner.occupied())
    }

    pub(crate) fn state(&self) -> TableState {
        TableState { epoch: self.epoch.get(), serial: self.serial.get() }
    }

    /// Whether slots still have the numbers that they had then.
    pub(crate) fn has_slots_of(&self, state: TableState) -> bool {
        self.epoch.get() == state.epoch
    }

    /// The entry in `slot`.
    pub(crate) fn entry(&self, slot: u32) -> Option<RawObject> {
        self.with(|inner| inner.entry(slot))
    }

    /// The first slot with an entry of this hash.
    pub(crate) fn first(&self, hash: u64) -> Option<u32> {
        self.with(|inner| inner.first_of(hash))
    }

    /// The slot after `slot` with the same hash. Right also if `slot` lost its entry meanwhile, as long as slots
    /// [kept their numbers](EntryTable::has_slots_of): it finds every entry that was there before and still is.
    pub(crate) fn following(&self, slot: u32) -> Option<u32> {
        self.with(|inner| inner.following(slot))
    }

    /// The last occupied slot.
    pub(crate) fn last(&self) -> Option<u32> {
        self.with(|inner| {
            if inner.trim() {
                self.epoch.set(self.epoch.get() + 1);
            }
            inner.occupied_before(inner.end())
        })
    }

    /// The last occupied slot before `slot`.
    pub(crate) fn before(&self, slot: u32) -> Option<u32> {
        self.with(|inner| inner.occupied_before(slot))
    }

    /// Makes room for one more entry, which may give slots other numbers; false if memory is refused.
    pub(crate) fn reserve(&self) -> bool {
        self.with(|inner| {
            let moved = inner.has_no_room() && inner.rebuild();
            if moved {
                self.epoch.set(self.epoch.get() + 1);
            }
            inner.reserve()
        })
    }

    /// Puts an entry behind all others.
    ///
    /// # Safety
    /// 1. [`reserve`](EntryTable::reserve) succeeded, and nothing was put here since.
    /// 2. `entry` is an entry object that is in no table, and one count on it is given to the table.
    pub(crate) unsafe fn push(&self, entry: RawObject, hash: u64) {
        let serial = self.serial.replace(self.serial.get() + 1);
        let index = self.with(|inner| inner.push(entry, hash, serial));
        // SAFETY: (2).
        unsafe { EntryLink::of(&entry) }.place(self.map.get(), index);
    }

    /// Takes the entry out of `slot`; the count on it is the caller's.
    pub(crate) fn vacate(&self, slot: u32) -> Option<RawObject> {
        let entry = self.with(|inner| inner.vacate(slot))?;
        // SAFETY: the table held it.
        unsafe { EntryLink::of(&entry) }.map.set(None);
        Some(entry)
    }

    /// Puts `entry` in the place of the one in `slot`, which is returned with the count on it.
    ///
    /// # Safety
    /// 1. `slot` is occupied.
    /// 2. `entry` is an entry object that is in no table, and one count on it is given to the table.
    pub(crate) unsafe fn substitute(&self, slot: u32, entry: RawObject) -> RawObject {
        let old = self.with(|inner| inner.substitute(slot, entry));
        // SAFETY: the table held it.
        unsafe { EntryLink::of(&old) }.map.set(None);
        // SAFETY: (2).
        unsafe { EntryLink::of(&entry) }.place(self.map.get(), slot);
        old
    }

    /// Takes all entries out, in order; the counts on them are the caller's.
    pub(crate) fn take_all(&self) -> impl Iterator<Item = RawObject> + use<> {
        self.epoch.set(self.epoch.get() + 1);
        let slots = self.with(Slots::take);
        for (_, entry) in slots.entries() {
            // SAFETY: the table held it. In a sweep its payload may have been dropped, but its memory is there (S8).
            unsafe { EntryLink::of(&entry) }.map.set(None);
        }
        slots.into_entries()
    }

    /// An iteration from the start.
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch.get(), slot: 0, from: 0, to: self.serial.get() }
    }

    /// The next entry that was there when the iteration began.
    pub(crate) fn advance(&self, cursor: &mut Cursor) -> Option<RawObject> {
        self.with(|inner| {
            if cursor.epoch != self.epoch.get() {
                cursor.epoch = self.epoch.get();
                cursor.slot = inner.first_from(cursor.from);
            }
            let (slot, serial, entry) = inner.occupied_from(cursor.slot)?;
            if serial >= cursor.to {
                return None;
            }
            cursor.slot = slot + 1;
            cursor.from = serial + 1;
            Some(entry)
        })
    }

    /// Calls `f` on every entry. `f` runs no user code and doesn't come back to the table.
    pub(crate) fn for_each(&self, mut f: impl FnMut(RawObject)) {
        self.with(|inner| inner.entries().for_each(|(_, entry)| f(entry)));
    }

    /// Reports the table's handles to its entries: plainly, or as an ephemeron's.
    pub(crate) fn trace(&self, tracer: &mut Tracer<'_>) {
        self.for_each(|entry| {
            // SAFETY: the table holds it.
            let key = unsafe { EntryLink::of(&entry) }.link().owner();
            match key {
                Some(key) if self.kind == Kind::KeyEntry => tracer.entry_of_map(key, entry),
                _ => tracer.edge(entry),
            }
        });
    }

    /// Checks the invariants, but for *placed* while anything may be torn down.
    pub(crate) fn verify(&self, is_at_rest: bool) -> Result<(), Broken> {
        self.with(|inner| {
            inner.verify()?;
            if !is_at_rest {
                return Ok(());
            }
            for (index, entry) in inner.entries() {
                holds!(entry.header().is_alive(), "an entry of a weak container is alive", entry);
                // SAFETY: the table holds it.
                let link = unsafe { EntryLink::of(&entry) };
                let is_placed = link.map.get() == self.map.get() && link.slot() == Some(index);
                holds!(is_placed, "an entry of a weak container knows its place", entry);
                holds!(link.link().record().is_some(), "an entry of a weak container hangs on an object", entry);
            }
            Ok(())
        })
    }
}
