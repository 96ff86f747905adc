//! A general graph node and builders over it.

use std::cell::{Cell, RefCell};
use std::fmt;

use tailbite::{AnyGc, Gc, Heap, Trace, Weak};

use crate::{Log, OnDrop, Probe};

type Hook = Box<dyn Fn(&Gc<Node>)>;

/// A node with two single edges in cells, lists of edges, a weak edge, and a finalizer and a drop that a test gives it.
///
/// The probe is the first field, so that a node's drop is logged before those of the nodes it owned.
#[derive(Trace)]
#[trace(finalize_on_request = Node::finalize)]
pub struct Node {
    probe: Probe,
    /// What a test wants to run while this payload is dropped.
    pub at_drop: OnDrop,
    /// Two single edges.
    pub cells: [Cell<Option<Gc<Node>>>; 2],
    /// Any number of edges, opaque to a collection while mutably borrowed.
    pub list: RefCell<Vec<Gc<Node>>>,
    /// Edges to objects of any type.
    pub any: RefCell<Vec<AnyGc>>,
    /// An edge that does not count.
    pub weak: RefCell<Weak<Node>>,
    #[trace(skip)]
    hook: RefCell<Option<Hook>>,
}

impl Node {
    /// A node without edges that logs its drop under `name`.
    pub fn new(log: &Log, name: impl Into<String>) -> Node {
        Node {
            probe: log.probe(name),
            at_drop: OnDrop::default(),
            cells: [const { Cell::new(None) }; 2],
            list: RefCell::default(),
            any: RefCell::default(),
            weak: RefCell::new(Weak::new()),
            hook: RefCell::default(),
        }
    }

    /// The same, placed in a heap.
    pub fn alloc(heap: &Heap, log: &Log, name: impl Into<String>) -> Gc<Node> {
        heap.alloc(Node::new(log, name))
    }

    /// The name under which events of this node are logged.
    pub fn name(&self) -> &str {
        self.probe.name()
    }

    /// The log of this node.
    pub fn log(&self) -> &Log {
        self.probe.log()
    }

    /// Adds an edge.
    pub fn link(&self, to: &Gc<Node>) {
        self.list.borrow_mut().push(to.clone());
    }

    /// Adds an edge to an object of any type.
    pub fn hold(&self, to: impl Into<AnyGc>) {
        self.any.borrow_mut().push(to.into());
    }

    /// Gives up all edges to nodes; what dies by it dies here, with no borrow held.
    pub fn unlink(&self) {
        for cell in &self.cells {
            drop(cell.take());
        }
        let list = match self.list.try_borrow_mut() {
            Ok(mut list) => std::mem::take(&mut *list),
            Err(_) => Vec::new(),
        };
        drop(list);
    }

    /// Sets a single edge; the handle that was there before dies here.
    pub fn set(&self, cell: usize, to: Option<Gc<Node>>) {
        drop(self.cells[cell].replace(to));
    }

    /// Gives the node a finalizer, which logs `finalize NAME` and then runs `hook`.
    pub fn on_finalize(this: &Gc<Node>, hook: impl Fn(&Gc<Node>) + 'static) {
        *this.hook.borrow_mut() = Some(Box::new(hook));
        Gc::request_finalizer(this);
    }

    /// Runs `action` while the payload of this node is dropped, before its edges are.
    pub fn on_drop(&self, action: impl FnOnce() + 'static) {
        self.at_drop.set(action);
    }

    fn finalize(this: &Gc<Node>) {
        this.log().push(format!("finalize {}", this.name()));
        let hook = this.hook.borrow();
        if let Some(hook) = &*hook {
            hook(this);
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// `count` nodes named `NAME0`, `NAME1`, ..., each with an edge to the next.
pub fn chain(heap: &Heap, log: &Log, name: &str, count: usize) -> Vec<Gc<Node>> {
    let nodes: Vec<_> = (0..count).map(|index| Node::alloc(heap, log, format!("{name}{index}"))).collect();
    for pair in nodes.windows(2) {
        pair[0].set(0, Some(pair[1].clone()));
    }
    nodes
}

/// A chain whose last node has an edge to the first.
pub fn ring(heap: &Heap, log: &Log, name: &str, count: usize) -> Vec<Gc<Node>> {
    let nodes = chain(heap, log, name, count);
    nodes[count - 1].set(0, Some(nodes[0].clone()));
    nodes
}

/// A ring to which nobody has a handle.
pub fn leak_ring(heap: &Heap, log: &Log, name: &str, count: usize) {
    drop(ring(heap, log, name, count));
}
