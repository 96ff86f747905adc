//! MappingTestCase: maps with weak keys, and with weak values.

mod keyed;
mod valued;

use std::cell::RefCell;

use tailbite::{Gc, Heap, Trace};

/// The number of entries of the maps that most tests begin with.
const COUNT: usize = 10;

/// An object that is equal to others of the same number.
#[derive(Trace, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Object(usize);

fn objects(heap: &Heap) -> Vec<Gc<Object>> {
    (0..COUNT).map(|number| heap.alloc(Object(number))).collect()
}

/// An object that is garbage, but not dead, once it is let go.
#[derive(Trace)]
struct RefCycle {
    cycle: RefCell<Option<Gc<RefCycle>>>,
}

impl RefCycle {
    fn alloc(heap: &Heap) -> Gc<RefCycle> {
        let this = heap.alloc(RefCycle { cycle: RefCell::default() });
        *this.cycle.borrow_mut() = Some(this.clone());
        this
    }
}

/// What is in `all`, in order of size, to compare lists whose order is the map's own.
fn sorted<T: Ord>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.into_iter().collect();
    all.sort();
    all
}
