//! How memory is cut: arenas into pools, pools into blocks.
#![forbid(unsafe_code)]

/// What a pool with memory behind it counts in the budget: its size, and its part of the arena's head, whose pages are touched as the pool's
/// blocks come to be.
pub(crate) const POOL_COST: usize = POOL_SIZE + HEAD_SIZE / POOLS_PER_ARENA;

/// The size and alignment of a pool.
pub(crate) const POOL_SIZE: usize = if cfg!(feature = "classic-geometry") { 4 << 10 } else { 16 << 10 };

/// The size and alignment of an arena: a head of side bytes, and pools. What else is known about an arena is kept outside, in the directory.
pub(crate) const ARENA_SIZE: usize = if cfg!(feature = "classic-geometry") { 256 << 10 } else { 2 << 20 };

/// The smallest distance between the starts of two tracked blocks: the bytes of an arena that share one side byte.
pub(crate) const SIDE_GRANULE: usize = 24;

/// The side bytes of an arena, at its start.
pub(crate) const SIDE_BYTES: usize = ARENA_SIZE.div_ceil(SIDE_GRANULE);

/// The start of an arena, which holds no pools: side bytes, and a byte for each pool.
pub(crate) const HEAD_SIZE: usize = (SIDE_BYTES + ARENA_SIZE / POOL_SIZE).next_multiple_of(POOL_SIZE);

/// The pools of one arena.
pub(crate) const POOLS_PER_ARENA: usize = (ARENA_SIZE - HEAD_SIZE) / POOL_SIZE;

/// The most arenas a heap can have: their index takes 16 bits of a block's number.
pub(crate) const MAX_ARENAS: usize = 1 << 16;

/// Blocks are carved a page's worth at a time, so that memory is not touched before it is needed.
pub(crate) const PAGE_SIZE: usize = 4 << 10;

/// The largest alignment that pools serve; more than that is a large object's business.
pub(crate) const MAX_ALIGN: usize = 64;

/// Whether an arena can be one huge page.
pub(crate) const ARENA_IS_HUGE_PAGE: bool = ARENA_SIZE >= 2 << 20;

const _: () = assert!(POOL_SIZE.is_power_of_two());
const _: () = assert!(ARENA_SIZE.is_power_of_two());
const _: () = assert!(POOL_SIZE.is_multiple_of(PAGE_SIZE));
const _: () = assert!(HEAD_SIZE + POOLS_PER_ARENA * POOL_SIZE == ARENA_SIZE);
// Offsets within a pool fit the 16-bit fields of its header.
const _: () = assert!(POOL_SIZE <= 1 << 16);
