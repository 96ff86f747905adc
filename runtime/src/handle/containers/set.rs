//! `WeakSet`: a set that doesn't keep its members.

use core::fmt;

use super::core::{Core, collect};
use super::equivalence::{ByValue, Equivalence};
use super::search::{Entered, Found, Spare};
use super::target::WeakTarget;
use crate::handle::Gc;
use crate::heap::{Heap, OutOfMemory};
use crate::object::{Shape, Trace, Tracer, TypeOptions};
use crate::weak::{Cursor, Kind};

/// A set that doesn't keep its members: Python's `weakref.WeakSet`. A member leaves when it dies.
///
/// Everything said of a [`WeakKeyMap`](crate::WeakKeyMap)'s keys holds of a set's members.
///
/// ```
/// use tailbite::{ById, Gc, Heap, WeakSet};
///
/// let heap = Heap::new();
/// let listeners = WeakSet::<Gc<String>, ById>::with_equivalence(&heap, ById);
/// let listener = heap.alloc(String::from("window"));
/// assert!(listeners.insert(&listener) && !listeners.insert(&listener));
/// drop(listener);
/// assert!(listeners.is_empty());
/// ```
#[repr(transparent)]
pub struct WeakSet<H: WeakTarget, E = ByValue>(Core<H, (), E>);

impl<H: WeakTarget> WeakSet<H>
where
    ByValue: Equivalence<H>,
{
    /// An empty set in `heap`, with members compared [by value](ByValue).
    ///
    /// # Panics
    /// If memory is refused.
    #[must_use]
    pub fn new(heap: &Heap) -> Gc<WeakSet<H>> {
        WeakSet::with_equivalence(heap, ByValue::default())
    }
}

super::common::container! {
    WeakSet<H: WeakTarget, E>(H, ()), Kind::KeyEntry, "set"
}

impl<H: WeakTarget, E: Equivalence<H>> WeakSet<H, E> {
    fn find(&self, member: &H) -> Option<Found<H, ()>> {
        // USER CODE: `hash`, `equivalent`.
        let hash = self.0.equivalence.hash(member);
        self.0.find(hash, |_, known| self.0.equivalence.equivalent(known, member)).ok()
    }

    /// Whether an equal object is a member.
    ///
    /// ```
    /// use tailbite::{Heap, WeakSet};
    /// let heap = Heap::new();
    /// let set = WeakSet::new(&heap);
    /// let (one, same) = (heap.alloc_str("one"), heap.alloc_str("one"));
    /// set.insert(&one);
    /// assert!(set.contains(&same), "compared by value");
    /// set.clear();
    /// assert!(!set.contains(&one) && set.is_empty());
    /// ```
    #[must_use]
    pub fn contains(&self, member: &H) -> bool {
        self.find(member).is_some()
    }

    /// The member that is equal to `member`.
    ///
    /// ```
    /// use tailbite::{Gc, Heap, WeakSet};
    /// let heap = Heap::new();
    /// let set = WeakSet::new(&heap);
    /// let (one, same) = (heap.alloc_str("one"), heap.alloc_str("one"));
    /// set.insert(&one);
    /// assert!(set.get(&same).is_some_and(|member| Gc::ptr_eq(&member, &one)));
    /// ```
    #[must_use]
    pub fn get(&self, member: &H) -> Option<H> {
        Some(self.find(member)?.target)
    }

    /// Adds a member; false if an equal object is one already, which then stays.
    ///
    /// # Panics
    /// If memory is refused; [`try_insert`](WeakSet::try_insert) returns an error instead.
    pub fn insert(&self, member: &H) -> bool {
        self.try_insert(member).unwrap_or_else(|error| error.raise())
    }

    /// As [`insert`](WeakSet::insert), with an error if memory is refused. Then the set is as it was.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    ///
    /// ```
    /// use tailbite::{Heap, WeakSet};
    /// let heap = Heap::new();
    /// let set = WeakSet::new(&heap);
    /// let one = heap.alloc(1);
    /// heap.set_memory_limit(Some(0));
    /// assert!(set.try_insert(&one).is_err());
    /// heap.set_memory_limit(None);
    /// assert!(set.try_insert(&one).is_ok_and(|is_new| is_new));
    /// ```
    pub fn try_insert(&self, member: &H) -> Result<bool, OutOfMemory<()>> {
        // USER CODE: `hash`, `equivalent`.
        let hash = self.0.equivalence.hash(member);
        let entered =
            self.0.enter(hash, member, Spare::new(()), |_, known, _| self.0.equivalence.equivalent(known, member))?;
        Ok(matches!(entered, Entered::New(_)))
    }

    /// Takes a member out; false if no equal object is one.
    ///
    /// ```
    /// use tailbite::{Heap, WeakSet};
    /// let heap = Heap::new();
    /// let set = WeakSet::new(&heap);
    /// let one = heap.alloc(1);
    /// set.insert(&one);
    /// assert!(set.remove(&one) && !set.remove(&one));
    /// ```
    pub fn remove(&self, member: &H) -> bool {
        let found = self.find(member);
        if let Some(found) = &found {
            self.0.detach(&found.entry);
        }
        found.is_some()
    }

    /// Takes the last member out.
    ///
    /// ```
    /// use tailbite::{Heap, WeakSet};
    /// let heap = Heap::new();
    /// let set = WeakSet::new(&heap);
    /// let (one, two) = (heap.alloc(1), heap.alloc(2));
    /// set.insert(&one);
    /// set.insert(&two);
    /// assert_eq!((set.pop(), set.to_vec()), (Some(two), vec![one]));
    /// ```
    pub fn pop(&self) -> Option<H> {
        Some(self.0.pop()?.0)
    }

    /// The members.
    ///
    /// # Panics
    /// If memory is refused.
    #[must_use]
    pub fn to_vec(&self) -> Vec<H> {
        collect(self.0.allocator(), self.iter(), self.0.table.occupied())
    }

    /// Visits the members that are there now, one by one, those that leave meanwhile excepted. Each is visited at most
    /// once, whatever happens to the set.
    ///
    /// ```
    /// use tailbite::{Heap, WeakSet};
    /// let heap = Heap::new();
    /// let set = WeakSet::new(&heap);
    /// let [one, two, three] = [1, 2, 3].map(|number| heap.alloc(number));
    /// set.insert(&one);
    /// set.insert(&two);
    /// let mut members = set.iter();
    /// assert_eq!(members.next(), Some(one));
    /// drop(two);
    /// set.insert(&three);
    /// assert_eq!(members.next(), None, "one died, the other came too late");
    /// ```
    pub fn iter(&self) -> WeakSetIter<'_, H, E> {
        WeakSetIter { set: self, cursor: self.0.table.cursor() }
    }
}

/// Made by [`WeakSet::iter`].
pub struct WeakSetIter<'a, H: WeakTarget, E> {
    set: &'a WeakSet<H, E>,
    cursor: Cursor,
}

impl<H: WeakTarget, E: 'static> Iterator for WeakSetIter<'_, H, E> {
    type Item = H;

    fn next(&mut self) -> Option<H> {
        Some(self.set.0.advance(&mut self.cursor)?.0)
    }
}

impl<H: WeakTarget, E> fmt::Debug for WeakSetIter<'_, H, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSetIter").finish_non_exhaustive()
    }
}

impl<'a, H: WeakTarget, E: Equivalence<H>> IntoIterator for &'a WeakSet<H, E> {
    type Item = H;
    type IntoIter = WeakSetIter<'a, H, E>;

    fn into_iter(self) -> WeakSetIter<'a, H, E> {
        self.iter()
    }
}
