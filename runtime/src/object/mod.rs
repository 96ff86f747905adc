//! Objects: the header before every payload, types, and tracing. Allocates nothing, frees nothing.

mod header;
mod last_first;
mod layout;
mod options;
mod registry;
mod side;
pub(crate) mod trace;
mod trace_external;
mod trace_std;
mod types;

pub(crate) use header::Flags;
pub use last_first::LastFirst;
pub(crate) use layout::{RawObject, object_size, tailed_size};
pub(crate) use options::Finalizer;
pub use options::TypeOptions;
pub(crate) use registry::{register, type_of};
pub(crate) use side::{Counting, HUB_COUNT, HubTable, MarkStack, Marking, SideState};
pub(crate) use trace::{Mode, TraceEntries};
pub use trace::{Shape, Trace, Tracer, Untraced};
pub(crate) use types::{Descriptor, Type};
pub use types::{Managed, WithSlice};
