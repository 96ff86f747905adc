//! The ground every other layer stands on: memory from the operating system, its clock, and what is told to memory
//! checkers.

pub(crate) mod annotate;
mod broken;
mod clock;
pub(crate) mod os;
mod prefetch;
#[cfg(any(test, tailbite_stress))]
pub(crate) mod refusal;
mod zeroed;

#[cfg(tailbite_stress)]
pub(crate) use broken::stop;
pub(crate) use broken::{Broken, Detail, agrees, holds};
pub(crate) use clock::Clock;
pub(crate) use prefetch::{Delay, prefetch};
pub(crate) use zeroed::Zeroed;
