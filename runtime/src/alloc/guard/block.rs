//! One guarded block: where its data and its pad bytes lie, and the patterns in them.

use std::alloc::Layout;
use std::ptr::NonNull;

use super::report;
use crate::alloc::class::HEADER_WORD;
use crate::base::annotate;

/// What fresh data holds; CPython's `PYMEM_CLEANBYTE`.
pub(super) const CLEAN: u8 = 0xCD;
/// What freed data holds; CPython's `PYMEM_DEADBYTE`.
pub(super) const DEAD: u8 = 0xDD;
/// What pad bytes hold; CPython's `PYMEM_FORBIDDENBYTE`.
pub(super) const FORBIDDEN: u8 = 0xFD;

/// The pad bytes behind a block, at least, and before a raw one.
pub(super) const PAD: usize = 16;

/// What is known of a guarded block. All places are told from its data: the payload of an object, the bytes of a raw block.
///
/// ```text
/// raw:     | before: pad | data: size | behind: pad |
/// object:  | header word | data: size | behind: pad | length word, if the payload ends in a slice |
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) struct Guarded {
    pub(super) serial: u64,
    /// The object's type; empty for raw bytes.
    pub(super) name: &'static str,
    pub(super) size: usize,
    pub(super) align: usize,
    /// Pad bytes before the data; none for an object.
    pub(super) before: usize,
    /// Pad bytes behind the data.
    pub(super) behind: usize,
    /// Bytes from the data's start to the end of the block.
    pub(super) extent: usize,
}

impl Guarded {
    pub(super) fn is_raw(&self) -> bool {
        self.before != 0
    }

    /// The layout of a guarded raw block with its pads; `None` if that can't be represented.
    pub(super) fn raw_layout(size: usize, align: usize) -> Option<(Layout, usize)> {
        let before = align.max(PAD);
        let whole = size.checked_add(PAD)?.checked_add(before)?;
        Some((Layout::from_size_align(whole, before).ok()?, before))
    }

    /// The layout with which the memory of a raw block was allocated, and its start.
    pub(super) fn raw_memory(&self, data: NonNull<u8>) -> (NonNull<u8>, Layout) {
        debug_assert!(self.is_raw(), "an object's block is its pool's");
        // SAFETY: the pad lies before the data; the layout is the one that `raw_layout` found valid: `extent` never changes.
        unsafe { (data.sub(self.before), Layout::from_size_align_unchecked(self.before + self.extent, self.before)) }
    }

    /// The block of an object.
    pub(super) fn object_block(&self, data: NonNull<u8>) -> NonNull<u8> {
        debug_assert!(!self.is_raw(), "a raw block has no header word");
        // SAFETY: the header word lies before the data.
        unsafe { data.sub(HEADER_WORD) }
    }

    /// Fills a fresh block with the patterns.
    ///
    /// # Safety
    /// The block is the caller's, as this says.
    pub(super) unsafe fn fill(&self, data: NonNull<u8>) {
        // SAFETY: by contract all of it lies in the block.
        unsafe {
            data.write_bytes(CLEAN, self.extent);
            self.fill_pads(data);
            annotate::freshen(data, self.size);
        }
    }

    /// Fills the pads.
    ///
    /// # Safety
    /// As [`Guarded::fill`].
    pub(super) unsafe fn fill_pads(&self, data: NonNull<u8>) {
        // SAFETY: by contract all of it lies in the block.
        unsafe {
            let (before, behind) = (data.sub(self.before), data.add(self.size));
            annotate::freshen(before, self.before);
            annotate::freshen(behind, self.behind);
            before.write_bytes(FORBIDDEN, self.before);
            behind.write_bytes(FORBIDDEN, self.behind);
            annotate::hide(before, self.before);
            annotate::hide(behind, self.behind);
        }
    }

    /// What is wrong with the pads of a block in use.
    ///
    /// # Safety
    /// The block is in use, as this says.
    pub(super) unsafe fn check(&self, data: NonNull<u8>) -> Option<String> {
        // SAFETY: by contract the pads lie in the block; they were filled.
        unsafe {
            let (before, behind) = (data.sub(self.before), data.add(self.size));
            annotate::show(before, self.before);
            annotate::show(behind, self.behind);
            let written = find_other(before, self.before, FORBIDDEN).or(find_other(behind, self.behind, FORBIDDEN));
            let fault = written.map(|_| report::pads(self, data));
            annotate::hide(before, self.before);
            annotate::hide(behind, self.behind);
            fault
        }
    }

    /// Fills a block that is freed.
    ///
    /// # Safety
    /// The block is nobody's any more.
    pub(super) unsafe fn bury(&self, data: NonNull<u8>) {
        annotate::freshen(data, self.extent);
        // SAFETY: by contract all of it lies in the block, which is ours.
        unsafe { data.write_bytes(DEAD, self.extent) };
        annotate::hide(data, self.extent);
    }

    /// What is wrong with a block that was [buried](Guarded::bury).
    ///
    /// # Safety
    /// The block is kept back.
    pub(super) unsafe fn check_freed(&self, data: NonNull<u8>) -> Option<String> {
        annotate::show(data, self.extent);
        // SAFETY: by contract all of it lies in the block, and was filled.
        let written = unsafe { find_other(data, self.extent, DEAD) };
        // SAFETY: as above.
        let fault = written.map(|_| unsafe { report::freed(self, data) });
        annotate::hide(data, self.extent);
        fault
    }
}

/// The offset of the first of `size` bytes that isn't `expected`.
///
/// # Safety
/// So many bytes at `start` are initialised.
unsafe fn find_other(start: NonNull<u8>, size: usize, expected: u8) -> Option<usize> {
    // SAFETY: by contract; nobody writes to them meanwhile.
    unsafe { NonNull::slice_from_raw_parts(start, size).as_ref() }.iter().position(|&byte| byte != expected)
}
