//! The host of a chaos program: what it holds, and the door through which user code comes back to it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::{Rc, Weak as RcWeak};
use std::sync::Arc;

use tailbite::{AnyGc, CallbackKey, Finalize, Gc, Heap, Proxy, Weak, WeakRef};

use super::containers::{KeyMap, Members, ValueMap};
use super::ledger::Ledger;
use super::memory::RawBlocks;
use super::operations;
use super::things::{Capture, Thing, Value, number_of, probe};
use crate::Tape;

/// How deep user code nests.
const DEPTH: usize = 4;

/// What a program's deliberate panics say.
pub(crate) const DELIBERATE: &str = "a panic on purpose";

/// What may occur in a program.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    /// Several heaps, handles past their heap, edges between heaps, handles in places that are not traced. Without that the collector
    /// alone must find all garbage; with it cycles may leak by documentation, so the host cuts them at the end.
    pub(crate) tangled: bool,
    /// Hard limits, so that only fallible functions are called.
    pub(crate) limits: bool,
    /// Guards of exclusive access that are forgotten, and with them their objects.
    pub(crate) forgets: bool,
    /// Immortal objects.
    pub(crate) immortals: bool,
    /// The thread's default heap.
    pub(crate) default_heap: bool,
}

impl Plan {
    /// A bit for each member.
    pub(crate) fn from_byte(byte: u8) -> Plan {
        let bit = |number: u8| byte >> number & 1 == 1;
        Plan { tangled: bit(0), limits: bit(1), forgets: bit(2) && bit(0), immortals: bit(3), default_heap: false }
    }

    /// Whether the whole program runs in a thread that ends (one in eight).
    pub(crate) fn is_in_thread(byte: u8) -> bool {
        byte >> 5 == 7
    }
}

/// A list of the host's, borrowed only while no user code runs.
pub(crate) type Held<T> = RefCell<Vec<T>>;

/// What the host has. Handles are many, so that operations meet; the order of members is the order in which a world drops.
#[derive(Default)]
pub(crate) struct World {
    tape: Option<Tape>,
    ledger: Arc<Ledger>,
    pub(crate) plan: Plan,
    depth: Cell<usize>,
    /// The last operations: nothing is kept any more.
    pub(crate) ending: Cell<bool>,
    /// Some `Finalize` may not be called at exit, and stays registered until its heap closes.
    pub(crate) lingers: Cell<bool>,
    pub(crate) handles: Held<AnyGc>,
    /// With the number of the object that they were made for.
    pub(crate) weaks: Held<(u64, Weak<Thing>)>,
    pub(crate) references: Held<(u64, Gc<WeakRef>)>,
    pub(crate) proxies: Held<(u64, Gc<Proxy>)>,
    pub(crate) finalizers: Held<Finalize<Value>>,
    /// With whether its equivalence tells the truth.
    pub(crate) key_maps: Held<(bool, Gc<KeyMap>)>,
    pub(crate) value_maps: Held<Gc<ValueMap>>,
    pub(crate) sets: Held<Gc<Members>>,
    pub(crate) roots: Held<u64>,
    pub(crate) callbacks: Held<CallbackKey>,
    pub(crate) raw: RawBlocks,
    /// What closures captured, all maps and things that are alive: to cut cycles at the end.
    pub(crate) captures: Held<RcWeak<Capture>>,
    pub(crate) all_key_maps: Held<Weak<KeyMap>>,
    pub(crate) all_value_maps: Held<Weak<ValueMap>>,
    things: RefCell<BTreeMap<u64, *const Thing>>,
    pub(crate) heaps: Held<Rc<Heap>>,
}

impl World {
    pub(crate) fn new(tape: Tape, ledger: Arc<Ledger>, plan: Plan) -> Rc<World> {
        let world = Rc::new(World { tape: Some(tape), ledger, plan, ..World::default() });
        world.say(|| format!("{plan:?}"));
        super::control::open_heap(&world);
        if plan.default_heap {
            Heap::with_default(|heap| super::control::listen(&world, heap));
        }
        world
    }

    pub(crate) fn tape(&self) -> &Tape {
        self.tape.as_ref().expect("a world has a tape")
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Prints a line about what happens, where that is asked for.
    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if crate::replay::is_told() {
            println!("{:indent$}{}", "", line(), indent = 2 * self.depth.get());
        }
    }

    /// One operation.
    pub(crate) fn act(self: &Rc<Self>) {
        self.depth.set(self.depth.get() + 1);
        self.guard(|| operations::run_one(self));
        self.depth.set(self.depth.get() - 1);
    }

    /// Runs `f`. Its panics end here, and must be on purpose.
    pub(crate) fn guard(&self, f: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("something");
            self.expect_deliberate(text);
        }
    }

    /// A panic that reached a hook or the host is one of the program's.
    pub(crate) fn expect_deliberate(&self, message: &str) {
        if message != DELIBERATE {
            self.ledger.fail(format!("a panic that was not asked for: {message}"));
        }
    }

    /// What user code does wherever it is called: a few operations, and a panic now and then.
    pub(crate) fn user_code(self: &Rc<Self>, place: &str) {
        if self.depth.get() >= DEPTH || self.tape().done() {
            return;
        }
        let actions = self.tape().below(4);
        if actions > 0 {
            self.say(|| format!("user code in {place}:"));
        }
        for _ in 0..actions {
            self.act();
        }
        if self.tape().one_in(12) && !std::thread::panicking() {
            self.say(|| format!("panic in {place}"));
            // (No panic hook is called, and nothing printed.)
            resume_unwind(Box::new(DELIBERATE));
        }
    }

    /// The program takes a handle: what it is given is alive.
    pub(crate) fn keep(&self, handle: impl Into<AnyGc>) {
        let handle = handle.into();
        probe(&handle);
        self.handles.borrow_mut().push(handle);
    }

    /// A clone of one of the host's handles.
    pub(crate) fn pick(&self) -> Option<AnyGc> {
        let handle = self.tape().choose(&self.handles.borrow()).cloned()?;
        probe(&handle);
        Some(handle)
    }

    /// A handle to some thing that the host holds.
    pub(crate) fn pick_thing(&self) -> Option<Gc<Thing>> {
        self.pick()?.downcast().ok()
    }

    /// One of the host's handles, out of its list.
    pub(crate) fn take(&self) -> Option<AnyGc> {
        let handle = self.take_from(&self.handles)?;
        probe(&handle);
        Some(handle)
    }

    pub(crate) fn choose<T: Clone>(&self, from: &Held<T>) -> Option<T> {
        self.tape().choose(&from.borrow()).cloned()
    }

    pub(crate) fn take_from<T>(&self, from: &Held<T>) -> Option<T> {
        let mut from = from.borrow_mut();
        let index = self.tape().below(from.len());
        (index < from.len()).then(|| from.swap_remove(index))
    }

    /// Calls `f` with an open heap, or with that of some object, which may be closed. The heap may go meanwhile.
    pub(crate) fn with_heap<R>(&self, f: impl FnOnce(&Heap) -> R) -> Option<R> {
        match self.tape().below(4) {
            1 => Some(self.pick()?.with_heap(f)),
            2 if self.plan.default_heap => Some(Heap::with_default(f)),
            _ => Some(f(&*self.choose(&self.heaps)?)),
        }
    }

    /// What a weak answer is given for must be the object that the question was about.
    pub(crate) fn expect_number(&self, expected: u64, found: &AnyGc) {
        probe(found);
        let number = number_of(found);
        if number != Some(expected) {
            self.ledger.fail(format!("a weak answer gives {number:?} in place of {expected}"));
        }
    }

    /// From now on the thing is known by its place: until its payload is moved or dropped.
    pub(crate) fn register(&self, thing: &Gc<Thing>) {
        self.things.borrow_mut().insert(thing.canary.number(), Gc::as_ptr(thing));
    }

    pub(crate) fn forget_thing(&self, number: u64) {
        self.things.borrow_mut().remove(&number);
    }

    /// Calls `f` with every thing that is alive, whoever holds it.
    pub(crate) fn each_thing(&self, mut f: impl FnMut(&Thing)) {
        let numbers: Vec<u64> = self.things.borrow().keys().copied().collect();
        for number in numbers {
            let thing = self.things.borrow().get(&number).copied();
            if let Some(thing) = thing {
                // SAFETY: payloads don't move; a thing is forgotten when its payload begins to drop or is moved out. What `f` takes out
                // of it is parked by the caller, so it doesn't die meanwhile.
                f(unsafe { &*thing });
            }
        }
    }

    /// Checks the open heaps, and all that the host holds.
    pub(crate) fn check(&self) {
        for heap in self.heaps.borrow().clone() {
            let checked = catch_unwind(AssertUnwindSafe(|| heap.check()));
            if let Err(payload) = checked {
                let text = payload.downcast_ref::<String>().cloned().unwrap_or_default();
                self.ledger.fail(format!("a heap's invariant is broken: {text}"));
            }
            self.expect_within_limit(&heap);
        }
        self.handles.borrow().iter().for_each(probe);
    }

    /// No heap takes more than its limit.
    pub(crate) fn expect_within_limit(&self, heap: &Heap) {
        if let Some(limit) = heap.memory_limit()
            && heap.used_bytes() > limit
        {
            self.ledger.fail(format!("a heap takes {} bytes at a limit of {limit}", heap.used_bytes()));
        }
    }
}
