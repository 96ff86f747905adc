//! Roots: objects that the host keeps under a plain key.

use core::cell::UnsafeCell;
use core::fmt;

use slotmap::DenseSlotMap;

use super::state::HeapState;
use crate::alloc::Allocator;
use crate::base::os;
use crate::object::RawObject;

slotmap::new_key_type! {
    /// The key of a root in its heap's registry. Never used for another root again (up to 2^31 uses of one slot).
    pub(crate) struct RootId;
}

/// Bytes of an entry: key, object, and slot.
const ENTRY: usize = size_of::<RootId>() + size_of::<RawObject>() + size_of::<[u32; 2]>();

/// The roots of one heap. Dense, so that the newest is found at once when they all go.
///
/// Invariant *rooted*: the registry owns one reference to the object of each entry.
#[derive(Default)]
pub(crate) struct Roots {
    /// None until the first root comes.
    entries: UnsafeCell<Option<DenseSlotMap<RootId, RawObject>>>,
}

impl Roots {
    /// More than this the slot map refuses by a panic.
    const MAX: usize = u32::MAX as usize - 2;

    /// Runs `f` on the entries. `f` runs no user code and doesn't come back to the registry.
    fn with<R>(&self, f: impl FnOnce(&mut Option<DenseSlotMap<RootId, RawObject>>) -> R) -> R {
        // SAFETY: the only borrow of the map: every use goes through here, and none of the closures calls back.
        f(unsafe { &mut *self.entries.get() })
    }

    /// Adds a root, which owns a reference that the caller gives up; `None`, and nothing given up, if memory is
    /// refused.
    pub(crate) fn insert(&self, object: RawObject, alloc: &Allocator) -> Option<RootId> {
        self.with(|entries| {
            if entries.is_none() {
                // A slot map makes its first slot with no way to refuse, so that memory is asked for here first.
                if !os::reserve_exact(&mut Vec::<[u32; 2]>::new(), 1) {
                    return None;
                }
                *entries = Some(DenseSlotMap::with_key());
            }
            let entries = entries.as_mut()?;
            let before = entries.capacity();
            if entries.len() == before {
                // Twice the room, and no less than a vector begins with.
                let refused = alloc.refuses_request() || !alloc.budget().allows(before.max(4) * ENTRY);
                if refused || entries.try_reserve(1).is_err() {
                    return None;
                }
                alloc.keep_allowed((entries.capacity() - before) * ENTRY);
            }
            (entries.len() < Self::MAX).then(|| entries.insert(object))
        })
    }

    /// The object of a root.
    pub(crate) fn get(&self, id: RootId) -> Option<RawObject> {
        self.with(|entries| entries.as_ref()?.get(id).copied())
    }

    /// Takes a root out; its reference is the caller's.
    pub(crate) fn remove(&self, id: RootId) -> Option<RawObject> {
        self.with(|entries| entries.as_mut()?.remove(id))
    }

    /// Takes out the root that was added last, or one that took its place; its reference is the caller's.
    fn take_last(&self) -> Option<RawObject> {
        let last = self.with(|entries| entries.as_ref()?.keys_as_slice().last().copied())?;
        self.remove(last)
    }

    pub(crate) fn len(&self) -> usize {
        self.with(|entries| entries.as_ref().map_or(0, DenseSlotMap::len))
    }

    /// Bytes that the registry takes.
    pub(crate) fn bytes(&self) -> usize {
        self.with(|entries| entries.as_ref().map_or(0, |entries| entries.capacity() * ENTRY))
    }

    /// Whether every root is an object that is alive.
    pub(crate) fn check(&self) {
        self.with(|entries| {
            for object in entries.iter().flat_map(DenseSlotMap::values) {
                assert_ne!(object.header().count(), 0, "a root names an object that nobody holds");
            }
        });
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
