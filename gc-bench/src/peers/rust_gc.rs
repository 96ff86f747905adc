//! `gc`, known as rust-gc: a tracing collector whose handles count roots. It collects by itself, and can't be told not to.

#![expect(non_local_definitions, reason = "so the derive of `gc` writes its implementations")]

use gc::{Finalize, Gc, GcCell, Trace, force_collect};

use super::graph::Abilities;
use super::like_rc::like_rc;

#[derive(Trace, Finalize)]
struct Links {
    a: Option<Gc<Node>>,
    b: Option<Gc<Node>>,
}

/// A node. References that can be changed are traced in a `GcCell`; one for both is the smallest form.
#[derive(Trace, Finalize)]
pub struct Node {
    links: GcCell<Links>,
    value: i64,
}

/// The thread's objects.
pub struct RustGc {
    roots: Vec<Gc<Node>>,
}

like_rc! {
    RustGc {},
    Gc,
    GcCell,
    Abilities { counts: false, collects: true, generations: false },

    fn collect(&mut self) {
        force_collect();
    }
}
