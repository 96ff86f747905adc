//! Operations on objects: making them, edges, handles, exclusive access, and taking payloads out.

use std::any::Any;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, GcMut, Heap, OutOfMemory, Packed, Unpacked, unsize};

use super::ledger::Canary;
use super::things::{Leaf, Thing, Tuple, Value, number_of};
use super::world::World;

pub(crate) fn allocate(world: &Rc<World>) -> Option<()> {
    let kind = world.tape().below(16);
    let object = world.with_heap(|heap| allocate_in(world, heap, kind))??;
    world.keep(object);
    Some(())
}

/// An object of the kind with this number. Where memory was refused what comes back is dropped.
fn allocate_in(world: &Rc<World>, heap: &Heap, kind: usize) -> Option<AnyGc> {
    match kind {
        0..=7 => {
            let thing = Thing::new(world);
            let number = thing.canary.number();
            let made = match kind {
                0..=5 => heap.try_alloc(thing),
                6 => heap.factory().try_alloc(thing),
                _ if world.plan.default_heap => Gc::try_new(thing),
                _ if world.plan.limits => heap.try_alloc(thing),
                _ => Ok(heap.alloc(thing)),
            };
            let thing = made.map_err(|error| expect_back(world, error, number)).ok()?;
            world.register(&thing);
            dress(world, &thing);
            Some(thing.into())
        }
        8 => {
            let mut seen = None;
            let made = heap.try_alloc_cyclic(|this| {
                world.user_code("constructor");
                if this.upgrade().is_some() {
                    world.ledger().fail("an object under construction is visible");
                }
                seen = Some(this.clone());
                Thing::new(world)
            });
            let (thing, seen) = (made.ok()?, seen?);
            world.register(&thing);
            world.weaks.borrow_mut().push((thing.canary.number(), seen));
            dress(world, &thing);
            Some(thing.into())
        }
        9 | 10 => Some(heap.try_alloc(Leaf { canary: Canary::new(world, "leaf") }).ok()?.into()),
        11 | 12 => {
            let items: Vec<AnyGc> = (0..world.tape().below(5)).filter_map(|_| world.pick()).collect();
            let items = items.into_iter().inspect(|_| world.user_code("iterator"));
            if kind == 11 {
                return Some(heap.try_alloc_slice(items).ok()?.into());
            }
            let tuple: Gc<Tuple> = heap.try_alloc_with_slice(Canary::new(world, "tuple"), items).ok()?;
            Some(tuple.into())
        }
        13 => Some(heap.try_alloc_str("some text that is as long as this").ok()?.into()),
        14 => Some(heap.try_alloc([0_u64; 1200]).ok()?.into()),
        _ => Some(heap.try_alloc(Value::new(world, world.pick(), None)).ok()?.into()),
    }
}

/// A refusal gives the value back.
fn expect_back(world: &World, error: OutOfMemory<Thing>, number: u64) {
    if error.into_value().canary.number() != number {
        world.ledger().fail("a refusal gives back another value");
    }
}

/// A finalizer and an edge to itself, perhaps.
fn dress(world: &World, thing: &Gc<Thing>) {
    if world.tape().one_in(3) {
        Gc::request_finalizer(thing);
    }
    if world.tape().one_in(3) {
        drop(thing.cell.replace(Some(Gc::as_any(thing))));
    }
}

pub(crate) fn clone_handle(world: &Rc<World>) -> Option<()> {
    let handle = world.pick()?;
    world.keep(handle);
    Some(())
}

pub(crate) fn drop_handle(world: &Rc<World>) -> Option<()> {
    drop(world.take()?);
    Some(())
}

pub(crate) fn drop_many(world: &Rc<World>) -> Option<()> {
    let left = world.tape().below(16);
    let gone: Vec<AnyGc> = {
        let mut handles = world.handles.borrow_mut();
        let at = left.min(handles.len());
        handles.split_off(at)
    };
    drop(gone);
    Some(())
}

pub(crate) fn link(world: &Rc<World>) -> Option<()> {
    let (from, to) = (world.pick_thing()?, world.pick()?);
    match world.tape().below(4) {
        0 => drop(from.cell.replace(Some(to))),
        1 => {
            let mut list = from.list.try_borrow_mut().ok()?;
            list.push(to);
            let gone = if list.len() > 5 { Some(list.remove(0)) } else { None };
            drop(list);
            drop(gone);
        }
        2 => {
            let mut packed = from.packed.try_borrow_mut().ok()?;
            let gone = if packed.len() > 3 { packed.pop() } else { None };
            packed.push(if world.tape().one_in(4) { Packed::float(0.5) } else { Packed::from(to) });
            drop(packed);
            drop(gone);
        }
        _ => {
            // What is borrowed while it drops its items is opaque to whatever they do.
            let mut list = from.list.try_borrow_mut().ok()?;
            world.user_code("a borrow");
            list.clear();
            list.push(to);
        }
    }
    Some(())
}

pub(crate) fn unlink(world: &Rc<World>) -> Option<()> {
    let from = world.pick_thing()?;
    match world.tape().below(3) {
        0 => drop(from.strip()),
        1 => drop(from.cell.take()),
        _ => {
            let list = from.list.try_borrow_mut().map(|mut list| std::mem::take(&mut *list));
            drop(list);
        }
    }
    Some(())
}

pub(crate) fn follow(world: &Rc<World>) -> Option<()> {
    let from = world.pick()?;
    let found = if let Some(thing) = from.downcast_ref::<Thing>() {
        if world.tape().one_in(2) {
            let packed = thing.packed.try_borrow().ok()?;
            let Unpacked::Object(object) = packed.last()?.unpack() else { return None };
            object.clone()
        } else {
            world.tape().choose(&thing.list.try_borrow().ok()?).cloned()?
        }
    } else if let Some(tuple) = from.downcast_ref::<Tuple>() {
        world.tape().choose(&tuple.slice).cloned()?
    } else {
        world.tape().choose(from.downcast_ref::<[AnyGc]>()?).cloned()?
    };
    world.keep(found);
    Some(())
}

pub(crate) fn lend(world: &Rc<World>) -> Option<()> {
    let mut thing = world.take()?.downcast::<Thing>().map_err(|other| world.keep(other)).ok()?;
    if world.tape().one_in(3) {
        // A clone, or the object without its weak references.
        let made = Gc::try_make_mut(&mut thing);
        let lent = made.is_ok();
        drop(made);
        if lent {
            world.register(&thing);
        }
        world.keep(thing);
        return Some(());
    }
    let forgotten = match Gc::get_mut(&mut thing) {
        Some(guard) => use_guard(world, guard),
        None => false,
    };
    // (The handle of a forgotten object goes, the object stays.)
    if forgotten {
        drop(thing);
    } else {
        world.keep(thing);
    }
    Some(())
}

/// Whether the guard was forgotten, and with it the object, without what it held.
fn use_guard(world: &Rc<World>, guard: GcMut<'_, Thing>) -> bool {
    world.user_code("a lent object");
    guard.canary.expect_alive();
    let forgets = world.plan.forgets && world.tape().one_in(4);
    if forgets {
        let parts = guard.strip();
        world.ledger().abandon(guard.canary.number());
        std::mem::forget(guard);
        drop(parts);
    }
    forgets
}

pub(crate) fn unwrap(world: &Rc<World>) -> Option<()> {
    let thing = match world.take()?.downcast::<Thing>() {
        Ok(thing) => thing,
        Err(other) => {
            world.keep(other);
            return None;
        }
    };
    let number = thing.canary.number();
    // Its place is nobody's from here on, if it is moved out.
    world.forget_thing(number);
    match Gc::try_unwrap(thing) {
        Ok(payload) => {
            if payload.canary.number() != number {
                world.ledger().fail("another payload is unwrapped");
            }
            world.user_code("an unwrapped payload");
            payload.canary.expect_alive();
        }
        Err(thing) => {
            world.register(&thing);
            world.keep(thing);
        }
    }
    Some(())
}

pub(crate) fn make_immortal(world: &Rc<World>) -> Option<()> {
    let thing = world.pick()?;
    if world.plan.immortals {
        thing.with_heap(|heap| heap.make_immortal(&thing));
    }
    Some(())
}

/// Conversions that end where they began.
pub(crate) fn convert(world: &Rc<World>) -> Option<()> {
    let object = world.take()?;
    let number = number_of(&object);
    let back = match world.tape().below(3) {
        0 => match object.downcast::<Thing>() {
            Ok(thing) => {
                let view: Gc<dyn Any> = unsize!(thing => dyn Any);
                view.downcast::<Thing>().map(AnyGc::from).unwrap_or_else(AnyGc::from)
            }
            Err(object) => object,
        },
        1 => Packed::from(object).into_object().expect("a packed object is one"),
        _ => {
            let raw = object.into_raw();
            // SAFETY: from `into_raw`, once.
            unsafe { AnyGc::from_raw(raw) }
        }
    };
    if number_of(&back) != number {
        world.ledger().fail("a conversion gives another object");
    }
    world.keep(back);
    Some(())
}
