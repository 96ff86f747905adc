//! What the machine allocates: objects that log their drop under their number, reached through erased handles.

use std::cell::{Cell, RefCell};

use tailbite::{AnyGc, Gc, Heap, HeapAllocator, Trace, WithSlice};

use crate::{Log, Probe};

type Hook = Box<dyn Fn(&Gc<Knot>)>;

/// A vector in a heap's own memory.
pub(super) type Items = allocator_api2::vec::Vec<AnyGc, HeapAllocator>;

/// An object with edges of every kind to objects of any type, and a finalizer on request.
#[derive(Trace)]
#[trace(finalize_on_request = Knot::finalize)]
pub(super) struct Knot {
    /// First, so that its drop is logged before those of the objects it owned.
    probe: Probe,
    pub(super) cells: [Cell<Option<AnyGc>>; 2],
    pub(super) list: RefCell<Vec<AnyGc>>,
    pub(super) items: RefCell<Items>,
    #[trace(skip)]
    hook: RefCell<Option<Hook>>,
}

/// A head and a slice.
pub(super) type Tuple = WithSlice<Probe, AnyGc>;

/// An element of a slice; the first is the probe.
#[derive(Trace)]
pub(super) enum Part {
    /// Logs the slice's drop.
    Probe(Probe),
    /// An edge.
    Edge(AnyGc),
}

impl Knot {
    pub(super) fn new(heap: &Heap, log: &Log, number: usize) -> Knot {
        Knot {
            probe: log.probe(number.to_string()),
            cells: [const { Cell::new(None) }; 2],
            list: RefCell::default(),
            items: RefCell::new(Items::new_in(heap.allocator())),
            hook: RefCell::default(),
        }
    }

    /// Gives the knot a finalizer, which logs `finalize NUMBER` and then runs `hook`.
    pub(super) fn on_finalize(this: &Gc<Knot>, hook: impl Fn(&Gc<Knot>) + 'static) {
        *this.hook.borrow_mut() = Some(Box::new(hook));
        Gc::request_finalizer(this);
    }

    /// Gives up all edges; what dies by it dies here, with no borrow held.
    pub(super) fn unlink(&self) {
        let cells = [self.cells[0].take(), self.cells[1].take()];
        let list = self.list.try_borrow_mut().map(|mut list| std::mem::take(&mut *list)).unwrap_or_default();
        let items: Vec<AnyGc> = self.items.borrow_mut().drain(..).collect();
        drop((cells, list, items));
    }

    /// The log of this knot.
    pub(super) fn log(&self) -> &Log {
        self.probe.log()
    }

    fn finalize(this: &Gc<Knot>) {
        this.log().push(format!("finalize {}", this.probe.name()));
        let hook = this.hook.borrow();
        if let Some(hook) = &*hook {
            hook(this);
        }
    }
}

/// The number of an object.
pub(super) fn id(object: &AnyGc) -> usize {
    let probe = if let Some(knot) = object.downcast_ref::<Knot>() {
        &knot.probe
    } else if let Some(tuple) = object.downcast_ref::<Tuple>() {
        &tuple.head
    } else if let Some([Part::Probe(probe), ..]) = object.downcast_ref::<[Part]>() {
        probe
    } else {
        object.downcast_ref::<Probe>().expect("an object of the machine's")
    };
    number(probe.name())
}

pub(super) fn number(text: &str) -> usize {
    text.parse().expect("objects are named by number")
}
