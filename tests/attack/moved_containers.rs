//! Weak containers know where they lie: attempts to move one out of its object, or to swap it with that of another heap.

use std::cell::Cell;
use std::mem;
use std::rc::Rc;

use tailbite::{
    AnyGc, ById, External, Gc, Heap, HeapAllocator, LastFirst, Trace, WeakKeyMap, WeakRef, WeakSet, WeakValueMap,
};

use crate::common::{Loud, Node, manual};

type Map = WeakKeyMap<AnyGc, AnyGc, ById>;

#[test]
fn a_map_is_not_moved_out_of_its_object() {
    let heap = manual();
    let map = Map::with_equivalence(&heap, ById);
    let key = AnyGc::from(Node::alloc(&heap, None));
    map.insert(&key, heap.alloc(1).into());
    let map = Gc::try_unwrap(map).expect_err("it has the address in its entries");
    drop(heap);
    assert!(map.contains(&key));
    assert!(Gc::into_inner(map).is_none());
}

#[test]
fn a_set_and_a_value_map_are_not_moved_either() {
    let heap = manual();
    let set = WeakSet::<AnyGc, ById>::with_equivalence(&heap, ById);
    let values = WeakValueMap::<u8, AnyGc>::new(&heap);
    assert!(Gc::try_unwrap(set).is_err() && Gc::try_unwrap(values).is_err());
}

#[test]
fn maps_of_two_heaps_are_not_swapped() {
    let (a, b) = (manual(), manual());
    let (mut one, mut two) = (Map::with_equivalence(&a, ById), Map::with_equivalence(&b, ById));
    if let (Some(mut one), Some(mut two)) = (Gc::get_mut(&mut one), Gc::get_mut(&mut two)) {
        mem::swap(&mut *one, &mut *two);
        unreachable!("they are lent");
    }
    assert_eq!(one.len() + two.len(), 0);
}

#[test]
fn what_is_never_lent_may_be_unique() {
    let heap = manual();
    let object = heap.alloc(1);
    let mut map = Map::with_equivalence(&heap, ById);
    let mut weak = WeakRef::new(&object);
    let mut view: Gc<[i32]> = Gc::unsize(heap.alloc([1, 2]), |array| &array[..]);
    assert!(Gc::is_unique(&map) && Gc::is_unique(&weak) && Gc::is_unique(&view));
    assert!(Gc::get_mut(&mut map).is_none() && Gc::get_mut(&mut weak).is_none() && Gc::get_mut(&mut view).is_none());
}

#[test]
fn vectors_and_external_bytes_are_swapped_between_heaps() {
    #[derive(Trace)]
    struct Parts {
        items: LastFirst<AnyGc, HeapAllocator>,
        bytes: External,
        loud: Loud,
    }
    let (a, b) = (manual(), manual());
    let drops = Rc::new(Cell::new(0));
    let make = |heap: &Heap, count: usize| {
        let mut items = LastFirst::new_in(heap.allocator());
        items.extend((0..count).map(|n| AnyGc::from(heap.alloc(n))));
        heap.alloc(Parts { items, bytes: heap.add_external(count), loud: Loud(drops.clone()) })
    };
    let (mut one, mut two) = (make(&a, 100), make(&b, 1000));
    mem::swap(&mut *Gc::get_mut(&mut one).unwrap(), &mut *Gc::get_mut(&mut two).unwrap());
    assert_eq!((a.external_bytes(), b.external_bytes()), (100, 1000));
    drop(a);
    assert_eq!((one.items.len(), two.items.len(), one.bytes.bytes(), one.loud.0.get()), (1000, 100, 1000, 0));
    drop(one);
    assert_eq!((b.external_bytes(), drops.get()), (0, 1));
    b.check();
    drop((two, b));
    assert_eq!(drops.get(), 2);
}
