//! GCTests: finalizers that collect, that look, that break what they are in.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{Gc, Generation, Heap, Trace, WeakRef};
use tailbite_tests::{Log, Node, leak_ring, manual_heap, ring};

use super::super::{Saved, collect};

/// Has a finalizer for all its objects, which allocates enough to set off a collection.
#[derive(Trace)]
#[trace(finalize = Busy::finalize)]
struct Busy {
    edge: Cell<Option<Gc<Busy>>>,
    #[trace(skip)]
    log: Log,
}

impl Busy {
    fn finalize(this: &Gc<Busy>) {
        this.log.push("finalize");
        Gc::with_heap(this, |heap| leak_ring(heap, &this.log, "more", 3));
    }
}

/// Makes garbage, some of it with finalizers that make garbage, where every allocation may collect; `make` makes one object.
fn collects_inside_finalizers(make: impl Fn(&Heap, &Log)) {
    let (heap, log) = (super::automatic([1, 1, 1]), Log::new());
    for _ in 0..50 {
        make(&heap, &log);
    }
    assert!(heap.get_stats()[0].collections > 0);
    assert_eq!(log.take().iter().filter(|event| event.starts_with("finalize")).count(), 50);
    heap.set_trigger(tailbite::Trigger::Manual);
    collect(&heap);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn test_del() {
    collects_inside_finalizers(|heap, log| drop(heap.alloc(Busy { edge: Cell::default(), log: log.clone() })));
    collects_inside_finalizers(|heap, log| {
        let object = heap.alloc(Busy { edge: Cell::default(), log: log.clone() });
        object.edge.set(Some(object.clone()));
        drop(object);
        heap.collect(Generation::Old);
    });
}

#[test]
fn test_del_newclass() {
    // With a finalizer of the object's own.
    collects_inside_finalizers(|heap, log| {
        let node = Node::alloc(heap, log, "n");
        Node::on_finalize(&node, |node| Gc::with_heap(node, |heap| leak_ring(heap, node.log(), "more", 3)));
    });
}

#[test]
fn test_trashcan() {
    // Deeply nested containers; every 17th finalizer collects.
    let (heap, log) = (manual_heap(), Log::new());
    let count = Rc::new(Cell::new(0));
    for _ in 0..6 {
        let mut outer = Node::alloc(&heap, &log, "n");
        for _ in 0..150 {
            let ouch = Node::alloc(&heap, &log, "n");
            let count = count.clone();
            Node::on_finalize(&ouch, move |node| {
                count.set(count.get() + 1);
                if count.get() % 17 == 0 {
                    Gc::with_heap(node, collect);
                }
            });
            let node = Node::alloc(&heap, &log, "n");
            node.link(&outer);
            node.link(&ouch);
            outer = node;
        }
    }
    assert_eq!(count.get(), 6 * 150);
    assert_eq!(log.count("drop n"), 6 * 301);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn test_bug21435() {
    // A finalizer clears the cycle that holds its own object, while all of it is being finalized.
    let (heap, log) = (manual_heap(), Log::new());
    let (a, b) = (Node::alloc(&heap, &log, "a"), Node::alloc(&heap, &log, "b"));
    b.hold(Node::alloc(&heap, &log, "x"));
    Node::on_finalize(&b, |b| b.unlink());
    a.link(&b);
    b.link(&a);
    drop((a, b));
    // Both die by count, in the finalizer.
    assert_eq!(collect(&heap), 0);
    assert_eq!((log.count("drop a"), log.count("drop b"), log.count("drop x")), (1, 1, 1));
    log.take();
    let [a, b, c] = ["a", "b", "c"].map(|name| Node::alloc(&heap, &log, name));
    a.link(&b);
    b.link(&a);
    b.link(&c);
    c.link(&b);
    let weak = Gc::downgrade(&a);
    Node::on_finalize(&b, move |b| {
        b.unlink();
        if let Some(a) = weak.upgrade() {
            a.unlink();
        }
    });
    drop((a, b, c));
    collect(&heap);
    assert_eq!((log.count("drop a"), log.count("drop b"), log.count("drop c")), (1, 1, 1));
    heap.check();
}

#[test]
fn test_function_tp_clear_leaves_consistent_state() {
    // A cycle of two. The finalizer of one makes a weak reference to the other, puts it into an object outside, and leaves the
    // cycle the only holder of that object, whose finalizer so runs while the garbage goes: it must not get at it.
    let (heap, log) = (manual_heap(), Log::new());
    let nodes = ring(&heap, &log, "n", 2);
    let made: Rc<RefCell<Option<Gc<WeakRef>>>> = Rc::default();
    let late = Node::alloc(&heap, &log, "late");
    let (look, seen) = (made.clone(), Rc::new(Cell::new(None)));
    let see = seen.clone();
    Node::on_finalize(&late, move |_| see.set(look.borrow().as_ref().map(|reference| reference.get().is_some())));
    nodes[1].link(&late);
    let global = Cell::new(Some(late));
    let (make, other) = (made.clone(), Gc::downgrade(&nodes[0]));
    Node::on_finalize(&nodes[1], move |_| {
        *make.borrow_mut() = Some(WeakRef::new(&other.upgrade().expect("intact")));
        drop(global.take());
    });
    drop(nodes);
    assert_eq!(collect(&heap), 2);
    assert_eq!(seen.get(), Some(false), "it was made, and is dead");
    assert_eq!(log.count("drop late"), 1);
}

#[test]
fn test_do_not_cleanup_type_subclasses_before_finalization() {
    // A class knows its subclasses by plain weak references; they are there while finalizers run.
    let (heap, log) = (manual_heap(), Log::new());
    let nodes = ring(&heap, &log, "n", 2);
    let reference = WeakRef::new(&nodes[0]);
    nodes[1].hold(reference.clone());
    let inside = reference.clone();
    Node::on_finalize(&nodes[1], move |node| node.log().push(format!("alive {}", inside.get().is_some())));
    drop(nodes);
    assert_eq!(collect(&heap), 2, "the reference is held from outside");
    assert_eq!(log.count("alive true"), 1);
    assert!(reference.get().is_none());
}

#[test]
fn test_is_finalized() {
    let (heap, log, saved) = (manual_heap(), Log::new(), Saved::default());
    assert!(!heap.is_finalized(&heap.alloc(3_u8)));
    for in_cycle in [false, true] {
        let save = saved.clone();
        let node = Node::alloc(&heap, &log, "lazarus");
        Node::on_finalize(&node, move |node| save.borrow_mut().push(node.clone()));
        assert!(!heap.is_finalized(&node));
        if in_cycle {
            node.link(&node);
        }
        drop(node);
        collect(&heap);
        let lazarus = saved.borrow_mut().pop().expect("saved");
        assert!(heap.is_finalized(&lazarus));
        lazarus.unlink();
        drop(lazarus);
        assert_eq!(log.take(), ["finalize lazarus", "drop lazarus"]);
    }
}
