//! `LastFirst<T>`: a vector whose items die in CPython's order.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};

use allocator_api2::alloc::{Allocator, Global};
use allocator_api2::collections::TryReserveError;
use allocator_api2::vec::Vec;

use super::trace_external::{items_shape, trace_items};
use crate::object::{Shape, Trace, Tracer};

/// A vector whose items are dropped from the last to the first, as CPython drops those of a list or tuple; otherwise a
/// `Vec`, and traced like one. It is the `Vec` of the crate `allocator-api2`, so that its memory may come from any
/// allocator, that of a heap included.
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use tailbite::{Gc, LastFirst, leaf};
///
/// struct Loud(u8, Rc<RefCell<Vec<u8>>>);
/// impl Drop for Loud {
///     fn drop(&mut self) { self.1.borrow_mut().push(self.0); }
/// }
/// leaf!(Loud);
///
/// let order = Rc::new(RefCell::new(Vec::new()));
/// let items: Vec<Gc<Loud>> = (1..=3).map(|n| Gc::new(Loud(n, order.clone()))).collect();
/// let list = Gc::new(LastFirst::from(items));
/// assert_eq!(list.len(), 3);
/// drop(list);
/// assert_eq!(*order.borrow(), [3, 2, 1]);
/// ```
pub struct LastFirst<T, A: Allocator = Global>(Vec<T, A>);

impl<T> LastFirst<T> {
    /// The items, as a plain vector of the standard library. Copies nothing.
    ///
    /// ```
    /// use tailbite::LastFirst;
    /// let list = LastFirst::from(vec![1, 2, 3]);
    /// assert_eq!(list.into_vec(), [1, 2, 3]);
    /// ```
    #[must_use]
    pub fn into_vec(self) -> std::vec::Vec<T> {
        let (items, length, capacity) = self.into_items().into_raw_parts();
        // SAFETY: the parts of a vector in memory from `Global`, which is that of `std::alloc`, with the layout of an
        // array of `capacity` items, as the standard library's vector has it.
        unsafe { std::vec::Vec::from_raw_parts(items, length, capacity) }
    }
}

impl<T, A: Allocator> LastFirst<T, A> {
    /// An empty vector in memory from `allocator`. Allocates nothing.
    ///
    /// ```
    /// use tailbite::{Heap, LastFirst};
    /// let heap = Heap::new();
    /// let before = heap.used_bytes();
    /// let mut list = LastFirst::new_in(heap.allocator());
    /// list.extend(0..10_000_u64);
    /// assert!(heap.used_bytes() >= before + 80_000);
    /// ```
    #[must_use]
    pub const fn new_in(allocator: A) -> LastFirst<T, A> {
        LastFirst(Vec::new_in(allocator))
    }

    /// Makes room for at least `additional` more items, so that pushing them asks for no memory.
    ///
    /// # Errors
    /// If the allocator refuses, or if the capacity can't be represented.
    ///
    /// ```
    /// use tailbite::{Heap, LastFirst};
    /// let heap = Heap::new();
    /// heap.set_memory_limit(Some(heap.used_bytes()));
    /// let mut list = LastFirst::<u64, _>::new_in(heap.allocator());
    /// assert!(list.try_reserve(1000).is_err());
    /// heap.set_memory_limit(None);
    /// assert!(list.try_reserve(1000).is_ok() && list.capacity() >= 1000);
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.0.try_reserve(additional)
    }

    /// The allocator that the memory comes from.
    ///
    /// ```
    /// use tailbite::{Heap, LastFirst};
    /// let heap = Heap::new();
    /// let list = LastFirst::<u8, _>::new_in(heap.allocator());
    /// let another = LastFirst::<u64, _>::new_in(list.allocator().clone());
    /// assert!(list.is_empty() && another.is_empty());
    /// ```
    #[must_use]
    pub fn allocator(&self) -> &A {
        self.0.allocator()
    }

    /// The items, as a vector that drops them from the first to the last.
    ///
    /// ```
    /// use tailbite::LastFirst;
    /// let mut items = LastFirst::from(vec!["a", "b"]).into_items();
    /// items.push("c");
    /// assert_eq!(LastFirst::from(items).into_vec(), ["a", "b", "c"]);
    /// ```
    #[must_use]
    pub fn into_items(self) -> Vec<T, A> {
        let this = ManuallyDrop::new(self);
        // SAFETY: read once, and `this` is not dropped.
        unsafe { core::ptr::from_ref(&this.0).read() }
    }
}

impl<T, A: Allocator> Drop for LastFirst<T, A> {
    fn drop(&mut self) {
        /// Drops the items from the last to the first, and goes on doing so when one of them panics. A second panic
        /// aborts, as it does in a vector.
        struct Rest<'a, T, A: Allocator>(&'a mut Vec<T, A>);

        impl<T, A: Allocator> Drop for Rest<'_, T, A> {
            fn drop(&mut self) {
                while let Some(item) = self.0.pop() {
                    drop(item);
                }
            }
        }

        let rest = Rest(&mut self.0);
        while let Some(item) = rest.0.pop() {
            drop(item);
        }
    }
}

// SAFETY: each item is owned by the vector and visited once. `Drop` drops the items, as a vector's does, and looks at
// nothing behind them (the exception of rule 5).
unsafe impl<T: Trace, A: Allocator + 'static> Trace for LastFirst<T, A> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        trace_items(&self.0, tracer);
    }

    fn shape(depth: u32) -> Shape {
        items_shape::<T, A>(depth)
    }
}

impl<T, A: Allocator + Default> Default for LastFirst<T, A> {
    fn default() -> LastFirst<T, A> {
        LastFirst::new_in(A::default())
    }
}

impl<T: Clone, A: Allocator + Clone> Clone for LastFirst<T, A> {
    fn clone(&self) -> LastFirst<T, A> {
        LastFirst(self.0.clone())
    }
}

impl<T> From<std::vec::Vec<T>> for LastFirst<T> {
    /// Copies nothing.
    fn from(items: std::vec::Vec<T>) -> LastFirst<T> {
        let mut items = ManuallyDrop::new(items);
        // SAFETY: the parts of a vector in memory of `std::alloc`, which is that of `Global`, with the layout of an
        // array of `capacity` items; the vector is not dropped.
        LastFirst(unsafe { Vec::from_raw_parts(items.as_mut_ptr(), items.len(), items.capacity()) })
    }
}

impl<T, A: Allocator> From<Vec<T, A>> for LastFirst<T, A> {
    fn from(items: Vec<T, A>) -> LastFirst<T, A> {
        LastFirst(items)
    }
}

impl<T> FromIterator<T> for LastFirst<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> LastFirst<T> {
        LastFirst::from(items.into_iter().collect::<std::vec::Vec<T>>())
    }
}

impl<T, A: Allocator> Deref for LastFirst<T, A> {
    type Target = Vec<T, A>;

    fn deref(&self) -> &Vec<T, A> {
        &self.0
    }
}

impl<T, A: Allocator> DerefMut for LastFirst<T, A> {
    fn deref_mut(&mut self) -> &mut Vec<T, A> {
        &mut self.0
    }
}

impl<T: fmt::Debug, A: Allocator> fmt::Debug for LastFirst<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LastFirst").field(&self.0).finish()
    }
}

impl<T: PartialEq, A: Allocator> PartialEq for LastFirst<T, A> {
    fn eq(&self, other: &LastFirst<T, A>) -> bool {
        self.0[..] == other.0[..]
    }
}

impl<T: Eq, A: Allocator> Eq for LastFirst<T, A> {}

impl<T: PartialOrd, A: Allocator> PartialOrd for LastFirst<T, A> {
    fn partial_cmp(&self, other: &LastFirst<T, A>) -> Option<Ordering> {
        self.0[..].partial_cmp(&other.0[..])
    }
}

impl<T: Ord, A: Allocator> Ord for LastFirst<T, A> {
    fn cmp(&self, other: &LastFirst<T, A>) -> Ordering {
        self.0[..].cmp(&other.0[..])
    }
}

impl<T: Hash, A: Allocator> Hash for LastFirst<T, A> {
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.0[..].hash(state);
    }
}
