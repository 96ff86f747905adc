//! The type cache: from descriptors to registered types, without a lock.

use core::cell::Cell;
use core::ptr;

use crate::object::{Descriptor, Type, register};

/// A small direct-mapped cache in front of the process-wide registry. A descriptor's address is a sound key because
/// descriptors contain their type's `TypeId`: two types never share one (S22). One type may have several.
#[derive(Debug)]
pub(crate) struct TypeCache([Cell<Option<(&'static Descriptor, &'static Type)>>; Self::SIZE]);

impl TypeCache {
    const SIZE: usize = 64;

    pub(crate) fn new() -> TypeCache {
        TypeCache([const { Cell::new(None) }; Self::SIZE])
    }

    /// The type of `descriptor`.
    #[inline(always)]
    pub(crate) fn get(&self, descriptor: &'static Descriptor) -> &'static Type {
        let slot = &self.0[(ptr::from_ref(descriptor).addr() / align_of::<Descriptor>()) % Self::SIZE];
        if let Some((known, ty)) = slot.get()
            && ptr::eq(known, descriptor)
        {
            return ty;
        }
        Self::fill(slot, descriptor)
    }

    #[cold]
    #[inline(never)]
    fn fill(
        slot: &Cell<Option<(&'static Descriptor, &'static Type)>>,
        descriptor: &'static Descriptor,
    ) -> &'static Type {
        let ty = register(descriptor);
        slot.set(Some((descriptor, ty)));
        ty
    }
}
