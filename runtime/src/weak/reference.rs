//! The part of a `WeakRef` or `Proxy` object that links it to a record, and the queue of callbacks that are due.

use core::cell::Cell;
use core::ptr::NonNull;

use super::record::{Record, record_ref};
use crate::object::RawObject;

/// Which of the two public types an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Reference,
    Proxy,
}

/// A callback: an object of the host's type, and how to call it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback {
    /// The callback object. The [`Reference`] owns one reference to it.
    pub(crate) object: RawObject,
    /// Calls the callback (first argument) for a reference object (second). Obligation: both are alive, of the types
    /// this was made for.
    pub(crate) call: unsafe fn(RawObject, RawObject),
}

/// The payload of `WeakRef` and `Proxy` objects.
///
/// States: *alive* (`record` is set, and lists this object), *cleared* (`record` is empty). A callback stays until it
/// has run, or until the object dies; a cleared reference doesn't show it.
#[derive(Debug)]
pub(crate) struct Reference {
    record: Cell<Option<NonNull<Record>>>,
    callback: Cell<Option<Callback>>,
    kind: Kind,
    /// The next entry while this waits in a [`PendingCallbacks`] queue.
    next: Cell<Option<RawObject>>,
}

impl Reference {
    /// A reference that is not linked yet.
    pub(crate) fn new(kind: Kind) -> Reference {
        Reference { record: Cell::new(None), callback: Cell::new(None), kind, next: Cell::new(None) }
    }

    /// The reference in the payload of `object`.
    ///
    /// # Safety
    /// `object` is an allocated object whose payload is a `WeakRef` or a `Proxy`: transparent wrappers of this type.
    pub(crate) unsafe fn of(object: &RawObject) -> &Reference {
        // SAFETY: the caller's promise; everything in a reference is a cell.
        unsafe { object.payload().cast::<Reference>().as_ref() }
    }

    /// Links this reference, the payload of `object`, to a record; false if memory is refused.
    pub(crate) fn link(&self, object: RawObject, record: NonNull<Record>) -> bool {
        debug_assert!(self.record.get().is_none());
        // SAFETY: the caller just got the record from its live object.
        let linked = unsafe { record_ref(record) }.link(object, self.kind, self.is_canonical());
        if linked {
            self.record.set(Some(record));
        }
        linked
    }

    /// Parts from the record without touching its list: the caller has taken this reference out of it.
    pub(crate) fn set_cleared(&self) {
        self.record.set(None);
    }

    pub(crate) fn record(&self) -> Option<NonNull<Record>> {
        self.record.get()
    }

    /// The object that is referred to.
    pub(crate) fn target(&self) -> Option<RawObject> {
        // SAFETY: *alive*: a record that lists this object has not been freed.
        unsafe { record_ref(self.record.get()?) }.target()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Without a callback there is one reference per object and kind, which is reused.
    pub(crate) fn is_canonical(&self) -> bool {
        self.callback.get().is_none()
    }

    pub(crate) fn callback(&self) -> Option<Callback> {
        self.callback.get()
    }

    /// Sets the callback of a reference that is not linked yet.
    pub(crate) fn set_callback(&self, callback: Option<Callback>) {
        debug_assert!(self.record.get().is_none());
        self.callback.set(callback);
    }

    /// Takes the callback away, and with it the reference to it that this owned.
    pub(crate) fn take_callback(&self) -> Option<Callback> {
        self.callback.take()
    }
}

/// Cleared references that wait, each kept alive by one count of the queue's: for their callbacks to run, or to be let
/// go. First in, first out; linked through the references, so that it needs no memory.
#[derive(Debug, Default)]
pub(crate) struct PendingCallbacks {
    first: Cell<Option<RawObject>>,
    last: Cell<Option<RawObject>>,
}

impl PendingCallbacks {
    /// Appends `object`, a live reference object that is in no queue, and takes a count on it.
    pub(crate) fn push(&self, object: RawObject) {
        object.header().increment();
        match self.last.replace(Some(object)) {
            // SAFETY: entries are live reference objects.
            Some(last) => unsafe { Reference::of(&last) }.next.set(Some(object)),
            None => self.first.set(Some(object)),
        }
    }

    /// Takes out the first entry; the count on it is the caller's.
    pub(crate) fn pop(&self) -> Option<RawObject> {
        let object = self.first.get()?;
        // SAFETY: entries are live reference objects.
        let next = unsafe { Reference::of(&object) }.next.take();
        self.first.set(next);
        if next.is_none() {
            self.last.set(None);
        }
        Some(object)
    }
}
