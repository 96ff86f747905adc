//! What is where: exact figures, in the way of CPython's `sys._debugmallocstats`.

use std::fmt;

use super::Allocator;
use super::class::{BINS, Bin};
use super::geometry::{ARENA_SIZE, HEAD_SIZE, POOL_COST, POOL_SIZE};
use super::large::layout_of;
use super::pool::{HEADER_SIZE, PoolKind};

/// The memory of a heap, at one moment. `Display` prints it as a table.
///
/// For each class, `allocated + free + untouched` is the number of blocks in its pools. The arenas' bytes are those of their pools, in use or not, and the
/// collector's side bytes: `arenas.mapped * arenas.size == (pools.in_use + pools.free + pools.clean) * pools.size + bytes.side_bytes`. What takes no
/// memory doesn't count against a limit: `used_bytes == bytes.total - pools.clean * pools.cost + external_bytes`. Every byte of the heap is in one part of
/// [`ByteStats`].
///
/// ```
/// use tailbite::Heap;
/// let heap = Heap::new();
/// let text = heap.alloc_str("text");
/// let memory = heap.memory();
/// for class in &memory.classes {
///     println!("{:?}, {} bytes: {} in {} pools", class.kind, class.size, class.allocated, class.pools);
/// }
/// let pools = memory.pools.in_use + memory.pools.free + memory.pools.clean;
/// assert_eq!(memory.arenas.mapped * memory.arenas.size, pools * memory.pools.size + memory.bytes.side_bytes);
/// assert!(memory.bytes.allocated >= text.len() && memory.bytes.total >= memory.bytes.allocated);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MemoryStats {
    /// The size classes that have pools.
    pub classes: Vec<ClassStats>,
    /// The arenas.
    pub arenas: ArenaStats,
    /// The pools of all arenas.
    pub pools: PoolStats,
    /// The large objects, which have regions of their own.
    pub large_objects: usize,
    /// The bytes of large objects' blocks.
    pub large_bytes: usize,
    /// Raw allocations that the system allocator serves.
    pub system_blocks: usize,
    /// Their bytes, as requested.
    pub system_bytes: usize,
    /// Bytes that the host holds elsewhere and has declared.
    pub external_bytes: usize,
    /// The bytes that count against the limit: all bytes of the heap but those of clean pools, and the external ones.
    pub used_bytes: usize,
    /// All bytes, by what they are used for.
    pub bytes: ByteStats,
}

/// The pools of one kind and one block size.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassStats {
    /// What the blocks are used for.
    pub kind: PoolKind,
    /// The size of a block.
    pub size: usize,
    /// Pools in use.
    pub pools: usize,
    /// Blocks in use.
    pub allocated: usize,
    /// Blocks that were carved and are not in use.
    pub free: usize,
    /// Blocks that were never carved.
    pub untouched: usize,
}

/// The arenas of a heap.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArenaStats {
    /// The size of an arena.
    pub size: usize,
    /// Arenas that are mapped.
    pub mapped: usize,
    /// Arenas that were ever mapped.
    pub ever: usize,
    /// The most arenas that were mapped at a time.
    pub high_water: usize,
}

/// The pools of a heap's arenas.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// The size of a pool.
    pub size: usize,
    /// What a pool with memory behind it counts against a limit: its size, and its part of the collector's side bytes.
    pub cost: usize,
    /// Pools of some class.
    pub in_use: usize,
    /// Pools that were in use, are not, and still have their memory.
    pub free: usize,
    /// Pools that take no memory: never touched, or trimmed.
    pub clean: usize,
}

/// The bytes of a heap, by what they are used for; their sum is `total`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ByteStats {
    /// Blocks in use, large objects, and raw bytes from the system allocator.
    pub allocated: usize,
    /// Blocks that are not in use, in pools that are, and the blocks of large objects that died but whose regions have to stay for now.
    pub available: usize,
    /// Pools that are not in use.
    pub unused_pools: usize,
    /// Pool headers.
    pub pool_headers: usize,
    /// The heads of the arenas: the collector's bytes for what lies in them.
    pub side_bytes: usize,
    /// What is left over where pools and regions are cut.
    pub rounding: usize,
    /// The heap's own state: lists of the collector, the table of weak records, directories of memory.
    pub bookkeeping: usize,
    /// All bytes that the heap has taken from outside.
    pub total: usize,
}

impl ByteStats {
    /// Adds a pool or region of `size` bytes, with `blocks` blocks of `block_size`.
    fn add_pool(&mut self, size: usize, blocks: usize, block_size: usize, used: usize) {
        self.allocated += used * block_size;
        self.available += (blocks - used) * block_size;
        self.pool_headers += HEADER_SIZE;
        self.rounding += size - HEADER_SIZE - blocks * block_size;
    }

    /// The sum of the parts.
    fn sum(&self) -> usize {
        let blocks = self.allocated + self.available + self.unused_pools;
        blocks + self.pool_headers + self.side_bytes + self.rounding + self.bookkeeping
    }
}

impl Allocator {
    /// What is where. Looks at every pool. Panics if memory for it is refused.
    pub(crate) fn stats(&self) -> MemoryStats {
        let mut bytes = ByteStats::default();
        let mut classes = Vec::new();
        let bytes_of_classes = BINS * size_of::<ClassStats>();
        assert!(
            self.make_room(&mut classes, BINS),
            "out of memory: {bytes_of_classes} bytes for statistics were refused"
        );
        classes.extend(Bin::every().map(ClassStats::empty));
        let (mut large_objects, mut large_bytes) = (0, 0);
        for kind in PoolKind::ALL {
            for place in self.pools(kind) {
                // SAFETY: nothing runs between the steps of this walk, so the pools stay in use.
                let pool = unsafe { place.as_ref() };
                let (used, capacity, size) = (pool.used(), pool.capacity(), pool.block_size());
                if let Some(bin) = pool.bin() {
                    bytes.add_pool(POOL_SIZE, capacity, size, used);
                    let class = &mut classes[bin.index()];
                    class.pools += 1;
                    class.allocated += used;
                    class.free += pool.carved() - used;
                    class.untouched += capacity - pool.carved();
                } else {
                    bytes.add_pool(layout_of(pool).size(), capacity, size, used);
                    large_objects += used;
                    large_bytes += used * size;
                }
            }
        }
        classes.retain(|class| class.pools != 0);
        let arenas = self.arenas.borrow();
        let unused: usize = arenas.iter().map(|arena| arena.free_pools()).sum();
        let clean = arenas.iter().map(|arena| arena.clean_pools()).sum();
        bytes.allocated += self.system.bytes();
        bytes.unused_pools = unused * POOL_SIZE;
        bytes.side_bytes = arenas.mapped() * HEAD_SIZE;
        bytes.bookkeeping = self.directory_bytes() + self.budget.kept();
        bytes.total = self.mapped_bytes() + bytes.bookkeeping;
        debug_assert_eq!(bytes.sum(), bytes.total, "every byte is in one part");
        MemoryStats {
            classes,
            arenas: ArenaStats {
                size: ARENA_SIZE,
                mapped: arenas.mapped(),
                ever: arenas.ever(),
                high_water: arenas.high_water(),
            },
            pools: PoolStats {
                size: POOL_SIZE,
                cost: POOL_COST,
                in_use: arenas.used_pools(),
                free: unused - clean,
                clean,
            },
            large_objects,
            large_bytes,
            system_blocks: self.system.blocks(),
            system_bytes: self.system.bytes(),
            external_bytes: self.budget.external(),
            used_bytes: self.budget.used(),
            bytes,
        }
    }
}

impl ClassStats {
    fn empty(bin: Bin) -> ClassStats {
        ClassStats { kind: bin.kind(), size: bin.cut().size.into(), pools: 0, allocated: 0, free: 0, untouched: 0 }
    }
}

impl fmt::Display for MemoryStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kind     block size  pools      allocated           free      untouched")?;
        writeln!(f, "----     ----------  -----      ---------           ----      ---------")?;
        for class in &self.classes {
            let ClassStats { kind, size, pools, allocated, free, untouched } = class;
            let kind = match kind {
                PoolKind::Tracked => "tracked",
                PoolKind::Leaf => "leaf",
                PoolKind::Raw => "raw",
            };
            writeln!(f, "{kind:<8} {size:>10} {pools:>6} {allocated:>14} {free:>14} {untouched:>14}")?;
        }
        writeln!(f)?;
        let bytes = &self.bytes;
        let rows = [
            ("# arenas mapped ever", self.arenas.ever),
            ("# arenas given back", self.arenas.ever - self.arenas.mapped),
            ("# arenas highwater mark", self.arenas.high_water),
            ("# arenas mapped now", self.arenas.mapped),
            ("# pools in use", self.pools.in_use),
            ("# pools free", self.pools.free),
            ("# pools untouched or trimmed", self.pools.clean),
            ("# large objects", self.large_objects),
            ("# raw blocks of the system", self.system_blocks),
            ("bytes in large objects", self.large_bytes),
            ("bytes in raw blocks of the system", self.system_bytes),
            ("bytes in allocated blocks", bytes.allocated),
            ("bytes in available blocks", bytes.available),
            ("bytes in unused pools", bytes.unused_pools),
            ("bytes lost to pool headers", bytes.pool_headers),
            ("bytes lost to side bytes", bytes.side_bytes),
            ("bytes lost to rounding", bytes.rounding),
            ("bytes in the heap's own state", bytes.bookkeeping),
            ("bytes held elsewhere", self.external_bytes),
            ("bytes that count against the limit", self.used_bytes),
            ("total", bytes.total),
        ];
        for (name, value) in rows {
            writeln!(f, "{name:<40} {value:>20}")?;
        }
        Ok(())
    }
}
