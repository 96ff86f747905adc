//! The collector's controls, and what it tells.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, DebugEvent, DebugFlags, Gc, Generation, Growth, Heap, Phase, Trigger};

use super::faults::{exempt, user_call};
use super::item::{Item, Leaf, Manner, busy};
use super::world::{Step, Steps, World};

/// What this file asks for.
pub(super) const STEPS: Steps = &[
    ("controls", controls),
    ("triggers", triggers),
    ("gc callbacks", gc_callbacks),
    ("the debug sink", debug_sink),
    ("garbage that is kept", kept_garbage),
    ("freezing", freezing),
    ("walks", walks),
    ("modes", modes),
    ("the debug heap", debug_heap),
    ("verification", verification),
    ("limits", limits),
    ("soft limits", soft_limits),
    ("the hook", hook),
    ("other heaps", other_heaps),
];

fn controls(w: &World) -> Step {
    let heap = &w.heap;
    heap.set_threshold([5, 2, 2]);
    w.expect(heap.get_threshold() == [5, 2, 2], "as set");
    heap.set_growth(Growth::percent(10));
    w.expect(heap.growth() == Growth::percent(10), "as set");
    heap.set_blind_promotion(false);
    w.expect(!heap.is_blind_promotion(), "as set");
    for _ in 0..20 {
        drop(Item::ring(w, Manner::Quiet, 2)?);
    }
    w.expect(heap.get_stats()[0].collections > 0 && heap.get_count()[0] <= 50, "collected by itself");
    heap.set_threshold([2000, 10, 10]);
    heap.set_drop_nesting(2);
    let chain = Item::alloc(w, Manner::Unlinks)?;
    let mut last = chain.clone();
    for _ in 0..30 {
        let item = Item::alloc(w, Manner::Quiet)?;
        *last.next.borrow_mut() = Some(item.clone());
        last = item;
    }
    drop((chain, last));
    heap.set_drop_nesting(8);
    w.expect(heap.trim() > 0 || !w.kept.borrow().is_empty(), "memory goes back");
    w.expect(!w.infallible(|| heap.memory())?.classes.is_empty(), "figures");
    w.expect(heap.object_count() >= heap.tracked_objects(), "tracked ones are objects");
    Ok(())
}

fn triggers(w: &World) -> Step {
    let heap = &w.heap;
    heap.disable();
    w.expect(!heap.is_enabled(), "as set");
    drop(Item::ring(w, Manner::Busy, 2)?);
    heap.enable();
    heap.set_trigger(Trigger::Safepoint);
    w.expect(heap.trigger() == Trigger::Safepoint, "as set");
    heap.set_threshold([1, 1, 1]);
    let rings = [Item::ring(w, Manner::Busy, 2), Item::ring(w, Manner::Quiet, 2)];
    heap.safepoint();
    for ring in rings {
        drop(ring?);
    }
    heap.set_threshold([2000, 10, 10]);
    heap.set_trigger(Trigger::Manual);
    drop(Item::ring(w, Manner::Quiet, 2)?);
    heap.set_trigger(Trigger::Allocation);
    Ok(())
}

fn gc_callbacks(w: &World) -> Step {
    let value = w.canary();
    let callback = move |heap: &Heap, phase: Phase, _: &tailbite::CollectionInfo| {
        user_call("gc callback");
        drop(value.clone());
        if phase == Phase::Stop {
            busy(heap);
        }
    };
    let key = w.heap.try_add_callback(callback)?;
    let value = w.canary();
    let other = w.infallible(|| w.heap.add_callback(move |_, _, _| drop(value.clone())));
    let ring = Item::ring(w, Manner::Busy, 2).map(drop);
    w.heap.collect(Generation::Old);
    w.expect(w.heap.remove_callback(key) && !w.heap.remove_callback(key), "removed once");
    w.heap.remove_callback(other?);
    ring?;
    // This one is dropped with the heap.
    let value = w.canary();
    w.heap.try_add_callback(move |_, _, _| drop(value.clone()))?;
    Ok(())
}

fn debug_sink(w: &World) -> Step {
    let value = w.canary();
    let sink = move |event: &DebugEvent<'_>| {
        user_call("debug sink");
        if let DebugEvent::Collectable { object } = event {
            drop((*object).clone());
        }
        drop(value.clone());
    };
    w.infallible(|| w.heap.set_debug_sink(sink))?;
    w.heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE | DebugFlags::UNCOLLECTABLE);
    w.expect(w.heap.get_debug().contains(DebugFlags::STATS), "as set");
    let ring = Item::ring(w, Manner::Quiet, 2);
    drop(ring);
    w.heap.collect(Generation::Old);
    w.heap.set_debug(DebugFlags::empty());
    w.heap.reset_debug_sink();
    Ok(())
}

fn kept_garbage(w: &World) -> Step {
    drop(Item::ring(w, Manner::Quiet, 3)?);
    w.heap.set_debug(DebugFlags::SAVEALL);
    w.heap.collect(Generation::Old);
    w.heap.set_debug(DebugFlags::empty());
    let seen = w.infallible(|| w.heap.garbage().len());
    let taken = w.infallible(|| w.heap.take_garbage().len());
    w.expect(seen? == 3 && taken? == 3, "kept");
    w.heap.collect(Generation::Old);
    Ok(())
}

fn freezing(w: &World) -> Step {
    let ring = Item::ring(w, Manner::Quiet, 3)?;
    w.heap.freeze();
    w.expect(w.heap.get_freeze_count() >= 3, "frozen");
    drop(ring);
    w.heap.collect(Generation::Old);
    w.heap.unfreeze();
    w.expect(w.heap.get_freeze_count() == 0, "no more");
    w.heap.collect(Generation::Old);
    Ok(())
}

fn walks(w: &World) -> Step {
    let shared = w.heap.try_alloc(Leaf::new(w, 1))?;
    let item = Item::alloc(w, Manner::Quiet)?;
    item.hold(shared.clone());
    let asked = [Gc::as_any(&shared)];
    let many = exempt(|| vec![Gc::as_any(&shared); 20]);
    let holder = [Gc::as_any(&item)];
    w.expect(w.infallible(|| w.heap.get_referrers(&asked))?.len() == 1, "one refers to it");
    w.expect(w.infallible(|| w.heap.get_referrers(&many))?.len() == 1, "the same one");
    w.expect(w.infallible(|| w.heap.get_referents(&holder))?.len() == 1, "and only to it");
    let objects = w.infallible(|| w.heap.get_objects(Some(Generation::Young)))?;
    w.expect(objects.iter().any(|object| AnyGc::ptr_eq(object, &holder[0])), "a young one");
    w.expect(Generation::parse_objects_argument(-1).is_ok_and(|all| all.is_none()), "all of them");
    Ok(())
}

fn modes(w: &World) -> Step {
    let heap = &w.heap;
    heap.set_stress(3);
    heap.set_counting(true);
    let rings = (0..6).map(|_| Item::ring(w, Manner::Busy, 2).map(drop)).find(Result::is_err);
    w.expect(heap.stress() == 3 && heap.allocation_counts().allocated >= 12, "counted");
    heap.set_counting(false);
    heap.set_stress(0);
    rings.unwrap_or(Ok(()))
}

fn debug_heap(w: &World) -> Step {
    let heap = &w.heap;
    heap.set_debug_heap(true);
    let ring = Item::ring(w, Manner::Busy, 2).map(drop);
    w.expect(heap.is_debug_heap(), "guarded");
    heap.collect(Generation::Old);
    heap.set_debug_heap(false);
    ring
}

fn verification(w: &World) -> Step {
    match w.heap.verify() {
        Ok(()) => {}
        Err(violation) => w.problem(format_args!("{}: {}", violation.rule(), violation.objects().count())),
    }
    Ok(())
}

fn limits(w: &World) -> Step {
    let heap = &w.heap;
    drop(Item::ring(w, Manner::Busy, 3)?);
    heap.set_memory_limit(Some(heap.used_bytes()));
    w.expect(heap.memory_limit() == Some(heap.used_bytes()) && heap.peak_bytes() >= heap.used_bytes(), "as set");
    // Nothing of this size is free: everything is collected.
    let refused = heap.try_alloc([0_u8; 3000]).is_err();
    w.expect(refused || heap.used_bytes() <= heap.memory_limit().unwrap_or(0), "kept");
    w.expect(heap.try_alloc_slice(exempt(|| vec![0_u8; 100_000])).is_err(), "refused");
    heap.set_memory_limit(None);
    Ok(())
}

fn soft_limits(w: &World) -> Step {
    let heap = &w.heap;
    let value = w.canary();
    let callback = move |heap: &Heap, _: usize| {
        user_call("soft limit callback");
        drop(value.clone());
        busy(heap);
    };
    heap.try_set_soft_limit(heap.used_bytes() + 5000, callback)?;
    let external = heap.try_add_external(10_000);
    heap.safepoint();
    drop(Item::alloc(w, Manner::Quiet)?);
    external?;
    let value = w.canary();
    w.infallible(|| heap.set_soft_limit(1 << 40, move |_, _| drop(value.clone())))?;
    heap.clear_soft_limit();
    let value = w.canary();
    heap.try_set_soft_limit(1 << 40, move |_, _| drop(value.clone()))?;
    Ok(())
}

fn hook(w: &World) -> Step {
    let reports = exempt(|| Rc::new(Cell::new(0)));
    let (seen, value, notes) = (reports.clone(), w.canary(), w.notes.clone());
    w.heap.try_set_unraisable_hook(move |unraisable| {
        notes.unraisable(unraisable);
        seen.set(seen.get() + 1);
        drop(value.clone());
    })?;
    drop(w.heap.try_alloc(Leaf::new(w, 1))?);
    w.expect(reports.get() == 0, "nothing to report");
    let notes = w.notes.clone();
    w.infallible(|| w.heap.set_unraisable_hook(move |unraisable| notes.unraisable(unraisable)))?;
    super::set_hook(w)
}

fn other_heaps(w: &World) -> Step {
    let other = Heap::try_new()?;
    let leaf = other.try_alloc(Leaf::new(w, 1))?;
    let item = Item::alloc(w, Manner::Quiet)?;
    item.hold(leaf);
    let list = other.try_alloc(RefCell::new(None::<AnyGc>))?;
    *list.borrow_mut() = Some(Gc::as_any(&list));
    w.keep(item);
    drop((list, other));
    let leaks = w.infallible(Heap::new)?;
    leaks.set_leak_at_close(true);
    w.expect(leaks.leak_at_close(), "as set");
    leaks.set_leak_at_close(false);
    Ok(())
}
