//! Values of one word, keys of roots, generations: all bit patterns, forged and stale numbers.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use tailbite::{AnyGc, Gc, Generation, Heap, Packed, RootKey, Trace, Unpacked};

use crate::common::{Node, manual};

#[test]
fn floats_of_all_heads_stay_floats() {
    let hash = |packed: &Packed| {
        let mut hasher = DefaultHasher::new();
        packed.hash(&mut hasher);
        hasher.finish()
    };
    for head in 0..=0xffff_u64 {
        for tail in [0, 1, 0x7fff_ffff_ffff, 0x8000_0000_0000, 0xffff_ffff_ffff, 0x7f8a_660c_e1f8, 5 << 32] {
            let bits = head << 48 | tail;
            let float = f64::from_bits(bits);
            let packed = Packed::float(float);
            let Unpacked::Float(back) = packed.unpack() else { panic!("{bits:x} is {:?}", packed.unpack()) };
            assert!(back.to_bits() == bits || (back.is_nan() && float.is_nan()), "{bits:x}");
            assert!(packed.as_object().is_none() && packed.as_int().is_none() && packed.as_tag().is_none());
            assert!(packed == packed.clone() && hash(&packed) == hash(&packed.clone()));
            assert!(Packed::float(back) == packed);
            drop(packed);
        }
    }
}

#[test]
fn integers_and_tags_at_their_limits() {
    for base in
        [0, Packed::MIN_INT, Packed::MAX_INT, i64::MIN, i64::MAX, 1 << 46, 1 << 48, 1 << 52, i64::from(u32::MAX)]
    {
        for by in -3..=3 {
            let Some(int) = base.checked_add(by) else { continue };
            let packed = Packed::int(int);
            assert_eq!(packed.is_some(), (Packed::MIN_INT..=Packed::MAX_INT).contains(&int));
            if let Some(packed) = packed {
                assert_eq!(packed.unpack(), Unpacked::Int(int));
                assert!(packed != Packed::float(int as f64) && packed.into_object().is_err());
            }
        }
    }
    for tag in [0, 1, u32::MAX, u32::MAX - 1, 1 << 31] {
        assert_eq!(Packed::tag(tag).unpack(), Unpacked::Tag(tag));
        assert!(Packed::tag(tag) != Packed::from(tag) && Packed::tag(tag).into_object().is_err());
    }
}

#[test]
fn packed_objects_are_counted_in_every_move() {
    let heap = manual();
    let object = heap.alloc(7);
    let mut values = vec![Packed::from(object.clone()); 10];
    values.dedup();
    assert_eq!((values.len(), Gc::strong_count(&object)), (1, 2));
    let other = std::mem::replace(&mut values[0], Packed::float(f64::NAN));
    assert!(Packed::same(&other, &Packed::from(object.clone())));
    let Ok(any) = other.into_object() else { panic!("it is one") };
    assert_eq!(any.strong_count(), 2);
    let ring = heap.alloc(std::cell::Cell::new(Packed::tag(1)));
    ring.set(ring.clone().into());
    drop(ring);
    assert_eq!(heap.collect(Generation::Old), 1);
}

#[test]
fn forged_keys_name_nothing_or_what_has_their_type() {
    let heaps = [manual(), manual()];
    let mut known = Vec::new();
    for round in 0..50_u64 {
        for heap in &heaps {
            let key = heap.add_root(heap.alloc(round));
            known.push(key.to_bits());
            heap.add_root(heap.alloc_str("text"));
            if round % 2 == 0 {
                heap.remove_root(key);
            }
        }
    }
    let mut asked = known.clone();
    for bits in &known {
        asked.extend((0..64).map(|bit| bits ^ (1 << bit)));
        asked.extend([bits.wrapping_neg(), bits.swap_bytes(), bits << 32, bits >> 32, !bits]);
    }
    asked.extend([0, 1, u64::MAX, u64::from(u32::MAX), 1 << 32, i64::MIN as u64]);
    for heap in &heaps {
        for &bits in &asked {
            if let Some(number) = heap.root(RootKey::<u64>::from_bits(bits)) {
                assert!(*number < 50);
            }
            if let Some(text) = heap.root(RootKey::<str>::from_bits(bits)) {
                assert_eq!(&*text, "text");
            }
            assert!(heap.root(RootKey::<[u8]>::from_bits(bits)).is_none());
            assert!(heap.remove_root(RootKey::<String>::from_bits(bits)).is_none());
            assert!(
                heap.root_any(RootKey::<dyn Send>::from_bits(bits))
                    .is_none_or(|any| any.is::<u64>() || any.is::<str>())
            );
        }
        assert_eq!(heap.root_count(), 75);
        heap.check();
    }
}

#[test]
fn a_stale_key_never_names_what_came_later() {
    let heap = manual();
    let first = heap.add_root(heap.alloc(1));
    heap.remove_root(first);
    for n in 0..200_000 {
        let key = heap.add_root(heap.alloc(n));
        assert!(key != first && heap.root(first).is_none());
        heap.remove_root(key);
    }
    let stale = heap.add_callback(|_, _, _| ());
    heap.remove_callback(stale);
    for _ in 0..10_000 {
        let key = heap.add_callback(|_, _, _| ());
        assert!(!heap.remove_callback(stale));
        heap.remove_callback(key);
    }
}

#[test]
fn roots_of_a_heap_that_is_gone_and_roots_that_are_removed_by_finalizers() {
    #[derive(Trace)]
    #[trace(finalize = Unroot::finalize)]
    struct Unroot(#[trace(skip)] std::cell::Cell<u64>);
    impl Unroot {
        fn finalize(this: &Gc<Unroot>) {
            Gc::with_heap(this, |heap| {
                drop(heap.remove_root_any(RootKey::<()>::from_bits(this.0.get())));
                this.0.set(heap.add_root_any(heap.alloc(5).into()).to_bits());
                heap.add_root_any(Gc::as_any(this));
            });
        }
    }
    let heap = manual();
    for _ in 0..10 {
        let key = heap.add_root(heap.alloc(Node::default()));
        heap.add_root(heap.alloc(Unroot(key.to_bits().into())));
    }
    let anchor = AnyGc::from(heap.alloc(1));
    let key = heap.add_root_any(anchor.clone());
    drop(heap);
    anchor.with_heap(|heap| {
        assert!(heap.root_any(key).is_none() || heap.root_count() > 0);
        heap.check();
    });
}

#[test]
fn numbers_of_generations() {
    for number in [i64::MIN, -2, -1, 3, i64::MAX] {
        assert!(Generation::try_from(number).is_err());
        assert_eq!(Generation::parse_objects_argument(number).is_ok(), number == -1);
    }
    assert!(Generation::try_from(usize::MAX).is_err());
    let _: Heap = Heap::default();
}
