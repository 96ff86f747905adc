//! How heaps end: what they hold may end the next heap, and so on, on a small stack; and everything that can go goes.

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{AnyGc, DebugFlags, Gc, Generation, Heap, leaf};
use tailbite_tests::{Log, Node, OnDrop, leak_ring, manual_heap, on_small_stack, ring};

/// Has a heap capture nodes.
type Capture = fn(&Heap, Vec<Gc<Node>>);

/// Heaps in a chain.
const HEAPS: usize = 1000;

/// What a link of a chain holds: the next link, and a probe that logs its drop.
struct Held<T> {
    log: Log,
    _next: Option<T>,
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        self.log.push("gone");
    }
}

/// Owns anything, opaquely.
struct Owner<T>(#[allow(dead_code, reason = "what is owned is only dropped")] RefCell<Option<T>>);

// SAFETY: nothing is reported, which is always safe.
unsafe impl<T: 'static> tailbite::Trace for Owner<T> {
    fn trace(&self, _: &mut tailbite::Tracer<'_>) {}
}

/// Is what a closure does with what it captured.
fn keep<T>(_: &T) {}

/// Makes a chain of heaps, the last one first, and drops it on a small stack; `link` gives a heap the next link to hold,
/// and makes a link of it. Everything is gone when the drop returns.
fn chain<T: 'static>(link: fn(Heap, Held<T>) -> T) {
    on_small_stack(move || {
        let log = Log::new();
        let mut next = None;
        for _ in 0..HEAPS {
            next = Some(link(manual_heap(), Held { log: log.clone(), _next: next.take() }));
        }
        assert!(log.is_empty());
        drop(next);
        assert_eq!(log.len(), HEAPS);
    });
}

#[test]
fn a_chain_of_heaps_in_gc_callbacks() {
    chain::<Heap>(|heap, held| {
        heap.add_callback(move |_, _, _| keep(&held));
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_debug_sinks() {
    chain::<Heap>(|heap, held| {
        heap.set_debug_sink(move |_| keep(&held));
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_soft_limit_callbacks() {
    chain::<Heap>(|heap, held| {
        heap.set_soft_limit(1 << 40, move |_, _| keep(&held));
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_hooks() {
    chain::<Heap>(|heap, held| {
        heap.set_unraisable_hook(move |_| keep(&held));
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_rooted_objects() {
    chain::<Heap>(|heap, held| {
        heap.add_root(heap.alloc(Owner(RefCell::new(Some(held)))));
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_immortal_objects() {
    chain::<Heap>(|heap, held| {
        heap.make_immortal(&heap.alloc(Owner(RefCell::new(Some(held)))));
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_finalizers_at_exit() {
    chain::<Heap>(|heap, held| {
        let object = heap.alloc(1);
        heap.finalize(&object, held, drop);
        heap.add_root(object);
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_what_finalizers_captured() {
    chain::<Heap>(|heap, held| {
        let object = heap.alloc(1);
        heap.finalize(&object, held, drop).set_at_exit(false);
        heap.add_root(object);
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_garbage_that_was_kept() {
    chain::<Heap>(|heap, held| {
        heap.set_debug(DebugFlags::SAVEALL);
        let node = Node::alloc(&heap, &Log::new(), "node");
        node.set(0, Some(node.clone()));
        node.on_drop(move || drop(held));
        drop(node);
        assert_eq!(heap.collect(Generation::Old), 1);
        heap
    });
}

#[test]
fn a_chain_of_heaps_in_frozen_garbage() {
    chain::<Heap>(|heap, held| {
        let node = Node::alloc(&heap, &Log::new(), "node");
        node.set(0, Some(node.clone()));
        node.on_drop(move || drop(held));
        heap.freeze();
        heap
    });
}

#[test]
fn a_chain_of_closed_heaps_that_root_objects_of_the_next() {
    on_small_stack(|| {
        let log = Log::new();
        let mut next: Option<AnyGc> = None;
        for _ in 0..HEAPS {
            let heap = manual_heap();
            let object = AnyGc::from(heap.alloc(Owner(RefCell::new(Some(log.probe("n"))))));
            drop(heap);
            if let Some(next) = next.replace(object.clone()) {
                object.with_heap(|heap| heap.add_root_any(next));
            }
        }
        assert!(log.is_empty());
        drop(next);
        assert_eq!(log.len(), HEAPS);
    });
}

#[test]
fn a_chain_of_closed_heaps_whose_hooks_hold_objects_of_the_next() {
    chain::<AnyGc>(|heap, held| {
        heap.set_unraisable_hook(move |_| keep(&held));
        heap.alloc(1).into()
    });
}

/// The heap is kept by its allocator alone.
#[test]
fn a_chain_of_closed_heaps_that_allocators_keep() {
    chain::<tailbite::HeapAllocator>(|heap, held| {
        heap.set_unraisable_hook(move |_| keep(&held));
        heap.allocator()
    });
}

/// A callback that holds a handle whose object owns the heap is a cycle through the heap: it leaks, as one through an `Rc`
/// does, and does no harm.
#[test]
fn heaps_that_their_own_objects_own() {
    on_small_stack(|| {
        let mut next: Option<AnyGc> = None;
        for _ in 0..HEAPS {
            let heap = Heap::new();
            let object = heap.alloc(Owner::<Heap>(RefCell::new(None)));
            if let Some(next) = next.take() {
                heap.add_callback(move |_, _, _| keep(&next));
            }
            object.0.replace(Some(heap));
            next = Some(object.into());
        }
        drop(next);
    });
}

/// A heap that is closed where no more drops may nest collects what its roots let go all the same.
#[test]
fn closing_at_the_limit_collects_what_roots_held() {
    // Among all lengths are those that put the heap at the limit.
    for length in 0..40 {
        let (outer, log) = (manual_heap(), Log::new());
        outer.set_drop_nesting(0);
        let inner = manual_heap();
        inner.set_drop_nesting(0);
        let cycle = ring(&inner, &log, "n", 2);
        let rooted = inner.alloc(vec![cycle[0].clone()]);
        inner.add_root(rooted);
        drop(cycle);
        let last = Node::alloc(&outer, &Log::new(), "last");
        last.on_drop(move || drop(inner));
        let first = (0..length).fold(last, |next, _| {
            let node = Node::alloc(&outer, &Log::new(), "node");
            node.set(0, Some(next));
            node
        });
        drop(first);
        assert_eq!(log.take_sorted(), ["drop n0", "drop n1"], "{length}");
    }
}

/// What is kept for the host in what way, and is a cycle, goes when the heap is closed.
#[test]
fn cycles_that_closures_captured_are_collected() {
    let captures: [Capture; 4] = [
        |heap, nodes| _ = heap.add_callback(move |_, _, _| keep(&nodes)),
        |heap, nodes| heap.set_debug_sink(move |_| keep(&nodes)),
        |heap, nodes| heap.set_soft_limit(1 << 40, move |_, _| keep(&nodes)),
        |heap, nodes| drop(heap.finalize(&heap.alloc(1), nodes, drop)),
    ];
    for capture in captures {
        let (heap, log) = (manual_heap(), Log::new());
        let nodes = ring(&heap, &log, "n", 3);
        capture(&heap, nodes);
        drop(heap);
        assert_eq!(log.take_sorted(), ["drop n0", "drop n1", "drop n2"]);
    }
}

/// Closures that are set while a heap is closing are dropped at once: what they hold is collected like the rest.
#[test]
fn cycles_that_are_captured_while_a_heap_closes_are_collected() {
    let captures: [Capture; 3] = [
        |heap, nodes| _ = heap.add_callback(move |_, _, _| keep(&nodes)),
        |heap, nodes| heap.set_debug_sink(move |_| keep(&nodes)),
        |heap, nodes| heap.set_soft_limit(1 << 40, move |_, _| keep(&nodes)),
    ];
    for capture in captures {
        let (heap, log) = (manual_heap(), Log::new());
        let trash = ring(&heap, &log, "trash", 2);
        Node::on_finalize(&trash[0], move |node| {
            Gc::with_heap(node, |heap| capture(heap, ring(heap, node.log(), "n", 2)));
        });
        drop(trash);
        drop(heap);
        let events = ["drop n0", "drop n1", "drop trash0", "drop trash1", "finalize trash0"];
        assert_eq!(log.take_sorted(), events);
    }
}

/// Closing drops the gc callbacks one by one; a collection that one of them sets off as it goes calls none of the others.
#[test]
fn closing_calls_no_callback_while_it_drops_them() {
    let (heap, log) = (manual_heap(), Log::new());
    let held = heap.alloc(1);
    let events = log.clone();
    heap.add_callback(move |_, phase, _| events.push(phase.to_string()));
    let (same, events) = (held.clone(), log.clone());
    let collects = OnDrop::new(move || {
        Gc::with_heap(&same, |heap| {
            leak_ring(heap, &events, "n", 1);
            assert_eq!(heap.collect(Generation::Old), 1);
        });
    });
    heap.add_callback(move |_, _, _| keep(&collects));
    drop(heap);
    assert_eq!(log.take(), ["drop n0"]);
}

/// Roots that finalizers and drops add while a heap closes go too, for a bounded number of rounds, and once more after
/// the last one.
#[test]
fn roots_that_come_in_the_last_round_go() {
    struct Again(usize, Log, Rc<RefCell<Option<Gc<u8>>>>);
    leaf!(Again);
    impl Drop for Again {
        fn drop(&mut self) {
            self.1.push(self.0.to_string());
            let anchor = self.2.borrow().clone();
            if let (Some(left), Some(anchor)) = (self.0.checked_sub(1), anchor) {
                let next = Again(left, self.1.clone(), self.2.clone());
                Gc::with_heap(&anchor, |heap| heap.add_root(heap.alloc(next)));
            }
        }
    }
    let (heap, log) = (manual_heap(), Log::new());
    let anchor = Rc::new(RefCell::new(Some(heap.alloc(1))));
    heap.add_root(heap.alloc(Again(8, log.clone(), anchor.clone())));
    drop(heap);
    assert_eq!(log.take(), ["8", "7", "6", "5", "4", "3", "2", "1", "0"]);
    let anchor = anchor.take().expect("it is held");
    Gc::with_heap(&anchor, |heap| assert_eq!(heap.root_count(), 0));
}

#[test]
fn roots_go_from_the_newest_to_the_oldest() {
    let (heap, log) = (manual_heap(), Log::new());
    for index in 0..5 {
        heap.add_root(Node::alloc(&heap, &log, format!("n{index}")));
    }
    drop(heap);
    assert_eq!(log.take(), ["drop n4", "drop n3", "drop n2", "drop n1", "drop n0"]);
}

/// What is left in a closed heap goes after its last object, the roots before the hook, and may use other heaps.
#[test]
fn what_is_left_goes_after_the_last_object() {
    let (first, second, log) = (manual_heap(), manual_heap(), Log::new());
    let last = Node::alloc(&first, &log, "last");
    let (rooted, other) = (Node::alloc(&second, &log, "rooted"), Node::alloc(&second, &log, "other"));
    let (probe, uses) = (log.probe("hook"), other.clone());
    let made = OnDrop::new(move || Gc::with_heap(&uses, |heap| drop(Node::alloc(heap, uses.log(), "made"))));
    first.set_unraisable_hook(move |_| keep(&(&probe, &made)));
    drop(first);
    Gc::with_heap(&last, |heap| heap.add_root(rooted));
    assert!(log.is_empty());
    drop(last);
    assert_eq!(log.take(), ["drop last", "drop rooted", "drop hook", "drop made"]);
    drop(other);
    assert_eq!(second.object_count(), 0);
}

/// The first round of closing collects nothing: what is unreachable dies by count in its finalizer's hands. What that lets go of, through another
/// heap, is garbage only from then on.
#[test]
fn closing_goes_on_after_a_round_in_which_finalizers_alone_did_something() {
    let (heap, other, log) = (manual_heap(), manual_heap(), Log::new());
    let cycle = Node::alloc(&heap, &log, "cycle");
    cycle.set(0, Some(cycle.clone()));
    let between = Node::alloc(&other, &log, "between");
    between.set(0, Some(cycle));
    let first = Node::alloc(&heap, &log, "first");
    first.set(0, Some(first.clone()));
    first.set(1, Some(between));
    Node::on_finalize(&first, |first| first.unlink());
    drop(first);
    drop(heap);
    assert_eq!(log.take_sorted(), ["drop between", "drop cycle", "drop first", "finalize first"]);
}
