//! `test_gc.py`.

mod callbacks;
mod debugging;
mod finalizers;
mod freezing;
mod garbage;
mod generations;
mod objects;
mod resurrection;
mod scripts;
mod toggling;

use tailbite::Heap;

/// A heap that collects by itself.
pub(super) fn automatic(thresholds: [i32; 3]) -> Heap {
    let heap = Heap::new();
    heap.set_threshold(thresholds);
    heap
}
