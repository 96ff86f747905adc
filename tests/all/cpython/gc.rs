//! `test_gc.py`.

mod finalizers;
mod garbage;
mod generations;
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
