//! The type cache: from descriptors to registered types, without a lock.

use core::cell::Cell;
use core::ptr;

use crate::object::{Descriptor, Type, register, register_guarded};

/// A small direct-mapped cache in front of the process-wide registry. A descriptor's address is a sound key because
/// descriptors contain their type's `TypeId`: two types never share one (S22). One type may have several.
#[derive(Debug)]
pub(crate) struct TypeCache {
    slots: [Cell<Option<(&'static Descriptor, &'static Type)>>; Self::SIZE],
    /// Whether types are those of a debug heap.
    guarded: Cell<bool>,
}

impl TypeCache {
    const SIZE: usize = 64;

    pub(crate) fn new() -> TypeCache {
        TypeCache { slots: [const { Cell::new(None) }; Self::SIZE], guarded: Cell::new(false) }
    }

    /// From now on types are those of a debug heap, or the usual ones.
    pub(crate) fn set_guarded(&self, guarded: bool) {
        self.guarded.set(guarded);
        self.slots.iter().for_each(|slot| slot.set(None));
    }

    /// The type of `descriptor`, if it is in the cache.
    #[inline(always)]
    pub(crate) fn find(&self, descriptor: &'static Descriptor) -> Option<&'static Type> {
        let (known, ty) = self.slot(descriptor).get()?;
        ptr::eq(known, descriptor).then_some(ty)
    }

    /// The type of `descriptor`. Runs user code if this is its first use in the process (`Trace::shape`,
    /// `Trace::options`).
    #[inline(always)]
    pub(crate) fn get(&self, descriptor: &'static Descriptor) -> &'static Type {
        self.find(descriptor).unwrap_or_else(|| self.fill(descriptor))
    }

    #[inline(always)]
    fn slot(&self, descriptor: &'static Descriptor) -> &Cell<Option<(&'static Descriptor, &'static Type)>> {
        &self.slots[(ptr::from_ref(descriptor).addr() / align_of::<Descriptor>()) % Self::SIZE]
    }

    #[cold]
    #[inline(never)]
    fn fill(&self, descriptor: &'static Descriptor) -> &'static Type {
        let ty = if self.guarded.get() { register_guarded(descriptor) } else { register(descriptor) };
        self.slot(descriptor).set(Some((descriptor, ty)));
        ty
    }
}
