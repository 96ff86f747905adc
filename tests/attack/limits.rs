//! Limits and settings at their extremes, set from everywhere, and ways around the limit.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::{
    AnyGc, ById, DebugFlags, External, Gc, Generation, Growth, Heap, LastFirst, Packed, Proxy, Trace, Trigger,
    WeakKeyMap, WeakRef, WeakSet, WeakValueMap, callback,
};

use crate::common::{Loud, Node, logged, manual};

#[derive(Trace)]
#[trace(finalize = Greedy::finalize)]
struct Greedy(RefCell<Option<AnyGc>>);

impl Greedy {
    fn finalize(this: &Gc<Greedy>) {
        Gc::with_heap(this, |heap| {
            for _ in 0..50 {
                let Ok(node) = heap.try_alloc(Node::default()) else { return };
                *node.next.borrow_mut() = Some(Gc::erase(node.clone()));
            }
        });
    }
}

/// Everything that takes memory from a heap, as much of it as there is.
fn take_all(heap: &Heap, kept: &mut Vec<AnyGc>, others: &mut Vec<Box<dyn std::any::Any>>) {
    let mut failed = 0;
    let map = WeakKeyMap::<AnyGc, AnyGc, ById>::try_with_equivalence(heap, ById).ok();
    let set = WeakSet::<AnyGc, ById>::try_with_equivalence(heap, ById).ok();
    let values = WeakValueMap::<AnyGc, AnyGc, ById>::try_with_equivalence(heap, ById).ok();
    for n in 0..350_usize {
        let Ok(object) = heap.try_alloc(Greedy(RefCell::new(None))) else {
            failed += 1;
            if failed > 20 {
                break;
            }
            continue;
        };
        let any = Gc::as_any(&object);
        if n % 3 == 0 {
            *object.0.borrow_mut() = Some(any.clone());
        } else {
            kept.push(any.clone());
        }
        others.extend(Gc::try_downgrade(&object).ok().map(|weak| Box::new(weak) as Box<dyn std::any::Any>));
        kept.extend(WeakRef::try_with_callback(&object, callback(|_| ())).ok().map(AnyGc::from));
        kept.extend(Proxy::try_new(&object).ok().map(AnyGc::from));
        kept.extend(heap.try_alloc_slice(vec![n as u8; n * 3]).ok().map(AnyGc::from));
        kept.extend(heap.try_alloc_with_slice([n; 5], vec![Packed::from(any.clone()); n % 7]).ok().map(AnyGc::from));
        let _ = map.as_ref().map(|map| map.try_insert(&any, any.clone()));
        let _ = set.as_ref().map(|set| set.try_insert(&any));
        let _ = values.as_ref().map(|values| values.try_insert(any.clone(), &any));
        let _ = heap.try_add_root_any(any.clone());
        let _ = heap.try_finalize(&any, any.clone(), drop);
        let _ = heap.try_add_callback(|_, _, _| ());
        let mut items = LastFirst::<u64, _>::new_in(heap.allocator());
        if items.try_reserve(n).is_ok() {
            others.push(Box::new(items));
        }
        others.extend(heap.try_add_external(n).ok().map(|it| Box::new(it) as Box<dyn std::any::Any>));
        match n % 16 {
            0 => heap.freeze(),
            1 => heap.unfreeze(),
            2 => heap.set_debug(DebugFlags::SAVEALL),
            3 => heap.set_debug(DebugFlags::empty()),
            4 => drop(heap.collect(Generation::Young)),
            5 => drop(heap.collect(Generation::Old)),
            6 => heap.make_immortal(&any),
            7 => drop(heap.take_garbage()),
            _ => (),
        }
        assert!(heap.memory_limit().is_none_or(|limit| heap.peak_bytes() <= limit), "{n}");
    }
    kept.extend(map.map(AnyGc::from));
    kept.extend(set.map(AnyGc::from));
    kept.extend(values.map(AnyGc::from));
}

#[test]
fn the_limit_holds_whatever_takes_the_memory() {
    for (trigger, limit) in [(Trigger::Manual, 200_000), (Trigger::Safepoint, 250_000), (Trigger::Allocation, 200_000)]
    {
        let heap = Heap::new();
        heap.set_trigger(trigger);
        heap.set_memory_limit(Some(limit));
        let (mut kept, mut others) = (Vec::new(), Vec::new());
        take_all(&heap, &mut kept, &mut others);
        assert!(heap.peak_bytes() <= limit && heap.used_bytes() > limit / 3);
        assert_eq!(heap.used_bytes(), heap.memory().used_bytes);
        heap.check();
        kept.truncate(kept.len() / 2);
        heap.collect(Generation::Old);
        assert!(heap.peak_bytes() <= limit);
        drop((kept, others));
        heap.collect(Generation::Old);
        heap.check();
        let anchor = heap.try_alloc(1);
        drop(heap);
        if let Ok(anchor) = anchor {
            Gc::with_heap(&anchor, |heap| assert!(heap.peak_bytes() <= limit && heap.memory_limit() == Some(limit)));
        }
    }
}

#[test]
fn nothing_at_all_is_granted_and_everything_still_ends() {
    let (heap, log) = logged();
    let drops = Rc::new(Cell::new(0));
    let kept: Vec<_> = (0..500).map(|_| Node::ring(&heap, &drops)).collect();
    let greedy: Vec<_> = (0..10).map(|_| heap.alloc(Greedy(RefCell::new(None)))).collect();
    let refs: Vec<_> = kept.iter().map(|node| WeakRef::with_callback(node, callback(|_| ()))).collect();
    for limit in [0, 1, usize::MAX, heap.used_bytes() - 1, 0] {
        heap.set_memory_limit(Some(limit));
        heap.set_soft_limit(0, |heap, _| drop(heap.collect(Generation::Old)));
        heap.safepoint();
        heap.freeze();
        heap.unfreeze();
        heap.trim();
        heap.check();
    }
    drop((kept, greedy, refs));
    // With what the finalizers found room for, in blocks that were free.
    assert!(heap.collect(Generation::Old) >= 500);
    assert_eq!((drops.get(), log.borrow().len()), (500, 0));
    drop(heap);
}

#[test]
fn external_bytes_at_the_edge_of_numbers() {
    let heap = manual();
    let used = heap.used_bytes();
    assert!(heap.try_add_external(usize::MAX).is_err());
    let mut most: External = heap.try_add_external(usize::MAX - used - 100_000).unwrap();
    assert!(heap.try_add_external(usize::MAX / 2).is_err());
    assert!(most.resize(usize::MAX).is_err());
    // No room is left for a pool in the count itself.
    let mut grown = 0;
    while grown < 10_000
        && heap.try_alloc([0_u64; 20]).map(|object| heap.try_add_root(object)).is_ok_and(|root| root.is_ok())
    {
        grown += 1;
    }
    assert!(grown < 10_000, "the count can't have wrapped");
    heap.check();
    most.resize(0).unwrap();
    assert!(most.resize(usize::MAX - heap.used_bytes() + 1).is_err());
    most.resize(usize::MAX - heap.used_bytes()).unwrap();
    assert_eq!(heap.used_bytes(), usize::MAX);
    assert!(most.resize(usize::MAX).is_err());
    std::mem::forget(most);
    heap.check();
    assert!(heap.try_alloc_slice(vec![0_u8; 100_000]).is_err());
    heap.collect(Generation::Old);
    drop(heap);
}

#[test]
fn thresholds_growth_stress_and_nesting_at_their_extremes() {
    for threshold in [i32::MIN, -1, 0, 1, i32::MAX] {
        for percent in [0, 1, u32::MAX] {
            let heap = Heap::new();
            heap.set_threshold([threshold, threshold, threshold]);
            assert_eq!(heap.get_threshold(), [threshold; 3]);
            heap.set_growth(Growth::percent(percent));
            heap.set_stress(if percent == 1 { usize::MAX } else { 0 });
            heap.set_drop_nesting(percent);
            let drops = Rc::new(Cell::new(0));
            for _ in 0..100 {
                drop(Node::ring(&heap, &drops));
                heap.safepoint();
            }
            heap.check();
            heap.collect(Generation::Old);
            assert_eq!(drops.get(), 100);
        }
    }
}

#[test]
fn a_soft_limit_that_its_callback_crosses_again() {
    let heap = manual();
    let calls = Rc::new(Cell::new(0));
    fn arm(heap: &Heap, at: usize, calls: &Rc<Cell<u32>>) {
        let count = calls.clone();
        heap.set_soft_limit(at, move |heap, used| {
            count.set(count.get() + 1);
            if count.get() < 100 {
                arm(heap, used + 10, &count);
                let external = heap.add_external(100);
                heap.safepoint();
                std::mem::forget(external);
            }
        });
    }
    arm(&heap, heap.used_bytes() + 10, &calls);
    let _bytes = heap.add_external(1000);
    for _ in 0..1000 {
        heap.safepoint();
    }
    assert_eq!(calls.get(), 100);
    for at in [0, 1, usize::MAX] {
        heap.set_soft_limit(at, |_, _| panic!("told"));
        heap.safepoint();
        heap.alloc(1);
    }
}

#[test]
fn a_limit_is_lowered_inside_of_everything() {
    let (heap, log) = logged();
    let drops = Rc::new(Cell::new(0));
    heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE);
    heap.set_debug_sink(|_| ());
    heap.add_callback(|heap, _, _| heap.set_memory_limit(Some(heap.used_bytes())));
    let ring = heap.alloc((Greedy(RefCell::new(None)), Loud(drops.clone())));
    *ring.0.0.borrow_mut() = Some(Gc::as_any(&ring));
    let weak = WeakRef::with_callback(&ring, {
        let anchor = heap.alloc(1);
        callback(move |_| Gc::with_heap(&anchor, |heap| heap.set_memory_limit(Some(0))))
    });
    drop(ring);
    let map = WeakKeyMap::<AnyGc, u8, ById>::with_equivalence(&heap, ById);
    let keys: Vec<AnyGc> = (0..100).map(|n| heap.alloc(n).into()).collect();
    keys.iter().for_each(|key| drop(map.insert(key, 1)));
    assert_eq!((heap.collect(Generation::Old), drops.get()), (1, 1));
    drop(keys);
    assert!(map.is_empty() && map.try_insert(&Gc::as_any(&weak), 1).is_err() || map.len() == 1);
    heap.check();
    assert_eq!(log.borrow().len(), 0);
}
