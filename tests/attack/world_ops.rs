//! What a random program can do.

use super::*;

pub(super) fn new_heap() -> Heap {
    let heap = Heap::new();
    heap.set_unraisable_hook(|_| act());
    heap.set_threshold([rng(60) as i32, rng(4) as i32, rng(4) as i32]);
    heap.set_growth(Growth::percent(rng(3) as u32 * 20));
    heap.set_trigger([Trigger::Allocation, Trigger::Safepoint, Trigger::Manual][rng(3)]);
    heap
}

/// A heap: one of the host's, or that of an object, which may be closed.
fn with_heap(f: impl FnOnce(&Heap)) {
    if rng(4) == 0
        && let Some(any) = get(rng(SLOTS))
    {
        return any.with_heap(f);
    }
    let heap = HEAPS.with_borrow(|heaps| heaps.get(rng(3)).cloned().flatten());
    if let Some(heap) = heap {
        f(&heap);
    }
}

fn with_object(f: impl FnOnce(Gc<Obj>)) {
    if let Some(object) = get(rng(SLOTS)).and_then(|any| any.downcast::<Obj>().ok()) {
        f(object);
    }
}

fn with_any(f: impl FnOnce(AnyGc)) {
    if let Some(any) = get(rng(SLOTS)) {
        f(any);
    }
}

fn keep<T: ?Sized>(object: Gc<T>) {
    put(rng(SLOTS), Some(Gc::erase(object)));
}

fn container(f: impl FnOnce(&AnyGc)) {
    let first = rng(SLOTS);
    let found = (0..SLOTS).filter_map(|n| get((first + n) % SLOTS));
    let found = found.into_iter().find(|any| any.is::<Map>() || any.is::<Set>() || any.is::<Values>());
    if let Some(any) = found {
        f(&any);
    }
}

pub(super) fn random() {
    match rng(60) {
        0..=5 | 52..=58 => with_heap(|heap| drop(heap.try_alloc(object()).map(keep))),
        6 => with_heap(|heap| {
            let count = rng(5);
            // One mark only: two drops that panic in one payload abort, by the language's rule.
            drop(
                heap.try_alloc_with_slice(
                    Mark::new(),
                    (0..count).map(|_| {
                        act();
                        get(rng(SLOTS))
                    }),
                )
                .map(keep),
            );
        }),
        7 => with_heap(|heap| {
            let make = |weak: &Weak<Obj>| {
                let object = object();
                *object.weak.borrow_mut() = Some(weak.clone());
                act();
                assert!(weak.upgrade().is_none());
                object
            };
            drop(heap.try_alloc_cyclic(make).map(keep));
        }),
        8..=13 => with_object(|a| with_any(|b| a.fields.borrow_mut().push(b))),
        14 => with_object(|a| with_any(|b| drop(a.packed.replace(Some(b.into()))))),
        15 => with_object(|a| {
            let field = a.fields.borrow_mut().pop();
            drop(field);
        }),
        16 => with_object(|a| drop(a.fields.take())),
        17 => with_object(|a| {
            with_any(|b| {
                if rng(4) == 0 {
                    drop(a.hidden.0.replace(Some(b)));
                }
            });
        }),
        18..=20 => put(rng(SLOTS), None),
        21 => put(rng(SLOTS), get(rng(SLOTS))),
        22..=25 => with_heap(|heap| drop(heap.collect(Generation::ALL[rng(3)]))),
        26 => with_object(|a| {
            let weak = Gc::try_downgrade(&a).ok();
            drop(a.weak.replace(weak.clone()));
            let old = WEAKS.with_borrow_mut(|weaks| std::mem::replace(&mut weaks[rng(SLOTS)], weak));
            drop(old);
        }),
        27 => {
            let weak = WEAKS.with_borrow(|weaks| weaks[rng(SLOTS)].clone());
            if let Some(object) = weak.and_then(|weak| weak.upgrade()) {
                look(&Gc::as_any(&object));
                keep(object);
            }
        }
        28 | 29 => with_any(|any| {
            let call = Call(RefCell::new(get(rng(SLOTS))), Mark::new());
            match rng(4) {
                0 => drop(WeakRef::try_new(&any).map(keep)),
                1 => drop(Proxy::try_with_callback(&any, call).map(keep)),
                _ => drop(WeakRef::try_with_callback(&any, call).map(keep)),
            }
        }),
        30 => with_any(|any| {
            if let Some(weak) = any.downcast_ref::<WeakRef>() {
                put(rng(SLOTS), if rng(2) == 0 { weak.get() } else { weak.callback() });
            }
        }),
        31 => with_heap(|heap| match rng(3) {
            0 => drop(Map::try_with_equivalence(heap, Alike(Mark::new())).map(keep)),
            1 => drop(Set::try_with_equivalence(heap, Alike(Mark::new())).map(keep)),
            _ => drop(Values::try_with_equivalence(heap, Alike(Mark::new())).map(keep)),
        }),
        32..=37 => container(|any| with_any(|key| with_any(|value| contained(any, &key, value)))),
        38 => with_any(|any| {
            with_any(|data| {
                with_heap(|heap| {
                    let finalize = heap.try_finalize(&any, data, |data| {
                        look(&data);
                        act();
                    });
                    let old = FINALIZES.with_borrow_mut(|them| std::mem::replace(&mut them[rng(SLOTS)], finalize.ok()));
                    drop(old);
                });
            });
        }),
        39 => {
            let finalize = FINALIZES.with_borrow(|them| them[rng(SLOTS)].clone());
            if let Some(finalize) = finalize {
                match rng(4) {
                    0 => drop(finalize.call()),
                    1 => drop(finalize.detach()),
                    2 => drop(finalize.peek()),
                    _ => finalize.set_at_exit(rng(2) == 0),
                }
            }
        }
        40 => with_heap(|heap| match rng(6) {
            0 => heap.freeze(),
            1 => heap.unfreeze(),
            2 => drop(heap.trim()),
            3 => heap.set_debug([DebugFlags::SAVEALL, DebugFlags::COLLECTABLE, DebugFlags::empty()][rng(3)]),
            4 => heap.set_debug_sink(|_| act()),
            _ => drop(heap.take_garbage()),
        }),
        41 => with_heap(|heap| {
            let objects = match rng(3) {
                0 => heap.get_objects(None),
                1 => heap.get_referrers(&[get(rng(SLOTS)).unwrap_or_else(|| heap.alloc(1).into())]),
                _ => heap.get_referents(&heap.get_objects(None)),
            };
            objects.iter().for_each(look);
            if !objects.is_empty() {
                put(rng(SLOTS), Some(objects[rng(objects.len())].clone()));
            }
        }),
        42 => with_heap(|heap| {
            with_any(|any| {
                let Ok(root) = heap.try_add_root_any(any) else { return };
                let key = heap.add_callback(|_, _, _| act());
                KEYS.with_borrow_mut(|keys| keys.push((key, RootKey::from_bits(root.to_bits()))));
            });
        }),
        43 | 44 => with_heap(|heap| {
            let Some((key, root)) = KEYS.with_borrow_mut(Vec::pop) else { return };
            heap.remove_callback(key);
            put(rng(SLOTS), heap.remove_root_any(root));
        }),
        45 => with_object(|mut object| {
            put(rng(SLOTS), None);
            let Some(mut guard) = Gc::get_mut(&mut object) else { return };
            guard.fields.get_mut().clear();
            act();
            guard.fields.get_mut().shrink_to_fit();
            guard.mark.check();
        }),
        46 => {
            let Some(mut object) = take_object() else { return };
            {
                let Ok(guard) = Gc::try_make_mut(&mut object) else { return };
                guard.mark.check();
                act();
                guard.mark.check();
            }
            keep(object);
        }
        47 => {
            let Some(object) = take_object() else { return };
            match Gc::try_unwrap(object) {
                Ok(payload) => {
                    payload.mark.check();
                    act();
                    with_heap(|heap| drop(heap.try_alloc(payload).map(keep)));
                }
                Err(object) => keep(object),
            }
        }
        48 => with_heap(|heap| {
            let limit = [
                Some(0),
                Some(heap.used_bytes()),
                Some(heap.used_bytes() + rng(100_000)),
                None,
                None,
                None,
                None,
                None,
            ][rng(8)];
            heap.set_memory_limit(limit);
            if rng(2) == 0 {
                heap.set_soft_limit(heap.used_bytes() + rng(20_000), |_, _| act());
            }
        }),
        49 => with_heap(|heap| {
            heap.set_stress(rng(3));
            heap.safepoint();
            heap.set_drop_nesting(rng(4) as u32);
            if rng(8) == 0 {
                heap.run_exit_finalizers();
            }
        }),
        50 => {
            if rng(4) != 0 {
                return;
            }
            let heap = (rng(6) != 0).then(|| Rc::new(new_heap()));
            let old =
                HEAPS.with_borrow_mut(|heaps| (!heaps.is_empty()).then(|| std::mem::replace(&mut heaps[rng(3)], heap)));
            drop(old);
        }
        _ => with_any(|any| {
            if rng(10) == 0 {
                any.with_heap(|heap| heap.make_immortal(&any));
            }
        }),
    }
}

fn take_object() -> Option<Gc<Obj>> {
    let slot = rng(SLOTS);
    let any = HANDLES.with_borrow_mut(|handles| handles[slot].take_if(|any| any.is::<Obj>()))?;
    any.downcast().ok()
}

fn contained(any: &AnyGc, key: &AnyGc, value: AnyGc) {
    if let Some(map) = any.downcast_ref::<Map>() {
        match rng(8) {
            0 => put(rng(SLOTS), map.get(key)),
            1 => put(rng(SLOTS), map.remove(key)),
            2 => put(rng(SLOTS), map.pop_item().map(|(key, _)| key)),
            3 => map.iter().take(3).for_each(|(key, value)| {
                act();
                look(&key);
                look(&value);
            }),
            4 if rng(4) == 0 => map.clear(),
            5 => drop((map.items(), map.key_refs(), map.len())),
            _ => drop(map.try_insert(key, value)),
        }
        map.check();
    } else if let Some(set) = any.downcast_ref::<Set>() {
        match rng(5) {
            0 => drop(set.remove(key)),
            1 => put(rng(SLOTS), set.pop()),
            2 => set.iter().take(3).for_each(|member| {
                act();
                look(&member);
            }),
            _ => drop(set.try_insert(key)),
        }
        set.check();
    } else if let Some(values) = any.downcast_ref::<Values>() {
        match rng(6) {
            0 => put(rng(SLOTS), values.get(key)),
            1 => put(rng(SLOTS), values.remove(key)),
            2 => values.iter().take(3).for_each(|(key, value)| {
                act();
                look(&key);
                look(&value);
            }),
            3 if rng(4) == 0 => values.clear(),
            _ => drop(values.try_insert(key.clone(), &value)),
        }
        values.check();
    }
}
