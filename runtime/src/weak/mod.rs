//! Weak references: one record per object that has any, the table that finds it, the part of `WeakRef` and `Proxy`
//! objects and of the entries of weak maps and sets that links them to it, and the tables of those. Frees no object and
//! runs no user code: it clears, and says whose callbacks are due.
//!
//! | file | concept |
//! |---|---|
//! | `record` | what all weak references of one object share |
//! | `table` | from objects to their records |
//! | `link` | the part that everything in a record's list has in common; the queue of what was cleared |
//! | `reference` | the payload of `WeakRef` and `Proxy` |
//! | `entry` | the part of a map's entry that needs no types |
//! | `entry_table`, `slots`, `table_memory` | a map's table: entries in order, found by hash; where it lies |

mod entry;
mod entry_table;
mod link;
mod record;
mod reference;
mod slots;
mod table;
mod table_memory;

pub(crate) use entry::EntryLink;
pub(crate) use entry_table::{Cursor, EntryTable, TableState};
pub(crate) use link::{Kind, Link, PendingCallbacks};
pub(crate) use record::{Record, record_ref};
pub(crate) use reference::{Callback, Reference};
pub(crate) use table::WeakTable;
