//! `dumpster`: counting; a handle that is dropped without its object dying is looked into, now and then.

use std::cell::RefCell;

use dumpster::Trace;
use dumpster::unsync::{CollectInfo, Gc, collect, default_collect_condition, set_collect_condition};

use super::graph::Abilities;
use super::like_rc::like_rc;

#[derive(Trace)]
struct Links {
    a: Option<Gc<Node>>,
    b: Option<Gc<Node>>,
}

/// A node. References that can be changed are traced in a `RefCell`; one for both is the smallest form.
#[derive(Trace)]
pub struct Node {
    links: RefCell<Links>,
    value: i64,
}

/// The thread's objects.
pub struct Dumpster {
    roots: Vec<Gc<Node>>,
}

like_rc! {
    Dumpster {},
    Gc,
    RefCell,
    Abilities { counts: true, collects: true, generations: false },

    fn collect(&mut self) {
        collect();
    }

    fn set_automatic(&mut self, on: bool) {
        let never = |_: &CollectInfo| false;
        set_collect_condition(if on { default_collect_condition } else { never });
    }
}
