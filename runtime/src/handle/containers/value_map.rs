//! `WeakValueMap`: a map whose entries live as long as their values.

use core::borrow::Borrow;
use core::fmt;

use super::core::{Core, collect};
use super::entry::Entry;
use super::equivalence::{ByValue, Equivalence};
use super::search::{Entered, Found, Spare};
use super::target::WeakTarget;
use crate::handle::{Gc, WeakRef};
use crate::heap::{Heap, OutOfMemory};
use crate::object::{Shape, Trace, Tracer, TypeOptions};
use crate::weak::{Cursor, Kind};

/// A map that doesn't keep its values: Python's `weakref.WeakValueDictionary`. An entry, and with it the key that it
/// owns, goes when its value dies.
///
/// For caches and intern tables. When a value dies by count, its entry goes with its callbacks, after the finalizer; in
/// a collection, before any finalizer, as in CPython, so that a value which a finalizer keeps alive is not in the map
/// any more.
///
/// The map is an object; its values may be in any heap. Nothing of it is lent (S5). An entry shows only while its value
/// can be had. Order and iteration are those of [`WeakKeyMap`](crate::WeakKeyMap), and so is the cost of an entry.
///
/// ```
/// use tailbite::{Gc, Heap, WeakValueMap};
///
/// let heap = Heap::new();
/// let names = WeakValueMap::<String, Gc<str>>::new(&heap);
/// let intern = |text: &str| names.get_or_insert(text.to_owned(), &heap.alloc_str(text));
/// let (one, two) = (intern("name"), intern("name"));
/// assert!(Gc::ptr_eq(&one, &two));
/// drop((one, two));
/// assert!(names.get("name").is_none() && names.is_empty());
/// ```
#[repr(transparent)]
pub struct WeakValueMap<K: Trace, H: WeakTarget, E = ByValue>(Core<H, K, E>);

impl<K: Trace, H: WeakTarget> WeakValueMap<K, H>
where
    ByValue: Equivalence<K>,
{
    /// An empty map in `heap`, with keys compared [by value](ByValue).
    ///
    /// # Panics
    /// If memory is refused.
    #[must_use]
    pub fn new(heap: &Heap) -> Gc<WeakValueMap<K, H>> {
        WeakValueMap::with_equivalence(heap, ByValue::default())
    }
}

super::common::container! {
    WeakValueMap<K: Trace, H: WeakTarget, E>(H, K), Kind::ValueEntry, "map"
}

impl<K: Trace, H: WeakTarget, E: 'static> WeakValueMap<K, H, E> {
    fn find<Q: ?Sized>(&self, key: &Q) -> Option<Found<H, K>>
    where
        K: Borrow<Q>,
        E: Equivalence<Q>,
    {
        // USER CODE: `hash`, `borrow`, `equivalent`.
        let hash = self.0.equivalence.hash(key);
        let matches = |entry: &Gc<Entry<H, K>>, _: &H| self.0.equivalence.equivalent(key_of(entry).borrow(), key);
        self.0.find(hash, matches).ok()
    }

    /// The value of a key.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::<String, _>::new(&heap);
    /// let value = heap.alloc(1);
    /// map.insert("one".to_owned(), &value);
    /// assert_eq!((map.get("one"), map.get("two")), (Some(value), None));
    /// ```
    #[must_use]
    pub fn get<Q: ?Sized>(&self, key: &Q) -> Option<H>
    where
        K: Borrow<Q>,
        E: Equivalence<Q>,
    {
        Some(self.find(key)?.target)
    }

    /// Whether a key has a value.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::<String, _>::new(&heap);
    /// let value = heap.alloc(1);
    /// map.insert("one".to_owned(), &value);
    /// assert!(map.contains("one"));
    /// drop(value);
    /// assert!(!map.contains("one"));
    /// ```
    #[must_use]
    pub fn contains<Q: ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        E: Equivalence<Q>,
    {
        self.find(key).is_some()
    }

    /// Takes the entry of a key out; its value.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::<String, _>::new(&heap);
    /// let value = heap.alloc(1);
    /// map.insert("one".to_owned(), &value);
    /// assert_eq!((map.remove("one"), map.remove("one")), (Some(value), None));
    /// ```
    pub fn remove<Q: ?Sized>(&self, key: &Q) -> Option<H>
    where
        K: Borrow<Q>,
        E: Equivalence<Q>,
    {
        let Found { entry, target } = self.find(key)?;
        self.0.detach(&entry);
        drop(entry);
        Some(target)
    }

    /// Sets the value of a key; the one that it had before. An equal key that is there already stays.
    ///
    /// # Panics
    /// If memory is refused; [`try_insert`](WeakValueMap::try_insert) gives the key back instead.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::new(&heap);
    /// let (one, uno) = (heap.alloc_str("one"), heap.alloc_str("uno"));
    /// assert_eq!(map.insert(1, &one), None);
    /// assert_eq!(map.insert(1, &uno), Some(one));
    /// assert_eq!(map.get(&1), Some(uno.clone()));
    /// ```
    pub fn insert(&self, key: K, value: &H) -> Option<H>
    where
        E: Equivalence<K>,
    {
        self.try_insert(key, value).unwrap_or_else(|error| error.raise())
    }

    /// As [`insert`](WeakValueMap::insert), with an error if memory is refused. Then the map is as it was.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the key in it.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::<String, _>::new(&heap);
    /// let value = heap.alloc(1);
    /// heap.set_memory_limit(Some(0));
    /// let error = map.try_insert("one".to_owned(), &value).unwrap_err();
    /// assert_eq!((error.into_value().as_str(), map.len()), ("one", 0));
    /// ```
    pub fn try_insert(&self, key: K, value: &H) -> Result<Option<H>, OutOfMemory<K>>
    where
        E: Equivalence<K>,
    {
        match self.enter(key, value)? {
            Entered::New(_) => Ok(None),
            Entered::Known(found, mut spare) => {
                self.0.move_to(&found, value).map_err(|error| error.with_value(spare.take()))?;
                // USER CODE: the drop of the key that isn't used. If it panics, a result that was there already would be leaked.
                drop(spare);
                Ok(Some(found.target))
            }
        }
    }

    /// The value of a key, after setting it to `value` if there was none: Python's `setdefault`.
    ///
    /// # Panics
    /// If memory is refused; `try_get_or_insert` gives the key back instead.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::new(&heap);
    /// let (one, uno) = (heap.alloc_str("one"), heap.alloc_str("uno"));
    /// assert_eq!(map.get_or_insert(1, &one), one);
    /// assert_eq!(map.get_or_insert(1, &uno), one);
    /// assert_eq!(map.try_get_or_insert(1, &uno).unwrap(), one);
    /// ```
    pub fn get_or_insert(&self, key: K, value: &H) -> H
    where
        E: Equivalence<K>,
    {
        self.try_get_or_insert(key, value).unwrap_or_else(|error| error.raise())
    }

    /// As [`get_or_insert`](WeakValueMap::get_or_insert), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the key in it.
    pub fn try_get_or_insert(&self, key: K, value: &H) -> Result<H, OutOfMemory<K>>
    where
        E: Equivalence<K>,
    {
        Ok(match self.enter(key, value)? {
            Entered::New(_) => value.clone(),
            Entered::Known(found, spare) => {
                // USER CODE: as above.
                drop(spare);
                found.target
            }
        })
    }

    fn enter(&self, key: K, value: &H) -> Result<Entered<H, K>, OutOfMemory<K>>
    where
        E: Equivalence<K>,
    {
        // USER CODE: `hash`, `equivalent`.
        let hash = self.0.equivalence.hash(&key);
        self.0.enter(hash, value, Spare::new(key), |entry, _, key| self.0.equivalence.equivalent(key_of(entry), key))
    }

    /// The values.
    ///
    /// # Panics
    /// If memory is refused.
    #[must_use]
    pub fn values(&self) -> Vec<H> {
        let mut cursor = self.0.table.cursor();
        let values = core::iter::from_fn(|| Some(self.0.advance(&mut cursor)?.0));
        collect(self.0.allocator(), values, self.0.table.occupied())
    }

    /// Weak references to the values: Python's `valuerefs`.
    ///
    /// # Panics
    /// If memory is refused.
    ///
    /// ```
    /// use tailbite::{Gc, Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::new(&heap);
    /// let value = heap.alloc("value");
    /// map.insert(1, &value);
    /// let refs = map.value_refs();
    /// assert_eq!(refs[0].get(), Some(Gc::as_any(&value)));
    /// drop(value);
    /// assert!(!refs[0].is_alive() && map.value_refs().is_empty());
    /// ```
    #[must_use]
    pub fn value_refs(&self) -> Vec<Gc<WeakRef>> {
        collect(self.0.allocator(), self.values().iter().map(WeakRef::new), self.0.table.occupied())
    }
}

/// What gives keys out, which it does by cloning them.
impl<K: Trace + Clone, H: WeakTarget, E: 'static> WeakValueMap<K, H, E> {
    /// Takes the last entry out: Python's `popitem`.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::new(&heap);
    /// let (one, two) = (heap.alloc_str("one"), heap.alloc_str("two"));
    /// map.insert(1, &one);
    /// map.insert(2, &two);
    /// assert_eq!(map.pop_item(), Some((2, two)));
    /// map.clear();
    /// assert_eq!(map.pop_item(), None);
    /// ```
    pub fn pop_item(&self) -> Option<(K, H)> {
        let (value, entry) = self.0.pop()?;
        Some((Entry::take_or_clone(entry), value))
    }

    /// The keys.
    ///
    /// # Panics
    /// If memory is refused.
    #[must_use]
    pub fn keys(&self) -> Vec<K> {
        collect(self.0.allocator(), self.iter().map(|(key, _)| key), self.0.table.occupied())
    }

    /// The keys and values.
    ///
    /// # Panics
    /// If memory is refused.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::new(&heap);
    /// let (one, two) = (heap.alloc_str("one"), heap.alloc_str("two"));
    /// map.insert(1, &one);
    /// map.insert(2, &two);
    /// drop(one);
    /// assert_eq!((map.keys(), map.values()), (vec![2], vec![two.clone()]));
    /// assert_eq!(map.items(), [(2, two)]);
    /// ```
    #[must_use]
    pub fn items(&self) -> Vec<(K, H)> {
        collect(self.0.allocator(), self.iter(), self.0.table.occupied())
    }

    /// Visits the entries that are there now, one by one, those that go meanwhile excepted. Each is visited at most
    /// once, whatever happens to the map.
    ///
    /// ```
    /// use tailbite::{Heap, WeakValueMap};
    /// let heap = Heap::new();
    /// let map = WeakValueMap::new(&heap);
    /// let [one, two, three] = ["one", "two", "three"].map(|text| heap.alloc_str(text));
    /// for (key, value) in [&one, &two, &three].into_iter().enumerate() {
    ///     map.insert(key, value);
    /// }
    /// let mut entries = map.iter();
    /// assert_eq!(entries.next(), Some((0, one)));
    /// drop(two);
    /// assert_eq!(entries.next(), Some((2, three)));
    /// ```
    pub fn iter(&self) -> WeakValueMapIter<'_, K, H, E> {
        WeakValueMapIter { map: self, cursor: self.0.table.cursor() }
    }
}

/// The key that an entry owns. It is never replaced, and taken out only when nobody else has a handle to the entry.
fn key_of<K: Trace, H: WeakTarget>(entry: &Gc<Entry<H, K>>) -> &K {
    // SAFETY: an entry that was just found in its table, and the handle keeps it.
    unsafe { entry.owned() }
}

/// Made by [`WeakValueMap::iter`].
pub struct WeakValueMapIter<'a, K: Trace, H: WeakTarget, E> {
    map: &'a WeakValueMap<K, H, E>,
    cursor: Cursor,
}

impl<K: Trace + Clone, H: WeakTarget, E: 'static> Iterator for WeakValueMapIter<'_, K, H, E> {
    type Item = (K, H);

    fn next(&mut self) -> Option<(K, H)> {
        let (value, entry) = self.map.0.advance(&mut self.cursor)?;
        // USER CODE: `Clone`.
        let key = key_of(&entry).clone();
        Some((key, value))
    }
}

impl<K: Trace, H: WeakTarget, E> fmt::Debug for WeakValueMapIter<'_, K, H, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakValueMapIter").finish_non_exhaustive()
    }
}

impl<'a, K: Trace + Clone, H: WeakTarget, E: 'static> IntoIterator for &'a WeakValueMap<K, H, E> {
    type Item = (K, H);
    type IntoIter = WeakValueMapIter<'a, K, H, E>;

    fn into_iter(self) -> WeakValueMapIter<'a, K, H, E> {
        self.iter()
    }
}
