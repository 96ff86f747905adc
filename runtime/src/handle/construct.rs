//! Making objects with a sized payload.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::weak::to_reserved;
use super::{Gc, Weak};
use crate::alloc::Bin;
use crate::heap::{Heap, HeapState, OutOfMemory, default_state_for};
use crate::object::{Descriptor, Finalizer, Flags, Managed, RawObject, Trace, Type, TypeOptions, object_size};

impl Heap {
    /// A new object. May collect first (finalizers may run), unless the heap's [trigger](Heap::set_trigger) says
    /// otherwise.
    ///
    /// # Panics
    /// If memory is refused; [`try_alloc`](Heap::try_alloc) gives the value back instead.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let numbers = heap.alloc(vec![1, 2]);
    /// assert_eq!(numbers.len(), 2);
    /// ```
    #[inline]
    pub fn alloc<T: Trace>(&self, value: T) -> Gc<T> {
        if const { is_bulky::<T>() } {
            return self.try_alloc(value).unwrap_or_else(|error| error.raise());
        }
        // SAFETY: the `Heap` keeps the state.
        unsafe { alloc_in(self.state_ptr(), T::DESCRIPTOR, value) }
    }

    /// As [`alloc`](Heap::alloc), with an error if memory is refused, even after a full collection.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the value in it.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_memory_limit(Some(0));
    /// let error = heap.try_alloc(String::from("precious")).unwrap_err();
    /// assert_eq!(error.into_value(), "precious");
    /// ```
    #[inline]
    pub fn try_alloc<T: Trace>(&self, value: T) -> Result<Gc<T>, OutOfMemory<T>> {
        // SAFETY: the `Heap` keeps the state.
        unsafe { try_alloc_in(self.state_ptr(), T::DESCRIPTOR, value) }
    }

    /// A new object that refers to itself: `make` gets a weak handle to it, which upgrades once the object is there.
    ///
    /// ```
    /// use tailbite::{Gc, Heap, Trace, Weak};
    /// #[derive(Trace)]
    /// struct Node { me: Weak<Node> }
    /// let heap = Heap::new();
    /// let node = heap.alloc_cyclic(|me: &Weak<Node>| {
    ///     assert!(me.upgrade().is_none());
    ///     Node { me: me.clone() }
    /// });
    /// assert!(Gc::ptr_eq(&node, &node.me.upgrade().unwrap()));
    /// ```
    ///
    /// # Panics
    /// If memory is refused, or if `make` panics; then nothing is left behind.
    pub fn alloc_cyclic<T: Trace>(&self, make: impl FnOnce(&Weak<T>) -> T) -> Gc<T> {
        self.try_alloc_cyclic(make).unwrap_or_else(|error| error.raise())
    }

    /// As [`alloc_cyclic`](Heap::alloc_cyclic), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with `make` in it, which was not called.
    ///
    /// # Panics
    /// If `make` panics; then nothing is left behind.
    pub fn try_alloc_cyclic<T: Trace, F: FnOnce(&Weak<T>) -> T>(&self, make: F) -> Result<Gc<T>, OutOfMemory<F>> {
        let state = self.state_ptr();
        let ty = self.state().types.get(T::DESCRIPTOR);
        let size = object_size(ty.descriptor.layout);
        // SAFETY: the `Heap`, or for a view the operation behind it, keeps the state.
        let reservation = unsafe { Reservation::new(state, ty, size, ty.descriptor.layout.align()) };
        let Some(reservation) = reservation else {
            return Err(OutOfMemory::by(&self.state().alloc, make, size_of::<T>()));
        };
        // SAFETY: the block was reserved for a `T`.
        let weak = match unsafe { to_reserved::<T>(reservation.object) } {
            Ok(weak) => weak,
            Err(error) => return Err(error.with_value(make)),
        };
        // USER CODE: may panic; then the weak handle goes first, with the record, and then the reservation.
        let value = make(&weak);
        let (object, template) = reservation.into_object();
        // SAFETY: the block was reserved for a `T`.
        let handle = unsafe { finish(object, template, value) };
        // `init` made it a new object's header; the record is still there, because of `weak`.
        object.header().insert(Flags::WEAK);
        drop(weak);
        Ok(handle)
    }

    /// A [factory](Factory) of objects with payload `T`: allocation without looking up the type, for hot paths.
    #[must_use]
    pub fn factory<T: Trace>(&self) -> Factory<T> {
        let ty = self.state().types.get(T::DESCRIPTOR);
        self.state().enter_operation();
        Factory { state: self.state_ptr(), ty, bin: ty.bin, template: ty.template, marker: PhantomData }
    }
}

/// Whether a value is better not passed from one function to the next: without optimisation each of them copies it to its own stack.
const fn is_bulky<T>() -> bool {
    size_of::<T>() > 1024
}

/// See [`Heap::alloc`]. `descriptor` is that of `T`; passed on, because each place that is compiled may have a constant of its own, and the type is
/// looked up by its address.
///
/// # Safety
/// `state` is alive and stays so during the call.
#[inline(always)]
unsafe fn alloc_in<T: Trace>(state: NonNull<HeapState>, descriptor: &'static Descriptor, value: T) -> Gc<T> {
    // SAFETY: the caller's promise.
    if let Some(ty) = unsafe { state.as_ref() }.types.find(descriptor)
        && let Some(bin) = ty.bin
        // SAFETY: the caller's promise.
        && let Some(object) = unsafe { HeapState::allocate_at_once(state, ty.template, bin) }
    {
        // SAFETY: the block was reserved for a `T`.
        return unsafe { finish(object, ty.template, value) };
    }
    // SAFETY: the caller's promise.
    unsafe { alloc_slowly(state, descriptor, value) }
}

/// The same. Out of line, and the last thing that its callers do: so they need no stack.
///
/// # Safety
/// As there.
#[cold]
#[inline(never)]
unsafe fn alloc_slowly<T: Trace>(state: NonNull<HeapState>, descriptor: &'static Descriptor, value: T) -> Gc<T> {
    // SAFETY: the caller's promise.
    unsafe { try_alloc_in(state, descriptor, value) }.unwrap_or_else(|error| error.raise())
}

/// See [`Heap::try_alloc`]. `descriptor` is that of `T`.
///
/// # Safety
/// `state` is alive and stays so during the call.
#[inline(always)]
unsafe fn try_alloc_in<T: Trace>(
    state: NonNull<HeapState>,
    descriptor: &'static Descriptor,
    value: T,
) -> Result<Gc<T>, OutOfMemory<T>> {
    // SAFETY: the caller's promise.
    let ty = unsafe { state.as_ref() }.types.get(descriptor);
    let reserved = match ty.bin {
        // SAFETY: the caller's promise.
        Some(bin) => unsafe { HeapState::allocate(state, ty.template, bin) }.map(|object| (object, ty.template)),
        // SAFETY: the caller's promise.
        None => unsafe { reserve_unusual::<T>(state, ty) },
    };
    match reserved {
        // SAFETY: the block was reserved for a `T`.
        Some((object, template)) => Ok(unsafe { finish(object, template, value) }),
        // SAFETY: the caller's promise.
        None => Err(OutOfMemory::by(unsafe { &state.as_ref().alloc }, value, size_of::<T>())),
    }
}

/// A block for a `T` that no bin holds.
///
/// # Safety
/// `state` is alive and stays so during the call.
#[cold]
unsafe fn reserve_unusual<T: Trace>(state: NonNull<HeapState>, ty: &Type) -> Option<(RawObject, u32)> {
    let size = object_size(ty.descriptor.layout)?;
    // SAFETY: the caller's promise.
    unsafe { HeapState::allocate_sized(state, ty, size, align_of::<T>()) }
}

/// Turns a reserved block into an object.
///
/// # Safety
/// The block was reserved for a payload of type `T` with this template, and nobody else uses it.
#[inline(always)]
unsafe fn finish<T: Trace>(object: RawObject, template: u32, value: T) -> Gc<T> {
    // SAFETY: the block has room for a `T`; the payload of a sized object needs no length word.
    let payload = unsafe { T::payload(object) };
    // SAFETY: fresh memory of the right size and alignment.
    unsafe { payload.write(value) };
    object.annotate_end(size_of::<T>(), false);
    object.header().init(template);
    // SAFETY: the object is complete, and this is its first reference.
    unsafe { Gc::from_owned(payload) }
}

/// A reserved block while user code makes what goes into it: freed again unless it becomes an object.
pub(super) struct Reservation {
    pub(super) object: RawObject,
    state: NonNull<HeapState>,
    template: u32,
}

impl Reservation {
    /// `size` includes the header; `None` if it can't be represented, or if memory is refused.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call; afterwards the reserved block keeps it.
    pub(super) unsafe fn new(
        state: NonNull<HeapState>,
        ty: &Type,
        size: Option<usize>,
        align: usize,
    ) -> Option<Reservation> {
        // SAFETY: the caller's promise.
        let (object, template) = unsafe { HeapState::allocate_sized(state, ty, size?, align) }?;
        Some(Reservation { object, state, template })
    }

    /// The block, with its header template, for good.
    pub(super) fn into_object(self) -> (RawObject, u32) {
        let this = ManuallyDrop::new(self);
        // SAFETY: (1) the reserved block keeps the state; (2) it is of that heap.
        unsafe { HeapState::list_again(this.state, this.object, this.template) };
        (this.object, this.template)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the block never became an object, and kept the state until now.
        unsafe { HeapState::cancel(self.state, self.object, self.template) };
    }
}

impl<T: Trace> Gc<T> {
    /// A new object on the thread's default heap.
    ///
    /// # Panics
    /// If memory is refused; [`try_new`](Gc::try_new) gives the value back instead.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let number = Gc::new(1);
    /// assert!(Heap::with_default(|heap| heap.contains(&number)));
    /// ```
    #[inline]
    #[must_use]
    pub fn new(value: T) -> Gc<T> {
        if const { is_bulky::<T>() } {
            return Gc::try_new(value).unwrap_or_else(|error| error.raise());
        }
        let descriptor = T::DESCRIPTOR;
        match default_state_for(descriptor) {
            // SAFETY: as in `try_new`.
            Some(state) => unsafe { alloc_in(state, descriptor, value) },
            None => OutOfMemory::new(value, size_of::<T>()).raise(),
        }
    }

    /// As [`new`](Gc::new), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the value in it.
    #[inline]
    pub fn try_new(value: T) -> Result<Gc<T>, OutOfMemory<T>> {
        match default_state_for(T::DESCRIPTOR) {
            // SAFETY: the type is registered, so no user code runs but in a collection; the default heap's state is
            // freed with its last object once it is closed, and then it doesn't collect.
            Some(state) => unsafe { try_alloc_in(state, T::DESCRIPTOR, value) },
            None => Err(OutOfMemory::new(value, size_of::<T>())),
        }
    }

    /// As [`new_cyclic`](Gc::new_cyclic), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with `make` in it, which was not called.
    ///
    /// # Panics
    /// If `make` panics; then nothing is left behind.
    pub fn try_new_cyclic<F: FnOnce(&Weak<T>) -> T>(make: F) -> Result<Gc<T>, OutOfMemory<F>> {
        match default_state_for(T::DESCRIPTOR) {
            // SAFETY: the default heap's state is alive: it was asked for just now.
            Some(state) => unsafe { Heap::with_state(state, |heap| heap.try_alloc_cyclic(make)) },
            None => Err(OutOfMemory::new(make, size_of::<T>())),
        }
    }

    /// A new object on the default heap that refers to itself; see [`Heap::alloc_cyclic`].
    ///
    /// # Panics
    /// If memory is refused, or if `make` panics; then nothing is left behind.
    ///
    /// ```
    /// use tailbite::{Gc, Trace, Weak};
    /// #[derive(Trace)]
    /// struct Node { me: Weak<Node> }
    /// let node = Gc::new_cyclic(|me| Node { me: me.clone() });
    /// assert!(node.me.upgrade().is_some_and(|me| Gc::ptr_eq(&me, &node)));
    /// ```
    #[must_use]
    pub fn new_cyclic(make: impl FnOnce(&Weak<T>) -> T) -> Gc<T> {
        Heap::with_default(|heap| heap.alloc_cyclic(make))
    }
}

/// Makes objects with payload `T` in one heap, without looking up the type each time. Made by [`Heap::factory`]; keeps
/// the heap's memory.
///
/// ```
/// use tailbite::Heap;
/// let heap = Heap::new();
/// let floats = heap.factory::<f64>();
/// assert_eq!(*floats.alloc(0.5), 0.5);
/// ```
pub struct Factory<T> {
    /// Kept by an operation of the factory's.
    state: NonNull<HeapState>,
    ty: &'static Type,
    bin: Option<Bin>,
    template: u32,
    /// Invariant in `T` (S4).
    marker: PhantomData<*mut T>,
}

impl<T: Trace> Factory<T> {
    /// As [`Heap::alloc`].
    ///
    /// # Panics
    /// If memory is refused.
    #[inline(always)]
    pub fn alloc(&self, value: T) -> Gc<T> {
        if const { is_bulky::<T>() } {
            return self.try_alloc(value).unwrap_or_else(|error| error.raise());
        }
        if let Some(bin) = self.bin
            // SAFETY: the factory keeps the state.
            && let Some(object) = unsafe { HeapState::allocate_at_once(self.state, self.template, bin) }
        {
            // SAFETY: the block was reserved for a `T`.
            return unsafe { finish(object, self.template, value) };
        }
        self.alloc_slowly(value)
    }

    /// The same. Out of line, and the last thing that its callers do: so they need no stack.
    #[cold]
    #[inline(never)]
    fn alloc_slowly(&self, value: T) -> Gc<T> {
        self.try_alloc(value).unwrap_or_else(|error| error.raise())
    }

    /// As [`Heap::try_alloc`].
    ///
    /// # Errors
    /// [`OutOfMemory`], with the value in it.
    #[inline]
    pub fn try_alloc(&self, value: T) -> Result<Gc<T>, OutOfMemory<T>> {
        let reserved = match self.bin {
            Some(bin) => {
                // SAFETY: the factory keeps the state.
                unsafe { HeapState::allocate(self.state, self.template, bin) }.map(|object| (object, self.template))
            }
            // SAFETY: the factory keeps the state.
            None => unsafe { reserve_unusual::<T>(self.state, self.ty) },
        };
        match reserved {
            // SAFETY: the block was reserved for a `T`.
            Some((object, template)) => Ok(unsafe { finish(object, template, value) }),
            // SAFETY: the factory keeps the state.
            None => Err(OutOfMemory::by(unsafe { &self.state.as_ref().alloc }, value, size_of::<T>())),
        }
    }
}

impl<T> Clone for Factory<T> {
    fn clone(&self) -> Factory<T> {
        // SAFETY: the factory keeps the state.
        unsafe { self.state.as_ref() }.enter_operation();
        Factory { marker: PhantomData, ..*self }
    }
}

impl<T> Drop for Factory<T> {
    fn drop(&mut self) {
        // SAFETY: (1) the factory's own operation, entered when it was made or cloned; (2) the last use.
        unsafe { HeapState::end_operation(self.state) };
    }
}

impl<T> fmt::Debug for Factory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Factory({})", self.ty.name())
    }
}

impl<T: Trace> TypeOptions<T> {
    /// A finalizer for every object of the type: runs once in the life of a tracked object, before it dies by count or
    /// as garbage, while everything it refers to is intact. It may do anything, also keep the object alive
    /// (resurrection). The finalizer of an untracked object runs at every death, as with CPython's non-GC types.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use tailbite::{Gc, Trace, Tracer, TypeOptions};
    ///
    /// thread_local!(static CLOSED: Cell<i32> = const { Cell::new(-1) });
    ///
    /// struct File(i32);
    /// // SAFETY: it owns no handles.
    /// unsafe impl Trace for File {
    ///     fn trace(&self, _: &mut Tracer<'_>) {}
    ///     fn options(options: &mut TypeOptions<File>) {
    ///         options.finalizer(|file| CLOSED.set(file.0));
    ///     }
    /// }
    ///
    /// drop(Gc::new(File(3)));
    /// assert_eq!(CLOSED.get(), 3);
    /// ```
    pub fn finalizer(&mut self, finalizer: fn(&Gc<T>)) -> &mut Self {
        self.set_finalizer(finalizer, true)
    }

    /// The same, only for objects for which [`Gc::request_finalizer`] was called: others pay nothing. For one Rust type
    /// that serves script classes with and without a finalizer. The derive's `finalize_on_request` declares it; there is
    /// an example at [`Gc::request_finalizer`].
    pub fn finalizer_on_request(&mut self, finalizer: fn(&Gc<T>)) -> &mut Self {
        self.set_finalizer(finalizer, false)
    }

    fn set_finalizer(&mut self, finalizer: fn(&Gc<T>), at_birth: bool) -> &mut Self {
        let call = move |object: RawObject| {
            // SAFETY: what `Finalizer::run` asks for: alive, with payload `T`. The handle is borrowed from the caller's
            // reference, and not dropped.
            let handle = ManuallyDrop::new(unsafe { Gc::from_owned(T::payload(object)) });
            finalizer(&handle);
        };
        self.finalizer = Some(Finalizer::new(call, at_birth));
        self
    }
}
