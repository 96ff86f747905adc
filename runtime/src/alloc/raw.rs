//! Bytes without a header, for storage outside of objects: from pools up to 512 bytes, above that from the system allocator, accounted.
//!
//! A block is freed by what it is, not by the size that its owner says: see `resize` for the blocks for which these differ.

use std::alloc::Layout;
use std::ptr::NonNull;

use super::Allocator;
use super::class::Bin;
use super::pool::{Pool, RAW_LINK};
use super::redzone::end_raw;
use crate::base::os;

impl Allocator {
    /// Takes `size` bytes aligned to `align`, a power of two; `None` if they are refused. No user code runs, whatever happens (S19).
    #[inline]
    pub(crate) fn allocate_raw(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        match Bin::for_raw(size, align) {
            Some(bin) => self.take_raw(bin, size, align),
            None => self.allocate_from_system(system_layout(size, align)?, os::system_alloc),
        }
    }

    /// The same, and surely in a pool: for the runtime's own, whose heap is found by masking their address. Never guarded. `None` too if they
    /// are too large for one.
    #[inline]
    pub(crate) fn allocate_raw_in_pool(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let bin = Bin::for_raw(size, align)?;
        if self.refuses_request() {
            return None;
        }
        let block = self.head(bin).and_then(Pool::pop::<RAW_LINK>).or_else(|| self.refill_through_gate(bin))?;
        // SAFETY: the bin's blocks have room for as many bytes; nobody uses this one yet.
        unsafe { end_raw(block, size) };
        Some(block)
    }

    /// As [`Allocator::allocate_raw`], zeroed.
    pub(crate) fn allocate_raw_zeroed(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let block = match Bin::for_raw(size, align) {
            Some(bin) => self.take_raw(bin, size, align)?,
            None if self.debug.is_on() => self.allocate_from_system(system_layout(size, align)?, os::system_alloc)?,
            None => return self.allocate_from_system(system_layout(size, align)?, os::system_alloc_zeroed),
        };
        // SAFETY: the block has room for as many bytes, and is nobody's yet.
        unsafe { block.write_bytes(0, size) };
        Some(block)
    }

    /// Takes a block of a bin for `size` raw bytes aligned to `align`.
    #[inline(always)]
    fn take_raw(&self, bin: Bin, size: usize, align: usize) -> Option<NonNull<u8>> {
        // SAFETY: a bin's number is below `BINS`; the head is a pool in use, or the one that stands for none and has no free block.
        let pool = unsafe { self.heads.get_unchecked(bin.index()).get().as_ref() };
        let Some(block) = pool.pop::<RAW_LINK>() else { return self.refill_raw(bin, size, align) };
        // SAFETY: the bin's blocks have room for as many bytes; nobody uses this one yet.
        unsafe { end_raw(block, size) };
        Some(block)
    }

    /// The same, if the bin's head has no free block, or is hidden.
    #[cold]
    #[inline(never)]
    fn refill_raw(&self, bin: Bin, size: usize, align: usize) -> Option<NonNull<u8>> {
        if self.refuses_request() {
            return None;
        }
        if self.debug.is_on() {
            return self.allocate_guarded_raw(size, align);
        }
        let block = self.refill_through_gate(bin)?;
        // SAFETY: as above.
        unsafe { end_raw(block, size) };
        Some(block)
    }

    /// Gives raw bytes back. Returns whether the allocator can be empty now: a pool changed its state, or the bytes were the system's.
    ///
    /// # Safety
    /// 1. `bytes` came from [`Allocator::allocate_raw`] of this allocator (or a sister), were not given back since, and nothing uses them from
    ///    now on.
    /// 2. Size and alignment are those of the request, or of the last one to change its size.
    #[inline]
    pub(crate) unsafe fn free_raw(&self, bytes: NonNull<u8>, size: usize, align: usize) -> bool {
        if Bin::for_raw(size, align).is_some() && !self.system.has_misfits() {
            // SAFETY: (1), and by (2), as no block of the system's is this small, it lies in a pool.
            unsafe { self.put::<RAW_LINK>(bytes, Pool::of(bytes)) }
        } else {
            // SAFETY: (1).
            unsafe { self.free_raw_found(bytes, Some((size, align))) }
        }
    }

    /// The same by the address alone: the directories know where the block lies.
    ///
    /// # Safety
    /// (1) of [`Allocator::free_raw`].
    pub(crate) unsafe fn free_raw_unsized(&self, bytes: NonNull<u8>) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.free_raw_found(bytes, None) }
    }

    /// The same; `known` is the size and the alignment that the owner knows, if it says.
    ///
    /// # Safety
    /// (1) of [`Allocator::free_raw`].
    #[cold]
    unsafe fn free_raw_found(&self, bytes: NonNull<u8>, known: Option<(usize, usize)>) -> bool {
        if self.raw_pool_at(bytes.addr().get()).is_none() {
            // SAFETY: the caller's promise.
            unsafe { self.free_to_system(bytes, known) };
            return true;
        }
        if self.debug.is_on() && self.raw_block_size(bytes.as_ptr()).is_none() {
            self.note_no_block(bytes);
            return false;
        }
        // SAFETY: the caller's promise, and the block lies in a pool.
        unsafe { self.put::<RAW_LINK>(bytes, Pool::of(bytes)) }
    }

    /// Takes bytes from the system allocator, guarded if the debug heap is on. Everything that can be refused is asked for first; before the limit refuses, free memory is
    /// given back.
    #[cold]
    #[inline(never)]
    pub(super) fn allocate_from_system(
        &self,
        layout: Layout,
        request: impl Fn(Layout) -> Option<NonNull<u8>>,
    ) -> Option<NonNull<u8>> {
        if self.refuses_request() {
            return None;
        }
        if self.debug.is_on() {
            return self.allocate_guarded_raw(layout.size(), layout.align());
        }
        let take = || {
            let room = self.system.reserve(&self.budget) && self.budget.allows(layout.size());
            let block = if room { request(layout) } else { None }?;
            self.budget.take(layout.size());
            self.system.insert(block, layout);
            Some(block)
        };
        self.try_twice(take)
    }

    /// # Safety
    /// (1) of [`Allocator::free_raw`], for bytes from the system allocator.
    #[cold]
    #[inline(never)]
    unsafe fn free_to_system(&self, bytes: NonNull<u8>, known: Option<(usize, usize)>) {
        // SAFETY: passed on.
        if self.debug.has_blocks() && unsafe { self.free_guarded_raw(bytes, known) } {
            return;
        }
        let Some(layout) = self.system.remove(bytes) else {
            debug_assert!(self.debug.is_on(), "{bytes:p} is no block in use of this allocator");
            return self.note_no_block(bytes);
        };
        self.budget.give(layout.size());
        // SAFETY: by contract nothing uses the bytes, which were allocated with this layout.
        unsafe { os::system_free(bytes, layout) };
    }

    /// Gives all blocks of the system allocator back.
    ///
    /// # Safety
    /// Nothing uses any of them from now on.
    pub(super) unsafe fn free_all_to_system(&self) {
        // SAFETY: passed on.
        unsafe { self.free_all_guarded_raw() };
        for (block, layout) in self.system.drain(&self.budget) {
            // SAFETY: the block was allocated with this layout; by contract nothing uses it.
            unsafe { os::system_free(block, layout) };
        }
    }
}

/// The layout of bytes from the system; none of size zero.
pub(super) fn system_layout(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), align).ok()
}
