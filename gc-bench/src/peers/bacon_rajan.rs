//! `bacon_rajan_cc`: counting, and trial deletion from candidates, by recursion. It collects when it is told to.

use std::cell::RefCell;

use bacon_rajan_cc::{Cc, Trace, Tracer, collect_cycles};

use super::graph::{Abilities, ManualTrigger};
use super::like_rc::like_rc;

struct Links {
    a: Option<Cc<Node>>,
    b: Option<Cc<Node>>,
}

/// A node. References that can be changed are traced in a `RefCell`; one for both is the smallest form.
pub struct Node {
    links: RefCell<Links>,
    value: i64,
}

impl Trace for Node {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let links = self.links.borrow();
        links.a.trace(tracer);
        links.b.trace(tracer);
    }
}

/// The thread's objects.
pub struct BaconRajan {
    roots: Vec<Cc<Node>>,
    trigger: ManualTrigger,
}

like_rc! {
    BaconRajan { trigger: ManualTrigger::new() },
    Cc,
    RefCell,
    Abilities { counts: true, collects: true, generations: false },

    fn safepoint(&mut self, made: usize) {
        if self.trigger.is_due(made) {
            self.collect();
        }
    }

    fn collect(&mut self) {
        collect_cycles();
    }

    fn set_automatic(&mut self, on: bool) {
        self.trigger.set(on);
    }
}
