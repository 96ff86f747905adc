//! Roots: objects that the host keeps under a plain key.

use core::cell::UnsafeCell;
use core::fmt;

use super::serials::{Serial, Serials};
use super::state::HeapState;
use crate::alloc::Allocator;
use crate::base::Broken;
use crate::object::RawObject;

/// The key of a root in its heap's registry. Never used for another root again.
pub(crate) type RootId = Serial;

/// The roots of one heap.
///
/// Invariant *rooted*: the registry owns one reference to the object of each entry.
#[derive(Default)]
pub(crate) struct Roots {
    entries: UnsafeCell<Serials<RawObject>>,
}

impl Roots {
    /// Runs `f` on the entries. `f` runs no user code and doesn't come back to the registry.
    fn with<R>(&self, f: impl FnOnce(&mut Serials<RawObject>) -> R) -> R {
        // SAFETY: the only borrow of the table: every use goes through here, and none of the closures calls back.
        f(unsafe { &mut *self.entries.get() })
    }

    /// Adds a root, which owns a reference that the caller gives up; `None`, and nothing given up, if memory is
    /// refused.
    pub(crate) fn insert(&self, object: RawObject, alloc: &Allocator) -> Option<RootId> {
        self.with(|entries| entries.reserve(alloc).then(|| entries.push(object)))
    }

    /// The object of a root.
    pub(crate) fn get(&self, id: RootId) -> Option<RawObject> {
        self.with(|entries| entries.get(id).copied())
    }

    /// Takes a root out; its reference is the caller's.
    pub(crate) fn remove(&self, id: RootId) -> Option<RawObject> {
        self.with(|entries| entries.remove(id))
    }

    /// Takes out the root that was added last; its reference is the caller's.
    fn take_last(&self) -> Option<RawObject> {
        self.with(|entries| entries.remove(entries.last()?))
    }

    pub(crate) fn len(&self) -> usize {
        self.with(|entries| entries.len())
    }

    /// Bytes that the registry takes.
    pub(crate) fn bytes(&self) -> usize {
        self.with(|entries| entries.bytes())
    }

    /// Calls `f` on the object of every root. `f` doesn't come back to the registry.
    pub(super) fn for_each(&self, f: impl FnMut(RawObject)) {
        self.with(|entries| entries.values().copied().for_each(f));
    }

    /// Checks the registry.
    pub(super) fn verify(&self) -> Result<(), Broken> {
        self.with(|entries| entries.verify())
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.len())
    }
}

impl HeapState {
    /// Lets go of the roots that there are, from the newest to the oldest. An operation keeps the state.
    pub(super) fn drop_roots(&self) {
        // Not those that the deaths add: they wait for the next call, if there is one.
        for _ in 0..self.roots.len() {
            let Some(object) = self.roots.take_last() else { break };
            // SAFETY: *rooted*: the registry's reference, which was taken out with the entry.
            // USER CODE: finalizers, callbacks, drops; they may add and remove roots.
            unsafe { Self::release(object) };
        }
    }
}
