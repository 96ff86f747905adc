//! `AnyGc`: a handle whose type is known at run time only.

use core::any::TypeId;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use super::Gc;
use crate::heap::{Heap, HeapState};
use crate::object::{Flags, Managed, RawObject, Shape, Trace, Tracer, Type, type_of};

/// A counted pointer to an object of any type: one word, non-null, never moving. What an interpreter's values are made
/// of.
///
/// Compared and hashed by identity.
///
/// ```
/// use tailbite::{AnyGc, Gc};
/// let any: AnyGc = Gc::erase(Gc::new(42_i64));
/// assert!(any.is::<i64>());
/// assert_eq!(any.type_name(), "i64");
/// let number: Gc<i64> = any.downcast().unwrap();
/// assert_eq!(*number, 42);
/// ```
#[repr(transparent)]
pub struct AnyGc {
    object: RawObject,
    /// Neither `Send` nor `Sync`.
    marker: PhantomData<*mut ()>,
}

const _: () = assert!(size_of::<Option<AnyGc>>() == size_of::<usize>());

impl AnyGc {
    /// Takes over a reference that the caller owns.
    ///
    /// # Safety
    /// The object is alive, and the caller gives up one reference to it.
    #[inline(always)]
    pub(crate) unsafe fn from_owned(object: RawObject) -> AnyGc {
        AnyGc { object, marker: PhantomData }
    }

    /// A new reference to an object.
    ///
    /// # Safety
    /// The object is alive: somebody owns a reference to it, and nothing tears it down (S3).
    #[inline(always)]
    pub(crate) unsafe fn from_borrowed(object: RawObject) -> AnyGc {
        debug_assert!(object.header().count() != 0);
        object.header().increment();
        AnyGc { object, marker: PhantomData }
    }

    /// The one way from an address to a handle: refuses objects that are dead, dying, queued, lent exclusively or not
    /// there (S3).
    pub(crate) fn revive(object: RawObject) -> Option<AnyGc> {
        // SAFETY: it is alive: that was just asked (S3).
        object.is_revivable().then(|| unsafe { AnyGc::from_borrowed(object) })
    }

    #[inline(always)]
    pub(crate) fn object(&self) -> RawObject {
        self.object
    }

    fn ty(&self) -> &'static Type {
        // SAFETY: the object is alive, so its type is registered.
        unsafe { type_of(self.object.header().type_id()) }
    }

    /// Whether both are handles to the same object.
    ///
    /// ```
    /// use tailbite::{AnyGc, Gc};
    /// let (one, same) = (Gc::erase(Gc::new(1)), Gc::erase(Gc::new(1)));
    /// assert!(AnyGc::ptr_eq(&one, &one.clone()) && !AnyGc::ptr_eq(&one, &same));
    /// ```
    #[inline]
    #[must_use]
    pub fn ptr_eq(this: &AnyGc, other: &AnyGc) -> bool {
        this.object == other.object
    }

    /// Whether the payload is a `T`: a sized type, `[U]`, `str`, or `WithSlice<H, U>`.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let text = Gc::erase(Gc::<str>::from("text"));
    /// assert!(text.is::<str>() && !text.is::<String>());
    /// ```
    #[inline]
    #[must_use]
    pub fn is<T: Managed + ?Sized>(&self) -> bool {
        let descriptor = self.ty().descriptor;
        core::ptr::eq(descriptor, T::DESCRIPTOR) || descriptor.id == TypeId::of::<T>()
    }

    /// The handle to a `T`, if that is what the payload is.
    ///
    /// # Errors
    /// The handle back, if it isn't.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let any = Gc::erase(Gc::new(5_i64));
    /// let any = any.downcast::<str>().unwrap_err();
    /// assert_eq!(*any.downcast::<i64>().unwrap(), 5);
    /// ```
    #[inline]
    pub fn downcast<T: Managed + ?Sized>(self) -> Result<Gc<T>, AnyGc> {
        if !self.is::<T>() {
            return Err(self);
        }
        let object = ManuallyDrop::new(self).object;
        // SAFETY: the object is alive and a `T`; the reference is that of the handle that was consumed.
        Ok(unsafe { Gc::from_owned(T::payload(object)) })
    }

    /// The payload, if it is a `T`.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let any = Gc::erase(Gc::new(5_i64));
    /// assert_eq!((any.downcast_ref::<i64>(), any.downcast_ref::<str>()), (Some(&5), None));
    /// ```
    #[inline]
    #[must_use]
    pub fn downcast_ref<T: Managed + ?Sized>(&self) -> Option<&T> {
        // SAFETY: the object is alive, a `T`, and kept by `self`; see `Gc::deref`.
        self.is::<T>().then(|| unsafe { T::payload(self.object).as_ref() })
    }

    /// The name of the payload's Rust type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.ty().name()
    }

    /// The host's protocol table for the payload's type, if it declared one of type `P` ([`TypeOptions::protocol`]).
    /// Constant time.
    ///
    /// [`TypeOptions::protocol`]: crate::TypeOptions::protocol
    ///
    /// ```
    /// use tailbite::{Gc, Trace};
    ///
    /// struct Slots { len: fn(&[u8]) -> usize }
    /// static SLOTS: Slots = Slots { len: <[u8]>::len };
    ///
    /// #[derive(Trace)]
    /// #[trace(protocol = &SLOTS)]
    /// struct Bytes(Vec<u8>);
    ///
    /// let bytes = Gc::new(Bytes(vec![1, 2, 3]));
    /// let slots = Gc::as_any(&bytes).protocol::<Slots>().expect("declared");
    /// assert_eq!((slots.len)(&bytes.0), 3);
    /// assert!(Gc::erase(Gc::new(1)).protocol::<Slots>().is_none());
    /// ```
    #[inline]
    #[must_use]
    pub fn protocol<P: 'static>(&self) -> Option<&'static P> {
        self.ty().hooks.protocol?.downcast_ref::<P>()
    }

    /// The object's address, its identity while it lives; below 2^48 on the usual 64-bit systems.
    ///
    /// ```
    /// use tailbite::Gc;
    /// let object = Gc::new(1);
    /// assert_eq!(Gc::as_any(&object).address(), Gc::as_any(&object).address());
    /// ```
    #[inline]
    #[must_use]
    pub fn address(&self) -> usize {
        self.object.block().addr().get()
    }

    /// Turns the handle into a raw pointer, the address with its provenance, which owns its reference: pass it to
    /// [`from_raw`](AnyGc::from_raw), or the object leaks.
    #[inline]
    #[must_use]
    pub fn into_raw(self) -> *const () {
        ManuallyDrop::new(self).object.block().as_ptr().cast_const().cast()
    }

    /// Takes back what [`into_raw`](AnyGc::into_raw) gave.
    ///
    /// # Safety
    /// 1. `raw` came from `into_raw`, on this thread.
    /// 2. It is not used for another `from_raw`.
    ///
    /// ```
    /// use tailbite::{AnyGc, Gc};
    /// let raw = Gc::erase(Gc::new("text")).into_raw();
    /// // SAFETY: (1) from `into_raw`; (2) the only use.
    /// let text = unsafe { AnyGc::from_raw(raw) };
    /// assert_eq!((text.downcast_ref(), text.strong_count()), (Some(&"text"), 1));
    /// ```
    #[inline]
    #[must_use]
    pub unsafe fn from_raw(raw: *const ()) -> AnyGc {
        // SAFETY: (1): not null, the block of a live object.
        let object = unsafe { RawObject::from_block(core::ptr::NonNull::new_unchecked(raw.cast_mut()).cast()) };
        // SAFETY: (1), (2): the reference is the caller's.
        unsafe { AnyGc::from_owned(object) }
    }

    /// The number of handles to the object, including one of the heap's if it is immortal.
    #[inline]
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.object.header().count() as usize
    }

    /// Whether the object was made [immortal](Heap::make_immortal).
    #[inline]
    #[must_use]
    pub fn is_immortal(&self) -> bool {
        self.object.header().has(Flags::IMMORTAL)
    }

    /// See [`Gc::request_finalizer`].
    pub fn request_finalizer(&self) {
        // SAFETY: the handle keeps the object.
        unsafe { super::gc::request_finalizer(self.object) };
    }

    /// Runs `f` with the heap that the object lives in.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let object = Gc::erase(heap.alloc(1));
    /// assert!(object.with_heap(|its| its.contains(&object)));
    /// ```
    pub fn with_heap<R>(&self, f: impl FnOnce(&Heap) -> R) -> R {
        // SAFETY: the handle keeps the object, and that the state.
        unsafe { Heap::with_state(HeapState::of(self.object), f) }
    }
}

impl Clone for AnyGc {
    #[inline(always)]
    fn clone(&self) -> AnyGc {
        self.object.header().increment();
        AnyGc { object: self.object, marker: PhantomData }
    }
}

impl Drop for AnyGc {
    #[inline(always)]
    fn drop(&mut self) {
        if self.object.header().decrement() {
            // SAFETY: that was the last reference, this handle's.
            unsafe { HeapState::die_slowly(self.object) };
        }
    }
}

// SAFETY: reports the one handle that this is.
unsafe impl Trace for AnyGc {
    #[inline(always)]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.edge(self.object);
    }

    fn shape(_: u32) -> Shape {
        Shape::EDGES
    }

    fn owns_only_handles() -> bool {
        true
    }
}

impl<T: ?Sized> From<Gc<T>> for AnyGc {
    #[inline]
    fn from(handle: Gc<T>) -> AnyGc {
        Gc::erase(handle)
    }
}

impl PartialEq for AnyGc {
    #[inline]
    fn eq(&self, other: &AnyGc) -> bool {
        AnyGc::ptr_eq(self, other)
    }
}

impl Eq for AnyGc {}

impl Hash for AnyGc {
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.address().hash(state);
    }
}

impl fmt::Debug for AnyGc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyGc({} at {:#x})", self.type_name(), self.address())
    }
}

impl fmt::Pointer for AnyGc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.object.block(), f)
    }
}

impl core::panic::UnwindSafe for AnyGc {}
impl core::panic::RefUnwindSafe for AnyGc {}
