//! Raw blocks by address alone: whose it is, and how large. The address may be anyone's: nothing is read at it (S17).

use std::ptr::NonNull;

use super::Allocator;
use super::pool::{Pool, RAW_LINK};
use super::redzone::usable;

impl Allocator {
    /// The size of the block that begins at `address`, if it is a raw block in use. The address may be anything: nothing is read there unless
    /// it lies in a pool. Cost: for a small block, a look at the free blocks of its pool.
    pub(crate) fn raw_block_size(&self, address: *const u8) -> Option<usize> {
        let block = NonNull::new(address.cast_mut())?;
        match self.raw_pool_at(block.addr().get()) {
            Some(pool) => {
                // SAFETY: in use: it is the block that the address lies in.
                (raw_block_around(pool, block.addr().get())? == block.addr().get())
                    .then(|| unsafe { usable(block, pool) })
            }
            None => self.system.layout_of(block).map(|layout| layout.size()),
        }
    }

    /// Whether the address lies in a raw block in use. Looks at all blocks of the system allocator if no pool matches.
    pub(crate) fn owns_raw(&self, address: *const u8) -> bool {
        match self.raw_pool_at(address.addr()) {
            Some(pool) => raw_block_around(pool, address.addr()).is_some(),
            None => self.system.contains(address.addr()),
        }
    }

    /// The raw pool in use that the address lies in. Asks the directory only.
    pub(super) fn raw_pool_at(&self, address: usize) -> Option<&Pool> {
        let pool = self.arenas.borrow().at(address)?.raw_pool_at(address)?;
        // SAFETY: the pool is in use. Like the other references to pools, this one is not used after a block of it was freed.
        Some(unsafe { pool.as_ref() })
    }
}

/// The start of the block in use that `address`, which lies in the raw pool, is in.
fn raw_block_around(pool: &Pool, address: usize) -> Option<usize> {
    let start = NonNull::from_ref(pool).addr().get();
    let index = address.checked_sub(start + pool.first())? / pool.block_size();
    let is_in_use = index < pool.carved() && pool.free_blocks::<RAW_LINK>().all(|free| pool.index_of(free) != index);
    is_in_use.then(|| start + pool.first() + index * pool.block_size())
}
