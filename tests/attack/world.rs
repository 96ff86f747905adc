//! Random programs in which every piece of user code (finalizers, callbacks, drops, clones, comparisons, closures that make
//! objects) does random things again. Objects know whether they were dropped; no handle may lead to one that was.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use tailbite::{
    AnyGc, CallbackKey, DebugFlags, Equivalence, Finalize, Gc, Generation, Growth, Heap, Packed, Proxy, RootKey, Trace,
    Trigger, Untraced, Weak, WeakCallback, WeakKeyMap, WeakRef, WeakSet, WeakValueMap, leaf,
};

#[path = "world_ops.rs"]
mod ops;

pub(super) const SLOTS: usize = 12;
const MAGIC: u64 = 0x7a11_b17e_0bec_7ed5;

/// Dropped once; does things meanwhile.
pub(super) struct Mark {
    id: u64,
    magic: Cell<u64>,
}
leaf!(Mark);

impl Mark {
    pub(super) fn new() -> Mark {
        let id = NEXT.get();
        NEXT.set(id + 1);
        Mark { id, magic: Cell::new(MAGIC) }
    }

    /// Whoever can see it sees it alive.
    fn check(&self) {
        if self.magic.get() != MAGIC || DEAD.with_borrow(|dead| dead.contains(&self.id)) {
            BROKEN.with_borrow_mut(|broken| broken.push(format!("{} was reached after its drop", self.id)));
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if self.magic.replace(1) != MAGIC || !DEAD.with_borrow_mut(|dead| dead.insert(self.id)) {
            BROKEN.with_borrow_mut(|broken| broken.push(format!("{} was dropped twice", self.id)));
        }
        act();
    }
}

impl Clone for Mark {
    fn clone(&self) -> Mark {
        self.check();
        act();
        self.check();
        Mark::new()
    }
}

#[derive(Trace, Clone)]
#[trace(finalize = Obj::finalize)]
pub(super) struct Obj {
    pub(super) fields: RefCell<Vec<AnyGc>>,
    pub(super) packed: RefCell<Option<Packed>>,
    pub(super) weak: RefCell<Option<Weak<Obj>>>,
    pub(super) hidden: Untraced<RefCell<Option<AnyGc>>>,
    pub(super) mark: Mark,
}

impl Obj {
    fn finalize(this: &Gc<Obj>) {
        this.mark.check();
        act();
        if rng(8) == 0 {
            put(rng(SLOTS), Some(Gc::as_any(this)));
        }
        this.mark.check();
    }
}

pub(super) fn object() -> Obj {
    Obj {
        fields: RefCell::default(),
        packed: RefCell::default(),
        weak: RefCell::default(),
        hidden: Untraced(RefCell::default()),
        mark: Mark::new(),
    }
}

#[derive(Trace)]
pub(super) struct Call(pub(super) RefCell<Option<AnyGc>>, pub(super) Mark);

impl WeakCallback for Call {
    fn call(&self, reference: &AnyGc) {
        self.1.check();
        act();
        if rng(6) == 0 {
            put(rng(SLOTS), Some(reference.clone()));
        }
        drop(self.0.take());
        self.1.check();
    }
}

pub(super) struct Alike(pub(super) Mark);

impl Equivalence<AnyGc> for Alike {
    fn hash(&self, value: &AnyGc) -> u64 {
        self.0.check();
        look(value);
        act();
        self.0.check();
        if rng(50) == 0 { rng(1000) as u64 } else { value.address() as u64 >> 6 & 3 }
    }
    fn equivalent(&self, a: &AnyGc, b: &AnyGc) -> bool {
        act();
        look(a);
        look(b);
        self.0.check();
        if rng(50) == 0 { rng(2) == 0 } else { a == b }
    }
}

pub(super) type Map = WeakKeyMap<AnyGc, AnyGc, Alike>;
pub(super) type Set = WeakSet<AnyGc, Alike>;
pub(super) type Values = WeakValueMap<AnyGc, AnyGc, Alike>;

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(1) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static BUDGET: Cell<u32> = const { Cell::new(0) };
    static DEAD: RefCell<HashSet<u64>> = RefCell::default();
    static BROKEN: RefCell<Vec<String>> = RefCell::default();
    static HANDLES: RefCell<Vec<Option<AnyGc>>> = RefCell::default();
    static WEAKS: RefCell<Vec<Option<Weak<Obj>>>> = RefCell::default();
    static HEAPS: RefCell<Vec<Option<Rc<Heap>>>> = RefCell::default();
    static KEYS: RefCell<Vec<(CallbackKey, RootKey<()>)>> = RefCell::default();
    static FINALIZES: RefCell<Vec<Option<Finalize<AnyGc>>>> = RefCell::default();
}

pub(super) fn rng(below: usize) -> usize {
    let mut x = STATE.get();
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    STATE.set(x);
    (x >> 11) as usize % below
}

pub(super) fn get(slot: usize) -> Option<AnyGc> {
    let any = HANDLES.try_with(|handles| handles.borrow()[slot].clone()).ok()??;
    look(&any);
    Some(any)
}

pub(super) fn put(slot: usize, any: Option<AnyGc>) {
    let old = HANDLES.with_borrow_mut(|handles| std::mem::replace(&mut handles[slot], any));
    drop(old);
}

/// Looks at an object, and at what it refers to.
pub(super) fn look(any: &AnyGc) {
    if let Some(object) = any.downcast_ref::<Obj>() {
        object.mark.check();
        if let Ok(fields) = object.fields.try_borrow() {
            fields.iter().filter_map(|field| field.downcast_ref::<Obj>()).for_each(|field| field.mark.check());
        }
    } else if let Some(call) = any.downcast_ref::<Call>() {
        call.1.check();
    }
}

/// A few random things, if user code isn't nested too deep; now and then a panic.
pub(super) fn act() {
    if DEPTH.get() > 3 || BUDGET.get() == 0 || HANDLES.with_borrow(Vec::is_empty) {
        return;
    }
    DEPTH.set(DEPTH.get() + 1);
    for _ in 0..rng(3) {
        BUDGET.set(BUDGET.get().saturating_sub(1));
        step();
    }
    DEPTH.set(DEPTH.get() - 1);
    if rng(40) == 0 && !std::thread::panicking() {
        // Without the panic hook's lines.
        resume_unwind(Box::new("on purpose"));
    }
}

fn step() {
    let _ = catch_unwind(AssertUnwindSafe(ops::random));
}

fn program(seed: u64) {
    STATE.set(seed * 2_654_435_761 + 88_172_645_463_325_252);
    for _ in 0..10 {
        rng(2);
    }
    BUDGET.set(5000);
    DEPTH.set(0);
    HANDLES.set(vec![None; SLOTS]);
    WEAKS.set(vec![None; SLOTS]);
    FINALIZES.set(vec![None; SLOTS]);
    HEAPS.set((0..3).map(|_| Some(Rc::new(ops::new_heap()))).collect());
    for _ in 0..500 {
        step();
        for heap in HEAPS.with_borrow(Vec::clone).into_iter().flatten() {
            heap.check();
        }
        assert_eq!(BROKEN.take(), [""; 0], "seed {seed}");
    }
    // The end, in any order, with what happens meanwhile.
    for _ in 0..6 {
        match rng(3) {
            0 => drop(HEAPS.with_borrow_mut(|heaps| heaps[rng(3)].take())),
            1 => (0..SLOTS).for_each(|slot| put(slot, None)),
            _ => drop(FINALIZES.with_borrow_mut(std::mem::take)),
        }
        FINALIZES.with_borrow_mut(|them| them.resize(SLOTS, None));
    }
    BUDGET.set(0);
    drop((HANDLES.take(), WEAKS.take(), FINALIZES.take(), KEYS.take()));
    drop(HEAPS.take());
    assert_eq!(BROKEN.take(), [""; 0], "seed {seed}");
    if std::env::var_os("TAILBITE_ATTACK_TELL").is_some() {
        eprintln!("made {} dead {}", NEXT.get(), DEAD.with_borrow(|d| d.len()));
    }
    DEAD.take();
}

/// `TAILBITE_ATTACK_SEEDS=from..to` runs others.
#[test]
fn nothing_is_dropped_twice_or_seen_after_its_drop() {
    let range = std::env::var("TAILBITE_ATTACK_SEEDS").unwrap_or_else(|_| "0..4".into());
    let (from, to) = range.split_once("..").unwrap();
    for seed in from.parse().unwrap()..to.parse().unwrap() {
        if std::env::var_os("TAILBITE_ATTACK_TELL").is_some() {
            eprintln!("seed {seed}");
        }
        // A thread of its own: panics of one program leave nothing to the next, and what leaks goes with it.
        std::thread::Builder::new().stack_size(2 << 20).spawn(move || program(seed)).unwrap().join().unwrap();
    }
}
