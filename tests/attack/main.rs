//! What a hostile host or script would try, in safe code only.
#![forbid(unsafe_code)]
#![allow(
    dropping_copy_types,
    dropping_references,
    clippy::cloned_ref_to_slice_refs,
    clippy::type_complexity,
    clippy::box_collection,
    reason = "short tests; `drop` says that an answer is of no interest, or that a capture is used"
)]

mod auto_traits;
mod boxed_depth;
mod chains;
mod child_ends;
mod claims;
mod common;
mod entries;
mod first_use;
mod frozen_windows;
mod handed_in;
mod heap_ends;
mod hostile_values;
mod hygiene;
mod lent;
mod liars;
mod limits;
mod moved_containers;
mod opaque_cells;
mod replacing;
mod thread_ends;
mod unwinding_payloads;
mod values;
mod views;
mod world;
