//! Panics whose payload panics when it is dropped, in every place where the runtime catches one.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;

use tailbite::{AnyGc, DebugFlags, Gc, Generation, Heap, Trace, WeakRef, callback, leaf};

use crate::common::{Loud, Node, manual};

/// Panics when it is dropped, with another of its kind, so many times.
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(Bomb(self.0 - 1));
        }
    }
}

fn explode() {
    panic_any(Bomb(3));
}

struct BombOnDrop;
leaf!(BombOnDrop);

impl Drop for BombOnDrop {
    fn drop(&mut self) {
        explode();
    }
}

#[derive(Trace)]
#[trace(finalize = Explosive::finalize)]
struct Explosive(RefCell<Option<AnyGc>>);

impl Explosive {
    fn finalize(_: &Gc<Explosive>) {
        explode();
    }
}

/// Runs `f` with a heap, and asserts that nothing unwinds out of it, nor out of the heap's end.
fn quiet(f: impl FnOnce(&Heap)) {
    let heap = manual();
    heap.set_unraisable_hook(|_| ());
    assert!(catch_unwind(AssertUnwindSafe(|| f(&heap))).is_ok(), "nothing unwinds");
    heap.check();
    assert_eq!(heap.object_count(), 0);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(heap))).is_ok(), "nor out of the end");
}

#[test]
fn a_finalizer() {
    quiet(|heap| drop(heap.alloc(Explosive(RefCell::default()))));
    quiet(|heap| {
        let ring = heap.alloc(Explosive(RefCell::default()));
        *ring.0.borrow_mut() = Some(Gc::as_any(&ring));
        drop(ring);
        assert_eq!(heap.collect(Generation::Old), 1);
    });
}

#[test]
fn the_drop_of_a_leaf() {
    quiet(|heap| drop(heap.alloc(BombOnDrop)));
    quiet(|heap| drop(heap.alloc_slice([BombOnDrop])));
    quiet(|heap| drop(heap.alloc_with_slice(1, [BombOnDrop])));
    quiet(|heap| {
        let ring = heap.alloc((RefCell::new(None::<AnyGc>), BombOnDrop));
        *ring.0.borrow_mut() = Some(Gc::as_any(&ring));
        drop(ring);
        assert_eq!(heap.collect(Generation::Old), 1);
    });
}

#[test]
fn a_weak_callback_and_finalize() {
    quiet(|heap| {
        let object = heap.alloc(1);
        let _weak = WeakRef::with_callback(&object, callback(|_| explode()));
        heap.finalize(&object, (), |()| explode());
        drop(object);
    });
    quiet(|heap| {
        let object = heap.alloc(1);
        heap.finalize(&object, (), |()| explode());
        heap.run_exit_finalizers();
    });
    quiet(|heap| {
        let ring = Node::ring(heap, &Rc::default());
        let _weak = WeakRef::with_callback(&ring, callback(|_| explode()));
        drop(ring);
        assert_eq!(heap.collect(Generation::Old), 1);
    });
}

#[test]
fn what_a_callback_captured() {
    quiet(|heap| {
        let object = heap.alloc(1);
        let captured = BombOnDrop;
        let weak = WeakRef::with_callback(&object, callback(move |_| drop(&captured)));
        drop(weak);
    });
    quiet(|heap| {
        let object = heap.alloc(1);
        heap.finalize(&object, BombOnDrop, |_| ()).set_at_exit(false);
        let captured = BombOnDrop;
        heap.finalize(&object, (), move |()| drop(&captured)).set_at_exit(false);
        drop(object);
    });
}

#[test]
fn callbacks_of_the_heap_and_what_they_captured() {
    quiet(|heap| {
        let key = heap.add_callback(|_, _, _| explode());
        heap.collect(Generation::Old);
        heap.remove_callback(key);
        heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE);
        heap.set_debug_sink(|_| explode());
        drop(Node::ring(heap, &Rc::default()));
        heap.collect(Generation::Old);
        heap.reset_debug_sink();
        heap.set_debug(DebugFlags::empty());
        heap.set_soft_limit(1 << 20, |_, _| explode());
        drop(heap.add_external(2 << 20));
        heap.safepoint();
        drop(heap.alloc(1));
    });
}

#[test]
fn what_the_heaps_callbacks_captured_explodes_when_they_are_replaced() {
    let heap = manual();
    let captured = || {
        let bomb = BombOnDrop;
        move || drop(&bomb)
    };
    let attempts: [Box<dyn Fn()>; 5] = [
        Box::new(|| {
            let bomb = captured();
            let key = heap.add_callback(move |_, _, _| bomb());
            heap.remove_callback(key);
        }),
        Box::new(|| {
            let bomb = captured();
            heap.set_debug_sink(move |_| bomb());
            heap.reset_debug_sink();
        }),
        Box::new(|| {
            let bomb = captured();
            heap.set_soft_limit(usize::MAX, move |_, _| bomb());
            heap.clear_soft_limit();
        }),
        Box::new(|| {
            let bomb = captured();
            heap.set_unraisable_hook(move |_| bomb());
            heap.set_unraisable_hook(|_| ());
        }),
        Box::new(|| {
            let bomb = captured();
            heap.set_unraisable_hook(move |_| bomb());
            heap.reset_unraisable_hook();
        }),
    ];
    for attempt in &attempts {
        // Whether it comes to the caller or goes to the hook: the heap goes on.
        let _ = catch_unwind(AssertUnwindSafe(attempt)).map_err(std::mem::forget);
        heap.collect(Generation::Old);
        heap.check();
    }
    drop(attempts);
    // And those that are left at the end.
    let (bomb, hook, limit, sink) = (captured(), captured(), captured(), captured());
    heap.add_callback(move |_, _, _| bomb());
    heap.set_unraisable_hook(move |_| hook());
    heap.set_soft_limit(usize::MAX, move |_, _| limit());
    heap.set_debug_sink(move |_| sink());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(heap))).map_err(std::mem::forget).is_ok(), "nothing unwinds");
}

#[test]
fn the_hook_itself() {
    let heap = manual();
    heap.set_unraisable_hook(|_| explode());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(heap.alloc(BombOnDrop)))).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(heap.alloc(Explosive(RefCell::default()))))).is_ok());
    heap.check();
}

#[test]
fn while_a_panic_is_unwinding() {
    let drops = Rc::new(Cell::new(0));
    let heap = manual();
    heap.set_unraisable_hook(|_| panic!("the hook, too"));
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _explosive = heap.alloc(Explosive(RefCell::new(Some(heap.alloc(Loud(drops.clone())).into()))));
        let _bomb = heap.alloc(BombOnDrop);
        let object = heap.alloc(1);
        let _weak = WeakRef::with_callback(&object, callback(|_| explode()));
        drop(Node::ring(&heap, &drops));
        let inner = manual();
        let _held = inner.alloc(BombOnDrop);
        inner.add_root(inner.alloc(BombOnDrop));
        panic!("outer");
    }));
    assert_eq!(result.unwrap_err().downcast_ref(), Some(&"outer"));
    heap.collect(Generation::Old);
    assert_eq!((drops.get(), heap.object_count()), (2, 0));
    heap.check();
}
