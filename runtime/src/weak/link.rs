//! Links: the part that everything a weak record lists has in common, `WeakRef` and `Proxy` objects as well as the
//! entries of weak maps and sets; and the queue of those that were cleared.

use core::cell::Cell;
use core::ptr::NonNull;

use super::record::{Record, record_ref};
use crate::object::RawObject;

/// What an object that a record lists is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Reference,
    Proxy,
    /// An entry that its key leads to: of a key-weak map, or of a weak set.
    KeyEntry,
    /// An entry of a value-weak map.
    ValueEntry,
}

impl Kind {
    /// Whether this is an entry: an object of the runtime's own, which no public function shows.
    pub(crate) fn is_entry(self) -> bool {
        matches!(self, Kind::KeyEntry | Kind::ValueEntry)
    }
}

/// The first part of the payload of every object that a record lists.
///
/// States: *linked* (`record` is set, and lists this object through `next` and `previous`), *cleared* (`record` is
/// empty), *queued* (cleared, and in a [`PendingCallbacks`] queue through `next`).
#[derive(Debug)]
pub(crate) struct Link {
    pub(super) record: Cell<Option<NonNull<Record>>>,
    pub(super) next: Cell<Option<RawObject>>,
    pub(super) previous: Cell<Option<RawObject>>,
    /// The slot of an entry ([`EntryLink`](super::EntryLink)), here because there is room beside the kind.
    pub(super) slot: Cell<u32>,
    kind: Kind,
}

impl Link {
    /// A link that is not in a list yet.
    pub(crate) fn new(kind: Kind) -> Link {
        Link { record: Cell::new(None), next: Cell::new(None), previous: Cell::new(None), slot: Cell::new(0), kind }
    }

    /// The link in the payload of `object`.
    ///
    /// # Safety
    /// `object` is an allocated object of the runtime's that records list: its payload starts with a link.
    pub(crate) unsafe fn of(object: &RawObject) -> &Link {
        // SAFETY: the caller's promise; everything in a link is a cell.
        unsafe { object.payload().cast::<Link>().as_ref() }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The record that lists this object.
    pub(crate) fn record(&self) -> Option<NonNull<Record>> {
        self.record.get()
    }

    /// The object that is referred to, while it can be handed out.
    pub(crate) fn target(&self) -> Option<RawObject> {
        // SAFETY: *linked*: a record that lists this object has not been freed.
        unsafe { record_ref(self.record.get()?) }.target()
    }

    /// The object that is referred to, in whatever state.
    pub(crate) fn owner(&self) -> Option<RawObject> {
        // SAFETY: as above.
        unsafe { record_ref(self.record.get()?) }.owner()
    }
}

/// What tests break on purpose.
#[cfg(test)]
impl Link {
    pub(crate) fn swap_records(&self, other: &Link) {
        self.record.swap(&other.record);
    }

    pub(crate) fn swap_previous(&self, other: &Link) {
        self.previous.swap(&other.previous);
    }

    pub(crate) fn swap_slots(&self, other: &Link) {
        self.slot.swap(&other.slot);
    }
}

/// Cleared objects that wait, each kept alive by one count of the queue's: references for their callbacks to run, or to
/// be let go; entries to be dropped, and with them what they own. First in, first out; linked through the objects, so
/// that it needs no memory.
#[derive(Debug, Default)]
pub(crate) struct PendingCallbacks {
    first: Cell<Option<RawObject>>,
    last: Cell<Option<RawObject>>,
}

impl PendingCallbacks {
    /// Appends `object` and takes a count on it.
    ///
    /// # Safety
    /// As for [`push_owned`](PendingCallbacks::push_owned), but for the count.
    pub(crate) unsafe fn push(&self, object: RawObject) {
        object.header().increment();
        // SAFETY: the caller's promise; the count was just made.
        unsafe { self.push_owned(object) };
    }

    /// Appends `object`.
    ///
    /// # Safety
    /// `object` is alive, its payload starts with a [`Link`] that is cleared and in no queue, and one count on it is
    /// given to the queue.
    pub(crate) unsafe fn push_owned(&self, object: RawObject) {
        match self.last.replace(Some(object)) {
            // SAFETY: the queue's counts keep its entries, which are objects with a link.
            Some(last) => unsafe { Link::of(&last) }.next.set(Some(object)),
            None => self.first.set(Some(object)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.get().is_none()
    }

    /// Takes out the first object; the count on it is the caller's.
    pub(crate) fn pop(&self) -> Option<RawObject> {
        let object = self.first.get()?;
        // SAFETY: as above.
        let next = unsafe { Link::of(&object) }.next.take();
        self.first.set(next);
        if next.is_none() {
            self.last.set(None);
        }
        Some(object)
    }
}
