//! `WeakRef` and `Proxy`: weak references that are objects themselves, with callbacks, as Python's `weakref.ref` and
//! `weakref.proxy`.

use core::fmt;

use super::{AnyGc, Gc, Handle};
use crate::heap::{Heap, HeapState, OutOfMemory};
use crate::object::{RawObject, Shape, Trace, Tracer, TypeOptions, Untraced};
use crate::weak::{Callback, Kind, Record, Reference, record_ref};

/// What is called when the referent of a [`WeakRef`] or [`Proxy`] dies. The callback is an object of its own, traced by
/// the reference.
///
/// It runs once, after the reference was cleared: when the referent dies by count after its finalizer, in a collection
/// before any finalizer. It doesn't run if the reference dies first, or is garbage in the same collection. Of several
/// callbacks for one referent the newest runs first. It may do anything; a panic goes to the heap's
/// [hook](crate::Heap::set_unraisable_hook).
///
/// ```
/// use std::cell::RefCell;
/// use tailbite::{AnyGc, Gc, Trace, WeakCallback, WeakRef};
///
/// #[derive(Trace)]
/// struct Append { log: Gc<RefCell<Vec<String>>> }
/// impl WeakCallback for Append {
///     fn call(&self, reference: &AnyGc) { self.log.borrow_mut().push(format!("{reference:?}")); }
/// }
///
/// let (object, log) = (Gc::new(1), Gc::new(RefCell::new(Vec::new())));
/// let weak = WeakRef::with_callback(&object, Append { log: log.clone() });
/// assert!(weak.callback().is_some_and(|callback| callback.is::<Append>()));
/// drop(object);
/// assert_eq!((log.borrow().len(), weak.callback()), (1, None));
/// ```
pub trait WeakCallback: Trace {
    /// `reference` is the `WeakRef` or `Proxy`, already dead.
    fn call(&self, reference: &AnyGc);
}

/// A closure as a [`WeakCallback`]. What it captures is not traced: cycles through it are never collected.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use tailbite::{Gc, WeakRef, callback};
/// let object = Gc::new(1);
/// let calls = Rc::new(Cell::new(0));
/// let counter = calls.clone();
/// let weak = WeakRef::with_callback(&object, callback(move |_| counter.set(counter.get() + 1)));
/// drop(object);
/// assert!(weak.get().is_none());
/// assert_eq!(calls.get(), 1);
/// ```
pub fn callback<F: Fn(&AnyGc) + 'static>(function: F) -> CallbackFn<F> {
    CallbackFn(Untraced(function))
}

/// What [`callback`] makes, which has an example.
pub struct CallbackFn<F>(Untraced<F>);

impl<F> fmt::Debug for CallbackFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackFn")
    }
}

// SAFETY: forwards to `Untraced`, which reports nothing.
unsafe impl<F: 'static> Trace for CallbackFn<F> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
    }

    fn shape(depth: u32) -> Shape {
        Untraced::<F>::shape(depth)
    }
}

impl<F: Fn(&AnyGc) + 'static> WeakCallback for CallbackFn<F> {
    fn call(&self, reference: &AnyGc) {
        (self.0.0)(reference);
    }
}

/// A dead [`Proxy`] was used. Displays as CPython's `ReferenceError`: "weakly-referenced object no longer exists".
///
/// ```
/// use tailbite::{Gc, Proxy, ReferenceError};
/// fn add(proxy: &Proxy, n: i32) -> Result<i32, ReferenceError> {
///     Ok(proxy.get()?.downcast_ref::<i32>().map_or(0, |number| number + n))
/// }
/// let object = Gc::new(5);
/// let proxy = Proxy::new(&object);
/// assert_eq!(add(&proxy, 2), Ok(7));
/// drop(object);
/// assert!(add(&proxy, 2).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceError(());

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("weakly-referenced object no longer exists")
    }
}

impl core::error::Error for ReferenceError {}

/// A weak reference that is an object: Python's `weakref.ref`. Lives in its referent's heap, is tracked, and doesn't
/// keep its referent.
///
/// ```
/// use tailbite::{Gc, WeakRef};
/// let object = Gc::new(5);
/// let weak = WeakRef::new(&object);
/// assert!(Gc::ptr_eq(&weak, &WeakRef::new(&object)), "without a callback there is one per object");
/// assert_eq!(weak.get().unwrap().downcast_ref::<i32>(), Some(&5));
/// drop(object);
/// assert!(weak.get().is_none());
/// ```
#[repr(transparent)]
pub struct WeakRef(Reference);

/// A weak reference that stands for its referent: Python's `weakref.proxy`. The host forwards operations to what
/// [`get`](Proxy::get) gives.
///
/// ```
/// use tailbite::{Gc, Proxy};
/// let object = Gc::new(5);
/// let proxy = Proxy::new(&object);
/// assert_eq!(proxy.get().unwrap().downcast_ref::<i32>(), Some(&5));
/// drop(object);
/// assert_eq!(proxy.get().unwrap_err().to_string(), "weakly-referenced object no longer exists");
/// ```
#[repr(transparent)]
pub struct Proxy(Reference);

impl Proxy {
    /// The referent.
    ///
    /// # Errors
    /// [`ReferenceError`] if it is dead.
    pub fn get(&self) -> Result<AnyGc, ReferenceError> {
        self.0.target().and_then(AnyGc::revive).ok_or(ReferenceError(()))
    }
}

impl WeakRef {
    /// A payload that is not linked yet, and that takes over the count on its callback.
    pub(super) fn unlinked(callback: Callback) -> WeakRef {
        let reference = Reference::new(Kind::Reference);
        reference.set_callback(Some(callback));
        WeakRef(reference)
    }

    /// The referent, if it is still alive.
    #[must_use]
    pub fn get(&self) -> Option<AnyGc> {
        self.0.target().and_then(AnyGc::revive)
    }
}

/// What the two types share.
macro_rules! reference_object {
    ($name:ident, $kind:expr, $what:literal) => {
        impl $name {
            #[doc = concat!("A ", $what, " to `referent` without a callback: the one that is already there, or a new one.")]
            ///
            /// # Panics
            /// If memory is refused.
            pub fn new(referent: &impl Handle) -> Gc<$name> {
                $name::try_new(referent).unwrap_or_else(|error| error.raise())
            }

            /// As [`new`](Self::new), with an error if memory is refused.
            ///
            /// # Errors
            /// [`OutOfMemory`].
            pub fn try_new(referent: &impl Handle) -> Result<Gc<$name>, OutOfMemory<()>> {
                // SAFETY: (1) the handle `referent` keeps the object; (2) a transparent wrapper.
                unsafe { make(referent.as_object(), $kind, $name) }
            }

            #[doc = concat!("A new ", $what, " to `referent`, with a callback: [`WeakCallback`] has an example.")]
            ///
            /// # Panics
            /// If memory is refused.
            pub fn with_callback<C: WeakCallback>(referent: &impl Handle, callback: C) -> Gc<$name> {
                $name::try_with_callback(referent, callback).unwrap_or_else(|error| error.raise())
            }

            /// As [`with_callback`](Self::with_callback), with an error if memory is refused.
            ///
            /// # Errors
            /// [`OutOfMemory`], with the callback in it, which will not be called.
            pub fn try_with_callback<C: WeakCallback>(
                referent: &impl Handle,
                callback: C,
            ) -> Result<Gc<$name>, OutOfMemory<C>> {
                // SAFETY: (1) the handle `referent` keeps the object; (2) a transparent wrapper.
                unsafe { make_with_callback(referent.as_object(), $kind, callback, $name) }
            }

            /// Whether the referent is alive.
            #[must_use]
            pub fn is_alive(&self) -> bool {
                self.0.target().is_some()
            }

            /// The callback object; none if there is no callback, or if the referent is dead. Downcast it to the type
            /// that was passed.
            #[must_use]
            pub fn callback(&self) -> Option<AnyGc> {
                self.0.link().record()?;
                let callback = self.0.callback()?;
                // SAFETY: the reference owns a count on its callback.
                Some(unsafe { AnyGc::from_borrowed(callback.object) })
            }
        }

        // SAFETY: reports the one handle that a reference owns, its callback's, which changes only through cells.
        // `Drop` lets that handle go and touches nothing behind it.
        unsafe impl Trace for $name {
            fn trace(&self, tracer: &mut Tracer<'_>) {
                if let Some(callback) = self.0.callback() {
                    tracer.edge(callback.object);
                }
            }

            fn shape(_: u32) -> Shape {
                Shape::EDGES
            }

            fn options(options: &mut TypeOptions<$name>) {
                // Its record lists it by its address.
                options.fixed = true;
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                unlink(&self.0);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(if self.is_alive() { stringify!($name) } else { concat!(stringify!($name), " (dead)") })
            }
        }
    };
}

reference_object!(WeakRef, Kind::Reference, "weak reference");
reference_object!(Proxy, Kind::Proxy, "proxy");

/// A new reference object to `referent` that owns a new callback object in the referent's heap. If memory is refused, the
/// callback comes back.
///
/// # Safety
/// As [`make`].
unsafe fn make_with_callback<C: WeakCallback, T: Trace>(
    referent: RawObject,
    kind: Kind,
    callback: C,
    wrap: fn(Reference) -> T,
) -> Result<Gc<T>, OutOfMemory<C>> {
    /// # Safety
    /// `callback` is alive with payload `C`, `reference` is alive.
    unsafe fn call<C: WeakCallback>(callback: RawObject, reference: RawObject) {
        // SAFETY: the caller's promise. The callback isn't lent mutably meanwhile: the reference owns one count on it
        // until `let_go` or `unlink` takes that, both of which come after the call, because the queue keeps the
        // reference during it; so no handle to the callback is the only one (S1).
        let callback = unsafe { callback.payload().cast::<C>().as_ref() };
        // SAFETY: the caller's promise.
        callback.call(&unsafe { AnyGc::from_borrowed(reference) });
    }
    // USER CODE: the allocations may collect.
    // SAFETY: (1).
    let reference = match unsafe { allocate(referent, wrap(Reference::new(kind))) } {
        Ok(reference) => reference,
        Err(error) => return Err(error.with_value(callback)),
    };
    // SAFETY: (1).
    let callback = unsafe { allocate(referent, callback) }?;
    let owned = Callback { object: Gc::object(&callback), call: call::<C> };
    // SAFETY: (1), (2): an unlinked reference object of this kind.
    match unsafe { link(referent, &reference, Some(owned)) } {
        Ok(()) => {
            // The reference has taken over the count that this handle was.
            core::mem::forget(callback);
            Ok(reference)
        }
        Err(error) => match Gc::try_unwrap(callback) {
            Ok(callback) => Err(error.with_value(callback)),
            Err(_) => unreachable!("nothing of the user's ran since the callback object was made"),
        },
    }
}

/// The reference object to `referent` without a callback, of a type that wraps `Reference`: the one that is there, or a
/// new one.
///
/// # Safety
/// 1. `referent` is alive, and stays so during the call.
/// 2. `T` is a transparent wrapper of `Reference`, the one for `kind`, and `wrap` makes it.
unsafe fn make<T: Trace>(referent: RawObject, kind: Kind, wrap: fn(Reference) -> T) -> Result<Gc<T>, OutOfMemory<()>> {
    let canonical = || {
        // SAFETY: (1).
        let record = unsafe { super::weak::record_of(referent) }?;
        // SAFETY: the record of a live object, looked up just now.
        let object = unsafe { record_ref(record) }.canonical(kind)?;
        object.header().increment();
        // SAFETY: (2): a live reference object of this kind, whose payload is a `T`; the reference was just made.
        Some(unsafe { Gc::from_owned(object.payload().cast::<T>()) })
    };
    if let Some(known) = canonical() {
        return Ok(known);
    }
    // USER CODE: the allocation may collect, and finalizers may make references to `referent` or drop the last one,
    // with the record.
    // SAFETY: (1).
    let reference = unsafe { allocate(referent, wrap(Reference::new(kind))) }.map_err(|error| error.with_value(()))?;
    if let Some(known) = canonical() {
        return Ok(known);
    }
    // SAFETY: (1), (2): an unlinked reference object of this kind.
    unsafe { link(referent, &reference, None) }?;
    Ok(reference)
}

/// Allocates in the referent's heap.
///
/// # Safety
/// `referent` is alive, and stays so during the call.
unsafe fn allocate<V: Trace>(referent: RawObject, value: V) -> Result<Gc<V>, OutOfMemory<V>> {
    // SAFETY: the referent keeps the state.
    unsafe { Heap::with_state(HeapState::of(referent), |heap| heap.try_alloc(value)) }
}

/// Links a new reference object to the record of `referent`, with a callback whose count it takes over. Runs no user
/// code; if memory is refused, the count is still the caller's.
///
/// # Safety
/// 1. `referent` is alive.
/// 2. `reference` is an object whose payload is a transparent wrapper of a `Reference`, not linked yet.
unsafe fn link<T: Trace>(
    referent: RawObject,
    reference: &Gc<T>,
    callback: Option<Callback>,
) -> Result<(), OutOfMemory<()>> {
    // SAFETY: (1).
    let record = unsafe { super::weak::record_for(referent) }?;
    let object = Gc::object(reference);
    // SAFETY: (2).
    unsafe { Reference::of(&object) }.set_callback(callback);
    // SAFETY: (1) (2): an object whose payload starts with a link; (2) the record was just found for a live object, and
    // a reference that dies unlinks itself.
    unsafe { Record::link(record, object) };
    Ok(())
}

/// A reference object dies: it leaves its record, and lets its callback go.
fn unlink(reference: &Reference) {
    // SAFETY: the dying object keeps the state.
    unsafe { super::weak::unlink(reference.link()) };
    if let Some(callback) = reference.take_callback() {
        // SAFETY: the count on the callback that the reference owned until it was taken.
        unsafe { HeapState::release(callback.object) };
    }
}
