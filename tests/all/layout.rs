//! Sizes, niches, addresses and alignments.

use std::cell::RefCell;
use std::fmt::Debug;

use tailbite::{AnyGc, Gc, Generation, Trace, WithSlice, unsize};
use tailbite_tests::{Log, Node, manual_heap};

#[test]
fn handles_are_one_word_with_a_niche() {
    assert_eq!(size_of::<Gc<Node>>(), 8);
    assert_eq!(size_of::<Option<Gc<Node>>>(), 8);
    assert_eq!(size_of::<AnyGc>(), 8);
    assert_eq!(size_of::<Option<AnyGc>>(), 8);
    assert_eq!(size_of::<Option<Gc<dyn Debug>>>(), 16);
    assert_eq!(size_of::<Option<Gc<[u8]>>>(), 16);
}

#[test]
fn addresses_are_stable_and_fit_48_bits() {
    let heap = manual_heap();
    let log = Log::new();
    let nodes: Vec<_> = (0..1000).map(|_| Node::alloc(&heap, &log, "n")).collect();
    let addresses: Vec<usize> = nodes.iter().map(|node| Gc::as_any(node).address()).collect();
    heap.collect(Generation::Old);
    heap.trim();
    for (node, &address) in nodes.iter().zip(&addresses) {
        assert_eq!(Gc::as_any(node).address(), address);
        assert!(address != 0 && address < 1 << 48);
    }
}

#[repr(align(16))]
struct Align16(u64);
#[repr(align(32))]
struct Align32(u8, [u8; 3]);
#[repr(align(64))]
struct Align64([u64; 20]);
#[repr(align(128))]
struct Align128(u32);
#[repr(align(4096))]
struct Align4096(u64);
#[repr(align(64))]
struct Empty64;
#[repr(align(4096))]
struct Empty4096;
tailbite::leaf!(Align16, Align32, Align64, Align128, Align4096, Empty64, Empty4096);

/// Allocates `count` objects of a type, and checks alignment, contents, and that they are freed.
fn aligned<T: Trace>(count: usize, make: impl Fn(usize) -> T, same: impl Fn(&T, usize) -> bool) {
    let heap = manual_heap();
    let mut objects: Vec<Gc<T>> = (0..count).map(|index| heap.alloc(make(index))).collect();
    let check = |objects: &[Gc<T>]| {
        for (index, object) in objects.iter().enumerate() {
            assert_eq!(Gc::as_ptr(object).addr() % align_of::<T>(), 0, "{}", std::any::type_name::<T>());
            assert!(same(object, index));
            assert!(heap.contains(object));
        }
    };
    check(&objects);
    heap.check();
    objects.truncate(count / 2);
    objects.extend((count / 2..count).map(|index| heap.alloc(make(index))));
    check(&objects);
    assert_eq!(heap.collect(Generation::Old), 0);
    drop(objects);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn payloads_are_aligned() {
    aligned(500, |index| index as u64, |value, index| *value == index as u64);
    aligned(500, |index| Align16(index as u64), |value, index| value.0 == index as u64);
    aligned(500, |index| Align32(index as u8, [7; 3]), |value, index| value.0 == index as u8 && value.1 == [7; 3]);
    aligned(500, |index| Align64([index as u64; 20]), |value, index| value.0 == [index as u64; 20]);
    aligned(200, |index| Align128(index as u32), |value, index| value.0 == index as u32);
    aligned(50, |index| Align4096(index as u64), |value, index| value.0 == index as u64);
    aligned(500, |_| Empty64, |_, _| true);
    aligned(50, |_| Empty4096, |_, _| true);
    aligned(500, |_| (), |(), _| true);
}

#[test]
fn over_aligned_objects_with_edges_are_collected() {
    #[derive(Trace)]
    #[repr(align(64))]
    struct Wide64(RefCell<Option<AnyGc>>, tailbite_tests::Probe);
    #[derive(Trace)]
    #[repr(align(4096))]
    struct Wide4096(RefCell<Option<AnyGc>>, tailbite_tests::Probe);
    let heap = manual_heap();
    let log = Log::new();
    for _ in 0..50 {
        let a = heap.alloc(Wide64(RefCell::default(), log.probe("64")));
        let b = heap.alloc(Wide4096(RefCell::new(Some(Gc::as_any(&a))), log.probe("4096")));
        assert_eq!((Gc::as_ptr(&a).addr() % 64, Gc::as_ptr(&b).addr() % 4096), (0, 0));
        *a.0.borrow_mut() = Some(b.into());
    }
    heap.check();
    assert_eq!(heap.collect(Generation::Old), 100);
    assert_eq!((log.count("drop 64"), log.count("drop 4096")), (50, 50));
    heap.check();
}

#[test]
fn over_aligned_payloads_behind_unsized_handles() {
    use std::any::Any;
    let heap = manual_heap();
    let small: Gc<dyn Any> = unsize!(heap.alloc(Align64([7; 20])) => dyn Any);
    let large: Gc<dyn Any> = unsize!(heap.alloc(Align4096(9)) => dyn Any);
    let empty: Gc<dyn Any> = unsize!(heap.alloc(Empty4096) => dyn Any);
    let weak = Gc::downgrade(&large);
    assert_eq!(small.downcast_ref::<Align64>().map(|value| value.0[19]), Some(7));
    assert_eq!(large.downcast_ref::<Align4096>().map(|value| value.0), Some(9));
    assert!(empty.is::<Empty4096>() && Gc::as_ptr(&empty).cast::<u8>().addr() % 4096 == 0);
    let array: Gc<[Align64]> =
        Gc::unsize(heap.alloc([Align64([1; 20]), Align64([2; 20])]), |array| array as &[Align64]);
    assert_eq!((array.as_ptr().addr() % 64, array[1].0[19]), (0, 2));
    let erased = Gc::erase(large);
    assert_eq!(erased.downcast_ref::<Align4096>().map(|value| value.0), Some(9));
    drop((small, erased, empty, array));
    assert!(weak.upgrade().is_none());
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn zero_sized_objects_are_objects() {
    struct Nothing;
    tailbite::leaf!(Nothing);
    let heap = manual_heap();
    let (a, b) = (heap.alloc(Nothing), heap.alloc(Nothing));
    assert!(!Gc::ptr_eq(&a, &b));
    assert_ne!(Gc::as_any(&a).address(), Gc::as_any(&b).address());
    assert!(Gc::as_any(&a).is::<Nothing>() && !Gc::as_any(&a).is::<()>());
    let weak = Gc::downgrade(&a);
    drop(a);
    assert!(weak.upgrade().is_none());
    let slice: Gc<[()]> = heap.alloc_slice([(); 1000]);
    assert_eq!(slice.len(), 1000);
    let tuple = heap.alloc_with_slice((), [(); 3]);
    assert_eq!(tuple.slice.len(), 3);
    drop((b, slice, tuple));
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn slices_are_aligned_behind_their_header_value() {
    let heap = manual_heap();
    for len in [0_usize, 1, 2, 3, 7, 64, 1000] {
        let tuple: Gc<WithSlice<u8, Align16>> = heap.alloc_with_slice(3, (0..len).map(|index| Align16(index as u64)));
        assert_eq!(tuple.head, 3);
        assert_eq!(tuple.slice.as_ptr().addr() % 16, 0);
        assert!(tuple.slice.iter().enumerate().all(|(index, item)| item.0 == index as u64));
        let slice = heap.alloc_slice((0..len).map(|index| Align64([index as u64; 20])));
        assert_eq!(slice.as_ptr().addr() % 64, 0);
        assert!(slice.iter().enumerate().all(|(index, item)| item.0[19] == index as u64));
        let wide: Gc<WithSlice<Align64, u8>> = heap.alloc_with_slice(Align64([9; 20]), vec![1; len]);
        assert_eq!((std::ptr::from_ref(&wide.head).addr() % 64, wide.slice.len()), (0, len));
        heap.check();
    }
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn pools_of_all_kinds_mix() {
    let heap = manual_heap();
    let log = Log::new();
    let mut kept: Vec<AnyGc> = Vec::new();
    for index in 0..2000_usize {
        kept.push(heap.alloc_slice(vec![index as u8; index % 600]).into());
        kept.push(heap.alloc(Align16(1)).into());
        kept.push(Node::alloc(&heap, &log, "n").into());
        kept.push(heap.alloc_slice(vec![None::<Gc<Node>>; index % 90]).into());
        if index % 5 == 0 {
            kept.swap_remove(index * 31 % kept.len());
        }
        if index % 500 == 0 {
            heap.collect(Generation::Young);
            heap.check();
        }
    }
    assert_eq!(heap.object_count(), kept.len());
    drop(kept);
    assert_eq!(heap.object_count(), 0);
    heap.trim();
    heap.check();
}

#[test]
fn the_header_is_eight_bytes() {
    #[derive(Trace)]
    struct Two {
        a: Option<Gc<Two>>,
        b: Option<Gc<Two>>,
        value: i64,
    }
    let heap = manual_heap();
    let two = heap.alloc(Two { a: None, b: None, value: 1 });
    let classes = heap.memory().classes;
    let sizes: Vec<usize> = classes.iter().filter(|class| class.allocated != 0).map(|class| class.size).collect();
    assert_eq!(sizes, [size_of::<Two>() + 8], "24 bytes of payload take a block of 32");
    assert!(two.a.is_none() && two.b.is_none() && two.value == 1);
}
