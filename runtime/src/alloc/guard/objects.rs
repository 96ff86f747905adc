//! Guarded blocks of objects: they lie in pools, as larger blocks than they had to be.

use std::ptr::NonNull;

use super::block::{Guarded, PAD};
use crate::alloc::Allocator;
use crate::alloc::class::{Bin, HEADER_WORD};
use crate::alloc::pool::{Pool, PoolKind};

/// What the block of an object has to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObjectRequest {
    pub(crate) kind: PoolKind,
    /// Bytes, with the header word, and the length word if the payload ends in a slice.
    pub(crate) size: usize,
    /// Of the payload.
    pub(crate) align: usize,
    /// Whether the last word of the block is in use.
    pub(crate) tailed: bool,
    /// The object's type.
    pub(crate) name: &'static str,
}

impl Allocator {
    /// Takes a guarded block for an object, whether the gate is closed or not; `None` if memory is refused. Otherwise as
    /// [`Allocator::allocate`].
    pub(crate) fn allocate_guarded(&self, request: ObjectRequest) -> Option<NonNull<u8>> {
        let ObjectRequest { kind, size, align, tailed, name } = request;
        let wanted = size.checked_add(PAD)?;
        self.try_twice(|| self.budget.reserve_entry(&mut self.debug.blocks.borrow_mut()).then_some(()))?;
        let block = match Bin::for_object(kind, wanted, align) {
            Some(bin) => self.allocate_through_gate(bin),
            None => self.allocate_large(kind, wanted, align),
        }?;
        // SAFETY: the block was handed out just now.
        let room = unsafe { Pool::of(block).as_ref() }.block_size();
        let length_word = if tailed { size_of::<usize>() } else { 0 };
        let guarded = Guarded {
            serial: self.debug.next_serial(),
            name,
            size: size - HEADER_WORD - length_word,
            align,
            before: 0,
            behind: room - size,
            extent: room - HEADER_WORD,
        };
        // SAFETY: a block of `room` bytes which nobody uses yet.
        unsafe {
            let data = block.add(HEADER_WORD);
            guarded.fill(data);
            self.debug.blocks.borrow_mut().insert(data, guarded);
        }
        Some(block)
    }

    /// Gives back the block of an object that may be guarded, or large, or both.
    ///
    /// # Safety
    /// `block` came from this allocator and was not given back since; nothing uses it from now on, its header word apart while the pool
    /// is pinned or held.
    pub(crate) unsafe fn free_unusual(&self, block: NonNull<u8>) {
        // SAFETY: the data lies behind the header word.
        let data = unsafe { block.add(HEADER_WORD) };
        let Some(guarded) = self.debug.remove(data) else {
            // SAFETY: passed on.
            return unsafe { self.free_object_block(block) };
        };
        // SAFETY: by contract the block was in use until now.
        if let Some(fault) = unsafe { guarded.check(data) } {
            self.debug.note(fault);
        }
        // SAFETY: by contract nobody uses it any more.
        unsafe { if self.debug.is_on() { self.keep_back(data, guarded) } else { self.free_object_block(block) } }
    }

    /// # Safety
    /// As [`Allocator::free_unusual`], for a block that isn't guarded any more.
    pub(super) unsafe fn free_object_block(&self, block: NonNull<u8>) {
        let pool = Pool::of(block);
        // SAFETY: by contract the block is in use, and so is its pool.
        unsafe {
            if pool.as_ref().is_large() {
                self.free_large(block);
            } else {
                self.free(block, pool);
            }
        }
    }
}
