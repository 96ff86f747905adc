//! Handles, heaps and factories in thread-locals, in every order of destruction, and threads that panic.

use std::cell::{Cell, RefCell};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tailbite::{
    AnyGc, Factory, Finalize, Gc, Generation, Heap, HeapAllocator, Trace, Weak, WeakKeyMap, WeakRef, callback, leaf,
};

use crate::common::{Loud, Node, manual};

static DROPS: AtomicUsize = AtomicUsize::new(0);
/// One test at a time counts.
static COUNTING: Mutex<()> = Mutex::new(());

struct Counted;
leaf!(Counted);

impl Drop for Counted {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Ordering::Relaxed);
        // Thread-locals are dying or dead now: ask for all of them.
        let _ = A.try_with(|a| a.try_borrow().map(|a| a.len()));
        let _ = C.try_with(|c| c.try_borrow_mut().map(|mut c| c.take()));
        let kept = Gc::new(Node::default());
        *kept.next.borrow_mut() = Some(Gc::as_any(&kept));
        drop(kept);
        Heap::with_default(|heap| {
            heap.collect(Generation::Old);
            heap.alloc(1);
            heap.check();
        });
    }
}

#[derive(Trace)]
#[trace(finalize = Last::finalize)]
struct Last(RefCell<Option<AnyGc>>, Counted);

impl Last {
    fn finalize(this: &Gc<Last>) {
        Heap::with_default(|heap| drop(heap.alloc(Counted)));
        let _ = A.try_with(|a| a.try_borrow_mut().map(|mut a| a.push(Gc::as_any(this))));
    }
}

thread_local! {
    static A: RefCell<Vec<AnyGc>> = RefCell::default();
    static B: RefCell<Option<Heap>> = const { RefCell::new(None) };
    static C: RefCell<Option<(Factory<Node>, HeapAllocator, Finalize<AnyGc>)>> = const { RefCell::new(None) };
    static D: Cell<Option<Weak<Node>>> = const { Cell::new(None) };
}

fn fill(order: usize) {
    let steps: [fn(); 4] = [
        || {
            A.with_borrow_mut(|a| {
                let ring = Gc::new(Last(RefCell::default(), Counted));
                *ring.0.borrow_mut() = Some(Gc::as_any(&ring));
                a.push(ring.into());
                a.push(Gc::new(Counted).into());
            });
        },
        || {
            let heap = manual();
            heap.add_root(heap.alloc(Counted));
            A.with_borrow_mut(|a| a.push(heap.alloc(Counted).into()));
            heap.finalize(&heap.alloc(1), Gc::new(Counted), drop);
            B.set(Some(heap));
        },
        || {
            Heap::with_default(|heap| {
                let object = Gc::new(Counted);
                let finalize = heap.finalize(&object, AnyGc::from(heap.alloc(Counted)), drop);
                C.set(Some((heap.factory(), heap.allocator(), finalize)));
                A.with_borrow_mut(|a| a.push(object.into()));
            });
        },
        || {
            let node = Gc::new(Node::default());
            D.set(Some(Gc::downgrade(&node)));
            let weak = WeakRef::with_callback(&node, callback(|_| drop(Gc::new(Counted))));
            A.with_borrow_mut(|a| a.extend([AnyGc::from(node), weak.into()]));
        },
    ];
    (0..4).for_each(|n| steps[(n * 3 + order) % 4]());
}

#[test]
fn in_every_order() {
    let _guard = COUNTING.lock().unwrap();
    for order in 0..4 {
        let before = DROPS.load(Ordering::Relaxed);
        std::thread::Builder::new().stack_size(128 << 10).spawn(move || fill(order)).unwrap().join().unwrap();
        assert!(DROPS.load(Ordering::Relaxed) >= before + 6);
    }
}

#[test]
fn a_thread_that_panics_with_all_of_it() {
    let _guard = COUNTING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let thread = std::thread::spawn(|| {
        fill(1);
        let heap = manual();
        let _ring = heap.alloc(Last(RefCell::default(), Counted));
        std::panic::resume_unwind(Box::new("quiet"));
    });
    assert!(thread.join().is_err());
}

#[test]
fn a_map_in_a_thread_local_whose_keys_are_in_another() {
    thread_local! {
        static MAP: RefCell<Option<Gc<WeakKeyMap<AnyGc, AnyGc>>>> = const { RefCell::new(None) };
        static KEYS: RefCell<Vec<AnyGc>> = RefCell::default();
    }
    for order in [true, false] {
        std::thread::spawn(move || {
            if order {
                KEYS.with_borrow_mut(Vec::clear);
            }
            let map = Heap::with_default(WeakKeyMap::new);
            KEYS.with_borrow_mut(|keys| {
                for _ in 0..100 {
                    let key = AnyGc::from(Gc::new(Node::default()));
                    map.insert(&key, key.clone());
                    keys.push(key);
                }
            });
            map.insert(&Gc::as_any(&map), Gc::as_any(&map));
            MAP.set(Some(map));
        })
        .join()
        .unwrap();
    }
}

#[test]
fn the_default_heap_is_asked_from_within_itself() {
    std::thread::spawn(|| {
        Heap::with_default(|outer| {
            Heap::with_default(|inner| {
                assert!(inner.contains(&outer.alloc(1)));
                inner.set_memory_limit(Some(0));
                assert!(Gc::try_new([1_u8; 4000]).is_err());
                let drops = std::rc::Rc::new(Cell::new(0));
                let boxed: Box<[Loud]> = (0..2000).map(|_| Loud(drops.clone())).collect();
                let make = std::panic::AssertUnwindSafe(|| Gc::<[Loud]>::from(boxed));
                assert!(std::panic::catch_unwind(make).is_err());
                assert_eq!(drops.get(), 2000);
                inner.set_memory_limit(None);
            });
        });
    })
    .join()
    .unwrap();
}
