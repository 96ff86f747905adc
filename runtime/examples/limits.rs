//! A heap with a limit: an error that a script can catch, memory back afterwards, a warning before, and tables that count.

use std::cell::RefCell;

use hashbrown::{DefaultHashBuilder, HashMap};
use tailbite::{External, Gc, Generation, Heap, HeapAllocator, OutOfMemory, Trace, Untraced};

/// What a script has: a list that owns objects.
#[derive(Trace)]
struct List {
    items: RefCell<Vec<Gc<List>>>,
    /// The vector's buffer lies outside of the heap: its bytes are declared.
    buffer: Untraced<RefCell<External>>,
}

/// The host's error, which the script sees as an exception.
#[derive(Debug)]
struct MemoryError(String);

impl<T> From<OutOfMemory<T>> for MemoryError {
    fn from(error: OutOfMemory<T>) -> MemoryError {
        MemoryError(error.to_string())
    }
}

impl List {
    fn new(heap: &Heap) -> Result<Gc<List>, MemoryError> {
        let buffer = Untraced(RefCell::new(heap.try_add_external(0)?));
        Ok(heap.try_alloc(List { items: RefCell::default(), buffer })?)
    }

    /// Appends an item. The buffer's growth is asked for first, while nothing is borrowed: it is refused without a collection, so that the
    /// host can collect where its own structures allow it, and try again.
    fn push(&self, heap: &Heap, item: Gc<List>) -> Result<(), MemoryError> {
        let (length, capacity) = (self.items.borrow().len(), self.items.borrow().capacity());
        if length == capacity {
            let wanted = (2 * capacity).max(4);
            let resize = || self.buffer.0.borrow_mut().resize(wanted * size_of::<Gc<List>>());
            if resize().is_err() {
                heap.collect(Generation::Old);
                resize()?;
            }
            self.items.borrow_mut().reserve_exact(wanted - length);
        }
        self.items.borrow_mut().push(item);
        Ok(())
    }
}

/// A script that wants more than there is, and makes garbage on the way.
fn greedy(heap: &Heap) -> Result<Gc<List>, MemoryError> {
    let all = List::new(heap)?;
    loop {
        let item = List::new(heap)?;
        let cycle = List::new(heap)?;
        cycle.push(heap, cycle.clone())?;
        all.push(heap, item)?;
    }
}

fn main() {
    let heap = Heap::new();
    heap.set_memory_limit(Some(1 << 20));
    heap.set_soft_limit(768 << 10, |_, used| println!("  (warning: {} KiB in use)", used >> 10));

    println!("a script that never stops allocating, with 1 MiB:");
    for _ in 0..2 {
        let Err(MemoryError(message)) = greedy(&heap) else { unreachable!("it never stops") };
        println!("  caught: {message}");
    }
    println!("  never more than {} KiB were in use", heap.peak_bytes() >> 10);
    heap.collect(Generation::Old);
    println!("  {} objects are left of it", heap.object_count());
    heap.trim();
    println!("  and {} KiB in use", heap.used_bytes() >> 10);

    // A host's own table in the heap's memory. Raw memory is refused without a collection: the host makes room, and tries again.
    println!("a table in the heap:");
    let mut table: HashMap<u64, u64, DefaultHashBuilder, HeapAllocator> = HashMap::new_in(heap.allocator());
    let refused = loop {
        if table.try_reserve(1).is_err() {
            break table.len();
        }
        table.insert(table.len() as u64, 0);
    };
    println!("  {refused} entries fit, {} KiB in use", heap.used_bytes() >> 10);
    drop(table);
    heap.trim();
    println!("  {} KiB without it", heap.used_bytes() >> 10);
}
