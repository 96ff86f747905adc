//! A cycle through each container of the standard library.

use std::borrow::Cow;
use std::cell::{Cell, LazyCell, OnceCell, RefCell, UnsafeCell};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::marker::PhantomData;
use std::num::{Saturating, Wrapping};
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::task::Poll;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, Untraced};

use super::{Drops, Holder, collected_through};

/// A handle with an order, for sorted collections.
#[derive(Clone, Trace)]
struct Key(u32, AnyGc);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Key {}
impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

macro_rules! through {
    ($expected:literal: $($name:ident: $wrap:expr;)*) => {$(
        #[test]
        fn $name() {
            assert_eq!(collected_through($wrap), $expected);
        }
    )*};
}

// Each holds the handle twice where it can: an edge that is missed, or reported twice for one handle, changes the result.
through! { 1:
    itself: |a| a;
    option: Some;
    option_result: |a| Some(Ok::<_, String>(a));
    error: Err::<u8, _>;
    poll: Poll::Ready;
    control_flow: |a: AnyGc| [ControlFlow::Break::<_, AnyGc>(a.clone()), ControlFlow::Continue(a)];
    bound: |a: AnyGc| [Bound::Included(a.clone()), Bound::Excluded(a), Bound::Unbounded];
    wrapping: |a: AnyGc| (Wrapping(a.clone()), Saturating(a.clone()), Reverse(a));
    ranges: |a: AnyGc| (a.clone()..a.clone(), a.clone().., ..a.clone(), a.clone()..=a.clone(), ..=a);
    tuple_of_1: |a| (a,);
    tuple_of_12: |a: AnyGc| (1, 2, a.clone(), 4, "5", 6.0, '7', (), a.clone(), 10, 11, a);
    array: |a: AnyGc| [a.clone(), a.clone(), a];
    boxed: Box::new;
    boxed_slice: |a: AnyGc| vec![a.clone(), a].into_boxed_slice();
    boxed_dyn: |a| -> Box<dyn Trace> { Box::new(a) };
    boxed_in_boxes: |a| Box::new(Box::new(Box::new(vec![Box::new(a)])));
    vec: |a: AnyGc| vec![a.clone(), a];
    vec_of_vec: |a| vec![vec![], vec![a]];
    vec_deque: |a: AnyGc| VecDeque::from([a.clone(), a]);
    vec_deque_that_wraps: |a: AnyGc| {
        let mut deque = VecDeque::with_capacity(4);
        deque.push_back(a.clone());
        deque.push_front(a);
        deque
    };
    vec_half_consumed: |a: AnyGc| {
        let mut items = vec![a.clone(), a.clone(), a].into_iter();
        items.next();
        items
    };
    linked_list: |a: AnyGc| LinkedList::from([a.clone(), a]);
    binary_heap: |a: AnyGc| BinaryHeap::from([Key(1, a.clone()), Key(2, a)]);
    btree_set: |a: AnyGc| BTreeSet::from([Key(1, a.clone()), Key(2, a)]);
    btree_map_key: |a: AnyGc| BTreeMap::from([(Key(1, a.clone()), 1), (Key(2, a), 2)]);
    btree_map_value: |a: AnyGc| BTreeMap::from([("x", a.clone()), ("y", a)]);
    btree_map_both: |a: AnyGc| BTreeMap::from([(Key(1, a.clone()), a)]);
    hash_set: |a: AnyGc| HashSet::from([a]);
    hash_map_key: |a: AnyGc| HashMap::from([(a, 1)]);
    hash_map_value: |a: AnyGc| HashMap::from([(String::from("x"), a.clone()), (String::from("y"), a)]);
    hash_map_both: |a: AnyGc| HashMap::from([(a.clone(), a)]);
    hash_map_other_hasher: |a: AnyGc| {
        let mut map = HashMap::<u8, AnyGc, BuildHasherDefault<DefaultHasher>>::default();
        map.insert(1, a);
        map
    };
    cell: Cell::new;
    cell_of_option: |a: AnyGc| [Cell::new(Some(a.clone())), Cell::new(None), Cell::new(Some(a))];
    cell_of_vec: |a| Cell::new(vec![a]);
    ref_cell: RefCell::new;
    once_cell: OnceCell::from;
    once_lock: OnceLock::from;
    cow_owned: |a| -> Cow<'static, [AnyGc]> { Cow::Owned(vec![a]) };
    deep_generic: |a| Some(Box::new(RefCell::new(VecDeque::from([Cell::new(Some([(1_u8, vec![a])]))]))));
}

// What is opaque: never collected, and freed as soon as it is let go of by hand.
through! { 0:
    rc: Rc::new;
    rc_of_cell: |a| Rc::new(RefCell::new(vec![a]));
    arc: |a| {
        #[expect(clippy::arc_with_non_send_sync, reason = "the point is the type")]
        Arc::new(a)
    };
    mutex: Mutex::new;
    rw_lock: RwLock::new;
    unsafe_cell: UnsafeCell::new;
    pinned_box: Box::pin;
    lazy_cell: |a: AnyGc| LazyCell::<AnyGc, Box<dyn FnOnce() -> AnyGc>>::new(Box::new(move || a));
    untraced: Untraced;
    untraced_closure: |a: AnyGc| Untraced(move || a.clone());
}

/// What owns nothing is not tracked.
#[test]
fn owning_nothing() {
    let heap = Heap::new();
    let drops = Drops::default();
    let nothing = (PhantomData::<AnyGc>, Rc::downgrade(&Rc::new(1_u8)), "text");
    let holder = heap.alloc(Holder { probe: drops.probe(), slot: RefCell::new(Some(nothing)) });
    assert!(!heap.is_tracked(&holder));
    drop(holder);
    assert_eq!(drops.count(), 1);
}

/// S25: a cell that is borrowed for writing while the collector runs is opaque, and only then.
#[test]
fn borrowed_cell() {
    #[derive(Trace)]
    struct Node {
        nodes: RefCell<Vec<Gc<Node>>>,
    }
    let heap = Heap::new();
    let node = heap.alloc(Node { nodes: RefCell::default() });
    node.nodes.borrow_mut().push(node.clone());
    let weak = Gc::downgrade(&node);
    // A guard that is forgotten leaves the cell borrowed, although nobody holds the object.
    std::mem::forget(node.nodes.borrow_mut());
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 0);
    let node = weak.upgrade().expect("what a borrowed cell holds is held from outside");
    assert!(node.nodes.try_borrow().is_err());
    heap.check();
    // SAFETY: the guard is gone, and `node` is the only other way to the cell; this takes the cycle apart.
    let nodes = std::mem::take(unsafe { &mut *node.nodes.as_ptr() });
    drop(node);
    drop(nodes);
    assert_eq!(heap.object_count(), 0);

    let other = heap.alloc(Node { nodes: RefCell::default() });
    other.nodes.borrow_mut().push(other.clone());
    {
        let mut writing = other.nodes.borrow_mut();
        assert_eq!(heap.collect(Generation::Old), 0);
        writing.push(other.clone());
    }
    {
        let _reading = other.nodes.borrow();
        assert_eq!(heap.collect(Generation::Old), 0);
    }
    drop(other);
    assert_eq!(heap.collect(Generation::Old), 1);
    heap.check();
}

/// A chain of plain boxes inside one payload.
#[derive(Trace)]
enum Chain {
    End(AnyGc),
    Link(Box<Chain>),
}

fn chain(length: usize, end: AnyGc) -> Chain {
    (0..length).fold(Chain::End(end), |chain, _| Chain::Link(Box::new(chain)))
}

/// Tracing looks into boxes to a bounded depth, and counts what lies deeper as held from outside.
#[test]
fn boxes_in_boxes() {
    assert_eq!(collected_through(|a| chain(10, a)), 1);
    assert_eq!(collected_through(|a| chain(5_000, a)), 0);
}

/// The depth is that of nesting: many boxes side by side are no deeper than one.
#[test]
fn boxes_side_by_side() {
    assert_eq!(collected_through(|a| (0..1_000).map(|_| Box::new(a.clone())).collect::<Vec<_>>()), 1);
    assert_eq!(collected_through(|a| (0..100).map(|_| chain(20, a.clone())).collect::<Vec<_>>()), 1);
}
