//! What a hostile host or script would try, in safe code only.
#![forbid(unsafe_code)]

mod boxed_depth;
mod chains;
mod common;
mod entries;
mod handed_in;
mod moved_containers;
mod unwinding_payloads;
mod views;
