//! The table of operations, by weight.

use std::rc::Rc;

use super::world::World;
use super::{containers, control, memory, objects, references, threads};

/// An operation: its name as it is told, and how often it comes (256 in all: one byte).
type Operation = (u8, &'static str, fn(&Rc<World>) -> Option<()>);

/// The first is what a tape at its end asks for, and what shrinking leads to.
const OPERATIONS: &[Operation] = &[
    (26, "allocate", objects::allocate),
    (6, "clone a handle", objects::clone_handle),
    (22, "drop a handle", objects::drop_handle),
    (3, "drop many handles", objects::drop_many),
    (22, "link", objects::link),
    (6, "unlink", objects::unlink),
    (4, "follow an edge", objects::follow),
    (5, "lend", objects::lend),
    (5, "unwrap", objects::unwrap),
    (2, "make immortal", objects::make_immortal),
    (3, "convert a handle", objects::convert),
    (6, "downgrade", references::downgrade),
    (6, "upgrade", references::upgrade),
    (3, "drop a weak", references::drop_weak),
    (8, "make a weak reference", references::make_reference),
    (6, "make a proxy", references::make_proxy),
    (6, "ask a reference", references::ask),
    (5, "drop a reference", references::drop_reference),
    (5, "register a finalize", references::finalize),
    (6, "use a finalize", references::use_finalize),
    (6, "make a weak container", containers::make),
    (3, "drop a weak container", containers::drop_one),
    (12, "use a key map", containers::use_key_map),
    (9, "use a value map", containers::use_value_map),
    (7, "use a weak set", containers::use_set),
    (2, "open a heap", control::open),
    (2, "drop a heap", control::drop_heap),
    (2, "put a heap into an object", control::keep_heap),
    (11, "collect", control::collect),
    (6, "set when to collect", control::set_policy),
    (3, "freeze or unfreeze", control::freeze),
    (4, "debug flags and garbage", control::debug),
    (5, "gc callbacks", control::callbacks),
    (4, "limits", control::limits),
    (3, "roots", control::roots),
    (5, "inspect", control::inspect),
    (2, "hooks", control::hook),
    (4, "external bytes", memory::external),
    (6, "tables in a heap's memory", memory::collections),
    (4, "raw blocks", memory::raw_blocks),
    (1, "a thread", threads::start),
];

/// Runs the operation that the tape asks for, if the world has what it needs.
pub(crate) fn run_one(world: &Rc<World>) {
    if world.ending.get() {
        return super::ending::last_act(world);
    }
    let total: usize = OPERATIONS.iter().map(|operation| usize::from(operation.0)).sum();
    let mut number = world.tape().below(total);
    for (weight, name, run) in OPERATIONS {
        if let Some(rest) = number.checked_sub(usize::from(*weight)) {
            number = rest;
            continue;
        }
        world.say(|| (*name).to_owned());
        run(world);
        return;
    }
}
