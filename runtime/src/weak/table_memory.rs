//! The memory of weak containers' tables: raw blocks of their heap, so that its limit and its figures know of them.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator as ForVectors};

use crate::alloc::{Allocator, blocks};

/// The raw memory of one heap. Runs no user code, and refuses at the limit (S19).
///
/// Invariant: the allocator is there as long as this is used: the container's block, in use, keeps its heap's state.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableMemory(NonNull<Allocator>);

impl TableMemory {
    /// # Safety
    /// The allocator is alive as long as what this is, or is copied to, may allocate or free.
    pub(super) unsafe fn new(alloc: &Allocator) -> TableMemory {
        TableMemory(NonNull::from(alloc))
    }

    fn alloc(&self) -> &Allocator {
        // SAFETY: the invariant; everything in an allocator is a cell.
        unsafe { self.0.as_ref() }
    }
}

// SAFETY: blocks are those of the heap's allocator, valid until they are freed, wherever this is moved; copies are of the
// same allocator.
unsafe impl ForVectors for TableMemory {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        blocks::allocate(self.alloc(), layout, false)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise: a block of `allocate`, with its layout. It isn't the last one of its heap: the
        // container's is in use.
        unsafe { blocks::deallocate(self.alloc(), block, layout) };
    }
}
