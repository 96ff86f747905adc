//! Short cuts of collections and allocations: the sweep of garbage that owns only handles, blind promotion, blocks taken at once.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak as RcWeak};

use tailbite::{AnyGc, Gc, Generation, Heap, Shape, Trace, Tracer, WithSlice, leaf};
use tailbite_tests::{Random, manual_heap, quiet};

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

const MAGIC: u64 = 0x5AFE_C0DE_0000_0000;

/// Owns only handles.
#[derive(Trace)]
#[repr(C)]
struct Small {
    magic: u64,
    edges: [Edge; 2],
    leaf: Edge,
}

macro_rules! aligned {
    ($($name:ident $align:literal)*) => {$(
        #[derive(Trace)]
        #[repr(C, align($align))]
        struct $name {
            magic: u64,
            edges: [Edge; 2],
        }
        impl $name {
            fn make() -> $name {
                $name { magic: MAGIC, edges: Default::default() }
            }
        }
    )*};
}

aligned! { To64 64 To128 128 To1024 1024 To4096 4096 }

/// The edges of an object of a program, whose magic number is still there.
fn edges(object: &AnyGc) -> &[Edge] {
    fn whole(magic: u64, edges: &[Edge]) -> &[Edge] {
        assert_eq!(magic & !0xFFFF_FFFF, MAGIC, "an object in use was freed");
        edges
    }
    macro_rules! one_of {
        ($($ty:ident)*) => {$(
            if let Some(this) = object.downcast_ref::<$ty>() {
                assert!(std::ptr::from_ref::<$ty>(this).addr().is_multiple_of(align_of::<$ty>()));
                return whole(this.magic, &this.edges);
            }
        )*};
    }
    one_of! { Small To64 To128 To1024 To4096 }
    match object.downcast_ref::<WithSlice<u64, Edge>>() {
        Some(this) => whole(this.head, &this.slice),
        None => &[],
    }
}

type Actions = Rc<RefCell<Option<RcWeak<World>>>>;

/// What a random program works on.
struct World {
    heaps: RefCell<Vec<Rc<Heap>>>,
    roots: RefCell<Vec<AnyGc>>,
    random: RefCell<Random>,
    alone: bool,
    live: Rc<Cell<i64>>,
    me: Actions,
}

/// A leaf object that counts itself, and does something when it dies.
struct Agent {
    magic: u64,
    live: Rc<Cell<i64>>,
    me: Actions,
}
leaf!(Agent);

impl Drop for Agent {
    fn drop(&mut self) {
        assert_eq!(self.magic, MAGIC);
        self.magic = 0;
        self.live.set(self.live.get() - 1);
        let world = self.me.borrow().as_ref().and_then(RcWeak::upgrade);
        if let Some(world) = world {
            world.act(true);
        }
    }
}

impl World {
    fn below(&self, bound: usize) -> usize {
        self.random.borrow_mut().below(bound)
    }

    fn heap(&self) -> Rc<Heap> {
        let index = self.below(self.heaps.borrow().len());
        self.heaps.borrow()[index].clone()
    }

    fn make(&self) -> AnyGc {
        let heap = self.heap();
        match self.below(if self.alone { 12 } else { 40 }) {
            0 => Gc::erase(heap.alloc(To64::make())),
            1 => Gc::erase(heap.alloc(To128::make())),
            2 => Gc::erase(heap.alloc(To1024::make())),
            3 => Gc::erase(heap.alloc(To4096::make())),
            4 => Gc::erase(heap.alloc_with_slice(MAGIC, (0..self.below(6)).map(|_| Edge::default()))),
            5 => Gc::erase(heap.alloc_with_slice(MAGIC, (0..self.below(4000)).map(|_| Edge::default()))),
            kind => {
                let leaf = (kind % 4 == 0).then(|| {
                    self.live.set(self.live.get() + 1);
                    Gc::erase(heap.alloc(Agent { magic: MAGIC, live: self.live.clone(), me: self.me.clone() }))
                });
                Gc::erase(heap.alloc(Small { magic: MAGIC, edges: Default::default(), leaf: Cell::new(leaf) }))
            }
        }
    }

    fn root(&self) -> Option<AnyGc> {
        let count = self.roots.borrow().len();
        (count != 0).then(|| self.roots.borrow()[self.below(count)].clone())
    }

    /// An object at the end of a walk along edges.
    fn somewhere(&self) -> Option<AnyGc> {
        let mut here = self.root()?;
        for _ in 0..self.below(6) {
            let count = edges(&here).len();
            if count == 0 {
                break;
            }
            let edge = self.below(count);
            let next = edges(&here)[edge].take();
            edges(&here)[edge].set(next.clone());
            here = next.unwrap_or(here);
        }
        Some(here)
    }

    fn act(&self, within: bool) {
        match self.below(if within { 40 } else { 100 }) {
            0 => drop(self.heap().collect(Generation::ALL[self.below(3)])),
            1 => self.heap().freeze(),
            2 => self.heap().unfreeze(),
            3 => {
                let heap = self.heap();
                heap.set_debug_heap(!heap.is_debug_heap());
            }
            4 if !self.alone => {
                let index = self.below(self.heaps.borrow().len());
                let old = std::mem::replace(&mut self.heaps.borrow_mut()[index], new_heap());
                drop(old);
            }
            5 => {
                let gone = self.roots.take();
                drop(gone);
            }
            6 => self.heap().set_memory_limit((self.below(2) == 0).then_some(1 << 30)),
            7 => drop(self.heap().trim()),
            8 if within => panic!("within"),
            9 | 10 => {
                let made = self.make();
                self.roots.borrow_mut().push(made);
            }
            11 => {
                let lent = self.make();
                if let Ok(mut lent) = lent.downcast::<Small>() {
                    let guard = Gc::get_mut(&mut lent);
                    self.heap().collect(Generation::ALL[self.below(3)]);
                    drop(guard);
                    self.roots.borrow_mut().push(Gc::erase(lent));
                }
            }
            12..20 => {
                let gone = {
                    let mut roots = self.roots.borrow_mut();
                    let count = roots.len();
                    (count != 0).then(|| roots.swap_remove(self.random.borrow_mut().below(count)))
                };
                drop(gone);
            }
            20..24 => {
                for pair in self.somewhere().map(|here| (here.clone(), here)) {
                    self.connect(&pair.0, pair.1);
                }
            }
            24..60 => {
                if let (Some(from), Some(to)) = (self.somewhere(), self.somewhere()) {
                    self.connect(&from, to);
                }
            }
            _ => {
                let made = self.make();
                match self.somewhere() {
                    Some(from) if self.below(3) != 0 => {
                        self.connect(&made, from.clone());
                        self.connect(&from, made);
                    }
                    _ => self.roots.borrow_mut().push(made),
                }
            }
        }
    }

    fn connect(&self, from: &AnyGc, to: AnyGc) {
        let count = edges(from).len();
        if count != 0 {
            let edge = self.below(count);
            drop(edges(from)[edge].replace(Some(to)));
        }
    }
}

fn new_heap() -> Rc<Heap> {
    let heap = Heap::new();
    heap.set_threshold([50, 2, 2]);
    heap.set_unraisable_hook(|_| ());
    Rc::new(heap)
}

#[test]
fn programs_over_garbage_that_owns_only_handles() {
    let programs = std::env::var("TAILBITE_MODEL_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    for seed in 0..programs {
        let alone = seed % 2 == 0;
        let heaps = (0..if alone { 1 } else { 3 }).map(|_| new_heap()).collect();
        let world = Rc::new(World {
            heaps: RefCell::new(heaps),
            roots: RefCell::default(),
            random: RefCell::new(Random::new(seed)),
            alone,
            live: Rc::default(),
            me: Rc::default(),
        });
        *world.me.borrow_mut() = Some(Rc::downgrade(&world));
        for step in 0..1500 {
            world.act(false);
            if step % 100 == 0 {
                world.heaps.borrow().iter().for_each(|heap| heap.check());
            }
        }
        *world.me.borrow_mut() = None;
        drop(world.roots.take());
        for heap in &*world.heaps.borrow() {
            heap.unfreeze();
            heap.collect(Generation::Old);
            heap.check();
            if alone {
                assert_eq!((heap.object_count(), world.live.get()), (0, 0), "program {seed}");
            }
        }
    }
}
