//! The ground every other layer stands on: memory from the operating system, its clock, and what is told to memory
//! checkers.

pub(crate) mod annotate;
mod clock;
pub(crate) mod os;
#[cfg(any(test, tailbite_stress))]
pub(crate) mod refusal;

pub(crate) use clock::Clock;
