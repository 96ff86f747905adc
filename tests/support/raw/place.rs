//! One allocator of a program: alone, or that of a heap, which may have ended.

use std::alloc::Layout;
use std::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use tailbite::{External, Gc, Heap, HeapAllocator, MemoryStats, RawAllocator};

use super::block::Block;
use super::rooms::Room;
use crate::{Tape, manual_heap};

/// An allocator, and what the program knows of it.
pub(super) struct Place {
    kind: Kind,
    limit: Option<usize>,
    /// The bytes in use of an allocator that nothing was taken from, and what counts then.
    base: usize,
    own: usize,
}

enum Kind {
    Raw(RawAllocator),
    Heap {
        heap: Option<Heap>,
        /// Clones, of which the last one is used.
        allocators: Vec<HeapAllocator>,
        kept: Vec<Kept>,
    },
}

/// What else a heap's memory is used for.
enum Kept {
    /// An object, the byte that it is filled with, and what its memory takes.
    Object(Gc<[u8]>, u8, usize),
    External(External),
}

impl Place {
    pub(super) fn open(raw: bool) -> Place {
        let kind = if raw {
            Kind::Raw(RawAllocator::new())
        } else {
            let heap = manual_heap();
            Kind::Heap { allocators: vec![heap.allocator()], heap: Some(heap), kept: Vec::new() }
        };
        let mut place = Place { kind, limit: None, base: 0, own: 0 };
        place.base = place.allocated_bytes().unwrap_or(0);
        place.own = place.used().unwrap_or(0);
        place
    }

    pub(super) fn is_raw(&self) -> bool {
        matches!(self.kind, Kind::Raw(_))
    }

    /// Whether anything may be refused.
    pub(super) fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    fn allocator(&self) -> &dyn Allocator {
        match &self.kind {
            Kind::Raw(raw) => raw,
            Kind::Heap { allocators, .. } => allocators.last().expect("there is at least one"),
        }
    }

    fn heap(&self) -> Option<&Heap> {
        match &self.kind {
            Kind::Heap { heap, .. } => heap.as_ref(),
            Kind::Raw(_) => None,
        }
    }

    fn memory(&self) -> Option<MemoryStats> {
        match &self.kind {
            Kind::Raw(raw) => Some(raw.memory()),
            Kind::Heap { heap, .. } => heap.as_ref().map(Heap::memory),
        }
    }

    /// The bytes of all blocks in use; not known of a heap that has ended.
    pub(super) fn allocated_bytes(&self) -> Option<usize> {
        Some(self.memory()?.bytes.allocated)
    }

    /// The bytes that count against the limit.
    pub(super) fn used(&self) -> Option<usize> {
        match &self.kind {
            Kind::Raw(raw) => Some(raw.used_bytes()),
            Kind::Heap { heap, .. } => heap.as_ref().map(Heap::used_bytes),
        }
    }

    pub(super) fn allocate(&self, layout: Layout, by_trait: bool, zeroed: bool) -> Option<NonNull<u8>> {
        let by_length = |block: NonNull<[u8]>| {
            assert_eq!(block.len(), layout.size());
            block.cast()
        };
        match (&self.kind, zeroed) {
            (Kind::Raw(raw), false) if !by_trait => raw.allocate(layout.size(), layout.align()),
            (Kind::Raw(raw), true) if !by_trait => raw.allocate_zeroed(layout.size(), layout.align()),
            (_, false) => self.allocator().allocate(layout).ok().map(by_length),
            (_, true) => self.allocator().allocate_zeroed(layout).ok().map(by_length),
        }
    }

    /// Changes the size of a block, by one of the ways that there are.
    ///
    /// # Safety
    /// The block is in use, of this place, known by `old`; after a success nothing uses its old address. What changes its alignment goes by
    /// the trait, or is not sized.
    pub(super) unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        (by_trait, is_sized, zeroed): (bool, bool, bool),
    ) -> Option<NonNull<u8>> {
        // SAFETY: the caller's promise; `grow` and `shrink` are called for what grows and shrinks.
        unsafe {
            match &self.kind {
                Kind::Raw(raw) if !by_trait && is_sized => raw.reallocate_sized(block, old, new.size()),
                Kind::Raw(raw) if !by_trait => raw.reallocate(block, new.size()),
                _ => {
                    let allocator = self.allocator();
                    let moved = match new.size() >= old.size() {
                        true if zeroed => allocator.grow_zeroed(block, old, new),
                        true => allocator.grow(block, old, new),
                        false => allocator.shrink(block, old, new),
                    };
                    moved.ok().inspect(|moved| assert_eq!(moved.len(), new.size())).map(NonNull::cast)
                }
            }
        }
    }

    /// # Safety
    /// The block is in use, of this place, known by `layout`, and not used afterwards.
    pub(super) unsafe fn free(&self, block: NonNull<u8>, layout: Layout, by_trait: bool, is_sized: bool) {
        // SAFETY: the caller's promise.
        unsafe {
            match &self.kind {
                Kind::Raw(raw) if !by_trait && is_sized => raw.free_sized(block, layout),
                Kind::Raw(raw) if !by_trait => raw.free(block),
                _ => self.allocator().deallocate(block, layout),
            }
        }
    }

    /// Looks an address up that lies in the room `expected`, by start and length, or in none of this place.
    pub(super) fn check_look_up(&self, address: *const u8, expected: Option<(usize, usize)>) {
        let Kind::Raw(raw) = &self.kind else { return };
        assert_eq!(raw.owns(address), expected.is_some(), "{address:p} is in {expected:x?}");
        let size = expected.filter(|(start, _)| *start == address.addr()).map(|(_, length)| length);
        assert_eq!(raw.usable_size(address), size, "{address:p} is in {expected:x?}");
    }

    pub(super) fn set_limit(&mut self, tape: &Tape) {
        let Some(used) = self.used() else { return };
        let limit = match tape.below(4) {
            0 => None,
            1 => Some(used.saturating_sub(tape.below(1 << 16))),
            2 => Some(used + tape.below(1 << 16)),
            _ => Some(used + (tape.below(1 << 16) << 4)),
        };
        match &self.kind {
            Kind::Raw(raw) => raw.set_limit(limit),
            Kind::Heap { heap, .. } => heap.iter().for_each(|heap| heap.set_memory_limit(limit)),
        }
        self.limit = limit;
    }

    /// Nothing takes the use above the limit; it may have been above it before.
    pub(super) fn check_limit(&self, before: Option<usize>) {
        if let (Some(limit), Some(before), Some(now)) = (self.limit, before, self.used()) {
            assert!(now <= limit.max(before), "{now} bytes are in use, {before} before, the limit is {limit}");
        }
    }

    pub(super) fn trim(&self) {
        let before = self.used();
        let given = match &self.kind {
            Kind::Raw(raw) => raw.trim(),
            Kind::Heap { heap, .. } => heap.as_ref().map_or(0, Heap::trim),
        };
        assert!(self.used() <= before);
        assert!(given > 0 || self.used() == before, "what was given back is told");
    }

    /// Makes and drops objects, and declares bytes outside, beside the raw blocks.
    pub(super) fn objects(&mut self, tape: &Tape) {
        let Kind::Heap { heap: Some(heap), kept, .. } = &mut self.kind else { return };
        match tape.below(4) {
            0 | 1 if kept.len() < 64 => {
                let (size, byte) = (super::size(tape), tape.byte());
                let before = heap.memory().bytes.allocated;
                match heap.try_alloc_slice(vec![byte; size]) {
                    Ok(object) => {
                        let cost = heap.memory().bytes.allocated - before;
                        assert!(cost >= size);
                        kept.push(Kept::Object(object, byte, cost));
                    }
                    Err(_) => assert!(self.limit.is_some(), "{size} bytes are refused without a limit"),
                }
            }
            2 if kept.len() < 64 => {
                assert!(heap.try_add_external(usize::MAX).is_err(), "no heap takes nothing itself");
                match heap.try_add_external(super::size(tape)) {
                    Ok(external) => kept.push(Kept::External(external)),
                    Err(_) => assert!(self.limit.is_some()),
                }
            }
            _ if !kept.is_empty() => {
                let index = tape.below(kept.len());
                let before = heap.memory().bytes.allocated;
                let cost = match kept.swap_remove(index) {
                    Kept::Object(object, byte, cost) => {
                        assert!(object.iter().all(|found| *found == byte), "the content of an object changed");
                        cost
                    }
                    Kept::External(mut external) => {
                        let size = external.bytes() / 2;
                        external.resize(size).expect("shrinking is never refused");
                        0
                    }
                };
                assert_eq!(heap.memory().bytes.allocated, before - cost, "an object takes what it took");
            }
            _ => {}
        }
    }

    /// What no allocator can give, it refuses, and nothing changes.
    pub(super) fn odd_requests(&self, tape: &Tape) {
        let before = self.allocated_bytes();
        let (most, small) = (isize::MAX as usize, tape.below(1 << 16));
        let sizes = [usize::MAX - small, most - small, most / 2 + small, 1 << 60, 1 << 48, usize::MAX];
        let size = sizes[tape.below(sizes.len())];
        let align = 1 << tape.below(17);
        match &self.kind {
            Kind::Raw(raw) => {
                assert_eq!(raw.allocate(size, align), None);
                assert_eq!(raw.allocate_zeroed(size, align), None);
                for align in [0, 3, small & !1 | 1 << 16 | 4, usize::MAX] {
                    assert_eq!(raw.allocate(small, align), None, "{align} is no power of two");
                }
                if let Some(block) = self.allocate(Layout::new::<[u8; 24]>(), true, false) {
                    // SAFETY: the block is in use; if it didn't stay this is a failure anyway.
                    let moved = unsafe { raw.reallocate(block, size) };
                    assert_eq!(moved, None);
                    // SAFETY: it stayed, and is not used afterwards.
                    unsafe { raw.free(block) };
                }
            }
            Kind::Heap { heap, .. } => {
                if let Ok(layout) = Layout::from_size_align(size, align) {
                    assert!(self.allocator().allocate(layout).is_err());
                    assert!(self.allocator().allocate_zeroed(layout).is_err());
                }
                if let Some(heap) = heap {
                    assert!(heap.try_alloc_slice((0..isize::MAX as usize - small).map(|_| 0_u16)).is_err());
                }
            }
        }
        assert_eq!(self.allocated_bytes(), before);
    }

    /// Ends a heap. Its allocators and their blocks live on.
    pub(super) fn close(&mut self) {
        if let Kind::Heap { heap, .. } = &mut self.kind {
            drop(heap.take());
        }
    }

    /// Goes on with a clone of a heap's allocator; drops others now and then.
    pub(super) fn clone_allocator(&mut self) {
        if let Kind::Heap { allocators, .. } = &mut self.kind {
            let clone = allocators[0].clone();
            if allocators.len() > 2 {
                allocators.clear();
            }
            allocators.push(clone);
        }
    }

    /// All invariants, and the accounts against the rooms of the blocks in use.
    pub(super) fn check(&self, rooms: impl Iterator<Item = Room>) {
        match &self.kind {
            Kind::Raw(raw) => raw.check(),
            Kind::Heap { heap, .. } => heap.iter().for_each(Heap::check),
        }
        let (Some(stats), Some(used)) = (self.memory(), self.used()) else { return };
        let (mut bytes, mut system_blocks, mut system_bytes) = (self.base, 0, 0);
        for room in rooms {
            bytes += room.bytes();
            if let Room::System(size) = room {
                system_blocks += 1;
                system_bytes += size;
            }
        }
        let mut external_bytes = 0;
        if let Kind::Heap { kept, .. } = &self.kind {
            for kept in kept {
                match kept {
                    Kept::Object(_, _, cost) => bytes += cost,
                    Kept::External(external) => external_bytes += external.bytes(),
                }
            }
        }
        assert_eq!(stats.bytes.allocated, bytes, "every block in use is counted");
        assert_eq!((stats.system_blocks, stats.system_bytes), (system_blocks, system_bytes));
        assert_eq!((stats.external_bytes, stats.used_bytes), (external_bytes, used));
        let (pools, arenas) = (&stats.pools, &stats.arenas);
        let in_pools = (pools.in_use + pools.free + pools.clean) * pools.size;
        assert_eq!(arenas.mapped * arenas.size, in_pools + stats.bytes.side_bytes);
        assert_eq!(pools.in_use, stats.classes.iter().map(|class| class.pools).sum::<usize>());
        assert_eq!(stats.bytes.unused_pools, (pools.free + pools.clean) * pools.size);
        assert_eq!(used, stats.bytes.total - pools.clean * pools.cost + external_bytes);
        if let Some(heap) = self.heap() {
            assert!(heap.peak_bytes() >= used && heap.external_bytes() == external_bytes);
        }
    }

    /// Ends an allocator that alone gives all memory back; of another one the blocks go first.
    pub(super) fn abandon(mut self, blocks: Vec<Block>) {
        self.close();
        if !self.is_raw() {
            blocks.into_iter().enumerate().for_each(|(index, block)| block.free(&self, index as u8));
        }
    }

    /// Without blocks nothing stays.
    pub(super) fn finish(mut self) {
        if let Kind::Heap { kept, .. } = &mut self.kind {
            kept.clear();
        }
        self.check(std::iter::empty());
        self.trim();
        if let (Some(used), Some(stats)) = (self.used(), self.memory()) {
            // Lists and directories may keep room; arenas that can't be trimmed, their pools.
            let directories = stats.bytes.bookkeeping + (stats.pools.free * stats.pools.size);
            assert!(used <= self.own.max(directories), "{stats}");
        }
    }
}
