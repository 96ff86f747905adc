//! Freezing: what becomes permanent, what that means for collections, and freezing in the midst of one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{AnyGc, DebugEvent, DebugFlags, Gc, Generation, Heap, Phase, WeakRef, callback};
use tailbite_tests::{Log, Node, OnDrop, chain, leak_ring, manual_heap, ring};

#[test]
fn freezing_moves_everything_and_resets_the_counts() {
    let heap = manual_heap();
    let log = Log::new();
    let old = ring(&heap, &log, "old", 3);
    heap.collect(Generation::Old);
    let middle = ring(&heap, &log, "middle", 2);
    heap.collect(Generation::Young);
    let young = ring(&heap, &log, "young", 4);
    let leaf = heap.alloc(1);
    heap.collect(Generation::Young);
    heap.collect(Generation::Middle);
    assert_eq!(heap.get_count(), [0, 0, 1]);
    let _younger = ring(&heap, &log, "younger", 1);
    assert_eq!(heap.get_freeze_count(), 0);
    heap.freeze();
    heap.check();
    assert_eq!((heap.get_freeze_count(), heap.get_count()), (10, [0, 0, 0]));
    assert!(heap.get_objects(None).is_empty());
    heap.freeze();
    assert_eq!(heap.get_freeze_count(), 10, "freezing twice changes nothing");
    heap.unfreeze();
    assert_eq!((heap.get_freeze_count(), heap.get_objects(Some(Generation::Old)).len()), (0, 10));
    assert_eq!(heap.get_count(), [0, 0, 0]);
    heap.check();
    drop((old, middle, young, leaf));
}

#[test]
fn frozen_garbage_stays_until_it_is_unfrozen() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 3);
    heap.freeze();
    drop(nodes);
    for generation in Generation::ALL {
        assert_eq!(heap.collect(generation), 0);
    }
    heap.check();
    assert!(log.is_empty());
    assert_eq!(heap.get_stats()[2].candidates, 0, "nothing is examined");
    heap.unfreeze();
    assert_eq!((heap.collect(Generation::Young), heap.collect(Generation::Middle)), (0, 0), "they are old now");
    assert_eq!(heap.collect(Generation::Old), 3);
}

#[test]
fn frozen_objects_hold_what_they_refer_to() {
    let heap = manual_heap();
    let log = Log::new();
    let frozen = Node::alloc(&heap, &log, "frozen");
    heap.freeze();
    let nodes = ring(&heap, &log, "n", 2);
    frozen.link(&nodes[0]);
    nodes[1].link(&frozen);
    drop(nodes);
    for _ in 0..3 {
        assert_eq!(heap.collect(Generation::Old), 0);
    }
    frozen.unlink();
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(log.take_sorted(), ["drop n0", "drop n1"]);
    assert_eq!(heap.get_freeze_count(), 1);
}

#[test]
fn frozen_objects_die_by_count_and_their_blocks_are_used_again() {
    let heap = manual_heap();
    let log = Log::new();
    let frozen = Node::alloc(&heap, &log, "frozen");
    let resurrected = Node::alloc(&heap, &log, "back");
    let kept = Rc::new(RefCell::new(None));
    let keep = kept.clone();
    Node::on_finalize(&resurrected, move |node| *keep.borrow_mut() = Some(node.clone()));
    heap.freeze();
    drop((frozen, resurrected));
    assert_eq!(log.take(), ["drop frozen", "finalize back"]);
    assert_eq!(heap.get_freeze_count(), 1, "what is resurrected by count stays permanent");
    heap.check();
    let next = Node::alloc(&heap, &log, "next");
    assert_eq!(heap.get_objects(Some(Generation::Young)), [Gc::as_any(&next)], "a new object is young");
    drop(kept.take());
    assert_eq!((log.take(), heap.get_freeze_count()), (vec!["drop back".to_owned()], 0));
}

#[test]
fn many_objects_freeze_also_where_lists_have_spilled() {
    let heap = manual_heap();
    let log = Log::new();
    // More than the young list holds without a threshold in force.
    let nodes: Vec<_> = (0..70_000).map(|_| Node::alloc(&heap, &log, "")).collect();
    heap.freeze();
    assert_eq!((heap.get_freeze_count(), heap.get_count()), (70_000, [0; 3]));
    heap.check();
    leak_ring(&heap, &Log::new(), "n", 2);
    assert_eq!(heap.collect(Generation::Young), 2);
    assert_eq!(heap.get_stats()[0].candidates, 2, "pools that are flagged no more are not walked");
    drop(nodes);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn automatic_collections_count_from_the_freeze() {
    let heap = Heap::new();
    heap.set_threshold([100, 10, 10]);
    let log = Log::new();
    let first: Vec<_> = (0..90).map(|_| Node::alloc(&heap, &log, "")).collect();
    heap.freeze();
    let before = heap.get_stats()[0].collections;
    let second: Vec<_> = (0..90).map(|_| Node::alloc(&heap, &log, "")).collect();
    assert!(heap.get_stats()[0].collections == before || cfg!(tailbite_stress));
    let third: Vec<_> = (0..20).map(|_| Node::alloc(&heap, &log, "")).collect();
    assert!(heap.get_stats()[0].collections > before);
    assert_eq!(heap.get_freeze_count(), 90);
    drop((first, second, third));
}

#[test]
fn lent_objects_are_left_out() {
    let heap = manual_heap();
    let mut lent = heap.alloc(vec![heap.alloc(None::<AnyGc>)]);
    let mut guard = Gc::get_mut(&mut lent).expect("it is unique");
    heap.freeze();
    guard.push(heap.alloc(None));
    assert_eq!(heap.get_freeze_count(), 1, "the item only");
    drop(guard);
    heap.check();
    // It stood in the young list, which was emptied: full collections find it.
    let any = Gc::as_any(&lent);
    assert_eq!(heap.get_objects(Some(Generation::Old)), [any]);
    heap.freeze();
    assert_eq!(heap.get_freeze_count(), 3);
    let guard = Gc::get_mut(&mut lent).expect("it is unique");
    heap.freeze();
    drop(guard);
    assert_eq!(heap.get_freeze_count(), 3, "what was frozen before it was lent stays so");
}

#[test]
fn an_immortal_object_freezes_too() {
    let heap = manual_heap();
    let object = heap.alloc(None::<AnyGc>);
    heap.make_immortal(&object);
    heap.freeze();
    assert_eq!(heap.get_freeze_count(), 1);
    heap.collect(Generation::Old);
    assert_eq!(heap.get_freeze_count(), 1);
}

#[test]
fn closing_unfreezes() {
    let log = Log::new();
    let heap = manual_heap();
    leak_ring(&heap, &log, "n", 3);
    let held = Node::alloc(&heap, &log, "held");
    let late = ring(&heap, &log, "late", 1);
    Node::on_finalize(&late[0], |node| {
        Gc::with_heap(node, |heap| {
            leak_ring(heap, node.log(), "made", 2);
            heap.freeze();
        });
    });
    drop(late);
    heap.freeze();
    drop(heap);
    let expected = ["drop late0", "drop made0", "drop made1", "drop n0", "drop n1", "drop n2", "finalize late0"];
    assert_eq!(log.take_sorted(), expected, "nothing frozen outlives the heap, even if finalizers freeze");
    drop(held);
    assert_eq!(log.take(), ["drop held"]);
}

/// The places in a collection at which user code can freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    Collectable,
    WeakCallback,
    Finalizer,
    Drop,
    Stop,
}

const PLACES: [Place; 6] =
    [Place::Start, Place::Collectable, Place::WeakCallback, Place::Finalizer, Place::Drop, Place::Stop];

/// What is left of a collection in which something happened.
struct Outcome {
    heap: Heap,
    collected: usize,
    kept: Vec<Gc<Node>>,
    rescued: Rc<RefCell<Option<Gc<Node>>>>,
}

impl Outcome {
    /// Lets everything go; the number of objects that never went.
    fn finish(self) -> usize {
        drop(self.kept);
        for _ in 0..2 {
            drop(self.rescued.take());
            self.heap.collect(Generation::Old);
            self.heap.check();
        }
        self.heap.object_count()
    }
}

/// Collects a heap with a living ring, garbage, and garbage that resurrects itself, and runs `action` once at `place`.
fn at(place: Place, generation: Generation, action: impl Fn(&Heap) + 'static) -> Outcome {
    let heap = manual_heap();
    let log = Log::new();
    let done = Cell::new(false);
    let kept = ring(&heap, &log, "kept", 3);
    let back = ring(&heap, &log, "back", 2);
    let trash = ring(&heap, &log, "trash", 4);
    let node = Gc::downgrade(&kept[0]);
    let act: Rc<dyn Fn(Place)> = Rc::new(move |now| {
        if now == place && !done.replace(true) {
            Gc::with_heap(&node.upgrade().expect("it is kept"), |heap| action(heap));
        }
    });
    let on = act.clone();
    heap.add_callback(move |_, phase, _| on(if phase == Phase::Start { Place::Start } else { Place::Stop }));
    let on = act.clone();
    heap.set_debug_sink(move |event| {
        if matches!(event, DebugEvent::Collectable { .. }) {
            on(Place::Collectable);
        }
    });
    heap.set_debug(DebugFlags::COLLECTABLE);
    let on = act.clone();
    let watch = WeakRef::with_callback(&trash[0], callback(move |_| on(Place::WeakCallback)));
    let (on, slot) = (act.clone(), Rc::new(RefCell::new(None)));
    let rescued = slot.clone();
    Node::on_finalize(&back[0], move |node| {
        *rescued.borrow_mut() = Some(node.clone());
        on(Place::Finalizer);
    });
    trash[1].on_drop(move || act(Place::Drop));
    drop((back, trash));
    let collected = heap.collect(generation);
    heap.check();
    heap.set_debug(DebugFlags::empty());
    drop(watch);
    Outcome { heap, collected, kept, rescued: slot }
}

#[test]
fn freezing_in_every_place_of_a_collection() {
    for place in PLACES {
        for generation in Generation::ALL {
            let outcome = at(place, generation, Heap::freeze);
            let context = format!("{place:?} {generation:?}");
            let (collectable, frozen) = match place {
                // All of the ten are frozen before the candidates are taken: nothing is examined.
                Place::Start => (0, 9),
                // What was found unreachable is the collection's until it is over.
                Place::Collectable | Place::WeakCallback | Place::Finalizer => (4, 3),
                Place::Drop | Place::Stop => (4, 5),
            };
            assert_eq!((outcome.collected, outcome.heap.get_freeze_count()), (collectable, frozen), "{context}");
            outcome.heap.unfreeze();
            assert_eq!(outcome.finish(), 0, "{context}");
        }
    }
}

#[test]
fn what_a_collection_found_unreachable_is_not_frozen() {
    for (place, expected) in [(Place::Start, 10), (Place::Finalizer, 4), (Place::Drop, 6), (Place::Stop, 6)] {
        let frozen = Rc::new(Cell::new(0));
        let count = frozen.clone();
        let outcome = at(place, Generation::Old, move |heap| {
            heap.freeze();
            count.set(heap.get_freeze_count());
        });
        assert_eq!(frozen.get(), expected, "{place:?}");
        outcome.heap.unfreeze();
        assert_eq!(outcome.finish(), 0, "{place:?}");
    }
}

#[test]
fn unfreezing_in_every_place_of_a_collection() {
    for place in PLACES {
        let outcome = at(place, Generation::Old, |heap| {
            heap.freeze();
            heap.unfreeze();
        });
        assert_eq!((outcome.collected, outcome.heap.get_freeze_count()), (4, 0), "{place:?}");
        assert_eq!(outcome.finish(), 0, "{place:?}");
    }
}

/// A frozen object may be queued for its drop when everything is thawed, and resurrect itself then.
#[test]
fn queued_objects_are_thawed() {
    let (heap, log) = (manual_heap(), Log::new());
    let slot = Rc::new(RefCell::new(None));
    // Deeper than any limit, so that the end of the chain is queued.
    let nodes = chain(&heap, &log, "n", 40);
    let back = slot.clone();
    Node::on_finalize(&nodes[39], move |node| *back.borrow_mut() = Some(node.clone()));
    // The finalizer's hook is the last field of a node: its captures go when what the node owned is queued.
    let keeper = Node::alloc(&heap, &log, "keeper");
    let seen = log.clone();
    let thaw = OnDrop::new(move || {
        Gc::with_heap(&keeper, |heap| heap.unfreeze());
        seen.push("thawed");
    });
    Node::on_finalize(&nodes[38], move |_| _ = &thaw);
    heap.freeze();
    let first = nodes[0].clone();
    drop(nodes);
    drop(first);
    let events = log.take();
    let at = |event: &str| events.iter().position(|known| known == event).expect(event);
    assert!(at("drop n38") < at("thawed") && at("thawed") < at("finalize n39"), "{events:?}");
    let node: Gc<Node> = slot.borrow_mut().take().expect("it came back");
    assert_eq!(heap.get_freeze_count(), 0);
    node.set(0, Some(node.clone()));
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 1);
}

/// What a collection under way has found unreachable is its own.
#[test]
fn a_finalizer_that_freezes_leaves_its_garbage_out() {
    let (heap, log) = (manual_heap(), Log::new());
    let held = Node::alloc(&heap, &log, "held");
    let nodes = ring(&heap, &log, "n", 2);
    let seen = log.clone();
    Node::on_finalize(&nodes[0], move |node| {
        Gc::with_heap(node, |heap| {
            heap.freeze();
            seen.push(format!("{} frozen", heap.get_freeze_count()));
        });
    });
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(log.take(), ["finalize n0", "1 frozen", "drop n0", "drop n1"]);
    assert_eq!(heap.get_freeze_count(), 1);
    drop(held);
}
