//! Handles, a cycle, and the collector: the smallest tour.

use std::cell::RefCell;

use tailbite::{Gc, Generation, Heap, Trace};

#[derive(Trace)]
struct Node {
    name: &'static str,
    next: RefCell<Option<Gc<Node>>>,
}

fn main() {
    let heap = Heap::new();
    let node = |name| heap.alloc(Node { name, next: RefCell::new(None) });

    // Counted like `Rc`: the last handle frees the object, at once.
    let a = node("a");
    let b = node("b");
    *a.next.borrow_mut() = Some(b.clone());
    println!("{} handles to {}", Gc::strong_count(&b), b.name);

    // A cycle keeps itself alive; the collector finds it.
    *b.next.borrow_mut() = Some(a.clone());
    drop((a, b));
    println!("{} objects before the collection", heap.object_count());
    println!("collected {}", heap.collect(Generation::Old));
    println!("{} objects after it", heap.object_count());
}
