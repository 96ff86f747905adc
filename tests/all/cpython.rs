//! CPython's own tests of its collector, weak references and finalizers, restated for this API under their names.
//!
//! A file per class of CPython's, or per part of a large one. What needs a language around it runs a script with minipy, which
//! another test compares with what CPython itself prints. `docs/conformance.md` lists all of them.

mod finalization;
mod gc;
mod weakref;

use std::cell::RefCell;
use std::process::Command;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, WeakCallback};
use tailbite_tests::{Log, Node};

use crate::scripts;

/// What finalizers saved.
type Saved = Rc<RefCell<Vec<Gc<Node>>>>;

/// Runs a script under `tests/scripts/cpython` with minipy, which prints these lines and nothing to stderr.
fn script(name: &str, expected: &[&str]) {
    let path = format!("tests/scripts/cpython/{name}.py");
    let output = scripts::run(Command::new(scripts::minipy()).current_dir(scripts::root()).arg(&path));
    let stdout = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    assert_eq!(stdout.lines().collect::<Vec<_>>(), expected, "{path}");
    assert!(output.status.success() && output.stderr.is_empty(), "{path}: {output:?}");
}

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
