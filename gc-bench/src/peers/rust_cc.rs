//! `rust-cc`: counting, and trial deletion from candidates; it collects by itself.

use std::cell::RefCell;

use rust_cc::config::config;
use rust_cc::{Cc, Finalize, Trace, collect_cycles};

use super::graph::Abilities;
use super::like_rc::like_rc;

#[derive(Trace, Finalize)]
struct Links {
    a: Option<Cc<Node>>,
    b: Option<Cc<Node>>,
}

/// A node. References that can be changed are traced in a `RefCell`; one for both is the smallest form.
#[derive(Trace, Finalize)]
pub struct Node {
    links: RefCell<Links>,
    value: i64,
}

/// The thread's objects.
pub struct RustCc {
    roots: Vec<Cc<Node>>,
}

like_rc! {
    RustCc {},
    Cc,
    RefCell,
    Abilities { counts: true, collects: true, generations: false },

    fn collect(&mut self) {
        collect_cycles();
    }

    fn set_automatic(&mut self, on: bool) {
        config(|config| config.set_auto_collect(on)).expect("nobody else has the configuration");
    }
}
