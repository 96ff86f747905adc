//! What blocks are used for.
#![forbid(unsafe_code)]

/// What a pool's blocks are used for. A pool holds one kind only (S16).
///
/// ```
/// use tailbite::{AnyGc, Heap, PoolKind};
/// let heap = Heap::new();
/// let (option, number) = (heap.alloc(None::<AnyGc>), heap.alloc(1));
/// let kinds: Vec<PoolKind> = heap.memory().classes.iter().map(|class| class.kind).collect();
/// assert_eq!(kinds, [PoolKind::Tracked, PoolKind::Leaf]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum PoolKind {
    /// Objects that the collector examines; each block has a side byte of its own.
    Tracked = 0,
    /// Objects that can't be part of a cycle.
    Leaf = 1,
    /// Bytes without a header.
    Raw = 2,
}

impl PoolKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [PoolKind; 3] = [PoolKind::Tracked, PoolKind::Leaf, PoolKind::Raw];

    /// Whether blocks of this kind begin with an object's header word.
    #[inline(always)]
    pub const fn holds_objects(self) -> bool {
        !matches!(self, PoolKind::Raw)
    }

    /// Where in a free block of this kind the link to the next one lies: objects' header words survive.
    #[inline(always)]
    pub(in crate::alloc) const fn link_offset(self) -> usize {
        if self.holds_objects() { OBJECT_LINK } else { RAW_LINK }
    }
}

/// The offset of the free link in a free object block.
pub(in crate::alloc) const OBJECT_LINK: usize = 8;

/// The offset of the free link in a free raw block.
pub(in crate::alloc) const RAW_LINK: usize = 0;
