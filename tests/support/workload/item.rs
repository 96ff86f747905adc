//! The objects of the workload: nodes with a finalizer, leaves, callbacks, an equivalence; all of their code is counted.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};

use tailbite::{AnyGc, Equivalence, Gc, Heap, Trace, Tracer, WeakCallback};

use super::canary::Canary;
use super::faults::{exempt, user_call};
use super::world::{Refused, World};

/// What the finalizer of an item does besides being called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nothing.
    #[default]
    Quiet,
    /// It allocates in its heap, drops that, and collects.
    Busy,
    /// It puts the item into the thread's [list of the saved](saved).
    Saves,
    /// It gives up the item's edges.
    Unlinks,
}

/// An object with edges, a value, and a finalizer. Its `Trace` is user code, too, which may panic.
#[derive(Debug)]
pub(super) struct Item {
    canary: Canary,
    manner: Manner,
    is_finalized: Cell<bool>,
    /// An edge.
    pub(super) next: RefCell<Option<Gc<Item>>>,
    /// Edges.
    pub(super) any: RefCell<Vec<AnyGc>>,
}

// SAFETY: reports each edge once, and nothing else; counting a call is no effect on the heap.
unsafe impl Trace for Item {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        user_call("trace");
        self.next.trace(tracer);
        self.any.trace(tracer);
    }

    fn options(options: &mut tailbite::TypeOptions<Item>) {
        options.finalizer(Item::finalize).protocol(&"item");
    }
}

thread_local! {
    static SAVED: RefCell<Vec<Gc<Item>>> = const { RefCell::new(Vec::new()) };
    static FINALIZED_TWICE: Cell<usize> = const { Cell::new(0) };
}

/// Takes the items that finalizers have saved.
pub(super) fn saved() -> Vec<Gc<Item>> {
    SAVED.take()
}

/// Items whose finalizer was called again; forgets them.
pub(super) fn finalized_twice() -> usize {
    FINALIZED_TWICE.take()
}

impl Item {
    /// An item without edges.
    pub(super) fn new(world: &World, manner: Manner) -> Item {
        Item {
            canary: world.canary(),
            manner,
            is_finalized: Cell::new(false),
            next: RefCell::default(),
            any: RefCell::default(),
        }
    }

    /// The same, as an object.
    pub(super) fn alloc(world: &World, manner: Manner) -> Result<Gc<Item>, Refused> {
        Ok(world.heap.try_alloc(Item::new(world, manner))?)
    }

    /// Adds an edge.
    pub(super) fn hold(&self, edge: impl Into<AnyGc>) {
        let edge = edge.into();
        exempt(|| self.any.borrow_mut().push(edge));
    }

    /// A ring of items, which nobody holds but the caller, by its first.
    pub(super) fn ring(world: &World, manner: Manner, count: usize) -> Result<Gc<Item>, Refused> {
        let first = Item::alloc(world, manner)?;
        let mut last = first.clone();
        for _ in 1..count {
            let item = Item::alloc(world, manner)?;
            *last.next.borrow_mut() = Some(item.clone());
            last = item;
        }
        *last.next.borrow_mut() = Some(first.clone());
        Ok(first)
    }

    fn finalize(this: &Gc<Item>) {
        this.canary.touch();
        if this.is_finalized.replace(true) {
            FINALIZED_TWICE.set(FINALIZED_TWICE.get() + 1);
        }
        user_call("finalizer");
        match this.manner {
            Manner::Quiet => {}
            Manner::Busy => Gc::with_heap(this, busy),
            Manner::Saves => exempt(|| SAVED.with_borrow_mut(|saved| saved.push(this.clone()))),
            Manner::Unlinks => {
                drop(this.next.take());
                drop(this.any.take());
            }
        }
    }
}

/// Does what user code may do in a heap: allocates, makes garbage, drops, collects.
pub(super) fn busy(heap: &Heap) {
    if let Ok(text) = heap.try_alloc_str("busy") {
        drop(Gc::try_downgrade(&text));
    }
    if let Ok(list) = heap.try_alloc(RefCell::new(None::<AnyGc>)) {
        *list.borrow_mut() = Some(Gc::as_any(&list));
    }
    heap.collect(tailbite::Generation::Young);
    heap.safepoint();
}

/// A leaf that compares and hashes, by its number and the code of its value.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// What makes it equal to others.
    pub(super) number: u32,
    canary: Canary,
}

tailbite::leaf!(Leaf);

impl Leaf {
    /// A leaf.
    pub(super) fn new(world: &World, number: u32) -> Leaf {
        Leaf { number, canary: world.canary() }
    }
}

impl PartialEq for Leaf {
    fn eq(&self, other: &Leaf) -> bool {
        self.canary == other.canary && self.number == other.number
    }
}

impl Eq for Leaf {}

impl Hash for Leaf {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.canary.hash(hasher);
        // Few hashes, so that keys are compared.
        (self.number % 3).hash(hasher);
    }
}

/// Leaves by their number, with a value of its own.
#[derive(Debug)]
pub(super) struct ByNumber(pub Canary);

impl Equivalence<Leaf> for ByNumber {
    fn hash(&self, value: &Leaf) -> u64 {
        self.0.touch();
        user_call("hash of an equivalence");
        u64::from(value.number % 3)
    }

    fn equivalent(&self, a: &Leaf, b: &Leaf) -> bool {
        user_call("an equivalence");
        a.number == b.number
    }
}

impl<T: AsRef<Leaf>> Equivalence<T> for ByNumber {
    fn hash(&self, value: &T) -> u64 {
        Equivalence::<Leaf>::hash(self, value.as_ref())
    }

    fn equivalent(&self, a: &T, b: &T) -> bool {
        Equivalence::<Leaf>::equivalent(self, a.as_ref(), b.as_ref())
    }
}

/// A callback with an edge.
#[derive(Trace)]
pub(super) struct Calls {
    canary: Canary,
    /// What it keeps.
    pub(super) edge: Option<AnyGc>,
}

impl Calls {
    /// A callback.
    pub(super) fn new(world: &World, edge: Option<AnyGc>) -> Calls {
        Calls { canary: world.canary(), edge }
    }
}

impl WeakCallback for Calls {
    fn call(&self, reference: &AnyGc) {
        user_call("weak callback");
        drop(self.canary.clone());
        reference.with_heap(busy);
    }
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Calls")
    }
}
