//! Operations on heaps: opening and dropping them, collections and what is heard of them, limits, roots, inspection.

use std::rc::Rc;

use tailbite::{AnyGc, AnyRootKey, DebugEvent, DebugFlags, Generation, Growth, Heap, RootKey, Trigger};

use super::things::{Capture, Thing, probe};
use super::world::World;

const HEAPS: usize = 4;

/// A heap with thresholds from the tape, whose hook listens.
pub(crate) fn open_heap(world: &Rc<World>) {
    let heap = Heap::new();
    let tape = world.tape();
    heap.set_threshold([tape.below(24) as i32, 3, 2]);
    if tape.one_in(4) {
        heap.set_trigger([Trigger::Safepoint, Trigger::Manual][tape.below(2)]);
    }
    if tape.one_in(3) {
        heap.set_drop_nesting(tape.below(5) as u32);
    }
    listen(world, &heap);
    world.heaps.borrow_mut().push(Rc::new(heap));
}

/// Sets the hook. Where objects are forgotten their heap stays for good, and the hook with it: then it has no canary.
pub(crate) fn listen(world: &Rc<World>, heap: &Heap) {
    let capture = (!world.plan.forgets).then(|| Capture::new(world));
    let world = Rc::downgrade(world);
    let set = heap.try_set_unraisable_hook(move |unraisable| {
        let Some(world) = world.upgrade() else { return };
        world.expect_deliberate(unraisable.message());
        match &capture {
            Some(capture) => capture.run("the hook"),
            None => world.user_code("the hook"),
        }
    });
    // Refused, it gives back the closure, which goes here; the hook that was there stays.
    drop(set);
}

pub(crate) fn open(world: &Rc<World>) -> Option<()> {
    if world.plan.tangled && world.heaps.borrow().len() < HEAPS {
        open_heap(world);
    }
    Some(())
}

pub(crate) fn drop_heap(world: &Rc<World>) -> Option<()> {
    if world.plan.tangled {
        drop(world.take_from(&world.heaps)?);
    }
    Some(())
}

/// A heap that closes when some object dies, perhaps one of its own.
pub(crate) fn keep_heap(world: &Rc<World>) -> Option<()> {
    if !world.plan.tangled {
        return None;
    }
    let thing = world.pick_thing()?;
    let heap = world.take_from(&world.heaps)?;
    drop(thing.kept.0.replace(Some(heap)));
    Some(())
}

fn generation(world: &World) -> Generation {
    Generation::ALL[world.tape().below(3)]
}

pub(crate) fn collect(world: &Rc<World>) -> Option<()> {
    world.with_heap(|heap| match world.tape().below(8) {
        6 => heap.safepoint(),
        7 => heap.trim(),
        _ => heap.collect(generation(world)),
    })?;
    Some(())
}

pub(crate) fn set_policy(world: &Rc<World>) -> Option<()> {
    let tape = world.tape();
    world.with_heap(|heap| match tape.below(10) {
        0 => heap.enable(),
        1 => heap.disable(),
        2 => heap.set_threshold([tape.below(40) as i32 - 1, tape.below(4) as i32, tape.below(4) as i32]),
        3 => heap.set_trigger([Trigger::Allocation, Trigger::Safepoint, Trigger::Manual][tape.below(3)]),
        4 => heap.set_growth(Growth::percent(tape.below(200) as u32)),
        5 => heap.set_stress([0, 0, 1, 3, 17][tape.below(5)]),
        6 => heap.set_drop_nesting(tape.below(6) as u32),
        7 => heap.set_counting(tape.one_in(2)),
        8 => heap.set_blind_promotion(tape.one_in(2)),
        _ => heap.set_debug_heap(tape.one_in(2)),
    })
}

pub(crate) fn freeze(world: &Rc<World>) -> Option<()> {
    let freeze = world.tape().one_in(2);
    world.with_heap(|heap| if freeze { heap.freeze() } else { heap.unfreeze() })
}

pub(crate) fn debug(world: &Rc<World>) -> Option<()> {
    let tape = world.tape();
    let kind = tape.below(6);
    let garbage = world.with_heap(|heap| match kind {
        // (Infallible only. There is a sink before there are flags, which would print.)
        0 if !world.plan.limits => {
            let capture = Capture::new(world);
            heap.set_debug_sink(move |event| {
                let world = capture.canary.world();
                if let DebugEvent::Collectable { object } = event {
                    probe(object);
                    if world.tape().one_in(6) && !world.ending.get() {
                        world.keep((*object).clone());
                    }
                }
                capture.run("the debug sink");
            });
            let bits = [0, 1, 2, 32, 34, 35][tape.below(6)];
            heap.set_debug(DebugFlags::from_bits_retain(bits));
            Vec::new()
        }
        0 | 1 => {
            heap.set_debug(DebugFlags::empty());
            heap.reset_debug_sink();
            Vec::new()
        }
        2 => {
            heap.set_debug(DebugFlags::SAVEALL);
            Vec::new()
        }
        3 => heap.garbage(),
        _ => heap.take_garbage(),
    })?;
    garbage.iter().for_each(probe);
    for object in garbage.into_iter().take(2) {
        world.keep(object);
    }
    Some(())
}

pub(crate) fn callbacks(world: &Rc<World>) -> Option<()> {
    if world.tape().one_in(2) {
        let key = world.take_from(&world.callbacks)?;
        world.with_heap(|heap| heap.remove_callback(key));
        return Some(());
    }
    let capture = Capture::new(world);
    let key = world.with_heap(|heap| heap.try_add_callback(move |_, _, _| capture.run("a gc callback")))?;
    let key = key.ok()?;
    world.callbacks.borrow_mut().push(key);
    Some(())
}

pub(crate) fn limits(world: &Rc<World>) -> Option<()> {
    let tape = world.tape();
    let room = tape.below(1 << 8) << [4, 8, 12][tape.below(3)];
    let capture = Capture::new(world);
    world.with_heap(|heap| match tape.below(6) {
        0 => heap.set_memory_limit(None),
        1 => heap.clear_soft_limit(),
        2 | 3 if world.plan.limits => heap.set_memory_limit(Some(heap.used_bytes() + room)),
        _ => {
            // Refused, it gives back the closure, which goes here.
            drop(heap.try_set_soft_limit(heap.used_bytes() + room, move |_, _| capture.run("the soft limit")));
        }
    })?;
    Some(())
}

pub(crate) fn roots(world: &Rc<World>) -> Option<()> {
    let heap = world.choose(&world.heaps)?;
    if world.tape().one_in(2) {
        let key = heap.try_add_root_any(world.pick()?).ok()?;
        world.roots.borrow_mut().push(key.to_bits());
        return Some(());
    }
    let key = world.choose(&world.roots)?;
    let found = match world.tape().below(3) {
        0 => heap.root_any(AnyRootKey::from_bits(key)),
        1 => heap.remove_root_any(AnyRootKey::from_bits(key)),
        _ => heap.remove_root(RootKey::<Thing>::from_bits(key)).map(AnyGc::from),
    };
    world.keep(found?);
    Some(())
}

/// What is shown is alive, and none of the runtime's own.
pub(crate) fn inspect(world: &Rc<World>) -> Option<()> {
    let object = world.pick()?;
    let kind = world.tape().below(6);
    let shown = world.with_heap(|heap| match kind {
        0 => heap.get_objects(None),
        1 => heap.get_objects(Some(generation(world))),
        2 => heap.get_referrers(std::slice::from_ref(&object)),
        3 => heap.get_referents(std::slice::from_ref(&object)),
        _ => {
            heap.check();
            let _ = (heap.get_count(), heap.get_stats(), heap.memory(), heap.get_freeze_count(), heap.peak_bytes());
            let _ = (heap.allocation_counts(), heap.contains(&object), heap.is_finalized(&object));
            world.expect_within_limit(heap);
            Vec::new()
        }
    })?;
    for object in &shown {
        probe(object);
        if object.type_name().contains("Entry<") {
            world.ledger().fail("an entry of a weak container is shown");
        }
    }
    for object in shown.into_iter().take(world.tape().below(3)) {
        world.keep(object);
    }
    Some(())
}

pub(crate) fn hook(world: &Rc<World>) -> Option<()> {
    world.with_heap(|heap| listen(world, heap))
}
