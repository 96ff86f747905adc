//! Random programs whose garbage owns only handles, in heaps that collect within each other's drops.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak as RcWeak};

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, WithSlice, leaf};
use tailbite_tests::Random;

use super::Edge;

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
                if let Some(here) = self.somewhere() {
                    self.connect(&here, here.clone());
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
