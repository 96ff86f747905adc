//! Weak records: what all weak references of one object share.

use core::cell::Cell;
use core::iter::successors;
use core::ptr::NonNull;

use super::entry::EntryLink;
use super::link::{Kind, Link};
use super::reference::Reference;
use crate::base::{Broken, holds};
use crate::object::RawObject;

/// The one record of an object that has weak references. It outlives the object as long as one of them does, so that a
/// `Weak` is compared and hashed by it: a reused address is never mistaken for the object that was there.
///
/// Lives in a raw block of the object's heap, and thereby keeps the heap's state (S18).
///
/// Invariants:
/// - *target*: names the object until it is cleared; the object's `WEAK` bit is set and the heap's table leads here
///   exactly as long.
/// - *list*: the objects from `first` on, by their [`Link`]s, are allocated objects whose link names this record, each
///   once: the canonical reference first, then the canonical proxy, then the other references and the entries of weak
///   maps and sets, newest first. Linking needs no memory, and takes constant time.
/// - The record is freed when it has no handles and lists nothing.
#[derive(Debug)]
pub(crate) struct Record {
    target: Cell<Option<RawObject>>,
    /// `Weak` handles. Saturates to "never freed" (S21).
    handles: Cell<u32>,
    first: Cell<Option<RawObject>>,
}

impl Record {
    pub(crate) fn new(target: RawObject) -> Record {
        Record { target: Cell::new(Some(target)), handles: Cell::new(0), first: Cell::new(None) }
    }

    /// The object, while it can be handed out (S3).
    #[inline]
    pub(crate) fn target(&self) -> Option<RawObject> {
        self.target.get().filter(RawObject::is_revivable)
    }

    /// The object that the record belongs to, in whatever state, until the record was cleared.
    pub(crate) fn owner(&self) -> Option<RawObject> {
        self.target.get()
    }

    /// The object is gone, or as good as: nothing leads to it any more.
    pub(crate) fn clear_target(&self) {
        self.target.set(None);
    }

    pub(crate) fn handles(&self) -> u32 {
        self.handles.get()
    }

    pub(crate) fn add_handle(&self) {
        self.handles.set(self.handles.get().saturating_add(1));
    }

    pub(crate) fn remove_handle(&self) {
        let handles = self.handles.get();
        if handles != u32::MAX {
            debug_assert!(handles != 0);
            self.handles.set(handles - 1);
        }
    }

    /// Whether nothing names the record but its object.
    pub(crate) fn is_unused(&self) -> bool {
        self.handles.get() == 0 && self.first.get().is_none()
    }

    /// All that the record lists, in order. The list may lose objects meanwhile that were already given.
    pub(crate) fn listed(&self) -> impl Iterator<Item = RawObject> {
        // SAFETY: *list*.
        successors(self.first.get(), |object| unsafe { Link::of(object) }.next.get())
    }

    /// The `WeakRef` and `Proxy` objects, in list order.
    pub(crate) fn references(&self) -> impl Iterator<Item = RawObject> {
        // SAFETY: *list*.
        self.listed().filter(|object| !unsafe { Link::of(object) }.kind().is_entry())
    }

    /// The canonical reference or proxy: the one without a callback, which is reused.
    pub(crate) fn canonical(&self, kind: Kind) -> Option<RawObject> {
        // SAFETY: *list*.
        let is_wanted = |object: &RawObject| unsafe { Link::of(object) }.kind() == kind && object.is_revivable();
        self.listed().take_while(|object| rank(object) < Rank::Other).find(is_wanted)
    }

    /// Adds an object in its place, before its equals.
    ///
    /// # Safety
    /// 1. `object` is alive, its payload starts with a [`Link`] that is cleared and in no queue.
    /// 2. `record` is this record; before it dies, the object unlinks itself.
    pub(crate) unsafe fn link(record: NonNull<Record>, object: RawObject) {
        // SAFETY: (2).
        let this = unsafe { record_ref(record) };
        // SAFETY: (1).
        let link = unsafe { Link::of(&object) };
        debug_assert!(link.record.get().is_none());
        let rank_of_new = rank(&object);
        let previous = this.listed().take_while(|other| rank(other) < rank_of_new).last();
        let next = match previous {
            // SAFETY: *list*.
            Some(previous) => unsafe { Link::of(&previous) }.next.replace(Some(object)),
            None => this.first.replace(Some(object)),
        };
        if let Some(next) = next {
            // SAFETY: *list*.
            unsafe { Link::of(&next) }.previous.set(Some(object));
        }
        link.previous.set(previous);
        link.next.set(next);
        link.record.set(Some(record));
    }

    /// Takes an object out of the list: it died, or it was cleared.
    ///
    /// # Safety
    /// The record lists the object with this link.
    pub(crate) unsafe fn unlink(&self, link: &Link) {
        debug_assert!(link.record.get().is_some());
        link.record.set(None);
        let (previous, next) = (link.previous.take(), link.next.take());
        match previous {
            // SAFETY: *list*.
            Some(previous) => unsafe { Link::of(&previous) }.next.set(next),
            None => self.first.set(next),
        }
        if let Some(next) = next {
            // SAFETY: *list*.
            unsafe { Link::of(&next) }.previous.set(previous);
        }
    }

    /// Checks *list* of the record at `place`.
    pub(super) fn verify(&self, place: NonNull<Record>, is_at_rest: bool) -> Result<(), Broken> {
        let (mut previous, mut rank_before) = (None, Rank::CanonicalReference);
        for listed in self.listed() {
            let is_allocated = !is_at_rest || listed.header().is_alive();
            holds!(is_allocated, "what a weak record lists is alive", listed);
            // SAFETY: *list*.
            let link = unsafe { Link::of(&listed) };
            holds!(link.record() == Some(place), "what a weak record lists belongs to it", listed);
            // (What leads back can't go round in circles.)
            holds!(link.previous.get() == previous, "the list of a weak record leads back", listed);
            if is_at_rest {
                let is_in_order = rank(&listed) >= rank_before;
                holds!(is_in_order, "the list of a weak record is in order", listed);
                rank_before = rank(&listed);
                // SAFETY: as its kind says.
                let is_placed = !link.kind().is_entry() || unsafe { EntryLink::of(&listed) }.is_placed();
                holds!(is_placed, "an entry that is listed is in its container's table", listed);
            }
            previous = Some(listed);
        }
        Ok(())
    }
}

/// The places in a record's list.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Rank {
    CanonicalReference,
    CanonicalProxy,
    Other,
}

/// The place of an object with a link.
fn rank(object: &RawObject) -> Rank {
    // SAFETY: records only list objects with a link, and the caller links no other.
    let kind = unsafe { Link::of(object) }.kind();
    // SAFETY: not an entry, so a `WeakRef` or `Proxy`.
    if kind.is_entry() || unsafe { Reference::of(object) }.callback().is_some() {
        return Rank::Other;
    }
    if kind == Kind::Proxy { Rank::CanonicalProxy } else { Rank::CanonicalReference }
}

/// Records are found by address from `Weak` handles and references.
///
/// # Safety
/// The record has not been freed: somebody who asks is one of its handles or references, or its object is alive.
#[inline]
pub(crate) unsafe fn record_ref<'a>(record: NonNull<Record>) -> &'a Record {
    // SAFETY: the caller's promise; everything in a record is a cell.
    unsafe { record.as_ref() }
}
