//! The registry of types: from type ids to types, for the whole process, append-only.

use core::any::TypeId;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use hashbrown::HashMap;

use super::types::{Descriptor, Type};

/// Type ids there are; 0 means "no object".
const IDS: usize = 1 << 16;

/// Every registered type under its id. Each is *written-once*, under the lock of [`BY_TYPE`].
static TYPES: [AtomicPtr<Type>; IDS] = [const { AtomicPtr::new(ptr::null_mut()) }; IDS];

/// The canonical type of each Rust type (S22): descriptors of one type may have several addresses.
static BY_TYPE: LazyLock<Mutex<HashMap<TypeId, &'static Type>>> = LazyLock::new(Mutex::default);

/// The type behind an object's type id.
///
/// # Safety
/// `id` was read from the header of an object that is not free.
#[inline(always)]
pub(crate) unsafe fn type_of(id: u16) -> &'static Type {
    let entry = TYPES[usize::from(id)].load(Ordering::Acquire);
    debug_assert!(!entry.is_null(), "type id {id} is not registered");
    // SAFETY: a header's id comes from `register`, which filled the entry first and for good.
    unsafe { &*entry }
}

/// The registered type of `descriptor`, registering it if this is its first use.
///
/// # Panics
/// When the process has used up its 65,535 type ids.
#[cold]
pub(crate) fn register(descriptor: &'static Descriptor) -> &'static Type {
    if let Some(known) = lock().get(&descriptor.id) {
        return known;
    }
    // USER CODE: the type's `shape` and `options`; outside the lock, so that they may register types themselves.
    let mut new = Type::new(descriptor);
    let mut by_type = lock();
    if let Some(known) = by_type.get(&descriptor.id) {
        return known;
    }
    let id = by_type.len() + 1;
    debug_assert_ne!(id, 0, "that means: no object");
    assert!(id < IDS, "out of type ids: a process can use 65,535 types of objects, and `{}` is one more", new.name());
    new.template |= id as u32;
    let new: &'static Type = Box::leak(Box::new(new));
    TYPES[id].store(ptr::from_ref(new).cast_mut(), Ordering::Release);
    by_type.insert(descriptor.id, new);
    new
}

fn lock() -> std::sync::MutexGuard<'static, HashMap<TypeId, &'static Type>> {
    BY_TYPE.lock().unwrap_or_else(PoisonError::into_inner)
}
