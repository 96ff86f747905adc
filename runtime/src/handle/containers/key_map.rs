//! `WeakKeyMap`: a map whose entries live as long as their keys.

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

/// A map that doesn't keep its keys: Python's `weakref.WeakKeyDictionary`. An entry goes when its key dies.
///
/// An entry is an *ephemeron*: it keeps its value only while both the map and the key are alive. A value may refer to
/// its own key, directly or not, and both are still collected. (In CPython such an entry is never freed.) That needs a
/// key whose type can own handles: others die by count alone, which a value that refers to them keeps up.
///
/// The map is an object; its keys may be in any heap. Nothing of it is lent: values are cloned, keys come as handles,
/// so a `V` is best a handle or a small value (S5). An entry shows only while its key can be had, also to a finalizer
/// or a callback that runs while keys die.
///
/// Order: that of insertion. An equal key keeps its place, and the *old* key object, as in CPython. What happens to the
/// map during an iteration doesn't disturb it: entries that go are left out, those that come are not visited.
///
/// Cost per entry: an object of 48 bytes and the value (8 more with typed keys), 32 bytes in the table and some 8 in its
/// index, and for a key without other weak references a record of 24 bytes. Looking up costs a hash and, for a hit, a
/// comparison, also of a key with itself, as in CPython.
///
/// ```
/// use tailbite::{AnyGc, Gc, Generation, Heap, Trace, WeakKeyMap};
///
/// #[derive(Trace)]
/// struct Window { parent: Option<AnyGc> }
/// #[derive(Trace)]
/// struct Layout { of: AnyGc }
///
/// let heap = Heap::new();
/// let layouts = WeakKeyMap::<AnyGc, Gc<Layout>>::new(&heap);
/// let window = AnyGc::from(heap.alloc(Window { parent: None }));
/// layouts.insert(&window, heap.alloc(Layout { of: window.clone() }));
/// assert!(layouts.get(&window).is_some_and(|layout| layout.of == window));
/// drop(window);
/// assert_eq!(layouts.len(), 1, "its layout holds it");
/// heap.collect(Generation::Old);
/// assert!(layouts.is_empty(), "and the map holds the layout, but only as long as the window lives");
/// ```
#[repr(transparent)]
pub struct WeakKeyMap<H: WeakTarget, V: Trace, E = ByValue>(Core<H, V, E>);

impl<H: WeakTarget, V: Trace> WeakKeyMap<H, V>
where
    ByValue: Equivalence<H>,
{
    /// An empty map in `heap`, with keys compared [by value](ByValue).
    ///
    /// # Panics
    /// If memory is refused.
    #[must_use]
    pub fn new(heap: &Heap) -> Gc<WeakKeyMap<H, V>> {
        WeakKeyMap::with_equivalence(heap, ByValue::default())
    }
}

super::common::container! {
    WeakKeyMap<H: WeakTarget, V: Trace, E>(H, V), Kind::KeyEntry, "map"
}

impl<H: WeakTarget, V: Trace, E: Equivalence<H>> WeakKeyMap<H, V, E> {
    fn find(&self, key: &H) -> Option<Found<H, V>> {
        // USER CODE: `hash`, `equivalent`.
        let hash = self.0.equivalence.hash(key);
        self.0.find(hash, |_, known| self.0.equivalence.equivalent(known, key)).ok()
    }

    /// Whether there is an entry for a key that is equal to `key`.
    ///
    /// ```
    /// use tailbite::{Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let (one, same) = (heap.alloc_str("one"), heap.alloc_str("one"));
    /// map.insert(&one, 1);
    /// assert!(map.contains(&same), "compared by value");
    /// map.clear();
    /// assert!(!map.contains(&one) && map.is_empty());
    /// ```
    #[must_use]
    pub fn contains(&self, key: &H) -> bool {
        self.find(key).is_some()
    }

    /// The keys.
    ///
    /// # Panics
    /// If memory is refused.
    ///
    /// ```
    /// use tailbite::{Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let [one, two] = ["one", "two"].map(|text| heap.alloc_str(text));
    /// map.insert(&two, 2);
    /// map.insert(&one, 1);
    /// assert_eq!((map.keys(), map.values()), (vec![two.clone(), one.clone()], vec![2, 1]));
    /// assert_eq!(map.items(), [(two, 2), (one, 1)]);
    /// ```
    #[must_use]
    pub fn keys(&self) -> Vec<H> {
        let mut cursor = self.0.table.cursor();
        let keys = core::iter::from_fn(|| Some(self.0.advance(&mut cursor)?.0));
        collect(self.0.allocator(), keys, self.0.table.occupied())
    }

    /// Weak references to the keys: Python's `keyrefs`.
    ///
    /// # Panics
    /// If memory is refused.
    ///
    /// ```
    /// use tailbite::{AnyGc, Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let key = AnyGc::from(heap.alloc("key"));
    /// map.insert(&key, 1);
    /// let refs = map.key_refs();
    /// assert_eq!(refs[0].get(), Some(key.clone()));
    /// drop(key);
    /// assert!(!refs[0].is_alive() && map.key_refs().is_empty());
    /// ```
    #[must_use]
    pub fn key_refs(&self) -> Vec<Gc<WeakRef>> {
        collect(self.0.allocator(), self.keys().iter().map(WeakRef::new), self.0.table.occupied())
    }
}

/// What gives values out, which it does by cloning them.
impl<H: WeakTarget, V: Trace + Clone, E: Equivalence<H>> WeakKeyMap<H, V, E> {
    /// Sets the value of a key; the one that it had before.
    ///
    /// # Panics
    /// If memory is refused; [`try_insert`](WeakKeyMap::try_insert) gives the value back instead.
    ///
    /// ```
    /// use tailbite::{Gc, Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let (old, equal) = (heap.alloc_str("key"), heap.alloc_str("key"));
    /// assert_eq!(map.insert(&old, 1), None);
    /// assert_eq!(map.insert(&equal, 2), Some(1));
    /// assert!(Gc::ptr_eq(&map.keys()[0], &old), "the old key stays");
    /// drop((old, equal));
    /// assert_eq!(map.len(), 0);
    /// ```
    pub fn insert(&self, key: &H, value: V) -> Option<V> {
        self.try_insert(key, value).unwrap_or_else(|error| error.raise())
    }

    /// As [`insert`](WeakKeyMap::insert), with an error if memory is refused. Then the map is as it was.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the value in it.
    ///
    /// ```
    /// use tailbite::{Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let key = heap.alloc_str("key");
    /// heap.set_memory_limit(Some(0));
    /// let error = map.try_insert(&key, String::from("value")).unwrap_err();
    /// assert_eq!((error.into_value().as_str(), map.len()), ("value", 0));
    /// ```
    pub fn try_insert(&self, key: &H, value: V) -> Result<Option<V>, OutOfMemory<V>> {
        let mut value = value;
        // USER CODE: `hash`, `equivalent`.
        let hash = self.0.equivalence.hash(key);
        loop {
            let entered =
                self.0.enter(hash, key, Spare::new(value), |_, known, _| self.0.equivalence.equivalent(known, key))?;
            let Entered::Known(found, mut spare) = entered else { return Ok(None) };
            match Entry::replace(&found.entry, spare.take()) {
                Ok(old) => return Ok(Some(old)),
                Err(new) => value = new,
            }
            // Somebody up the stack is cloning the old value: that stays in its entry, and a new one takes its place.
            let entry = self.0.make(&found.target, value)?;
            match self.0.substitute(&found, entry) {
                Ok(()) => return Ok(Some(Entry::take_or_clone(found.entry))),
                // While memory was asked for, the old one went: once for each of those up the stack, at most.
                Err(entry) => value = Entry::take_or_clone(entry),
            }
        }
    }

    /// The value of a key.
    ///
    /// ```
    /// use tailbite::{Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let (one, two) = (heap.alloc_str("one"), heap.alloc_str("two"));
    /// map.insert(&one, 1);
    /// assert_eq!((map.get(&one), map.get(&two)), (Some(1), None));
    /// ```
    #[must_use]
    pub fn get(&self, key: &H) -> Option<V> {
        let found = self.find(key)?;
        Some(value_of(&found.entry))
    }

    /// The value of a key, after setting it to `value` if there was none: Python's `setdefault`.
    ///
    /// # Panics
    /// If memory is refused; `try_get_or_insert` gives the value back instead.
    ///
    /// ```
    /// use tailbite::{Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let key = heap.alloc_str("key");
    /// assert_eq!(map.get_or_insert(&key, 1), 1);
    /// assert_eq!(map.get_or_insert(&key, 2), 1);
    /// assert_eq!(map.try_get_or_insert(&key, 3).unwrap(), 1);
    /// ```
    pub fn get_or_insert(&self, key: &H, value: V) -> V {
        self.try_get_or_insert(key, value).unwrap_or_else(|error| error.raise())
    }

    /// As [`get_or_insert`](WeakKeyMap::get_or_insert), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the value in it.
    pub fn try_get_or_insert(&self, key: &H, value: V) -> Result<V, OutOfMemory<V>> {
        // USER CODE: `hash`, `equivalent`.
        let hash = self.0.equivalence.hash(key);
        let entered =
            self.0.enter(hash, key, Spare::new(value), |_, known, _| self.0.equivalence.equivalent(known, key))?;
        let entry = match entered {
            Entered::New(entry) => entry,
            Entered::Known(found, spare) => {
                // USER CODE: the drop of the value that isn't used. If it panics, a result that was there already would be leaked.
                drop(spare);
                found.entry
            }
        };
        Ok(value_of(&entry))
    }

    /// Takes the entry of a key out; its value.
    ///
    /// ```
    /// use tailbite::{Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let key = heap.alloc_str("key");
    /// map.insert(&key, 1);
    /// assert_eq!((map.remove(&key), map.remove(&key)), (Some(1), None));
    /// ```
    pub fn remove(&self, key: &H) -> Option<V> {
        let Found { entry, target } = self.find(key)?;
        self.0.detach(&entry);
        let value = Entry::take_or_clone(entry);
        drop(target);
        Some(value)
    }

    /// Takes the last entry out: Python's `popitem`.
    ///
    /// ```
    /// use tailbite::{Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let [one, two] = ["one", "two"].map(|text| heap.alloc_str(text));
    /// map.insert(&one, 1);
    /// map.insert(&two, 2);
    /// assert_eq!(map.pop_item(), Some((two, 2)));
    /// assert_eq!(map.items(), [(one, 1)]);
    /// ```
    pub fn pop_item(&self) -> Option<(H, V)> {
        let (key, entry) = self.0.pop()?;
        Some((key, Entry::take_or_clone(entry)))
    }

    /// The values.
    ///
    /// # Panics
    /// If memory is refused.
    #[must_use]
    pub fn values(&self) -> Vec<V> {
        collect(self.0.allocator(), self.iter().map(|(_, value)| value), self.0.table.occupied())
    }

    /// The keys and values.
    ///
    /// # Panics
    /// If memory is refused.
    #[must_use]
    pub fn items(&self) -> Vec<(H, V)> {
        collect(self.0.allocator(), self.iter(), self.0.table.occupied())
    }

    /// Visits the entries that are there now, one by one, those that go meanwhile excepted. Each is visited at most
    /// once, whatever happens to the map.
    ///
    /// ```
    /// use tailbite::{Heap, WeakKeyMap};
    /// let heap = Heap::new();
    /// let map = WeakKeyMap::new(&heap);
    /// let [one, two, three] = ["one", "two", "three"].map(|text| heap.alloc_str(text));
    /// for (number, key) in [&one, &two].into_iter().enumerate() {
    ///     map.insert(key, number);
    /// }
    /// let mut entries = map.iter();
    /// assert_eq!(entries.next(), Some((one, 0)));
    /// drop(two);
    /// map.insert(&three, 2);
    /// assert_eq!(entries.next(), None, "one died, the other came too late");
    /// ```
    pub fn iter(&self) -> WeakKeyMapIter<'_, H, V, E> {
        WeakKeyMapIter { map: self, cursor: self.0.table.cursor() }
    }
}

/// A clone of what an entry owns.
fn value_of<H: WeakTarget, V: Trace + Clone>(entry: &Gc<Entry<H, V>>) -> V {
    // SAFETY: an entry that was just found in its table, and the handle keeps it.
    // USER CODE: `Clone`.
    unsafe { entry.owned() }.clone()
}

/// Made by [`WeakKeyMap::iter`].
pub struct WeakKeyMapIter<'a, H: WeakTarget, V: Trace, E> {
    map: &'a WeakKeyMap<H, V, E>,
    cursor: Cursor,
}

impl<H: WeakTarget, V: Trace + Clone, E: 'static> Iterator for WeakKeyMapIter<'_, H, V, E> {
    type Item = (H, V);

    fn next(&mut self) -> Option<(H, V)> {
        let (key, entry) = self.map.0.advance(&mut self.cursor)?;
        let value = value_of(&entry);
        Some((key, value))
    }
}

impl<H: WeakTarget, V: Trace, E> fmt::Debug for WeakKeyMapIter<'_, H, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakKeyMapIter").finish_non_exhaustive()
    }
}

impl<'a, H: WeakTarget, V: Trace + Clone, E: Equivalence<H>> IntoIterator for &'a WeakKeyMap<H, V, E> {
    type Item = (H, V);
    type IntoIter = WeakKeyMapIter<'a, H, V, E>;

    fn into_iter(self) -> WeakKeyMapIter<'a, H, V, E> {
        self.iter()
    }
}
