//! Memory from outside: the only file that talks to the operating system.
//!
//! Two sources. [`map`] takes whole regions (arenas) from the operating system, [`system_alloc`] takes single
//! allocations (large objects, large raw bytes) from the system allocator. With the feature `std-alloc`, and where
//! there is no `mmap`, regions come from the system allocator too.

use std::alloc::Layout;
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash};
use std::io::Write;
use std::ptr::NonNull;

use hashbrown::HashMap;

/// Maps `size` zeroed bytes, aligned to `align`; `None` when the system refuses.
///
/// `size` is a multiple of `align`, and `align` a power of two and at least a page.
pub(crate) fn map(size: usize, align: usize) -> Option<NonNull<u8>> {
    debug_assert!(align.is_power_of_two(), "the alignment of a region is a power of two");
    debug_assert!(size.is_multiple_of(align), "the size of a region is a multiple of its alignment");
    if refused() {
        return None;
    }
    let region = region::map(size, align)?;
    granted(size);
    Some(region)
}

/// Gives a region back.
///
/// # Safety
/// `region` came from [`map`] with the same `size` and `align`, and nothing uses it from now on.
pub(crate) unsafe fn unmap(region: NonNull<u8>, size: usize, align: usize) {
    // SAFETY: passed on.
    unsafe { region::unmap(region, size, align) };
    returned(size);
}

/// Asks for huge pages behind a region. Only advice: a refusal is ignored.
pub(crate) fn advise_huge(region: NonNull<u8>, size: usize) {
    region::advise_huge(region, size);
}

/// Gives the memory behind a part of a region back, but keeps its addresses. Returns the bytes released: all, or 0 where the
/// system can't do it. What is read there afterwards is unspecified until it is written again.
///
/// # Safety
/// `part` to `part + size` lies within one region from [`map`], on page boundaries, and what it holds is needed no more.
pub(crate) unsafe fn decommit(part: NonNull<u8>, size: usize) -> usize {
    // SAFETY: passed on.
    unsafe { region::decommit(part, size) }
}

/// Takes memory from the system allocator; `None` when it refuses. `layout` is not of size zero.
pub(crate) fn system_alloc(layout: Layout) -> Option<NonNull<u8>> {
    debug_assert!(layout.size() != 0, "no memory is asked for");
    if refused() {
        return None;
    }
    // SAFETY: the size is not zero: each caller's size holds at least one byte.
    let memory = NonNull::new(unsafe { std::alloc::alloc(layout) })?;
    granted(layout.size());
    Some(memory)
}

/// The same for zeroed memory, which the system often has at no cost.
pub(crate) fn system_alloc_zeroed(layout: Layout) -> Option<NonNull<u8>> {
    debug_assert!(layout.size() != 0, "no memory is asked for");
    if refused() {
        return None;
    }
    // SAFETY: as above.
    let memory = NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) })?;
    granted(layout.size());
    Some(memory)
}

/// Changes the size of memory from the system allocator, which may move it; `None` when it refuses, and then the memory stays as it is.
///
/// # Safety
/// 1. `memory` came from [`system_alloc`] (or a sister) with this `layout`. If this succeeds, nothing uses the old address from now on.
/// 2. `size` is not zero, and at most `isize::MAX` when rounded up to the layout's alignment.
pub(crate) unsafe fn system_realloc(memory: NonNull<u8>, layout: Layout, size: usize) -> Option<NonNull<u8>> {
    if refused() {
        return None;
    }
    // SAFETY: (1), (2).
    let moved = NonNull::new(unsafe { std::alloc::realloc(memory.as_ptr(), layout, size) })?;
    returned(layout.size());
    granted(size);
    Some(moved)
}

/// Gives memory back to the system allocator.
///
/// # Safety
/// `memory` came from [`system_alloc`] with the same `layout`, and nothing uses it from now on.
pub(crate) unsafe fn system_free(memory: NonNull<u8>, layout: Layout) {
    // SAFETY: by contract it came from `std::alloc::alloc` with this layout.
    unsafe { std::alloc::dealloc(memory.as_ptr(), layout) };
    returned(layout.size());
}

/// Makes room for exactly `more` items beyond the length; `false` when the memory for it is refused.
pub(crate) fn reserve_exact<T>(items: &mut Vec<T>, more: usize) -> bool {
    items.capacity() - items.len() >= more || (!refused() && items.try_reserve_exact(more).is_ok())
}

/// A queue with room for `count` items; for none if the memory is refused.
pub(crate) fn queue<T>(count: usize) -> VecDeque<T> {
    let mut queue = VecDeque::new();
    if refused() || queue.try_reserve_exact(count).is_err() {
        return VecDeque::new();
    }
    queue
}

/// A line on stderr, for what nobody is left to be told. One that can't be written is lost.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A value in a box; the value back if memory is refused. Vectors are what can be reserved fallibly, so the box is made from one, and
/// holds an array.
pub(crate) fn try_box<T>(value: T) -> Result<Box<[T; 1]>, T> {
    // Not one of the requests that a unit test may refuse: whether a type is registered depends on the tests before.
    let mut place = Vec::new();
    if place.try_reserve_exact(1).is_err() {
        return Err(value);
    }
    place.push(value);
    let Ok(boxed) = <Box<[T; 1]>>::try_from(place.into_boxed_slice()) else { unreachable!("it has one element") };
    Ok(boxed)
}

/// A table with room for `count` entries; `None` when the memory for it is refused.
pub(crate) fn table<K: Eq + Hash, V, S: BuildHasher + Default>(count: usize) -> Option<HashMap<K, V, S>> {
    let mut table = HashMap::with_hasher(S::default());
    (!refused() && table.try_reserve(count).is_ok()).then_some(table)
}

#[cfg(any(test, tailbite_stress))]
use super::refusal::{granted, refused, returned};

#[cfg(not(any(test, tailbite_stress)))]
const fn refused() -> bool {
    false
}
#[cfg(not(any(test, tailbite_stress)))]
const fn granted(_size: usize) {}
#[cfg(not(any(test, tailbite_stress)))]
const fn returned(_size: usize) {}

/// Regions by `mmap`.
#[cfg(all(unix, not(feature = "std-alloc"), not(miri)))]
mod region {
    use std::ptr::{NonNull, null_mut};

    /// Maps `align` bytes too many and gives the ends back, so that what stays is aligned.
    pub(super) fn map(size: usize, align: usize) -> Option<NonNull<u8>> {
        let room = size.checked_add(align)?;
        // SAFETY: an anonymous mapping at a place of the system's choice touches no memory of ours.
        let start = unsafe {
            libc::mmap(null_mut(), room, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON, -1, 0)
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        let start: *mut u8 = start.cast();
        let before = start.addr().next_multiple_of(align) - start.addr();
        let region = start.wrapping_add(before);
        let after = align - before;
        // SAFETY: both ends lie in the new mapping, outside of the region, and nobody knows them.
        unsafe {
            if before != 0 {
                libc::munmap(start.cast(), before);
            }
            if after != 0 {
                libc::munmap(region.wrapping_add(size).cast(), after);
            }
        }
        name(region, size);
        NonNull::new(region)
    }

    /// Shows the region as `[anon:tailbite]` in the list of a process's mappings.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn name(region: *mut u8, size: usize) {
        // SAFETY: it names a mapping of ours. A kernel that knows no names refuses; nothing depends on it.
        unsafe {
            libc::prctl(libc::PR_SET_VMA, libc::PR_SET_VMA_ANON_NAME, region.addr(), size, c"tailbite".as_ptr());
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn name(_region: *mut u8, _size: usize) {}

    /// # Safety
    /// As [`super::unmap`].
    pub(super) unsafe fn unmap(region: NonNull<u8>, size: usize, _align: usize) {
        // SAFETY: by contract the region is a mapping of ours that nothing uses any more.
        let result = unsafe { libc::munmap(region.as_ptr().cast(), size) };
        debug_assert_eq!(result, 0, "a region of ours can be unmapped");
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn advise_huge(region: NonNull<u8>, size: usize) {
        // SAFETY: the advice changes how a mapping of ours is backed, never what it holds.
        unsafe { libc::madvise(region.as_ptr().cast(), size, libc::MADV_HUGEPAGE) };
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn advise_huge(_region: NonNull<u8>, _size: usize) {}

    /// # Safety
    /// As [`super::decommit`].
    pub(super) unsafe fn decommit(part: NonNull<u8>, size: usize) -> usize {
        // SAFETY: by contract the part lies in a mapping of ours and what it holds is needed no more.
        let result = unsafe { libc::madvise(part.as_ptr().cast(), size, libc::MADV_DONTNEED) };
        if result == 0 { size } else { 0 }
    }
}

/// Regions by the system allocator.
#[cfg(not(all(unix, not(feature = "std-alloc"), not(miri))))]
mod region {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::ptr::NonNull;

    pub(super) fn map(size: usize, align: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(size, align).ok()?;
        // SAFETY: a region's size is a multiple of its alignment, so not zero.
        NonNull::new(unsafe { alloc_zeroed(layout) })
    }

    /// # Safety
    /// As [`super::unmap`].
    pub(super) unsafe fn unmap(region: NonNull<u8>, size: usize, align: usize) {
        // SAFETY: `map` made this layout and allocated with it.
        unsafe { dealloc(region.as_ptr(), Layout::from_size_align_unchecked(size, align)) };
    }

    pub(super) fn advise_huge(_region: NonNull<u8>, _size: usize) {}

    /// # Safety
    /// As [`super::decommit`].
    pub(super) unsafe fn decommit(_part: NonNull<u8>, _size: usize) -> usize {
        0
    }
}
