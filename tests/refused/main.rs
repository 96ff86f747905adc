//! Memory that the system allocator refuses: closures, lists and results that have no place. A binary of its own,
//! because it replaces the allocator.

mod faults;

use std::rc::Rc;

use tailbite::{
    AnyGc, ById, CollectionInfo, DebugEvent, DebugFlags, Gc, Generation, Heap, OutOfMemory, Phase, WeakKeyMap, WeakSet,
    WeakValueMap,
};
use tailbite_tests::workload::{System, caught};
use tailbite_tests::{Log, Node, Probe, Refusing, leak_ring, manual_heap};

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// Runs `f` with the request after `granted` ones refused. Whether it came to that.
fn refusing<R>(granted: usize, f: impl FnOnce() -> R) -> (R, bool) {
    ALLOCATOR.refuse(granted as u64..=granted as u64);
    let result = f();
    (result, ALLOCATOR.grant() > granted as u64)
}

/// Runs `f` with each of its requests refused in turn; `f` hears the number that is granted before. The number of
/// requests that were refused.
fn at_every_request(mut f: impl FnMut(usize) -> bool) -> usize {
    (0..).take_while(|granted| f(*granted)).count()
}

/// The message that `f` panics with, with memory refused after `granted` requests; nothing if it wasn't.
fn message<R>(granted: usize, f: impl FnOnce() -> R) -> Option<String> {
    let (result, refused) = refusing(granted, || caught(f));
    let payload = match result {
        Ok(value) => {
            assert!(!refused, "refused memory is not a success");
            drop(value);
            return None;
        }
        Err(payload) => payload,
    };
    Some(payload.downcast::<String>().map_or_else(|_| "no text".to_owned(), |text| *text))
}

/// A capture of some size that logs its drop.
fn callback(log: &Log) -> impl Fn(&Heap, Phase, &CollectionInfo) + 'static {
    let (probe, events) = (log.probe("callback"), log.clone());
    move |_, phase, _| events.push(format!("{} {phase}", probe.name()))
}

fn callbacks(log: &Log) {
    let heap = manual_heap();
    let refused = at_every_request(|granted| {
        let callback = callback(log);
        let (added, refused) = refusing(granted, || heap.try_add_callback(callback));
        match added {
            Ok(key) => assert!(heap.remove_callback(key) && !refused),
            Err(error) => {
                assert!(refused && log.is_empty(), "the callback is in the error");
                drop(error.into_value());
            }
        }
        assert_eq!(log.take(), ["drop callback"]);
        refused
    });
    assert!(refused >= 1, "a closure that captures something needs memory");
    let callback = callback(log);
    let text = message(0, || heap.add_callback(callback)).expect("refused");
    assert!(text.starts_with("out of memory"), "{text}");
    assert_eq!(log.take(), ["drop callback"]);
    heap.collect(Generation::Old);
    assert!(log.is_empty(), "nothing was half added");
}

fn soft_limits(log: &Log) {
    let heap = manual_heap();
    let first = log.clone();
    heap.set_soft_limit(heap.used_bytes() + 10_000, move |_, _| first.push("first"));
    let (probe, events) = (log.probe("callback"), log.clone());
    let second = move |_: &Heap, _: usize| events.push(probe.name());
    let (set, refused) = refusing(0, || heap.try_set_soft_limit(1, second));
    assert!(refused && log.is_empty(), "the callback is in the error");
    drop(set.err().map(OutOfMemory::into_value));
    assert_eq!(log.take(), ["drop callback"]);
    let _large = heap.add_external(20_000);
    heap.safepoint();
    assert_eq!(log.take(), ["first"], "the one before stays");
}

fn sinks(log: &Log) {
    let heap = manual_heap();
    let first = log.clone();
    heap.set_debug_sink(move |event: &DebugEvent<'_>| {
        if let DebugEvent::Collecting { .. } = event {
            first.push("first");
        }
    });
    heap.set_debug(DebugFlags::STATS);
    let probe = log.probe("second");
    let text = message(0, || heap.set_debug_sink(move |_| drop(probe.name().to_owned()))).expect("refused");
    assert!(text.starts_with("out of memory"), "{text}");
    assert_eq!(log.take(), ["drop second"]);
    heap.collect(Generation::Old);
    assert_eq!(log.take(), ["first"], "the sink that was there stays");
}

/// A heap of nodes that all refer to one object, and handles to all of them.
fn many(heap: &Heap, log: &Log) -> (AnyGc, Vec<Gc<Node>>) {
    let shared: AnyGc = Gc::erase(heap.alloc(7));
    let nodes: Vec<_> = (0..100).map(|_| Node::alloc(heap, log, "")).collect();
    nodes.iter().for_each(|node| node.hold(shared.clone()));
    (shared, nodes)
}

fn results(log: &Log) {
    let heap = manual_heap();
    let (shared, nodes) = many(&heap, log);
    let handles: Vec<AnyGc> = nodes.iter().map(Gc::as_any).collect();
    let holder = heap.alloc(handles.clone());
    let asked = [Gc::as_any(&holder)];
    let walks: [&dyn Fn() -> usize; 4] = [
        &|| heap.get_objects(None).len(),
        &|| heap.get_referrers(std::slice::from_ref(&shared)).len(),
        &|| heap.get_referrers(&handles).len(),
        &|| heap.get_referents(&asked).len(),
    ];
    for (index, walk) in walks.iter().enumerate() {
        let refused = at_every_request(|granted| {
            let text = message(granted, walk);
            assert!(text.iter().all(|text| text.starts_with("out of memory")), "{text:?}");
            heap.check();
            assert!(nodes.iter().all(|node| Gc::strong_count(node) == 3), "no handle is left over");
            text.is_some()
        });
        assert!(refused >= 1, "walk {index}");
        assert!(walk() >= 1);
    }
    // The allocator is not held any more: what is free goes back.
    drop((shared, nodes, handles, holder, asked));
    assert_eq!(heap.object_count(), 0);
    assert!(heap.trim() > 0);
}

fn garbage(log: &Log) {
    let heap = manual_heap();
    heap.set_debug(DebugFlags::SAVEALL);
    leak_ring(&heap, log, "n", 6);
    // What can't be listed lives on all the same.
    let (saved, refused) = refusing(0, || heap.collect(Generation::Old));
    assert_eq!((saved, refused), (6, true));
    let listed = heap.garbage().len();
    assert!(listed < 6, "{listed}");
    heap.check();
    assert_eq!((heap.object_count(), log.len()), (6, 0));
    leak_ring(&heap, log, "m", 6);
    assert_eq!(heap.collect(Generation::Young), 6);
    for take in [false, true] {
        let heap = &heap;
        let before = heap.garbage().len();
        let text = message(0, || if take { heap.take_garbage() } else { heap.garbage() }).expect("refused");
        assert!(text.starts_with("out of memory"), "{text}");
        assert_eq!(heap.garbage().len(), before, "the list stays");
    }
    heap.set_debug(DebugFlags::empty());
    drop(heap.take_garbage());
    assert_eq!(heap.collect(Generation::Old), 12);
    assert_eq!(log.len(), 12);
}

/// Tables of weak containers, the table of weak records, and the registry of finalizers. (Not every refusal is an error:
/// the directory of large raw blocks can do without a smaller table.)
fn weak_containers(log: &Log) {
    let heap = manual_heap();
    let map = WeakKeyMap::<Gc<Node>, Gc<Node>, ById>::with_equivalence(&heap, ById);
    let values = WeakValueMap::<Gc<Node>, Gc<Node>, ById>::with_equivalence(&heap, ById);
    let set = WeakSet::<Gc<Node>, ById>::with_equivalence(&heap, ById);
    let mut keys = Vec::with_capacity(40);
    let mut calls = Vec::with_capacity(40);
    let finalize = |key: &Gc<Node>, data: Probe| heap.try_finalize(key, data, drop);
    // The types are registered with the process first: that can't be refused.
    let first = Node::alloc(&heap, log, "first");
    map.insert(&first, first.clone());
    values.insert(first.clone(), &first);
    set.insert(&first);
    assert!(finalize(&first, log.probe("data")).is_ok_and(|finalize| finalize.call()));
    map.clear();
    values.clear();
    drop(first);
    log.take();
    let mut total = 0;
    for index in 0..40 {
        let key = Node::alloc(&heap, log, "key");
        total += at_every_request(|granted| {
            let (result, refused) = refusing(granted, || map.try_insert(&key, key.clone()));
            assert_eq!(map.len(), index + usize::from(result.is_ok()));
            assert!(refused || result.is_ok());
            result.is_err()
        });
        total += at_every_request(|granted| {
            let (result, refused) = refusing(granted, || values.try_insert(key.clone(), &key));
            assert_eq!(values.len(), index + usize::from(result.is_ok()));
            assert!(refused || result.is_ok());
            result.is_err()
        });
        total += at_every_request(|granted| {
            let (result, refused) = refusing(granted, || set.try_insert(&key));
            assert_eq!(set.len(), index + usize::from(result.is_ok()));
            assert!(refused || result.is_ok());
            result.is_err()
        });
        total += at_every_request(|granted| {
            let data = log.probe("data");
            let (result, refused) = refusing(granted, || finalize(&key, data));
            match result {
                Ok(finalize) => {
                    calls.push(finalize);
                    false
                }
                Err(error) => {
                    assert!(refused && log.is_empty());
                    drop(error.into_value());
                    assert_eq!(log.take(), ["drop data"]);
                    true
                }
            }
        });
        keys.push(key);
    }
    assert!(total >= 6, "{total}");
    let walks: [&dyn Fn() -> usize; 4] =
        [&|| map.keys().len(), &|| map.items().len(), &|| values.values().len(), &|| set.to_vec().len()];
    for walk in walks {
        let refused = at_every_request(|granted| message(granted, walk).is_some_and(|text| text.starts_with("out of")));
        assert!(refused >= 1);
    }
    map.check();
    values.check();
    set.check();
    heap.check();
    map.clear();
    values.clear();
    drop(keys);
    assert!(set.is_empty() && calls.iter().all(|finalize| !finalize.is_alive()));
    assert_eq!(log.take().len(), 80);
}

#[test]
fn what_the_system_allocator_refuses_is_an_error_and_leaks_nothing() {
    for test in [callbacks, sinks, soft_limits, results, garbage, weak_containers] {
        test(&Rc::new(Log::new()));
    }
}
