//! `jrsonnet-gcmodule`: counting, and trial deletion as in CPython without generations. It collects when it is told to.

use std::cell::RefCell;

use jrsonnet_gcmodule::{Cc, Trace, collect_thread_cycles, count_thread_tracked};

use super::graph::{Abilities, ManualTrigger};
use super::like_rc::like_rc;

// Else whether the type can be part of a cycle is looked for in a circle.
#[derive(Trace)]
#[trace(tracking(force))]
struct Links {
    a: Option<Cc<Node>>,
    b: Option<Cc<Node>>,
}

/// A node. References that can be changed are traced in a `RefCell`; one for both is the smallest form.
#[derive(Trace)]
#[trace(tracking(force))]
pub struct Node {
    links: RefCell<Links>,
    value: i64,
}

/// The thread's objects.
pub struct GcModule {
    roots: Vec<Cc<Node>>,
    trigger: ManualTrigger,
}

like_rc! {
    GcModule { trigger: ManualTrigger::new() },
    Cc,
    RefCell,
    Abilities { counts: true, collects: true, generations: false },

    fn safepoint(&mut self, made: usize) {
        if self.trigger.is_due(made) {
            self.collect();
        }
    }

    fn collect(&mut self) {
        _ = collect_thread_cycles();
    }

    fn set_automatic(&mut self, on: bool) {
        self.trigger.set(on);
    }

    fn live_nodes(&self) -> Option<usize> {
        Some(count_thread_tracked())
    }
}
