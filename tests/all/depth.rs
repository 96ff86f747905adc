//! Depth: chains of handles of every shape die in every way on a stack of 64 KiB, and are looked at there.
//!
//! A chain leads from its first object to a *tail*, which can be tied to the first. How many objects: `TAILBITE_DEPTH`
//! (`tests/depth.sh` takes ten million).

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use tailbite::{
    AnyGc, ById, Gc, Generation, Heap, LastFirst, Packed, Trace, Untraced, Weak, WeakKeyMap, WeakRef, callback, unsize,
};
use tailbite_tests::{Log, Node, Random, manual_heap, on_small_stack};

/// Objects in a chain.
fn depth() -> usize {
    let default = if cfg!(debug_assertions) || cfg!(tailbite_stress) { 20_000 } else { 300_000 };
    std::env::var("TAILBITE_DEPTH").map_or(default, |depth| depth.parse().expect("a number"))
}

type Tail = RefCell<Option<AnyGc>>;

/// Puts a chain of so many objects before the tail; the first of them.
type Build = fn(&Heap, usize, AnyGc) -> AnyGc;

struct Shape {
    name: &'static str,
    build: Build,
    /// Whether collections see what it holds.
    is_traced: bool,
    /// Objects in place of one, for those that need more memory.
    share: usize,
}

const fn shape(name: &'static str, build: Build) -> Shape {
    Shape { name, build, is_traced: true, share: 1 }
}

fn fold<T: Into<AnyGc>>(count: usize, tail: AnyGc, mut link: impl FnMut(AnyGc) -> T) -> AnyGc {
    (0..count).fold(tail, |rest, _| link(rest).into())
}

trait Linked: Trace {
    fn next(&self) -> &AnyGc;
}

#[derive(Trace)]
struct Behind(AnyGc);

impl Linked for Behind {
    fn next(&self) -> &AnyGc {
        &self.0
    }
}

/// An object with two edges: a tree of them is deep in one, or in the other by turns.
type Pair = (Option<AnyGc>, Option<AnyGc>);

const SHAPES: [Shape; 15] = [
    shape("Cell", |heap, count, tail| fold(count, tail, |rest| heap.alloc(Cell::new(Some(rest))))),
    shape("RefCell", |heap, count, tail| fold(count, tail, |rest| heap.alloc(RefCell::new(Some(rest))))),
    shape("Option", |heap, count, tail| fold(count, tail, |rest| heap.alloc(Some(rest)))),
    shape("Vec", |heap, count, tail| fold(count, tail, |rest| heap.alloc(vec![rest]))),
    shape("Box", |heap, count, tail| fold(count, tail, |rest| heap.alloc(Box::new(rest)))),
    shape("Box<dyn Trace>", |heap, count, tail| fold(count, tail, |rest| heap.alloc::<Box<dyn Trace>>(Box::new(rest)))),
    shape("Gc<dyn>", |heap, count, tail| {
        let unsized_handle = |rest| -> Gc<dyn Linked> { unsize!(heap.alloc(Behind(rest)) => dyn Linked) };
        let first = unsized_handle(tail);
        assert!(first.next().is::<Tail>());
        let link = |rest: Gc<dyn Linked>, _| unsized_handle(Gc::erase(heap.alloc(rest)));
        Gc::erase((0..count / 2).fold(first, link))
    }),
    shape("slice", |heap, count, tail| fold(count, tail, |rest| heap.alloc_slice([rest]))),
    shape("WithSlice", |heap, count, tail| fold(count, tail, |rest| heap.alloc_with_slice(1_u8, [rest]))),
    shape("Packed", |heap, count, tail| {
        fold(count, tail, |rest| heap.alloc([Packed::from(1_i32), Packed::object(rest)]))
    }),
    shape("LastFirst", |heap, count, tail| fold(count, tail, |rest| heap.alloc(LastFirst::from(vec![rest])))),
    shape("tree", |heap, count, tail| {
        let mut turn = 0;
        fold(count / 2, tail, |rest| {
            turn += 1;
            let branch = Some(heap.alloc(turn).into());
            heap.alloc::<Pair>(if turn % 2 == 0 { (Some(rest), branch) } else { (branch, Some(rest)) })
        })
    }),
    Shape {
        name: "large objects",
        build: |heap, count, tail| fold(count, tail, |rest| heap.alloc((Some(rest), [0_u64; 100]))),
        is_traced: true,
        share: 50,
    },
    Shape {
        // The value of each key is the next key.
        name: "ephemerons",
        build: |heap, count, tail| {
            let map = WeakKeyMap::<AnyGc, AnyGc, ById>::with_equivalence(heap, ById);
            let mut last = tail;
            for number in 0..count {
                let key = Gc::erase(heap.alloc((number, Gc::as_any(&map))));
                map.insert(&key, last);
                last = key;
            }
            last
        },
        is_traced: true,
        share: 10,
    },
    Shape {
        name: "opaque",
        build: |heap, count, tail| fold(count, tail, |rest| heap.alloc(Untraced(Some(rest)))),
        is_traced: false,
        share: 1,
    },
];

/// A chain in a heap, and what tells that it is gone.
struct Chain {
    heap: Heap,
    first: AnyGc,
    tail: Gc<Tail>,
    watch: Weak<Tail>,
}

impl Chain {
    fn new(shape: &Shape) -> Chain {
        let heap = manual_heap();
        let tail: Gc<Tail> = heap.alloc(RefCell::new(None));
        let first = (shape.build)(&heap, depth() / shape.share, Gc::as_any(&tail));
        let watch = Gc::downgrade(&tail);
        Chain { heap, first, tail, watch }
    }

    /// Ties the tail to the first object and gives up both: nobody holds the chain any more.
    fn leak(self) -> (Heap, Weak<Tail>) {
        *self.tail.borrow_mut() = Some(self.first);
        (self.heap, self.watch)
    }

    /// Gives up the tail.
    fn open(self) -> (Heap, AnyGc, Weak<Tail>) {
        (self.heap, self.first, self.watch)
    }
}

/// Runs `test` with each shape on a small stack.
fn for_each_shape(only_traced: bool, test: fn(Chain)) {
    for shape in SHAPES.iter().filter(|shape| shape.is_traced || !only_traced) {
        on_small_stack(move || {
            let chain = Chain::new(shape);
            assert!(chain.heap.object_count() > depth() / shape.share, "{}", shape.name);
            test(chain);
        });
    }
}

fn is_gone(heap: &Heap, watch: &Weak<Tail>) {
    assert!(watch.upgrade().is_none());
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn by_count() {
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        drop(first);
        is_gone(&heap, &watch);
    });
}

#[test]
fn by_count_after_the_heap_was_closed() {
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        drop(heap);
        assert!(watch.upgrade().is_some());
        drop(first);
        assert!(watch.upgrade().is_none());
    });
}

#[test]
fn by_a_collection() {
    for_each_shape(true, |chain| {
        let (heap, watch) = chain.leak();
        assert!(heap.collect(Generation::Old) > 0);
        is_gone(&heap, &watch);
    });
}

#[test]
fn by_the_end_of_the_heap() {
    for_each_shape(true, |chain| {
        let (heap, watch) = chain.leak();
        drop(heap);
        assert!(watch.upgrade().is_none());
    });
}

#[test]
fn as_a_root_at_the_end_of_the_heap() {
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        heap.add_root_any(first);
        drop(heap);
        assert!(watch.upgrade().is_none());
    });
}

#[test]
fn inside_a_finalizer_of_a_death_and_of_a_collection() {
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        let slot = Cell::new(Some(first));
        let node = Node::alloc(&heap, &Log::new(), "n");
        Node::on_finalize(&node, move |_| drop(slot.take()));
        drop(node);
        is_gone(&heap, &watch);
    });
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        let slot = Cell::new(Some(first));
        let node = Node::alloc(&heap, &Log::new(), "n");
        Node::on_finalize(&node, move |_| drop(slot.take()));
        node.link(&node);
        drop(node);
        assert_eq!(heap.collect(Generation::Old), 1);
        is_gone(&heap, &watch);
    });
}

#[test]
fn inside_a_drop_and_a_callback() {
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        let node = Node::alloc(&heap, &Log::new(), "n");
        node.on_drop(move || drop(first));
        drop(node);
        is_gone(&heap, &watch);
    });
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        let slot = Cell::new(Some(first));
        let node = Node::alloc(&heap, &Log::new(), "n");
        let reference = WeakRef::with_callback(&node, callback(move |_: &AnyGc| drop(slot.take())));
        drop(node);
        assert!(watch.upgrade().is_none());
        drop(reference);
        is_gone(&heap, &watch);
    });
}

#[test]
fn during_unwinding() {
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        let panicking = catch_unwind(AssertUnwindSafe(move || {
            let _dies_here = first;
            resume_unwind(Box::new(()));
        }));
        assert!(panicking.is_err());
        is_gone(&heap, &watch);
    });
    // And with the heap, in a drop that unwinding runs.
    for_each_shape(true, |chain| {
        let (heap, watch) = chain.leak();
        let panicking = catch_unwind(AssertUnwindSafe(move || {
            let _closes_here = heap;
            resume_unwind(Box::new(()));
        }));
        assert!(panicking.is_err());
        assert!(watch.upgrade().is_none());
    });
}

#[test]
fn in_the_value_that_a_refusal_gives_back() {
    for_each_shape(false, |chain| {
        let (heap, first, watch) = chain.open();
        heap.set_memory_limit(Some(0));
        let refused = heap.try_alloc_with_slice(first, std::iter::repeat_n(0_u8, 100_000));
        assert!(watch.upgrade().is_some());
        let Err(error) = refused else { panic!("the limit refuses") };
        drop(error.into_value());
        is_gone(&heap, &watch);
    });
}

#[test]
fn walks_need_no_more_stack_than_others() {
    for_each_shape(false, |chain| {
        chain.heap.check();
        let tail = Gc::as_any(&chain.tail);
        let referrers = chain.heap.get_referrers(&[tail]).len();
        assert!(referrers <= 1, "{referrers}");
        assert!(chain.heap.get_referents(std::slice::from_ref(&chain.first)).len() <= 3);
        chain.heap.freeze();
        chain.heap.unfreeze();
        assert_eq!(chain.heap.collect(Generation::Old), 0);
        chain.heap.check();
        let (heap, watch) = chain.leak();
        heap.check();
        heap.collect(Generation::Old);
        drop(watch.upgrade().map(|tail| tail.take()));
        is_gone(&heap, &watch);
    });
}

#[test]
fn a_path_through_all_of_it_is_found() {
    // A violation at the end of a chain: the search for its path goes through every object.
    struct Twice(AnyGc);
    // SAFETY: none: it reports its handle twice.
    unsafe impl Trace for Twice {
        fn trace(&self, tracer: &mut tailbite::Tracer<'_>) {
            self.0.trace(tracer);
            self.0.trace(tracer);
        }

        fn shape(_: u32) -> tailbite::Shape {
            tailbite::Shape::EDGES
        }
    }
    on_small_stack(|| {
        let heap = manual_heap();
        let wrong = heap.alloc(Twice(heap.alloc(1).into()));
        let first = fold(depth(), wrong.into(), |rest| heap.alloc(Some(rest)));
        let message = heap.verify().expect_err("it is broken").to_string();
        assert!(message.contains(&format!(", edge 0 -> ({} more) -> ", depth() + 2 - 16)), "{message}");
        drop(first);
        assert_eq!(heap.object_count(), 0);
    });
}

#[test]
fn through_any_number_of_heaps_by_turns() {
    on_small_stack(|| {
        let heaps = [(); 3].map(|()| manual_heap());
        let mut turn = 0;
        let tail: Gc<Tail> = heaps[0].alloc(RefCell::new(None));
        let watch = Gc::downgrade(&tail);
        let first = fold(depth(), tail.into(), |rest| {
            turn += 1;
            heaps[turn % 3].alloc(Some(rest))
        });
        heaps.iter().for_each(Heap::check);
        let [one, two, three] = heaps;
        drop((one, two));
        drop(first);
        assert!(watch.upgrade().is_none());
        assert_eq!(three.object_count(), 0);
    });
}

#[test]
fn doubly_linked_lists_and_random_graphs() {
    type Linked = [Cell<Option<AnyGc>>; 2];
    on_small_stack(|| {
        let heap = manual_heap();
        let mut last: Gc<Linked> = heap.alloc(Default::default());
        for _ in 1..depth() {
            let next: Gc<Linked> = heap.alloc([Cell::new(Some(last.clone().into())), Cell::default()]);
            last[1].set(Some(next.clone().into()));
            last = next;
        }
        assert_eq!(heap.collect(Generation::Old), 0);
        heap.check();
        drop(last);
        assert_eq!(heap.collect(Generation::Old), depth());
    });
    on_small_stack(|| {
        let heap = manual_heap();
        let nodes: Vec<Gc<Linked>> = (0..depth()).map(|_| heap.alloc(Default::default())).collect();
        let mut random = Random::new(3);
        let edges: Vec<[usize; 2]> = nodes.iter().map(|_| [(); 2].map(|()| random.below(nodes.len()))).collect();
        for (node, to) in nodes.iter().zip(&edges) {
            (0..2).for_each(|cell| node[cell].set(Some(nodes[to[cell]].clone().into())));
        }
        let (mut reached, mut open, mut count) = (vec![false; nodes.len()], vec![0], 0);
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut reached[node], true) {
                open.extend(edges[node]);
                count += 1;
            }
        }
        heap.check();
        let kept = nodes[0].clone();
        drop(nodes);
        heap.collect(Generation::Old);
        assert_eq!(heap.tracked_objects(), count);
        heap.check();
        drop(kept);
        heap.collect(Generation::Old);
        assert_eq!(heap.object_count(), 0);
    });
}

#[test]
fn finalizers_and_weak_references_on_every_object() {
    on_small_stack(|| {
        let heap = manual_heap();
        let (log, count) = (Log::new(), depth() / 20);
        let called = Rc::new(Cell::new(0_usize));
        let mut watches = Vec::new();
        let mut first = Node::alloc(&heap, &log, "n");
        let last = first.clone();
        for _ in 1..count {
            let node = Node::alloc(&heap, &log, "n");
            Node::on_finalize(&node, |_| {});
            let calls = called.clone();
            watches.push(WeakRef::with_callback(&node, callback(move |_: &AnyGc| calls.set(calls.get() + 1))));
            node.set(0, Some(first));
            first = node;
        }
        last.set(0, Some(first));
        drop(last);
        assert_eq!(heap.collect(Generation::Old), count);
        assert_eq!((log.count("drop n"), log.count("finalize n"), called.get()), (count, count - 1, count - 1));
        drop(watches);
        assert_eq!(heap.object_count(), 0);
    });
}
