//! The world of one run: a heap, what hangs on it, and what each step came to.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;

use tailbite::{AnyGc, Heap, OutOfMemory, RawAllocator, Unraisable};

use super::canary::{Canary, Ledger};
use super::faults::{Fault, calls, caught, exempt};

/// Memory was refused, and the step can't go on. What was to be moved is dropped.
#[derive(Debug)]
pub(super) struct Refused;

impl<T> From<OutOfMemory<T>> for Refused {
    fn from(error: OutOfMemory<T>) -> Refused {
        assert!(error.requested() != 0, "an error says what was asked for");
        drop(error.into_value());
        Refused
    }
}

/// What a step comes to.
pub(super) type Step = Result<(), Refused>;

/// Steps with their names.
pub(super) type Steps = &'static [(&'static str, fn(&World) -> Step)];

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Refused,
    Panicked,
}

/// What a run has come to so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    disturbed: Cell<bool>,
    failed: RefCell<String>,
    problems: RefCell<String>,
}

impl Notes {
    /// Notes a panic that nobody could be told of. It has to be a fault, or that of refused memory.
    pub(super) fn unraisable(&self, unraisable: &Unraisable<'_>) {
        self.disturbed.set(true);
        if !unraisable.payload.is::<Fault>() && !is_out_of_memory(unraisable.payload) {
            self.problem(unraisable);
        }
    }

    /// The steps that were not done.
    pub(super) fn failed(&self) -> String {
        self.failed.take()
    }

    /// Takes what was noted that must not be.
    pub(super) fn problems(&self) -> String {
        self.problems.take()
    }

    /// Notes something that must not be.
    pub(super) fn problem(&self, what: impl std::fmt::Display) {
        exempt(|| writeln!(self.problems.borrow_mut(), "{what}").expect("a string takes it"));
    }
}

/// The heap of a run, and what its steps keep. Whatever is kept is given up at the end, in the order of the fields.
#[derive(Debug)]
pub(super) struct World {
    /// What steps leave to later ones, and to the end.
    pub(super) kept: RefCell<Vec<AnyGc>>,
    /// The heap.
    pub(super) heap: Heap,
    /// An allocator without a heap.
    pub(super) raw: RawAllocator,
    /// Every value of the run.
    pub(super) ledger: Ledger,
    /// Functions whose only way to fail is a panic get their memory: where the system refuses everything, a panic could not be thrown.
    pub(super) fallible_only: bool,
    /// The first request of the heap, of the default heap, and of the allocator that is refused, and the first call that panics.
    pub(super) first_faults: [u64; 4],
    /// What must not be, and whether something has failed: then results are not what a calm run gives.
    pub(super) notes: Rc<Notes>,
    ends: RefCell<[usize; 3]>,
}

impl World {
    /// A world with a heap of its own; none if memory is refused.
    pub(super) fn try_new(fallible_only: bool, first_faults: [u64; 4]) -> Result<World, Refused> {
        let heap = Heap::try_new()?;
        let raw = RawAllocator::try_new()?;
        Ok(exempt(|| World {
            kept: RefCell::new(Vec::with_capacity(100)),
            heap,
            raw,
            ledger: Ledger::default(),
            fallible_only,
            first_faults,
            notes: Rc::default(),
            ends: RefCell::default(),
        }))
    }

    /// A new value.
    pub(super) fn canary(&self) -> Canary {
        self.ledger.canary()
    }

    /// Keeps a handle until the end.
    pub(super) fn keep(&self, handle: impl Into<AnyGc>) {
        let handle = handle.into();
        exempt(|| self.kept.borrow_mut().push(handle));
    }

    /// Runs a function that panics where memory is refused, with an error's message.
    ///
    /// # Errors
    /// [`Refused`] if it did.
    pub(super) fn infallible<R>(&self, f: impl FnOnce() -> R) -> Result<R, Refused> {
        if self.fallible_only {
            return Ok(exempt(f));
        }
        match caught(f) {
            Ok(result) => Ok(result),
            Err(payload) if is_out_of_memory(&*payload) => Err(Refused),
            Err(payload) => std::panic::resume_unwind(payload),
        }
    }

    /// Whether anything has failed, or a fault has happened that could be done without.
    fn is_disturbed(&self) -> bool {
        let [heap, default_heap, raw, call] = self.first_faults;
        self.notes.disturbed.get()
            || self.fallible_only
            || self.heap.allocation_requests() > heap
            || Heap::with_default(Heap::allocation_requests) > default_heap
            || self.raw.allocation_requests() > raw
            || calls() > call
    }

    /// States a fact that holds as long as nothing has failed.
    #[track_caller]
    pub(super) fn expect(&self, fact: bool, what: &str) {
        if !fact && !self.is_disturbed() {
            self.problem(format_args!("{what} ({})", std::panic::Location::caller()));
        }
    }

    /// Notes something that must not be.
    pub(super) fn problem(&self, what: impl std::fmt::Display) {
        self.notes.problem(what);
    }

    /// Runs a step. A panic has to be a fault, or that of refused memory.
    pub(super) fn step(&self, name: &str, f: fn(&World) -> Step) {
        let end = match caught(|| f(self)) {
            Ok(Ok(())) => End::Done,
            Ok(Err(Refused)) => End::Refused,
            Err(payload) => {
                if !payload.is::<Fault>() {
                    let what = message(&*payload);
                    self.problem(format_args!("{name}: an unexpected panic: {what}"));
                }
                End::Panicked
            }
        };
        self.ends.borrow_mut()[end as usize] += 1;
        if end != End::Done {
            self.notes.disturbed.set(true);
            exempt(|| self.notes.failed.borrow_mut().push_str(&format!(" {name}: {end:?}")));
        }
    }

    /// Steps that were done, refused, and ended by a panic.
    pub(super) fn ends(&self) -> [usize; 3] {
        *self.ends.borrow()
    }
}

/// What a panic says.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.or_else(|| payload.downcast_ref::<Fault>().map(|fault| format!("{fault:?}"))).unwrap_or_default()
}

/// Whether a panic is that of refused memory.
pub fn is_out_of_memory(payload: &(dyn Any + Send)) -> bool {
    payload.downcast_ref::<String>().is_some_and(|text| text.starts_with("out of memory: "))
}
