//! What Python's `gc` module can do, on a heap: callbacks, inspection, freezing, debugging a leak.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tailbite::{AnyGc, DebugEvent, DebugFlags, Gc, Generation, Heap, Phase, Trace};

#[derive(Trace)]
struct Node {
    name: String,
    links: RefCell<Vec<AnyGc>>,
}

fn node(heap: &Heap, name: &str) -> Gc<Node> {
    heap.alloc(Node { name: name.to_owned(), links: RefCell::default() })
}

/// Two nodes that hold each other, and that nobody else holds.
fn leak_pair(heap: &Heap, name: &str) {
    let (a, b) = (node(heap, name), node(heap, "its other half"));
    a.links.borrow_mut().push(Gc::as_any(&b));
    b.links.borrow_mut().push(Gc::as_any(&a));
}

fn name_of(object: &AnyGc) -> &str {
    object.downcast_ref::<Node>().map_or("something else", |node| &node.name)
}

fn main() {
    let heap = Heap::new();

    println!("# Callbacks: the longest pause");
    let longest = Rc::new(Cell::new(Duration::ZERO));
    let pauses = longest.clone();
    let key = heap.add_callback(move |_, phase, info| {
        if phase == Phase::Stop {
            println!("  generation {}: {} of {} freed", info.generation.index(), info.collected, info.candidates);
            pauses.set(pauses.get().max(info.duration));
        }
    });
    let modules: Vec<_> = ["os", "sys", "re"].into_iter().map(|name| node(&heap, name)).collect();
    leak_pair(&heap, "a pair");
    heap.collect(Generation::Young);
    leak_pair(&heap, "another");
    heap.collect(Generation::Old);
    println!("  no pause was longer than a second: {}", longest.get() < Duration::from_secs(1));
    heap.remove_callback(key);

    println!("# Freezing: what start-up made is examined no more, and stays shared after a fork");
    heap.freeze();
    println!("  frozen: {}", heap.get_freeze_count());
    heap.collect(Generation::Old);
    let [_, _, old] = heap.get_stats();
    println!("  examined by full collections so far: {}", old.candidates);
    heap.unfreeze();

    println!("# Inspection: who holds it, what does it hold?");
    let holder = node(&heap, "holder");
    holder.links.borrow_mut().extend(modules.iter().map(Gc::as_any));
    let referrers = heap.get_referrers(&[Gc::as_any(&modules[2])]);
    println!("  {} is held by {:?}", modules[2].name, referrers.iter().map(name_of).collect::<Vec<_>>());
    let referents = heap.get_referents(&[Gc::as_any(&holder)]);
    println!("  holder holds {:?}", referents.iter().map(name_of).collect::<Vec<_>>());
    println!("  young objects: {}", heap.get_objects(Some(Generation::Young)).len());
    drop((referrers, referents));

    println!("# Debugging: which objects are in cycles?");
    heap.set_debug_sink(|event| match event {
        DebugEvent::Collectable { object } => println!("  collectable: {}", name_of(object)),
        DebugEvent::Done { unreachable, .. } => println!("  done, {unreachable} unreachable"),
        _ => {}
    });
    heap.set_debug(DebugFlags::STATS | DebugFlags::LEAK);
    leak_pair(&heap, "a leak");
    heap.collect(Generation::Old);
    for object in heap.take_garbage() {
        println!("  kept: {}", name_of(&object));
    }
    heap.set_debug(DebugFlags::empty());
    println!("  freed in the end: {}", heap.collect(Generation::Old));
}
