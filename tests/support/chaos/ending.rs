//! The end of a chaos program: everything is given up, and then nothing is left.

use std::rc::Rc;

use tailbite::{AnyGc, AnyRootKey, DebugFlags, Generation, Heap};

use super::ledger::Canary;
use super::things::{Leaf, Thing};
use super::world::World;

/// What an empty heap may take after `trim`: its state, the lists and tables that it keeps.
const EMPTY: usize = 96 << 10;

/// Drops things of the host's one by one, so that a drop that panics takes no others with it.
fn give_up_all<T>(world: &World, mut next: impl FnMut() -> Option<T>) {
    let mut left = true;
    while left {
        world.guard(|| left = next().is_some());
    }
}

/// Ends a world.
pub(super) fn end(world: Rc<World>) {
    world.ending.set(true);
    world.check();
    if world.plan.tangled {
        cut(&world);
    }
    let heaps = world.heaps.borrow().clone();
    for heap in &heaps {
        quieten(&world, heap);
    }
    give_up_lists(&world);
    world.raw.end(&world);
    if !world.plan.immortals && !world.plan.forgets && !world.lingers.get() && !world.ledger().has_failed() {
        for heap in &heaps {
            expect_empty(&world, heap);
        }
    }
    for heap in &heaps {
        heap.check();
    }
    drop(heaps);
    give_up_all(&world, || world.heaps.borrow_mut().pop());
}

/// Drops all that the host holds, but its heaps.
fn give_up_lists(world: &World) {
    give_up_all(world, || world.finalizers.borrow_mut().pop());
    give_up_all(world, || world.handles.borrow_mut().pop());
    give_up_all(world, || world.references.borrow_mut().pop());
    give_up_all(world, || world.proxies.borrow_mut().pop());
    give_up_all(world, || world.weaks.borrow_mut().pop());
    give_up_all(world, || world.key_maps.borrow_mut().pop());
    give_up_all(world, || world.value_maps.borrow_mut().pop());
    give_up_all(world, || world.sets.borrow_mut().pop());
    give_up_all(world, || world.all_key_maps.borrow_mut().pop());
    give_up_all(world, || world.all_value_maps.borrow_mut().pop());
}

/// Cuts every cycle that no collection may free by itself: through several heaps, closed heaps, places that aren't traced.
fn cut(world: &Rc<World>) {
    let mut parts = Vec::new();
    world.each_thing(|thing| parts.push(thing.strip()));
    give_up_all(world, || parts.pop());
    let captures = world.captures.take();
    for capture in captures.iter().filter_map(std::rc::Weak::upgrade) {
        let object = capture.object.take();
        world.guard(|| drop((capture, object)));
    }
    let maps: Vec<_> = world.all_key_maps.borrow().iter().filter_map(tailbite::Weak::upgrade).collect();
    for map in maps {
        world.guard(|| map.clear());
        world.guard(|| drop(map));
    }
    let maps: Vec<_> = world.all_value_maps.borrow().iter().filter_map(tailbite::Weak::upgrade).collect();
    for map in maps {
        world.guard(|| map.clear());
        world.guard(|| drop(map));
    }
}

/// Takes everything back that the host told a heap.
fn quieten(world: &World, heap: &Heap) {
    heap.set_memory_limit(None);
    heap.set_debug_heap(false);
    heap.set_stress(0);
    heap.set_debug(DebugFlags::empty());
    world.guard(|| heap.clear_soft_limit());
    world.guard(|| heap.reset_debug_sink());
    for key in world.callbacks.borrow().clone() {
        world.guard(|| {
            heap.remove_callback(key);
        });
    }
    for key in world.roots.borrow().clone() {
        world.guard(|| drop(heap.remove_root_any(AnyRootKey::from_bits(key))));
    }
    let mut garbage = heap.take_garbage();
    give_up_all(world, || garbage.pop());
    heap.unfreeze();
    heap.run_exit_finalizers();
}

/// Nobody holds anything: what is left is garbage, and then nothing is left, and the memory is back.
fn expect_empty(world: &World, heap: &Heap) {
    for _ in 0..4 {
        heap.collect(Generation::Old);
    }
    let left = heap.object_count();
    if left != 0 {
        let names: Vec<_> = heap.get_objects(None).iter().map(AnyGc::type_name).collect();
        world.ledger().fail(format!("{left} objects are left in a heap: {names:?}"));
    }
    heap.trim();
    if heap.used_bytes() > EMPTY {
        world.ledger().fail(format!("an empty heap takes {} bytes: {:?}", heap.used_bytes(), heap.memory()));
    }
}

/// The end of a thread's program: cycles are cut, everything else is left to the thread's destructors.
pub(super) fn leave(world: &Rc<World>) {
    world.check();
    world.ending.set(true);
    let heap = world.heaps.borrow().first().cloned();
    for heap in heap.iter() {
        quieten(world, heap);
    }
    Heap::with_default(|heap| quieten(world, heap));
    cut(world);
}

/// What a thread's destructor does for its world.
pub(super) fn drop_with_thread(world: &World) {
    give_up_lists(world);
    world.raw.end(world);
    give_up_all(world, || world.heaps.borrow_mut().pop());
}

/// What user code does when the host is gone: nothing that stays.
pub(super) fn last_act(world: &Rc<World>) {
    let kind = world.tape().below(4);
    world.say(|| format!("last act {kind}"));
    match kind {
        0 => drop(world.with_heap(|heap| heap.try_alloc(Leaf { canary: Canary::new(world, "leaf") }).is_ok())),
        1 => drop(world.with_heap(|heap| heap.collect(Generation::Old))),
        2 => drop(world.with_heap(|heap| heap.try_alloc(Thing::new(world)).is_ok())),
        _ => drop(world.choose(&world.weaks).and_then(|(_, weak)| weak.upgrade())),
    }
}
