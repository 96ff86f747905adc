//! Bytes without a header, for storage outside of objects: from pools up to 512 bytes, above that from the system allocator, accounted.

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::NonNull;

use super::Allocator;
use super::class::Bin;
use super::pool::{Pool, RAW_LINK};
use crate::base::os;

/// What a heap has taken from the system allocator for raw bytes.
#[derive(Default, Debug)]
pub(super) struct SystemBytes {
    blocks: Cell<usize>,
    bytes: Cell<usize>,
}

impl SystemBytes {
    /// The number of allocations.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.get()
    }

    /// Their bytes, as requested.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    fn add(&self, size: usize) {
        self.blocks.set(self.blocks.get() + 1);
        self.bytes.set(self.bytes.get() + size);
    }

    fn remove(&self, size: usize) {
        self.blocks.set(self.blocks.get() - 1);
        self.bytes.set(self.bytes.get() - size);
    }
}

impl Allocator {
    /// Takes `size` bytes aligned to `align`, a power of two; `None` if they are refused. No user code runs, whatever happens (S19).
    #[inline]
    pub(crate) fn allocate_raw(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        match Bin::for_raw(size, align) {
            Some(bin) => self.take::<RAW_LINK>(bin),
            None => self.allocate_from_system(size, align),
        }
    }

    /// Gives raw bytes back. Returns whether the allocator can be empty now: a pool changed its state, or the bytes were the system's.
    ///
    /// # Safety
    /// `bytes` came from [`Allocator::allocate_raw`] of this allocator, with the same size and alignment, were not given back since, and nothing
    /// uses them from now on.
    #[inline]
    pub(crate) unsafe fn free_raw(&self, bytes: NonNull<u8>, size: usize, align: usize) -> bool {
        // SAFETY: size and alignment decide alone where bytes come from, so these go back to where they came from.
        unsafe {
            match Bin::for_raw(size, align) {
                Some(_) => self.put::<RAW_LINK>(bytes, Pool::of(bytes)),
                None => self.free_to_system(bytes, size, align),
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn allocate_from_system(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let bytes = os::system_alloc(system_layout(size, align)?)?;
        self.system.add(size.max(1));
        Some(bytes)
    }

    /// # Safety
    /// As [`Allocator::free_raw`], for bytes from [`Allocator::allocate_from_system`].
    #[cold]
    #[inline(never)]
    unsafe fn free_to_system(&self, bytes: NonNull<u8>, size: usize, align: usize) -> bool {
        if let Some(layout) = system_layout(size, align) {
            self.system.remove(layout.size());
            // SAFETY: by contract the bytes were allocated with this layout, and nothing uses them.
            unsafe { os::system_free(bytes, layout) };
        }
        true
    }
}

/// The layout of bytes from the system; none of size zero.
fn system_layout(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), align).ok()
}
