//! Tests of what a heap does while every request for memory is refused: deaths and collections need none.

mod broken;
mod types;

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{AnyGc, Gc, Weak, WeakRef, callback};
use crate::base::refusal;
use crate::collect::{Generation, Trigger};
use crate::heap::Heap;

/// A leaf that counts its drops.
struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

crate::leaf!(Counted);

/// A node with one edge.
type Node = (RefCell<Option<AnyGc>>, Counted);

fn node(heap: &Heap, drops: &Rc<Cell<usize>>) -> Gc<Node> {
    heap.alloc((RefCell::new(None), Counted(drops.clone())))
}

fn manual_heap() -> Heap {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Manual);
    heap
}

#[test]
fn cycles_chains_and_weak_references_go_without_memory() {
    const PAIRS: usize = 2000;
    let heap = manual_heap();
    let (drops, calls) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let mut references = Vec::new();
    for _ in 0..PAIRS {
        let (a, b) = (node(&heap, &drops), node(&heap, &drops));
        *a.0.borrow_mut() = Some(b.clone().into());
        *b.0.borrow_mut() = Some(a.clone().into());
        let calls = calls.clone();
        references.push((Gc::downgrade(&a), WeakRef::with_callback(&b, callback(move |_| calls.set(calls.get() + 1)))));
    }
    let chain = (0..10_000).fold(node(&heap, &drops), |rest, _| {
        let first = node(&heap, &drops);
        *first.0.borrow_mut() = Some(rest.into());
        first
    });
    let large = heap.alloc_slice(vec![0_u8; 100_000]);
    refusal::refuse_from(0);
    drop((chain, large));
    assert_eq!(drops.take(), 10_001);
    for generation in Generation::ALL {
        heap.collect(generation);
    }
    assert_eq!((drops.get(), calls.get()), (2 * PAIRS, PAIRS));
    assert!(references.iter().all(|(weak, reference)| weak.upgrade().is_none() && reference.get().is_none()));
    drop(references);
    assert!(heap.try_alloc_slice(vec![0_u8; 100_000]).is_err());
    heap.trim();
    heap.check();
    assert_eq!(heap.object_count(), 0);
    drop(heap);
    refusal::grant();
}

#[test]
fn lists_that_cannot_grow_spill() {
    let drops = Rc::new(Cell::new(0));
    let heap = manual_heap();
    // Room for the nodes, but none for the list to grow into.
    drop((0..5000).map(|_| node(&heap, &drops)).collect::<Vec<_>>());
    heap.collect(Generation::Old);
    drops.set(0);
    refusal::refuse_from(0);
    let nodes: Vec<_> = (0..5000).map(|_| node(&heap, &drops)).collect();
    nodes.iter().for_each(|node| *node.0.borrow_mut() = Some(node.clone().into()));
    heap.check();
    assert_eq!(heap.get_count()[0], 5000);
    assert_eq!(heap.collect(Generation::Young), 0, "they live on in the middle generation");
    drop(nodes);
    assert_eq!(heap.collect(Generation::Young), 0);
    assert_eq!(heap.collect(Generation::Middle), 5000);
    assert_eq!(drops.get(), 5000);
    heap.check();
    refusal::grant();
}

#[test]
fn marking_that_runs_out_of_stack_scans_again() {
    let drops = Rc::new(Cell::new(0));
    let heap = manual_heap();
    let chains = |count: usize| -> Vec<Gc<Node>> {
        let chain = |_| {
            let last = node(&heap, &drops);
            let middle = node(&heap, &drops);
            *middle.0.borrow_mut() = Some(last.into());
            let first = node(&heap, &drops);
            *first.0.borrow_mut() = Some(middle.into());
            first
        };
        (0..count).map(chain).collect()
    };
    // All at once on the stack, which has room for 1024: what is left off is found by a scan of side bytes.
    let held = heap.alloc(RefCell::new(chains(5000)));
    let garbage = heap.alloc((RefCell::new(None::<AnyGc>), chains(1000)));
    *garbage.0.borrow_mut() = Some(garbage.clone().into());
    drop(garbage);
    refusal::refuse_from(0);
    for (generation, found) in Generation::ALL.into_iter().zip([3001, 0, 0]) {
        assert_eq!(heap.collect(generation), found);
        assert_eq!(drops.get(), 3000, "what is held stays");
        heap.check();
    }
    held.borrow_mut().clear();
    assert_eq!(drops.get(), 18_000);
    refusal::grant();
}

#[test]
fn hubs_are_counted_exactly() {
    // References to each hub: more than a side byte counts. Hubs: fewer than the table of hubs has room for, and more.
    const REFERENCES: usize = 300;
    for (count, held) in [(1, 0), (3, 2), (850, 0), (850, 849)] {
        let drops = Rc::new(Cell::new(0));
        let heap = manual_heap();
        let holder = heap.alloc((RefCell::new(Vec::<AnyGc>::new()), Counted(drops.clone())));
        let mut hubs: Vec<Gc<Node>> = (0..count).map(|_| node(&heap, &drops)).collect();
        for hub in &hubs {
            *hub.0.borrow_mut() = Some(holder.clone().into());
            holder.0.borrow_mut().extend((0..REFERENCES).map(|_| AnyGc::from(hub.clone())));
        }
        let held = hubs.swap_remove(held);
        drop((holder, hubs));
        assert_eq!(heap.collect(Generation::Old), 0, "one of {count} hubs is held, and holds the rest");
        drop(held);
        assert_eq!((drops.get(), heap.collect(Generation::Old)), (0, count + 1));
        assert_eq!(drops.get(), count + 1);
        heap.check();
    }
}

#[test]
fn a_heap_counts_what_it_has_reserved() {
    // A table of 1024 hubs, each with its count; a stack of 1024 objects; and the heap's own state.
    assert!(manual_heap().used_bytes() > 1024 * (16 + 8));
}

#[test]
fn every_request_of_a_weak_reference_can_be_refused() {
    let drops = Rc::new(Cell::new(0));
    for n in 0.. {
        let heap = manual_heap();
        let object = node(&heap, &drops);
        let token = Counted(drops.clone());
        drops.set(0);
        refusal::refuse_nth(n);
        let with_callback = WeakRef::try_with_callback(&object, callback(move |_| token.0.set(100)));
        let weak: Result<Weak<Node>, _> = Gc::try_downgrade(&object);
        let cyclic = heap.try_alloc_cyclic(|me: &Weak<Node>| {
            assert!(me.upgrade().is_none());
            (RefCell::new(None), Counted(drops.clone()))
        });
        let external = heap.try_add_external(10);
        let still_to_come = refusal::grant();
        let refused = [with_callback.is_err(), weak.is_err(), cyclic.is_err(), external.is_err()];
        assert_eq!(refused.into_iter().filter(|refused| *refused).count(), usize::from(!still_to_come));
        heap.check();
        assert_eq!(drops.get(), 0, "what was refused came back");
        drop((cyclic, weak));
        drop(with_callback.map_err(|error| drop(error.into_value())));
        drop(object);
        drop(external);
        assert_eq!(heap.object_count(), 0);
        heap.check();
        if still_to_come {
            break;
        }
    }
}
