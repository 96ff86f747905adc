//! Canaries: values of which each is dropped exactly once, and the ledger that says so.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::faults::{exempt, user_call};

/// Which canaries there were, and which are gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Rc<Entries>);

#[derive(Debug, Default)]
struct Entries {
    is_dropped: RefCell<Vec<bool>>,
    alive: Cell<usize>,
    used_dead: Cell<usize>,
}

impl Ledger {
    /// A new canary.
    pub(super) fn canary(&self) -> Canary {
        exempt(|| {
            let mut is_dropped = self.0.is_dropped.borrow_mut();
            is_dropped.push(false);
            self.0.alive.set(self.0.alive.get() + 1);
            Canary { ledger: self.clone(), id: is_dropped.len() - 1 }
        })
    }

    /// Canaries that were made.
    pub(super) fn made(&self) -> usize {
        self.0.is_dropped.borrow().len()
    }

    /// Canaries that were not dropped yet.
    pub(super) fn alive(&self) -> usize {
        self.0.alive.get()
    }

    /// Drops and uses of canaries that had been dropped before.
    pub(super) fn used_dead(&self) -> usize {
        self.0.used_dead.get()
    }
}

/// A value that enters its drop into a ledger. Clones are canaries of their own; what the compiler calls on it is user code.
#[derive(Debug)]
pub(super) struct Canary {
    ledger: Ledger,
    id: usize,
}

impl Canary {
    /// Uses it: it must not have been dropped.
    pub(super) fn touch(&self) {
        let entries = &self.ledger.0;
        if entries.is_dropped.borrow()[self.id] {
            entries.used_dead.set(entries.used_dead.get() + 1);
        }
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        let entries = &self.ledger.0;
        if std::mem::replace(&mut entries.is_dropped.borrow_mut()[self.id], true) {
            entries.used_dead.set(entries.used_dead.get() + 1);
        } else {
            entries.alive.set(entries.alive.get() - 1);
        }
        user_call("drop");
    }
}

impl Clone for Canary {
    fn clone(&self) -> Canary {
        self.touch();
        user_call("clone");
        self.ledger.canary()
    }
}

impl Default for Canary {
    fn default() -> Canary {
        user_call("default");
        Ledger::default().canary()
    }
}

impl PartialEq for Canary {
    fn eq(&self, other: &Canary) -> bool {
        self.touch();
        other.touch();
        user_call("eq");
        true
    }
}

impl Eq for Canary {}

impl Hash for Canary {
    fn hash<H: Hasher>(&self, _: &mut H) {
        user_call("hash");
    }
}

tailbite::leaf!(Canary);
