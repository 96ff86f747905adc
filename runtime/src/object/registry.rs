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

/// The same for an id that may be anything.
pub(crate) fn type_with_id(id: u16) -> Option<&'static Type> {
    // SAFETY: entries are null, or filled for good by `register`.
    unsafe { TYPES[usize::from(id)].load(Ordering::Acquire).as_ref() }
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
    assert!(
        id < end_of_ids(),
        "out of type ids: a process can use 65,535 types of objects, and `{}` is one more",
        new.name()
    );
    new.template |= id as u32;
    let new: &'static Type = Box::leak(Box::new(new));
    TYPES[id].store(ptr::from_ref(new).cast_mut(), Ordering::Release);
    by_type.insert(descriptor.id, new);
    new
}

/// The first id that there isn't.
#[cfg(not(test))]
const fn end_of_ids() -> usize {
    IDS
}

#[cfg(test)]
use tests::end_of_ids;

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
    guarded.entry(descriptor.id).or_insert_with(|| Box::leak(Box::new(ty.guarded())))
}

fn lock() -> std::sync::MutexGuard<'static, HashMap<TypeId, &'static Type>> {
    BY_TYPE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::{IDS, lock};
    use crate::{Gc, Heap};

    thread_local! {
        /// What this thread takes for the end of the ids: another thread's tests have all of them.
        static END: Cell<usize> = const { Cell::new(IDS) };
    }

    pub(super) fn end_of_ids() -> usize {
        END.get()
    }

    /// A type for each number; nobody else uses them.
    struct Numbered<const N: usize>(u8);
    crate::leaf!(Numbered<0>, Numbered<1>, Numbered<2>, Numbered<3>);

    fn message_of(f: impl FnOnce()) -> String {
        let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
        payload.downcast_ref::<String>().expect("a message").clone()
    }

    #[test]
    fn the_last_type_id_is_followed_by_a_clear_error_and_nothing_worse() {
        let heap = Heap::new();
        let known = heap.alloc(Numbered::<0>(0));
        END.set(lock().len() + 1);
        let expected = "out of type ids: a process can use 65,535 types of objects, and `tailbite::object::registry::\
                        tests::Numbered<1>` is one more";
        for _ in 0..2 {
            assert_eq!(message_of(|| drop(heap.alloc(Numbered::<1>(1)))), expected);
            assert_eq!(message_of(|| drop(heap.factory::<Numbered<1>>().alloc(Numbered::<1>(1)))), expected);
            assert_eq!(message_of(|| drop(Gc::new(Numbered::<1>(1)))), expected);
        }
        heap.check();
        // What is known goes on working, in this heap and in new ones.
        let more = [heap.alloc(Numbered::<0>(7)), Heap::new().alloc(Numbered::<0>(7))];
        assert_eq!(more.map(|object| object.0), [7, 7]);
        drop(known);
        assert_eq!(heap.object_count(), 0);
        // And so does the registry, were there more.
        END.set(IDS);
        let (two, one) = (heap.alloc(Numbered::<2>(2)), heap.alloc(Numbered::<1>(1)));
        assert_eq!((one.0, two.0), (1, 2));
        assert!(Gc::as_any(&one).is::<Numbered<1>>() && !Gc::as_any(&one).is::<Numbered<2>>());
        END.set(lock().len() + 1);
        assert!(message_of(|| drop(heap.alloc(Numbered::<3>(3)))).contains("Numbered<3>"));
        assert_eq!(heap.alloc(Numbered::<1>(5)).0, 5);
        heap.check();
    }
}
