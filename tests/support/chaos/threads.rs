//! Threads of a chaos program that end, with things left in thread-locals and in the default heap.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use super::ending;
use super::ledger::Ledger;
use super::world::{Plan, World};
use crate::Tape;

thread_local! {
    /// What the host forgot to drop: goes when the thread ends, before or after its default heap closes.
    static LEFT: RefCell<Vec<Left>> = RefCell::default();
}

/// A world whose host is gone. (The world alone never drops: its canaries lead to it.)
struct Left(Rc<World>);

impl Drop for Left {
    fn drop(&mut self) {
        ending::drop_with_thread(&self.0);
    }
}

/// A part of the operation as the program of a thread.
pub(crate) fn start(world: &Rc<World>) -> Option<()> {
    if world.plan.default_heap {
        // One level of threads.
        return None;
    }
    let operations = world.tape().rest().to_vec();
    run(&operations, super::THREAD_OPERATION, world.ledger());
    Some(())
}

/// Runs operations in a thread of their own to its very end.
pub(crate) fn run(operations: &[u8], length: usize, ledger: &Arc<Ledger>) {
    let shared = ledger.clone();
    let operations = operations.to_vec();
    let joined = thread::spawn(move || {
        let first = operations.first().copied().unwrap_or_default();
        let left_first = first & 1 == 1;
        if left_first {
            // Made before the default heap's: dropped after it.
            LEFT.with_borrow(|_| ());
        }
        let plan = Plan { default_heap: true, limits: first & 2 != 0, ..Plan::default() };
        let world = World::new(Tape::of_operations(&operations), shared, plan);
        super::run_operations(&world, length);
        // The destructors' user code reads it once more.
        world.tape().rewind(length);
        ending::leave(&world);
        LEFT.with_borrow_mut(|left| left.push(Left(world)));
    })
    .join();
    if joined.is_err() {
        ledger.fail("a thread ended with a panic");
    }
}
