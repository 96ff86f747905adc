//! Views made by unsizing that outlive what made them true.

use std::cell::OnceCell;
use std::fmt::Display;

use tailbite::{AnyGc, ById, Gc, Heap, Weak, WeakSet, unsize};

use crate::common::manual;

fn view(heap: &Heap) -> (Gc<Option<Box<String>>>, Gc<dyn Display>) {
    let object = heap.alloc(Some(Box::new(String::from("boxed"))));
    // The same address, size and alignment as the whole: the box in the option.
    let shown: Gc<dyn Display> = Gc::unsize(object.clone(), |option| option.as_ref().unwrap() as &dyn Display);
    (object, shown)
}

#[test]
fn a_member_of_a_set_that_was_a_view_is_gone_before_its_object_is_lent() {
    let heap = manual();
    let (mut object, shown) = view(&heap);
    let set = WeakSet::<Gc<dyn Display>, ById>::with_equivalence(&heap, ById);
    set.insert(&shown);
    drop(shown);
    assert!(Gc::get_mut(&mut object).is_none());
    *Gc::make_mut(&mut object) = None;
    assert!(set.to_vec().iter().all(|shown| shown.to_string() == "boxed"), "no view of what is not there");
    assert!(set.is_empty());
}

#[test]
fn a_weak_view_is_dead_when_its_object_was_lent() {
    let heap = manual();
    let (mut object, shown) = view(&heap);
    let weak: Weak<dyn Display> = Gc::downgrade(&shown);
    drop(shown);
    *Gc::make_mut(&mut object) = None;
    assert!(weak.upgrade().is_none());
    let again = Gc::downgrade(&object);
    assert!(weak.upgrade().is_none() && again.upgrade().is_some());
}

#[test]
fn a_view_of_a_cell_keeps_it_from_being_lent() {
    let heap = manual();
    let mut cell = heap.alloc(OnceCell::from(Box::new(String::from("once"))));
    let shown: Gc<dyn Display> = Gc::unsize(cell.clone(), |cell| cell.get().unwrap() as &dyn Display);
    assert!(Gc::get_mut(&mut cell).is_none());
    let cell = Gc::try_unwrap(cell).unwrap_err();
    drop(cell);
    assert_eq!(shown.to_string(), "once");
}

#[test]
fn views_are_what_they_were_made_as_whatever_they_show() {
    let heap = manual();
    let bytes = heap.alloc(*b"text");
    let text: Gc<str> = Gc::unsize(bytes.clone(), |bytes| std::str::from_utf8(bytes).unwrap());
    assert!(Gc::as_any(&text).is::<[u8; 4]>() && !Gc::as_any(&text).is::<str>());
    let one: Gc<[[u8; 4]]> = Gc::unsize(bytes.clone(), |bytes| std::slice::from_ref(bytes));
    let mut one = one;
    Gc::make_mut_slice(&mut one)[0] = *b"next";
    assert_eq!((&*text, &*bytes, &one[0]), ("text", b"text", b"next"));
    let any = AnyGc::from(text);
    assert!(any.downcast::<str>().is_err());
}

#[test]
fn a_part_is_refused_and_nothing_is_lost() {
    let heap = manual();
    let pair = heap.alloc((1_u64, 2_u64));
    let other = pair.clone();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _part: Gc<dyn Display> = Gc::unsize(other, |pair| &pair.1 as &dyn Display);
    }));
    assert!(result.is_err());
    let other = pair.clone();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _longer: Gc<[u64]> = Gc::unsize(other, |_| &[1, 2][..]);
    }));
    assert!(result.is_err());
    assert_eq!(Gc::strong_count(&pair), 1);
}

#[test]
fn a_weak_handle_of_nothing_can_be_unsized() {
    let weak: Weak<dyn Display> = unsize!(Weak::<i32>::new() => dyn Display);
    assert!(weak.upgrade().is_none());
    let slice: Weak<[u64]> = unsize!(Weak::<[u64; 3]>::new() => [u64]);
    assert!(slice.upgrade().is_none() && slice.clone().strong_count() == 0);
    let dangling = format!("{:?} {:?}", slice.as_ptr().is_null(), weak);
    assert!(dangling.starts_with("false"));
}
