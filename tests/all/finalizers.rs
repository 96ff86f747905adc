//! Finalizers: once, while everything is intact, before weak references die by count and after callbacks in a collection.

use std::cell::RefCell;

use tailbite::{AnyGc, Gc, Generation, Trace, WeakRef, callback};
use tailbite_tests::{Log, Node, manual_heap, ring};

#[test]
fn a_finalizer_runs_once_before_the_drop() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    Node::on_finalize(&node, |_| {});
    assert!(!heap.is_finalized(&node));
    drop(node);
    assert_eq!(log.take(), ["finalize n", "drop n"]);
}

#[test]
fn only_objects_that_asked_for_it_are_finalized() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 3);
    Node::on_finalize(&nodes[1], |_| {});
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 3);
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1", "drop n2", "finalize n1"]);
}

#[test]
fn an_erased_handle_requests_too() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    Gc::as_any(&node).request_finalizer();
    drop(node);
    assert_eq!(log.take(), ["finalize n", "drop n"]);
}

#[derive(Trace)]
#[trace(finalize = Always::finalize)]
struct Always {
    log: tailbite_tests::Probe,
    edge: RefCell<Option<Gc<Always>>>,
}

impl Always {
    fn finalize(this: &Gc<Always>) {
        this.log.log().push(format!("finalize {}", this.log.name()));
    }
}

#[test]
fn a_type_can_arm_every_object_at_birth() {
    let heap = manual_heap();
    let log = Log::new();
    let by_count = heap.alloc(Always { log: log.probe("count"), edge: RefCell::default() });
    drop(by_count);
    assert_eq!(log.take(), ["finalize count", "drop count"]);
    let cyclic = heap.alloc(Always { log: log.probe("cycle"), edge: RefCell::default() });
    *cyclic.edge.borrow_mut() = Some(cyclic.clone());
    drop(cyclic);
    assert_eq!(heap.collect(Generation::Young), 1);
    assert_eq!(log.take(), ["finalize cycle", "drop cycle"]);
}

#[test]
fn everything_is_intact_while_finalizers_run() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 4);
    for node in &nodes {
        *node.weak.borrow_mut() = Gc::downgrade(node);
        Node::on_finalize(node, |node| {
            // All four are reached, and see themselves through their plain weak references.
            let mut at = node.cells[0].take().expect("the edge is there");
            node.cells[0].set(Some(at.clone()));
            for _ in 0..3 {
                assert!(at.weak.borrow().upgrade().is_some_and(|found| Gc::ptr_eq(&found, &at)));
                let next = at.cells[0].take().expect("the edge is there");
                at.cells[0].set(Some(next.clone()));
                at = next;
            }
            assert!(Gc::ptr_eq(&at, node));
            node.log().push("intact");
        });
    }
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 4);
    let events = log.take();
    assert_eq!(events.iter().filter(|event| *event == "intact").count(), 4);
    let first_drop = events.iter().position(|event| event.starts_with("drop")).expect("they dropped");
    let last_finalizer = events.iter().rposition(|event| event.starts_with("finalize")).expect("they ran");
    assert!(last_finalizer < first_drop, "{events:?}");
}

#[test]
fn the_order_on_death_by_count() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    let plain = Gc::downgrade(&node);
    let seen = plain.clone();
    let watch = |name: &'static str| {
        let (log, plain) = (log.clone(), plain.clone());
        WeakRef::with_callback(&node, callback(move |_: &AnyGc| log.push(format!("{name} {}", plain.strong_count()))))
    };
    let _watches = [watch("first"), watch("second")];
    Node::on_finalize(&node, move |node| {
        node.log().push(format!("weak alive {}", seen.upgrade().is_some()));
    });
    drop(node);
    assert_eq!(log.take(), ["finalize n", "weak alive true", "second 0", "first 0", "drop n"]);
}

#[test]
fn the_order_in_a_collection() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "n");
    node.link(&node);
    let plain = Gc::downgrade(&node);
    let plain_ref = WeakRef::new(&node);
    let watch = |name: &'static str| {
        let log = log.clone();
        WeakRef::with_callback(&node, callback(move |_: &AnyGc| log.push(name)))
    };
    let watches = [watch("first"), watch("second")];
    let armed = watches[0].clone();
    Node::on_finalize(&node, move |node| {
        let (plain, plain_ref) = (plain.upgrade().is_some(), plain_ref.is_alive());
        node.log().push(format!("{plain} {plain_ref} {}", armed.is_alive()));
    });
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!(log.take(), ["second", "first", "finalize n", "true true false", "drop n"]);
    drop(watches);
}

#[test]
fn finalizers_run_in_the_same_order_every_time() {
    let run = || {
        let heap = manual_heap();
        let log = Log::new();
        let nodes: Vec<_> = (0..100).map(|index| Node::alloc(&heap, &log, index.to_string())).collect();
        for (index, node) in nodes.iter().enumerate() {
            node.link(&nodes[index * 37 % 100]);
            node.link(node);
            Node::on_finalize(node, |_| {});
        }
        drop(nodes);
        heap.collect(Generation::Old);
        log.take()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_finalizer_may_allocate_and_drop() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 3);
    let extra = Node::alloc(&heap, &log, "extra");
    nodes[0].link(&extra);
    drop(extra);
    for node in &nodes {
        Node::on_finalize(node, |node| {
            Gc::with_heap(node, |heap| {
                drop(ring(heap, node.log(), "born", 2));
                drop(Node::alloc(heap, node.log(), "brief"));
            });
            node.list.borrow_mut().clear();
        });
    }
    drop(nodes);
    heap.collect(Generation::Old);
    heap.check();
    assert_eq!((log.count("drop brief"), log.count("drop extra")), (3, 1));
    assert_eq!(["drop n0", "drop n1", "drop n2"].map(|event| log.count(event)), [1; 3]);
    assert_eq!(heap.collect(Generation::Old), 6, "what finalizers left behind is garbage of its own");
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn a_finalizer_of_a_leaf_type_runs_at_every_death() {
    struct Leaf(RefCell<Vec<Gc<u8>>>, Log);
    thread_local! { static SAVED: RefCell<Vec<Gc<Leaf>>> = const { RefCell::new(Vec::new()) }; }
    // SAFETY: the handles in a leaf that are not reported count as held from outside.
    unsafe impl Trace for Leaf {
        fn trace(&self, _: &mut tailbite::Tracer<'_>) {}
        fn shape(_: u32) -> tailbite::Shape {
            tailbite::Shape::LOUD_DROP
        }
        fn options(options: &mut tailbite::TypeOptions<Self>) {
            options.finalizer(|leaf| {
                leaf.1.push("finalize");
                if leaf.1.len() < 3 {
                    SAVED.with_borrow_mut(|saved| saved.push(leaf.clone()));
                }
            });
        }
    }
    let heap = manual_heap();
    let log = Log::new();
    let leaf = heap.alloc(Leaf(RefCell::default(), log.clone()));
    assert!(!heap.is_tracked(&leaf));
    drop(leaf);
    while let Some(leaf) = SAVED.with_borrow_mut(Vec::pop) {
        assert!(leaf.0.borrow().is_empty());
        drop(leaf);
    }
    assert_eq!(log.take(), ["finalize", "finalize", "finalize"]);
    assert_eq!(heap.object_count(), 0);
}
