//! `test_finalization.py`: finalizers by PEP 442. CPython's legacy finalizers (`tp_del`) have no counterpart.

mod cycle_chain;
mod self_cycle;
mod simple;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Heap, Trace, WeakRef};
use tailbite_tests::manual_heap;

use super::collect;

/// What a finalizer does besides recording its call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Simple,
    Resurrecting,
    /// Gives up its neighbours.
    Suicidal,
}

/// What the finalizers of a test did; outside of the heap, so what it holds is held by nobody's edge.
#[derive(Default)]
struct Record {
    /// The ids of finalized objects, in order.
    calls: RefCell<Vec<usize>>,
    survivors: RefCell<Vec<AnyGc>>,
    /// Broken objects: an assertion inside a finalizer would only reach the hook.
    errors: RefCell<Vec<String>>,
}

impl Record {
    fn survivor_ids(&self) -> Vec<usize> {
        let mut ids: Vec<usize> =
            self.survivors.borrow().iter().map(|object| object.downcast_ref::<Link>().expect("a link").id).collect();
        ids.sort_unstable();
        ids
    }

    fn call_ids(&self) -> Vec<usize> {
        let mut ids = self.calls.borrow().clone();
        ids.sort_unstable();
        ids
    }

    fn clear_survivors(&self) {
        drop(self.survivors.take());
    }
}

/// An object with two neighbours that checks, when it is finalized, that it is as it was left.
#[derive(Trace)]
#[trace(finalize = Link::finalize)]
struct Link {
    id: usize,
    #[trace(skip)]
    kind: Kind,
    left: RefCell<Option<Gc<Link>>>,
    right: RefCell<Option<Gc<Link>>>,
    has_let_go: Cell<bool>,
    #[trace(skip)]
    record: Rc<Record>,
}

impl Link {
    fn finalize(this: &Gc<Link>) {
        this.record.calls.borrow_mut().push(this.id);
        let neighbours = [(&this.left, false), (&this.right, true)];
        let sane = neighbours.into_iter().all(|(cell, is_right)| match &*cell.borrow() {
            None => this.has_let_go.get() || !this.is_chained(),
            Some(other) => {
                let back = if is_right { &other.left } else { &other.right };
                let back = back.borrow();
                if other.has_let_go.get() {
                    back.is_none()
                } else {
                    back.as_ref().is_some_and(|back| Gc::ptr_eq(back, this))
                }
            }
        });
        if !sane {
            this.record.errors.borrow_mut().push(format!("{} is broken", this.id));
        }
        match this.kind {
            Kind::Simple => {}
            Kind::Resurrecting => this.record.survivors.borrow_mut().push(Gc::as_any(this)),
            Kind::Suicidal => {
                this.has_let_go.set(true);
                drop((this.left.take(), this.right.take()));
            }
        }
    }

    /// Whether there was ever a neighbour: a chained object has both or gave up both.
    fn is_chained(&self) -> bool {
        self.left.borrow().is_some() || self.right.borrow().is_some()
    }
}

/// A heap, a record, and objects in a ring (of one: it is its own neighbour) or alone.
struct Bench {
    heap: Heap,
    record: Rc<Record>,
}

impl Bench {
    fn new() -> Bench {
        Bench { heap: manual_heap(), record: Rc::default() }
    }

    fn alone(&self, id: usize, kind: Kind) -> Gc<Link> {
        self.heap.alloc(Link {
            id,
            kind,
            left: RefCell::default(),
            right: RefCell::default(),
            has_let_go: Cell::new(false),
            record: self.record.clone(),
        })
    }

    /// A ring to which nobody has a handle, and plain references to its objects.
    fn leak_ring(&self, kinds: &[Kind]) -> Vec<Gc<WeakRef>> {
        let links: Vec<_> = kinds.iter().enumerate().map(|(id, kind)| self.alone(id, *kind)).collect();
        for (index, link) in links.iter().enumerate() {
            let left = &links[(index + links.len() - 1) % links.len()];
            *link.left.borrow_mut() = Some(left.clone());
            *left.right.borrow_mut() = Some(link.clone());
        }
        links.iter().map(WeakRef::new).collect()
    }

    /// Collects, and checks what finalizers and heap have to say.
    fn collect(&self) -> usize {
        let count = collect(&self.heap);
        self.heap.check();
        assert!(self.record.errors.borrow().is_empty(), "{:?}", self.record.errors);
        count
    }
}

fn alive(references: &[Gc<WeakRef>]) -> usize {
    references.iter().filter(|reference| reference.get().is_some()).count()
}
