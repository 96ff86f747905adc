//! Handles: the public face of objects.
//!
//! | file | concept |
//! |---|---|
//! | `gc` | `Gc<T>`: the counted pointer and its vocabulary |
//! | `any` | `AnyGc`: the same, thin and erased |
//! | `packed` | `Packed`: an object, a number or a tag in one word |
//! | `roots` | handles kept under plain keys |
//! | `exclusive` | `GcMut`: exclusive access |
//! | `weak` | `Weak<T>`, as in `Rc` |
//! | `references` | `WeakRef` and `Proxy`: weak references as objects, with callbacks |
//! | `containers/` | weak maps and sets |
//! | `finalize` | `Finalize`: what is called when an object dies |
//! | `construct` | allocation, sized payloads |
//! | `slices` | allocation, payloads that end in a slice |
//! | `unsize` | handles to trait objects and slices |
//! | `convert`, `traits` | trait impls |
//! | `inspect` | questions about an object |

mod any;
mod construct;
mod containers;
mod convert;
mod exclusive;
mod finalize;
mod gc;
mod inspect;
#[cfg(target_pointer_width = "64")]
mod packed;
mod references;
mod roots;
mod slices;
#[cfg(test)]
mod tests;
mod traits;
mod unsize;
mod weak;

pub use any::AnyGc;
pub use construct::Factory;
pub use containers::{
    ById, ByValue, Equivalence, WeakKeyMap, WeakKeyMapIter, WeakSet, WeakSetIter, WeakTarget, WeakValueMap,
    WeakValueMapIter,
};
pub use exclusive::GcMut;
pub use finalize::Finalize;
pub use gc::Gc;
pub use inspect::Handle;
#[cfg(target_pointer_width = "64")]
pub use packed::{Packed, Unpacked};
pub use references::{CallbackFn, Proxy, ReferenceError, WeakCallback, WeakRef, callback};
pub use roots::{AnyRootKey, RootKey};
#[doc(hidden)]
pub use unsize::Unsize;
pub use weak::Weak;
