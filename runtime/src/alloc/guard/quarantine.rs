//! The quarantine: freed blocks that are kept back for a while, so that a late use of one shows.

use std::collections::VecDeque;
use std::ptr::NonNull;

use super::block::Guarded;
use crate::alloc::pool::{Pool, PoolKind};
use crate::base::os;

/// Blocks that are kept back at most.
const MAX_BLOCKS: usize = 1024;

/// Their bytes, at most.
const MAX_BYTES: usize = 1 << 20;

/// A block that is kept back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) data: NonNull<u8>,
    pub(super) guarded: Guarded,
}

/// The blocks that are kept back, the oldest first.
///
/// # Invariants
/// - No more than it had room for from the beginning: it never grows.
/// - `bytes` and `objects` count what is in it.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    blocks: VecDeque<Kept>,
    bytes: usize,
    objects: [usize; PoolKind::ALL.len()],
}

impl Quarantine {
    /// The bytes that one with room takes.
    pub(super) const ROOM: usize = MAX_BLOCKS * size_of::<Kept>();

    /// An empty one; without room if memory for it is refused.
    pub(super) fn with_room() -> Quarantine {
        Quarantine { blocks: os::queue(MAX_BLOCKS), ..Quarantine::default() }
    }

    /// The bytes of the quarantine itself.
    pub(super) fn own_bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<Kept>()
    }

    /// The objects' blocks of a kind in it.
    pub(super) fn objects(&self, kind: PoolKind) -> usize {
        self.objects[kind as usize]
    }

    /// Adds a block. Returns one that has to go for it, if any: this one, if there is no room at all.
    pub(super) fn push(&mut self, data: NonNull<u8>, guarded: Guarded) -> Option<Kept> {
        let new = Kept { data, guarded };
        if self.blocks.capacity() == 0 || guarded.extent > MAX_BYTES {
            return Some(new);
        }
        let oldest = if self.blocks.len() == self.blocks.capacity().min(MAX_BLOCKS) { self.pop() } else { None };
        self.count(&new, |count, more| *count += more);
        self.blocks.push_back(new);
        oldest.or_else(|| self.pop_excess())
    }

    /// Takes the oldest block out, if they have too many bytes.
    pub(super) fn pop_excess(&mut self) -> Option<Kept> {
        if self.bytes > MAX_BYTES { self.pop() } else { None }
    }

    /// Takes the oldest block out.
    pub(super) fn pop(&mut self) -> Option<Kept> {
        let oldest = self.blocks.pop_front()?;
        self.count(&oldest, |count, less| *count -= less);
        Some(oldest)
    }

    fn count(&mut self, kept: &Kept, change: impl Fn(&mut usize, usize)) {
        change(&mut self.bytes, kept.guarded.extent);
        if !kept.guarded.is_raw() {
            // SAFETY: the block is kept in its pool.
            let kind = unsafe { Pool::of(kept.guarded.object_block(kept.data)).as_ref() }.kind();
            change(&mut self.objects[kind as usize], 1);
        }
    }

    /// The block with this data.
    pub(super) fn get(&self, data: NonNull<u8>) -> Option<Guarded> {
        self.find(|kept| (kept.data == data).then_some(kept.guarded))
    }

    /// The first answer for a block.
    pub(super) fn find<R>(&self, answer: impl Fn(&Kept) -> Option<R>) -> Option<R> {
        self.blocks.iter().find_map(answer)
    }
}
