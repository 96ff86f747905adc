//! What weak maps and sets have in common: a table of entries that they own.

use core::marker::PhantomData;
use core::ops::Deref;

use super::entry::Entry;
use super::target::WeakTarget;
use crate::alloc::Allocator;
use crate::handle::{Gc, weak};
use crate::heap::{Heap, HeapState, OutOfMemory};
use crate::object::{Shape, Trace, Tracer};
use crate::weak::{Cursor, EntryLink, EntryTable, Kind};

/// A table that drops its entries.
#[repr(transparent)]
pub(super) struct Table(EntryTable);

impl Table {
    /// Takes all entries out and drops them, in order.
    pub(super) fn clear(&self) {
        for entry in self.0.take_all() {
            // SAFETY: the table held it; in a sweep its memory is still there, whichever payload is dropped first (S8).
            let link = unsafe { EntryLink::of(&entry) };
            // SAFETY: (1) as above; (2) as in the drop of an entry.
            unsafe { weak::unlink(link.link()) };
            // USER CODE: the drop of what the entry owns.
            // SAFETY: the table's count, which is given up. A doomed entry goes with its sweep.
            unsafe { HeapState::release(entry) };
        }
    }
}

impl Deref for Table {
    type Target = EntryTable;

    fn deref(&self) -> &EntryTable {
        &self.0
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The payload of a weak container; the public types wrap it transparently. `P` is what an entry owns.
///
/// Invariants:
/// - *typed*: every entry in `table` is a live object of type `Entry<H, P>`, as long as the container is alive itself: entries of
///   doomed targets were taken out when they were doomed.
/// - no reference into the table, and none into an entry of which no handle is kept, exists while user code runs (S5).
#[repr(C)]
pub(super) struct Core<H, P, E> {
    /// First: found through the container's address by its entries, when their targets die.
    pub(super) table: Table,
    pub(super) equivalence: E,
    /// Invariant in both, and neither `Send` nor `Sync` (S4).
    marker: PhantomData<*mut (H, P)>,
}

impl<H: WeakTarget, P: Trace, E: 'static> Core<H, P, E> {
    /// A new container in `heap`. `wrap` makes the transparent wrapper of a core that `core` sees through.
    pub(super) fn alloc<C: Trace>(
        heap: &Heap,
        kind: Kind,
        equivalence: E,
        wrap: fn(Core<H, P, E>) -> C,
        core: fn(&C) -> &Core<H, P, E>,
        unwrap: fn(C) -> Core<H, P, E>,
    ) -> Result<Gc<C>, OutOfMemory<E>> {
        // SAFETY: the container is allocated in this heap, or dropped here.
        let table = Table(unsafe { EntryTable::new(kind, &heap.state().alloc) });
        let this = Core { table, equivalence, marker: PhantomData };
        // USER CODE: the allocation may collect.
        let container = heap.try_alloc(wrap(this)).map_err(|error| error.map(|value| unwrap(value).equivalence))?;
        // SAFETY: the object's payload wraps the core, which starts with the table.
        unsafe { core(&container).table.set_map(Gc::object(&container)) };
        Ok(container)
    }

    /// The allocator of the container's heap.
    pub(super) fn allocator(&self) -> &Allocator {
        // SAFETY: the container keeps its heap's state.
        &unsafe { HeapState::of(self.table.map()).as_ref() }.alloc
    }

    /// Entries whose target can be had.
    pub(super) fn len(&self) -> usize {
        if !HeapState::may_have_queued() {
            // An entry leaves the table when its target dies; only targets that wait for their drop are still here.
            return self.table.occupied();
        }
        let mut live = 0;
        self.table.for_each(|entry| {
            // SAFETY: an entry in the table.
            live += usize::from(unsafe { EntryLink::of(&entry) }.link().target().is_some());
        });
        live
    }

    /// The next entry of an iteration, and its target.
    pub(super) fn advance(&self, cursor: &mut Cursor) -> Option<(H, Gc<Entry<H, P>>)> {
        loop {
            let entry = self.table.advance(cursor)?;
            // SAFETY: an entry in the table.
            let entry = unsafe { Entry::hold(entry) };
            if let Some(target) = entry.revive() {
                return Some((target, entry));
            }
        }
    }

    /// Takes the last entry out whose target can be had.
    pub(super) fn pop(&self) -> Option<(H, Gc<Entry<H, P>>)> {
        let mut last = self.table.last();
        while let Some(slot) = last {
            // SAFETY: the slot is occupied, by an entry.
            let entry = unsafe { Entry::<H, P>::hold(self.table.entry(slot)?) };
            if let Some(target) = entry.revive() {
                self.detach(&entry);
                return Some((target, entry));
            }
            last = self.table.before(slot);
        }
        None
    }

    /// Takes an entry out of the table, if it is there, for good. The table's count on it goes, never the last one.
    pub(super) fn detach(&self, entry: &Gc<Entry<H, P>>) {
        let Some(object) = entry.link().slot().and_then(|slot| self.table.vacate(slot)) else { return };
        // SAFETY: (1) the caller's handle keeps the entry; (2) as in its drop.
        unsafe { weak::unlink(entry.link().link()) };
        // SAFETY: the table's count.
        drop(unsafe { Entry::<H, P>::own(object) });
    }

    /// See [`Trace::trace`].
    pub(super) fn trace(&self, tracer: &mut Tracer<'_>) {
        if tracer.is_visit() {
            // Entries are the runtime's own: what they hold shows as the container's.
            self.table.for_each(|entry| {
                // SAFETY: an entry in the table; the payload is read while nothing else runs.
                let entry = unsafe { entry.payload().cast::<Entry<H, P>>().as_ref() };
                entry.trace(tracer);
            });
        } else if Shape::of::<P>().contains(Shape::EDGES) {
            // (Entries without edges are no candidates: nothing would come of it.)
            self.table.trace(tracer);
        }
    }
}

/// The items, with room asked for first.
///
/// # Panics
/// If memory is refused.
pub(super) fn collect<T>(alloc: &Allocator, items: impl Iterator<Item = T>, expected: usize) -> Vec<T> {
    let mut all = Vec::new();
    let reserve = |all: &mut Vec<T>, more: usize| {
        if !alloc.make_room(all, more) {
            OutOfMemory::new((), more.saturating_mul(size_of::<T>())).for_purpose("a list").raise();
        }
    };
    reserve(&mut all, expected);
    for item in items {
        reserve(&mut all, 1);
        all.push(item);
    }
    all
}
