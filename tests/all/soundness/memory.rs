//! S16 to S21: pools, addresses, the life of heap state, counters.

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, Trigger};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

/// A frame of values, as an interpreter has: a plain vector that only `&mut` changes.
#[derive(Trace, Clone)]
struct Frame(Vec<AnyGc>);

#[test]
fn s16_pools_hold_one_kind() {
    // In full: `layout::pools_of_all_kinds_mix`, `layout::zero_sized_objects_are_objects`.
    let heap = manual_heap();
    let log = Log::new();
    let mut leaves: Vec<Gc<[u8]>> = Vec::new();
    for index in 0..3000_usize {
        leaves.push(heap.alloc_slice(vec![0xff; index % 64]));
        leak_ring(&heap, &log, "n", 1);
        drop(heap.alloc(()));
    }
    assert_eq!(heap.collect(Generation::Old), 3000);
    assert!(leaves.iter().all(|leaf| leaf.iter().all(|&byte| byte == 0xff)));
    heap.check();
}

#[test]
fn s17_edges_lead_anywhere() {
    // Into large objects, over-aligned ones, leaves, other heaps, old and closed ones.
    #[repr(align(4096))]
    struct Far(#[expect(dead_code, reason = "only its alignment matters")] u8);
    tailbite::leaf!(Far);
    let (heap, other, closed) = (manual_heap(), manual_heap(), manual_heap());
    let log = Log::new();
    let targets: Vec<AnyGc> = vec![
        heap.alloc([1_u64; 10_000]).into(),
        heap.alloc(Far(2)).into(),
        heap.alloc_str("leaf").into(),
        other.alloc([3_u64; 10_000]).into(),
        Node::alloc(&other, &log, "other").into(),
        closed.alloc(Far(4)).into(),
        Node::alloc(&closed, &log, "closed").into(),
        heap.alloc_slice(vec![None::<AnyGc>; 5000]).into(),
        heap.alloc(()).into(),
    ];
    drop(closed);
    heap.collect(Generation::Old);
    let node = Node::alloc(&heap, &log, "n");
    targets.iter().for_each(|target| node.hold(target.clone()));
    node.link(&node);
    for generation in Generation::ALL {
        assert_eq!(heap.collect(generation), 0);
        other.collect(generation);
    }
    assert!(targets.iter().all(|target| target.strong_count() == 2));
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert!(targets.iter().all(|target| target.strong_count() == 1));
    drop(targets);
    assert_eq!(heap.object_count(), 0);
    heap.check();
    other.check();
}

#[test]
fn s18_state_lives_as_long_as_anything_of_it() {
    // In full in `heaps`. A factory, an object, a weak upgraded late.
    let log = Log::new();
    let heap = Heap::new();
    let factory = heap.factory::<Frame>();
    let frame = factory.alloc(Frame(vec![Node::alloc(&heap, &log, "n").into()]));
    let weak = Gc::downgrade(&frame);
    drop(heap);
    let second = factory.alloc(Frame(vec![frame.into()]));
    drop(factory);
    assert!(weak.upgrade().is_some());
    drop(second);
    assert!(weak.upgrade().is_none());
    assert_eq!(log.take(), ["drop n"]);
    drop(weak);
}

#[test]
fn s19_safepoint_mode_runs_nothing_in_an_allocation() {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Safepoint);
    heap.set_threshold([1, 1, 1]);
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    Node::on_finalize(&node, |_| {});
    drop(node);
    let kept: Vec<_> = (0..5000).map(|index| heap.alloc(RefCell::new(vec![Gc::erase(heap.alloc(index))]))).collect();
    heap.alloc_str(&"x".repeat(1 << 20));
    assert!(log.is_empty(), "no user code ran");
    heap.safepoint();
    assert_eq!(log.take(), ["finalize n", "drop n"]);
    drop(kept);
}

#[test]
fn s20_reports_are_made_outside_of_walks() {
    // A hook that changes the heap while the collection goes on: `panics::a_hook_may_use_the_heap`. Here: `Display` of the state
    // from inside a drop.
    let heap = Rc::new(manual_heap());
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 10);
    for node in &nodes {
        let heap = Rc::downgrade(&heap);
        node.on_drop(move || {
            let heap = heap.upgrade().expect("the heap is open");
            assert!(!heap.memory().to_string().is_empty());
            let _ = (heap.object_count(), heap.tracked_objects());
        });
    }
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 10);
}

#[test]
fn s21_counts_never_wrap() {
    // In full: `limits::counts_saturate_to_immortal`. Immortal objects count on.
    let heap = manual_heap();
    let text = heap.alloc_str("None");
    heap.make_immortal(&text);
    let clones: Vec<_> = (0..1000).map(|_| text.clone()).collect();
    drop(clones);
    let raw = Gc::as_any(&text);
    drop(text);
    assert!(raw.is_immortal());
    let text: Gc<str> = raw.downcast().expect("a string");
    assert!(Gc::try_unwrap(heap.alloc(1)).is_ok());
    let weak = Gc::downgrade(&text);
    drop(text);
    assert_eq!(weak.upgrade().as_deref(), Some("None"));
}
