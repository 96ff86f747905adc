//! Where header and payload lie in a block: the only file that turns one's address into the other's.
//!
//! ```text
//! block:  | header (8) | payload ... | padding | length (8, only if the payload ends in a slice) |
//! ```
//!
//! The payload follows the header directly, whatever its type, so a handle needs no knowledge of it to find the header.
//! A payload that ends in a slice keeps the slice's length in the last word of its block; the block's end is known from
//! its pool.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;

use super::header::{Flags, Header};
use crate::alloc::Pool;
use crate::base::annotate;

/// Bytes from a header to its payload.
pub(crate) const HEADER_SIZE: usize = size_of::<Header>();

/// The address of an object: of its header, at the start of its block. Carries no reference.
///
/// Invariant *valid-header*: as long as the block's pool is in use (pinned, held, or with a block in use), the address
/// leads to an initialised [`Header`], and masking it leads to the block's [`Pool`] (S16, S17). The block itself may be
/// free: lists, queues and walks read the headers of such blocks too. Both only hand out shared references, and
/// everything in them is a cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub(crate) struct RawObject(NonNull<u8>);

impl RawObject {
    /// # Safety
    /// 1. `block` is a block of an object pool in use, free or not, whose header word is initialised.
    /// 2. `block` carries the provenance of the whole arena, or of a large object's region.
    #[inline(always)]
    pub(crate) unsafe fn from_block(block: NonNull<u8>) -> RawObject {
        RawObject(block)
    }

    /// The object whose payload starts at `payload`.
    ///
    /// # Safety
    /// `payload` is the address that [`RawObject::payload`] gave, with its provenance, of an object that is still
    /// allocated.
    #[inline(always)]
    pub(crate) unsafe fn from_payload<T: ?Sized>(payload: NonNull<T>) -> RawObject {
        // SAFETY: the payload lies HEADER_SIZE behind its header, in the same block.
        RawObject(unsafe { payload.cast::<u8>().sub(HEADER_SIZE) })
    }

    /// The header.
    #[inline(always)]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: *valid-header*.
        unsafe { self.0.cast::<Header>().as_ref() }
    }

    /// The block, whose first byte is the header's.
    #[inline(always)]
    pub(crate) fn block(self) -> NonNull<u8> {
        self.0
    }

    /// The first byte of the payload; for a payload of size zero, the byte after the header.
    #[inline(always)]
    pub(crate) fn payload(self) -> NonNull<u8> {
        // SAFETY: every object block is at least 16 bytes long (S16).
        unsafe { self.0.add(HEADER_SIZE) }
    }

    /// The pool that the block lies in.
    #[inline(always)]
    pub(crate) fn pool(self) -> NonNull<Pool> {
        Pool::of(self.0)
    }

    /// The pool, as a reference to its cells.
    #[inline(always)]
    pub(crate) fn pool_ref(&self) -> &Pool {
        // SAFETY: *valid-header*: masking finds the pool, which is in use.
        unsafe { self.pool().as_ref() }
    }

    /// The block's side byte.
    #[inline(always)]
    pub(crate) fn side(&self) -> &Cell<u8> {
        // SAFETY: *valid-header*: the pool is in use, so its arena, or the large object's region, is there, and `self` has access to it. Side bytes
        // are initialised with the arena, and only used as cells.
        unsafe { Pool::side_of(self.0).as_ref() }
    }

    /// The word at the end of the block, where a payload that ends in a slice keeps its length.
    #[inline]
    fn length_word(&self) -> NonNull<usize> {
        let end = self.pool_ref().block_size() - size_of::<usize>();
        // SAFETY: the last word lies in the block; blocks start and end at multiples of 8.
        unsafe { self.0.add(end).cast() }
    }

    /// Elements of the slice at the payload's end.
    ///
    /// # Safety
    /// The payload ends in a slice, and [`RawObject::set_length`] was called.
    #[inline]
    pub(crate) unsafe fn length(&self) -> usize {
        // SAFETY: the caller's promise: the word is initialised.
        unsafe { self.length_word().read() }
    }

    /// # Safety
    /// The block is allocated for a payload that ends in a slice ([`tailed_size`] counted the word), and nobody else
    /// uses it yet.
    #[inline]
    pub(crate) unsafe fn set_length(&self, length: usize) {
        // SAFETY: the caller's promise: the word is reserved for this.
        unsafe { self.length_word().write(length) }
    }

    /// Tells a memory checker where the payload ends, which is `size` bytes long. Up to the length word, if the payload is `tailed`, or
    /// the end of the block, nobody may use anything.
    #[inline(always)]
    pub(crate) fn annotate_end(self, size: usize, tailed: bool) {
        if annotate::has_checker() {
            let kept = if tailed { size_of::<usize>() } else { 0 };
            let end = HEADER_SIZE + size;
            // SAFETY: the payload lies in its block.
            annotate::hide(unsafe { self.0.add(end) }, self.pool_ref().block_size() - kept - end);
        }
    }

    /// Whether the object may be handed out from its mere address, as a handle (S3).
    #[inline]
    pub(crate) fn is_revivable(&self) -> bool {
        self.header().is_revivable()
    }

    /// Whether the type can own handles.
    #[inline]
    pub(crate) fn is_tracked(&self) -> bool {
        self.header().has(Flags::TRACKED)
    }
}

impl fmt::Debug for RawObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object at {:p}", self.0)
    }
}

/// Bytes of a block for a payload of this layout, the header included; `None` if that can't be represented.
#[inline]
pub(crate) const fn object_size(payload: Layout) -> Option<usize> {
    payload.size().checked_add(HEADER_SIZE)
}

/// The same for a payload that ends in a slice, with its length word.
pub(crate) fn tailed_size(payload: Layout) -> Option<usize> {
    object_size(payload)?.checked_next_multiple_of(8)?.checked_add(size_of::<usize>())
}
