//! What `allocator_api2` asks of an allocator, in terms of raw blocks.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

use super::Allocator;

/// A block for `layout`. Its length is that of the request; a request for nothing takes nothing.
pub(crate) fn allocate(alloc: &Allocator, layout: Layout, zeroed: bool) -> Result<NonNull<[u8]>, AllocError> {
    let (size, align) = (layout.size(), layout.align());
    let block = match size {
        0 => Some(dangling(layout)),
        _ if zeroed => alloc.allocate_raw_zeroed(size, align),
        _ => alloc.allocate_raw(size, align),
    };
    slice(block, layout)
}

/// # Safety
/// `block` is in use, from this allocator, and known by `layout`; nothing uses it from now on.
pub(crate) unsafe fn deallocate(alloc: &Allocator, block: NonNull<u8>, layout: Layout) {
    if layout.size() != 0 {
        // SAFETY: (1), (2) the caller's promise.
        unsafe { alloc.free_raw(block, layout.size(), layout.align()) };
    }
}

/// # Safety
/// `block` is in use, from this allocator, and known by `old`. If this succeeds, nothing uses the old address from now on.
pub(crate) unsafe fn resize(
    alloc: &Allocator,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Result<NonNull<[u8]>, AllocError> {
    if old.size() == 0 {
        return allocate(alloc, new, false);
    }
    if new.size() == 0 {
        // SAFETY: the caller's promise.
        unsafe { deallocate(alloc, block, old) };
        return slice(Some(dangling(new)), new);
    }
    // SAFETY: (1) the caller's promise; (2) a layout's alignment is a power of two.
    slice(unsafe { alloc.resize_raw(block, new.size(), new.align()) }, new)
}

/// As [`resize`], for a `new` that is not smaller, whose additional bytes are zeroed.
///
/// # Safety
/// As [`resize`].
pub(crate) unsafe fn grow_zeroed(
    alloc: &Allocator,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Result<NonNull<[u8]>, AllocError> {
    if old.size() == 0 {
        return allocate(alloc, new, true);
    }
    // SAFETY: the caller's promise.
    let grown = unsafe { resize(alloc, block, old, new) }?;
    // SAFETY: the block has `new.size()` bytes, and those beyond the old size are nobody's yet.
    unsafe { grown.cast::<u8>().add(old.size()).write_bytes(0, new.size() - old.size()) };
    Ok(grown)
}

fn slice(block: Option<NonNull<u8>>, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
    block.map(|block| NonNull::slice_from_raw_parts(block, layout.size())).ok_or(AllocError)
}

/// Where blocks of no bytes lie.
pub(crate) fn dangling(layout: Layout) -> NonNull<u8> {
    NonNull::without_provenance(core::num::NonZero::new(layout.align()).expect("an alignment is not zero"))
}
