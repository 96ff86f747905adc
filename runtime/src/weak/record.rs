//! Weak records: what all weak references of one object share.

use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;

use smallvec::SmallVec;

use super::reference::{Kind, Reference};
use crate::object::RawObject;

/// The one record of an object that has weak references. It outlives the object as long as one of them does, so that a
/// `Weak` is compared and hashed by it: a reused address is never mistaken for the object that was there.
///
/// Lives in a raw block of the object's heap, and thereby keeps the heap's state (S18).
///
/// Invariants:
/// - *target*: names the object until it is cleared; the object's `WEAK` bit is set and the heap's table leads here
///   exactly as long.
/// - `references` are live objects of type `WeakRef` or `Proxy` whose `Reference` names this record, each once: the
///   canonical reference first, then the canonical proxy, then the others, newest first.
/// - The record is freed when it has no handles and no references left.
#[derive(Debug)]
pub(crate) struct Record {
    target: Cell<Option<RawObject>>,
    /// `Weak` handles. Saturates to "never freed" (S21).
    handles: Cell<u32>,
    references: UnsafeCell<SmallVec<[RawObject; 2]>>,
}

impl Record {
    pub(crate) fn new(target: RawObject) -> Record {
        Record { target: Cell::new(Some(target)), handles: Cell::new(0), references: UnsafeCell::default() }
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
        self.handles.get() == 0 && self.with(|references| references.is_empty())
    }

    /// Runs `f` on the references. `f` runs no user code and doesn't come back to the record.
    fn with<R>(&self, f: impl FnOnce(&mut SmallVec<[RawObject; 2]>) -> R) -> R {
        // SAFETY: the only borrow of `references`: every use goes through here, and none of the closures calls back.
        f(unsafe { &mut *self.references.get() })
    }

    pub(crate) fn reference_count(&self) -> usize {
        self.with(|references| references.len())
    }

    /// The reference at `index`, in list order.
    pub(crate) fn reference(&self, index: usize) -> Option<RawObject> {
        self.with(|references| references.get(index).copied())
    }

    /// The canonical reference or proxy: the one without a callback, which is reused.
    pub(crate) fn canonical(&self, kind: Kind) -> Option<RawObject> {
        self.with(|references| {
            references.iter().copied().take(2).find(|object| {
                // SAFETY: `references` holds live reference objects.
                let reference = unsafe { Reference::of(object) };
                reference.kind() == kind && reference.is_canonical()
            })
        })
        .filter(RawObject::is_revivable)
    }

    /// Adds a reference object in its place; false if memory is refused.
    pub(crate) fn link(&self, object: RawObject, kind: Kind, canonical: bool) -> bool {
        let canonical_at = |index: usize, kind: Kind| {
            self.reference(index).is_some_and(|object| {
                // SAFETY: `references` holds live reference objects.
                let reference = unsafe { Reference::of(&object) };
                reference.kind() == kind && reference.is_canonical()
            })
        };
        let after_reference = usize::from(canonical_at(0, Kind::Reference));
        let position = match (canonical, kind) {
            (true, Kind::Reference) => 0,
            (true, Kind::Proxy) => after_reference,
            (false, _) => after_reference + usize::from(canonical_at(after_reference, Kind::Proxy)),
        };
        self.with(|references| {
            let room = references.try_reserve(1).is_ok();
            if room {
                references.insert(position, object);
            }
            room
        })
    }

    /// Takes a reference object out: it died, or it was cleared.
    pub(crate) fn unlink(&self, object: RawObject) {
        self.with(|references| {
            if let Some(index) = references.iter().position(|other| *other == object) {
                references.remove(index);
            }
        });
    }

    /// Takes out the first reference that `select` picks.
    pub(crate) fn take_reference(&self, mut select: impl FnMut(RawObject) -> bool) -> Option<RawObject> {
        self.with(|references| {
            let index = references.iter().position(|object| select(*object))?;
            Some(references.remove(index))
        })
    }
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
