//! Measuring: a clock, memory as the system sees it, rounds of child processes, and what is made of their answers.

mod child;
mod clock;
mod machine;
mod memory;
mod outcome;
mod rounds;
mod stack;
mod statistics;

pub use child::{Answer, Failure, Job, run_child};
pub use clock::{Pauses, best_of, each, time};
pub use machine::machine;
pub use memory::{Meter, available_bytes, malloc_bytes, private_dirty_bytes, resident_bytes};
pub use outcome::{Outcome, Sample};
pub use rounds::{Cell, Rounds};
pub use stack::on_stack;
pub use statistics::Summary;
