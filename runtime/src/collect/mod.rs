//! The collector: decides what is garbage, by trial deletion over one generation and all younger ones. Frees nothing
//! and runs no user code but [`Trace::trace`](crate::Trace::trace); the order of events around a detection is the
//! heap's.

mod candidates;
mod detect;
mod generation;
mod info;
mod list;
mod policy;
#[cfg(tailbite_stress)]
mod recount;

pub(crate) use candidates::Candidates;
pub(crate) use detect::{Detection, Examiner};
pub(crate) use generation::PERMANENT;
pub use generation::{Generation, InvalidGeneration};
pub use info::CollectionInfo;
pub(crate) use list::GenerationList;
pub(crate) use policy::Policy;
pub use policy::{GenerationStats, Growth, Trigger};
