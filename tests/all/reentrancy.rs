//! User code that the runtime calls and that calls the runtime: collect, unwrap, allocate, drop, in every window.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Trigger, WeakRef, callback};
use tailbite_tests::{Log, Node, manual_heap, ring};

/// What user code does when it is called.
type Action = Rc<dyn Fn()>;

/// The windows in which the runtime calls user code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    Finalizer,
    Callback,
    Drop,
}

/// Runs `action` in each window, on a death by count and in a collection, and checks that all is gone afterwards.
fn in_every_window(make: impl Fn(&Rc<Heap>, &Log, bool) -> Action) {
    for window in [Window::Finalizer, Window::Callback, Window::Drop] {
        for collected in [false, true] {
            let heap = Rc::new(manual_heap());
            let log = Log::new();
            let action = make(&heap, &log, collected);
            let nodes = ring(&heap, &log, "n", 4);
            if !collected {
                nodes[3].unlink();
            }
            let mut watches = Vec::new();
            for node in &nodes {
                let action = action.clone();
                match window {
                    Window::Finalizer => Node::on_finalize(node, move |_| action()),
                    Window::Callback => watches.push(WeakRef::with_callback(node, callback(move |_: &AnyGc| action()))),
                    Window::Drop => node.on_drop(move || action()),
                }
            }
            drop(nodes);
            heap.collect(Generation::Old);
            heap.check();
            drop((watches, action));
            heap.collect(Generation::Old);
            let context = format!("{window:?}, collected: {collected}");
            assert_eq!(heap.object_count(), 0, "{context}: {log:?}");
            assert!((0..4).all(|index| log.count(&format!("drop n{index}")) == 1), "{context}: {log:?}");
            heap.check();
        }
    }
}

#[test]
fn collect() {
    in_every_window(|heap, _, collected| {
        let heap = Rc::downgrade(heap);
        Rc::new(move || {
            let heap = heap.upgrade().expect("the heap is open");
            for generation in Generation::ALL {
                let found = heap.collect(generation);
                assert!(!collected || found == 0, "a nested collection finds nothing");
            }
        })
    });
}

#[test]
fn collect_with_garbage_around() {
    in_every_window(|heap, log, collected| {
        let (heap, log) = (Rc::downgrade(heap), log.clone());
        Rc::new(move || {
            let heap = heap.upgrade().expect("the heap is open");
            drop(ring(&heap, &log, "garbage", 3));
            let found = heap.collect(Generation::Old);
            assert_eq!(found == 0, collected);
        })
    });
}

#[test]
fn unwrap() {
    in_every_window(|heap, log, _| {
        let (heap, log) = (Rc::downgrade(heap), log.clone());
        Rc::new(move || {
            let heap = heap.upgrade().expect("the heap is open");
            let node = Node::alloc(&heap, &log, "unwrapped");
            let weak = Gc::downgrade(&node);
            let payload = Gc::try_unwrap(node).expect("the only handle");
            assert!(weak.upgrade().is_none());
            drop(payload);
            let shared = Node::alloc(&heap, &log, "shared");
            let other = shared.clone();
            assert!(Gc::try_unwrap(shared).is_err());
            assert!(Gc::into_inner(other).is_some());
        })
    });
}

#[test]
fn unwrap_the_dying_object() {
    // A finalizer is called with a handle of the runtime's: nobody else can be the last.
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    Node::on_finalize(&node, |node| {
        let clone = node.clone();
        assert!(Gc::strong_count(node) >= 2);
        assert!(Gc::try_unwrap(clone).is_err(), "the runtime holds it while its finalizer runs");
    });
    drop(node);
    assert_eq!(log.take(), ["finalize n", "drop n"]);
}

#[test]
fn allocate_and_drop() {
    in_every_window(|heap, log, _| {
        let (heap, log) = (Rc::downgrade(heap), log.clone());
        Rc::new(move || {
            let heap = heap.upgrade().expect("the heap is open");
            let kept: Vec<_> = (0..100).map(|_| Node::alloc(&heap, &log, "temporary")).collect();
            heap.alloc_str("text");
            heap.alloc_slice([0_u64; 1000]);
            drop(kept);
        })
    });
}

#[test]
fn weak_references() {
    in_every_window(|heap, log, _| {
        let (heap, log) = (Rc::downgrade(heap), log.clone());
        Rc::new(move || {
            let heap = heap.upgrade().expect("the heap is open");
            let node = Node::alloc(&heap, &log, "temporary");
            let events = log.clone();
            let watch = WeakRef::with_callback(&node, callback(move |_: &AnyGc| events.push("inner")));
            let before = log.count("inner");
            drop(node);
            assert_eq!(log.count("inner"), before + 1, "complete before it returns (S13)");
            assert!(!watch.is_alive());
        })
    });
}

#[test]
fn settings_and_inspection() {
    in_every_window(|heap, _, _| {
        let heap = Rc::downgrade(heap);
        Rc::new(move || {
            let heap = heap.upgrade().expect("the heap is open");
            heap.trim();
            heap.set_threshold([1, 1, 1]);
            heap.set_trigger(Trigger::Allocation);
            drop(heap.alloc(RefCell::new(None::<Gc<Node>>)));
            heap.set_trigger(Trigger::Manual);
            heap.disable();
            heap.enable();
            let _ = (heap.memory().to_string(), heap.get_count(), heap.get_stats(), heap.tracked_objects());
            heap.set_drop_nesting(4);
            heap.set_unraisable_hook(|_| {});
            heap.safepoint();
        })
    });
}

#[test]
fn a_borrowed_cell_is_opaque_and_nothing_panics() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes: Vec<_> = (0..3).map(|index| Node::alloc(&heap, &log, format!("n{index}"))).collect();
    for index in 0..3 {
        nodes[index].link(&nodes[(index + 1) % 3]);
    }
    let first = nodes[0].clone();
    drop(nodes);
    let borrowed = first.list.borrow_mut();
    assert_eq!(heap.collect(Generation::Old), 0);
    assert_eq!(borrowed.len(), 1);
    drop(borrowed);
    let shared = first.list.borrow();
    assert_eq!(heap.collect(Generation::Old), 0);
    drop(shared);
    drop(first);
    assert_eq!(heap.collect(Generation::Old), 3);
}

#[test]
fn a_forgotten_borrow_leaks_and_never_frees() {
    let heap = manual_heap();
    let log = Log::new();
    let a = Node::alloc(&heap, &log, "a");
    let b = Node::alloc(&heap, &log, "b");
    a.link(&b);
    b.link(&a);
    std::mem::forget(a.list.borrow_mut());
    let weak = Gc::downgrade(&b);
    drop((a, b));
    assert_eq!(heap.collect(Generation::Old), 0);
    assert!(weak.upgrade().is_some(), "an edge that is not reported counts as held from outside");
    drop(heap);
    assert!(weak.upgrade().is_some());
    assert!(log.is_empty());
}

#[test]
fn deaths_inside_user_code_complete_before_it_returns() {
    let heap = manual_heap();
    let log = Log::new();
    let root = Node::alloc(&heap, &log, "root");
    let inner = Node::alloc(&heap, &log, "inner");
    let below = Node::alloc(&heap, &log, "below");
    inner.link(&below);
    drop(below);
    let (slot, events) = (Cell::new(Some(inner)), log.clone());
    root.on_drop(move || {
        events.push("begin");
        drop(slot.take());
        events.push("end");
    });
    let holder = Node::alloc(&heap, &log, "holder");
    holder.link(&root);
    drop(root);
    drop(holder);
    assert_eq!(log.take(), ["drop holder", "drop root", "begin", "drop inner", "drop below", "end"]);
}

#[test]
fn nested_deaths_beyond_the_depth_are_deferred_not_lost() {
    for depth in [0, 1, 3, 50] {
        let heap = manual_heap();
        heap.set_drop_nesting(depth);
        let log = Log::new();
        let mut inner = Node::alloc(&heap, &log, "0");
        for level in 1..200 {
            let outer = Node::alloc(&heap, &log, level.to_string());
            let slot = Cell::new(Some(inner));
            outer.on_drop(move || drop(slot.take()));
            inner = outer;
        }
        drop(inner);
        assert_eq!(log.len(), 200, "depth {depth}");
        assert_eq!(heap.object_count(), 0);
    }
}

#[test]
fn a_heap_that_is_dropped_by_its_own_object() {
    for collected in [false, true] {
        let heap = Rc::new(manual_heap());
        let log = Log::new();
        let node = Node::alloc(&heap, &log, "n");
        let neighbour = Node::alloc(&heap, &log, "neighbour");
        neighbour.link(&neighbour);
        drop(neighbour);
        let slot = Cell::new(Some(heap.clone()));
        node.on_drop(move || drop(slot.take()));
        if collected {
            node.link(&node);
            drop(node);
            let inner = Rc::downgrade(&heap);
            // The handle to collect with is not the last one: the object's is, and it goes inside the collection.
            heap.collect(Generation::Old);
            drop(heap);
            assert!(inner.upgrade().is_none());
        } else {
            drop(heap);
            drop(node);
        }
        assert_eq!(log.take_sorted(), ["drop n", "drop neighbour"]);
    }
}

#[test]
fn drop_of_the_heap_inside_each_window() {
    for window in [Window::Finalizer, Window::Callback, Window::Drop] {
        let heap = Rc::new(RefCell::new(Some(manual_heap())));
        let log = Log::new();
        let nodes = ring(heap.borrow().as_ref().expect("open"), &log, "n", 3);
        nodes[2].unlink();
        let close = heap.clone();
        let close = move || drop(close.take());
        let mut watch = None;
        match window {
            Window::Finalizer => Node::on_finalize(&nodes[0], move |_| close()),
            Window::Callback => watch = Some(WeakRef::with_callback(&nodes[0], callback(move |_: &AnyGc| close()))),
            Window::Drop => nodes[0].on_drop(close),
        }
        drop(nodes);
        assert!(heap.borrow().is_none());
        assert_eq!(log.take().iter().filter(|event| event.starts_with("drop")).count(), 3, "{window:?}");
        drop(watch);
    }
}
