//! Objects: the header before every payload, types, and tracing. Allocates nothing, frees nothing.

mod counting;
mod header;
mod hubs;
mod layout;
mod marking;
mod options;
mod registry;
mod side;
mod trace;
mod trace_std;
mod types;

pub(crate) use counting::Counting;
pub(crate) use header::Flags;
pub(crate) use hubs::HubTable;
pub(crate) use layout::{RawObject, object_size, tailed_size};
pub(crate) use marking::{MarkStack, Marking};
pub(crate) use options::Finalizer;
pub use options::TypeOptions;
#[cfg(test)]
pub(crate) use registry::{END_OF_IDS, registered};
pub(crate) use registry::{register, register_guarded, type_of, type_with_id};
pub(crate) use side::{HUB_COUNT, SideState};
pub(crate) use trace::{Mode, TraceEntries};
pub use trace::{Shape, Trace, Tracer, Untraced};
#[allow(unused_imports, reason = "by some features only")]
pub(crate) use trace_std::{entry_shape, opaque, part, trace_entries, worth_walking};
pub(crate) use types::{Descriptor, Type};
pub use types::{Managed, WithSlice};
