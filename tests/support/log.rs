//! A log of events, and a payload part that writes its own drop into it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// A shared list of events in the order in which they happened.
#[derive(Clone, Default)]
pub struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    /// An empty log.
    pub fn new() -> Log {
        Log::default()
    }

    /// Adds an event.
    pub fn push(&self, event: impl Into<String>) {
        self.0.borrow_mut().push(event.into());
    }

    /// Takes all events out.
    pub fn take(&self) -> Vec<String> {
        self.0.take()
    }

    /// The number of events so far.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether nothing happened so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes all events out in sorted order, for tests to which the order is not the point.
    pub fn take_sorted(&self) -> Vec<String> {
        let mut events = self.take();
        events.sort();
        events
    }

    /// How often an event is in the log.
    pub fn count(&self, event: &str) -> usize {
        self.0.borrow().iter().filter(|known| *known == event).count()
    }

    /// A payload part that logs `drop NAME` when it is dropped.
    pub fn probe(&self, name: impl Into<String>) -> Probe {
        Probe { log: self.clone(), name: name.into() }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.borrow().iter()).finish()
    }
}

/// Logs `drop NAME` when it is dropped: the resource in a leaf field that a type with edges is told to use.
#[derive(Debug)]
pub struct Probe {
    log: Log,
    name: String,
}

impl Probe {
    /// The name it will log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The log that it writes to.
    pub fn log(&self) -> &Log {
        &self.log
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.log.push(format!("drop {}", self.name));
    }
}

tailbite::leaf!(Probe);

/// Runs an action when it is dropped.
#[derive(Default)]
pub struct OnDrop(Cell<Option<Box<dyn FnOnce()>>>);

impl OnDrop {
    /// Runs `action` when this is dropped.
    pub fn new(action: impl FnOnce() + 'static) -> OnDrop {
        let this = OnDrop::default();
        this.set(action);
        this
    }

    /// Replaces the action.
    pub fn set(&self, action: impl FnOnce() + 'static) {
        self.0.set(Some(Box::new(action)));
    }
}

impl fmt::Debug for OnDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnDrop").finish_non_exhaustive()
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(action) = self.0.take() {
            action();
        }
    }
}

tailbite::leaf!(OnDrop);
