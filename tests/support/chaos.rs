//! Chaos programs: operations over the whole public API, and user code at every place where there can be some, which does more of them.
//!
//! A finalizer, a callback, the drop of a leaf, a hash function, a hook: each reads from the program's tape what it does next, a few levels
//! deep, and whether it panics at its end. There is no model; what must hold is what holds of any program:
//!
//! - a payload is dropped once, at the end of the program at the latest, except those that the program lent and forgot;
//! - what the program holds is alive, and what it is given is alive and of the right identity;
//! - no heap exceeds its limit, every invariant of every heap holds, and an empty heap has given its memory back.

mod containers;
mod control;
mod ending;
mod ledger;
mod memory;
mod objects;
mod operations;
mod references;
mod things;
mod threads;
mod world;

use std::rc::Rc;
use std::sync::Arc;

use crate::Tape;
use ledger::Ledger;
use world::{Plan, World};

/// Bytes of one operation, those that user code reads in its course among them.
pub const CHAOS_OPERATION: usize = 24;

/// Bytes of an operation of a thread that the program starts.
const THREAD_OPERATION: usize = 6;

/// Runs a chaos program to its end.
///
/// The first byte says what may occur in it (see `Plan`), the rest are operations of [`CHAOS_OPERATION`] bytes.
///
/// # Panics
/// If anything is not as it must be.
pub fn run_chaos(program: &[u8]) {
    let Some((&plan, operations)) = program.split_first() else { return };
    let ledger = Arc::new(Ledger::default());
    if Plan::is_in_thread(plan) {
        threads::run(operations, CHAOS_OPERATION, &ledger);
    } else {
        let world = World::new(Tape::of_operations(operations), ledger.clone(), Plan::from_byte(plan));
        run_operations(&world, CHAOS_OPERATION);
        ending::end(world);
    }
    ledger.expect_nothing_left();
}

/// Runs the operations on the tape, as the host. Ends early where something went wrong.
fn run_operations(world: &Rc<World>, length: usize) {
    let mut number = 0;
    while !world.ledger().has_failed() && world.tape().operation(length) {
        world.say(|| format!("operation {number}"));
        world.act();
        if number % 16 == 0 {
            world.check();
        }
        number += 1;
    }
}
