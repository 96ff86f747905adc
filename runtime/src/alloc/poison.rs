//! Telltale bytes, in stress builds: free blocks are filled with one pattern and fresh blocks with another, so that a use of freed memory
//! shows, and a write to it is found when the block is handed out again. In other builds nothing of this exists.

use std::ptr::NonNull;

use crate::base::annotate;

/// What free blocks are filled with, beyond the link.
pub(super) const FREE: u8 = 0xDD;

/// What fresh blocks are filled with, beyond the header word.
pub(super) const FRESH: u8 = 0xCD;

const LINK_SIZE: usize = size_of::<Option<NonNull<u8>>>();

/// Fills a block that becomes free, beyond its link.
///
/// # Safety
/// `block` points to `size` bytes that nobody uses; the link at `link` fits.
#[inline(always)]
pub(super) unsafe fn fill_free(block: NonNull<u8>, size: usize, link: usize) {
    if cfg!(tailbite_stress) {
        let used = link + LINK_SIZE;
        // SAFETY: by contract the rest of the block is nobody's.
        unsafe {
            annotate::freshen(block.add(used), size - used);
            block.add(used).write_bytes(FREE, size - used);
            annotate::hide(block.add(used), size - used);
        }
    }
}

/// The offset of the first byte of a free block, beyond its link, that somebody wrote to.
///
/// # Safety
/// `block` is a free block of `size` bytes with its link at `link`.
#[inline(always)]
pub(super) unsafe fn first_written(block: NonNull<u8>, size: usize, link: usize) -> Option<usize> {
    if !cfg!(tailbite_stress) {
        return None;
    }
    let used = link + LINK_SIZE;
    // SAFETY: the rest of the block.
    let rest = unsafe { block.add(used) };
    annotate::show(rest, size - used);
    // SAFETY: the offset lies in the block, and `fill_free` initialised it.
    let written = (used..size).find(|&offset| unsafe { block.add(offset).read() } != FREE);
    annotate::hide(rest, size - used);
    written
}

/// Checks a block that is handed out, and fills it beyond its header word.
///
/// # Safety
/// `block` was a free block of `size` bytes, with its link at `link`, until now.
#[inline(always)]
pub(super) unsafe fn take(block: NonNull<u8>, size: usize, link: usize) {
    if cfg!(tailbite_stress) {
        // SAFETY: by contract the block was free until now, and is nobody's yet.
        unsafe {
            if let Some(offset) = first_written(block, size, link) {
                panic!("a free block of {size} bytes at {block:p} was written to, at offset {offset}");
            }
            annotate::freshen(block.add(link), size - link);
            block.add(link).write_bytes(FRESH, size - link);
        }
    }
}
