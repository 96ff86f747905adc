//! Callbacks that replace, remove and re-enter themselves, while what they captured is in use.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, DebugFlags, Finalize, Gc, Generation, Heap, Phase, Trace, UnraisableContext, WeakRef, callback};

use crate::common::{Loud, Node, logged, manual};

/// Something that a closure captures, and looks at after it replaced itself.
fn captured(drops: &Rc<Cell<usize>>) -> (Loud, String) {
    (Loud(drops.clone()), "captured".repeat(10))
}

fn intact(captured: &(Loud, String), drops: &Rc<Cell<usize>>) {
    assert_eq!((captured.1.len(), drops.get()), (80, 0), "it is still there");
}

thread_local!(static HEAP: RefCell<Option<Rc<Heap>>> = const { RefCell::new(None) });

fn with(f: impl FnOnce(&Heap)) {
    let heap = HEAP.with_borrow(|heap| heap.clone().unwrap());
    f(&heap);
}

#[test]
fn hooks_sinks_and_limits_replace_themselves_while_they_run() {
    let drops = Rc::new(Cell::new(0));
    HEAP.set(Some(Rc::new(manual())));
    let (hook, count) = (captured(&drops), drops.clone());
    with(|heap| {
        heap.set_unraisable_hook(move |_| {
            with(|heap| {
                heap.set_unraisable_hook(|_| ());
                heap.reset_unraisable_hook();
                heap.set_unraisable_hook(|_| ());
            });
            intact(&hook, &count);
        });
        heap.finalize(&heap.alloc(1), (), |()| panic!("to the hook"));
        assert_eq!(drops.replace(0), 1);
    });
    let (sink, count) = (captured(&drops), drops.clone());
    with(|heap| {
        heap.set_debug(DebugFlags::STATS);
        heap.set_debug_sink(move |_| {
            with(|heap| {
                heap.set_debug_sink(|_| ());
                heap.reset_debug_sink();
                heap.set_debug_sink(|_| ());
            });
            intact(&sink, &count);
        });
        heap.collect(Generation::Old);
        assert_eq!(drops.replace(0), 1);
    });
    let (limit, count) = (captured(&drops), drops.clone());
    with(|heap| {
        heap.set_soft_limit(1 << 20, move |heap, _| {
            heap.set_soft_limit(2 << 20, |_, _| ());
            heap.clear_soft_limit();
            drop(heap.add_external(5 << 20));
            heap.safepoint();
            heap.alloc(1);
            intact(&limit, &count);
        });
        drop(heap.add_external(1 << 20));
        heap.safepoint();
        assert_eq!(drops.replace(0), 1);
    });
    let (callback, count, key) = (captured(&drops), drops.clone(), Rc::new(Cell::new(None)));
    let mine = key.clone();
    with(|heap| {
        key.set(Some(heap.add_callback(move |heap, _, _| {
            assert!(heap.remove_callback(mine.get().unwrap()));
            heap.add_callback(|_, _, _| ());
            heap.collect(Generation::Old);
            intact(&callback, &count);
        })));
        heap.collect(Generation::Old);
        assert_eq!(drops.replace(0), 1);
        heap.check();
    });
    HEAP.set(None);
}

#[test]
fn callbacks_that_add_callbacks_for_ever_do_not_end_the_round() {
    let heap = manual();
    let calls = Rc::new(Cell::new(0_usize));
    fn add(heap: &Heap, calls: &Rc<Cell<usize>>) {
        let next = calls.clone();
        heap.add_callback(move |heap, phase, _| {
            next.set(next.get() + 1);
            // "Callbacks that are added while others run are called in the same round": the host has to stop.
            if phase == Phase::Start && next.get() < 500 {
                add(heap, &next);
            }
        });
    }
    add(&heap, &calls);
    heap.collect(Generation::Old);
    assert_eq!(calls.get(), 1000);
}

#[test]
fn a_hook_that_makes_what_it_hears_of() {
    let heap = Rc::new(manual());
    let (mine, calls, depth) = (Rc::downgrade(&heap), Rc::new(Cell::new(0)), Rc::new(Cell::new((0, 0))));
    let (count, deep) = (calls.clone(), depth.clone());
    heap.set_unraisable_hook(move |it| {
        assert_eq!(it.context, UnraisableContext::Finalize);
        let (now, most) = deep.get();
        deep.set((now + 1, most.max(now + 1)));
        count.set(count.get() + 1);
        if count.get() < 300 {
            let heap = mine.upgrade().unwrap();
            heap.finalize(&heap.alloc(1), (), |()| panic!("once more"));
        }
        deep.set((now, deep.get().1));
    });
    crate::common::small_stack(|| ());
    heap.finalize(&heap.alloc(1), (), |()| panic!("first"));
    assert_eq!(calls.get(), 300);
    assert!(depth.get().1 <= 64, "nested {}", depth.get().1);
}

/// Data whose clone and drop use the finalize that it belongs to.
struct Tricky {
    own: Rc<RefCell<Option<Finalize<Tricky>>>>,
    loud: Loud,
    act: Cell<u8>,
}

impl Tricky {
    fn act(&self) {
        let Some(finalize) = self.own.borrow().clone() else { return };
        match self.act.replace(9) {
            0 => drop(finalize.call()),
            1 => drop(finalize.detach()),
            2 => {
                finalize.set_at_exit(false);
                drop(finalize.peek());
            }
            3 => drop(finalize.detach().map(|(object, data)| (data, object.with_heap(Heap::run_exit_finalizers)))),
            _ => (),
        }
    }
}

impl Clone for Tricky {
    fn clone(&self) -> Tricky {
        self.act();
        assert!(Rc::strong_count(&self.loud.0) < 50);
        Tricky { own: self.own.clone(), loud: Loud(self.loud.0.clone()), act: Cell::new(9) }
    }
}

impl Drop for Tricky {
    fn drop(&mut self) {
        self.act();
    }
}

#[test]
fn data_that_takes_itself_away_while_it_is_cloned_called_or_dropped() {
    for act in 0..4 {
        for way in 0..4 {
            let (heap, drops, own) = (manual(), Rc::new(Cell::new(0)), Rc::default());
            let object = heap.alloc(RefCell::new(None::<AnyGc>));
            let data = Tricky { own: Rc::clone(&own), loud: Loud(drops.clone()), act: Cell::new(act) };
            let calls = Rc::new(Cell::new(0));
            let count = calls.clone();
            let finalize = heap.finalize(&object, data, move |data| {
                count.set(count.get() + 1);
                data.act();
            });
            *own.borrow_mut() = Some(finalize.clone());
            let mut copies = 0;
            match way {
                0 => copies += usize::from(finalize.peek().is_some()),
                1 => drop(finalize.call()),
                2 => drop(finalize.detach()),
                _ => drop(heap.run_exit_finalizers()),
            }
            drop(object);
            assert!(calls.get() <= 1, "{act} {way}");
            assert!(!finalize.is_alive());
            own.take();
            drop((finalize, heap));
            assert!(drops.get() >= 1 && drops.get() <= 4 + copies, "{act} {way}: {}", drops.get());
        }
    }
}

#[test]
fn exit_finalizers_that_register_exit_finalizers_come_to_an_end() {
    let calls = Rc::new(Cell::new(0_usize));
    fn register(object: &AnyGc, calls: &Rc<Cell<usize>>) {
        let (again, count) = (object.clone(), calls.clone());
        object.with_heap(|heap| {
            heap.finalize(object, (), move |()| {
                count.set(count.get() + 1);
                again.with_heap(|heap| assert_eq!(heap.run_exit_finalizers(), 0));
                register(&again, &count);
            });
        });
    }
    let heap = manual();
    register(&heap.alloc(1).into(), &calls);
    let first = heap.run_exit_finalizers();
    assert_eq!(first, calls.get());
    assert!(calls.get() <= 65_537, "{}", calls.get());
    heap.set_leak_at_close(true);
}

#[test]
fn a_sink_that_collects_keeps_and_switches_everything() {
    #[derive(Trace)]
    #[trace(finalize = Fin::finalize)]
    struct Fin(RefCell<Option<AnyGc>>);
    impl Fin {
        fn finalize(this: &Gc<Fin>) {
            Gc::with_heap(this, |heap| {
                heap.set_debug(DebugFlags::SAVEALL | DebugFlags::COLLECTABLE);
                drop(heap.take_garbage());
            });
        }
    }
    let (heap, log) = logged();
    let kept: Rc<RefCell<Vec<AnyGc>>> = Rc::default();
    let sink = kept.clone();
    let anchor = heap.alloc(1);
    heap.set_debug_sink(move |event| {
        Gc::with_heap(&anchor, |heap| {
            assert_eq!(heap.collect(Generation::Old), 0);
            heap.freeze();
            heap.unfreeze();
            heap.trim();
            heap.check();
            drop(heap.get_objects(None));
            drop(heap.garbage());
            if let tailbite::DebugEvent::Collectable { object } = event {
                WeakRef::with_callback(*object, callback(|_| ()));
                drop(heap.get_referrers(&[(*object).clone()]));
                if sink.borrow().len() < 2 {
                    sink.borrow_mut().push((*object).clone());
                }
                heap.set_debug(DebugFlags::COLLECTABLE | DebugFlags::STATS);
            }
        });
    });
    for flags in [DebugFlags::all(), DebugFlags::SAVEALL, DebugFlags::COLLECTABLE] {
        heap.set_debug(flags);
        for _ in 0..3 {
            let ring = heap.alloc(Fin(RefCell::new(None)));
            *ring.0.borrow_mut() = Some(Gc::as_any(&ring));
            drop(Node::ring(&heap, &Rc::default()));
        }
        heap.collect(Generation::Old);
        heap.check();
    }
    drop(kept.take());
    drop(heap.take_garbage());
    heap.set_debug(DebugFlags::empty());
    heap.collect(Generation::Old);
    heap.collect(Generation::Old);
    assert_eq!((heap.object_count(), log.borrow().as_slice()), (1, &[] as &[String]));
}
