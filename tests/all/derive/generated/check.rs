//! What every generated type must do: report each handle that it was given, once.

pub(crate) use std::borrow::Cow;
pub(crate) use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
pub(crate) use std::cmp::Reverse;
pub(crate) use std::collections::{BTreeMap, HashMap, LinkedList, VecDeque};
pub(crate) use std::marker::PhantomData;
pub(crate) use std::rc::Rc;
pub(crate) use std::sync::{Arc, Mutex};

pub(crate) use tailbite::{AnyGc, Gc, Packed, Trace, Untraced, Weak};
use tailbite::{Generation, Heap, Shape, Tracer, Trigger};

/// An object that can own a value of any type.
#[derive(Trace)]
pub(crate) struct Hub {
    drops: Drops,
    slot: RefCell<Option<Box<dyn Trace>>>,
}

/// Counts the drops of its owner.
#[derive(Clone, Default, Trace)]
#[trace(leaf)]
struct Drops(Rc<Cell<usize>>);

impl Drop for Drops {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// What has a type of its own for each host.
pub(crate) trait Family: 'static {
    type Of;
}

/// A handle that only [`report_foreign`] reports.
pub(crate) struct Foreign(pub(crate) AnyGc);

/// # Safety
/// As for `Trace::trace`.
pub(crate) unsafe fn report_foreign(foreign: &Foreign, tracer: &mut Tracer<'_>) {
    foreign.0.trace(tracer);
}

thread_local! {
    static ENDED: Cell<usize> = const { Cell::new(0) };
}

/// The finalizer of those that have one.
pub(crate) fn ended<T>(_: &Gc<T>) {
    ENDED.set(ENDED.get() + 1);
}

/// Hands handles out: to hubs that must be found, and to others that must not.
pub(crate) struct Hands {
    edges: Vec<Gc<Hub>>,
    lost: Gc<Hub>,
    /// The addresses of what was handed out.
    placed: RefCell<Vec<usize>>,
    lost_count: Cell<usize>,
}

impl Hands {
    fn new(edges: Vec<Gc<Hub>>, lost: Gc<Hub>) -> Hands {
        Hands { edges, lost, placed: RefCell::default(), lost_count: Cell::new(0) }
    }

    pub(crate) fn hub(&self) -> Gc<Hub> {
        let mut placed = self.placed.borrow_mut();
        // One after the other, and each more than once.
        let hub = self.edges[placed.len() % self.edges.len()].clone();
        placed.push(Gc::as_any(&hub).address());
        hub
    }

    pub(crate) fn any(&self) -> AnyGc {
        Gc::erase(self.hub())
    }

    pub(crate) fn lost_hub(&self) -> Gc<Hub> {
        self.lost_count.set(self.lost_count.get() + 1);
        self.lost.clone()
    }

    pub(crate) fn lost_any(&self) -> AnyGc {
        Gc::erase(self.lost_hub())
    }

    pub(crate) fn weak(&self) -> Weak<Hub> {
        Gc::downgrade(&self.edges[0])
    }
}

fn hub(heap: &Heap, drops: &Rc<Cell<usize>>) -> Gc<Hub> {
    heap.alloc(Hub { drops: Drops(drops.clone()), slot: RefCell::default() })
}

/// Checks one value: whether the collector knows its type, how many handles it owns where they are reported, how many elsewhere, and
/// whether it has a finalizer.
pub(crate) fn check<C: Trace>(
    name: &str,
    make: fn(&Hands) -> C,
    (tracked, edges, lost, finalized): (bool, usize, usize, bool),
) {
    let drops = Rc::default();
    let heap = Heap::new();
    heap.set_trigger(Trigger::Manual);
    let hands = Hands::new(vec![hub(&heap, &drops), hub(&heap, &drops), hub(&heap, &drops)], hub(&heap, &drops));
    let object = heap.alloc(make(&hands));
    assert_eq!(Shape::of::<C>().contains(Shape::EDGES), tracked, "{name} can have edges");
    assert_eq!(heap.is_tracked(&object), tracked, "{name} is tracked");
    let mut found: Vec<usize> = heap.get_referents(&[Gc::as_any(&object)]).iter().map(AnyGc::address).collect();
    let mut placed = hands.placed.take();
    found.sort_unstable();
    placed.sort_unstable();
    assert_eq!(found, placed, "{name} reports what it owns");
    assert_eq!((placed.len(), hands.lost_count.get()), (edges, lost), "{name} owns what was placed");
    heap.check();
    // A full collection takes nothing of what is held, and the drop all.
    assert_eq!(heap.collect(Generation::Old), 0);
    let before = ENDED.get();
    drop(object);
    assert_eq!(ENDED.get() - before, usize::from(finalized), "{name} is finalized");
    assert!(hands.edges.iter().chain([&hands.lost]).all(|hub| Gc::strong_count(hub) == 1), "{name} leaks");
    drop(hands);
    assert_eq!((drops.get(), heap.object_count()), (4, 0));

    assert!(is_collected(&heap, make, true), "{name}: a cycle through all that is reported is collected");
    if lost > 0 {
        assert!(!is_collected(&heap, make, false), "{name}: a cycle through something opaque is kept");
    }
}

/// Makes an object that holds itself through a value, and says whether it dies when it is let go of. If not, it is taken apart, and must.
fn is_collected<C: Trace>(heap: &Heap, make: fn(&Hands) -> C, through_edges: bool) -> bool {
    let (drops, others) = (Rc::default(), Rc::default());
    let (own, other) = (hub(heap, &drops), hub(heap, &others));
    let (edge, lost) = if through_edges { (&own, &other) } else { (&other, &own) };
    let value: Box<dyn Trace> = Box::new(make(&Hands::new(vec![edge.clone()], lost.clone())));
    *own.slot.borrow_mut() = Some(value);
    heap.collect(Generation::Old);
    heap.check();
    assert_eq!(drops.get(), 0, "what is held from outside stays");
    let weak = Gc::downgrade(&own);
    drop(own);
    heap.collect(Generation::Old);
    heap.check();
    let is_collected = drops.get() == 1;
    assert_eq!(weak.upgrade().is_none(), is_collected);
    if let Some(own) = weak.upgrade() {
        let value = own.slot.take();
        drop((own, value));
        assert_eq!(drops.get(), 1, "the value was the last to hold it");
    }
    assert_eq!(others.get(), 0);
    drop(other);
    assert_eq!((others.get(), heap.object_count()), (1, 0));
    is_collected
}
