//! Canaries and the ledger: every payload of a chaos program is counted at its birth and at its drop.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::world::World;

const ALIVE: u64 = 0xA11C_E5A1_1CE5_A11C;
const DEAD: u64 = 0xDEAD_DEAD_DEAD_DEAD;

/// What was born and isn't dropped, and what went wrong first. Shared by a program and its threads.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    next: u64,
    /// By number: what it is, and whether the program let it leak.
    alive: BTreeMap<u64, (&'static str, bool)>,
    failure: Option<String>,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is not as it must be. (User code can't just panic: the runtime would catch it.)
    pub(crate) fn fail(&self, message: impl Into<String>) {
        let mut entries = self.entries();
        if entries.failure.is_none() {
            entries.failure = Some(message.into());
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.entries().failure.is_some()
    }

    /// The payload with this number is one that the program lets leak.
    pub(crate) fn abandon(&self, number: u64) {
        if let Some((_, abandoned)) = self.entries().alive.get_mut(&number) {
            *abandoned = true;
        }
    }

    /// The end of the program: everything was dropped but what was abandoned, and nothing went wrong.
    pub(crate) fn expect_nothing_left(&self) {
        let entries = self.entries();
        if let Some(failure) = &entries.failure {
            panic!("{failure}");
        }
        let left: Vec<_> = entries.alive.iter().filter(|(_, (_, abandoned))| !abandoned).collect();
        assert!(left.is_empty(), "{} payloads were never dropped: {left:?}", left.len());
    }

    fn birth(&self, what: &'static str) -> u64 {
        let mut entries = self.entries();
        entries.next += 1;
        let number = entries.next;
        entries.alive.insert(number, (what, false));
        number
    }

    fn death(&self, number: u64) -> bool {
        let entry = self.entries().alive.remove(&number);
        entry.is_some_and(|(_, abandoned)| !abandoned)
    }
}

/// The part of a payload by which its life is followed. Its drop is user code.
pub(crate) struct Canary {
    word: Cell<u64>,
    number: u64,
    what: &'static str,
    world: Rc<World>,
}

impl Canary {
    pub(crate) fn new(world: &Rc<World>, what: &'static str) -> Canary {
        let number = world.ledger().birth(what);
        Canary { word: Cell::new(ALIVE), number, what, world: world.clone() }
    }

    /// The identity of the payload.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn world(&self) -> &Rc<World> {
        &self.world
    }

    /// Whoever sees this payload was right to: it is alive.
    pub(crate) fn expect_alive(&self) {
        if self.word.get() != ALIVE {
            self.world.ledger().fail(format!("{} {} is seen after its drop", self.what, self.number));
        }
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        let ledger: &Arc<Ledger> = self.world.ledger();
        if self.word.replace(DEAD) != ALIVE || !ledger.death(self.number) {
            ledger.fail(format!("{} {} is dropped twice, or was abandoned", self.what, self.number));
        }
        self.world.say(|| format!("drop of {} {}", self.what, self.number));
        self.world.forget_thing(self.number);
        self.world.user_code("drop");
    }
}

tailbite::leaf!(Canary);

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.number)
    }
}
