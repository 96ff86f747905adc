//! `Weak<T>`: a pointer that doesn't count, as in `Rc`.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::{self, NonNull};

use super::Gc;
use crate::alloc::Pool;
use crate::heap::{HeapState, OutOfMemory};
use crate::object::{Managed, RawObject, Shape, Trace, Tracer};
use crate::weak::{Link, Record, record_ref};

/// A pointer to an object that doesn't keep it alive: [`upgrade`](Weak::upgrade) gives a handle as long as the object
/// lives.
///
/// Weak handles are equal, and hash alike, if they were made for the same object, dead or alive: an object that reuses
/// a dead one's address is never mistaken for it. (An object that [`make_mut`](crate::Gc::make_mut) parted from its weak handles is
/// another one to them.) For callbacks, use [`WeakRef`](crate::WeakRef). Objects that nobody
/// refers to weakly pay nothing for this.
///
/// ```
/// use tailbite::Gc;
/// let object = Gc::new(5);
/// let weak = Gc::downgrade(&object);
/// assert_eq!(weak.upgrade().as_deref(), Some(&5));
/// drop(object);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct Weak<T: ?Sized> {
    /// Dangling if there is no record.
    payload: NonNull<T>,
    /// The record that this is one handle of.
    record: Option<NonNull<Record>>,
    /// Invariant in `T`, and neither `Send` nor `Sync` (S4).
    marker: PhantomData<*mut T>,
}

impl<T> Weak<T> {
    /// A weak handle that never had an object.
    ///
    /// ```
    /// use tailbite::Weak;
    /// let none = Weak::<u8>::new();
    /// assert!(none.upgrade().is_none());
    /// assert_eq!((none.strong_count(), none.weak_count()), (0, 0));
    /// ```
    #[must_use]
    pub const fn new() -> Weak<T> {
        Weak { payload: NonNull::dangling(), record: None, marker: PhantomData }
    }
}

impl<T: ?Sized> Weak<T> {
    pub(super) fn to(handle: &Gc<T>) -> Result<Weak<T>, OutOfMemory<()>> {
        // SAFETY: the handle keeps the object.
        let record = unsafe { record_for(Gc::object(handle)) }?;
        // SAFETY: the record was just found.
        Ok(unsafe { Weak::from_record(Gc::payload(handle), record) })
    }

    /// A new weak handle of `record`.
    ///
    /// # Safety
    /// The record is in use; `payload` is the payload (to be) of its object.
    pub(super) unsafe fn from_record(payload: NonNull<T>, record: NonNull<Record>) -> Weak<T> {
        // SAFETY: the caller's promise.
        unsafe { record_ref(record) }.add_handle();
        Weak { payload, record: Some(record), marker: PhantomData }
    }

    fn record(&self) -> Option<&Record> {
        // SAFETY: a record with handles isn't freed.
        self.record.map(|record| unsafe { record_ref(record) })
    }

    fn target(&self) -> Option<RawObject> {
        self.record()?.target()
    }

    /// A handle to the object, if it is still alive.
    #[must_use]
    pub fn upgrade(&self) -> Option<Gc<T>> {
        self.target()?.header().increment();
        // SAFETY: the object is alive and this is its payload; the reference was just made.
        Some(unsafe { Gc::from_owned(self.payload) })
    }

    /// The number of handles to the object; 0 if it is dead.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let object = Gc::new(1);
    /// let (weak, other) = (Gc::downgrade(&object), object.clone());
    /// assert_eq!((weak.strong_count(), weak.weak_count()), (2, 1));
    /// drop((object, other));
    /// assert_eq!((weak.strong_count(), weak.weak_count()), (0, 0));
    /// ```
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.target().map_or(0, |object| object.header().count() as usize)
    }

    /// The number of weak handles to the object, this one included; 0 if it is dead.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        // SAFETY: a target that shows is alive.
        self.target().map_or(0, |object| unsafe { handle_count(object) })
    }

    /// Where the object's payload is, or was. The pointer doesn't change, but when the object is dead another may be
    /// there: it is no identity, [`address`](Weak::address) is. Dangling, not null, for [`Weak::new`].
    ///
    /// ```
    /// use tailbite::Gc;
    /// let object = Gc::new(1);
    /// assert_eq!(Gc::downgrade(&object).as_ptr(), Gc::as_ptr(&object));
    /// ```
    #[must_use]
    pub fn as_ptr(&self) -> *const T {
        self.payload.as_ptr()
    }

    /// A number that stands for the object among its weak handles: not zero, the same for all of them, dead or alive,
    /// and no other object's as long as any of them is held. (It is not the object's address.) One number stands for
    /// all weak handles that never had an object.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let (object, other) = (Gc::new(1), Gc::new(1));
    /// let [a, b, c] = [&object, &object, &other].map(|object| Gc::downgrade(object));
    /// drop((object, other));
    /// assert!(a.address() == b.address() && a.address() != c.address());
    /// assert!(a.ptr_eq(&b) && !a.ptr_eq(&c));
    /// ```
    #[must_use]
    pub fn address(&self) -> usize {
        self.record.unwrap_or(NonNull::dangling()).addr().get()
    }

    /// Whether both were made for the same object, or both for none.
    #[must_use]
    pub fn ptr_eq(&self, other: &Weak<T>) -> bool {
        self.record == other.record
    }

    /// Taken apart, without dropping.
    pub(super) fn into_parts(self) -> (NonNull<T>, Option<NonNull<Record>>) {
        let this = core::mem::ManuallyDrop::new(self);
        (this.payload, this.record)
    }

    /// Put together again.
    ///
    /// # Safety
    /// `record` came from [`into_parts`](Weak::into_parts), once; `payload` is the same address, described by other
    /// metadata for the whole payload.
    pub(super) unsafe fn from_parts(payload: NonNull<T>, record: Option<NonNull<Record>>) -> Weak<T> {
        Weak { payload, record, marker: PhantomData }
    }
}

/// The record of an object, made if there is none. It is freed with its last handle or reference; one that has none yet
/// stays until the object is parted from it. An error if memory for it is refused.
///
/// # Safety
/// The object is alive, or its block reserved for one to come.
pub(super) unsafe fn record_for(object: RawObject) -> Result<NonNull<Record>, OutOfMemory<()>> {
    // SAFETY: the caller's promise: the block in use keeps the state.
    let state = unsafe { HeapState::of(object).as_ref() };
    let record = state.weak.find_or_make(object, &state.alloc);
    record.ok_or_else(|| OutOfMemory::by(&state.alloc, (), size_of::<Record>()).for_purpose("a weak reference"))
}

/// The record of an object, if there is one.
///
/// # Safety
/// The object is alive.
pub(super) unsafe fn record_of(object: RawObject) -> Option<NonNull<Record>> {
    // SAFETY: the caller's promise: the object keeps the state.
    unsafe { HeapState::of(object).as_ref() }.weak.find(object)
}

/// `Weak` handles to `object`.
///
/// # Safety
/// The object is alive.
pub(super) unsafe fn handle_count(object: RawObject) -> usize {
    // SAFETY: the caller's promise.
    let record = unsafe { record_of(object) };
    // SAFETY: a record that the table leads to is in use.
    record.map_or(0, |record| unsafe { record_ref(record) }.handles() as usize)
}

/// Whether anything refers to `object` weakly.
///
/// # Safety
/// The object is alive.
pub(super) unsafe fn is_referred_to(object: RawObject) -> bool {
    // SAFETY: the caller's promise.
    let record = unsafe { record_of(object) };
    // SAFETY: a record that the table leads to is in use.
    record.is_some_and(|record| !unsafe { record_ref(record) }.is_unused())
}

/// Takes an object out of the record that lists it, if one does.
///
/// # Safety
/// 1. The link is that in the payload of an object that was not freed.
/// 2. The caller doesn't use the state of the record's heap afterwards, unless something else keeps that (S18).
pub(super) unsafe fn unlink(link: &Link) {
    if let Some(record) = link.record() {
        // SAFETY: (1): *linked*: the record lists it, so it has not been freed.
        unsafe { record_ref(record).unlink(link) };
        // SAFETY: (1) that was the object's part in it; (2) the last use, and (2).
        unsafe { let_go(record) };
    }
}

/// Frees `record` if nothing names it any more but its object.
///
/// # Safety
/// 1. The record is in use until this call: the caller has just let go of a handle or a reference of it, or has just
///    found it for a live object.
/// 2. The caller doesn't use it afterwards, nor its heap's state unless something else keeps that (S18).
pub(super) unsafe fn let_go(record: NonNull<Record>) {
    // SAFETY: (1).
    let this = unsafe { record_ref(record) };
    if !this.is_unused() {
        return;
    }
    // SAFETY: a record lies in a raw pool of its heap.
    let state = unsafe { Pool::of(record.cast()).as_ref() }.owner().cast::<HeapState>();
    // SAFETY: the record's block keeps the state.
    let heap = unsafe { state.as_ref() };
    if let Some(object) = this.owner() {
        heap.weak.forget(object);
    }
    // SAFETY: no handle, no reference, no table entry names the record.
    if unsafe { heap.free_record(record) } {
        // SAFETY: (1) the record's block kept the state until now; (2) the last use here, and by (2) the caller's.
        unsafe { HeapState::free_if_unused(state) };
    }
}

impl<T: ?Sized> Clone for Weak<T> {
    fn clone(&self) -> Weak<T> {
        if let Some(record) = self.record() {
            record.add_handle();
        }
        Weak { payload: self.payload, record: self.record, marker: PhantomData }
    }
}

impl<T: ?Sized> Drop for Weak<T> {
    fn drop(&mut self) {
        if let Some(record) = self.record {
            // SAFETY: a record with handles isn't freed.
            unsafe { record_ref(record) }.remove_handle();
            // SAFETY: (1) that was this handle's part in it; (2) the last use.
            unsafe { let_go(record) };
        }
    }
}

impl<T> Default for Weak<T> {
    fn default() -> Weak<T> {
        Weak::new()
    }
}

impl<T: ?Sized> PartialEq for Weak<T> {
    fn eq(&self, other: &Weak<T>) -> bool {
        self.ptr_eq(other)
    }
}

impl<T: ?Sized> Eq for Weak<T> {}

impl<T: ?Sized> Hash for Weak<T> {
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.record.map_or(ptr::null(), |record| record.as_ptr().cast_const()).hash(state);
    }
}

impl<T: ?Sized> fmt::Debug for Weak<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.target().is_some() { "(Weak)" } else { "(Weak, dead)" })
    }
}

impl<T: ?Sized + RefUnwindSafe> UnwindSafe for Weak<T> {}
impl<T: ?Sized + RefUnwindSafe> RefUnwindSafe for Weak<T> {}

// SAFETY: a weak handle owns no handle.
unsafe impl<T: ?Sized + 'static> Trace for Weak<T> {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::PLAIN
    }
}

/// What [`Gc::new_cyclic`] needs: a weak handle to an object that isn't there yet. An error if memory for it is refused.
///
/// # Safety
/// The object's block is reserved for a `T`.
pub(super) unsafe fn to_reserved<T: Managed>(object: RawObject) -> Result<Weak<T>, OutOfMemory<()>> {
    // SAFETY: the caller's promise.
    let record = unsafe { record_for(object) }?;
    // SAFETY: the record was just made; a sized payload starts where every payload does.
    Ok(unsafe { Weak::from_record(T::payload(object), record) })
}
