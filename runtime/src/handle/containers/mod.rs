//! Weak maps and sets: containers whose entries go when an object dies.
//!
//! | file | concept |
//! |---|---|
//! | `key_map` | `WeakKeyMap`: entries live as long as their key, an ephemeron |
//! | `value_map` | `WeakValueMap`: entries live as long as their value |
//! | `set` | `WeakSet` |
//! | `equivalence` | how keys are hashed and compared |
//! | `common` | the vocabulary that they share |
//! | `core` | what the three have in common: a table of entries |
//! | `search` | looking for a key while user code may change everything |
//! | `entry` | one entry, an object |
//! | `target` | the handles that can be weak |

mod common;
mod core;
mod entry;
mod equivalence;
mod key_map;
mod search;
mod set;
mod target;
#[cfg(test)]
mod tests;
mod value_map;

pub use equivalence::{ById, ByValue, Equivalence};
pub use key_map::{WeakKeyMap, WeakKeyMapIter};
pub use set::{WeakSet, WeakSetIter};
pub use target::WeakTarget;
pub use value_map::{WeakValueMap, WeakValueMapIter};
