//! `Gc<T>`: a counted pointer to an object's payload.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::{AnyGc, GcMut, Weak};
use crate::heap::{Heap, HeapState, OutOfMemory};
use crate::object::{Flags, RawObject, Shape, Trace, Tracer, type_of};

/// A counted pointer to an object: `Rc` for interpreters. The object dies the moment its last `Gc` is dropped; cycles
/// are collected.
///
/// One word for sized `T`, with a niche (`Option<Gc<T>>` is one word too), two for `dyn` and slices. Functions on the
/// handle are associated, as with `Rc`, so that they don't hide the payload's methods. Differences from `Rc`:
/// [`get_mut`](Gc::get_mut) and
/// [`make_mut`](Gc::make_mut) return a guard; there is no `pin`; a count can't overflow (an object whose count did
/// lives for ever).
///
/// Cloning and dropping handles costs what it costs with `Rc`. Handles can't leave their thread, but outlive their
/// heap.
///
/// ```
/// use tailbite::Gc;
/// let a = Gc::new(String::from("shared"));
/// let b = a.clone();
/// assert!(Gc::ptr_eq(&a, &b));
/// assert_eq!((b.len(), Gc::strong_count(&a)), (6, 2));
/// ```
pub struct Gc<T: ?Sized> {
    payload: NonNull<T>,
    /// Invariant in `T`, and neither `Send` nor `Sync` (S4).
    marker: PhantomData<*mut T>,
}

const _: () = assert!(size_of::<Option<Gc<u64>>>() == size_of::<usize>());
const _: () = assert!(size_of::<Option<Gc<dyn Trace>>>() == 2 * size_of::<usize>());

impl<T: ?Sized> Gc<T> {
    /// Takes over a reference that the caller owns.
    ///
    /// # Safety
    /// 1. `payload` is the payload of a live object, with the provenance of its pool.
    /// 2. If `T` is sized, it is the type of the object's payload; otherwise the metadata describes the whole payload.
    #[inline(always)]
    pub(crate) unsafe fn from_owned(payload: NonNull<T>) -> Gc<T> {
        Gc { payload, marker: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn object(this: &Gc<T>) -> RawObject {
        // SAFETY: a handle's payload is that of a live object.
        unsafe { RawObject::from_payload(this.payload) }
    }

    #[inline(always)]
    pub(crate) fn payload(this: &Gc<T>) -> NonNull<T> {
        this.payload
    }

    /// Gives the reference away without dropping it.
    #[inline(always)]
    pub(crate) fn into_payload(this: Gc<T>) -> NonNull<T> {
        ManuallyDrop::new(this).payload
    }

    /// Whether both are handles to the same object.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let a = Gc::new(1);
    /// assert!(Gc::ptr_eq(&a, &a.clone()) && !Gc::ptr_eq(&a, &Gc::new(1)));
    /// ```
    #[inline]
    #[must_use]
    pub fn ptr_eq(this: &Gc<T>, other: &Gc<T>) -> bool {
        this.payload.addr() == other.payload.addr()
    }

    /// The number of handles to the object, including one of the heap's if it is immortal.
    #[inline]
    #[must_use]
    pub fn strong_count(this: &Gc<T>) -> usize {
        Gc::object(this).header().count() as usize
    }

    /// The number of [`Weak`] handles to the object. `WeakRef` and `Proxy` objects are counted by
    /// [`Heap::get_weakref_count`].
    ///
    /// ```
    /// use tailbite::Gc;
    /// let mut object = Gc::new(1);
    /// assert!(Gc::is_unique(&object));
    /// let weak = Gc::downgrade(&object);
    /// assert_eq!((Gc::weak_count(&object), Gc::is_unique(&object)), (1, false));
    /// ```
    #[must_use]
    pub fn weak_count(this: &Gc<T>) -> usize {
        // SAFETY: the handle keeps the object.
        unsafe { super::weak::handle_count(Gc::object(this)) }
    }

    /// Whether this is the only handle to the object, and nothing refers to it weakly. [`get_mut`](Gc::get_mut) succeeds
    /// then, unless the payload is never lent: a weak reference or container, or what an unsized handle shows.
    #[must_use]
    pub fn is_unique(this: &Gc<T>) -> bool {
        // SAFETY: the handle keeps the object.
        Gc::object(this).header().count() == 1 && !unsafe { super::weak::is_referred_to(Gc::object(this)) }
    }

    /// A weak handle to the object.
    ///
    /// # Panics
    /// If memory for the object's first weak reference is refused.
    #[must_use]
    pub fn downgrade(this: &Gc<T>) -> Weak<T> {
        Gc::try_downgrade(this).unwrap_or_else(|error| error.raise())
    }

    /// As [`downgrade`](Gc::downgrade), with an error if memory is refused. Runs no user code.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let object = heap.alloc(1);
    /// heap.set_memory_limit(Some(0));
    /// assert!(Gc::try_downgrade(&object).is_err());
    /// heap.set_memory_limit(None);
    /// assert!(Gc::try_downgrade(&object).is_ok_and(|weak| weak.upgrade() == Some(object)));
    /// ```
    pub fn try_downgrade(this: &Gc<T>) -> Result<Weak<T>, OutOfMemory<()>> {
        Weak::to(this)
    }

    /// The payload's address: stable for the object's life, below 2^48 on the usual 64-bit systems.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let object = Gc::new(1);
    /// assert_eq!(Gc::as_ptr(&object), &raw const *object);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_ptr(this: &Gc<T>) -> *const T {
        this.payload.as_ptr()
    }

    /// Turns the handle into a raw pointer, which owns its reference: pass it to [`from_raw`](Gc::from_raw), or the
    /// object leaks.
    #[inline]
    #[must_use]
    pub fn into_raw(this: Gc<T>) -> *const T {
        Gc::into_payload(this).as_ptr()
    }

    /// Takes back what [`into_raw`](Gc::into_raw) gave.
    ///
    /// # Safety
    /// 1. `raw` came from `into_raw` of a `Gc<T>` with this very `T` (and metadata), on this thread.
    /// 2. It is not used for another `from_raw`.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let raw = Gc::into_raw(Gc::new(String::from("text")));
    /// // SAFETY: (1) from `into_raw` of a `Gc<String>`; (2) the only use.
    /// let text = unsafe { Gc::from_raw(raw) };
    /// assert_eq!((text.as_str(), Gc::strong_count(&text)), ("text", 1));
    /// ```
    #[inline]
    #[must_use]
    pub unsafe fn from_raw(raw: *const T) -> Gc<T> {
        // SAFETY: (1): not null, the payload of a live object; (2): the reference is the caller's.
        unsafe { Gc::from_owned(NonNull::new_unchecked(raw.cast_mut())) }
    }

    /// Exclusive access to the payload, if the handle [is unique](Gc::is_unique). Not through a handle that was
    /// [unsized](Gc::unsize): what it shows may be a part of the payload that its type doesn't let out for writing.
    ///
    /// Unlike `Rc::get_mut` this returns a guard: while it lives, collections don't look into the object (S1).
    ///
    /// ```
    /// use tailbite::Gc;
    /// let mut numbers = Gc::new(vec![1, 2]);
    /// Gc::get_mut(&mut numbers).unwrap().push(3);
    /// let other = numbers.clone();
    /// assert!(Gc::get_mut(&mut numbers).is_none());
    /// # drop(other);
    /// ```
    #[must_use]
    pub fn get_mut(this: &mut Gc<T>) -> Option<GcMut<'_, T>> {
        (Gc::is_unique(this) && may_lend(this)).then(|| GcMut::lend(this))
    }

    /// The erased handle.
    #[inline]
    #[must_use]
    pub fn erase(this: Gc<T>) -> AnyGc {
        let object = Gc::object(&this);
        core::mem::forget(this);
        // SAFETY: the reference of the handle that was just forgotten.
        unsafe { AnyGc::from_owned(object) }
    }

    /// Another handle, erased.
    ///
    /// ```
    /// use tailbite::{AnyGc, Gc};
    /// let object = Gc::new(1);
    /// let values: [AnyGc; 2] = [Gc::as_any(&object), Gc::erase(Gc::new("text"))];
    /// assert_eq!((values[0].downcast_ref(), Gc::strong_count(&object)), (Some(&1), 2));
    /// ```
    #[inline]
    #[must_use]
    pub fn as_any(this: &Gc<T>) -> AnyGc {
        // SAFETY: the handle keeps the object.
        unsafe { AnyGc::from_borrowed(Gc::object(this)) }
    }

    /// Reports the handle itself to `tracer`: for wrappers that forward a `trace` without a `Trace` bound.
    ///
    /// ```
    /// use tailbite::{Gc, Shape, Trace, Tracer};
    /// struct Shared<T: ?Sized>(Gc<T>);
    /// // SAFETY: reports its one handle, which doesn't change, without effects; it has no `Drop`.
    /// unsafe impl<T: ?Sized + 'static> Trace for Shared<T> {
    ///     fn trace(&self, tracer: &mut Tracer<'_>) { Gc::visit(&self.0, tracer); }
    ///     fn shape(_: u32) -> Shape { Shape::EDGES }
    /// }
    /// let text = Gc::new(Shared(Gc::<str>::from("text")));
    /// let referents = Gc::with_heap(&text, |heap| heap.get_referents(&[Gc::as_any(&text)]));
    /// assert_eq!(referents, [Gc::as_any(&text.0)]);
    /// ```
    #[inline(always)]
    pub fn visit(this: &Gc<T>, tracer: &mut Tracer<'_>) {
        tracer.edge(Gc::object(this));
    }

    /// Arms the finalizer that the object's type declares as [on request](crate::TypeOptions::finalizer_on_request).
    /// Does nothing if the type has none, or if it has run.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    /// use tailbite::{Gc, Trace};
    ///
    /// #[derive(Trace)]
    /// #[trace(finalize_on_request = Instance::finalize)]
    /// struct Instance { #[trace(skip)] deleted: Rc<Cell<u32>> }
    /// impl Instance {
    ///     fn finalize(this: &Gc<Instance>) { this.deleted.set(this.deleted.get() + 1); }
    /// }
    ///
    /// let deleted = Rc::new(Cell::new(0));
    /// let [plain, with_del] = [0; 2].map(|_| Gc::new(Instance { deleted: deleted.clone() }));
    /// Gc::request_finalizer(&with_del);
    /// drop((plain, with_del));
    /// assert_eq!(deleted.get(), 1);
    /// ```
    pub fn request_finalizer(this: &Gc<T>) {
        // SAFETY: the handle keeps the object.
        unsafe { request_finalizer(Gc::object(this)) };
    }

    /// Runs `f` with the heap that the object lives in.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let object = heap.alloc(1);
    /// let beside = Gc::with_heap(&object, |heap| heap.alloc(2));
    /// assert!(heap.contains(&beside));
    /// ```
    pub fn with_heap<R>(this: &Gc<T>, f: impl FnOnce(&Heap) -> R) -> R {
        // SAFETY: the handle keeps the object, and that the state.
        unsafe { Heap::with_state(HeapState::of(Gc::object(this)), f) }
    }
}

impl<T: Trace> Gc<T> {
    /// The payload, if this is the only handle; otherwise the handle back. Weak references are cleared and their
    /// callbacks run before this returns; the finalizer doesn't run.
    ///
    /// # Errors
    /// The handle, if there are others, or if the payload is known by its address: a `WeakRef`, a `Proxy`, a weak map or set.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let text = Gc::new(String::from("text"));
    /// let other = text.clone();
    /// let text = Gc::try_unwrap(text).unwrap_err();
    /// drop(other);
    /// assert_eq!(Gc::try_unwrap(text), Ok(String::from("text")));
    /// ```
    pub fn try_unwrap(this: Gc<T>) -> Result<T, Gc<T>> {
        let object = Gc::object(&this);
        if !object.header().is_held_once() || !may_lend(&this) {
            return Err(this);
        }
        let payload = Gc::into_payload(this);
        // SAFETY: called once, by `dismantle`, while the payload is intact: it is moved out.
        let read = || unsafe { payload.read() };
        // SAFETY: (1) the only handle was just consumed; (2) only it led to the payload, which isn't dropped in place.
        Ok(unsafe { HeapState::dismantle(object, read) })
    }

    /// The payload, if this is the only handle; otherwise this handle is dropped, and the object lives on. See
    /// [`try_unwrap`](Gc::try_unwrap).
    ///
    /// ```
    /// use tailbite::Gc;
    /// let text = Gc::new(String::from("text"));
    /// assert_eq!(Gc::into_inner(text.clone()), None);
    /// assert_eq!(Gc::into_inner(text), Some(String::from("text")));
    /// ```
    #[must_use]
    pub fn into_inner(this: Gc<T>) -> Option<T> {
        Gc::try_unwrap(this).ok()
    }

    /// The payload, moved out if this is the only handle, else cloned.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let text = Gc::new(String::from("text"));
    /// let (clone, moved) = (Gc::unwrap_or_clone(text.clone()), Gc::unwrap_or_clone(text));
    /// assert_eq!((clone, moved), ("text".into(), "text".into()));
    /// ```
    #[must_use]
    pub fn unwrap_or_clone(this: Gc<T>) -> T
    where
        T: Clone,
    {
        Gc::try_unwrap(this).unwrap_or_else(|this| T::clone(&this))
    }

    /// Exclusive access to the payload; if there are other handles, of a clone in the same heap, which this handle then
    /// refers to. If only weak references are left, they are cleared (their callbacks run).
    ///
    /// Unlike `Rc::make_mut` this returns a guard: while it lives, collections don't look into the object (S1).
    ///
    /// # Panics
    /// If memory for the clone is refused.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let mut numbers = Gc::new(vec![1, 2]);
    /// let other = numbers.clone();
    /// Gc::make_mut(&mut numbers).push(3);
    /// assert_eq!((&*numbers, &*other), (&vec![1, 2, 3], &vec![1, 2]));
    /// ```
    #[must_use]
    pub fn make_mut(this: &mut Gc<T>) -> GcMut<'_, T>
    where
        T: Clone,
    {
        Gc::try_make_mut(this).unwrap_or_else(|error| error.raise())
    }

    /// As [`make_mut`](Gc::make_mut), with an error if memory for the clone is refused; then the handle is as before.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the clone in it.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let mut page = heap.alloc([1_u8; 1 << 16]);
    /// let other = page.clone();
    /// heap.set_memory_limit(Some(0));
    /// let clone = Gc::try_make_mut(&mut page).map(drop).unwrap_err().into_value();
    /// assert!(clone == *page && Gc::ptr_eq(&page, &other));
    /// ```
    pub fn try_make_mut(this: &mut Gc<T>) -> Result<GcMut<'_, T>, OutOfMemory<T>>
    where
        T: Clone,
    {
        while !Gc::is_unique(this) {
            if Gc::object(this).header().is_held_once() {
                // SAFETY: `this` keeps the object: it is borrowed exclusively, so no callback can drop it.
                unsafe { HeapState::disown_weak(Gc::object(this)) };
            } else {
                // USER CODE: `Clone`, and whatever the allocation collects; hence the loop.
                let clone = T::clone(this);
                *this = Gc::with_heap(this, |heap| heap.try_alloc(clone))?;
            }
        }
        // As `may_lend` asks: a handle to a sized type is no view, and no *fixed* type is `Clone`.
        Ok(GcMut::lend(this))
    }
}

/// Whether the payload may be lent exclusively through this handle: the handle's type is that of the payload, rather
/// than a view of it that unsizing made, and the payload isn't known by its address.
pub(super) fn may_lend<T: ?Sized>(this: &Gc<T>) -> bool {
    let is_thin = size_of::<NonNull<T>>() == size_of::<usize>();
    // SAFETY: the object is alive, so its type is registered.
    let ty = unsafe { type_of(Gc::object(this).header().type_id()) };
    !ty.hooks.fixed && (is_thin || ty.descriptor.tailed)
}

/// See [`Gc::request_finalizer`].
///
/// # Safety
/// The object is alive.
pub(super) unsafe fn request_finalizer(object: RawObject) {
    // SAFETY: the caller's promise: a live object's type is registered.
    let ty = unsafe { type_of(object.header().type_id()) };
    if ty.hooks.finalizer.is_some() && !object.header().has(Flags::FINALIZED) {
        object.header().insert(Flags::FINALIZER);
    }
}

impl<T: ?Sized> Deref for Gc<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the handle keeps the object. Its payload is lent mutably only while the one handle to it is borrowed
        // exclusively, and never if it is *fixed* or seen through an unsized view (S1, `may_lend`).
        unsafe { self.payload.as_ref() }
    }
}

impl<T: ?Sized> Clone for Gc<T> {
    #[inline(always)]
    fn clone(&self) -> Gc<T> {
        Gc::object(self).header().increment();
        Gc { payload: self.payload, marker: PhantomData }
    }
}

impl<T: ?Sized> Drop for Gc<T> {
    #[inline(always)]
    fn drop(&mut self) {
        if Gc::object(self).header().decrement() {
            // SAFETY: that was the last reference; a handle to a sized type has the object's own type (S23).
            unsafe { HeapState::die(self.payload) };
        }
    }
}

// SAFETY: reports the one handle that this is.
unsafe impl<T: ?Sized + 'static> Trace for Gc<T> {
    #[inline(always)]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        Gc::visit(self, tracer);
    }

    fn shape(_: u32) -> Shape {
        Shape::EDGES
    }

    fn owns_only_handles() -> bool {
        true
    }
}
