//! Tables beside objects: weak maps, a value that refers to its own key, and `finalize`.

use std::cell::RefCell;

use tailbite::{AnyGc, ById, Gc, Generation, Heap, Trace, WeakKeyMap, WeakSet, WeakValueMap};

/// What a script sees.
#[derive(Trace)]
struct Instance {
    name: &'static str,
    other: RefCell<Option<AnyGc>>,
}

/// What the host knows about an instance, and that refers back to it.
#[derive(Trace)]
struct Wrapper {
    of: Gc<Instance>,
    calls: u32,
}

type Wrappers = WeakKeyMap<Gc<Instance>, Gc<Wrapper>, ById>;

fn main() {
    let heap = Heap::new();
    let instance = |name| heap.alloc(Instance { name, other: RefCell::new(None) });

    // A value that refers to its own key. In CPython this entry would never go: the dictionary holds the value, the value
    // holds the key. Here the entry holds its value only as long as the key is alive without it.
    let wrappers = Wrappers::with_equivalence(&heap, ById);
    let window = instance("window");
    wrappers.insert(&window, heap.alloc(Wrapper { of: window.clone(), calls: 1 }));
    let wrapper = wrappers.get(&window).expect("just inserted");
    println!("{} was called {} time(s)", wrapper.of.name, wrapper.calls);
    drop(wrapper);
    drop(window);
    println!("without the host's handle: {} entry", wrappers.len());
    println!("collected {} objects: key, value, entry", heap.collect(Generation::Young));
    println!("afterwards: {} entries", wrappers.len());

    // A chain: each value is the next one's key. It stays as long as its first key does.
    let first = instance("first");
    let mut last = first.clone();
    for _ in 0..1000 {
        let next = instance("next");
        wrappers.insert(&last, heap.alloc(Wrapper { of: next.clone(), calls: 0 }));
        last = next;
    }
    // The last one refers to the first: a cycle through a thousand entries.
    *last.other.borrow_mut() = Some(first.clone().into());
    drop(last);
    heap.collect(Generation::Old);
    println!("held by the first key: {} entries", wrappers.len());
    drop(first);
    heap.collect(Generation::Old);
    println!("without it: {} entries", wrappers.len());

    // Interned names: by value. An entry goes with its value, at once.
    let names = WeakValueMap::<String, Gc<str>>::new(&heap);
    let intern = |text: &str| names.get_or_insert(text.to_owned(), &heap.alloc_str(text));
    let (one, two) = (intern("name"), intern("name"));
    println!("interned: {}", Gc::ptr_eq(&one, &two));
    drop((one, two));
    println!("names left: {}", names.len());

    // Who listens, in order of registration, while members leave.
    let listeners = WeakSet::<Gc<Instance>, ById>::with_equivalence(&heap, ById);
    let mut all = vec![instance("a"), instance("b"), instance("c")];
    for listener in &all {
        listeners.insert(listener);
    }
    for listener in &*listeners {
        println!("tell {}", listener.name);
        // Telling `a` makes `b` go away.
        all.retain(|other| other.name != "b");
    }

    // What is to happen when an object dies, or at the latest when the heap is closed.
    heap.finalize(&all[0], "descriptor 3", |what| println!("closed at the death of a: {what}"));
    heap.finalize(&all[1], "descriptor 4", |what| println!("closed at exit: {what}"));
    all.remove(0);
    println!("closing the heap");
    drop(heap);
}
