//! `get_objects`, `get_referrers` and `get_referents`: what they show, and what they never show.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{
    AnyGc, DebugEvent, DebugFlags, Gc, Generation, Heap, Shape, Trace, Tracer, Untraced, Weak, WeakRef, callback,
};
use tailbite_tests::{Log, Node, OnDrop, leak_ring, manual_heap, quiet, ring};

fn any<T: ?Sized>(handle: &Gc<T>) -> AnyGc {
    Gc::as_any(handle)
}

/// The names of the nodes among some objects, sorted.
fn names(objects: &[AnyGc]) -> Vec<String> {
    let nodes = objects.iter().filter_map(|object| object.downcast_ref::<Node>());
    let mut names: Vec<String> = nodes.map(|node| node.name().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn an_object_moves_through_the_generations() {
    let heap = manual_heap();
    let object = heap.alloc(RefCell::new(Vec::<AnyGc>::new()));
    let found = |generation| heap.get_objects(generation).contains(&any(&object));
    let places = || Generation::ALL.map(|generation| found(Some(generation)));
    assert_eq!(places(), [true, false, false]);
    heap.collect(Generation::Young);
    assert_eq!(places(), [false, true, false]);
    heap.collect(Generation::Middle);
    assert_eq!(places(), [false, false, true]);
    heap.collect(Generation::Old);
    assert_eq!(places(), [false, false, true]);
    assert!(found(None));
    heap.freeze();
    assert_eq!((places(), found(None)), ([false; 3], false), "permanent objects are in none");
}

#[test]
fn all_tracked_objects_are_shown_once_and_leaves_are_not() {
    let heap = manual_heap();
    let log = Log::new();
    let _leaves = (heap.alloc(1), heap.alloc_str("text"), heap.alloc_slice([1, 2, 3]));
    let large: Gc<[Option<AnyGc>]> = heap.alloc_slice((0..10_000).map(|_| None));
    let nodes: Vec<_> = (0..1000).map(|index| Node::alloc(&heap, &log, format!("{index:04}"))).collect();
    let other = manual_heap();
    let _foreign = Node::alloc(&other, &log, "foreign");
    let objects = heap.get_objects(None);
    assert_eq!(objects.len(), 1001);
    assert!(objects.contains(&any(&large)));
    let mut expected: Vec<_> = nodes.iter().map(|node| node.name().to_owned()).collect();
    expected.sort();
    assert_eq!(names(&objects), expected);
    assert_eq!(Gc::strong_count(&nodes[0]), 2, "each is a handle");
    drop(objects);
    assert_eq!(Gc::strong_count(&nodes[0]), 1);
    heap.check();
}

#[test]
fn the_arguments_are_those_of_the_reference() {
    let parse = Generation::parse_objects_argument;
    assert_eq!(parse(-1), Ok(None));
    assert_eq!([parse(0), parse(1), parse(2)], Generation::ALL.map(|generation| Ok(Some(generation))));
    let text = |number| parse(number).unwrap_err().to_string();
    let large = "generation parameter must be less than the number of available generations (3)";
    assert_eq!((text(3), text(i64::MAX)), (large.to_owned(), large.to_owned()));
    let negative = "generation parameter cannot be negative";
    assert_eq!((text(-2), text(i64::MIN)), (negative.to_owned(), negative.to_owned()));
    assert_eq!(Generation::try_from(-1_i64).unwrap_err().to_string(), "invalid generation");
}

#[test]
fn referrers_are_found_by_identity_each_once() {
    let heap = manual_heap();
    let log = Log::new();
    let (a, b, c) = (Node::alloc(&heap, &log, "a"), Node::alloc(&heap, &log, "b"), Node::alloc(&heap, &log, "c"));
    let leaf = heap.alloc(5);
    a.link(&c);
    a.link(&c);
    a.set(0, Some(c.clone()));
    b.link(&c);
    b.hold(leaf.clone());
    c.link(&c);
    assert_eq!(names(&heap.get_referrers(&[any(&c)])), ["a", "b", "c"]);
    assert_eq!(names(&heap.get_referrers(&[any(&leaf)])), ["b"]);
    assert_eq!(names(&heap.get_referrers(&[any(&a)])), [""; 0]);
    assert_eq!(names(&heap.get_referrers(&[any(&a), any(&leaf), any(&leaf)])), ["b"]);
    assert_eq!(heap.get_referrers(&[]), []);
    heap.freeze();
    assert_eq!(heap.get_referrers(&[any(&c)]), [], "frozen objects are not looked at");
    heap.unfreeze();
    c.unlink();
    // From another heap: seen by the heap that the referrer lives in.
    let other = manual_heap();
    let foreign = Node::alloc(&other, &log, "foreign");
    foreign.link(&a);
    assert_eq!(
        (heap.get_referrers(&[any(&a)]), names(&other.get_referrers(&[any(&a)]))),
        (vec![], vec!["foreign".to_owned()])
    );
}

#[test]
fn many_objects_are_asked_for_at_once() {
    let heap = manual_heap();
    let log = Log::new();
    let leaves: Vec<_> = (0..20_000).map(|index| heap.alloc(index)).collect();
    let holders: Vec<_> = (0..20_000)
        .map(|index| {
            let node = Node::alloc(&heap, &log, "");
            node.hold(leaves[index].clone());
            node
        })
        .collect();
    // Linear: comparing each edge with each object would take 400 million steps.
    let asked: Vec<_> = leaves.iter().step_by(2).map(any).collect();
    let found = heap.get_referrers(&asked);
    assert_eq!(found.len(), 10_000);
    assert!(found.contains(&any(&holders[19_998])) && !found.contains(&any(&holders[19_999])));
    for few in [8, 9] {
        assert_eq!(heap.get_referrers(&asked[..few]).len(), few);
    }
}

#[test]
fn referents_come_in_trace_order_with_duplicates() {
    let heap = manual_heap();
    let (one, two) = (heap.alloc(1), heap.alloc(2));
    let list: Gc<Vec<AnyGc>> = heap.alloc(vec![any(&two), any(&one), any(&two)]);
    let pair = heap.alloc((one.clone(), list.clone()));
    assert_eq!(heap.get_referents(&[any(&list)]), [any(&two), any(&one), any(&two)]);
    let expected = [any(&one), any(&list), any(&two), any(&one), any(&two)];
    assert_eq!(heap.get_referents(&[any(&pair), any(&one), any(&list)]), expected, "atoms contribute nothing");
    assert_eq!(heap.get_referents(&[any(&one)]), []);
    assert_eq!(heap.get_referents(&[]), []);
    let items: Gc<[Gc<i32>]> = heap.alloc_slice([one.clone(), two.clone()]);
    assert_eq!(Heap::new().get_referents(&[any(&items)]), [any(&one), any(&two)], "in whatever heap");
    let weak = heap.alloc((Gc::downgrade(&one), Cell::new(Some(two.clone()))));
    assert_eq!(heap.get_referents(&[any(&weak)]), [any(&two)]);
}

#[test]
fn what_is_opaque_to_the_collector_is_opaque_here() {
    let heap = manual_heap();
    let leaf = heap.alloc(1);
    let cell = heap.alloc(RefCell::new(vec![leaf.clone()]));
    let hidden = heap.alloc(Untraced(leaf.clone()));
    let borrowed = cell.borrow_mut();
    assert_eq!((heap.get_referrers(&[any(&leaf)]), heap.get_referents(&[any(&cell)])), (vec![], vec![]));
    drop(borrowed);
    assert_eq!(heap.get_referrers(&[any(&leaf)]), [any(&cell)]);
    assert_eq!(heap.get_referents(&[any(&cell), any(&hidden)]), [any(&leaf)]);
}

#[test]
fn lent_objects_are_never_looked_into() {
    let heap = manual_heap();
    let leaf = heap.alloc(1);
    let mut lent = heap.alloc(vec![leaf.clone()]);
    let mut guard = Gc::get_mut(&mut lent).expect("it is unique");
    guard.clear();
    assert_eq!((heap.get_objects(None), heap.get_referrers(&[any(&leaf)])), (vec![], vec![]));
    guard.push(leaf.clone());
    // A guard that is leaked leaves a handle to an object that is lent for ever.
    std::mem::forget(guard);
    let handle = any(&lent);
    let holder = heap.alloc(vec![handle.clone()]);
    assert_eq!(heap.get_referents(&[handle]), []);
    assert_eq!(heap.get_referents(&[any(&holder)]), [], "and nobody gives new handles to it");
    assert_eq!(heap.get_objects(None), [any(&holder)]);
}

#[test]
fn nothing_under_construction_is_shown() {
    let heap = manual_heap();
    let seen = Cell::new(usize::MAX);
    let object = heap.alloc_cyclic(|weak: &Weak<RefCell<Vec<AnyGc>>>| {
        assert!(weak.upgrade().is_none());
        seen.set(heap.get_objects(None).len());
        RefCell::default()
    });
    assert_eq!((seen.get(), heap.get_objects(None).len()), (0, 1));
    drop(object);
}

/// Panics in its trace while its switch is on.
struct Fragile(Rc<Cell<bool>>, Vec<AnyGc>);

// SAFETY: reports each handle of the vector once; a trace may panic.
unsafe impl Trace for Fragile {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.1.trace(tracer);
        assert!(!self.0.get(), "fragile");
    }

    fn shape(_: u32) -> Shape {
        Shape::UNKNOWN
    }
}

#[test]
fn a_trace_that_panics_leaves_everything_in_order() {
    let heap = manual_heap();
    let log = Log::new();
    let leaf = heap.alloc(1);
    let switch = Rc::new(Cell::new(false));
    let before = heap.alloc(vec![leaf.clone()]);
    let fragile = heap.alloc(Fragile(switch.clone(), vec![any(&leaf)]));
    switch.set(true);
    for _ in 0..3 {
        assert!(catch_unwind(AssertUnwindSafe(|| heap.get_referrers(&[any(&leaf)]))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| heap.get_referents(&[any(&fragile)]))).is_err());
    }
    assert_eq!(Gc::strong_count(&leaf), 3, "no handle is lost");
    switch.set(false);
    assert_eq!(heap.get_referrers(&[any(&leaf)]).len(), 2);
    drop((before, fragile, leaf));
    // A walk that still held the allocator would keep all of it.
    let many: Vec<_> = (0..50_000).map(|_| Node::alloc(&heap, &log, "")).collect();
    drop(many);
    heap.collect(Generation::Old);
    assert!(heap.trim() > 0);
    assert_eq!(heap.object_count(), 0);
}

/// A place, and the names of the nodes that could be seen from there.
type Sight = (String, Vec<String>);

/// A heap in which user code runs while objects are torn down, looks at all it can see, and notes what it saw.
struct Spy {
    heap: Heap,
    log: Log,
    seen: Rc<RefCell<Vec<Sight>>>,
    /// Whom nobody may see, and what they held.
    witness: Gc<Node>,
}

impl Spy {
    fn new() -> Spy {
        let (heap, log) = (manual_heap(), Log::new());
        let witness = Node::alloc(&heap, &log, "witness");
        Spy { heap, log, seen: Rc::default(), witness }
    }

    /// Looks around from `place`: the names of all nodes that any function shows.
    fn look(&self, place: &str) -> impl Fn() + 'static {
        let (seen, witness, place) = (self.seen.clone(), Gc::downgrade(&self.witness), place.to_owned());
        move || {
            let witness = witness.upgrade().expect("it is held");
            let shown = Gc::with_heap(&witness, |heap| {
                let mut objects = heap.get_objects(None);
                objects.extend(heap.get_referrers(&[any(&witness)]));
                objects.extend(heap.get_referents(&objects.clone()));
                objects
            });
            // All of it is intact: what is shown can be looked at.
            for object in &shown {
                assert!(object.downcast_ref::<Node>().is_none_or(|node| node.list.try_borrow().is_ok()));
            }
            let mut names = names(&shown);
            names.dedup();
            seen.borrow_mut().push((place.clone(), names));
        }
    }

    fn take(&self) -> Vec<Sight> {
        let mut seen = self.seen.take();
        seen.sort();
        seen.dedup();
        seen
    }
}

#[test]
fn nothing_that_a_collection_found_unreachable_is_shown() {
    for generation in Generation::ALL {
        let spy = Spy::new();
        let reports = quiet(&spy.heap);
        let trash = ring(&spy.heap, &spy.log, "trash", 3);
        for node in &trash {
            node.link(&spy.witness);
        }
        let look = spy.look("finalizer");
        Node::on_finalize(&trash[1], move |_| look());
        let look = spy.look("weak callback");
        let watch = WeakRef::with_callback(&trash[0], callback(move |_| look()));
        trash[2].on_drop(spy.look("leaf drop"));
        trash[0].hold(spy.heap.alloc(OnDrop::new(spy.look("leaf death"))));
        let look = spy.look("sink");
        spy.heap.set_debug_sink(move |event| {
            if matches!(event, DebugEvent::Collectable { .. }) {
                look();
            }
        });
        spy.heap.set_debug(DebugFlags::COLLECTABLE);
        let (start, stop) = (spy.look("start"), spy.look("stop"));
        spy.heap.add_callback(move |_, phase, _| if phase == tailbite::Phase::Start { start() } else { stop() });
        drop(trash);
        assert_eq!(spy.heap.collect(generation), 3);
        let witness = vec!["witness".to_owned()];
        let all = ["trash0", "trash1", "trash2", "witness"].map(str::to_owned).to_vec();
        let expected = [
            ("finalizer", &witness),
            ("leaf death", &witness),
            ("leaf drop", &witness),
            ("sink", &witness),
            ("start", &all),
            ("stop", &witness),
            ("weak callback", &witness),
        ];
        assert_eq!(spy.take(), expected.map(|(place, names)| (place.to_owned(), names.clone())), "{generation:?}");
        assert_eq!(reports.messages(), [""; 0]);
        spy.heap.check();
        drop(watch);
    }
}

#[test]
fn nothing_that_dies_by_count_is_shown_once_its_finalizer_has_run() {
    let spy = Spy::new();
    let reports = quiet(&spy.heap);
    let node = Node::alloc(&spy.heap, &spy.log, "n");
    node.link(&spy.witness);
    let look = spy.look("finalizer");
    Node::on_finalize(&node, move |_| look());
    let look = spy.look("weak callback");
    let watch = WeakRef::with_callback(&node, callback(move |_| look()));
    node.on_drop(spy.look("leaf drop"));
    node.hold(spy.heap.alloc(OnDrop::new(spy.look("leaf death"))));
    drop(node);
    let witness = vec!["witness".to_owned()];
    let intact = vec!["n".to_owned(), "witness".to_owned()];
    // While the finalizer runs, all is intact, and the object may be resurrected by whoever finds it.
    let expected =
        [("finalizer", &intact), ("leaf death", &witness), ("leaf drop", &witness), ("weak callback", &witness)];
    assert_eq!(spy.take(), expected.map(|(place, names)| (place.to_owned(), names.clone())));
    assert_eq!(reports.messages(), [""; 0]);
    drop(watch);
}

#[test]
fn queued_objects_are_not_shown() {
    let spy = Spy::new();
    // A chain longer than drops nest: its end waits in the queue while the leaf drops of its start run.
    let chain = tailbite_tests::chain(&spy.heap, &spy.log, "c", 200);
    for node in &chain {
        node.link(&spy.witness);
        node.on_drop(spy.look("leaf drop"));
    }
    let mut chain = chain.into_iter();
    let first = chain.next().expect("it is long");
    drop(chain);
    drop(first);
    let seen = spy.take();
    // Nodes further down still have a handle in the payload that is being dropped: they live.
    let shown = seen.iter().flat_map(|(_, names)| names);
    let dropped: Vec<usize> = (0..200).filter(|index| spy.log.count(&format!("drop c{index}")) == 1).collect();
    assert_eq!(dropped.len(), 200);
    assert!(shown.clone().all(|name| name != "c0"), "{seen:?}");
    assert_eq!(seen.last().map(|(_, names)| names.clone()), Some(vec!["witness".to_owned()]));
    spy.heap.check();
}

#[test]
fn a_finalizer_sees_what_its_object_refers_to() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 2);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let sink = seen.clone();
    Node::on_finalize(&nodes[0], move |node| {
        Gc::with_heap(node, |heap| sink.borrow_mut().extend(names(&heap.get_referents(&[any(node)]))));
    });
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(seen.take(), ["n1"]);
}

#[test]
fn objects_may_be_resurrected_by_what_was_found_in_time() {
    // Found at the start, kept: the collection sees the handle.
    let heap = manual_heap();
    let log = Log::new();
    leak_ring(&heap, &log, "n", 3);
    let kept = Rc::new(RefCell::new(Vec::new()));
    let keep = kept.clone();
    let key = heap.add_callback(move |heap, _, _| *keep.borrow_mut() = heap.get_objects(None));
    assert_eq!(heap.collect(Generation::Old), 0);
    assert_eq!(names(&kept.borrow()), ["n0", "n1", "n2"]);
    heap.remove_callback(key);
    drop(kept.take());
    assert_eq!(heap.collect(Generation::Old), 3);
}

#[test]
fn a_closed_heap_can_still_be_looked_at() {
    let heap = manual_heap();
    let leaf = heap.alloc(1);
    let list = heap.alloc(vec![leaf.clone()]);
    drop(heap);
    Gc::with_heap(&list, |heap| {
        assert_eq!(heap.get_objects(None), [any(&list)]);
        assert_eq!(heap.get_referrers(&[any(&leaf)]), [any(&list)]);
        assert_eq!(heap.get_referents(&[any(&list)]), [any(&leaf)]);
    });
}

thread_local! {
    static TRACED: Cell<usize> = const { Cell::new(0) };
}

/// Counts how often it is looked into.
struct Seen(Option<AnyGc>);

// SAFETY: reports the one handle.
unsafe impl Trace for Seen {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        TRACED.set(TRACED.get() + 1);
        self.0.trace(tracer);
    }

    fn shape(_: u32) -> Shape {
        Shape::UNKNOWN
    }
}

/// Somebody may be half-way through a change (S1).
#[test]
fn no_walk_looks_into_what_is_lent() {
    let heap = manual_heap();
    let leaf = any(&heap.alloc(1));
    let mut lent = heap.alloc(Seen(Some(leaf.clone())));
    let guard = Gc::get_mut(&mut lent).expect("it is unique");
    TRACED.set(0);
    assert!(heap.get_referrers(std::slice::from_ref(&leaf)).is_empty());
    assert!(heap.get_objects(None).is_empty());
    heap.collect(Generation::Old);
    heap.check();
    assert_eq!(TRACED.get(), 0);
    drop(guard);
    assert_eq!(heap.get_referrers(&[leaf]), [any(&lent)]);
    assert_eq!(TRACED.get(), 1);
}

/// A guard that was leaked lends for ever, and leaves the handle to ask with.
#[test]
fn the_referents_of_what_is_lent_are_not_shown() {
    let heap = manual_heap();
    let mut lent = heap.alloc(Seen(Some(any(&heap.alloc(1)))));
    std::mem::forget(Gc::get_mut(&mut lent).expect("it is unique"));
    TRACED.set(0);
    assert!(heap.get_referents(&[any(&lent)]).is_empty());
    assert_eq!(TRACED.get(), 0);
}
