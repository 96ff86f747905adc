//! Equivalence: how a weak container hashes and compares its keys.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use hashbrown::DefaultHashBuilder;

use crate::handle::Handle;

/// How a weak container hashes and compares keys of type `T`: an interpreter implements it to go through its own
/// `__hash__` and `__eq__`.
///
/// Both may do anything: panic (the panic goes to the caller, the container stays as it is), collect, and use the very
/// container that asks. While they run, nothing of the container is borrowed. A key is compared with itself, too, as in
/// CPython's weak dictionaries. A lookup during which the container changed starts again; that is bounded: after 16 such
/// starts the key counts as not found.
///
/// What an equivalence holds is not traced.
///
/// ```
/// use tailbite::{Equivalence, Gc, Heap, WeakValueMap};
/// struct IgnoreCase;
/// impl Equivalence<str> for IgnoreCase {
///     fn hash(&self, text: &str) -> u64 {
///         text.bytes().fold(0, |hash, byte| hash * 31 + u64::from(byte.to_ascii_lowercase()))
///     }
///     fn equivalent(&self, a: &str, b: &str) -> bool {
///         a.eq_ignore_ascii_case(b)
///     }
/// }
/// impl Equivalence<String> for IgnoreCase {
///     fn hash(&self, text: &String) -> u64 { self.hash(text.as_str()) }
///     fn equivalent(&self, a: &String, b: &String) -> bool { self.equivalent(a.as_str(), b.as_str()) }
/// }
/// let heap = Heap::new();
/// let map = WeakValueMap::with_equivalence(&heap, IgnoreCase);
/// let value = heap.alloc(1);
/// map.insert(String::from("Key"), &value);
/// assert!(map.get("KEY").is_some());
/// ```
pub trait Equivalence<T: ?Sized>: 'static {
    /// The same for equivalent values.
    fn hash(&self, value: &T) -> u64;

    /// Whether two values are the same key.
    fn equivalent(&self, a: &T, b: &T) -> bool;
}

/// Keys are compared and hashed as Rust does: by `Eq` and `Hash`, which for a [`Gc<T>`](crate::Gc) are those of its
/// payload, and for an [`AnyGc`](crate::AnyGc) its identity.
///
/// ```
/// use tailbite::{ByValue, Equivalence, Heap};
/// let heap = Heap::new();
/// let (one, same) = (heap.alloc_str("one"), heap.alloc_str("one"));
/// let by_value = ByValue::default();
/// assert!(by_value.equivalent(&one, &same) && by_value.hash(&one) == by_value.hash(&same));
/// ```
#[derive(Clone, Default)]
pub struct ByValue(DefaultHashBuilder);

impl<T: Hash + Eq + ?Sized> Equivalence<T> for ByValue {
    fn hash(&self, value: &T) -> u64 {
        self.0.hash_one(value)
    }

    fn equivalent(&self, a: &T, b: &T) -> bool {
        a == b
    }
}

impl fmt::Debug for ByValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByValue")
    }
}

/// Keys are objects, the same only as themselves.
///
/// ```
/// use tailbite::{ById, Equivalence, Heap};
/// let heap = Heap::new();
/// let (one, same) = (heap.alloc_str("one"), heap.alloc_str("one"));
/// assert!(ById.equivalent(&one, &one.clone()) && !ById.equivalent(&one, &same));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ById;

impl<H: Handle + 'static> Equivalence<H> for ById {
    fn hash(&self, value: &H) -> u64 {
        value.as_object().block().addr().get() as u64
    }

    fn equivalent(&self, a: &H, b: &H) -> bool {
        a.as_object() == b.as_object()
    }
}
