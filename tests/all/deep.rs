//! No recursion over handles: long chains die, and are collected, on a small stack.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};

use tailbite::{AnyGc, Gc, Generation, Heap, LastFirst, Trace, Trigger, Weak, WeakRef, callback};
use tailbite_tests::{Log, Node, manual_heap, on_small_stack};

/// Ten million nodes, as promised; a tenth of it where the build is slow.
const LENGTH: usize = if cfg!(debug_assertions) || cfg!(tailbite_stress) { 1_000_000 } else { 10_000_000 };

#[derive(Trace)]
struct Link {
    next: Cell<Option<Gc<Link>>>,
    number: usize,
}

/// A list of `length` links: its first and its last.
fn list(heap: &Heap, length: usize) -> (Gc<Link>, Gc<Link>) {
    let last = heap.alloc(Link { next: Cell::new(None), number: 0 });
    let mut first = last.clone();
    for number in 1..length {
        first = heap.alloc(Link { next: Cell::new(Some(first)), number });
    }
    (first, last)
}

#[test]
fn a_list_dies_by_count() {
    on_small_stack(|| {
        let heap = manual_heap();
        let (first, last) = list(&heap, LENGTH);
        assert_eq!((first.number, last.number), (LENGTH - 1, 0));
        let weak = Gc::downgrade(&last);
        drop(last);
        assert_eq!(heap.tracked_objects(), LENGTH);
        drop(first);
        assert!(weak.upgrade().is_none());
        assert_eq!(heap.object_count(), 0);
    });
}

#[test]
fn a_list_made_cyclic_is_collected() {
    on_small_stack(|| {
        let heap = manual_heap();
        let (first, last) = list(&heap, LENGTH);
        last.next.set(Some(first.clone()));
        drop((first, last));
        assert_eq!(heap.collect(Generation::Old), LENGTH);
        assert_eq!(heap.object_count(), 0);
    });
}

#[test]
fn a_list_that_lives_is_traced() {
    on_small_stack(|| {
        let heap = manual_heap();
        let (first, last) = list(&heap, LENGTH);
        last.next.set(Some(first.clone()));
        drop(first);
        assert_eq!(heap.collect(Generation::Old), 0);
        last.next.set(None);
        assert_eq!(heap.object_count(), 1);
    });
}

#[test]
fn a_list_behind_garbage_dies() {
    on_small_stack(|| {
        let heap = manual_heap();
        let log = Log::new();
        let (first, last) = list(&heap, LENGTH / 10);
        let node = Node::alloc(&heap, &log, "n");
        node.link(&node);
        node.hold(first);
        drop(last);
        heap.collect(Generation::Old);
        drop(node);
        // The list is old, the node too; together they go.
        assert_eq!(heap.collect(Generation::Old), LENGTH / 10 + 1);
        assert_eq!(heap.object_count(), 0);
    });
}

#[test]
fn a_list_grows_and_dies_under_automatic_collections() {
    on_small_stack(|| {
        let heap = Heap::new();
        assert_eq!(heap.trigger(), Trigger::Allocation);
        let (first, last) = list(&heap, LENGTH);
        last.next.set(Some(first.clone()));
        drop((first, last));
        assert_eq!(heap.collect(Generation::Old), LENGTH);
    });
}

#[test]
fn a_tree_of_wide_nodes_dies() {
    on_small_stack(|| {
        let heap = manual_heap();
        let mut level: Vec<Gc<[AnyGc]>> = (0..100_000).map(|_| heap.alloc_slice([])).collect();
        while level.len() > 1 {
            level = level.chunks(10).map(|chunk| heap.alloc_slice(chunk.iter().map(Gc::as_any))).collect();
        }
        assert_eq!(heap.object_count(), 111_111);
        assert_eq!(heap.collect(Generation::Old), 0);
        drop(level);
        assert_eq!(heap.object_count(), 0);
    });
}

#[test]
fn a_comb_dies_in_both_orders() {
    // Each node has a long spine in one edge and a short branch in the other.
    for spine in 0..2 {
        on_small_stack(move || {
            let heap = manual_heap();
            let log = Log::new();
            let mut root = Node::alloc(&heap, &log, "spine");
            for _ in 0..LENGTH / 20 {
                let node = Node::alloc(&heap, &log, "spine");
                node.set(spine, Some(root));
                node.set(1 - spine, Some(Node::alloc(&heap, &log, "branch")));
                root = node;
            }
            drop(root);
            assert_eq!(log.len(), 2 * (LENGTH / 20) + 1);
            assert_eq!(heap.object_count(), 0);
        });
    }
}

#[test]
fn a_list_of_leaves_with_handles_dies() {
    // A type that reports nothing is not tracked; its chains need the same care.
    struct Opaque(RefCell<Option<AnyGc>>);
    tailbite::leaf!(Opaque);
    on_small_stack(|| {
        let heap = manual_heap();
        let mut first: AnyGc = heap.alloc(Opaque(RefCell::new(None))).into();
        for _ in 0..LENGTH / 2 {
            first = heap.alloc(Opaque(RefCell::new(Some(first)))).into();
        }
        assert_eq!(heap.tracked_objects(), 0);
        assert!(first.downcast_ref::<Opaque>().is_some_and(|opaque| opaque.0.borrow().is_some()));
        drop(first);
        assert_eq!(heap.object_count(), 0);
    });
}

#[test]
fn a_list_with_finalizers_and_weak_references_dies() {
    on_small_stack(|| {
        let heap = manual_heap();
        let log = Log::new();
        let mut weaks: Vec<Weak<Node>> = Vec::new();
        let mut first = Node::alloc(&heap, &log, "n");
        for _ in 0..LENGTH / 20 {
            let node = Node::alloc(&heap, &log, "n");
            Node::on_finalize(&node, |_| {});
            weaks.push(Gc::downgrade(&node));
            node.set(0, Some(first));
            first = node;
        }
        drop(first);
        assert_eq!(log.count("drop n"), LENGTH / 20 + 1);
        assert_eq!(log.count("finalize n"), LENGTH / 20);
        assert!(weaks.iter().all(|weak| weak.upgrade().is_none()));
    });
}

#[test]
fn a_list_dropped_inside_a_finalizer_and_inside_a_drop() {
    for in_finalizer in [false, true] {
        on_small_stack(move || {
            let heap = manual_heap();
            let log = Log::new();
            let (first, last) = list(&heap, LENGTH / 10);
            drop(last);
            let slot = Cell::new(Some(first));
            let node = Node::alloc(&heap, &log, "n");
            if in_finalizer {
                Node::on_finalize(&node, move |_| drop(slot.take()));
            } else {
                node.on_drop(move || drop(slot.take()));
            }
            drop(node);
            assert_eq!(heap.object_count(), 0);
        });
    }
}

#[test]
fn a_heap_with_a_long_list_is_dropped() {
    on_small_stack(|| {
        let heap = manual_heap();
        let (first, last) = list(&heap, LENGTH / 2);
        last.next.set(Some(first));
        drop(last);
        drop(heap);
        let heap = manual_heap();
        let (first, last) = list(&heap, LENGTH / 2);
        drop((heap, last));
        assert_eq!(first.number, LENGTH / 2 - 1);
        drop(first);
    });
}

#[test]
fn a_chain_of_drops_that_drop_by_hand() {
    // Each payload's own drop gives up the next object: user code inside user code, as deep as the nesting allows.
    on_small_stack(|| {
        let heap = manual_heap();
        heap.set_drop_nesting(4);
        let log = Log::new();
        let mut inner = Node::alloc(&heap, &log, "n");
        for _ in 0..20_000 {
            let outer = Node::alloc(&heap, &log, "n");
            let slot = Cell::new(Some(inner));
            outer.on_drop(move || drop(slot.take()));
            inner = outer;
        }
        drop(inner);
        assert_eq!(log.len(), 20_001);
    });
}

#[test]
fn a_chain_that_user_code_drops_by_hand_at_the_default_nesting() {
    // In each window the host's own code gives up the next object, twenty thousand times.
    for window in 0..3 {
        on_small_stack(move || {
            let heap = manual_heap();
            let log = Log::new();
            let mut inner = Node::alloc(&heap, &log, "n");
            let mut watches = Vec::new();
            for _ in 0..20_000 {
                let outer = Node::alloc(&heap, &log, "n");
                let slot = Cell::new(Some(inner));
                match window {
                    0 => outer.on_drop(move || drop(slot.take())),
                    1 => Node::on_finalize(&outer, move |_| drop(slot.take())),
                    _ => watches.push(WeakRef::with_callback(&outer, callback(move |_: &AnyGc| drop(slot.take())))),
                }
                inner = outer;
            }
            drop(inner);
            assert_eq!(log.count("drop n"), 20_001);
            drop(watches);
            assert_eq!(heap.object_count(), 0);
        });
    }
}

#[test]
fn a_chain_of_heaps_each_owned_by_what_another_keeps_for_its_host() {
    type Nest = fn(&Heap, Heap);
    let nests: [Nest; 5] = [
        |outer, inner| {
            let object = outer.alloc(1_u32);
            outer.finalize(&object, inner, drop);
            outer.add_root(object);
        },
        |outer, inner| outer.set_soft_limit(1 << 30, move |_, _| inner.set_stress(0)),
        |outer, inner| outer.set_unraisable_hook(move |_| inner.set_stress(0)),
        |outer, inner| {
            outer.add_callback(move |_, _, _| inner.set_stress(0));
        },
        |outer, inner| outer.set_debug_sink(move |_| inner.set_stress(0)),
    ];
    for nest in nests {
        on_small_stack(move || {
            let mut inner = manual_heap();
            for _ in 0..600 {
                let outer = manual_heap();
                nest(&outer, inner);
                inner = outer;
            }
        });
    }
}

#[test]
fn a_chain_of_closed_heaps_each_kept_by_an_object_that_another_holds() {
    for rooted in [false, true] {
        on_small_stack(move || {
            let last = manual_heap().alloc(1_u32);
            let watch = Gc::downgrade(&last);
            let mut held = last;
            for _ in 0..600 {
                let heap = manual_heap();
                let object = heap.alloc(1_u32);
                if rooted {
                    drop(heap);
                    Gc::as_any(&object).with_heap(|heap| heap.add_root(held));
                } else {
                    heap.set_unraisable_hook(move |_| assert_eq!(*held, 1));
                }
                held = object;
            }
            drop(held);
            assert!(watch.upgrade().is_none());
        });
    }
}

#[test]
fn a_deep_box_in_one_payload_is_traced_to_a_bound() {
    #[derive(Trace)]
    struct Boxed {
        next: Option<Box<Boxed>>,
        edge: Cell<Option<Gc<Boxed>>>,
    }
    // Chains of plain boxes are the compiler's own recursion in drop; tracing them is bounded.
    tailbite_tests::on_stack(64 << 20, || {
        let heap = manual_heap();
        let mut payload = Boxed { next: None, edge: Cell::new(None) };
        for _ in 0..20_000 {
            payload = Boxed { next: Some(Box::new(payload)), edge: Cell::new(None) };
        }
        let object = heap.alloc(payload);
        object.edge.set(Some(object.clone()));
        assert_eq!(heap.collect(Generation::Old), 0);
        assert!(object.next.is_some());
        object.edge.set(None);
        drop(object);
        assert_eq!(heap.object_count(), 0);
    });
}

/// So are collections, and what lies below the bound is not looked into.
#[test]
fn deep_collections_in_one_payload_are_traced_to_a_bound() {
    /// A value that may own itself through a collection, and has an edge of its own.
    trait Nested: Trace + Default {
        fn around(inner: Self) -> Self;
        fn take_inner(&mut self) -> Option<Self>;
        fn edge(&self) -> &Cell<Option<AnyGc>>;
    }
    macro_rules! nested {
        ($($name:ident: $collection:ty, $one:expr, $take:expr;)*) => {$({
            #[derive(Trace, Default)]
            struct $name {
                inner: $collection,
                edge: Cell<Option<AnyGc>>,
            }
            impl Nested for $name {
                fn around(inner: Self) -> Self {
                    let one: fn(Self) -> $collection = $one;
                    $name { inner: one(inner), edge: Cell::default() }
                }

                fn take_inner(&mut self) -> Option<Self> {
                    let take: fn(&mut $collection) -> Option<Self> = $take;
                    take(&mut self.inner)
                }

                fn edge(&self) -> &Cell<Option<AnyGc>> {
                    &self.edge
                }
            }
            check::<$name>(stringify!($name));
        })*};
    }
    /// A cycle through the innermost of `depth` values is collected, if tracing gets there.
    fn is_seen<T: Nested>(depth: usize) -> bool {
        let heap = manual_heap();
        let object = heap.alloc(Cell::new(T::default()));
        let innermost = T::default();
        innermost.edge().set(Some(Gc::as_any(&object)));
        object.set((0..depth).fold(innermost, |inner, _| T::around(inner)));
        let weak = Gc::downgrade(&object);
        drop(object);
        let collected = heap.collect(Generation::Old);
        // Taken apart one by one: the compiler's own drops would overflow the stack.
        let mut left = weak.upgrade().map(|object| object.take());
        while let Some(mut outer) = left {
            left = outer.take_inner();
        }
        collected == 1
    }
    fn check<T: Nested>(name: &str) {
        assert!(is_seen::<T>(60), "{name}");
        assert!(!is_seen::<T>(20_000), "{name}");
    }
    tailbite_tests::on_stack(1 << 20, || {
        nested! {
            Vector: Vec<Vector>, |inner| vec![inner], Vec::pop;
            Ring: VecDeque<Ring>, |inner| VecDeque::from([inner]), VecDeque::pop_back;
            Keyed: HashMap<u8, Keyed>, |inner| HashMap::from([(1, inner)]), |map| map.remove(&1);
            Ordered: BTreeMap<u8, Ordered>, |inner| BTreeMap::from([(1, inner)]), |map| map.remove(&1);
            Rest: std::vec::IntoIter<Rest>, |inner| vec![inner].into_iter(), Iterator::next;
            List: LastFirst<List>, |inner| LastFirst::from(vec![inner]), |list| list.pop();
        }
    });
}

#[test]
fn debug_of_deep_and_cyclic_graphs_ends() {
    #[derive(Trace, Debug)]
    struct Shown {
        next: RefCell<Option<Gc<Shown>>>,
    }
    let heap = manual_heap();
    let mut first = heap.alloc(Shown { next: RefCell::default() });
    let last = first.clone();
    for _ in 0..100_000 {
        first = heap.alloc(Shown { next: RefCell::new(Some(first)) });
    }
    assert!(!format!("{first:?}").is_empty());
    *last.next.borrow_mut() = Some(first.clone());
    assert!(!format!("{first:?} {:?}", Gc::as_any(&first)).is_empty());
    drop((first, last));
    assert_eq!(heap.collect(Generation::Old), 100_001);
}
