//! `RawAllocator`: the allocator alone, without a heap.

use core::alloc::Layout;
use core::fmt;
use core::ops::RangeBounds;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use crate::alloc::{Allocator as Pools, AllocatorOptions, MemoryStats, blocks};
use crate::base::os;
use crate::heap::OutOfMemory;

/// The allocator of a heap without the heap: bytes from pools up to 512, above that from the system allocator, with exact accounting and a
/// limit of its own. It knows the size of each of its blocks, and whether an address is one.
///
/// It belongs to nobody: it can be moved to another thread together with what uses its blocks, needs no heap and no thread-local, and runs no
/// code of others. Dropping it gives back all of its memory, whatever is still in use. `&RawAllocator` is an allocator in the sense
/// of `allocator_api2` too, for several collections that share one.
///
/// ```
/// use tailbite::RawAllocator;
/// let raw = RawAllocator::new();
/// let block = raw.allocate(100, 8).expect("there is memory");
/// assert_eq!(raw.usable_size(block.as_ptr()), Some(104));
/// assert!(!raw.owns(&raw const block as *const u8));
/// // SAFETY: the block is in use, and nothing uses it afterwards.
/// unsafe { raw.free(block) };
/// assert_eq!(raw.usable_size(block.as_ptr()), None);
/// ```
pub struct RawAllocator {
    /// Owned; at a stable address, and never referred to exclusively before the drop.
    pools: NonNull<Pools>,
}

// SAFETY: all that the allocator leads to (arenas, regions, directories) is its own and tied to no thread, and so are the blocks, which only
// their unsafe users share. It is not `Sync`: one thread at a time uses it.
unsafe impl Send for RawAllocator {}

impl RawAllocator {
    /// An allocator without memory.
    ///
    /// # Panics
    /// If memory for it is refused; [`try_new`](RawAllocator::try_new) returns an error instead.
    #[must_use]
    pub fn new() -> RawAllocator {
        RawAllocator::try_new().unwrap_or_else(|error| error.raise())
    }

    /// As [`new`](RawAllocator::new), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    ///
    /// ```
    /// let raw = tailbite::RawAllocator::try_new().expect("there is memory");
    /// assert!(raw.used_bytes() > 0, "its own state");
    /// ```
    pub fn try_new() -> Result<RawAllocator, OutOfMemory<()>> {
        let layout = Layout::new::<Pools>();
        let Some(place) = os::system_alloc(layout) else {
            return Err(OutOfMemory::new((), layout.size()).for_purpose("an allocator"));
        };
        let pools = Pools::new(place.cast(), AllocatorOptions::default());
        pools.budget().keep_always(layout.size());
        let place = place.cast::<Pools>();
        // SAFETY: fresh memory of the right layout.
        unsafe { place.write(pools) };
        Ok(RawAllocator { pools: place })
    }

    fn pools(&self) -> &Pools {
        // SAFETY: owned by this, and there until it is dropped.
        unsafe { self.pools.as_ref() }
    }

    /// Takes `size` bytes, which may be none, aligned to `align`. `None` if `align` is no power of two, if the size can't be represented, or if
    /// memory is refused.
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// let block = raw.allocate(40, 32).expect("there is memory");
    /// assert!(block.addr().get().is_multiple_of(32));
    /// // SAFETY: a fresh block of 40 bytes.
    /// unsafe { block.write_bytes(7, 40) };
    /// assert!(raw.allocate(40, 3).is_none(), "3 is no power of two");
    /// ```
    #[must_use]
    pub fn allocate(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(size, align).ok()?;
        self.pools().allocate_raw(layout.size(), layout.align())
    }

    /// The same, zeroed.
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// let word = raw.allocate_zeroed(8, 8).expect("there is memory").cast::<u64>();
    /// // SAFETY: a fresh block of 8 bytes, aligned, zeroed.
    /// assert_eq!(unsafe { word.read() }, 0);
    /// ```
    #[must_use]
    pub fn allocate_zeroed(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(size, align).ok()?;
        self.pools().allocate_raw_zeroed(layout.size(), layout.align())
    }

    /// Makes a block one of `new_size` bytes, with what it held up to the smaller of both sizes, and returns where it is now. It stays where it
    /// is if it has room and wastes less than a quarter of it, as in CPython; else it moves, and may lose an alignment of more than 8.
    /// `None` if memory is refused: then the block is as it was. Shrinking is never refused.
    ///
    /// # Safety
    /// `block` is in use, from this allocator. If this succeeds, nothing uses the old address from now on.
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// let block = raw.allocate(4, 1).expect("there is memory");
    /// // SAFETY: a block of 4 bytes; it is in use, and its old address isn't used again; 4 of the new bytes were written.
    /// let text = unsafe {
    ///     block.copy_from_nonoverlapping(std::ptr::NonNull::from(b"text").cast(), 4);
    ///     let block = raw.reallocate(block, 1000).expect("there is memory");
    ///     std::slice::from_raw_parts(block.as_ptr(), 4)
    /// };
    /// assert_eq!(text, b"text");
    /// ```
    #[must_use]
    pub unsafe fn reallocate(&self, block: NonNull<u8>, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1) the caller's promise; (2) a power of two.
        unsafe { self.pools().resize_raw(block, new_size, 8) }
    }

    /// The same for a block of a known layout, whose alignment it keeps.
    ///
    /// # Safety
    /// `block` is in use, from this allocator, and was last asked for with the layout `old`. If this succeeds, nothing uses the old address
    /// from now on.
    ///
    /// ```
    /// use std::alloc::Layout;
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// let layout = Layout::from_size_align(64, 64).unwrap();
    /// let block = raw.allocate(layout.size(), layout.align()).expect("there is memory");
    /// // SAFETY: in use, with this layout; the old address isn't used again.
    /// let block = unsafe { raw.reallocate_sized(block, layout, 640) }.expect("there is memory");
    /// assert!(block.addr().get().is_multiple_of(64));
    /// ```
    #[must_use]
    pub unsafe fn reallocate_sized(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1) the caller's promise; (2) a layout's alignment is a power of two.
        unsafe { self.pools().resize_raw(block, new_size, old.align()) }
    }

    /// Gives a block back. Its size is looked up.
    ///
    /// # Safety
    /// `block` is in use, from this allocator, and nothing uses it from now on.
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// let block = raw.allocate(100, 8).expect("there is memory");
    /// // SAFETY: in use, and nobody uses it afterwards.
    /// unsafe { raw.free(block) };
    /// assert!(!raw.owns(block.as_ptr()));
    /// ```
    pub unsafe fn free(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        unsafe { self.pools().free_raw_unsized(block) };
    }

    /// Gives a block of a known layout back, which is quicker.
    ///
    /// # Safety
    /// `block` is in use, from this allocator, was last asked for with this layout, and nothing uses it from now on.
    ///
    /// ```
    /// use std::alloc::Layout;
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// let layout = Layout::new::<[u64; 4]>();
    /// let block = raw.allocate(layout.size(), layout.align()).expect("there is memory");
    /// // SAFETY: in use, with this layout, and nobody uses it afterwards.
    /// unsafe { raw.free_sized(block, layout) };
    /// raw.check();
    /// ```
    #[inline]
    pub unsafe fn free_sized(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1), (2) the caller's promise.
        unsafe { self.pools().free_raw(block, layout.size(), layout.align()) };
    }

    /// The bytes that the block at this address has room for; `None` if there begins no block in use of this allocator. The address may be
    /// anything: nothing is read there unless it lies in a pool of this allocator. Cost: a look at the free blocks of the pool.
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// let block = raw.allocate(10, 1).expect("there is memory").as_ptr();
    /// assert_eq!(raw.usable_size(block), Some(16));
    /// assert_eq!(raw.usable_size(block.wrapping_add(1)), None, "no block begins there");
    /// ```
    #[must_use]
    pub fn usable_size(&self, block: *const u8) -> Option<usize> {
        self.pools().raw_block_size(block)
    }

    /// Whether the address lies in a block in use of this allocator. The address may be anything. Cost: a look at the free blocks of the pool;
    /// for an address in no pool, at all blocks of the system allocator.
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let (raw, other) = (RawAllocator::new(), RawAllocator::new());
    /// let block = raw.allocate(10, 1).expect("there is memory").as_ptr();
    /// assert!(raw.owns(block) && raw.owns(block.wrapping_add(9)));
    /// assert!(!other.owns(block) && !raw.owns(std::ptr::null()));
    /// ```
    #[must_use]
    pub fn owns(&self, address: *const u8) -> bool {
        self.pools().owns_raw(address)
    }

    /// Limits the [bytes in use](RawAllocator::used_bytes); none is the default. A request that would exceed it is refused, after free memory
    /// was given back. A limit below what is in use is allowed: nothing is granted until the use has fallen.
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// raw.set_limit(Some(raw.used_bytes()));
    /// assert!(raw.allocate(1000, 8).is_none());
    /// raw.set_limit(None);
    /// assert!(raw.allocate(1000, 8).is_some());
    /// ```
    pub fn set_limit(&self, limit: Option<usize>) {
        self.pools().budget().set_limit(limit);
    }

    /// Numbers the requests from now on, and refuses those whose number is in `requests`; an empty range ends that. See
    /// [`Heap::refuse_allocations`](crate::Heap::refuse_allocations).
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// raw.refuse_allocations(1..=1);
    /// let blocks = [10, 20, 3000].map(|size| raw.allocate(size, 8).is_some());
    /// assert_eq!((blocks, raw.allocation_requests()), ([true, false, true], 3));
    /// ```
    pub fn refuse_allocations(&self, requests: impl RangeBounds<u64>) {
        self.pools().refuse(requests);
    }

    /// The requests that were numbered since [`refuse_allocations`](RawAllocator::refuse_allocations) was called; 0 while that is off.
    #[must_use]
    pub fn allocation_requests(&self) -> u64 {
        self.pools().requests()
    }

    /// The bytes that count against the [limit](RawAllocator::set_limit): pools that were touched, blocks of the system allocator, and the
    /// allocator's own state. Takes constant time.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.pools().budget().used()
    }

    /// What the allocator holds, by size class. Cost: a look at each pool.
    ///
    /// ```
    /// use tailbite::{PoolKind, RawAllocator};
    /// let raw = RawAllocator::new();
    /// let (small, large) = (raw.allocate(100, 8), raw.allocate(1000, 8));
    /// let memory = raw.memory();
    /// assert_eq!((memory.classes[0].kind, memory.classes[0].size, memory.classes[0].allocated), (PoolKind::Raw, 104, 1));
    /// assert_eq!((memory.system_blocks, memory.system_bytes), (1, 1000));
    /// ```
    #[must_use]
    pub fn memory(&self) -> MemoryStats {
        self.pools().stats()
    }

    /// Gives free memory back to the operating system; returns the number of bytes.
    ///
    /// ```
    /// use tailbite::RawAllocator;
    /// let raw = RawAllocator::new();
    /// let block = raw.allocate(100, 8).expect("there is memory");
    /// // SAFETY: in use, and nobody uses it afterwards.
    /// unsafe { raw.free(block) };
    /// let before = raw.used_bytes();
    /// assert!(raw.trim() > 0 && raw.used_bytes() < before);
    /// ```
    pub fn trim(&self) -> usize {
        self.pools().trim()
    }

    /// Checks all invariants. For tests. Cost: a look at everything.
    ///
    /// # Panics
    /// With the fact that is broken.
    pub fn check(&self) {
        self.pools().check();
    }
}

impl Drop for RawAllocator {
    fn drop(&mut self) {
        // SAFETY: the allocator is owned, and this is its last use; who still has a block of it must not use it any more.
        unsafe {
            self.pools().release_all();
            self.pools.drop_in_place();
            os::system_free(self.pools.cast(), Layout::new::<Pools>());
        }
    }
}

impl Default for RawAllocator {
    fn default() -> RawAllocator {
        RawAllocator::new()
    }
}

impl fmt::Debug for RawAllocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAllocator").field("used_bytes", &self.used_bytes()).finish_non_exhaustive()
    }
}

// SAFETY: blocks in use stay where they are until they are freed or resized, also when the allocator is moved: what knows them has a stable
// address.
unsafe impl Allocator for RawAllocator {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        blocks::allocate(self.pools(), layout, false)
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        blocks::allocate(self.pools(), layout, true)
    }

    #[inline]
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the trait's contract: the block is in use, from this, and fits the layout.
        unsafe { blocks::deallocate(self.pools(), block, layout) };
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        unsafe { blocks::resize(self.pools(), block, old, new) }
    }

    unsafe fn grow_zeroed(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        unsafe { blocks::grow_zeroed(self.pools(), block, old, new) }
    }

    unsafe fn shrink(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        unsafe { blocks::resize(self.pools(), block, old, new) }
    }
}
