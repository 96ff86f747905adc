//! A cycle through each container of other crates, behind the features of their names.

use std::cell::RefCell;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use allocator_api2::alloc::{AllocError, Allocator, Global};
use arrayvec::{ArrayString, ArrayVec};
use either::Either;
use hashbrown::{HashMap, HashSet, HashTable};
use indexmap::{IndexMap, IndexSet};
use num_bigint::{BigInt, BigUint, Sign};
use slotmap::{DefaultKey, DenseSlotMap, Key, KeyData, SecondaryMap, SlotMap, SparseSecondaryMap};
use smallvec::{SmallVec, smallvec};
use tailbite::{AnyGc, Gc, Generation, HeapAllocator, LastFirst, Shape, Trace};
use tailbite_tests::{Log, Probe, manual_heap};
use thin_vec::{ThinVec, thin_vec};

use super::derive::collected_through;

type OtherHasher = BuildHasherDefault<DefaultHasher>;

/// Keeps memory for ever, and a handle in it: an allocator of the host's that has something to drop.
#[derive(Clone)]
struct Owning(#[expect(dead_code, reason = "only that it is there matters")] AnyGc);

// SAFETY: forwards to `Global`, whose memory doesn't depend on the value that it came from.
unsafe impl Allocator for Owning {
    fn allocate(&self, layout: std::alloc::Layout) -> Result<std::ptr::NonNull<[u8]>, AllocError> {
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, block: std::ptr::NonNull<u8>, layout: std::alloc::Layout) {
        // SAFETY: the caller's promise; the block came from `Global`.
        unsafe { Global.deallocate(block, layout) }
    }
}

/// An allocator without anything to drop: giving memory back calls it all the same.
#[derive(Clone, Default)]
struct Foreign;

// SAFETY: forwards to `Global`.
unsafe impl Allocator for Foreign {
    fn allocate(&self, layout: std::alloc::Layout) -> Result<std::ptr::NonNull<[u8]>, AllocError> {
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, block: std::ptr::NonNull<u8>, layout: std::alloc::Layout) {
        // SAFETY: the caller's promise; the block came from `Global`.
        unsafe { Global.deallocate(block, layout) }
    }
}

/// A hasher that owns a handle.
#[derive(Clone)]
struct OwningHasher(#[expect(dead_code, reason = "only that it is there matters")] AnyGc);

impl BuildHasher for OwningHasher {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        DefaultHasher::new()
    }
}

fn in_vec<A: Allocator>(items: impl IntoIterator<Item = AnyGc>, allocator: A) -> allocator_api2::vec::Vec<AnyGc, A> {
    let mut vec = allocator_api2::vec::Vec::new_in(allocator);
    vec.extend(items);
    vec
}

fn table<A: Allocator>(items: [AnyGc; 2], allocator: A) -> HashTable<AnyGc, A> {
    let mut table = HashTable::new_in(allocator);
    for (hash, item) in items.into_iter().enumerate() {
        table.insert_unique(hash as u64, item, |_| unreachable!("it never grows"));
    }
    table
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
    hashbrown_map_value: |a: AnyGc| HashMap::<_, _>::from_iter([(1, a.clone()), (2, a)]);
    hashbrown_map_key: |a: AnyGc| HashMap::<_, _>::from_iter([(a, 1)]);
    hashbrown_map_both: |a: AnyGc| HashMap::<_, _, OtherHasher>::from_iter([(a.clone(), a)]);
    hashbrown_map_elsewhere: |a: AnyGc| {
        let mut map = HashMap::<u8, AnyGc, OtherHasher, Foreign>::default();
        map.extend([(1, a.clone()), (2, a)]);
        map
    };
    hashbrown_set: |a| HashSet::<_>::from_iter([a]);
    hashbrown_set_elsewhere: |a| {
        let mut set = HashSet::<AnyGc, OtherHasher, Foreign>::default();
        set.insert(a);
        set
    };
    hashbrown_table: |a: AnyGc| {
        let mut table = HashTable::new();
        for hash in 0..100 {
            table.insert_unique(hash, (hash, a.clone()), |(hash, _)| *hash);
        }
        table
    };
    hashbrown_table_elsewhere: |a: AnyGc| {
        let mut table = HashTable::new_in(Foreign);
        table.insert_unique(7, a, |_| 7);
        table
    };
    index_map_value: |a: AnyGc| IndexMap::from([("x", a.clone()), ("y", a)]);
    index_map_key: |a| IndexMap::<_, _, OtherHasher>::from_iter([(a, 1)]);
    index_map_both: |a: AnyGc| IndexMap::from([(a.clone(), a)]);
    index_set: |a| IndexSet::from([a]);
    small_vec_inline: |a: AnyGc| -> SmallVec<[AnyGc; 4]> { smallvec![a.clone(), a] };
    small_vec_spilled: |a: AnyGc| -> SmallVec<[AnyGc; 1]> { smallvec![a.clone(), a.clone(), a] };
    array_vec: |a: AnyGc| ArrayVec::<_, 4>::from_iter([a.clone(), a]);
    either_left: Either::<_, AnyGc>::Left;
    either_right: Either::<u8, _>::Right;
    slot_map: |a: AnyGc| {
        let mut map = SlotMap::new();
        let gone = map.insert(a.clone());
        map.insert(a.clone());
        map.insert(a);
        map.remove(gone);
        map
    };
    dense_slot_map: |a: AnyGc| {
        let mut map = DenseSlotMap::new();
        let gone = map.insert(a.clone());
        map.insert(a.clone());
        map.insert(a);
        map.remove(gone);
        map
    };
    hop_slot_map: |a: AnyGc| {
        #[expect(deprecated, reason = "as long as it is there")]
        let mut map = slotmap::HopSlotMap::new();
        map.insert(a.clone());
        map.insert(a);
        map
    };
    secondary_map: |a: AnyGc| {
        let mut keys = SlotMap::new();
        let mut map = SecondaryMap::new();
        for _ in 0..3 {
            map.insert(keys.insert(()), a.clone());
        }
        map
    };
    sparse_secondary_map: |a: AnyGc| {
        let mut keys = SlotMap::new();
        let mut map = SparseSecondaryMap::<DefaultKey, _, OtherHasher>::with_hasher(OtherHasher::default());
        map.insert(keys.insert(()), a.clone());
        map.insert(keys.insert(()), a);
        map
    };
    thin_vec_: |a: AnyGc| -> ThinVec<AnyGc> { thin_vec![a.clone(), a] };
    api_vec: |a: AnyGc| in_vec([a.clone(), a], Global);
    api_vec_elsewhere: |a: AnyGc| in_vec([a.clone(), a], Foreign);
    api_box: allocator_api2::boxed::Box::new;
    api_box_elsewhere: |a| allocator_api2::boxed::Box::new_in(vec![a], Foreign);
    last_first: |a: AnyGc| LastFirst::from(vec![a.clone(), a]);
    last_first_elsewhere: |a: AnyGc| LastFirst::from(in_vec([a.clone(), a], Foreign));
    nested: |a: AnyGc| {
        let inner: SmallVec<[Either<AnyGc, u8>; 2]> = smallvec![Either::Left(a.clone()), Either::Right(1)];
        let map = IndexMap::<_, _>::from_iter([(1, RefCell::new(HashMap::<_, _>::from_iter([(2, inner)])))]);
        (map, thin_vec![ArrayVec::<_, 2>::from([a.clone(), a])])
    };
}

// What hashers and allocators own is opaque: never collected, and freed as soon as it is let go of by hand.
through! { 0:
    owning_hasher: |a| HashMap::<u8, u8, _>::with_hasher(OwningHasher(a));
    owning_hasher_of_a_set: |a: AnyGc| {
        let mut set = IndexSet::with_hasher(OwningHasher(a.clone()));
        set.insert(a);
        set
    };
    owning_allocator: |a: AnyGc| in_vec([a.clone()], Owning(a));
    owning_allocator_of_a_table: |a: AnyGc| table([a.clone(), a.clone()], Owning(a));
    owning_allocator_of_a_list: |a| LastFirst::<AnyGc, _>::new_in(Owning(a));
}

fn shape<T: Trace>() -> Shape {
    Shape::of::<T>()
}

#[test]
fn containers_of_plain_items_are_not_tracked() {
    let plain = [
        shape::<HashMap<u8, String>>(),
        shape::<HashSet<u8>>(),
        shape::<HashTable<u8>>(),
        shape::<IndexMap<String, u8>>(),
        shape::<IndexSet<u8>>(),
        shape::<SmallVec<[String; 2]>>(),
        shape::<ArrayVec<String, 2>>(),
        shape::<ArrayVec<AnyGc, 0>>(),
        shape::<ArrayString<8>>(),
        shape::<Either<u8, String>>(),
        shape::<SlotMap<DefaultKey, String>>(),
        shape::<SecondaryMap<DefaultKey, u8>>(),
        shape::<SparseSecondaryMap<DefaultKey, u8>>(),
        shape::<ThinVec<String>>(),
        shape::<allocator_api2::vec::Vec<String>>(),
        shape::<allocator_api2::boxed::Box<u8>>(),
        // A heap's own raw memory runs nobody's code.
        shape::<allocator_api2::vec::Vec<u8, HeapAllocator>>(),
        shape::<LastFirst<u8, HeapAllocator>>(),
        shape::<allocator_api2::boxed::Box<[u8]>>(),
        shape::<LastFirst<String>>(),
        shape::<(BigInt, BigUint, Sign)>(),
        shape::<(KeyData, DefaultKey, Global)>(),
    ];
    for (index, shape) in plain.into_iter().enumerate() {
        assert_eq!(shape, Shape::PLAIN, "number {index}");
    }
    let heap = manual_heap();
    assert!(!heap.is_tracked(&heap.alloc(BigInt::from(5) << 200)));
    assert!(!heap.is_tracked(&heap.alloc(ThinVec::<u8>::new())));
    assert!(heap.is_tracked(&heap.alloc(ThinVec::<AnyGc>::new())));
}

#[test]
fn foreign_code_in_a_drop_is_known() {
    let loud = [
        shape::<HashMap<u8, u8, OwningHasher>>(),
        shape::<HashMap<u8, u8, OtherHasher, Foreign>>(),
        shape::<HashSet<u8, OtherHasher, Foreign>>(),
        shape::<HashSet<u8, OwningHasher>>(),
        shape::<HashTable<u8, Foreign>>(),
        shape::<IndexMap<u8, u8, OwningHasher>>(),
        shape::<IndexSet<u8, OwningHasher>>(),
        shape::<SparseSecondaryMap<DefaultKey, u8, OwningHasher>>(),
        shape::<allocator_api2::vec::Vec<u8, Foreign>>(),
        shape::<allocator_api2::boxed::Box<u8, Foreign>>(),
        shape::<LastFirst<u8, Foreign>>(),
        shape::<SmallVec<[Probe; 2]>>(),
        shape::<ThinVec<Probe>>(),
        shape::<Either<u8, Probe>>(),
        shape::<SlotMap<DefaultKey, Probe>>(),
    ];
    for (index, shape) in loud.into_iter().enumerate() {
        assert_eq!(shape, Shape::LOUD_DROP, "number {index}");
    }
    assert_eq!(shape::<allocator_api2::vec::Vec<AnyGc, Foreign>>(), Shape::UNKNOWN);
    assert_eq!(shape::<HashMap<AnyGc, Probe>>(), Shape::UNKNOWN);
    assert_eq!(shape::<IndexMap<AnyGc, u8>>(), Shape::EDGES);
    assert_eq!(shape::<IndexMap<u8, AnyGc>>(), Shape::EDGES);
}

/// A container that is borrowed for writing while a collection looks at it is opaque, and only then.
#[test]
fn borrowed_for_writing() {
    #[derive(Trace)]
    struct Node(RefCell<IndexMap<u8, Gc<Node>>>);
    let heap = manual_heap();
    let node = heap.alloc(Node(RefCell::default()));
    node.0.borrow_mut().insert(1, node.clone());
    {
        let mut writing = node.0.borrow_mut();
        assert_eq!(heap.collect(Generation::Old), 0);
        writing.insert(2, node.clone());
    }
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 1);
}

#[derive(Trace)]
enum Chain {
    End(AnyGc),
    Link(allocator_api2::boxed::Box<Chain, Foreign>),
}

/// Boxes in other memory nest as the standard library's do: what lies too deep is held from outside.
#[test]
fn boxes_in_boxes() {
    let chain = |length: usize, end: AnyGc| {
        let link = |chain, _| Chain::Link(allocator_api2::boxed::Box::new_in(chain, Foreign));
        (0..length).fold(Chain::End(end), link)
    };
    assert_eq!(collected_through(|a| chain(10, a)), 1);
    assert_eq!(collected_through(|a| chain(5_000, a)), 0);
}

#[test]
fn a_list_in_other_memory_drops_from_the_last_to_the_first() {
    let log = Log::new();
    let mut list = LastFirst::new_in(Foreign);
    assert!(list.try_reserve(3).is_ok() && list.capacity() >= 3);
    assert!(list.try_reserve(usize::MAX).is_err());
    for name in ["a", "b", "c"] {
        list.push(log.probe(name));
    }
    let Foreign = list.allocator();
    drop(list);
    assert_eq!(log.take(), ["drop c", "drop b", "drop a"]);
    let mut list = LastFirst::from(in_vec([], Foreign));
    list.push(Gc::erase(Gc::new(1)));
    assert_eq!(list.into_items().len(), 1);
}

/// Also the rest, when the drop of an item panics.
#[test]
fn a_list_goes_on_from_the_last_to_the_first_after_a_panic() {
    struct Loud(u8, Log);
    impl Drop for Loud {
        fn drop(&mut self) {
            self.1.push(self.0.to_string());
            if self.0 == 4 {
                panic!("loud");
            }
        }
    }
    let log = Log::new();
    let list: LastFirst<Loud> = (1..=5).map(|number| Loud(number, log.clone())).collect();
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(list)));
    assert!(unwound.is_err());
    assert_eq!(log.take(), ["5", "4", "3", "2", "1"]);
}

/// The way to the standard library's vector and back copies nothing, for every kind of item.
#[test]
fn a_list_takes_a_vector_over() {
    let log = Log::new();
    let mut items = Vec::with_capacity(10);
    items.extend(["a", "b"].map(|name| log.probe(name)));
    let at = items.as_ptr();
    let list = LastFirst::from(items);
    assert_eq!((list.as_ptr(), list.len(), list.capacity()), (at, 2, 10));
    let back = list.into_vec();
    assert_eq!((back.as_ptr(), back.len(), back.capacity()), (at, 2, 10));
    drop(back);
    assert_eq!(log.take(), ["drop a", "drop b"]);
    assert_eq!(LastFirst::from(vec![(), ()]).into_vec().len(), 2);
    assert!(LastFirst::from(Vec::<u64>::new()).into_vec().is_empty());
    let list: LastFirst<u8> = [3, 1].into_iter().collect();
    assert_eq!(format!("{list:?}"), "LastFirst([3, 1])");
    assert!(list.clone() == list && list > LastFirst::default() && list.iter().sum::<u8>() == 4);
}

slotmap::new_key_type! { struct Own; }
tailbite::leaf!(Own);

/// A host's own keys are declared, and may be fields.
#[test]
fn keys_of_the_host() {
    #[derive(Trace)]
    struct Table {
        map: RefCell<SlotMap<Own, Gc<Table>>>,
        last: Own,
    }
    let heap = manual_heap();
    let table = heap.alloc(Table { map: RefCell::default(), last: Own::null() });
    let key = table.map.borrow_mut().insert(table.clone());
    assert!(table.last != key);
    drop(table);
    assert_eq!(heap.collect(Generation::Old), 1);
}
