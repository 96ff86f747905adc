//! `Packed`: what goes in comes out, and objects in it are counted and traced.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use tailbite::{AnyGc, Gc, Generation, Packed, Trace, Unpacked};
use tailbite_tests::{Log, Node, manual_heap};

fn int(value: i64) -> Packed {
    Packed::int(value).unwrap_or_else(|| panic!("{value} fits"))
}

/// Floats of every class, and those next to where a class begins or ends.
fn floats() -> Vec<f64> {
    let edges = [
        0_u64,
        1,
        0x000F_FFFF_FFFF_FFFF,
        0x0010_0000_0000_0000,
        0x3FF0_0000_0000_0000,
        0x7FEF_FFFF_FFFF_FFFF,
        0x7FF0_0000_0000_0000,
    ];
    edges.into_iter().flat_map(|bits| [f64::from_bits(bits), f64::from_bits(bits | 1 << 63)]).collect()
}

#[test]
fn floats_of_every_class_come_back() {
    for float in floats() {
        let packed = Packed::float(float);
        assert_eq!(packed.as_float().map(f64::to_bits), Some(float.to_bits()), "{float:e}");
        assert!(packed.as_int().is_none() && packed.as_tag().is_none() && packed.as_object().is_none());
        assert!(matches!(packed.unpack(), Unpacked::Float(same) if same.to_bits() == float.to_bits()));
    }
}

#[test]
fn every_nan_is_the_same_one() {
    let quiet = Packed::float(f64::NAN);
    for bits in [1, 0x0008_0000_0000_0000, 0x000F_FFFF_FFFF_FFFF, 0x0007_FFFF_FFFF_FFFE] {
        for sign in [0, 1 << 63] {
            let nan = f64::from_bits(0x7FF0_0000_0000_0000 | bits | sign);
            assert!(nan.is_nan());
            let packed = Packed::float(nan);
            assert!(packed == quiet && Packed::same(&packed, &quiet), "{bits:#x}");
            assert_eq!(packed.as_float().map(f64::to_bits), Some(0x7FF8_0000_0000_0000));
        }
    }
}

#[test]
fn integers_reach_48_bits() {
    assert_eq!((Packed::MIN_INT, Packed::MAX_INT), (-(1 << 47), (1 << 47) - 1));
    for value in [0, 1, -1, 1 << 32, -(1 << 32), Packed::MIN_INT, Packed::MIN_INT + 1, Packed::MAX_INT] {
        assert_eq!(int(value).as_int(), Some(value));
        assert!(matches!(int(value).unpack(), Unpacked::Int(same) if same == value));
        assert!(int(value).as_float().is_none() && int(value).as_tag().is_none() && int(value).as_object().is_none());
    }
    for value in [Packed::MIN_INT - 1, Packed::MAX_INT + 1, i64::MIN, i64::MAX, 1 << 48] {
        assert!(Packed::int(value).is_none(), "{value}");
    }
    assert_eq!(Packed::from(i32::MIN).as_int(), Some(i64::from(i32::MIN)));
    assert_eq!(Packed::from(u32::MAX).as_int(), Some(i64::from(u32::MAX)));
    assert_eq!(Packed::from(1.5_f32).as_float(), Some(1.5));
}

#[test]
fn tags_are_constants() {
    const NONE: Packed = Packed::tag(0);
    const LAST: Packed = Packed::tag(u32::MAX);
    assert_eq!((NONE.as_tag(), LAST.as_tag()), (Some(0), Some(u32::MAX)));
    assert!(NONE.as_int().is_none() && NONE.as_float().is_none() && NONE.as_object().is_none());
    assert!(NONE != LAST && NONE == Packed::tag(0));
}

#[test]
fn a_value_is_one_word_with_a_niche() {
    assert_eq!((size_of::<Packed>(), size_of::<Option<Packed>>()), (8, 8));
    // The values whose words have the fewest bits set are not mistaken for `None`.
    for value in [Packed::float(0.0), int(0), Packed::tag(0), Gc::new(()).into()] {
        assert!(Some(value).is_some());
    }
}

#[test]
fn kinds_differ_even_where_numbers_agree() {
    let distinct = [int(1), Packed::float(1.0), Packed::tag(1), int(0), Packed::float(0.0), Packed::float(-0.0)];
    for (index, a) in distinct.iter().enumerate() {
        for (other, b) in distinct.iter().enumerate() {
            assert_eq!(a == b, index == other, "{a:?} {b:?}");
        }
    }
    let set: HashSet<Packed> = distinct.into_iter().chain([int(1), Packed::float(-0.0)]).collect();
    assert_eq!(set.len(), 6);
    assert_eq!(format!("{:?} {:?} {:?}", int(-3), Packed::float(0.5), Packed::tag(7)), "Int(-3) Float(0.5) Tag(7)");
}

#[test]
fn objects_are_counted() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "node");
    let any = Gc::as_any(&node);
    let packed = Packed::object(any.clone());
    assert_eq!(Gc::strong_count(&node), 3);
    assert_eq!(packed.as_object(), Some(&any));
    assert_eq!(packed.as_object().map(AnyGc::strong_count), Some(3), "looking costs no count");
    let clone = packed.clone();
    assert!(clone == packed && Gc::strong_count(&node) == 4);
    assert!(format!("{clone:?}").starts_with("Object(AnyGc("));
    let back = clone.into_object().expect("an object");
    assert!(back == any && Gc::strong_count(&node) == 4);
    assert_eq!(int(5).into_object().expect_err("a number"), int(5));
    drop((back, any));
    assert_eq!(Gc::strong_count(&node), 2);
    drop(node);
    assert!(log.is_empty(), "the packed value holds it");
    assert_eq!(packed.as_object().and_then(AnyGc::downcast_ref::<Node>).map(Node::name), Some("node"));
    drop(packed);
    assert_eq!(log.take(), ["drop node"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn a_panic_loses_no_count() {
    let heap = manual_heap();
    let object = heap.alloc(String::from("x"));
    let stack = vec![Packed::from(object.clone()), int(1), Packed::from(object.clone())];
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let values: Vec<Packed> = stack
            .iter()
            .chain(&stack)
            .enumerate()
            .map(|(index, value)| {
                assert_ne!(index, 5);
                value.clone()
            })
            .collect();
        values.len()
    }));
    assert!(failed.is_err());
    assert_eq!(Gc::strong_count(&object), 3);
    drop(stack);
    assert_eq!(Gc::strong_count(&object), 1);
}

#[test]
fn replacing_a_value_drops_the_old_one() {
    let heap = manual_heap();
    let log = Log::new();
    let slot = Cell::new(Packed::from(Node::alloc(&heap, &log, "old")));
    slot.set(Packed::tag(0));
    assert_eq!(log.take(), ["drop old"]);
    let mut map: HashMap<Packed, Packed> = HashMap::new();
    map.insert(int(1), Packed::from(Node::alloc(&heap, &log, "one")));
    map.insert(int(1), Packed::float(1.0));
    assert_eq!(log.take(), ["drop one"]);
}

#[derive(Trace)]
struct Cons {
    head: Cell<Option<Packed>>,
    rest: RefCell<Vec<Packed>>,
}

#[test]
fn cycles_through_packed_values_are_collected() {
    let heap = manual_heap();
    let make = || heap.alloc(Cons { head: Cell::new(None), rest: RefCell::default() });
    let [a, b, c] = [make(), make(), make()];
    assert!(heap.is_tracked(&a));
    a.head.set(Some(b.clone().into()));
    b.rest.borrow_mut().extend([int(1), Packed::float(f64::INFINITY), c.clone().into(), c.clone().into()]);
    c.rest.borrow_mut().extend([a.clone().into(), Packed::tag(3), c.clone().into()]);
    let held = Packed::from(a.clone());
    drop((a, b, c));
    assert_eq!(heap.collect(Generation::Old), 0, "a packed value on the stack holds them all");
    heap.check();
    drop(held);
    assert_eq!(heap.collect(Generation::Old), 3);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn values_outlive_their_heap() {
    let heap = manual_heap();
    let value = Packed::from(heap.alloc_str("still here"));
    drop(heap);
    let copy = value.clone();
    drop(value);
    assert_eq!(copy.as_object().and_then(AnyGc::downcast_ref::<str>), Some("still here"));
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(number in any::<i64>(), bits in any::<u64>(), tag in any::<u32>()) {
        let fits = (Packed::MIN_INT..=Packed::MAX_INT).contains(&number);
        prop_assert_eq!(Packed::int(number).and_then(|packed| packed.as_int()), fits.then_some(number));
        let small = number >> 16;
        prop_assert_eq!(Packed::int(small).and_then(|packed| packed.as_int()), Some(small));
        let float = f64::from_bits(bits);
        let expected = if float.is_nan() { f64::NAN.to_bits() } else { bits };
        prop_assert_eq!(Packed::float(float).as_float().map(f64::to_bits), Some(expected));
        prop_assert!(Packed::float(float).as_object().is_none());
        prop_assert_eq!(Packed::tag(tag).as_tag(), Some(tag));
        prop_assert!(Packed::tag(tag) != Packed::float(float));
        prop_assert_eq!(Packed::float(float) == Packed::float(f64::from_bits(bits ^ 1)), float.is_nan()
            && f64::from_bits(bits ^ 1).is_nan());
    }

    #[test]
    fn counts_stay_exact(steps in prop::collection::vec((0_usize..4, 0_usize..6), 1..60)) {
        let heap = manual_heap();
        let objects = [heap.alloc(1_u8), heap.alloc(2_u8)];
        let mut slots: Vec<Packed> = (0..6).map(Packed::from).collect();
        for (what, at) in steps {
            slots[at] = match what {
                0 | 1 => Packed::from(objects[what].clone()),
                2 => slots[(at + 1) % 6].clone(),
                _ => Packed::float(at as f64),
            };
            for object in &objects {
                let any = Gc::as_any(object);
                let held = slots.iter().filter(|slot| slot.as_object() == Some(&any)).count();
                prop_assert_eq!(Gc::strong_count(object), held + 2);
            }
        }
    }
}
