//! Inspection: what is in a heap, who holds it, and what its collections do.
//!
//! | file | concept |
//! |---|---|
//! | `walk` | walks over the objects that may be shown |
//! | `objects` | `get_objects` |
//! | `references` | `get_referrers`, `get_referents` |
//! | `garbage` | what was kept in place of being freed |
//! | `debug` | debug events and their sink |

mod debug;
mod garbage;
mod objects;
mod references;
mod walk;

pub use debug::DebugEvent;
