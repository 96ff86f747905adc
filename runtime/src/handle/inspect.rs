//! Questions about an object, asked of its heap.

use super::{AnyGc, Gc};
use crate::heap::{Heap, HeapState, OutOfMemory};
use crate::object::{Flags, RawObject};
use crate::weak::record_ref;

mod sealed {
    pub trait Sealed {}
    impl<T: ?Sized> Sealed for super::Gc<T> {}
    impl Sealed for super::AnyGc {}
}

/// A handle, [`Gc`] or [`AnyGc`]: what functions take that don't care which.
///
/// ```
/// use tailbite::{Gc, Handle, Heap};
/// fn describe(heap: &Heap, object: &impl Handle) -> &'static str {
///     if heap.is_tracked(object) { "tracked" } else { "untracked" }
/// }
/// let heap = Heap::new();
/// let number = heap.alloc(1);
/// assert_eq!((describe(&heap, &number), describe(&heap, &Gc::erase(number))), ("untracked", "untracked"));
/// ```
pub trait Handle: sealed::Sealed {
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    fn as_object(&self) -> RawObject;
}

impl<T: ?Sized> Handle for Gc<T> {
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    fn as_object(&self) -> RawObject {
        Gc::object(self)
    }
}

impl Handle for AnyGc {
    #[expect(private_interfaces, reason = "sealed: only this crate implements or calls it")]
    fn as_object(&self) -> RawObject {
        self.object()
    }
}

impl Heap {
    /// Whether the object lives in this heap.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let (heap, other) = (Heap::new(), Heap::new());
    /// let number = heap.alloc(1);
    /// assert!(heap.contains(&number) && !other.contains(&number));
    /// ```
    #[must_use]
    pub fn contains(&self, object: &impl Handle) -> bool {
        HeapState::of(object.as_object()) == self.state_ptr()
    }

    /// Whether the collector knows the object: whether its type can own handles.
    ///
    /// ```
    /// use tailbite::{AnyGc, Heap};
    /// let heap = Heap::new();
    /// assert!(heap.is_tracked(&heap.alloc(None::<AnyGc>)) && !heap.is_tracked(&heap.alloc(1)));
    /// ```
    #[must_use]
    pub fn is_tracked(&self, object: &impl Handle) -> bool {
        object.as_object().is_tracked()
    }

    /// Whether the finalizer of a tracked object has run. Always false for untracked ones, whose finalizer runs at
    /// every death.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use tailbite::{AnyGc, Gc, Heap, Trace};
    ///
    /// #[derive(Trace)]
    /// #[trace(finalize = Phoenix::finalize)]
    /// struct Phoenix { nest: Gc<RefCell<Option<AnyGc>>> }
    /// impl Phoenix {
    ///     fn finalize(this: &Gc<Phoenix>) { *this.nest.borrow_mut() = Some(Gc::as_any(this)); }
    /// }
    ///
    /// let heap = Heap::new();
    /// let nest = heap.alloc(RefCell::new(None));
    /// let phoenix = heap.alloc(Phoenix { nest: nest.clone() });
    /// assert!(!heap.is_finalized(&phoenix));
    /// drop(phoenix);
    /// let phoenix = nest.take().expect("it came back");
    /// assert!(heap.is_finalized(&phoenix));
    /// ```
    #[must_use]
    pub fn is_finalized(&self, object: &impl Handle) -> bool {
        object.as_object().header().has(Flags::FINALIZED)
    }

    /// Makes an object immortal, as an interpreter's `None` or interned names: the heap owns a reference to it until it
    /// is closed, and collections never look at it. Handles to it are counted as ever. What it refers to is held with
    /// it.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let none = heap.alloc(());
    /// heap.make_immortal(&none);
    /// assert!(heap.is_immortal(&none));
    /// ```
    pub fn make_immortal(&self, object: &impl Handle) {
        let object = object.as_object();
        // SAFETY: the object, which the caller has a handle to, keeps its heap's state.
        unsafe { HeapState::of(object).as_ref() }.immortalize(object);
    }

    /// Whether the object was made [immortal](Heap::make_immortal).
    #[must_use]
    pub fn is_immortal(&self, object: &impl Handle) -> bool {
        object.as_object().header().has(Flags::IMMORTAL)
    }

    /// The number of [`WeakRef`](crate::WeakRef) and [`Proxy`](crate::Proxy) objects that refer to the object. Cost: a look at
    /// each of them.
    ///
    /// ```
    /// use tailbite::{Gc, Heap, Proxy, WeakRef};
    /// let heap = Heap::new();
    /// let object = heap.alloc(1);
    /// let (proxy, weak) = (Proxy::new(&object), WeakRef::new(&object));
    /// assert_eq!(heap.get_weakref_count(&object), 2);
    /// assert_eq!(heap.get_weakrefs(&object), [Gc::erase(weak), Gc::erase(proxy)]);
    /// ```
    #[must_use]
    pub fn get_weakref_count(&self, object: &impl Handle) -> usize {
        // SAFETY: the handle keeps the object.
        let record = unsafe { super::weak::record_of(object.as_object()) };
        // SAFETY: a record that the table leads to is in use.
        record.map_or(0, |record| unsafe { record_ref(record) }.references().count())
    }

    /// The `WeakRef` and `Proxy` objects that refer to the object: the one without callback, the proxy without
    /// callback, then the others, newest first. As many as [`get_weakref_count`](Heap::get_weakref_count) says, but for
    /// those that are dying.
    ///
    /// # Panics
    /// If memory for the handles is refused.
    #[must_use]
    pub fn get_weakrefs(&self, object: &impl Handle) -> Vec<AnyGc> {
        // SAFETY: the handle keeps the object.
        let Some(record) = (unsafe { super::weak::record_of(object.as_object()) }) else { return Vec::new() };
        // SAFETY: a record that the table leads to is in use.
        let record = unsafe { record_ref(record) };
        let count = record.references().count();
        let mut references = Vec::new();
        // SAFETY: the handle keeps the object, which keeps its heap's state.
        let state = unsafe { HeapState::of(object.as_object()).as_ref() };
        if !state.alloc.make_room(&mut references, count) {
            OutOfMemory::new((), count * size_of::<AnyGc>()).raise();
        }
        references.extend(record.references().filter_map(AnyGc::revive));
        references
    }
}
