//! Payload parts that panic when they are dropped, and the heap's reports of panics.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{Heap, UnraisableContext};

/// Panics in its `Drop` while it is armed.
#[derive(Clone, Debug, Default)]
pub struct Armed(Rc<Cell<bool>>);

impl Armed {
    /// A switch that is on.
    pub fn new() -> Armed {
        Armed(Rc::new(Cell::new(true)))
    }

    /// Whether it is on.
    pub fn is_set(&self) -> bool {
        self.0.get()
    }

    /// Turns it off.
    pub fn disarm(&self) {
        self.0.set(false);
    }

    /// A payload part that goes off when it is dropped.
    pub fn bomb(&self, name: &'static str) -> Bomb {
        Bomb { armed: self.clone(), name }
    }
}

/// A leaf whose `Drop` panics with its name while its switch is on.
#[derive(Debug)]
pub struct Bomb {
    armed: Armed,
    name: &'static str,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.armed.is_set() {
            panic!("{}", self.name);
        }
    }
}

tailbite::leaf!(Bomb);

/// The panics that a heap reported, in order.
#[derive(Clone, Debug, Default)]
pub struct Reports(Rc<RefCell<Vec<(UnraisableContext, String)>>>);

impl Reports {
    /// Takes all reports out.
    pub fn take(&self) -> Vec<(UnraisableContext, String)> {
        self.0.take()
    }

    /// The messages only.
    pub fn messages(&self) -> Vec<String> {
        self.take().into_iter().map(|(_, message)| message).collect()
    }

    /// The number of reports so far.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether there was none so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Makes a heap report panics into a list in place of stderr.
pub fn quiet(heap: &Heap) -> Reports {
    let reports = Reports::default();
    let sink = reports.clone();
    heap.set_unraisable_hook(move |unraisable| {
        sink.0.borrow_mut().push((unraisable.context, unraisable.message().to_owned()));
    });
    reports
}
