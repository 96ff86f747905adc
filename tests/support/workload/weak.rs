//! Weak references of every kind, and finalizers that are registered.

use tailbite::{AnyGc, Gc, Generation, Proxy, Weak, WeakRef, callback};

use super::canary::Canary;
use super::faults::user_call;
use super::item::{Calls, Item, Leaf, Manner};
use super::world::{Step, Steps, World};

/// What this file asks for.
pub(super) const STEPS: Steps = &[
    ("weak handles", handles),
    ("weak reference objects", references),
    ("proxies", proxies),
    ("callbacks", callbacks),
    ("callbacks of garbage", callbacks_of_garbage),
    ("registered finalizers", finalizers),
    ("finalizers at exit", at_exit),
];

fn handles(w: &World) -> Step {
    let leaf = w.heap.try_alloc(Leaf::new(w, 1))?;
    let weak = Gc::try_downgrade(&leaf)?;
    let other = w.infallible(|| Gc::downgrade(&leaf))?;
    w.expect(weak.ptr_eq(&other) && !weak.ptr_eq(&Weak::new()), "one record");
    w.expect((weak.strong_count(), weak.weak_count(), Gc::weak_count(&leaf)) == (1, 2, 2), "counts");
    w.expect(weak.as_ptr() == Gc::as_ptr(&leaf) && weak.address() == other.address(), "one address");
    w.expect(weak.upgrade().is_some_and(|same| same == leaf), "alive");
    drop(leaf);
    w.expect(weak.upgrade().is_none() && other.clone().upgrade().is_none(), "dead");
    Ok(())
}

fn references(w: &World) -> Step {
    let item = Item::alloc(w, Manner::Quiet)?;
    let weak = WeakRef::try_new(&item)?;
    let same = w.infallible(|| WeakRef::new(&item))?;
    w.expect(Gc::ptr_eq(&weak, &same) && weak.is_alive() && weak.callback().is_none(), "one without callback");
    let called = WeakRef::try_with_callback(&item, Calls::new(w, Some(Gc::as_any(&weak))))?;
    w.expect(called.callback().is_some_and(|callback| callback.is::<Calls>()), "its callback");
    w.expect(w.heap.get_weakref_count(&item) == 2, "two of them");
    let all = w.infallible(|| w.heap.get_weakrefs(&item))?;
    w.expect(all.len() == 2 && AnyGc::ptr_eq(&all[0], &Gc::as_any(&weak)), "in order");
    w.expect(weak.get().is_some_and(|object| object.is::<Item>()), "alive");
    drop(item);
    w.expect(weak.get().is_none() && !called.is_alive() && called.callback().is_none(), "dead, and called");
    Ok(())
}

fn proxies(w: &World) -> Step {
    let leaf = w.heap.try_alloc(Leaf::new(w, 7))?;
    let proxy = Proxy::try_new(&leaf)?;
    let other = w.infallible(|| Proxy::new(&leaf))?;
    let called = Proxy::try_with_callback(&leaf, Calls::new(w, None))?;
    let also = w.infallible(|| Proxy::with_callback(&leaf, Calls::new(w, None)))?;
    w.expect(Gc::ptr_eq(&proxy, &other) && proxy.is_alive(), "one without callback");
    w.expect(also.callback().is_some() && called.get().is_ok_and(|leaf| leaf.is::<Leaf>()), "alive");
    drop(leaf);
    w.expect(proxy.get().is_err() && called.get().is_err(), "dead");
    Ok(())
}

fn callbacks(w: &World) -> Step {
    let item = Item::alloc(w, Manner::Busy)?;
    let value = w.canary();
    let closure = callback(move |reference: &AnyGc| {
        user_call("weak callback");
        drop(value.clone());
        drop(reference.clone());
    });
    let weak = w.infallible(|| WeakRef::with_callback(&item, closure))?;
    // It keeps what its callback keeps, and dies before its referent.
    let early = WeakRef::try_with_callback(&item, Calls::new(w, Some(Gc::as_any(&weak))))?;
    drop(early);
    w.keep(weak);
    drop(item);
    Ok(())
}

fn callbacks_of_garbage(w: &World) -> Step {
    let ring = Item::ring(w, Manner::Busy, 2)?;
    let outside = WeakRef::try_with_callback(&ring, Calls::new(w, None))?;
    let inside = WeakRef::try_with_callback(&ring, Calls::new(w, Some(Gc::as_any(&ring))))?;
    ring.hold(inside);
    w.keep(outside.clone());
    drop(ring);
    w.heap.collect(Generation::Old);
    w.expect(!outside.is_alive(), "collected");
    Ok(())
}

fn finalizers(w: &World) -> Step {
    let leaf = w.heap.try_alloc(Leaf::new(w, 1))?;
    let function = |data: Canary| {
        user_call("registered finalizer");
        drop(data.clone());
    };
    let finalize = w.heap.try_finalize(&leaf, w.canary(), function)?;
    let other = w.infallible(|| w.heap.finalize(&leaf, w.canary(), function))?;
    w.expect(finalize.is_alive() && finalize.at_exit(), "registered");
    finalize.set_at_exit(false);
    w.expect(finalize.peek().is_some_and(|(object, _)| object.is::<Leaf>()) && !finalize.at_exit(), "seen");
    w.expect(other.detach().is_some() && !other.is_alive(), "taken back");
    let called = w.heap.try_finalize(&leaf, w.canary(), function)?;
    w.expect(called.call() && !called.clone().call(), "called once");
    drop(leaf);
    w.expect(!finalize.is_alive(), "called at the end");
    Ok(())
}

fn at_exit(w: &World) -> Step {
    let item = Item::alloc(w, Manner::Quiet)?;
    let heap = w.heap.try_alloc_str("data")?;
    let finalize = w.heap.try_finalize(&item, w.canary(), move |data| {
        user_call("finalizer at exit");
        drop((data, heap));
    })?;
    let called = w.heap.run_exit_finalizers();
    w.expect(called == 1 && !finalize.is_alive(), "called before the end");
    // This one waits for the end of the heap.
    let last = w.heap.try_finalize(&item, w.canary(), |data| {
        user_call("finalizer at exit");
        drop(data);
    })?;
    w.expect(last.is_alive(), "waits");
    w.keep(item);
    Ok(())
}
