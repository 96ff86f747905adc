//! `LastFirst<T>`: a vector whose items die in CPython's order.

use core::ops::{Deref, DerefMut};

use super::trace::{Shape, Trace, Tracer};

/// A vector whose items are dropped from the last to the first, as CPython drops those of a list or tuple; otherwise a [`Vec`], and traced
/// like one.
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LastFirst<T>(Vec<T>);

impl<T> LastFirst<T> {
    /// The items, as a plain vector.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<T> {
        core::mem::take(&mut self.0)
    }
}

impl<T> Drop for LastFirst<T> {
    fn drop(&mut self) {
        // An item whose drop panics is gone from the vector, whose own drop then goes on with the rest.
        while let Some(item) = self.0.pop() {
            drop(item);
        }
    }
}

// SAFETY: reports what `Vec` reports. `Drop` drops the items, as a vector's does, and touches nothing behind them: it needs no object that
// they refer to.
unsafe impl<T: Trace> Trace for LastFirst<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        Trace::trace(&self.0, tracer);
    }

    fn shape(depth: u32) -> Shape {
        <Vec<T> as Trace>::shape(depth)
    }
}

impl<T> Default for LastFirst<T> {
    fn default() -> LastFirst<T> {
        LastFirst(Vec::new())
    }
}

impl<T> From<Vec<T>> for LastFirst<T> {
    fn from(items: Vec<T>) -> LastFirst<T> {
        LastFirst(items)
    }
}

impl<T> FromIterator<T> for LastFirst<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> LastFirst<T> {
        LastFirst(items.into_iter().collect())
    }
}

impl<T> Deref for LastFirst<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for LastFirst<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}
