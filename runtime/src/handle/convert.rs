//! Conversions into handles; like those of `Rc`, with the thread's default heap.

use super::Gc;
use crate::heap::Heap;
use crate::object::Trace;

impl<T: Trace> From<T> for Gc<T> {
    fn from(value: T) -> Gc<T> {
        Gc::new(value)
    }
}

impl<T: Trace + Default> Default for Gc<T> {
    fn default() -> Gc<T> {
        Gc::new(T::default())
    }
}

impl Default for Gc<str> {
    fn default() -> Gc<str> {
        Gc::from("")
    }
}

impl<T: Trace> Default for Gc<[T]> {
    fn default() -> Gc<[T]> {
        Gc::from(Vec::new())
    }
}

impl From<&str> for Gc<str> {
    fn from(text: &str) -> Gc<str> {
        Heap::with_default(|heap| heap.alloc_str(text))
    }
}

impl From<String> for Gc<str> {
    fn from(text: String) -> Gc<str> {
        Gc::from(&*text)
    }
}

impl From<Box<str>> for Gc<str> {
    fn from(text: Box<str>) -> Gc<str> {
        Gc::from(&*text)
    }
}

impl<T: Trace> From<Vec<T>> for Gc<[T]> {
    fn from(items: Vec<T>) -> Gc<[T]> {
        Heap::with_default(|heap| heap.alloc_slice(items))
    }
}

impl<T: Trace> From<Box<[T]>> for Gc<[T]> {
    fn from(items: Box<[T]>) -> Gc<[T]> {
        Gc::from(items.into_vec())
    }
}

impl<T: Trace + Clone> From<&[T]> for Gc<[T]> {
    fn from(items: &[T]) -> Gc<[T]> {
        Heap::with_default(|heap| heap.alloc_slice(items.iter().cloned()))
    }
}

impl<T: Trace, const N: usize> From<[T; N]> for Gc<[T]> {
    fn from(items: [T; N]) -> Gc<[T]> {
        Heap::with_default(|heap| heap.alloc_slice(items))
    }
}

impl<T: Trace> FromIterator<T> for Gc<[T]> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Gc<[T]> {
        Gc::from(items.into_iter().collect::<Vec<T>>())
    }
}
