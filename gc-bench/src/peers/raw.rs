//! Allocators without objects: those of the system and of other crates, and the least that an allocator could do.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;

use tailbite::RawAllocator;

/// Hands out blocks and takes them back. Callers know the layout of each block and say it, as Rust's containers do.
pub trait RawPeer {
    /// An allocator of its own, or the process's.
    fn new() -> Self;

    /// A new block of up to 512 bytes, aligned to 8.
    fn allocate(&self, layout: Layout) -> *mut u8;

    /// Takes a block back.
    ///
    /// # Safety
    /// The block came from this allocator with this layout, and nothing uses it any more.
    unsafe fn free(&self, block: *mut u8, layout: Layout);

    /// Gives memory back to the system, if there is a way to ask for it.
    fn trim(&self) -> bool {
        false
    }
}

impl RawPeer for RawAllocator {
    fn new() -> RawAllocator {
        RawAllocator::new()
    }

    #[inline]
    fn allocate(&self, layout: Layout) -> *mut u8 {
        self.allocate(layout.size(), layout.align()).map_or(ptr::null_mut(), |block| block.as_ptr())
    }

    #[inline]
    unsafe fn free(&self, block: *mut u8, layout: Layout) {
        let block = ptr::NonNull::new(block).expect("a block was allocated");
        // SAFETY: the caller's promise.
        unsafe { self.free_sized(block, layout) };
    }

    fn trim(&self) -> bool {
        RawAllocator::trim(self);
        true
    }
}

/// What can be Rust's global allocator, with its own way to give memory back.
pub trait Global: GlobalAlloc {
    /// The allocator.
    const ALLOCATOR: Self;

    /// As [`RawPeer::trim`].
    fn trim() -> bool {
        false
    }
}

/// A global allocator as a peer.
pub struct Process<A>(A);

impl<A: Global> RawPeer for Process<A> {
    fn new() -> Process<A> {
        Process(A::ALLOCATOR)
    }

    #[inline]
    fn allocate(&self, layout: Layout) -> *mut u8 {
        assert_ne!(layout.size(), 0);
        // SAFETY: not of size 0.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn free(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(block, layout) };
    }

    fn trim(&self) -> bool {
        A::trim()
    }
}

impl Global for System {
    const ALLOCATOR: System = System;

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn trim() -> bool {
        // SAFETY: it touches free memory only.
        unsafe { libc::malloc_trim(0) };
        true
    }
}

#[cfg(feature = "allocators")]
impl Global for mimalloc::MiMalloc {
    const ALLOCATOR: Self = mimalloc::MiMalloc;

    fn trim() -> bool {
        // SAFETY: it touches free memory only.
        unsafe { libmimalloc_sys::mi_collect(true) };
        true
    }
}

#[cfg(feature = "allocators")]
impl Global for tikv_jemallocator::Jemalloc {
    const ALLOCATOR: Self = tikv_jemallocator::Jemalloc;

    fn trim() -> bool {
        // Number 4096 means all arenas.
        let name = c"arena.4096.purge";
        // SAFETY: this control takes and returns nothing, and touches free memory only.
        let status =
            unsafe { tikv_jemalloc_sys::mallctl(name.as_ptr(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), 0) };
        status == 0
    }
}

#[cfg(feature = "snmalloc")]
impl Global for snmalloc_rs::SnMalloc {
    const ALLOCATOR: Self = snmalloc_rs::SnMalloc;
}

/// Bytes that a class of [`FreeList`] is wide.
const GRANULE: usize = 16;
/// Bytes that [`FreeList`] takes from the system at a time.
const CHUNK: usize = 1 << 20;

/// Free blocks of a class, each leading to the next, and the rest of a chunk.
#[derive(Clone, Copy)]
struct Class {
    free: *mut u8,
    fresh: *mut u8,
    left: usize,
}

/// The limit of what is possible: a list of free blocks for each size, and nothing else; memory is never given back.
pub struct FreeList(UnsafeCell<[Class; 33]>);

impl FreeList {
    #[expect(clippy::mut_from_ref, reason = "the type isn't shared between threads, and calls don't nest")]
    fn class(&self, layout: Layout) -> &mut Class {
        // SAFETY: no other reference into the cell exists: this is private, and no caller keeps one.
        unsafe { &mut (&mut *self.0.get())[layout.size().div_ceil(GRANULE)] }
    }
}

impl RawPeer for FreeList {
    fn new() -> FreeList {
        let class = Class { free: ptr::null_mut(), fresh: ptr::null_mut(), left: 0 };
        FreeList(UnsafeCell::new([class; 33]))
    }

    #[inline]
    fn allocate(&self, layout: Layout) -> *mut u8 {
        let class = self.class(layout);
        let block = class.free;
        if !block.is_null() {
            // SAFETY: a free block's first word is the link, written when it was freed.
            class.free = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        let size = layout.size().next_multiple_of(GRANULE);
        if class.left < size {
            let chunk = Layout::from_size_align(CHUNK, GRANULE).expect("a chunk has a layout");
            // SAFETY: not of size 0. Chunks are never given back.
            class.fresh = unsafe { System.alloc(chunk) };
            class.left = CHUNK;
        }
        let block = class.fresh;
        class.fresh = block.wrapping_add(size);
        class.left -= size;
        block
    }

    #[inline]
    unsafe fn free(&self, block: *mut u8, layout: Layout) {
        let class = self.class(layout);
        // SAFETY: the block has at least 16 bytes, aligned to 16, and is this list's now.
        unsafe { block.cast::<*mut u8>().write(class.free) };
        class.free = block;
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::Layout;

    use super::{FreeList, RawPeer};

    #[test]
    fn the_free_list_hands_out_what_was_freed_last() {
        let list = FreeList::new();
        let layout = Layout::from_size_align(40, 8).unwrap();
        let (first, second) = (list.allocate(layout), list.allocate(layout));
        assert_eq!(second, first.wrapping_add(48));
        // SAFETY: allocated above, and not used again.
        unsafe {
            list.free(first, layout);
            list.free(second, layout);
        }
        assert_eq!([list.allocate(layout), list.allocate(layout)], [second, first]);
    }
}
