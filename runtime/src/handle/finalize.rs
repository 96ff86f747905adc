//! `Finalize`: a function to be called when an object dies, or at the latest when the heap is closed.

use core::any::type_name;
use core::cell::Cell;
use core::fmt;
use core::mem::forget;
use core::ptr::NonNull;

use super::{AnyGc, Gc, Handle, WeakRef, weak};
use crate::heap::{ExitCalls, ExitKey, Heap, HeapState, OutOfMemory, UnraisableContext};
use crate::object::{RawObject, Shape, Trace, Tracer};
use crate::weak::{Callback, Record, Reference};

/// What waits to be called: an object, the callback of the weak reference that watches over the dying one.
struct Deferred<D, F> {
    state: State<D>,
    function: Cell<Option<F>>,
}

/// The part that doesn't know the function.
///
/// States: *alive* (`data` is there, `key` is its place in the registry), *lent* (the same, while `data` is being
/// cloned), *dead* (neither).
struct State<D> {
    data: Cell<Option<D>>,
    key: Cell<Option<ExitKey>>,
    lent: Cell<bool>,
    /// It was called while it was lent: it will be when that is over.
    due: Cell<bool>,
}

// SAFETY: reports nothing, which is always safe; the shape says that dropping runs the data's and the function's own
// drops.
unsafe impl<D: 'static, F: 'static> Trace for Deferred<D, F> {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::untraced::<(D, F)>()
    }
}

/// A [`Deferred`] of whatever function.
trait Call<D> {
    fn state(&self) -> &State<D>;

    /// Calls the function, if that was not done.
    fn invoke(&self, data: D);

    /// Drops the function.
    fn discard(&self);
}

impl<D: 'static, F: FnOnce(D) + 'static> Call<D> for Deferred<D, F> {
    fn state(&self) -> &State<D> {
        &self.state
    }

    fn invoke(&self, data: D) {
        if let Some(function) = self.function.take() {
            // USER CODE: anything.
            function(data);
        }
    }

    fn discard(&self) {
        // USER CODE: the drop of what the function captured.
        drop(self.function.take());
    }
}

impl<D: 'static, F: FnOnce(D) + 'static> Deferred<D, F> {
    /// What the registry calls.
    const CALLS: &'static ExitCalls = &ExitCalls { call: Self::call_raw, discard: Self::discard_raw };

    /// # Safety
    /// [`ExitCalls`].
    unsafe fn call_raw(object: RawObject) {
        // SAFETY: the caller's promise: the payload is of this type. Nobody has a typed handle to lend it through.
        let this = unsafe { object.payload().cast::<Deferred<D, F>>().as_ref() };
        // SAFETY: the caller's promise: alive, so its heap is there.
        let heap = unsafe { HeapState::of(object).as_ref() };
        heap.call_user(UnraisableContext::Finalize, type_name::<D>(), || fire(object, this));
    }

    /// # Safety
    /// [`ExitCalls`].
    unsafe fn discard_raw(object: RawObject) {
        // SAFETY: as above.
        let this = unsafe { object.payload().cast::<Deferred<D, F>>().as_ref() };
        // SAFETY: as above.
        let heap = unsafe { HeapState::of(object).as_ref() };
        heap.call_user(UnraisableContext::Finalize, type_name::<D>(), || {
            let data = this.state.data.take();
            unregister(object, &this.state);
            this.discard();
            drop(data);
        });
    }

    /// The callback of the weak reference.
    ///
    /// # Safety
    /// As [`Callback::call`]'s.
    unsafe fn on_death(callback: RawObject, _: RawObject) {
        // SAFETY: the caller's promise: alive, and made for this type.
        unsafe { Self::call_raw(callback) };
    }
}

/// Calls what waits, the payload of `object`; false if that was done before.
fn fire<D: 'static>(object: RawObject, this: &(impl Call<D> + ?Sized)) -> bool {
    let state = this.state();
    if state.lent.get() {
        return !state.due.replace(true);
    }
    let Some(data) = state.data.take() else { return false };
    unregister(object, state);
    this.invoke(data);
    true
}

/// Takes a finalizer, whose payload `state` is in, out of its heap's registry. The caller keeps it.
fn unregister<D>(object: RawObject, state: &State<D>) {
    let Some(key) = state.key.take() else { return };
    // SAFETY: the object, which the caller keeps, keeps its heap's state.
    let removed = unsafe { HeapState::of(object).as_ref() }.exits.remove(key);
    for count in removed.into_iter().flatten() {
        // SAFETY: the registry's count.
        unsafe { HeapState::release(count) };
    }
}

/// A function that is called with its data when an object dies: Python's `weakref.finalize`. Made by
/// [`Heap::finalize`].
///
/// It is called once: when the object dies, with the callbacks of its weak references (the newest first); or by
/// [`call`](Finalize::call); or when the heap is closed, or by
/// [`run_exit_finalizers`](Heap::run_exit_finalizers), unless [`set_at_exit`](Finalize::set_at_exit) says otherwise. The
/// object is gone by then, so nothing can come back to life: to be preferred to a finalizer of the type.
///
/// The heap keeps what is registered; dropping this handle changes nothing. Clones are handles to the same. Data and
/// function are not traced: what they refer to is held, so they must not refer to the object itself.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use tailbite::Heap;
/// let heap = Heap::new();
/// let (file, is_open) = (heap.alloc("file"), Rc::new(Cell::new(true)));
/// heap.finalize(&file, is_open.clone(), |is_open| is_open.set(false));
/// drop(heap);
/// assert!(!is_open.get(), "closing the heap called it");
/// assert_eq!(*file, "file");
/// ```
pub struct Finalize<D> {
    inner: Gc<dyn Call<D>>,
}

impl<D: 'static> Finalize<D> {
    /// Whether it waits to be called: not called, and not detached.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.inner.state().key.get().is_some()
    }

    /// Calls the function now; false if it was called, or detached, before. A panic of it goes to the caller.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let (file, is_open) = (heap.alloc("file"), Rc::new(Cell::new(true)));
    /// let close = heap.finalize(&file, is_open.clone(), |is_open| is_open.set(false));
    /// assert!(close.is_alive());
    /// assert!(close.call() && !close.call());
    /// assert!(!close.is_alive() && !is_open.get());
    /// ```
    pub fn call(&self) -> bool {
        fire(Gc::object(&self.inner), &*self.inner)
    }

    /// Takes the data back, with the object; the function won't be called. `None` if it was, or if the object is dying.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let file = heap.alloc("file");
    /// let close = heap.finalize(&file, 3, |descriptor| unreachable!("close {descriptor}"));
    /// assert_eq!(close.peek(), Some((Gc::as_any(&file), 3)), "only a look");
    /// assert_eq!(close.detach(), Some((Gc::as_any(&file), 3)));
    /// assert_eq!((close.detach(), close.peek(), close.call()), (None, None, false));
    /// ```
    pub fn detach(&self) -> Option<(AnyGc, D)> {
        let object = self.object()?;
        // (Not there while `peek` clones it.)
        let data = self.inner.state().data.take()?;
        unregister(Gc::object(&self.inner), self.inner.state());
        self.inner.discard();
        Some((object, data))
    }

    /// The object, and a clone of the data; [`detach`](Finalize::detach) takes both. `None` if the function was called, or
    /// detached, or if the object is dying.
    #[must_use]
    pub fn peek(&self) -> Option<(AnyGc, D)>
    where
        D: Clone,
    {
        /// Gives the data back, and calls the function if that came up meanwhile.
        struct Lent<'a, D: 'static>(&'a Finalize<D>, Option<D>);

        impl<D: 'static> Drop for Lent<'_, D> {
            fn drop(&mut self) {
                let state = self.0.inner.state();
                state.lent.set(false);
                if state.key.get().is_none() {
                    // The heap was closed meanwhile.
                    return;
                }
                state.data.set(self.1.take());
                if state.due.get() {
                    let object = Gc::object(&self.0.inner);
                    // SAFETY: the handle keeps the object, and that its heap's state.
                    let heap = unsafe { HeapState::of(object).as_ref() };
                    heap.call_user(UnraisableContext::Finalize, type_name::<D>(), || fire(object, &*self.0.inner));
                }
            }
        }

        let object = self.object()?;
        let state = self.inner.state();
        let lent = Lent(self, Some(state.data.take()?));
        state.lent.set(true);
        // USER CODE: `Clone`. The data is out of its cell, so nobody takes it away meanwhile.
        let data = lent.1.clone()?;
        drop(lent);
        Some((object, data))
    }

    /// Whether it is called when the heap is closed, if the object lives until then. True at first; false when it isn't
    /// [alive](Finalize::is_alive). Set by [`set_at_exit`](Finalize::set_at_exit).
    #[must_use]
    pub fn at_exit(&self) -> bool {
        self.with_registry(|heap, key| heap.exits.is_at_exit(key)).unwrap_or(false)
    }

    /// Says whether it is called when the heap is closed. Without effect when it isn't [alive](Finalize::is_alive).
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let file = heap.alloc("file");
    /// let close = heap.finalize(&file, 3, |descriptor| unreachable!("close {descriptor}"));
    /// assert!(close.at_exit());
    /// close.set_at_exit(false);
    /// assert_eq!((close.at_exit(), heap.run_exit_finalizers()), (false, 0));
    /// drop(heap);
    /// assert!(!close.is_alive());
    /// ```
    pub fn set_at_exit(&self, at_exit: bool) {
        self.with_registry(|heap, key| heap.exits.set_at_exit(key, at_exit));
    }

    /// The object, unless it is dying.
    fn object(&self) -> Option<AnyGc> {
        let reference = self.with_registry(|heap, key| heap.exits.reference(key)).flatten()?;
        // SAFETY: the registry keeps a live `WeakRef` object.
        unsafe { Reference::of(&reference) }.target().and_then(AnyGc::revive)
    }

    fn with_registry<R>(&self, f: impl FnOnce(&HeapState, ExitKey) -> R) -> Option<R> {
        let key = self.inner.state().key.get()?;
        // SAFETY: the handle keeps the object, and that its heap's state.
        Some(f(unsafe { HeapState::of(Gc::object(&self.inner)).as_ref() }, key))
    }
}

impl<D> Clone for Finalize<D> {
    fn clone(&self) -> Finalize<D> {
        Finalize { inner: self.inner.clone() }
    }
}

impl<D: 'static> fmt::Debug for Finalize<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_alive() { "Finalize" } else { "Finalize (dead)" })
    }
}

// SAFETY: reports nothing, which is always safe: what this has a handle to owns no traced handles.
unsafe impl<D: 'static> Trace for Finalize<D> {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::PLAIN
    }
}

impl Heap {
    /// Calls `function` with `data` when `object` dies: see [`Finalize`]. The object may be in any heap; registered, and
    /// called at the latest when it is closed, is with this one.
    ///
    /// # Panics
    /// If memory is refused.
    ///
    /// ```
    /// use std::{cell::RefCell, rc::Rc};
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let log = Rc::new(RefCell::new(Vec::new()));
    /// let (file, sink) = (heap.alloc("file"), log.clone());
    /// let finalize = heap.finalize(&file, 3, move |descriptor| sink.borrow_mut().push(format!("close {descriptor}")));
    /// assert!(finalize.is_alive());
    /// drop(file);
    /// assert_eq!(*log.borrow(), ["close 3"]);
    /// assert!(!finalize.is_alive() && !finalize.call());
    /// ```
    pub fn finalize<D: 'static>(
        &self,
        object: &impl Handle,
        data: D,
        function: impl FnOnce(D) + 'static,
    ) -> Finalize<D> {
        self.try_finalize(object, data, function).unwrap_or_else(|error| error.raise())
    }

    /// As [`finalize`](Heap::finalize), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with data and function in it.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let file = heap.alloc("file");
    /// heap.set_memory_limit(Some(0));
    /// let error = heap.try_finalize(&file, 3, |descriptor| println!("close {descriptor}")).unwrap_err();
    /// let (descriptor, close) = error.into_value();
    /// assert_eq!(descriptor, 3);
    /// close(descriptor);
    /// ```
    pub fn try_finalize<D: 'static, F: FnOnce(D) + 'static>(
        &self,
        object: &impl Handle,
        data: D,
        function: F,
    ) -> Result<Finalize<D>, OutOfMemory<(D, F)>> {
        let take = |this: &Deferred<D, F>| {
            let (data, function) = (this.state.data.take(), this.function.take());
            data.zip(function).expect("nobody else had them")
        };
        let state =
            State { data: Cell::new(Some(data)), key: Cell::new(None), lent: Cell::new(false), due: Cell::new(false) };
        // USER CODE: this allocation and the next one may collect.
        let deferred = self
            .try_alloc(Deferred { state, function: Cell::new(Some(function)) })
            .map_err(|error| error.map(|this| take(&this)))?;
        let referent = object.as_object();
        let callback = Callback { object: Gc::object(&deferred), call: Deferred::<D, F>::on_death };
        // The reference's count on its callback.
        forget(deferred.clone());
        let alloc = |heap: &Heap| heap.try_alloc(WeakRef::unlinked(callback));
        // SAFETY: the caller's handle keeps the referent, and that its heap's state.
        let reference = unsafe { Heap::with_state(HeapState::of(referent), alloc) };
        let reference = reference.map_err(|error| error.map(|_| take(&deferred)))?;
        if !self.state().exits.reserve(&self.state().alloc) {
            let error = OutOfMemory::by(&self.state().alloc, take(&deferred), size_of::<ExitKey>());
            return Err(error.for_purpose("the registry of finalizers"));
        }
        // SAFETY: the caller's handle keeps the referent.
        let record = unsafe { weak::record_for(referent) }.map_err(|error| error.with_value(take(&deferred)))?;
        // SAFETY: (1) a live `WeakRef` that hangs nowhere yet; (2) the record was just found, and a reference that dies
        // unlinks itself.
        unsafe { Record::link(record, Gc::object(&reference)) };
        forget(deferred.clone());
        let objects = (Gc::object(&deferred), Gc::object(&reference));
        forget(reference);
        // SAFETY: (1), (2) as made above; (3) the counts of the handles that were forgotten.
        let key = unsafe { self.state().exits.insert(objects.0, objects.1, Deferred::<D, F>::CALLS) };
        deferred.state.key.set(Some(key));
        let payload: NonNull<Deferred<D, F>> = Gc::into_payload(deferred);
        let payload: NonNull<dyn Call<D>> = payload;
        // SAFETY: the handle's reference, with the metadata of its own type.
        Ok(Finalize { inner: unsafe { Gc::from_owned(payload) } })
    }
}
