//! `#[derive(Trace)]` and the `Trace` impls for the standard library, seen from outside: what is collected, what
//! leaks, what is tracked.

mod attributes;
mod containers;
mod generated;
mod items;
mod only_handles;
mod shapes;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, Generation, Heap, Trace};

/// Counts its drops. A leaf, so that it may have a `Drop`.
#[derive(Trace)]
#[trace(leaf)]
pub(crate) struct Probe(Rc<Cell<usize>>);

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A count of drops, and the probes that report to it.
#[derive(Clone, Default)]
pub(crate) struct Drops(Rc<Cell<usize>>);

impl Drops {
    pub(crate) fn probe(&self) -> Probe {
        Probe(self.0.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.get()
    }
}

/// An object that can be made to hold itself through a `C`.
#[derive(Trace)]
pub(crate) struct Holder<C> {
    probe: Probe,
    slot: RefCell<Option<C>>,
}

/// Makes an object that holds itself by what `wrap` makes of a handle to it, lets go of it, and says how many objects
/// died in a full collection. Whatever is left is taken apart by hand, and must die then.
pub(crate) fn collected_through<C: Trace>(wrap: impl FnOnce(AnyGc) -> C) -> usize {
    let heap = Heap::new();
    let drops = Drops::default();
    let holder = heap.alloc(Holder { probe: drops.probe(), slot: RefCell::new(None) });
    let contents = wrap(tailbite::Gc::as_any(&holder));
    *holder.slot.borrow_mut() = Some(contents);

    heap.collect(Generation::Old);
    assert_eq!(drops.count(), 0, "an object that is held from outside was collected");
    assert_eq!(holder.probe.0.get(), 0);
    heap.check();

    let weak = tailbite::Gc::downgrade(&holder);
    drop(holder);
    heap.collect(Generation::Old);
    heap.check();
    let collected = drops.count();
    assert_eq!(weak.upgrade().is_none(), collected == 1);
    if let Some(holder) = weak.upgrade() {
        let contents = holder.slot.take();
        drop(holder);
        assert_eq!(drops.count(), 0, "the contents still hold the object");
        drop(contents);
        assert_eq!(drops.count(), 1, "the contents were the last to hold the object");
    }
    assert_eq!(heap.object_count(), 0);
    collected
}
