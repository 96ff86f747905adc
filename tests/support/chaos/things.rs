//! What a chaos program allocates: payloads with a canary, and edges in every kind of place.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, External, Gc, Heap, LastFirst, Packed, Trace, WithSlice, leaf};

use super::ledger::Canary;
use super::memory::{Items, Table};
use super::world::World;

/// An object with edges in cells, vectors, packed values, and tables in a heap's own memory; it may own external bytes and a heap.
#[derive(Trace)]
#[trace(finalize_on_request = Thing::finalize)]
pub(crate) struct Thing {
    /// First, so that a thing is no longer known by its place when its edges go.
    pub(crate) canary: Canary,
    pub(crate) cell: Cell<Option<AnyGc>>,
    pub(crate) list: RefCell<Vec<AnyGc>>,
    pub(crate) packed: RefCell<LastFirst<Packed>>,
    pub(crate) table: RefCell<Option<Table>>,
    pub(crate) items: RefCell<Option<Items>>,
    pub(crate) external: RefCell<Option<External>>,
    pub(crate) kept: Kept,
}

/// A heap that an object keeps open.
#[derive(Default)]
pub(crate) struct Kept(pub(crate) RefCell<Option<Rc<Heap>>>);

leaf!(Kept);

impl Thing {
    pub(crate) fn new(world: &Rc<World>) -> Thing {
        Thing {
            canary: Canary::new(world, "thing"),
            cell: Cell::default(),
            list: RefCell::default(),
            packed: RefCell::default(),
            table: RefCell::default(),
            items: RefCell::default(),
            external: RefCell::default(),
            kept: Kept::default(),
        }
    }

    fn finalize(this: &Gc<Thing>) {
        finalize(&this.canary, Gc::as_any(this));
    }

    /// Takes everything out that holds anything, with no user code: a thing that is mutably borrowed keeps that part.
    pub(crate) fn strip(&self) -> Stripped {
        Stripped {
            _cell: self.cell.take(),
            _list: self.list.try_borrow_mut().map(|mut list| std::mem::take(&mut *list)).unwrap_or_default(),
            _packed: self.packed.try_borrow_mut().map(|mut packed| std::mem::take(&mut *packed)).unwrap_or_default(),
            _table: self.table.try_borrow_mut().ok().and_then(|mut table| table.take()),
            _items: self.items.try_borrow_mut().ok().and_then(|mut items| items.take()),
            _external: self.external.try_borrow_mut().ok().and_then(|mut external| external.take()),
            _heap: self.kept.0.try_borrow_mut().ok().and_then(|mut heap| heap.take()),
        }
    }
}

/// What was taken out of a thing, to be dropped where user code may run.
pub(crate) struct Stripped {
    _cell: Option<AnyGc>,
    _list: Vec<AnyGc>,
    _packed: LastFirst<Packed>,
    _table: Option<Table>,
    _items: Option<Items>,
    _external: Option<External>,
    _heap: Option<Rc<Heap>>,
}

/// For `make_mut`. Clones are user code.
impl Clone for Thing {
    fn clone(&self) -> Thing {
        self.canary.expect_alive();
        let copy = Thing::new(self.canary.world());
        if let Ok(list) = self.list.try_borrow() {
            copy.list.borrow_mut().extend(list.iter().cloned());
        }
        self.canary.world().user_code("clone");
        self.canary.expect_alive();
        copy
    }
}

/// An object without edges and with a finalizer that runs at each of its deaths.
#[derive(Trace)]
#[trace(finalize = Leaf::finalize)]
pub(crate) struct Leaf {
    pub(crate) canary: Canary,
}

impl Leaf {
    fn finalize(this: &Gc<Leaf>) {
        finalize(&this.canary, Gc::as_any(this));
    }
}

/// A tuple with a head.
pub(crate) type Tuple = WithSlice<Canary, AnyGc>;

/// Any finalizer: everything is intact, and it may keep the object.
fn finalize(canary: &Canary, this: AnyGc) {
    let world = canary.world();
    probe(&this);
    world.say(|| format!("finalizer of {canary:?}"));
    if world.tape().one_in(4) && !world.ending.get() {
        world.keep(this.clone());
    }
    world.user_code("finalizer");
    probe(&this);
}

/// What weak maps hold, and what `Heap::finalize` is given. Its clones are user code.
#[derive(Debug, Trace)]
pub(crate) struct Value {
    pub(crate) canary: Canary,
    pub(crate) object: Option<AnyGc>,
    /// The number of the object that it was stored under.
    pub(crate) under: Option<u64>,
}

impl Value {
    pub(crate) fn new(world: &Rc<World>, object: Option<AnyGc>, under: Option<u64>) -> Value {
        Value { canary: Canary::new(world, "value"), object, under }
    }

    /// A value that the program is given.
    pub(crate) fn expect_alive(&self) {
        self.canary.expect_alive();
        self.object.iter().for_each(probe);
    }
}

impl Clone for Value {
    fn clone(&self) -> Value {
        self.expect_alive();
        let copy = Value::new(self.canary.world(), self.object.clone(), self.under);
        self.canary.world().user_code("clone");
        self.expect_alive();
        copy
    }
}

/// What a closure captured: a canary, and a handle that no trace sees.
pub(crate) struct Capture {
    pub(crate) canary: Canary,
    pub(crate) object: RefCell<Option<AnyGc>>,
}

impl Capture {
    /// A capture for a closure; with a handle in it only in programs that may leak by it.
    pub(crate) fn new(world: &Rc<World>) -> Rc<Capture> {
        let object = if world.plan.tangled && world.tape().one_in(3) { world.pick() } else { None };
        let capture = Rc::new(Capture { canary: Canary::new(world, "capture"), object: RefCell::new(object) });
        world.captures.borrow_mut().push(Rc::downgrade(&capture));
        capture
    }

    /// The closure runs: its captures are there.
    pub(crate) fn run(&self, place: &str) {
        let check = || {
            self.canary.expect_alive();
            self.object.borrow().iter().for_each(probe);
        };
        check();
        self.canary.world().user_code(place);
        check();
    }
}

/// Whoever holds this handle: the object is alive, and so is what it holds.
pub(crate) fn probe(object: &AnyGc) {
    probe_one(object);
    if let Some(thing) = object.downcast_ref::<Thing>() {
        if let Ok(list) = thing.list.try_borrow() {
            list.iter().for_each(probe_one);
        }
        if let Ok(table) = thing.table.try_borrow() {
            table.iter().flat_map(Table::values).for_each(probe_one);
        }
    } else if let Some(items) = object.downcast_ref::<[AnyGc]>() {
        items.iter().for_each(probe_one);
    } else if let Some(tuple) = object.downcast_ref::<Tuple>() {
        tuple.slice.iter().for_each(probe_one);
    }
}

fn probe_one(object: &AnyGc) {
    if let Some(canary) = canary_of(object) {
        canary.expect_alive();
    }
}

fn canary_of(object: &AnyGc) -> Option<&Canary> {
    if let Some(thing) = object.downcast_ref::<Thing>() {
        Some(&thing.canary)
    } else if let Some(leaf) = object.downcast_ref::<Leaf>() {
        Some(&leaf.canary)
    } else {
        Some(&object.downcast_ref::<Tuple>()?.head)
    }
}

/// The identity of an object, if it has a canary.
pub(crate) fn number_of(object: &AnyGc) -> Option<u64> {
    canary_of(object).map(Canary::number)
}
