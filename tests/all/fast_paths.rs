//! Short cuts of collections and allocations: the sweep of garbage that owns only handles, blind promotion, blocks taken at once.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Shape, Trace, Tracer, leaf};
use tailbite_tests::{manual_heap, quiet};

mod programs;

thread_local! {
    /// Traces until one panics.
    static UNTIL_PANIC: Cell<u32> = const { Cell::new(u32::MAX) };
}

fn count_down() {
    let left = UNTIL_PANIC.get() - 1;
    UNTIL_PANIC.set(left);
    assert_ne!(left, 0, "traced");
}

/// Owns nothing, and has a trace that may panic.
#[derive(Default)]
struct Fuse;

// SAFETY: reports nothing; it may panic.
unsafe impl Trace for Fuse {
    fn trace(&self, _: &mut Tracer<'_>) {
        count_down();
    }
}

/// The same, for a field.
///
/// # Safety
/// None is needed.
unsafe fn report_nothing(_: &u8, _: &mut Tracer<'_>) {
    count_down();
}

type Edge = Cell<Option<AnyGc>>;

#[derive(Trace, Default)]
struct Fused {
    next: Edge,
    fuse: Fuse,
    leaf: Edge,
}

#[derive(Trace, Default)]
struct FusedBelow {
    next: Edge,
    // SAFETY: it reports nothing.
    #[trace(unsafe(with = report_nothing))]
    fuse: u8,
    leaf: Edge,
}

/// A ring of two that holds `held`, made by `make` of an edge and of what it holds.
fn garbage<T: Trace>(heap: &Heap, held: AnyGc, make: impl Fn(AnyGc) -> T, next: impl Fn(&T) -> &Edge) {
    let nodes = [heap.alloc(make(held.clone())), heap.alloc(make(held))];
    next(&nodes[0]).set(Some(Gc::as_any(&nodes[1])));
    next(&nodes[1]).set(Some(Gc::as_any(&nodes[0])));
}

/// What a trace that panics late leaves behind, in whatever phase of the collection it is.
fn late_panics(make_garbage: impl Fn(&Heap, AnyGc)) {
    for traces in 1..40 {
        let heap = manual_heap();
        quiet(&heap);
        let held = heap.alloc(7_u64);
        make_garbage(&heap, Gc::as_any(&held));
        UNTIL_PANIC.set(traces);
        let ended = catch_unwind(AssertUnwindSafe(|| heap.collect(Generation::Old)));
        UNTIL_PANIC.set(u32::MAX);
        assert!(ended.is_ok(), "a collection doesn't unwind: trace {traces}");
        heap.check();
        heap.collect(Generation::Old);
        assert_eq!((heap.object_count(), Gc::strong_count(&held)), (1, 1), "trace {traces}");
        heap.check();
    }
}

#[test]
fn a_trace_that_panics_is_none_of_a_sweep() {
    let held = |held| Cell::new(Some(held));
    late_panics(|heap, leaf| {
        garbage(heap, leaf, |leaf| Fused { leaf: held(leaf), ..Fused::default() }, |node| &node.next);
    });
    late_panics(|heap, leaf| {
        garbage(heap, leaf, |leaf| FusedBelow { leaf: held(leaf), ..FusedBelow::default() }, |node| &node.next);
    });
}

#[test]
fn a_trace_that_panics_where_nothing_is_dropped() {
    #[derive(Trace, Default)]
    struct Plain {
        next: Edge,
        held: Edge,
    }
    struct Alone(Fuse);
    // SAFETY: reports nothing; it may panic.
    unsafe impl Trace for Alone {
        fn trace(&self, tracer: &mut Tracer<'_>) {
            self.0.trace(tracer);
        }

        fn shape(_: u32) -> Shape {
            Shape::UNKNOWN
        }
    }
    late_panics(|heap, leaf| {
        let alone = Gc::erase(heap.alloc(Alone(Fuse)));
        garbage(heap, leaf, |leaf| Plain { held: Cell::new(Some(leaf)), ..Plain::default() }, |node| &node.next);
        garbage(heap, alone, |leaf| Plain { held: Cell::new(Some(leaf)), ..Plain::default() }, |node| &node.next);
    });
}

/// Calls a closure when it is dropped.
struct Last(RefCell<Option<Box<dyn FnOnce()>>>);
leaf!(Last);

impl Drop for Last {
    fn drop(&mut self) {
        if let Some(last) = self.0.get_mut().take() {
            last();
        }
    }
}

#[derive(Trace)]
struct Pair(Edge, Edge);

#[test]
fn what_is_made_while_a_sweep_lets_go_is_like_any_object() {
    for freeze in [false, true] {
        for generation in Generation::ALL {
            let heap = Rc::new(manual_heap());
            let made: Rc<RefCell<Vec<Gc<Pair>>>> = Rc::default();
            let (of_drop, made_by_drop) = (Rc::downgrade(&heap), made.clone());
            let last = Last(RefCell::new(Some(Box::new(move || {
                let heap = of_drop.upgrade().unwrap();
                for index in 1..=200 {
                    // Most of these lie where the garbage lay.
                    made_by_drop.borrow_mut().push(heap.alloc(Pair(Edge::default(), Edge::default())));
                    assert_eq!(heap.get_objects(None).len(), index, "every one is shown");
                }
                if freeze {
                    heap.freeze();
                    assert_eq!(heap.get_freeze_count(), 200, "every one is frozen");
                }
            }))));
            let last = Gc::erase(heap.alloc(last));
            let mut ring = vec![heap.alloc(Pair(Edge::default(), Cell::new(Some(last))))];
            for _ in 0..100 {
                let next = Some(Gc::as_any(ring.last().unwrap()));
                ring.push(heap.alloc(Pair(Cell::new(next), Edge::default())));
            }
            ring[0].0.set(Some(Gc::as_any(&ring[100])));
            drop(ring);
            assert_eq!(heap.collect(generation), 101);
            assert_eq!(made.borrow().len(), 200);
            heap.check();
            for pair in made.take() {
                pair.0.set(Some(Gc::as_any(&pair)));
            }
            heap.unfreeze();
            assert_eq!(heap.collect(if freeze { Generation::Old } else { Generation::Young }), 200);
            assert_eq!(heap.object_count(), 0);
            heap.check();
        }
    }
}

/// A heap with small thresholds, whose next young collections are left out.
fn growing_heap(kept: &mut Vec<Gc<Pair>>) -> Heap {
    let heap = Heap::new();
    heap.set_threshold([100, 1000, 1000]);
    let before = heap.get_stats()[0].collections;
    for _ in 0..2000 {
        kept.push(heap.alloc(Pair(Edge::default(), Edge::default())));
    }
    assert!(cfg!(tailbite_stress) || heap.get_stats()[0].collections - before < 15, "most were left out");
    heap
}

fn into_ring(pair: Gc<Pair>) {
    pair.0.set(Some(Gc::as_any(&pair)));
}

#[test]
fn what_is_lent_or_made_meanwhile_is_found_after_blind_promotion() {
    let kept = &mut Vec::new();
    let heap = growing_heap(kept);
    let grow = |heap: &Heap| {
        for _ in 0..1500 {
            heap.alloc(Pair(Edge::default(), Cell::new(Some(Gc::erase(heap.alloc(0))))));
        }
        let kept: Vec<_> = (0..1500).map(|_| heap.alloc(Pair(Edge::default(), Edge::default()))).collect();
        heap.check();
        kept
    };
    let mut lent = heap.alloc(Pair(Edge::default(), Edge::default()));
    let mut guard = Gc::get_mut(&mut lent).unwrap();
    let mut others = grow(&heap);
    *guard = Pair(Edge::default(), Edge::default());
    drop(guard);
    heap.check();
    let made = heap.alloc_cyclic(|_| {
        others.extend(grow(&heap));
        Pair(Edge::default(), Edge::default())
    });
    let sliced = heap.alloc_slice((0..3).map(|_| {
        others.extend(grow(&heap));
        Edge::default()
    }));
    heap.check();
    sliced[0].set(Some(Gc::as_any(&sliced)));
    drop(sliced);
    into_ring(lent);
    into_ring(made);
    kept.append(&mut others);
    let old = kept.len();
    kept.drain(..).for_each(into_ring);
    assert_eq!(heap.collect(Generation::Old), old + 3);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn what_comes_back_from_the_dead_is_found_after_blind_promotion() {
    #[derive(Trace)]
    #[trace(finalize = Phoenix::rise)]
    struct Phoenix {
        next: Edge,
        #[trace(skip)]
        nest: Rc<RefCell<Vec<Gc<Phoenix>>>>,
        #[trace(skip)]
        heap: Rc<Heap>,
    }
    impl Phoenix {
        fn rise(this: &Gc<Phoenix>) {
            for _ in 0..150 {
                into_ring(this.heap.alloc(Pair(Edge::default(), Edge::default())));
            }
            this.nest.borrow_mut().push(this.clone());
        }
    }
    let kept = &mut Vec::new();
    let heap = Rc::new(growing_heap(kept));
    let nest = Rc::new(RefCell::<Vec<Gc<Phoenix>>>::default());
    for _ in 0..20 {
        heap.alloc(Phoenix { next: Edge::default(), nest: nest.clone(), heap: heap.clone() });
        // A chain, whose later deaths are queued.
        let mut last = None;
        for _ in 0..20 {
            let phoenix = heap.alloc(Phoenix { next: Cell::new(last.take()), nest: nest.clone(), heap: heap.clone() });
            last = Some(Gc::erase(phoenix));
        }
        drop(last);
        heap.check();
        // Each lets the rest of its chain die, which comes back too.
        while let phoenixes @ [_, ..] = &*nest.take() {
            phoenixes.iter().for_each(|phoenix| phoenix.next.set(Some(Gc::as_any(phoenix))));
        }
    }
    kept.clear();
    heap.collect(Generation::Old);
    heap.check();
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn a_debug_heap_that_comes_and_goes_between_the_objects_of_a_ring() {
    for generation in [Generation::Young, Generation::Old] {
        let heap = manual_heap();
        let mut factories = vec![heap.factory::<Pair>()];
        heap.set_debug_heap(true);
        factories.push(heap.factory::<Pair>());
        let mut ring: Vec<Gc<Pair>> = Vec::new();
        for index in 0..200 {
            heap.set_debug_heap(index % 3 == 0);
            let next = Cell::new(ring.last().map(Gc::as_any));
            let pair = Pair(next, Edge::default());
            ring.push(if index % 2 == 0 { heap.alloc(pair) } else { factories[index / 2 % 2].alloc(pair) });
        }
        ring[0].0.set(Some(Gc::as_any(&ring[199])));
        heap.check();
        drop(ring);
        heap.set_debug_heap(generation == Generation::Old);
        assert_eq!(heap.collect(generation), 200);
        heap.check();
        assert_eq!(heap.object_count(), 0);
    }
}
