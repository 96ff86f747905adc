//! Changing the size of a raw block.
//!
//! A block stays where it is if it has room and wastes less than a quarter of it, as in CPython. A block that shrinks never fails: where no
//! smaller one can be had it stays. Then the layout by which its owner knows it may be another class's (harmless: a pool's block is freed by
//! its pool's header), or one that pools serve although the block is the system's: a *misfit*, which the directory remembers.

use std::alloc::Layout;
use std::ptr::NonNull;

use super::Allocator;
use super::class::Bin;
use super::raw::system_layout;
use super::redzone::{REDZONE, end_raw, usable};
use crate::base::{annotate, os};

/// Where a raw block lies.
#[derive(Clone, Copy)]
enum Home {
    /// In a pool, as a block with room for so many bytes, of which the owner may use so many.
    Pool { room: usize, usable: usize },
    /// With the system allocator, which knows it by this layout.
    System(Layout),
}

impl Allocator {
    /// Makes a raw block one of `size` bytes aligned to `align`, and returns where it is now; what it held up to the smaller of both sizes
    /// stays. `None` if that is refused: then the block is as it was. Never if the block has room.
    ///
    /// # Safety
    /// 1. `block` is a raw block of this allocator in use. If this succeeds, nothing uses the old address from now on.
    /// 2. `align` is a power of two.
    pub(crate) unsafe fn resize_raw(&self, block: NonNull<u8>, size: usize, align: usize) -> Option<NonNull<u8>> {
        if self.system.has_misfits() && self.debug.guards(block) {
            // SAFETY: (1).
            return unsafe { self.resize_guarded_raw(block, size, align) };
        }
        // SAFETY: (1).
        let Some(home) = (unsafe { self.home_of(block) }) else {
            if self.debug.is_on() {
                self.note_no_block(block);
            }
            return None;
        };
        let (room, wanted) = (home.room(), system_layout(size, align)?);
        let has_room = size <= room && block.addr().get().is_multiple_of(align);
        let is_at_home = match home {
            Home::Pool { .. } => has_room && size * 4 > room * 3,
            Home::System(known) => has_room && size == known.size() && Bin::for_raw(size, align).is_none(),
        };
        if is_at_home {
            // SAFETY: (1); the block has room.
            unsafe { self.stay(block, home, wanted) };
            return Some(block);
        }
        let moved = match home {
            Home::System(known) if Bin::for_raw(size, align).is_none() && align <= known.align() => {
                // SAFETY: (1); the layout is the block's.
                unsafe { self.resize_at_system(block, known, wanted.size()) }
            }
            // SAFETY: (1); no more bytes are copied than the owner may use.
            _ => unsafe { self.move_raw(block, home.usable().min(size), size, align) },
        };
        if moved.is_none() && has_room {
            // SAFETY: (1); the block has room.
            unsafe { self.stay(block, home, wanted) };
            return Some(block);
        }
        moved
    }

    /// The block stays where it is, known by another layout from now on.
    ///
    /// # Safety
    /// (1) of [`Allocator::resize_raw`]; `home` is the block's, and has room for the layout.
    unsafe fn stay(&self, block: NonNull<u8>, home: Home, wanted: Layout) {
        if let Home::Pool { usable, .. } = home {
            // SAFETY: by contract the block is in use and has room.
            unsafe {
                annotate::freshen(block.add(usable), wanted.size().saturating_sub(usable));
                end_raw(block, wanted.size());
            }
        }
        self.system.set_known_as(block, wanted);
    }

    /// # Safety
    /// (1) of [`Allocator::resize_raw`]; `block` is the system's, known by `layout`; `size` is not zero.
    unsafe fn resize_at_system(&self, block: NonNull<u8>, layout: Layout, size: usize) -> Option<NonNull<u8>> {
        let wanted = system_layout(size, layout.align())?;
        let more = size.saturating_sub(layout.size());
        if self.refuses_request() {
            return None;
        }
        self.try_twice(|| {
            // Room for the block's new address, which comes before its old one is gone.
            if !self.system.reserve(&self.budget) || !self.budget.allows(more) {
                return None;
            }
            // SAFETY: the caller's promise; `wanted` is a valid layout.
            let moved = unsafe { os::system_realloc(block, layout, size) }?;
            self.system.remove(block);
            self.system.insert(moved, wanted);
            self.budget.take(more);
            self.budget.give(layout.size().saturating_sub(size));
            Some(moved)
        })
    }

    /// # Safety
    /// (1) of [`Allocator::resize_raw`]; `kept` is at most the size of either block.
    unsafe fn move_raw(&self, block: NonNull<u8>, kept: usize, size: usize, align: usize) -> Option<NonNull<u8>> {
        let moved = self.allocate_raw(size, align)?;
        // SAFETY: both blocks are in use and have as many bytes.
        unsafe {
            moved.copy_from_nonoverlapping(block, kept);
            self.free_raw_unsized(block);
        }
        Some(moved)
    }

    /// Where a block lies; `None` if it is no block of this allocator.
    ///
    /// # Safety
    /// (1) of [`Allocator::resize_raw`].
    unsafe fn home_of(&self, block: NonNull<u8>) -> Option<Home> {
        match self.raw_pool_at(block.addr().get()) {
            Some(pool) => {
                // SAFETY: who asks has a block in use.
                Some(Home::Pool { room: pool.block_size() - REDZONE, usable: unsafe { usable(block, pool) } })
            }
            None => self.system.layout_of(block).map(Home::System),
        }
    }
}

impl Home {
    fn room(self) -> usize {
        match self {
            Home::Pool { room, .. } => room,
            Home::System(layout) => layout.size(),
        }
    }

    fn usable(self) -> usize {
        match self {
            Home::Pool { usable, .. } => usable,
            Home::System(layout) => layout.size(),
        }
    }
}
