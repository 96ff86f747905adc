//! `boa_gc`: the tracing collector of the Boa engine. It collects by itself, and can't be told not to.

use boa_gc::{Finalize, Gc, GcRefCell, Trace, force_collect};

use super::graph::Abilities;
use super::like_rc::like_rc;

#[derive(Trace, Finalize)]
struct Links {
    a: Option<Gc<Node>>,
    b: Option<Gc<Node>>,
}

/// A node. References that can be changed are traced in a `GcRefCell`; one for both is the smallest form.
#[derive(Trace, Finalize)]
pub struct Node {
    links: GcRefCell<Links>,
    value: i64,
}

/// The thread's objects.
pub struct Boa {
    roots: Vec<Gc<Node>>,
}

like_rc! {
    Boa {},
    Gc,
    GcRefCell,
    Abilities { counts: false, collects: true, generations: false },

    fn collect(&mut self) {
        force_collect();
    }
}
