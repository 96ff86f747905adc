//! The heap ends in the middle of everything that user code can be called from, and goes on being used.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use tailbite::{
    AnyGc, DebugFlags, Equivalence, Factory, Gc, Generation, Heap, Phase, Trace, Trigger, Weak, WeakKeyMap, WeakRef,
    WeakSet, WeakValueMap, callback, leaf,
};

use crate::common::{Loud, Node};

thread_local! {
    static HEAP: RefCell<Option<Heap>> = const { RefCell::new(None) };
    static ENDED: Cell<u32> = const { Cell::new(0) };
}

/// Ends the heap, once, and uses what is left of it.
fn end() {
    let Some(heap) = HEAP.take() else { return };
    ENDED.set(ENDED.get() + 1);
    let (factory, allocator, external) = (heap.factory::<Node>(), heap.allocator(), heap.try_add_external(10));
    let anchor = heap.alloc(1);
    drop(heap);
    use_closed(&factory);
    Gc::with_heap(&anchor, |heap| {
        heap.collect(Generation::Old);
        heap.freeze();
        heap.unfreeze();
        heap.trim();
        heap.safepoint();
        heap.set_stress(1);
        heap.set_trigger(Trigger::Allocation);
        // Within a collection, closing waits for its end.
        heap.add_callback(|_, phase, _| assert_eq!(phase, Phase::Stop));
        heap.set_debug_sink(|_| ());
        heap.set_soft_limit(1, |_, _| unreachable!("closed"));
        heap.set_debug(DebugFlags::SAVEALL);
        let root = heap.add_root(heap.alloc(2));
        assert!(heap.root(root).is_some());
        heap.remove_root(root);
        heap.run_exit_finalizers();
        drop(heap.get_objects(None));
        heap.check();
    });
    let mut items = allocator_api2::vec::Vec::new_in(allocator);
    items.extend(0..1000);
    drop((items, external, factory));
}

fn use_closed(factory: &Factory<Node>) {
    let a = factory.alloc(Node::default());
    let weak = Gc::downgrade(&a);
    WeakRef::with_callback(&a, callback(|_| ()));
    drop(a);
    assert!(weak.upgrade().is_none());
}

/// Sets a heap up with `f`, which makes it end, and asserts that it did, and that what it held was dropped once.
fn ends(f: impl FnOnce(&Heap, &Rc<Cell<usize>>)) {
    let drops = Rc::new(Cell::new(0));
    ENDED.set(0);
    let heap = Heap::new();
    let anchor = heap.alloc(Cell::new(5));
    heap.add_root(heap.alloc(Loud(drops.clone())));
    drop(Node::ring(&heap, &drops));
    HEAP.set(Some(heap));
    Gc::with_heap(&anchor, |heap| f(heap, &drops));
    assert_eq!((ENDED.get(), anchor.get()), (1, 5));
    drop(anchor);
    assert_eq!(drops.get(), 2);
}

#[derive(Trace)]
#[trace(finalize = Ender::finalize)]
struct Ender(RefCell<Option<AnyGc>>);

impl Ender {
    fn finalize(this: &Gc<Ender>) {
        end();
        assert_eq!(Gc::strong_count(this) & 0xff, Gc::strong_count(this));
    }
}

struct EndOnDrop;
leaf!(EndOnDrop);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        end();
    }
}

#[test]
fn in_a_finalizer() {
    ends(|heap, _| drop(heap.alloc(Ender(RefCell::default()))));
    ends(|heap, _| {
        let ring = heap.alloc(Ender(RefCell::default()));
        *ring.0.borrow_mut() = Some(Gc::as_any(&ring));
        drop(ring);
        assert!(heap.collect(Generation::Old) >= 1);
    });
}

#[test]
fn in_a_drop() {
    ends(|heap, _| drop(heap.alloc(EndOnDrop)));
    ends(|heap, _| drop(heap.alloc_slice([Some(EndOnDrop), None])));
    ends(|heap, _| {
        let ring = heap.alloc((RefCell::new(None::<AnyGc>), EndOnDrop));
        *ring.0.borrow_mut() = Some(Gc::as_any(&ring));
        drop(ring);
        assert!(heap.collect(Generation::Old) >= 1);
    });
}

#[test]
fn in_a_weak_callback() {
    ends(|heap, _| {
        let object = heap.alloc(1);
        let _weak = WeakRef::with_callback(&object, callback(|_| end()));
        heap.finalize(&object, (), |()| end());
        drop(object);
    });
    ends(|heap, _| {
        let ring = Node::ring(heap, &Rc::default());
        let _weak = WeakRef::with_callback(&ring, callback(|_| end()));
        drop(ring);
        heap.collect(Generation::Old);
    });
    ends(|heap, _| {
        let object = heap.alloc(vec![1]);
        let _weak = WeakRef::with_callback(&object, callback(|_| end()));
        assert_eq!(Gc::try_unwrap(object).unwrap(), [1]);
    });
}

#[test]
fn in_the_callbacks_of_the_heap() {
    ends(|heap, _| {
        heap.add_callback(|heap, _, _| {
            end();
            heap.collect(Generation::Old);
        });
        heap.collect(Generation::Young);
    });
    ends(|heap, _| {
        heap.set_debug(DebugFlags::COLLECTABLE | DebugFlags::SAVEALL);
        heap.set_debug_sink(|_| end());
        heap.collect(Generation::Old);
        drop(heap.take_garbage());
    });
    ends(|heap, _| {
        heap.set_soft_limit(1 << 20, |_, _| end());
        drop(heap.add_external(1 << 20));
        heap.alloc(1);
    });
    ends(|heap, _| {
        heap.set_unraisable_hook(|_| end());
        heap.finalize(&heap.alloc(1), (), |()| panic!("for the hook"));
    });
    ends(|heap, _| {
        let object = heap.alloc(1);
        heap.finalize(&object, (), |()| end());
        heap.run_exit_finalizers();
    });
}

#[test]
fn in_what_the_callbacks_of_the_heap_captured() {
    ends(|heap, _| {
        let captured = EndOnDrop;
        let key = heap.add_callback(move |_, _, _| drop(&captured));
        heap.remove_callback(key);
    });
    ends(|heap, _| {
        let captured = EndOnDrop;
        heap.set_unraisable_hook(move |_| drop(&captured));
        heap.reset_unraisable_hook();
    });
    ends(|heap, _| {
        let captured = EndOnDrop;
        heap.set_debug_sink(move |_| drop(&captured));
        heap.set_debug_sink(|_| ());
    });
    ends(|heap, _| {
        let captured = EndOnDrop;
        heap.set_soft_limit(usize::MAX, move |_, _| drop(&captured));
        heap.set_soft_limit(0, |_, _| ());
    });
    ends(|heap, _| {
        let object = heap.alloc(1);
        heap.finalize(&object, EndOnDrop, |_| ()).detach();
        drop(object);
    });
}

struct Ends;

impl<T: ?Sized> Equivalence<T> for Ends {
    fn hash(&self, _: &T) -> u64 {
        end();
        1
    }
    fn equivalent(&self, _: &T, _: &T) -> bool {
        end();
        true
    }
}

#[derive(PartialEq, Eq)]
struct Key;
leaf!(Key);

impl Hash for Key {
    fn hash<H: Hasher>(&self, _: &mut H) {
        end();
    }
}

struct Value(Loud);
leaf!(Value);

impl Clone for Value {
    fn clone(&self) -> Value {
        end();
        Value(Loud(self.0.0.clone()))
    }
}

#[test]
fn in_the_hash_and_the_clone_of_weak_containers() {
    ends(|heap, _| {
        let map = WeakKeyMap::<AnyGc, AnyGc, Ends>::with_equivalence(heap, Ends);
        let key = AnyGc::from(heap.alloc(1));
        map.insert(&key, key.clone());
        assert!(map.contains(&key));
        map.check();
    });
    ends(|heap, _| {
        let map = WeakValueMap::<Key, AnyGc>::new(heap);
        let value = AnyGc::from(heap.alloc(1));
        map.insert(Key, &value);
        assert!(map.get(&Key).is_some());
    });
    ends(|heap, _| {
        let set = WeakSet::<Gc<Key>>::new(heap);
        assert!(set.insert(&heap.alloc(Key)));
        assert!(set.is_empty());
    });
    ends(|heap, _| {
        let clones = Rc::new(Cell::new(0));
        let map = WeakKeyMap::<AnyGc, Value>::new(heap);
        let key = AnyGc::from(heap.alloc(1));
        map.insert(&key, Value(Loud(clones.clone())));
        drop(map.get(&key));
        map.clear();
        assert_eq!(clones.get(), 2);
    });
}

#[derive(Trace)]
struct Cyclic(Loud, Weak<Cyclic>);

#[test]
fn in_the_making_of_an_object() {
    ends(|heap, _| {
        let node = heap.alloc_cyclic(|weak| {
            end();
            assert!(weak.upgrade().is_none());
            Cyclic(Loud(Rc::default()), weak.clone())
        });
        assert!(node.1.upgrade().is_some_and(|node| node.0.0.get() == 0));
    });
    ends(|heap, _| {
        let mut value = heap.alloc(Value(Loud(Rc::default())));
        let other = value.clone();
        drop(Gc::make_mut(&mut value));
        assert!(!Gc::ptr_eq(&value, &other));
    });
    ends(|heap, _| {
        let finalize = heap.finalize(&heap.alloc(1), Value(Loud(Rc::default())), |_| ());
        assert!(finalize.peek().is_none());
        end();
    });
    ends(|heap, _| {
        let object = heap.alloc(1);
        let finalize = heap.finalize(&object, Value(Loud(Rc::default())), |_| ());
        drop(finalize.peek());
        assert!(!finalize.is_alive());
    });
}
