//! What a hostile host or script would try, in safe code only.
#![forbid(unsafe_code)]

mod auto_traits;
mod boxed_depth;
mod child_ends;
mod chains;
mod claims;
mod common;
mod entries;
mod first_use;
mod frozen_windows;
mod handed_in;
mod heap_ends;
mod hygiene;
mod lent;
mod limits;
mod liars;
mod moved_containers;
mod opaque_cells;
mod replacing;
mod thread_ends;
mod unwinding_payloads;
mod values;
mod views;
mod world;
