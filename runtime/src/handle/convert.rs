//! Conversions into handles; like those of `Rc`, with the thread's default heap.

use core::any::Any;
use std::borrow::Cow;

use super::Gc;
use crate::heap::Heap;
use crate::object::Trace;

impl Gc<dyn Any> {
    /// The handle to a `T`, if that is what the payload is. As everywhere, the object's own type decides, not what it
    /// was seen as when it was unsized.
    ///
    /// # Errors
    /// The handle back, if it isn't.
    ///
    /// ```
    /// use std::any::Any;
    /// use tailbite::{Gc, unsize};
    /// let any: Gc<dyn Any> = unsize!(Gc::new(5_i64) => dyn Any);
    /// let any = any.downcast::<String>().unwrap_err();
    /// assert_eq!(*any.downcast::<i64>().unwrap(), 5);
    /// ```
    pub fn downcast<T: Trace>(self) -> Result<Gc<T>, Gc<dyn Any>> {
        if !Gc::as_any(&self).is::<T>() {
            return Err(self);
        }
        let payload = Gc::into_payload(self).cast::<T>();
        // SAFETY: the object's type is `T`, as was just asked; the reference is that of the handle that was consumed.
        Ok(unsafe { Gc::from_owned(payload) })
    }
}

impl<T: Trace> From<T> for Gc<T> {
    fn from(value: T) -> Gc<T> {
        Gc::new(value)
    }
}

impl<T: Trace> From<Box<T>> for Gc<T> {
    fn from(value: Box<T>) -> Gc<T> {
        Gc::new(*value)
    }
}

impl<'a, B: ?Sized + ToOwned> From<Cow<'a, B>> for Gc<B>
where
    Gc<B>: From<&'a B> + From<B::Owned>,
{
    fn from(value: Cow<'a, B>) -> Gc<B> {
        match value {
            Cow::Borrowed(value) => Gc::from(value),
            Cow::Owned(value) => Gc::from(value),
        }
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
