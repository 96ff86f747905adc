//! The vocabulary of `Rc` on `Gc`, erased handles, unsizing.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use tailbite::{AnyGc, Gc, Heap, Trace, Tracer, TypeOptions, Weak, WithSlice, unsize};
use tailbite_tests::{Log, Node, manual_heap};

#[test]
fn counts_go_with_handles() {
    let a = Gc::new(String::from("a"));
    assert_eq!((Gc::strong_count(&a), Gc::weak_count(&a), Gc::is_unique(&a)), (1, 0, true));
    let b = a.clone();
    let weak = Gc::downgrade(&a);
    let other = weak.clone();
    assert_eq!((Gc::strong_count(&a), Gc::weak_count(&a), Gc::is_unique(&a)), (2, 2, false));
    assert_eq!((weak.strong_count(), weak.weak_count()), (2, 2));
    assert!(Gc::ptr_eq(&a, &b));
    assert!(!Gc::ptr_eq(&a, &Gc::new(String::from("a"))));
    drop(other);
    assert_eq!(Gc::weak_count(&b), 1);
    drop((a, b));
    assert_eq!((weak.strong_count(), weak.upgrade().is_none()), (0, true));
}

#[test]
fn an_object_goes_with_its_last_handle() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "node");
    let clone = node.clone();
    drop(node);
    assert!(log.is_empty());
    drop(clone);
    assert_eq!(log.take(), ["drop node"]);
}

#[test]
fn deaths_are_depth_first_in_field_order() {
    let heap = manual_heap();
    let log = Log::new();
    let [root, left, below, right] = ["root", "left", "below", "right"].map(|name| Node::alloc(&heap, &log, name));
    left.set(0, Some(below));
    root.set(0, Some(left));
    root.set(1, Some(right));
    drop(root);
    assert_eq!(log.take(), ["drop root", "drop left", "drop below", "drop right"]);
}

#[test]
fn get_mut_and_make_mut_lend_through_a_guard() {
    let heap = manual_heap();
    let mut numbers = heap.alloc(vec![1, 2]);
    Gc::get_mut(&mut numbers).expect("the only handle").push(3);
    let shared = numbers.clone();
    assert!(Gc::get_mut(&mut numbers).is_none());
    Gc::make_mut(&mut numbers).push(4);
    assert_eq!((&**numbers, &**shared), (&[1, 2, 3, 4][..], &[1, 2, 3][..]));
    assert!(!Gc::ptr_eq(&numbers, &shared), "a shared payload was cloned");
    let before = Gc::as_ptr(&numbers);
    Gc::make_mut(&mut numbers).push(5);
    assert_eq!(Gc::as_ptr(&numbers), before, "an exclusive one was not");
    let weak = Gc::downgrade(&numbers);
    assert!(Gc::get_mut(&mut numbers).is_none(), "a weak reference could see the payload");
    Gc::make_mut(&mut numbers).push(6);
    assert!(weak.upgrade().is_none(), "make_mut disconnects weak references");
    assert_eq!(numbers.len(), 6);
}

#[test]
fn unwrapping_moves_the_payload_out_once() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "node");
    let weak = Gc::downgrade(&node);
    let node = Gc::try_unwrap(node).expect("the only handle");
    assert!(weak.upgrade().is_none());
    assert!(log.is_empty(), "moved, not dropped");
    drop(node);
    assert_eq!(log.take(), ["drop node"]);
    assert_eq!(heap.object_count(), 0);

    let a = heap.alloc(String::from("a"));
    let b = a.clone();
    let a = Gc::try_unwrap(a).expect_err("there are two handles");
    assert!(Gc::into_inner(a).is_none());
    assert_eq!(Gc::into_inner(b).as_deref(), Some("a"));
    let c = heap.alloc(String::from("c"));
    let d = c.clone();
    assert_eq!((Gc::unwrap_or_clone(c), Gc::unwrap_or_clone(d)), ("c".into(), "c".into()));
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn raw_pointers_keep_the_count() {
    let node = Gc::new(String::from("raw"));
    let raw = Gc::into_raw(node.clone());
    assert_eq!(Gc::strong_count(&node), 2);
    assert_eq!(raw, Gc::as_ptr(&node));
    // SAFETY: `raw` came from `into_raw`, and its count is given back once.
    let back = unsafe { Gc::from_raw(raw) };
    assert!(Gc::ptr_eq(&node, &back));
    drop(node);
    assert_eq!(Gc::strong_count(&back), 1);
}

#[test]
fn the_traits_of_rc_are_there() {
    let (one, two) = (Gc::new(1), Gc::new(2));
    assert!(one < two && one == Gc::new(1) && one.max(two.clone()) == two);
    assert_eq!(format!("{two} {two:?} {:?}", Gc::<str>::from("x")), "2 2 \"x\"");
    assert!(format!("{two:p}").starts_with("0x"));
    let mut map: HashMap<Gc<str>, u32> = HashMap::new();
    map.insert(Gc::from("key"), 1);
    assert_eq!(map.get("key"), Some(&1), "a map can be asked by what the key borrows as");
    let from: (Gc<u8>, Gc<str>, Gc<[u8]>) = (Gc::from(1_u8), Gc::from(String::from("s")), Gc::from(vec![1, 2]));
    assert_eq!((*from.0, &*from.1, &*from.2), (1, "s", &[1, 2][..]));
    let collected: Gc<[u32]> = (0..4).collect();
    assert_eq!(*collected, [0, 1, 2, 3]);
    assert_eq!(*Gc::<u32>::default(), 0);
    assert_eq!(AsRef::<u32>::as_ref(&two), &2);
    let set: HashSet<Gc<u32>> = [Gc::new(1_u32), Gc::new(1)].into_iter().collect();
    assert_eq!(set.len(), 1);
}

#[test]
fn boxes_of_slices_and_strings_become_objects() {
    let log = Log::new();
    let slice: Gc<[_]> = Gc::<[_]>::from_box(vec![log.probe("a"), log.probe("b")].into_boxed_slice());
    assert!(log.is_empty(), "moved, not dropped");
    drop(slice);
    assert_eq!(log.take(), ["drop a", "drop b"]);
    assert_eq!(&*Gc::<str>::from_box(Box::<str>::from("text")), "text");
}

#[test]
fn erased_handles_find_their_type() {
    let heap = manual_heap();
    let text: AnyGc = heap.alloc(String::from("text")).into();
    assert!(text.is::<String>() && !text.is::<u32>());
    assert!(text.type_name().contains("String"), "{}", text.type_name());
    assert_eq!(text.downcast_ref::<String>().map(String::as_str), Some("text"));
    assert!(text.downcast_ref::<Vec<u8>>().is_none());
    let clone = text.clone();
    assert!(clone == text && AnyGc::ptr_eq(&clone, &text) && clone.address() == text.address());
    assert_eq!(text.strong_count(), 2);
    let text = text.downcast::<u32>().expect_err("it is no number");
    let typed: Gc<String> = text.downcast().expect("it is a string");
    assert_eq!(*typed, "text");
    assert!(!format!("{clone:?}").is_empty());
    let erased = [
        Gc::erase(heap.alloc_slice([1_u8, 2])),
        Gc::erase(heap.alloc_str("s")),
        Gc::erase(heap.alloc_with_slice(1_u8, [2_u16, 3])),
    ];
    assert_eq!(erased[0].downcast_ref::<[u8]>(), Some(&[1_u8, 2][..]));
    assert_eq!(erased[1].downcast_ref::<str>(), Some("s"));
    assert_eq!(erased[2].downcast_ref::<WithSlice<u8, u16>>().map(|tuple| tuple.slice.len()), Some(2));
    assert!(erased[0].downcast_ref::<[u16]>().is_none() && erased[0].downcast_ref::<u8>().is_none());
    let [slice, text, tuple] = erased;
    assert_eq!(*slice.downcast::<[u8]>().expect("a slice"), [1, 2]);
    assert_eq!(&*text.downcast::<str>().expect("a string"), "s");
    assert_eq!(tuple.downcast::<WithSlice<u8, u16>>().expect("a tuple").slice, [2, 3]);
    assert_eq!(heap.object_count(), 1, "only the first string is left");
    drop((typed, clone));
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn unsized_handles_share_the_object() {
    let heap = manual_heap();
    let log = Log::new();
    let number = heap.alloc(42_u32);
    let shown: Gc<dyn Display> = Gc::unsize(number.clone(), |number| number as &dyn Display);
    assert_eq!((shown.to_string(), Gc::strong_count(&shown)), ("42".into(), 2));
    let any: Gc<dyn Any> = unsize!(number => dyn Any);
    assert_eq!(any.downcast_ref::<u32>(), Some(&42));
    assert!(Gc::erase(any).is::<u32>(), "the header's type, not the vtable, is the type");
    drop(shown);
    let node: Gc<dyn Trace> = unsize!(Node::alloc(&heap, &log, "node") => dyn Trace);
    let weak: Weak<dyn Trace> = Gc::downgrade(&node);
    assert!(weak.upgrade().is_some());
    drop(node);
    assert!(weak.upgrade().is_none());
    assert_eq!(log.take(), ["drop node"]);
    let array = heap.alloc([1_u8, 2, 3]);
    let weak = unsize!(Gc::downgrade(&array) => [u8]);
    assert_eq!(weak.upgrade().as_deref(), Some(&[1_u8, 2, 3][..]));
    let slice: Gc<[u8]> = Gc::unsize(array, |array| array as &[u8]);
    assert_eq!(*slice, [1, 2, 3]);
    drop((slice, weak));
    assert_eq!(heap.object_count(), 0);
}

struct Slots {
    name: &'static str,
}

struct Number(u32);

// SAFETY: a number owns no handles.
unsafe impl Trace for Number {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn options(options: &mut TypeOptions<Self>) {
        static SLOTS: Slots = Slots { name: "number" };
        options.protocol(&SLOTS);
    }
}

#[test]
fn a_protocol_is_found_from_any_handle() {
    let number: AnyGc = Gc::new(Number(3)).into();
    assert_eq!(number.protocol::<Slots>().map(|slots| slots.name), Some("number"));
    assert!(number.protocol::<u32>().is_none(), "a table of another type");
    assert!(AnyGc::from(Gc::new(3_u32)).protocol::<Slots>().is_none());
    assert_eq!(number.downcast_ref::<Number>().map(|number| number.0), Some(3));
}

#[test]
fn handles_find_their_heap() {
    let (a, b) = (Heap::new(), Heap::new());
    let (in_a, in_b) = (a.alloc(1), b.alloc(2));
    assert!(a.contains(&in_a) && !a.contains(&in_b) && b.contains(&in_b));
    let sibling = Gc::with_heap(&in_a, |heap| heap.alloc(3));
    assert!(a.contains(&sibling) && !b.contains(&sibling));
    assert!(Gc::as_any(&in_b).with_heap(|heap| heap.contains(&in_b)));
}

#[test]
fn an_empty_weak_is_dead() {
    let weak = Weak::<String>::new();
    assert!(weak.upgrade().is_none());
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 0));
    let other = Weak::<String>::default();
    assert!(weak.clone().ptr_eq(&weak) && weak.ptr_eq(&other));
    assert!(!Gc::downgrade(&Gc::new(String::new())).ptr_eq(&weak));
}
