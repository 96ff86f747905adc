//! Where the containers of a script keep their contents.

use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use tailbite::{Heap, HeapAllocator};

/// The allocator of what is inside an object: the heap's own, so that it counts against the heap's limit.
pub(crate) type Storage = HeapAllocator;

/// The storage of a heap.
pub(crate) fn storage(heap: &Heap) -> Storage {
    heap.allocator()
}

pub(crate) type StorageVec<T> = Vec<T, Storage>;
pub(crate) type StorageBox<T> = Box<T, Storage>;
pub(crate) type StorageIndex = hashbrown::HashTable<u32, Storage>;

/// Memory was refused.
#[derive(Debug)]
pub(crate) struct Refused;

/// What the interpreter itself may need for small things: containers leave so much to it.
pub(crate) const SLACK: usize = 1 << 20;

/// Room for `more` items in a vector: for as many again, or if there is no memory for that, for an eighth.
pub(crate) fn grow<T>(items: &mut StorageVec<T>, more: usize) -> Result<(), Refused> {
    if items.capacity() - items.len() >= more || items.try_reserve(more).is_ok() {
        return Ok(());
    }
    let little_more = more.saturating_add(items.len() / 8);
    let bytes = items.len().saturating_add(little_more).saturating_mul(size_of::<T>());
    if !is_left(bytes.saturating_add(SLACK)) {
        return Err(Refused);
    }
    items.try_reserve_exact(little_more).map_err(|_| Refused)
}

/// Whether the system has so much memory.
pub(crate) fn is_left(bytes: usize) -> bool {
    let mut probe = std::vec::Vec::<u8>::new();
    let is_left = probe.try_reserve_exact(bytes).is_ok();
    // The compiler is not to see that nothing is done with it.
    std::hint::black_box(&probe);
    is_left
}
