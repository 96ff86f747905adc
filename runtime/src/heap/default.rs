//! The thread's default heap, for hosts that can't pass one around.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::close::Operation;
use super::state::HeapState;
use super::{Heap, OutOfMemory};
use crate::alloc::AllocatorOptions;
use crate::object::{Descriptor, register};

thread_local! {
    /// The default heap's state, from its first use until it is freed. Needs no destructor, so it can be asked at any
    /// time.
    static DEFAULT: Cell<Option<NonNull<HeapState>>> = const { Cell::new(None) };
    /// Closes the default heap when the thread ends.
    static CLOSER: Closer = const { Closer };
}

struct Closer;

impl Drop for Closer {
    fn drop(&mut self) {
        if let Some(state) = DEFAULT.get() {
            // SAFETY: (1) the thread owns its default heap's state, and closes it here only; (2) the last use.
            unsafe { HeapState::close(state) };
        }
    }
}

/// The default heap's state, made at first use. After the thread's destructor for it ran, it still allocates, closed,
/// as long as any object is left; and then a new one comes, closed from the start, to live as long as its first object.
#[inline]
pub(crate) fn default_state() -> Option<NonNull<HeapState>> {
    match DEFAULT.get() {
        Some(state) => Some(state),
        None => make(),
    }
}

/// The same, for an object of a type, which is registered first: that can run user code, and with it the heap's last
/// object may go.
#[inline]
pub(crate) fn default_state_for(descriptor: &'static Descriptor) -> Option<NonNull<HeapState>> {
    let state = default_state()?;
    // SAFETY: the default heap's state clears `DEFAULT` when it is freed.
    if unsafe { state.as_ref() }.types.find(descriptor).is_none() {
        return register_first(descriptor);
    }
    Some(state)
}

#[cold]
#[inline(never)]
fn register_first(descriptor: &'static Descriptor) -> Option<NonNull<HeapState>> {
    register(descriptor);
    default_state()
}

#[cold]
fn make() -> Option<NonNull<HeapState>> {
    let state = HeapState::try_new(AllocatorOptions::default())?;
    DEFAULT.set(Some(state));
    if CLOSER.try_with(|_| ()).is_err() {
        // SAFETY: just made.
        unsafe { HeapState::close_at_birth(state) };
    }
    Some(state)
}

/// `state` is about to be freed.
pub(crate) fn forget(state: NonNull<HeapState>) {
    if DEFAULT.get() == Some(state) {
        DEFAULT.set(None);
    }
}

impl Heap {
    /// Runs `f` with the thread's default heap, the one that [`Gc::new`](crate::Gc::new) allocates in. It is made at
    /// first use and closed when the thread ends; objects in thread-locals may outlive it, in any order.
    ///
    /// # Panics
    /// If memory for the heap is refused.
    ///
    /// ```
    /// use tailbite::{Gc, Generation, Heap};
    /// let one = Gc::new(1);
    /// assert!(Heap::with_default(|heap| heap.contains(&one)));
    /// assert_eq!(Heap::with_default(|heap| heap.collect(Generation::Old)), 0);
    /// ```
    pub fn with_default<R>(f: impl FnOnce(&Heap) -> R) -> R {
        let Some(state) = default_state() else {
            OutOfMemory::new((), size_of::<HeapState>()).for_purpose("a heap").raise()
        };
        // SAFETY: `DEFAULT` leads to a state until it is freed.
        unsafe { Heap::with_state(state, f) }
    }

    /// Runs `f` with the heap of this state, which an operation keeps meanwhile.
    ///
    /// # Safety
    /// `state` is alive. The caller doesn't use it afterwards, unless something else keeps it (S18).
    pub(crate) unsafe fn with_state<R>(state: NonNull<HeapState>, f: impl FnOnce(&Heap) -> R) -> R {
        // SAFETY: the caller's promise.
        let operation = unsafe { Operation::enter(state) };
        // A view: it must not close the heap.
        let heap = ManuallyDrop::new(Heap { state });
        let result = f(&heap);
        drop(operation);
        result
    }
}
