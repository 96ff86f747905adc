//! The payload of `WeakRef` and `Proxy` objects.

use core::cell::Cell;

use super::link::{Kind, Link};
use crate::object::RawObject;

/// A callback: an object of the host's type, and how to call it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback {
    /// The callback object. The [`Reference`] owns one reference to it.
    pub(crate) object: RawObject,
    /// Calls the callback (first argument) for a reference object (second). Obligation: both are alive, of the types
    /// this was made for.
    pub(crate) call: unsafe fn(RawObject, RawObject),
}

/// The payload of `WeakRef` and `Proxy` objects: a link, and a callback that stays until it has run, or until the
/// object dies; a cleared reference doesn't show it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Reference {
    link: Link,
    callback: Cell<Option<Callback>>,
}

impl Reference {
    /// A reference that is not linked yet, without a callback. `kind` is no entry's.
    pub(crate) fn new(kind: Kind) -> Reference {
        Reference { link: Link::new(kind), callback: Cell::new(None) }
    }

    /// The reference in the payload of `object`.
    ///
    /// # Safety
    /// `object` is an allocated object whose payload is a `WeakRef` or a `Proxy`: transparent wrappers of this type.
    pub(crate) unsafe fn of(object: &RawObject) -> &Reference {
        // SAFETY: the caller's promise; everything in a reference is a cell.
        unsafe { object.payload().cast::<Reference>().as_ref() }
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// The object that is referred to.
    pub(crate) fn target(&self) -> Option<RawObject> {
        self.link.target()
    }

    pub(crate) fn callback(&self) -> Option<Callback> {
        self.callback.get()
    }

    /// Sets the callback of a reference that is not linked yet.
    pub(crate) fn set_callback(&self, callback: Option<Callback>) {
        debug_assert!(self.link.record().is_none());
        self.callback.set(callback);
    }

    /// Takes the callback away, and with it the reference to it that this owned.
    pub(crate) fn take_callback(&self) -> Option<Callback> {
        self.callback.take()
    }
}
