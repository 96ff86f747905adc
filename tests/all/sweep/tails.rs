//! Slices, objects with tails, packed values, and large objects, as garbage and as what garbage holds.

use std::cell::Cell;

use tailbite::{AnyGc, Gc, Generation, Packed, Trace, WithSlice};
use tailbite_tests::{Log, Node, manual_heap};

use super::{Pair, leak_pairs};

type Slot = Cell<Option<AnyGc>>;

#[test]
fn slices_of_handles_let_go_of_each() {
    let heap = manual_heap();
    let living = Gc::erase(heap.alloc(1));
    for length in [0_usize, 1, 2, 7, 100, 1000, 10_000, 100_000] {
        let pair = Pair::alloc(&heap, 0, None);
        let slice: Gc<[AnyGc]> =
            heap.alloc_slice((0..length).map(|n| if n % 3 == 0 { Gc::as_any(&pair) } else { living.clone() }));
        let held = length - length.div_ceil(3);
        assert_eq!(living.strong_count(), 1 + held);
        pair.held.set(Some(Gc::erase(slice)));
        pair.next.set(Some(pair.clone()));
        drop(pair);
        assert_eq!(heap.collect(Generation::Old), 2, "{length}");
        assert_eq!((living.strong_count(), heap.object_count()), (1, 1));
        heap.check();
    }
}

#[test]
fn cells_in_tails_and_heads_let_go_of_what_they_hold_now() {
    let heap = manual_heap();
    let log = Log::new();
    for length in [1_usize, 5, 500, 5000] {
        let living = Gc::erase(heap.alloc(1));
        let old: Vec<_> = (0..length).map(|_| Gc::erase(heap.alloc(log.probe("leaf")))).collect();
        let node: Gc<WithSlice<(Slot, u8), Slot>> =
            heap.alloc_with_slice((Slot::new(None), 7), old.into_iter().map(|leaf| Slot::new(Some(leaf))));
        node.head.0.set(Some(Gc::as_any(&node)));
        drop(node.slice[0].replace(Some(living.clone())));
        assert_eq!(log.take(), ["drop leaf"]);
        drop(node);
        assert_eq!(heap.collect(Generation::Old), 1);
        assert_eq!((log.take().len(), living.strong_count(), heap.object_count()), (length - 1, 1, 1));
        heap.check();
    }
}

#[test]
fn large_objects_are_held_let_go_and_dropped() {
    let heap = manual_heap();
    let log = Log::new();
    let before = heap.memory().large_objects;
    let living = Gc::erase(heap.alloc_slice(vec![7_u8; 300_000]));
    let dying = Gc::erase(heap.alloc_slice(vec![8_u8; 300_000]));
    let tracked: Gc<[AnyGc]> = heap
        .alloc_slice((0..50_000).map(|n| if n == 0 { Gc::erase(heap.alloc(log.probe("in"))) } else { living.clone() }));
    heap.collect(Generation::Old);
    assert_eq!(heap.memory().large_objects, before + 3);
    let made = leak_pairs(&heap, [living.clone(), dying, Gc::erase(tracked)]);
    assert_eq!(heap.collect(Generation::Young), made);
    assert_eq!((log.take(), living.strong_count()), (vec!["drop in".to_owned()], 1));
    assert_eq!((heap.memory().large_objects, heap.object_count()), (before + 1, 1));
    heap.check();
}

#[test]
fn one_large_object_among_much_garbage() {
    let heap = manual_heap();
    let living = Gc::erase(heap.alloc(1));
    let pairs: Vec<_> = (0..1000).map(|n| Pair::alloc(&heap, n, Some(living.clone()))).collect();
    let large: Gc<[AnyGc]> = heap.alloc_slice((0..40_000).map(|n| Gc::as_any(&pairs[n % 1000])));
    pairs.iter().for_each(|pair| drop(pair.held.replace(Some(Gc::as_any(&large)))));
    pairs[5].held.set(Some(living.clone()));
    drop((pairs, large));
    assert_eq!(heap.collect(Generation::Old), 1001);
    assert_eq!((living.strong_count(), heap.object_count(), heap.memory().large_objects), (1, 1, 0));
    heap.check();
}

#[test]
fn packed_values_let_go_of_objects_only() {
    #[derive(Trace)]
    struct Frame {
        me: Slot,
        values: [Packed; 6],
    }
    assert!(Frame::owns_only_handles());
    let heap = manual_heap();
    let log = Log::new();
    let living = heap.alloc_str("living");
    let old = Node::alloc(&heap, &log, "old");
    heap.collect(Generation::Old);
    let packed = |any: AnyGc| Packed::from(any);
    let values = [
        packed(Gc::as_any(&living)),
        Packed::tag(3),
        Packed::from(1.5),
        packed(Gc::as_any(&living)),
        packed(Gc::erase(old)),
        Packed::tag(0),
    ];
    let frame = heap.alloc(Frame { me: Slot::new(None), values });
    assert!(frame.values[1] != frame.values[5]);
    frame.me.set(Some(Gc::as_any(&frame)));
    drop(frame);
    assert_eq!((Gc::strong_count(&living), heap.collect(Generation::Young)), (3, 1));
    assert_eq!((Gc::strong_count(&living), log.take()), (1, vec!["drop old".to_owned()]));
    heap.check();
}

#[test]
fn handles_of_every_sort_are_let_go() {
    #[derive(Trace)]
    enum Value {
        Empty,
        Any(AnyGc),
        Text(Gc<str>, u8),
        Dyn { object: Gc<dyn std::fmt::Debug>, more: [Option<Gc<[u8]>>; 2] },
    }
    #[derive(Trace)]
    struct Holder(Slot, [Cell<Option<Value>>; 4]);
    assert!(Holder::owns_only_handles());
    let heap = manual_heap();
    let (number, text, bytes) = (heap.alloc(1_u8), heap.alloc_str("text"), heap.alloc_slice([1_u8, 2]));
    let object: Gc<dyn std::fmt::Debug> = tailbite::unsize!(number.clone() => dyn std::fmt::Debug);
    let values = [
        Value::Empty,
        Value::Any(Gc::as_any(&number)),
        Value::Text(text.clone(), 1),
        Value::Dyn { object, more: [Some(bytes.clone()), None] },
    ];
    let holder = heap.alloc(Holder(Slot::new(None), values.map(|value| Cell::new(Some(value)))));
    if let Some(Value::Dyn { object, more }) = holder.1[3].take() {
        assert_eq!((format!("{object:?}").as_str(), more[0].is_some()), ("1", true));
        holder.1[3].set(Some(Value::Dyn { object, more }));
    }
    if let Some(Value::Text(text, number)) = holder.1[2].take() {
        assert_eq!(number, 1);
        holder.1[2].set(Some(Value::Text(text, number)));
    }
    assert!(matches!(holder.1[1].take(), Some(Value::Any(any)) if any.strong_count() == 3));
    holder.0.set(Some(Gc::as_any(&holder)));
    drop(holder);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!((Gc::strong_count(&number), Gc::strong_count(&text), Gc::strong_count(&bytes)), (1, 1, 1));
    heap.check();
}
