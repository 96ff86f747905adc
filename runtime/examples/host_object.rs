//! Host objects: a value of the host's with a finalizer, and a protocol table through which an interpreter reaches what a
//! type can do from an erased handle.

use std::cell::{Cell, RefCell};

use tailbite::{AnyGc, Gc, Generation, Heap, Trace};

/// What this host's interpreter asks of every object: the slots of a type. `None`: the type can't do that.
struct Slots {
    repr: fn(&AnyGc) -> String,
    call: Option<fn(&AnyGc, &Heap, i64) -> AnyGc>,
}

/// A connection of the host's. Scripts can put it into cycles, so it is traced; it has to be closed, so it has a finalizer.
#[derive(Trace)]
#[trace(finalize = Connection::close, protocol = &CONNECTION)]
struct Connection {
    peer: &'static str,
    is_open: Cell<bool>,
    /// A script's object that hears of what arrives.
    listener: RefCell<Option<AnyGc>>,
}

static CONNECTION: Slots = Slots { repr: |this| format!("<connection to {}>", Connection::of(this).peer), call: None };

impl Connection {
    fn of(any: &AnyGc) -> &Connection {
        any.downcast_ref().expect("slots are called on objects of their own type")
    }

    /// Runs once, before the connection dies, by count or as garbage: everything it refers to is still intact.
    fn close(this: &Gc<Connection>) {
        if this.is_open.replace(false) {
            println!("closing the connection to {}", this.peer);
        }
    }
}

/// A function of the script's: calls go through its slot. It holds a value, as a closure does.
#[derive(Trace)]
#[trace(protocol = &ADDER)]
struct Adder {
    amount: i64,
    captured: RefCell<Option<AnyGc>>,
}

static ADDER: Slots = Slots {
    repr: |_| String::from("<function add>"),
    call: Some(|this, heap, argument| {
        let adder: &Adder = this.downcast_ref().expect("an adder");
        Gc::erase(heap.alloc(adder.amount + argument))
    }),
};

/// What the interpreter does with any value: one look-up, no `match` over types.
fn repr(value: &AnyGc) -> String {
    match value.protocol::<Slots>() {
        Some(slots) => (slots.repr)(value),
        // `i64` is a payload without a table: the interpreter knows it itself.
        None => value.downcast_ref::<i64>().map_or_else(|| value.type_name().to_owned(), i64::to_string),
    }
}

fn call(value: &AnyGc, heap: &Heap, argument: i64) -> Result<AnyGc, String> {
    let slot = value.protocol::<Slots>().and_then(|slots| slots.call);
    let slot = slot.ok_or_else(|| format!("{} is not callable", repr(value)))?;
    Ok(slot(value, heap, argument))
}

fn main() {
    let heap = Heap::new();
    let connect = |peer| heap.alloc(Connection { peer, is_open: Cell::new(true), listener: RefCell::new(None) });

    // Slots are found from a handle that knows nothing of the type.
    let add = heap.alloc(Adder { amount: 2, captured: RefCell::new(None) });
    let value = Gc::as_any(&add);
    println!("{} called with 40: {}", repr(&value), repr(&call(&value, &heap, 40).expect("callable")));
    let local = connect("localhost");
    println!("{}", call(&Gc::as_any(&local), &heap, 1).expect_err("not callable"));

    // Death by count: the last handle goes, the finalizer runs before `drop` returns.
    drop(local);

    // Death as garbage: connection and listener hold each other. Nothing happens at the drop; the collector finds both.
    let remote = connect("example.org");
    *add.captured.borrow_mut() = Some(Gc::as_any(&remote));
    *remote.listener.borrow_mut() = Some(value);
    drop((remote, add));
    println!("{} tracked objects before the collection", heap.tracked_objects());
    println!("collected {}", heap.collect(Generation::Old));

    // What is left when the heap is dropped is finalized too, if only garbage holds it.
    let last = connect("lost.example");
    *last.listener.borrow_mut() = Some(Gc::as_any(&last));
    drop(last);
    drop(heap);
}
