//! The soundness rules by number (`docs/unsafe.md`): for each at least one test that would catch its violation, or the name of
//! the test elsewhere that does.

mod access;
mod collection;
mod dropping;
mod memory;
mod types;
