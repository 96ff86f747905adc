//! The registry of types: from type ids to types, for the whole process, append-only.

use core::any::TypeId;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use hashbrown::HashMap;

use super::types::{Descriptor, Type};
use crate::base::os;

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

/// The same for an id that may be anything.
pub(crate) fn type_with_id(id: u16) -> Option<&'static Type> {
    // SAFETY: entries are null, or filled for good by `register`.
    unsafe { TYPES[usize::from(id)].load(Ordering::Acquire).as_ref() }
}

/// The registered type of `descriptor`, registering it if this is its first use.
///
/// # Panics
/// When the process has used up its 65,535 type ids, or memory for the type is refused; the registry is as it was then.
#[cold]
pub(crate) fn register(descriptor: &'static Descriptor) -> &'static Type {
    if let Some(known) = lock().get(&descriptor.id) {
        return known;
    }
    // USER CODE: the type's `shape` and `options`; outside the lock, so that they may register types themselves. So may the drops of what
    // isn't needed: nothing is dropped under the lock.
    let mut new = boxed(Type::new(descriptor));
    let mut by_type = lock();
    if let Some(known) = by_type.get(&descriptor.id) {
        return known;
    }
    let id = by_type.len() + 1;
    debug_assert_ne!(id, 0, "that means: no object");
    assert!(
        id < end_of_ids(),
        "out of type ids: a process can use 65,535 types of objects, and `{}` is one more",
        new[0].name()
    );
    new[0].template |= id as u32;
    if by_type.try_reserve(1).is_err() {
        refuse();
    }
    let [new]: &'static [Type; 1] = Box::leak(new);
    TYPES[id].store(ptr::from_ref(new).cast_mut(), Ordering::Release);
    by_type.insert(descriptor.id, new);
    new
}

fn boxed(new: Type) -> Box<[Type; 1]> {
    os::try_box(new).unwrap_or_else(|_| refuse())
}

#[cold]
fn refuse() -> ! {
    panic!("out of memory: {} bytes for a type of objects were refused", size_of::<Type>())
}

/// The first id that there isn't.
#[cfg(not(test))]
const fn end_of_ids() -> usize {
    IDS
}

#[cfg(test)]
thread_local! {
    /// What this thread takes for the end of the ids: the tests of other threads have all of them.
    pub(crate) static END_OF_IDS: core::cell::Cell<usize> = const { core::cell::Cell::new(IDS) };
}

#[cfg(test)]
fn end_of_ids() -> usize {
    END_OF_IDS.get()
}

/// The number of types that are registered.
#[cfg(test)]
pub(crate) fn registered() -> usize {
    lock().len()
}

/// The type of `descriptor`, as [`Type::guarded`].
///
/// # Panics
/// As [`register`].
#[cold]
pub(crate) fn register_guarded(descriptor: &'static Descriptor) -> &'static Type {
    /// By type, as in [`BY_TYPE`].
    static GUARDED: LazyLock<Mutex<HashMap<TypeId, &'static Type>>> = LazyLock::new(Mutex::default);
    let ty = register(descriptor);
    let mut guarded = GUARDED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = guarded.get(&descriptor.id) {
        return known;
    }
    if guarded.try_reserve(1).is_err() {
        refuse();
    }
    let [new]: &'static [Type; 1] = Box::leak(boxed(ty.guarded()));
    guarded.insert(descriptor.id, new);
    new
}

fn lock() -> std::sync::MutexGuard<'static, HashMap<TypeId, &'static Type>> {
    BY_TYPE.lock().unwrap_or_else(PoisonError::into_inner)
}
