//! What must hold after every run, whatever failed in it.

use std::cell::Cell;
use std::rc::Rc;

use tailbite::{DebugFlags, Gc, Generation, Heap, Trigger, WeakKeyMap, WeakRef, callback};

use super::canary::Ledger;
use super::item::{Item, Leaf, Manner, finalized_twice, saved};
use super::world::World;

/// What is left in the heap once everything was given up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Left {
    /// Objects: what roots, registered finalizers and immortality keep.
    pub objects: usize,
    /// Bytes in use after trimming.
    pub bytes: usize,
}

/// Gives up what the script kept.
pub(super) fn give_up(world: &World) {
    // One by one: each runs user code.
    while let Some(kept) = { world.kept.borrow_mut().pop() } {
        drop(kept);
    }
    saved().into_iter().for_each(drop);
    world.heap.collect(Generation::Old);
}

/// Takes back what the script had set, where a step ended early.
fn settle(heap: &Heap) {
    heap.enable();
    heap.set_trigger(Trigger::Allocation);
    heap.set_threshold([2000, 10, 10]);
    heap.set_debug(DebugFlags::empty());
    heap.reset_debug_sink();
    heap.set_stress(0);
    heap.set_counting(false);
    heap.set_memory_limit(None);
    heap.unfreeze();
    drop(heap.take_garbage());
}

/// Judges a heap in which nothing fails any more: its invariants, what is left in it, and whether it works.
pub(super) fn judge_heap(world: &World, calm: Option<&Left>) -> Left {
    let heap = &world.heap;
    heap.check();
    settle(heap);
    give_up(world);
    heap.reset_unraisable_hook();
    heap.check();
    // Finalizers may have made garbage and saved objects.
    for _ in 0..3 {
        saved().into_iter().for_each(drop);
        heap.collect(Generation::Old);
    }
    heap.trim();
    let left = Left { objects: heap.object_count(), bytes: heap.used_bytes() };
    if let Some(calm) = calm
        && (left.objects > calm.objects || left.bytes > calm.bytes)
    {
        world.problem(format_args!("more is left than by a calm run: {left:?}, not {calm:?}"));
    }
    works(world, heap);
    heap.check();
    world.raw.trim();
    world.raw.check();
    Heap::with_default(|heap| {
        heap.collect(Generation::Old);
        heap.check();
        if heap.object_count() != 0 {
            world.problem(format_args!("{} objects are left in the default heap", heap.object_count()));
        }
        works(world, heap);
    });
    left
}

/// Judges what became of the values, once the heap is gone.
pub(super) fn judge_values(ledger: &Ledger) -> Result<(), String> {
    match (ledger.alive(), ledger.used_dead(), finalized_twice()) {
        (0, 0, 0) => Ok(()),
        (alive, dead, twice) => {
            let made = ledger.made();
            Err(format!("of {made} values {alive} were not dropped, {dead} used after; {twice} items finalized twice"))
        }
    }
}

/// A small program, every result of which is known.
fn works(world: &World, heap: &Heap) {
    let before = (heap.object_count(), world.ledger.alive());
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    let leaf = heap.alloc(Leaf::new(world, 1));
    let weak = WeakRef::with_callback(&leaf, callback(move |_| count.set(count.get() + 1)));
    let map = WeakKeyMap::new(heap);
    map.insert(&leaf, heap.alloc_str("value"));
    let ring = heap.alloc(Item::new(world, Manner::Quiet));
    *ring.next.borrow_mut() = Some(ring.clone());
    ring.hold(heap.alloc_slice(vec![7_u8; 30_000]));
    let key = heap.add_root(leaf.clone());
    drop((leaf, ring));
    let facts = [
        map.len() == 1 && weak.is_alive() && calls.get() == 0,
        heap.collect(Generation::Old) == 1,
        heap.remove_root(key).is_some_and(|leaf| Gc::strong_count(&leaf) == 1),
        map.is_empty() && !weak.is_alive() && calls.get() == 1,
    ];
    drop((map, weak));
    if facts != [true; 4] || before != (heap.object_count(), world.ledger.alive()) {
        world.problem(format_args!("the heap doesn't work any more: {facts:?}"));
    }
}
