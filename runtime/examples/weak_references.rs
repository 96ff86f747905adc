//! Weak references: `Weak` as in `Rc`, `WeakRef` and `Proxy` as in Python, and the order of their callbacks.

use std::cell::RefCell;

use tailbite::{AnyGc, Gc, Generation, Heap, Proxy, Trace, WeakCallback, WeakRef, callback};

#[derive(Trace)]
struct Node {
    name: &'static str,
    next: RefCell<Option<Gc<Node>>>,
}

/// A callback that is a traced object of its own: handles in it are seen by the collector.
#[derive(Trace)]
struct Tell {
    what: &'static str,
    holder: RefCell<Option<Gc<WeakRef>>>,
}

impl WeakCallback for Tell {
    fn call(&self, reference: &AnyGc) {
        let reference: &WeakRef = reference.downcast_ref().expect("made with `WeakRef::with_callback`");
        println!("  {} (the reference is alive: {})", self.what, reference.is_alive());
        drop(self.holder.take());
    }
}

fn main() {
    let heap = Heap::new();
    let node = |name| heap.alloc(Node { name, next: RefCell::new(None) });

    // `Weak` is not an object and has no callback. Equality goes by the object, not by its address.
    let a = node("a");
    let weak = Gc::downgrade(&a);
    println!("upgraded: {}", weak.upgrade().map_or("nothing", |a| a.name));
    drop(a);
    println!("upgraded: {}", weak.upgrade().map_or("nothing", |a| a.name));
    let again = Gc::downgrade(&node("b"));
    println!("the same as another dead one: {}", weak == again);

    // A `WeakRef` is an object itself. Without a callback there is one per referent.
    let b = node("b");
    let reference = WeakRef::new(&b);
    println!("shared: {}", Gc::ptr_eq(&reference, &WeakRef::new(&b)));

    // A `Proxy` stands for its referent and says so when it is gone.
    let proxy = Proxy::new(&b);
    let name = |proxy: &Gc<Proxy>| proxy.get().map(|any| any.downcast::<Node>().expect("a node").name);
    println!("through the proxy: {:?}", name(&proxy));

    // Callbacks: all references are cleared first, then the newest callback runs first.
    let first = WeakRef::with_callback(&b, callback(|_: &AnyGc| println!("  first callback")));
    let second = WeakRef::with_callback(&b, Tell { what: "second callback", holder: RefCell::new(None) });
    println!("{} references to b; dropping b", heap.get_weakref_count(&b));
    drop(b);
    println!("reference: {}, proxy: {}", reference.is_alive(), name(&proxy).expect_err("dead"));
    drop((first, second));

    // A reference that dies first never calls.
    let c = node("c");
    drop(WeakRef::with_callback(&c, callback(|_: &AnyGc| println!("  never printed"))));
    drop(c);

    // In a collection: the callback of a reference outside of the garbage runs. One that is garbage itself doesn't.
    let (d, e) = (node("d"), node("e"));
    *d.next.borrow_mut() = Some(e.clone());
    *e.next.borrow_mut() = Some(d.clone());
    let outside = WeakRef::with_callback(&d, Tell { what: "d is garbage", holder: RefCell::new(None) });
    // The callback holds its own reference: a cycle of reference and callback, garbage with the rest.
    let inside = WeakRef::with_callback(&e, Tell { what: "never printed", holder: RefCell::new(None) });
    let tell = inside.callback().expect("its referent is alive").downcast::<Tell>().expect("the type that was passed");
    *tell.holder.borrow_mut() = Some(inside);
    drop((d, e, tell));
    println!("collected {}", heap.collect(Generation::Old));
    println!("outside is alive: {}", outside.is_alive());
}
