//! Operations on weak references: `Weak`, `WeakRef`, `Proxy`, `Finalize`.

use std::rc::Rc;

use tailbite::{AnyGc, Gc, Proxy, WeakRef, callback};

use super::things::{Capture, Value, number_of};
use super::world::World;

pub(crate) fn downgrade(world: &Rc<World>) -> Option<()> {
    let thing = world.pick_thing()?;
    let weak = Gc::try_downgrade(&thing).ok()?;
    world.weaks.borrow_mut().push((thing.canary.number(), weak));
    Some(())
}

pub(crate) fn upgrade(world: &Rc<World>) -> Option<()> {
    let (number, weak) = world.choose(&world.weaks)?;
    let thing = weak.upgrade()?;
    let object = Gc::erase(thing);
    world.expect_number(number, &object);
    world.keep(object);
    Some(())
}

pub(crate) fn drop_weak(world: &Rc<World>) -> Option<()> {
    drop(world.take_from(&world.weaks)?);
    Some(())
}

/// A closure as callback: its reference is dead when it runs.
fn callback_of(world: &Rc<World>) -> impl Fn(&AnyGc) + 'static {
    let capture = Capture::new(world);
    move |reference| {
        let alive = match reference.downcast_ref::<WeakRef>() {
            Some(reference) => reference.is_alive(),
            None => reference.downcast_ref::<Proxy>().is_some_and(Proxy::is_alive),
        };
        if alive {
            capture.canary.world().ledger().fail("a callback runs whose reference is alive");
        }
        capture.run("a weak callback");
    }
}

pub(crate) fn make_reference(world: &Rc<World>) -> Option<()> {
    let object = world.pick()?;
    let number = number_of(&object)?;
    let made = if world.tape().one_in(3) {
        WeakRef::try_new(&object).ok()?
    } else {
        WeakRef::try_with_callback(&object, callback(callback_of(world))).ok()?
    };
    if world.tape().one_in(4) {
        world.keep(Gc::as_any(&made));
    }
    world.references.borrow_mut().push((number, made));
    Some(())
}

pub(crate) fn make_proxy(world: &Rc<World>) -> Option<()> {
    let object = world.pick()?;
    let number = number_of(&object)?;
    let made = if world.tape().one_in(2) {
        Proxy::try_new(&object).ok()?
    } else {
        Proxy::try_with_callback(&object, callback(callback_of(world))).ok()?
    };
    world.proxies.borrow_mut().push((number, made));
    Some(())
}

pub(crate) fn ask(world: &Rc<World>) -> Option<()> {
    let (number, found) = match world.tape().below(3) {
        0 => {
            let (number, reference) = world.choose(&world.references)?;
            (number, reference.get()?)
        }
        1 => {
            let (number, proxy) = world.choose(&world.proxies)?;
            (number, proxy.get().ok()?)
        }
        _ => {
            let object = world.pick()?;
            let number = number_of(&object)?;
            let references = object.with_heap(|heap| heap.get_weakrefs(&object));
            for reference in references {
                let referent = match reference.downcast_ref::<WeakRef>() {
                    Some(reference) => reference.get(),
                    None => reference.downcast_ref::<Proxy>().and_then(|proxy| proxy.get().ok()),
                };
                if let Some(referent) = referent {
                    world.expect_number(number, &referent);
                }
            }
            (number, object)
        }
    };
    world.expect_number(number, &found);
    world.keep(found);
    Some(())
}

pub(crate) fn drop_reference(world: &Rc<World>) -> Option<()> {
    if world.tape().one_in(2) {
        drop(world.take_from(&world.references)?);
    } else {
        drop(world.take_from(&world.proxies)?);
    }
    Some(())
}

/// `Heap::finalize`: what it is given is not traced.
pub(crate) fn finalize(world: &Rc<World>) -> Option<()> {
    let object = world.pick()?;
    // (A handle, if any, is in the capture, where the end of the program finds it.)
    let (data, capture) = (Value::new(world, None, None), Capture::new(world));
    let made = world.with_heap(|heap| {
        heap.try_finalize(&object, data, move |data: Value| {
            data.expect_alive();
            capture.run("a finalize function");
            data.expect_alive();
        })
    })?;
    let made = made.ok()?;
    if world.tape().one_in(3) {
        made.set_at_exit(false);
        world.lingers.set(true);
    }
    world.finalizers.borrow_mut().push(made);
    Some(())
}

pub(crate) fn use_finalize(world: &Rc<World>) -> Option<()> {
    let finalize = world.choose(&world.finalizers)?;
    match world.tape().below(6) {
        0 => drop(world.take_from(&world.finalizers)),
        1 => {
            finalize.call();
        }
        2 => {
            let (object, data) = finalize.detach()?;
            data.expect_alive();
            world.keep(object);
        }
        3 => {
            let (object, data) = finalize.peek()?;
            data.expect_alive();
            world.keep(object);
        }
        4 => {
            finalize.set_at_exit(!finalize.at_exit());
            world.lingers.set(true);
        }
        _ => {
            world.with_heap(|heap| heap.run_exit_finalizers());
        }
    }
    Some(())
}
