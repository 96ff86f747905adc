//! Roots: handles that a heap keeps for its host under plain keys.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{AnyRootKey, Gc, Generation, Heap, RootKey, WithSlice, unsize};
use tailbite_tests::{Log, Node, manual_heap, ring};

#[test]
fn a_root_holds_its_object() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "node");
    let key = heap.add_root(node.clone());
    assert_eq!((Gc::strong_count(&node), heap.root_count()), (2, 1));
    assert!(heap.root(key).is_some_and(|same| Gc::ptr_eq(&same, &node)));
    drop(node);
    heap.collect(Generation::Old);
    heap.check();
    assert!(log.is_empty());
    let node = heap.remove_root(key).expect("it is there");
    assert_eq!((Gc::strong_count(&node), heap.root_count()), (1, 0));
    assert!(heap.root(key).is_none() && heap.remove_root(key).is_none());
    drop(node);
    assert_eq!(log.take(), ["drop node"]);
}

#[test]
fn keys_of_the_past_name_nothing() {
    let heap = manual_heap();
    let mut old = Vec::new();
    for round in 0..100_u32 {
        let key = heap.add_root(heap.alloc(round));
        assert!(old.iter().all(|old| *old != key && heap.root(*old).is_none()));
        assert_eq!(heap.remove_root(key).as_deref(), Some(&round));
        old.push(key);
    }
    let same = heap.alloc(1);
    assert_ne!(heap.add_root(same.clone()), heap.add_root(same), "each root has a key of its own");
    assert_eq!(heap.root_count(), 2);
}

#[test]
fn keys_are_typed() {
    let heap = manual_heap();
    let text = heap.add_root(heap.alloc_str("text"));
    let wrong = RootKey::<String>::from_bits(text.to_bits());
    assert!(heap.root(wrong).is_none() && heap.remove_root(wrong).is_none());
    assert_eq!((heap.root_count(), heap.root(text).as_deref()), (1, Some("text")));
    // A key of another heap gives nothing, or an object of the right type.
    let other = manual_heap();
    assert!(other.root(text).is_none());
    other.add_root(other.alloc(5_u8));
    assert!(other.root(text).is_none() && other.remove_root(text).is_none());
    assert_eq!(other.root_count(), 1);
    let third = manual_heap();
    third.add_root(third.alloc_str("third"));
    assert!(third.root(text).is_none_or(|found| &*found == "third"));
    // Any number may be asked for.
    for bits in [0, 1, u64::MAX, 1 << 32, 0x8000_0000_8000_0000] {
        assert!(heap.root(RootKey::<u8>::from_bits(bits)).is_none());
        assert!(heap.root_any(AnyRootKey::from_bits(bits)).is_none_or(|any| any.is::<str>()));
    }
}

#[test]
fn every_kind_of_payload_can_be_a_root() {
    let heap = manual_heap();
    let slice = heap.add_root(heap.alloc_slice([1_u8, 2]));
    let tuple: RootKey<WithSlice<u8, u16>> = heap.add_root(heap.alloc_with_slice(1_u8, [2_u16]));
    assert_eq!(heap.root(slice).as_deref(), Some(&[1, 2][..]));
    assert_eq!(heap.root(tuple).map(|tuple| tuple.slice[0]), Some(2));
    let any = heap.add_root_any(heap.alloc(7_u64).into());
    assert_eq!(heap.root_any(any).and_then(|any| any.downcast_ref::<u64>().copied()), Some(7));
    assert!(heap.root_any(slice.erase()).is_some_and(|any| any.is::<[u8]>()));
    assert_eq!(heap.root(RootKey::<u64>::from_bits(any.to_bits())).as_deref(), Some(&7));
    // A view could not be found under its type again.
    let view: Gc<[u8]> = unsize!(heap.alloc([1_u8, 2, 3]) => [u8]);
    let held = view.clone();
    let refused = catch_unwind(AssertUnwindSafe(|| heap.add_root(view)));
    assert!(refused.is_err() && Gc::strong_count(&held) == 1);
    let any = heap.add_root_any(Gc::erase(held));
    assert!(heap.remove_root_any(any).is_some_and(|any| any.is::<[u8; 3]>()));
    assert_eq!(heap.root_count(), 3);
}

#[test]
fn keys_are_plain_values() {
    let heap = manual_heap();
    let keys: HashMap<RootKey<u32>, u32> = (0..10).map(|n| (heap.add_root(heap.alloc(n)), n)).collect();
    assert!(keys.iter().all(|(key, n)| heap.root(*key).as_deref() == Some(n)));
    let (key, n) = keys.iter().next().map(|(key, n)| (*key, *n)).expect("there are ten");
    // A ticket goes to another thread and comes back.
    let bits = key.to_bits();
    let back = std::thread::spawn(move || bits).join().expect("no panic");
    assert_eq!(heap.root(RootKey::<u32>::from_bits(back)).as_deref(), Some(&n));
    assert_ne!(bits, 0);
    assert!(format!("{key:?}").starts_with("RootKey(0x"));
    assert_eq!(size_of::<RootKey<u32>>(), 8);
    assert!(!heap.is_tracked(&heap.alloc(key)), "a key owns nothing");
}

#[test]
fn closing_lets_the_roots_go_before_it_collects() {
    let heap = manual_heap();
    let log = Log::new();
    heap.add_root(Node::alloc(&heap, &log, "counted"));
    let nodes = ring(&heap, &log, "n", 3);
    heap.add_root(nodes[0].clone());
    Node::on_finalize(&nodes[1], |_| {});
    drop(nodes);
    heap.collect(Generation::Old);
    assert!(log.is_empty());
    drop(heap);
    assert_eq!(log.take_sorted(), ["drop counted", "drop n0", "drop n1", "drop n2", "finalize n1"]);
}

#[test]
fn roots_that_finalizers_add_at_closing_go_too() {
    let log = Log::new();
    let heap = manual_heap();
    let first = Node::alloc(&heap, &log, "first");
    let keys: Rc<RefCell<Vec<RootKey<Node>>>> = Rc::default();
    let added = keys.clone();
    Node::on_finalize(&first, move |first| {
        Gc::with_heap(first, |heap| {
            // Resurrected as a root, with another one beside it.
            added.borrow_mut().push(heap.add_root(first.clone()));
            added.borrow_mut().push(heap.add_root(Node::alloc(heap, first.log(), "second")));
        });
    });
    first.set(0, Some(first.clone()));
    heap.add_root(first);
    drop(heap);
    assert_eq!(keys.borrow().len(), 2);
    assert_eq!(log.take_sorted(), ["drop first", "drop second", "finalize first"]);
}

#[test]
fn a_finalizer_that_always_roots_something_does_not_keep_closing_from_ending() {
    fn breed(heap: &Heap, log: &Log, made: &Rc<Cell<u32>>) {
        let node = Node::alloc(heap, log, "node");
        let made = made.clone();
        made.set(made.get() + 1);
        Node::on_finalize(&node, move |node| Gc::with_heap(node, |heap| breed(heap, node.log(), &made)));
        heap.add_root(node);
    }
    let (log, made) = (Log::new(), Rc::new(Cell::new(0)));
    let heap = manual_heap();
    breed(&heap, &log, &made);
    drop(heap);
    let rounds = made.get();
    assert!((2..100).contains(&rounds), "{rounds}");
    // The last one is a root of a heap that is closed, and stays.
    assert_eq!(log.count("drop node"), rounds as usize - 1);
}

#[test]
fn a_closed_heap_keeps_roots_until_they_are_removed() {
    let log = Log::new();
    let heap = manual_heap();
    let survivor = heap.alloc(1_u8);
    drop(heap);
    let key = Gc::with_heap(&survivor, |heap| heap.add_root(Node::alloc(heap, &log, "late")));
    Gc::with_heap(&survivor, |heap| {
        assert_eq!(heap.root_count(), 1);
        assert!(heap.root(key).is_some() && log.is_empty());
        drop(heap.remove_root(key));
    });
    assert_eq!(log.take(), ["drop late"]);
}

#[test]
fn a_closed_heap_lets_go_of_foreign_roots_when_its_memory_goes() {
    let log = Log::new();
    let (keeper, home) = (manual_heap(), manual_heap());
    let last = keeper.alloc(1_u8);
    drop(keeper);
    Gc::with_heap(&last, |keeper| keeper.add_root(Node::alloc(&home, &log, "guest")));
    assert!(log.is_empty());
    drop(last);
    assert_eq!(log.take(), ["drop guest"]);
}

#[test]
fn a_root_may_be_an_object_of_another_heap() {
    let log = Log::new();
    let (keeper, home) = (manual_heap(), manual_heap());
    let key = keeper.add_root(Node::alloc(&home, &log, "guest"));
    drop(home);
    assert!(log.is_empty());
    assert_eq!(keeper.root(key).map(|node| node.name().to_owned()).as_deref(), Some("guest"));
    drop(keeper);
    assert_eq!(log.take(), ["drop guest"]);
}

#[test]
fn removing_runs_user_code_when_the_registry_is_done() {
    let heap = manual_heap();
    let log = Log::new();
    let node = Node::alloc(&heap, &log, "node");
    let key: Rc<Cell<Option<RootKey<Node>>>> = Rc::default();
    let (seen, log_too) = (key.clone(), log.clone());
    Node::on_finalize(&node, move |node| {
        Gc::with_heap(node, |heap| {
            let gone = seen.get().is_some_and(|key| heap.root(key).is_none());
            for index in 0..50 {
                heap.add_root(heap.alloc(index));
            }
            log_too.push(format!("gone {gone}, roots {}", heap.root_count()));
        });
    });
    key.set(Some(heap.add_root(node)));
    drop(heap.remove_root(key.get().expect("it was set")));
    assert_eq!(log.take(), ["finalize node", "gone true, roots 50", "drop node"]);
    heap.check();
}

#[test]
fn many_roots_come_and_go() {
    let heap = Heap::new();
    let before = heap.memory().bytes.bookkeeping;
    let mut keys: Vec<RootKey<usize>> = (0..10_000).map(|n| heap.add_root(heap.alloc(n))).collect();
    assert!(heap.memory().bytes.bookkeeping >= before + 10_000 * 24);
    for (n, key) in keys.iter().enumerate().filter(|(n, _)| n % 3 != 0) {
        assert_eq!(heap.remove_root(*key).as_deref(), Some(&n));
    }
    heap.check();
    for n in 0..5_000 {
        keys.push(heap.add_root(heap.alloc(10_000 + n)));
    }
    for (n, key) in keys.iter().enumerate() {
        let is_there = n >= 10_000 || n % 3 == 0;
        assert_eq!(heap.root(*key).as_deref(), is_there.then_some(&n));
    }
    assert_eq!(heap.root_count(), 3_334 + 5_000);
}
