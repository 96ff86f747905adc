//! What several ideas share: counted drops, small stacks, logs, child processes.

use std::cell::{Cell, RefCell};
use std::process::Command;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Heap, Trace, Trigger, leaf};

/// Counts how often it was dropped.
pub(crate) struct Loud(pub(crate) Rc<Cell<usize>>);
leaf!(Loud);

impl Drop for Loud {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// An object that may refer to anything.
#[derive(Trace, Default)]
pub(crate) struct Node {
    pub(crate) next: RefCell<Option<AnyGc>>,
    pub(crate) loud: Option<Loud>,
}

impl Node {
    pub(crate) fn alloc(heap: &Heap, next: Option<AnyGc>) -> Gc<Node> {
        heap.alloc(Node { next: RefCell::new(next), loud: None })
    }

    /// One that refers to itself, with a counted drop.
    pub(crate) fn ring(heap: &Heap, drops: &Rc<Cell<usize>>) -> Gc<Node> {
        let node = heap.alloc(Node { next: RefCell::new(None), loud: Some(Loud(drops.clone())) });
        *node.next.borrow_mut() = Some(Gc::as_any(&node));
        node
    }
}

/// A heap that collects only when it is asked.
pub(crate) fn manual() -> Heap {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Manual);
    heap
}

pub(crate) type Log = Rc<RefCell<Vec<String>>>;

/// A heap that collects only when it is asked, and the log of its unraisable panics.
pub(crate) fn logged() -> (Heap, Log) {
    let heap = manual();
    let log = Log::default();
    let lines = log.clone();
    heap.set_unraisable_hook(move |it| lines.borrow_mut().push(format!("{:?}: {}", it.context, it.message())));
    (heap, log)
}

/// Runs `f` on a stack of 64 KiB.
pub(crate) fn small_stack(f: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(64 << 10).spawn(f).unwrap().join().unwrap();
}

const ROLE: &str = "TAILBITE_ATTACK_ROLE";

/// Whether this process is the child that `child` started for the test of this name.
pub(crate) fn is_child(test: &str) -> bool {
    std::env::var(ROLE).is_ok_and(|role| role == test)
}

/// A command that runs one test of this binary once more, in a process of its own.
pub(crate) fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ROLE, test);
    command
}
