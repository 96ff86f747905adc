//! Redzones: bytes behind each block that belong to nobody, in stress builds for a memory checker; and where exactly a block ends for it.
//!
//! Without redzones the last bytes of a block's class behind an object are hidden from the checker, and the neighbour begins directly behind
//! them: what writes behind the end of a block that fills its class writes to the neighbour, unseen if that is in use.

use std::ptr::NonNull;

use super::pool::Pool;
use crate::base::annotate;

/// The bytes by which each block is larger than it had to be.
pub(super) const REDZONE: usize = if cfg!(tailbite_stress) && annotate::has_checker() { 16 } else { 0 };

/// Tells the checker where a raw block ends that is handed out, or has changed its size. Its last word, behind the end, remembers.
///
/// # Safety
/// `block` is a block in use of a raw pool, with room for `size` bytes and the redzone, and nobody uses what lies behind them.
#[inline(always)]
pub(super) unsafe fn end_raw(block: NonNull<u8>, size: usize) {
    if REDZONE != 0 {
        // SAFETY: by contract the pool is in use.
        let room = unsafe { Pool::of(block).as_ref() }.block_size();
        let shown = size.max(1);
        // SAFETY: by contract all of it lies in the block; blocks end at multiples of 8.
        unsafe {
            annotate::write_hidden(block.add(room - size_of::<usize>()).cast(), size);
            annotate::hide(block.add(shown), room - shown);
        }
    }
}

/// The bytes that the owner of a raw block may use: those requested where the checker knows them, else all.
///
/// # Safety
/// `block` is a block in use of the raw pool.
pub(super) unsafe fn usable(block: NonNull<u8>, pool: &Pool) -> usize {
    let room = pool.block_size();
    if REDZONE == 0 {
        return room;
    }
    // SAFETY: `end_raw` wrote the word when the block was handed out.
    unsafe { annotate::read_hidden(block.add(room - size_of::<usize>()).cast()) }
}
