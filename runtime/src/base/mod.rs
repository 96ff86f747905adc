//! The ground every other layer stands on: memory from the operating system, and its clock.

mod clock;
pub(crate) mod os;
#[cfg(any(test, tailbite_stress))]
pub(crate) mod refusal;

pub(crate) use clock::Clock;
