//! Types: the descriptor behind an object's type id.

use core::alloc::Layout;
use core::any::{Any, TypeId, type_name};
use core::ptr::{self, NonNull, drop_in_place};

use super::header::Flags;
use super::layout::RawObject;
use super::options::{Finalizer, TypeOptions};
use super::trace::{Shape, Trace, Tracer};
use crate::alloc::{Bin, PoolKind};

/// What a type declares: [`TypeOptions`], without the type.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) finalizer: Option<Finalizer>,
    pub(crate) protocol: Option<&'static (dyn Any + Send + Sync)>,
    pub(crate) fixed: bool,
    pub(crate) private: bool,
    pub(crate) weak_container: bool,
}

/// What the compiler knows of a payload type. One constant per type; its address is a cache key, its `id` the identity
/// (S22).
#[derive(Debug)]
pub struct Descriptor {
    pub(crate) id: TypeId,
    pub(crate) name: fn() -> &'static str,
    /// Of the sized payload; of the head for one that ends in a slice.
    pub(crate) layout: Layout,
    /// The payload ends in a slice, whose length is in the block's last word.
    pub(crate) tailed: bool,
    pub(crate) shape: fn() -> Shape,
    /// See [`Trace::owns_only_handles`].
    pub(crate) only_handles: fn() -> bool,
    pub(crate) options: fn() -> Hooks,
    /// Reports the payload's edges. Obligation: the object is alive, its payload is of this type and not mutably
    /// borrowed.
    pub(crate) trace: unsafe fn(RawObject, &mut Tracer<'_>),
    /// Drops the payload in place. Obligation: as above, and nobody uses the payload afterwards.
    pub(crate) drop: Option<unsafe fn(RawObject)>,
}

/// What can be the payload of an object: every [`Trace`] type, `[T]`, `str`, and [`WithSlice<H, T>`](WithSlice).
///
/// # Safety
/// Not for implementation outside this crate.
#[diagnostic::on_unimplemented(message = "`{Self}` can't be the payload of an object")]
pub unsafe trait Managed: 'static {
    #[doc(hidden)]
    const DESCRIPTOR: &'static Descriptor;

    /// The payload of `object`, with the block's provenance.
    ///
    /// # Safety
    /// The object is allocated, of this type, and complete up to its length word.
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    unsafe fn payload(object: RawObject) -> NonNull<Self>;
}

/// A head and a slice in one block: `Gc<WithSlice<H, T>>` is a variable-size object such as a tuple or a code object.
///
/// ```
/// use tailbite::{Gc, Heap, WithSlice};
/// let heap = Heap::new();
/// let record: Gc<WithSlice<&'static str, i64>> = heap.alloc_with_slice("squares", [1, 4, 9]);
/// assert_eq!((record.head, &record.slice), ("squares", &[1, 4, 9][..]));
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct WithSlice<H, T> {
    /// The part of fixed size.
    pub head: H,
    /// The part whose length was chosen when the object was made.
    pub slice: [T],
}

/// Drops the payload of `object` as an `M`.
///
/// # Safety
/// As [`Descriptor::drop`].
unsafe fn drop_payload<M: Managed + ?Sized>(object: RawObject) {
    // SAFETY: the caller's promise.
    unsafe { drop_in_place(M::payload(object).as_ptr()) }
}

const fn drop_if_needed<M: Managed + ?Sized>() -> Option<unsafe fn(RawObject)> {
    if core::mem::needs_drop::<M>() { Some(drop_payload::<M>) } else { None }
}

// SAFETY: the descriptor describes `T`, and the payload of a sized object starts where every payload does.
unsafe impl<T: Trace> Managed for T {
    const DESCRIPTOR: &'static Descriptor = &Descriptor {
        id: TypeId::of::<T>(),
        name: type_name::<T>,
        layout: Layout::new::<T>(),
        tailed: false,
        shape: Shape::of::<T>,
        only_handles: T::owns_only_handles,
        options: || {
            let mut options = TypeOptions::<T>::new();
            T::options(&mut options);
            Hooks {
                finalizer: options.finalizer,
                protocol: options.protocol,
                fixed: options.fixed,
                private: options.private,
                weak_container: options.weak_container,
            }
        },
        trace: {
            unsafe fn trace<T: Trace>(object: RawObject, tracer: &mut Tracer<'_>) {
                // SAFETY: the caller's promise (`Descriptor::trace`).
                T::trace(unsafe { T::payload(object).as_ref() }, tracer);
            }
            trace::<T>
        },
        drop: drop_if_needed::<T>(),
    };

    #[inline(always)]
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    unsafe fn payload(object: RawObject) -> NonNull<T> {
        object.payload().cast()
    }
}

// SAFETY: the descriptor describes `[T]`; the length is in the block's last word.
unsafe impl<T: Trace> Managed for [T] {
    const DESCRIPTOR: &'static Descriptor = &Descriptor {
        id: TypeId::of::<[T]>(),
        name: type_name::<[T]>,
        layout: Layout::new::<[T; 0]>(),
        tailed: true,
        shape: Shape::of::<T>,
        only_handles: T::owns_only_handles,
        options: Hooks::default,
        trace: {
            unsafe fn trace<T: Trace>(object: RawObject, tracer: &mut Tracer<'_>) {
                // SAFETY: the caller's promise (`Descriptor::trace`).
                for element in unsafe { <[T]>::payload(object).as_ref() } {
                    T::trace(element, tracer);
                }
            }
            trace::<T>
        },
        drop: drop_if_needed::<[T]>(),
    };

    #[inline]
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    unsafe fn payload(object: RawObject) -> NonNull<[T]> {
        // SAFETY: the caller's promise: the payload ends in a slice.
        NonNull::slice_from_raw_parts(object.payload().cast(), unsafe { object.length() })
    }
}

// SAFETY: as for `[u8]`; only `&str` is ever copied into such an object.
unsafe impl Managed for str {
    const DESCRIPTOR: &'static Descriptor = &Descriptor {
        id: TypeId::of::<str>(),
        name: type_name::<str>,
        layout: Layout::new::<[u8; 0]>(),
        tailed: true,
        shape: || Shape::PLAIN,
        only_handles: || true,
        options: Hooks::default,
        trace: |_, _| {},
        drop: None,
    };

    #[inline]
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    unsafe fn payload(object: RawObject) -> NonNull<str> {
        // SAFETY: the caller's promise: the payload ends in a slice.
        let bytes = unsafe { <[u8]>::payload(object) };
        // SAFETY: a cast of a non-null pointer.
        unsafe { NonNull::new_unchecked(ptr_to_str(bytes.as_ptr())) }
    }
}

/// `*mut [u8]` and `*mut str` have the same metadata.
fn ptr_to_str(bytes: *mut [u8]) -> *mut str {
    bytes as *mut str
}

// SAFETY: the descriptor describes `WithSlice<H, T>`; the length is in the block's last word.
unsafe impl<H: Trace, T: Trace> Managed for WithSlice<H, T> {
    const DESCRIPTOR: &'static Descriptor = &Descriptor {
        id: TypeId::of::<WithSlice<H, T>>(),
        name: type_name::<WithSlice<H, T>>,
        layout: Layout::new::<(H, [T; 0])>(),
        tailed: true,
        shape: || Shape::of::<H>().union(Shape::of::<T>()),
        only_handles: || H::owns_only_handles() && T::owns_only_handles(),
        options: Hooks::default,
        trace: {
            unsafe fn trace<H: Trace, T: Trace>(object: RawObject, tracer: &mut Tracer<'_>) {
                // SAFETY: the caller's promise (`Descriptor::trace`).
                let payload = unsafe { <WithSlice<H, T>>::payload(object).as_ref() };
                H::trace(&payload.head, tracer);
                for element in &payload.slice {
                    T::trace(element, tracer);
                }
            }
            trace::<H, T>
        },
        drop: drop_if_needed::<WithSlice<H, T>>(),
    };

    #[inline]
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    unsafe fn payload(object: RawObject) -> NonNull<WithSlice<H, T>> {
        // SAFETY: the caller's promise: the payload ends in a slice.
        let length = unsafe { object.length() };
        let slice: *mut [T] = ptr::slice_from_raw_parts_mut(object.payload().cast::<T>().as_ptr(), length);
        let whole = slice as *mut WithSlice<H, T>;
        // SAFETY: a cast of a non-null pointer.
        unsafe { NonNull::new_unchecked(whole) }
    }
}

/// A registered type: its descriptor, and what was worked out from it.
pub(crate) struct Type {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) hooks: Hooks,
    pub(crate) shape: Shape,
    /// The low half of a new object's header: type id and gc bits.
    pub(crate) template: u32,
    /// Where objects of a sized payload are allocated; `None` for large ones and those that end in a slice.
    pub(crate) bin: Option<Bin>,
}

impl Type {
    /// Works out what objects of the type look like. Calls [`Trace::shape`] and [`Trace::options`].
    pub(crate) fn new(descriptor: &'static Descriptor) -> Type {
        let hooks = (descriptor.options)();
        let shape = (descriptor.shape)();
        let mut flags = Flags::empty();
        flags.set(Flags::TRACKED, shape.contains(Shape::EDGES));
        flags.set(Flags::LOUD, shape.contains(Shape::LOUD_DROP) && descriptor.drop.is_some());
        flags.set(Flags::FINALIZER, hooks.finalizer.as_ref().is_some_and(|finalizer| finalizer.at_birth));
        flags.set(Flags::GLUE, descriptor.drop.is_some() && !(descriptor.only_handles)());
        let mut this = Type { descriptor, hooks, shape, template: flags.bits() as u32, bin: None };
        if let (false, Some(size)) = (descriptor.tailed, super::object_size(descriptor.layout)) {
            this.bin = Bin::for_object(this.kind(), size, descriptor.layout.align());
        }
        this
    }

    /// The same type, as a debug heap allocates it: freeing a block takes the slow path. Objects don't lead to it, so it needs no hooks.
    pub(crate) fn guarded(&self) -> Type {
        let template = self.template | Flags::LARGE.bits() as u32;
        Type { hooks: Hooks::default(), template, ..*self }
    }

    /// The pools that objects of this type live in.
    pub(crate) fn kind(&self) -> PoolKind {
        if self.shape.contains(Shape::EDGES) { PoolKind::Tracked } else { PoolKind::Leaf }
    }

    pub(crate) fn name(&self) -> &'static str {
        (self.descriptor.name)()
    }
}

impl core::fmt::Debug for Type {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Type({})", self.name())
    }
}
