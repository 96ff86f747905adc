//! CPython's own tests of its collector, weak references and finalizers, restated for this API under their names.
//!
//! What needs a language around it is tested with minipy scripts.

mod finalization;
mod gc;
mod weakref;

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, WeakCallback};
use tailbite_tests::{Log, Node};

/// What finalizers saved.
type Saved = Rc<RefCell<Vec<Gc<Node>>>>;

fn collect(heap: &Heap) -> usize {
    heap.collect(Generation::Old)
}

/// A callback that logs a name, and may hold another object.
#[derive(Trace)]
struct Call {
    log: tailbite_tests::Probe,
    edge: RefCell<Option<AnyGc>>,
}

impl Call {
    fn new(log: &Log, name: &str) -> Call {
        Call { log: log.probe(name), edge: RefCell::default() }
    }
}

impl WeakCallback for Call {
    fn call(&self, _: &AnyGc) {
        self.log.log().push(format!("call {}", self.log.name()));
    }
}
