//! A scripted workload of the whole API, run with faults: requests for memory that are refused, calls of user code that panic.
//!
//! | file | concept |
//! |---|---|
//! | `faults` | calls of user code that panic when their turn comes |
//! | `canary` | values that are dropped exactly once |
//! | `world` | the heap of a run, and what its steps came to |
//! | `item` | objects, callbacks, an equivalence |
//! | `objects`, `weak`, `containers`, `collector`, `memory` | the steps, by area |
//! | `verdict` | what must hold after every run |
//! | `sweep` | runs with a fault at every number |
//!
//! The script is the same from run to run, so that the n-th request and the n-th call are always the same ones, as long as nothing failed
//! before. A step goes on where it can; the next ones find the heap as it was left.

mod canary;
mod collector;
mod containers;
mod faults;
mod item;
mod memory;
mod objects;
mod sweep;
mod verdict;
mod weak;
mod world;

pub use faults::{Fault, arm, caught, disarm, exempt, is_exempt, user_call};
pub use sweep::{Outcome, Plan, System, Tally, calm, grid, run, stride, sweep, tally};
pub use verdict::Left;
pub use world::is_out_of_memory;

use world::{Step, Steps, World};

/// Every step, by area.
const AREAS: [Steps; 5] = [objects::STEPS, weak::STEPS, containers::STEPS, collector::STEPS, memory::STEPS];

/// Has panics that nobody can be told of noted, in place of lines on stderr.
fn set_hook(world: &World) -> Step {
    let notes = world.notes.clone();
    world.heap.try_set_unraisable_hook(move |unraisable| {
        notes.unraisable(unraisable);
        user_call("hook");
    })?;
    Ok(())
}

/// Runs every step.
fn script(world: &World) {
    for (name, step) in AREAS.iter().copied().flatten() {
        world.step(name, *step);
    }
}
