//! Weak references: one record per object that has any, the table that finds it, and the part of `WeakRef` and `Proxy`
//! objects that links them to it. Frees no object and runs no user code: it clears, and says whose callbacks are due.

mod record;
mod reference;
mod table;

pub(crate) use record::{Record, record_ref};
pub(crate) use reference::{Callback, Kind, PendingCallbacks, Reference};
pub(crate) use table::WeakTable;
