//! Ways to break the runtime that once worked, each as the smallest program that showed it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tailbite::{AnyGc, Gc, GcMut, Generation, Heap, Trace, Trigger, Weak, WeakRef, leaf};

/// A weak handle to an object whose constructor panicked stays dead when its block is used again.
#[test]
fn a_weak_handle_to_what_never_came_to_be() {
    let heap = Heap::new();
    let kept: RefCell<Option<Weak<String>>> = RefCell::new(None);
    let made = catch_unwind(AssertUnwindSafe(|| {
        heap.alloc_cyclic(|weak: &Weak<String>| -> String {
            *kept.borrow_mut() = Some(weak.clone());
            panic!("no value");
        })
    }));
    assert!(made.is_err());
    let fill: Vec<Gc<[usize; 3]>> = (0..64).map(|_| heap.alloc([0x4141; 3])).collect();
    assert!(kept.into_inner().unwrap().upgrade().is_none());
    drop(fill);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

/// A reference object is known to its record by its address: it can be neither moved out nor swapped.
#[test]
fn a_weak_reference_does_not_move() {
    let heap = Heap::new();
    let (a, b) = (heap.alloc(1), heap.alloc(2));
    let mut to_a = WeakRef::new(&a);
    let to_b = WeakRef::new(&b);
    assert!(Gc::get_mut(&mut to_a).is_none());
    let to_a = Gc::try_unwrap(to_a).expect_err("a weak reference is fixed");
    assert!(Gc::into_inner(to_b).is_none());
    assert!(AnyGc::ptr_eq(&to_a.get().unwrap(), &Gc::as_any(&a)));
    assert!(Gc::ptr_eq(&WeakRef::new(&a), &to_a));
}

/// A finalizer lends a neighbour exclusively for ever; neither its finalizer nor the second detection may look at it any more.
#[test]
fn a_guard_leaked_inside_a_finalizer() {
    #[derive(Trace)]
    #[trace(finalize = A::finalize)]
    struct A {
        me: RefCell<Option<Gc<A>>>,
        b: RefCell<Option<Gc<B>>>,
    }
    #[derive(Trace)]
    #[trace(finalize = B::finalize)]
    struct B {
        data: Vec<String>,
        me: RefCell<Option<Gc<A>>>,
    }
    thread_local! {
        static LENT: Cell<bool> = const { Cell::new(false) };
        /// Counted, not asserted: a panic in a finalizer would only reach the hook.
        static SEEN_LENT: Cell<usize> = const { Cell::new(0) };
    }
    impl A {
        fn finalize(this: &Gc<A>) {
            let Some(b) = this.b.borrow_mut().take() else { return };
            let handle = Box::leak(Box::new(b));
            let guard: &'static mut GcMut<'static, B> = Box::leak(Box::new(Gc::get_mut(handle).unwrap()));
            LENT.set(true);
            guard.data.clear();
        }
    }
    impl B {
        fn finalize(this: &Gc<B>) {
            SEEN_LENT.set(SEEN_LENT.get() + usize::from(LENT.get() && this.data.is_empty()));
        }
    }
    let heap = Heap::new();
    let a = heap.alloc(A { me: RefCell::new(None), b: RefCell::new(None) });
    let b = heap.alloc(B { data: vec!["text".into()], me: RefCell::new(Some(a.clone())) });
    *a.b.borrow_mut() = Some(b);
    *a.me.borrow_mut() = Some(a.clone());
    drop(a);
    assert_eq!(heap.collect(Generation::Old), 0, "the lent object holds the other one");
    assert!(LENT.get());
    assert_eq!(SEEN_LENT.get(), 0, "a finalizer was given the object that is lent");
    heap.check();
}

/// What a view of a payload shows is not for writing: the type behind it may keep an invariant there.
#[test]
fn an_unsized_view_is_never_lent() {
    mod foreign {
        pub(super) struct Even(u64);
        impl Even {
            pub(super) fn parts(&self) -> &[u64] {
                std::slice::from_ref(&self.0)
            }
        }
        pub(super) const TWO: Even = Even(2);
    }
    struct Mine(foreign::Even);
    leaf!(Mine);
    let mut view: Gc<[u64]> = Gc::unsize(Gc::new(Mine(foreign::TWO)), |mine| mine.0.parts());
    assert!(Gc::is_unique(&view));
    assert!(Gc::get_mut(&mut view).is_none());
    let mut native: Gc<[u64]> = Gc::from(vec![2]);
    assert!(Gc::get_mut(&mut native).is_some());
}

/// Large objects that died are not kept by the young list.
#[test]
fn dead_large_objects_give_their_memory_back() {
    let heap = Heap::new();
    heap.disable();
    let inner = heap.alloc(1);
    for _ in 0..100 {
        drop(heap.alloc_slice((0..20_000).map(|_| Some(inner.clone()))));
        assert!(heap.memory().bytes.total < 8 << 20, "{}", heap.memory());
    }
}

/// A chain of handles through many heaps dies on a small stack, too, and completely.
#[test]
fn a_chain_through_a_thousand_heaps() {
    #[derive(Trace)]
    struct Link {
        next: Option<Gc<Link>>,
        end: Option<End>,
    }
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            ENDS.set(ENDS.get() + 1);
        }
    }
    leaf!(End);
    thread_local! {
        static ENDS: Cell<usize> = const { Cell::new(0) };
    }
    let small = thread::Builder::new().stack_size(64 << 10).spawn(|| {
        let heaps: Vec<Heap> = (0..1000).map(|_| Heap::new()).collect();
        let mut chain = None;
        for heap in &heaps {
            chain = Some(heap.alloc(Link { next: chain.take(), end: Some(End) }));
        }
        drop(chain);
        assert_eq!(ENDS.get(), 1000, "complete when the drop returns");
        assert!(heaps.iter().all(|heap| heap.object_count() == 0));
    });
    small.unwrap().join().unwrap();
}

/// A closed heap's last object is resurrected, and dies for good when what its finalizer let go is carried out: with it goes the heap, under
/// the feet of the drop that is still at work there.
#[test]
fn a_resurrected_object_dies_while_deaths_wait() {
    thread_local! {
        static KEPT: RefCell<Option<Gc<Last>>> = const { RefCell::new(None) };
        static WAITED: Cell<usize> = const { Cell::new(0) };
    }
    #[derive(Trace)]
    #[trace(finalize = Last::finalize)]
    struct Last {
        lets_go: RefCell<Option<Gc<Ends>>>,
        other: RefCell<Option<Gc<Last>>>,
    }
    impl Last {
        fn finalize(this: &Gc<Last>) {
            KEPT.set(Some(this.clone()));
            drop(this.lets_go.take());
            WAITED.set(WAITED.get() + usize::from(KEPT.with_borrow(Option::is_some)));
        }
    }
    struct Ends;
    impl Drop for Ends {
        fn drop(&mut self) {
            drop(KEPT.take());
        }
    }
    leaf!(Ends);
    #[derive(Trace)]
    struct Link {
        next: Option<Gc<Link>>,
        last: Option<Gc<Last>>,
    }
    // Among all lengths are those that put the object at the limit, where its finalizer has no room.
    for length in 0..40 {
        let outer = Heap::new();
        let inner = Heap::new();
        inner.set_drop_nesting(0);
        let ends = outer.alloc(Ends);
        let last = inner.alloc(Last { lets_go: RefCell::new(Some(ends)), other: RefCell::new(None) });
        drop(inner);
        let mut chain = outer.alloc(Link { next: None, last: Some(last) });
        for _ in 0..length {
            chain = outer.alloc(Link { next: Some(chain), last: None });
        }
        drop(chain);
        assert!(KEPT.take().is_none());
        assert_eq!(outer.object_count(), 0);
    }
    assert!(WAITED.get() > 0, "some deaths have to wait, or this tests nothing");
}

/// A candidate that dies while no payload drop may nest is queued, and out of the collection that was looking at it.
#[test]
fn a_candidate_that_is_queued_leaves_the_collection() {
    thread_local! {
        static FINALIZED: Cell<usize> = const { Cell::new(0) };
        static DROPPED: Cell<usize> = const { Cell::new(0) };
        /// Deaths that were still to come when the finalizer that caused them looked.
        static WAITED: Cell<usize> = const { Cell::new(0) };
        static COLLECTIONS: Cell<usize> = const { Cell::new(0) };
    }
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }
    leaf!(Counted);
    #[derive(Trace)]
    #[trace(finalize = Node::finalize)]
    struct Node {
        me: RefCell<Option<Gc<Node>>>,
        child: RefCell<Option<Gc<Node>>>,
        counted: Counted,
    }
    impl Node {
        fn finalize(this: &Gc<Node>) {
            FINALIZED.set(FINALIZED.get() + 1);
            let Some(child) = this.child.borrow_mut().take() else { return };
            let before = DROPPED.get();
            drop(child);
            WAITED.set(WAITED.get() + usize::from(DROPPED.get() == before));
        }
    }
    /// Collects while it is dropped, as deep as drops may nest.
    struct Collects;
    impl Drop for Collects {
        fn drop(&mut self) {
            COLLECTIONS.set(COLLECTIONS.get() + 1);
            Heap::with_default(|heap| heap.collect(Generation::Old));
        }
    }
    leaf!(Collects);
    #[derive(Trace)]
    struct Link {
        next: Option<Gc<Link>>,
        end: Option<Collects>,
    }
    thread::spawn(|| {
        Heap::with_default(|heap| {
            heap.set_drop_nesting(0);
            heap.set_trigger(Trigger::Manual);
        });
        // Longer than any limit: the end is dropped at the limit itself.
        let mut chain = None;
        for index in 0..100 {
            chain = Some(Gc::new(Link { next: chain.take(), end: (index == 0).then(|| Collects) }));
        }
        let node = || Gc::new(Node { me: RefCell::new(None), child: RefCell::new(None), counted: Counted });
        for _ in 0..3 {
            let a = node();
            *a.me.borrow_mut() = Some(a.clone());
            *a.child.borrow_mut() = Some(node());
        }
        drop(chain);
        assert_eq!(COLLECTIONS.get(), 1);
        assert_eq!(WAITED.get(), 3, "the children's deaths have to wait, or this tests nothing");
        // Fresh objects in the blocks: a death that is carried out twice would hit them.
        let fill: Vec<Gc<Node>> = (0..64).map(|_| node()).collect();
        Heap::with_default(|heap| {
            heap.collect(Generation::Old);
            heap.check();
            assert_eq!(heap.object_count(), fill.len());
        });
        assert_eq!((FINALIZED.get(), DROPPED.get()), (6, 6), "each once");
    })
    .join()
    .unwrap();
}

/// Immortality ends with the heap, also for objects that are made immortal later.
#[test]
fn immortality_after_the_end() {
    thread_local! {
        static DROPS: Cell<usize> = const { Cell::new(0) };
    }
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPS.set(DROPS.get() + 1);
        }
    }
    leaf!(Counted);
    let heap = Heap::new();
    let before = heap.alloc(Counted);
    let after = heap.alloc(Counted);
    heap.make_immortal(&before);
    drop(heap);
    Gc::with_heap(&after, |heap| heap.make_immortal(&after));
    drop((before, after));
    assert_eq!(DROPS.get(), 2);
}

/// The hook's captured values drop under catch, where the heap's state goes, and may make objects on the default heap then.
#[test]
fn hooks_that_misbehave_when_they_go() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("bomb");
        }
    }
    let unwound = catch_unwind(|| {
        let heap = Heap::new();
        let bomb = Bomb;
        heap.set_unraisable_hook(move |_| {
            let _ = &bomb;
        });
        let last = heap.alloc(1);
        drop(heap);
        drop(last);
    });
    assert!(unwound.is_ok(), "dropping a handle never unwinds");

    thread_local! {
        static KEPT: RefCell<Option<Gc<String>>> = const { RefCell::new(None) };
    }
    struct Allocates;
    impl Drop for Allocates {
        fn drop(&mut self) {
            KEPT.set(Some(Gc::new(String::from("made by the dying hook"))));
        }
    }
    thread::spawn(|| {
        KEPT.with(|_| ());
        let allocates = Allocates;
        Heap::with_default(|heap| {
            heap.set_unraisable_hook(move |_| {
                let _ = &allocates;
            });
        });
    })
    .join()
    .unwrap();
}

/// A type that is registered by the thread's last allocation, and frees the default heap while it is.
#[test]
fn a_type_registered_in_the_last_moment() {
    static TABLE: u8 = 7;
    fn table() -> &'static u8 {
        drop(Gc::new(5_u64));
        &TABLE
    }
    #[derive(Trace)]
    #[trace(protocol = table())]
    struct Late(u64);
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            assert_eq!(Gc::new(Late(3)).0, 3);
        }
    }
    thread_local! {
        static LAST: Last = const { Last };
    }
    thread::spawn(|| {
        LAST.with(|_| ());
        drop(Gc::new(1_u32));
    })
    .join()
    .unwrap();
}

/// Heaps that other heaps' garbage owns close one after the other, on a bounded stack.
#[test]
fn a_chain_of_heaps_in_garbage() {
    struct Owned {
        _heap: Option<Heap>,
    }
    leaf!(Owned);
    #[derive(Trace)]
    struct Node {
        me: RefCell<Option<Gc<Node>>>,
        owned: Owned,
    }
    let small = thread::Builder::new().stack_size(512 << 10).spawn(|| {
        let mut inner: Option<Heap> = None;
        for _ in 0..1000 {
            let heap = Heap::new();
            let node = heap.alloc(Node { me: RefCell::new(None), owned: Owned { _heap: inner.take() } });
            *node.me.borrow_mut() = Some(node.clone());
            inner = Some(heap);
        }
        drop(inner);
    });
    small.unwrap().join().unwrap();
}

/// However deep user code may nest, by the host's own word: a chain of handles that nobody traces ends before the stack does.
#[test]
fn nesting_has_a_ceiling() {
    struct Link {
        _next: Option<Gc<Link>>,
    }
    leaf!(Link);
    let thread = thread::Builder::new().stack_size(4 << 20).spawn(|| {
        let heap = Heap::new();
        heap.set_drop_nesting(u32::MAX);
        let mut chain = None;
        for _ in 0..100_000 {
            chain = Some(heap.alloc(Link { _next: chain.take() }));
        }
        drop(chain);
        assert_eq!(heap.object_count(), 0);
    });
    thread.unwrap().join().unwrap();
}
