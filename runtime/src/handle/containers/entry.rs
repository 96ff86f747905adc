//! Entries: the objects in which a weak container keeps what belongs to one key.

use core::cell::{Cell, UnsafeCell};

use super::target::WeakTarget;
use crate::handle::{Gc, weak};
use crate::object::{RawObject, Shape, Trace, Tracer, TypeOptions};
use crate::weak::{EntryLink, Kind};

/// An entry: it hangs on its target's record, and owns what goes with the target (the value of a key-weak map, the key
/// of a value-weak one). An object, so that a collection sees what it owns; one of the runtime's own, to which nobody
/// gets a handle.
///
/// Invariant *lent*: `owned` is there until it is taken out, by whoever took the entry out of its table or never put it
/// there. It is replaced or taken only while no other handle to the entry exists than the caller's and the table's; so
/// who reads it while user code runs keeps a handle.
#[repr(C)]
pub(super) struct Entry<H: WeakTarget, P> {
    link: EntryLink,
    place: Cell<H::Place>,
    owned: UnsafeCell<Option<P>>,
}

impl<H: WeakTarget, P: Trace> Entry<H, P> {
    pub(super) fn new(kind: Kind, target: &H, owned: P) -> Entry<H, P> {
        let owned = UnsafeCell::new(Some(owned));
        Entry { link: EntryLink::new(kind), place: Cell::new(target.place()), owned }
    }

    /// What was to be owned, of an entry that never became an object.
    pub(super) fn into_owned(self) -> P {
        // SAFETY: *lent*: nobody else has it.
        let owned = unsafe { (*self.owned.get()).take() };
        owned.expect("an entry owns something until it is given up")
    }

    /// A handle to an entry.
    ///
    /// # Safety
    /// `object` is alive and an entry of this type.
    pub(super) unsafe fn hold(object: RawObject) -> Gc<Entry<H, P>> {
        object.header().increment();
        // SAFETY: the caller's promise; the reference was just made.
        unsafe { Entry::own(object) }
    }

    /// The handle to an entry that takes over a count.
    ///
    /// # Safety
    /// `object` is alive, an entry of this type, and the caller gives up one count.
    pub(super) unsafe fn own(object: RawObject) -> Gc<Entry<H, P>> {
        // SAFETY: the caller's promise: the payload is an entry.
        unsafe { Gc::from_owned(object.payload().cast::<Entry<H, P>>()) }
    }

    /// A handle to the target, while it can be handed out (S3).
    pub(super) fn revive(&self) -> Option<H> {
        let target = self.target()?;
        target.header().increment();
        // SAFETY: the place of a handle to this very object, which is alive; the reference was just made.
        Some(unsafe { H::from_place(target, self.place.get()) })
    }

    /// The target, while it can be handed out.
    pub(super) fn target(&self) -> Option<RawObject> {
        self.link.link().target()
    }

    /// What the entry owns.
    ///
    /// # Safety
    /// The entry is in its table, or only the caller has a handle to it; and the caller keeps a handle to it during the
    /// borrow, without which nobody replaces or takes what it owns (*lent*).
    pub(super) unsafe fn owned(&self) -> &P {
        // SAFETY: the caller's promise.
        let owned = unsafe { &*self.owned.get() };
        owned.as_ref().expect("an entry owns something until it is given up")
    }

    /// Replaces what an entry in a table owns; gives `owned` back if somebody else is reading it.
    pub(super) fn replace(this: &Gc<Entry<H, P>>, owned: P) -> Result<P, P> {
        // The table's handle, and the caller's.
        if Gc::strong_count(this) != 2 {
            return Err(owned);
        }
        // SAFETY: *lent*.
        let old = unsafe { (*this.owned.get()).replace(owned) };
        Ok(old.expect("an entry owns something until it is given up"))
    }

    /// Takes out what an entry owns that is in no table; `None` if somebody else is reading it.
    pub(super) fn take(this: &Gc<Entry<H, P>>) -> Option<P> {
        if Gc::strong_count(this) != 1 {
            return None;
        }
        // SAFETY: *lent*.
        unsafe { (*this.owned.get()).take() }
    }

    /// The same, of an entry that is given up: a clone if somebody else is reading it.
    pub(super) fn take_or_clone(this: Gc<Entry<H, P>>) -> P
    where
        P: Clone,
    {
        // SAFETY: in no table, and owning something as long as `this` and a reader have it.
        // USER CODE: `Clone`.
        Entry::take(&this).unwrap_or_else(|| unsafe { this.owned() }.clone())
    }

    pub(super) fn link(&self) -> &EntryLink {
        &self.link
    }

    /// Says that the entry hangs on another target.
    pub(super) fn set_place(&self, target: &H) {
        self.place.set(target.place());
    }
}

// SAFETY: reports what the entry owns, which changes only through its cells. `Drop` touches nothing behind that.
unsafe impl<H: WeakTarget, P: Trace> Trace for Entry<H, P> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: *lent*: it is replaced and taken where no trace runs.
        if let Some(owned) = unsafe { &*self.owned.get() } {
            P::trace(owned, tracer);
        }
    }

    fn shape(depth: u32) -> Shape {
        P::shape(depth)
    }

    fn options(options: &mut TypeOptions<Entry<H, P>>) {
        // Its record and its table know it by its address.
        options.fixed = true;
        options.private = true;
    }
}

impl<H: WeakTarget, P> Drop for Entry<H, P> {
    fn drop(&mut self) {
        // SAFETY: (1) this entry was not freed yet; (2) it keeps its own heap's state, and that of its target's record is
        // kept by the target, to which a record that lists something leads.
        unsafe { weak::unlink(self.link.link()) };
    }
}
