//! Large objects: those that no pool has blocks for.
//!
//! Each has a region of its own from the system allocator, which begins with a [`Pool`] and whose one block begins less than `POOL_SIZE` behind it:
//! masking the address of the object's header finds the pool, as for any object (invariant *masked*, S17). It begins where no
//! block of a pool does, so that its address alone tells that it is large.

use std::alloc::Layout;
use std::ptr::NonNull;

use super::budget::Budget;
use super::class::{HEADER_WORD, STEP};
use super::geometry::POOL_SIZE;
use super::pool::{HEADER_SIZE, Pool, PoolFlags, PoolKind};
use crate::base::{Broken, agrees, holds, os};

/// Stands for "no slot" in the list of vacant ones.
const NO_SLOT: u32 = u32::MAX;

/// A place in the directory. Slots are stable, and used again.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Vacant { next: u32 },
    Taken(NonNull<Pool>),
}

/// The directory of a heap's large objects. Regions whose object died while it was pinned or held are still in it.
#[derive(Debug)]
pub(super) struct LargeObjects {
    slots: Vec<Slot>,
    vacant: u32,
    /// Regions in the directory, and their bytes.
    regions: usize,
    mapped_bytes: usize,
}

impl LargeObjects {
    pub(super) const fn new() -> LargeObjects {
        LargeObjects { slots: Vec::new(), vacant: NO_SLOT, regions: 0, mapped_bytes: 0 }
    }

    /// Makes a region for an object of `size` bytes, its header word included, whose payload is aligned to `align`, at most `POOL_SIZE`. Its
    /// block counts as allocated. `None` if memory is refused.
    pub(super) fn allocate(
        &mut self,
        kind: PoolKind,
        size: usize,
        align: usize,
        owner: NonNull<()>,
        budget: &Budget,
    ) -> Option<NonNull<Pool>> {
        budget.forget_refusal();
        if align > POOL_SIZE || self.slots.len() == NO_SLOT as usize {
            return None;
        }
        let first = first_offset(align);
        let size = size.checked_next_multiple_of(STEP)?;
        let layout = region_layout(first, size)?;
        if !budget.reserve_one(&mut self.slots) || !budget.allows(layout.size()) {
            return None;
        }
        let region = os::system_alloc(layout)?;
        budget.take(layout.size());
        let slot = match self.vacant {
            NO_SLOT => {
                self.slots.push(Slot::Taken(region.cast()));
                self.slots.len() as u32 - 1
            }
            slot => {
                let Slot::Vacant { next } = self.slots[slot as usize] else { unreachable!("slot {slot} is taken") };
                self.slots[slot as usize] = Slot::Taken(region.cast());
                self.vacant = next;
                slot
            }
        };
        self.regions += 1;
        self.mapped_bytes += layout.size();
        // SAFETY: the region is new, aligned to `POOL_SIZE`, and holds `first + size` bytes and a whole pool.
        unsafe { Pool::initialise_large(region, kind, first as u16, size, slot, owner) };
        Some(region.cast())
    }

    /// Gives a region back.
    ///
    /// # Safety
    /// The pool is in this directory, and nothing uses it or its block from now on.
    pub(super) unsafe fn release(&mut self, pool: NonNull<Pool>, budget: &Budget) {
        // SAFETY: by contract the pool is one of ours, so its header is there.
        let (slot, layout) = unsafe { (pool.as_ref().arena.get(), layout_of(pool.as_ref())) };
        debug_assert!(matches!(self.slots[slot as usize], Slot::Taken(known) if known == pool));
        let region = self.region(slot as usize);
        self.slots[slot as usize] = Slot::Vacant { next: self.vacant };
        self.vacant = slot;
        self.regions -= 1;
        self.mapped_bytes -= layout.size();
        budget.give(layout.size());
        if let Some(region) = region {
            // SAFETY: the region was allocated with this layout, and nothing uses it.
            unsafe { os::system_free(region.cast(), layout) };
        }
    }

    /// Gives every region back.
    ///
    /// # Safety
    /// Nothing uses any of them from now on.
    pub(super) unsafe fn release_all(&mut self, budget: &Budget) {
        for slot in 0..self.slots.len() {
            if let Some(pool) = self.region(slot) {
                // SAFETY: the pool is in the directory; by contract nothing uses it.
                unsafe { self.release(pool, budget) };
            }
        }
        budget.give(self.directory_bytes());
        *self = LargeObjects::new();
    }

    /// The pool in this slot, with access to its whole region.
    pub(super) fn region(&self, slot: usize) -> Option<NonNull<Pool>> {
        match self.slots.get(slot) {
            Some(Slot::Taken(pool)) => Some(*pool),
            _ => None,
        }
    }

    /// The regions, also those without a living object.
    pub(super) fn iter(&self) -> impl Iterator<Item = NonNull<Pool>> {
        (0..self.slots.len()).filter_map(|slot| self.region(slot))
    }

    /// One more than the largest slot so far.
    pub(super) fn end(&self) -> usize {
        self.slots.len()
    }

    /// The number of regions.
    pub(super) fn regions(&self) -> usize {
        self.regions
    }

    /// The bytes of all regions.
    pub(super) fn mapped_bytes(&self) -> usize {
        self.mapped_bytes
    }

    /// The bytes that the directory takes.
    pub(super) fn directory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Whether the address lies in one of the regions. Looks at all of them.
    pub(super) fn contains(&self, address: usize) -> bool {
        self.iter().any(|pool| {
            // SAFETY: regions in the directory have a header.
            let size = layout_of(unsafe { pool.as_ref() }).size();
            (pool.addr().get()..pool.addr().get() + size).contains(&address)
        })
    }

    /// Checks the directory and the regions in it; the fact that is broken.
    pub(super) fn verify(&self, owner: NonNull<()>) -> Result<(), Broken> {
        let (mut regions, mut bytes) = (0, 0);
        for (slot, place) in (0..self.slots.len()).filter_map(|slot| Some((slot, self.region(slot)?))) {
            // SAFETY: regions in the directory have a header.
            let pool = unsafe { place.as_ref() };
            pool.verify(owner).map_err(|broken| broken.at(place))?;
            agrees!(pool.arena.get() as usize, slot, "a large object's pool knows its slot");
            let kept = PoolFlags::PARKED.union(PoolFlags::PINNED);
            let has_reason = pool.used() != 0 || pool.flags().intersects(kept);
            holds!(has_reason, "a region without an object is parked or pinned");
            regions += 1;
            bytes += layout_of(pool).size();
        }
        agrees!(regions, self.regions, "the regions of large objects are counted");
        agrees!(bytes, self.mapped_bytes, "the bytes of large objects' regions are counted");
        let (mut slot, mut vacant) = (self.vacant, 0);
        while slot != NO_SLOT {
            let Slot::Vacant { next } = self.slots[slot as usize] else {
                return Err(Broken::new("no slot of a large object is vacant and taken"));
            };
            vacant += 1;
            holds!(vacant + regions <= self.slots.len(), "the list of vacant slots for large objects has an end");
            slot = next;
        }
        agrees!(vacant + regions, self.slots.len(), "every slot for a large object is taken or vacant");
        Ok(())
    }
}

/// What the payload of a large object that begins at [`FIRST`] is aligned to.
const USUAL_ALIGN: usize = 32;

/// The offset of a large object's block in its region, if the payload needs no unusual alignment.
pub(super) const FIRST: usize = (HEADER_SIZE + HEADER_WORD).next_multiple_of(USUAL_ALIGN) - HEADER_WORD;

/// The offset of the block whose payload is aligned to `align`: with an unusual alignment, the payload begins in the second pool's worth.
const fn first_offset(align: usize) -> usize {
    if align <= USUAL_ALIGN { FIRST } else { POOL_SIZE - HEADER_WORD }
}

/// Whether an object block at this address, or offset in a pool, is a large object's: no block of a pool begins as early, or as late
/// (invariant *large places*, S17).
#[inline(always)]
pub(super) const fn begins_at(address: usize) -> bool {
    (address + HEADER_WORD) & (POOL_SIZE - 1) <= FIRST + HEADER_WORD
}

/// The layout of the region of a block of `size` bytes at `first`: it holds a whole [`Pool`] at least.
fn region_layout(first: usize, size: usize) -> Option<Layout> {
    let bytes = first.checked_add(size)?.max(POOL_SIZE);
    Layout::from_size_align(bytes, POOL_SIZE).ok()
}

/// The layout with which the region of a large object's pool was allocated.
pub(super) fn layout_of(pool: &Pool) -> Layout {
    debug_assert!(pool.is_large(), "only a large object's pool has a layout of its own");
    let bytes = (pool.first() + pool.block_size()).max(POOL_SIZE);
    // SAFETY: `region_layout` found the same size valid when the region was allocated.
    unsafe { Layout::from_size_align_unchecked(bytes, POOL_SIZE) }
}

const _: () = assert!(first_offset(POOL_SIZE) < POOL_SIZE, "masking finds the pool of every large object");
const _: () = assert!(FIRST >= HEADER_SIZE, "the block lies behind the header");
const _: () = assert!(begins_at(FIRST) && begins_at(first_offset(POOL_SIZE)));
