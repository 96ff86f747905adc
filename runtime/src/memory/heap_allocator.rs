//! `HeapAllocator`: raw bytes of a heap, for the storage of a host's own collections.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use crate::alloc::blocks;
use crate::heap::{Heap, Keeper};
use crate::object::{Shape, Trace, Tracer};

/// An allocator over the raw bytes of a heap, made by [`Heap::allocator`]: `hashbrown` tables and `allocator_api2` vectors with it live in the
/// heap's pools (up to 512 bytes) or are accounted by it, and count against its [limit](Heap::set_memory_limit).
///
/// It runs no user code and never collects: at the limit it refuses, and the host, whose structure is half changed at that moment, collects
/// at a place of its own choosing and tries again. Use the fallible methods of a collection (`try_reserve`) with it; the others abort the
/// process where memory is refused, as with any allocator. What shrinks is never refused.
///
/// Clones are equal: what one has allocated another may free. Each keeps the heap's memory, also after the heap was closed. Handles that are
/// stored in a collection are edges of the object that owns it, whatever its allocator is.
///
/// ```
/// use hashbrown::HashMap;
/// use tailbite::Heap;
/// let heap = Heap::new();
/// let before = heap.used_bytes();
/// let mut table = HashMap::new_in(heap.allocator());
/// for n in 0..1000 {
///     table.insert(n, n * n);
/// }
/// assert!(heap.used_bytes() > before + 8000);
/// drop(table);
/// heap.trim();
/// assert!(heap.used_bytes() < before + 1000);
/// ```
#[derive(Clone)]
pub struct HeapAllocator {
    keeper: Keeper,
}

impl Heap {
    /// An allocator over the heap's raw bytes; see [`HeapAllocator`].
    ///
    /// ```
    /// use allocator_api2::vec::Vec;
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let mut numbers = Vec::new_in(heap.allocator());
    /// numbers.try_reserve(100).expect("there is memory");
    /// numbers.extend(0..100_u64);
    /// assert!(heap.memory().system_bytes >= 800);
    /// ```
    #[must_use]
    pub fn allocator(&self) -> HeapAllocator {
        HeapAllocator { keeper: Keeper::new(self) }
    }
}

impl fmt::Debug for HeapAllocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeapAllocator")
    }
}

// SAFETY: owns no handle. Its drop runs no code but this crate's, as that of `Weak`.
unsafe impl Trace for HeapAllocator {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::PLAIN
    }
}

// SAFETY: blocks in use stay where they are until they are freed or resized; the keeper of each clone keeps the state and with it the
// allocator, to which all clones lead.
unsafe impl Allocator for HeapAllocator {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        blocks::allocate(&self.keeper.state().alloc, layout, false)
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        blocks::allocate(&self.keeper.state().alloc, layout, true)
    }

    #[inline]
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the trait's contract: the block is in use, from a clone of this, and fits the layout.
        unsafe { blocks::deallocate(&self.keeper.state().alloc, block, layout) };
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        unsafe { blocks::resize(&self.keeper.state().alloc, block, old, new) }
    }

    unsafe fn grow_zeroed(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        unsafe { blocks::grow_zeroed(&self.keeper.state().alloc, block, old, new) }
    }

    unsafe fn shrink(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        unsafe { blocks::resize(&self.keeper.state().alloc, block, old, new) }
    }
}
