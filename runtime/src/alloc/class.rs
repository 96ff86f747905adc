//! Size classes: which blocks there are, and which one a request gets.
//!
//! Classes 0 to 63 are blocks of 8 to 512 bytes in steps of 8. Above come the *medium* classes, for objects only: a pool divided by 24, 20,
//! 16 and so on down to 1, so that an object of 600 bytes does not take a pool of its own.
//!
//! **Alignment.** A block size that is a multiple of 2^n, up to 64, makes blocks aligned to 2^n possible: the first block is placed so that
//! the start of every raw block, or the payload of every object block (the header word before it), is aligned to that power. Object blocks whose size
//! is a power of two are aligned as a whole instead: a header beside its payload in one cache line is worth more than the few types that
//! ask for an alignment above a word's. A request gets the first class that is large enough and aligned enough.
#![forbid(unsafe_code)]

use super::geometry::{MAX_ALIGN, PAGE_SIZE, POOL_SIZE, SIDE_GRANULE};
use super::large;
use super::pool::{HEADER_SIZE, PoolKind};
use super::redzone::REDZONE;

/// The step between small classes, and the alignment of every block.
pub(crate) const STEP: usize = 8;

/// The size of an object's header word, which lies directly before its payload.
pub(crate) const HEADER_WORD: usize = 8;

/// The largest small block, and the largest raw block.
pub(crate) const MAX_SMALL: usize = 512;

/// The smallest object block: a header word, and a free link beside it (S16).
pub(crate) const MIN_OBJECT_BLOCK: usize = 16;

/// The smallest object block of a kind: tracked ones are as far apart as their side bytes ask for.
const fn min_block(kind: PoolKind) -> usize {
    match kind {
        PoolKind::Tracked => SIDE_GRANULE,
        PoolKind::Leaf => MIN_OBJECT_BLOCK,
        PoolKind::Raw => STEP,
    }
}

const SMALL_CLASSES: usize = MAX_SMALL / STEP;

/// The divisors of a pool that make medium classes.
const DIVISORS: &[usize] =
    if POOL_SIZE == 16 << 10 { &[24, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 1] } else { &[6, 5, 4, 3, 2, 1] };

/// The number of size classes.
pub(crate) const CLASSES: usize = SMALL_CLASSES + DIVISORS.len();

/// The number of bins: each kind has each class, also those that raw pools never use.
pub(crate) const BINS: usize = PoolKind::ALL.len() * CLASSES;

/// The number of bins for objects: those of the first kinds.
pub(super) const OBJECT_BINS: usize = PoolKind::Raw as usize * CLASSES;

/// The block size of each class.
const SIZES: [usize; CLASSES] = {
    let mut sizes = [0; CLASSES];
    let mut class = 0;
    while class < SMALL_CLASSES {
        sizes[class] = (class + 1) * STEP;
        class += 1;
    }
    while class < CLASSES {
        let blocks = DIVISORS[class - SMALL_CLASSES];
        // The largest multiple of 16 of which a tracked pool holds that many.
        let mut size = POOL_SIZE / blocks / 16 * 16;
        while capacity(PoolKind::Tracked, size) < blocks {
            size -= 16;
        }
        sizes[class] = size;
        class += 1;
    }
    sizes
};

/// The largest block of a pool; more than that is a large object.
pub(crate) const MAX_BLOCK: usize = SIZES[CLASSES - 1];

/// The class of the smallest blocks of a kind with room for `size` bytes at `align`; `None` if no pool has such blocks.
#[inline]
pub(crate) const fn class_for(kind: PoolKind, size: usize, align: usize) -> Option<usize> {
    if size > MAX_BLOCK || align > MAX_ALIGN {
        return None;
    }
    let align = if align > STEP { align } else { STEP };
    let size = if size == 0 { align } else { size.next_multiple_of(align) };
    // Most requests end here: a multiple of the alignment is aligned to it.
    if size <= MAX_SMALL && (!kind.holds_objects() || align == STEP) {
        return Some(size / STEP - 1);
    }
    search_class(kind, size, align)
}

/// The same for objects with an unusual alignment, and for medium classes.
const fn search_class(kind: PoolKind, size: usize, align: usize) -> Option<usize> {
    let mut class = if size <= MAX_SMALL { size / STEP - 1 } else { SMALL_CLASSES };
    while class < CLASSES {
        if SIZES[class] >= size && alignment(kind, SIZES[class]) >= align {
            return Some(class);
        }
        class += 1;
    }
    None
}

/// A kind of pool together with a size class: what a pool is initialised for, and where it is looked up.
///
/// Invariant: below [`BINS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Bin(u16);

impl Bin {
    /// The bin for an object of `size` bytes, its header word included, whose payload is aligned to `align`; `None` for a large object.
    #[inline]
    pub(crate) const fn for_object(kind: PoolKind, size: usize, align: usize) -> Option<Bin> {
        debug_assert!(kind.holds_objects(), "an object lies in a pool for objects");
        let size = if size < min_block(kind) { min_block(kind) } else { size };
        match class_for(kind, size.saturating_add(REDZONE), align) {
            Some(class) => Some(Bin::new(kind, class)),
            None => None,
        }
    }

    /// The bin for `size` raw bytes at `align`; `None` if they are for the system allocator.
    #[inline]
    pub(crate) const fn for_raw(size: usize, align: usize) -> Option<Bin> {
        match class_for(PoolKind::Raw, size.saturating_add(REDZONE), align) {
            Some(class) if class < SMALL_CLASSES => Some(Bin::new(PoolKind::Raw, class)),
            _ => None,
        }
    }

    const fn new(kind: PoolKind, class: usize) -> Bin {
        Bin((kind as usize * CLASSES + class) as u16)
    }

    /// The bin's number, below [`BINS`].
    #[inline(always)]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Every bin, in the order of their numbers, also those that never have pools.
    pub(super) fn every() -> impl Iterator<Item = Bin> {
        (0..BINS as u16).map(Bin)
    }

    /// Every bin that can have pools.
    pub(super) fn all() -> impl Iterator<Item = Bin> {
        Bin::every().filter(|bin| match bin.kind() {
            PoolKind::Tracked | PoolKind::Leaf => SIZES[bin.class()] >= min_block(bin.kind()),
            PoolKind::Raw => bin.class() < SMALL_CLASSES,
        })
    }

    /// The kind of the bin's pools.
    pub(crate) const fn kind(self) -> PoolKind {
        PoolKind::ALL[self.index() / CLASSES]
    }

    /// The size class of the bin's pools.
    pub(crate) const fn class(self) -> usize {
        self.index() % CLASSES
    }

    /// The size of the bin's blocks.
    pub(crate) const fn block_size(self) -> usize {
        SIZES[self.class()]
    }

    /// How the bin's pools are cut.
    #[inline]
    pub(super) fn cut(self) -> &'static Cut {
        &CUTS[self.index()]
    }
}

/// How the pools of one bin are cut into blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// The size of a block.
    pub(super) size: u16,
    /// The offset of the first block.
    pub(super) first: u16,
    /// The number of blocks.
    pub(super) capacity: u16,
    /// 2^32 / size, rounded up: division by multiplication.
    pub(super) recip: u32,
    /// Blocks carved at a time.
    pub(super) batch: u16,
}

static CUTS: [Cut; BINS] = {
    let mut cuts = [Cut { size: 0, first: 0, capacity: 0, recip: 0, batch: 0 }; BINS];
    let mut bin = 0;
    while bin < BINS {
        let kind = PoolKind::ALL[bin / CLASSES];
        let size = SIZES[bin % CLASSES];
        let capacity = capacity(kind, size);
        let batch = if size < PAGE_SIZE { PAGE_SIZE / size } else { 1 };
        cuts[bin] = Cut {
            size: size as u16,
            first: first(kind, size) as u16,
            capacity: capacity as u16,
            recip: reciprocal(size),
            batch: batch as u16,
        };
        bin += 1;
    }
    cuts
};

/// The factor for [`quotient`].
const fn reciprocal(size: usize) -> u32 {
    (1_u64 << 32).div_ceil(size as u64) as u32
}

/// `offset / size`, given the reciprocal of `size`. Exact for offsets in a pool: the rounded factor is too large by less than `size / 2^32`
/// parts of one, so the product by less than `offset * size / 2^32`, and both are below 2^14.
#[inline(always)]
pub(super) const fn quotient(offset: usize, recip: u32) -> usize {
    ((offset as u64 * recip as u64) >> 32) as usize
}

/// The alignment that blocks of `size` can all have.
const fn natural_align(size: usize) -> usize {
    let power = 1 << size.trailing_zeros();
    if power < MAX_ALIGN { power } else { MAX_ALIGN }
}

/// Whether blocks of this kind and size are aligned as a whole, rather than behind a header word.
const fn is_aligned_whole(kind: PoolKind, size: usize) -> bool {
    !kind.holds_objects() || size.is_power_of_two()
}

/// The alignment of the bytes that are the user's, in blocks of this kind and size.
const fn alignment(kind: PoolKind, size: usize) -> usize {
    if kind.holds_objects() && size.is_power_of_two() { STEP } else { natural_align(size) }
}

/// The offset of the first block of `size` in a pool: behind the header, and for objects behind where a large object's block begins, as near as
/// alignment allows.
const fn first(kind: PoolKind, size: usize) -> usize {
    let taken = if kind.holds_objects() { large::FIRST + STEP } else { HEADER_SIZE };
    let word = if is_aligned_whole(kind, size) { 0 } else { HEADER_WORD };
    (taken + word).next_multiple_of(natural_align(size)) - word
}

/// The number of blocks of `size` in a pool.
const fn capacity(kind: PoolKind, size: usize) -> usize {
    (POOL_SIZE - first(kind, size)) / size
}

const _: () = assert!(BINS <= u16::MAX as usize);
const _: () = {
    let mut class = 1;
    while class < CLASSES {
        assert!(SIZES[class - 1] < SIZES[class], "classes grow");
        assert!(SIZES[class].is_multiple_of(STEP), "block sizes are multiples of the step");
        class += 1;
    }
    assert!(SIZES[SMALL_CLASSES - 1] == MAX_SMALL);
};
const _: () = {
    let mut bin = 0;
    while bin < BINS {
        let kind = PoolKind::ALL[bin / CLASSES];
        let Cut { size, first, capacity, .. } = CUTS[bin];
        let (size, first, capacity) = (size as usize, first as usize, capacity as usize);
        let word = if kind.holds_objects() { HEADER_WORD } else { 0 };
        assert!(capacity >= 1);
        assert!(first >= HEADER_SIZE, "blocks lie behind the header");
        assert!(!kind.holds_objects() || !large::begins_at(first), "a pool's block is not taken for a large object's");
        assert!(first + capacity * size <= POOL_SIZE, "blocks end before the pool does");
        assert!((first + word).is_multiple_of(alignment(kind, size)), "blocks are aligned");
        bin += 1;
    }
};
const _: () = if REDZONE == 0 {
    let small = Bin::for_object(PoolKind::Tracked, 32, 8).unwrap();
    assert!(SIZES[small.class()] == 32);
    assert!(SIZES[Bin::for_object(PoolKind::Leaf, 8, 1).unwrap().class()] == MIN_OBJECT_BLOCK);
    assert!(SIZES[Bin::for_object(PoolKind::Tracked, 8, 1).unwrap().class()] == SIDE_GRANULE);
    assert!(SIZES[Bin::for_object(PoolKind::Leaf, 72, 64).unwrap().class()] == 192);
    assert!(SIZES[Bin::for_raw(0, 1).unwrap().class()] == 8);
    assert!(SIZES[Bin::for_raw(510, 64).unwrap().class()] == 512);
    assert!(Bin::for_raw(513, 1).is_none());
    assert!(Bin::for_object(PoolKind::Tracked, 513, 8).is_some());
    assert!(Bin::for_object(PoolKind::Tracked, MAX_BLOCK, 16).is_some());
    assert!(Bin::for_object(PoolKind::Tracked, MAX_BLOCK + 1, 8).is_none());
    assert!(Bin::for_object(PoolKind::Tracked, 136, 128).is_none());
};
