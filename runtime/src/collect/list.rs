//! Generation lists: the addresses of the young objects, and of the middle ones, kept outside the objects.

use core::cell::{Cell, UnsafeCell};

use super::generation::Generation;
use crate::alloc::{Allocator, PoolFlags};
use crate::base::{Broken, holds};
use crate::object::{Flags, RawObject};

/// The addresses of the blocks that hold objects of one generation.
///
/// Freeing an object does nothing here: its block keeps a *listed* bit, and the next object in it is not listed again.
/// So the list is an upper bound of the generation, and entries whose object died are dropped when the list is
/// compacted or collected. While the list names a block, its pool is pinned (it keeps its class).
///
/// The list needs no memory that could be refused: where it can't grow, it *spills*. Then the pools concerned are
/// flagged, and the generation is enumerated by walking them.
///
/// Invariants:
/// - *listed*: a block has the listed bit exactly if its address is in the list, once.
/// - *complete*: every live tracked object of the generation that is not exempt is in the list, or `spilled` is set and
///   its pool is flagged.
/// - `check_at` is at most the capacity.
#[derive(Debug)]
pub(crate) struct GenerationList {
    entries: UnsafeCell<Vec<RawObject>>,
    /// The length at which a push takes the slow path: to grow, or to see whether a collection is due.
    check_at: Cell<usize>,
    spilled: Cell<bool>,
    generation: u8,
    bit: Flags,
    pin: PoolFlags,
    spill: PoolFlags,
}

impl GenerationList {
    /// Entries that a list never grows beyond (512 KiB), unless a threshold asks for more.
    pub(crate) const BOUND: usize = 1 << 16;

    /// Entries that a list has room for from the beginning, so that it doesn't spill with each object where no room is granted.
    const RESERVE: usize = 1 << 8;

    pub(crate) fn young() -> GenerationList {
        GenerationList::new(0, Flags::LISTED_YOUNG, PoolFlags::YOUNG_LISTED, PoolFlags::YOUNG_SPILLED)
    }

    pub(crate) fn middle() -> GenerationList {
        GenerationList::new(1, Flags::LISTED_MIDDLE, PoolFlags::MIDDLE_LISTED, PoolFlags::MIDDLE_SPILLED)
    }

    fn new(generation: u8, bit: Flags, pin: PoolFlags, spill: PoolFlags) -> GenerationList {
        GenerationList {
            entries: UnsafeCell::new(Vec::new()),
            check_at: Cell::new(0),
            spilled: Cell::new(false),
            generation,
            bit,
            pin,
            spill,
        }
    }

    /// Runs `f` on the entries. `f` runs no user code and doesn't come back to the list.
    #[inline(always)]
    fn with<R>(&self, f: impl FnOnce(&mut Vec<RawObject>) -> R) -> R {
        // SAFETY: the only borrow of `entries`: every use in this file goes through here, and none of the closures
        // calls back.
        f(unsafe { &mut *self.entries.get() })
    }

    /// Makes room for the reserve; false if it is refused.
    pub(crate) fn reserve(&self, alloc: &Allocator) -> bool {
        self.with(|entries| alloc.keep(entries, Self::RESERVE))
    }

    /// Gives back room beyond the reserve, if that is not needed; returns the bytes.
    pub(crate) fn shrink(&self, alloc: &Allocator) -> usize {
        let bytes = self.with(|entries| alloc.budget().shrink_list(entries, Self::RESERVE));
        self.set_check_at(self.check_at.get());
        bytes
    }

    /// Bytes that the list takes.
    pub(crate) fn bytes(&self) -> usize {
        self.with(|entries| entries.capacity() * size_of::<RawObject>())
    }

    pub(crate) fn len(&self) -> usize {
        self.with(|entries| entries.len())
    }

    /// Lists `object`'s block, unless it is listed already; false if the slow path has to be taken first.
    #[inline(always)]
    pub(crate) fn push(&self, object: RawObject) -> bool {
        let check_at = self.check_at.get();
        self.with(|entries| {
            if entries.len() >= check_at {
                return false;
            }
            object.header().insert(self.bit);
            object.pool_ref().set_flags(self.pin);
            debug_assert!(entries.len() < entries.capacity());
            if let Some(place) = entries.spare_capacity_mut().first_mut() {
                place.write(object);
                // SAFETY: `check_at` is at most the capacity, so there was a place, and it was written.
                unsafe { entries.set_len(entries.len() + 1) };
            }
            true
        })
    }

    /// Whether `object`'s block is listed.
    #[inline(always)]
    pub(crate) fn has(&self, object: RawObject) -> bool {
        object.header().has(self.bit)
    }

    /// Lists `object`'s block, growing the list or spilling it.
    pub(crate) fn push_or_spill(&self, object: RawObject, bound: usize, alloc: &Allocator) {
        if object.header().has(self.bit) || self.push(object) {
            return;
        }
        let room = self.with(|entries| {
            let length = entries.len();
            if length < entries.capacity() {
                return true;
            }
            let more = length.max(Self::RESERVE).min(bound.max(Self::BOUND).saturating_sub(length));
            more != 0 && alloc.keep(entries, more)
        });
        if room {
            self.check_at.set(self.with(|entries| entries.capacity()));
            self.push(object);
        } else {
            self.spill(alloc);
            object.pool_ref().set_flags(self.spill);
        }
    }

    /// Lets a push take the slow path once the list has `length` entries.
    pub(crate) fn set_check_at(&self, length: usize) {
        self.check_at.set(length.min(self.with(|entries| entries.capacity())));
    }

    /// Empties the list into flags on the pools: from now on, until the next collection, the generation is enumerated
    /// by pool.
    pub(crate) fn spill(&self, alloc: &Allocator) {
        self.spilled.set(true);
        let mut entries = self.take();
        for object in &entries {
            object.header().remove(self.bit);
            object.pool_ref().set_flags(self.spill);
        }
        // Held, because the first of several pins in a pool may be the last thing that kept it.
        alloc.hold();
        for object in entries.drain(..) {
            // SAFETY: the pool was pinned until now, and the allocator is held.
            unsafe { alloc.unpin(object.pool(), self.pin) };
        }
        alloc.release_hold();
        self.give_back(entries, alloc);
    }

    pub(crate) fn generation(&self) -> u8 {
        self.generation
    }

    pub(crate) fn is_spilled(&self) -> bool {
        self.spilled.get()
    }

    pub(crate) fn spill_flag(&self) -> PoolFlags {
        self.spill
    }

    /// The next collection has taken over what was spilled.
    pub(crate) fn clear_spilled(&self) {
        self.spilled.set(false);
    }

    /// The bits that entries of this list carry.
    pub(crate) fn bits(&self) -> (Flags, PoolFlags) {
        (self.bit, self.pin)
    }

    /// Empties the list, whose entries somebody takes over. The allocator is held by the caller.
    pub(crate) fn empty(&self, alloc: &Allocator) {
        debug_assert!(alloc.is_held());
        let mut entries = self.take();
        for object in entries.drain(..) {
            object.header().remove(self.bit);
            // SAFETY: the pool was pinned until now, and the allocator is held.
            unsafe { alloc.unpin(object.pool(), self.pin) };
        }
        self.give_back(entries, alloc);
        self.clear_spilled();
    }

    /// Empties the list; its objects that live become those of an older generation that has no list. Their number. The allocator is held by the
    /// caller.
    pub(crate) fn promote_all(&self, to: Generation, alloc: &Allocator) -> usize {
        debug_assert_eq!(to, Generation::Old, "old objects are found by walking the pools");
        let mut entries = self.take();
        let mut promoted = 0;
        for object in entries.drain(..) {
            if self.holds(object) {
                object.header().set_generation(to.index() as u8);
                promoted += 1;
            }
            object.header().remove(self.bit);
            // SAFETY: the pool was pinned until now, and the allocator is held.
            unsafe { alloc.unpin(object.pool(), self.pin) };
        }
        self.give_back(entries, alloc);
        promoted
    }

    /// Drops the entries whose object died; the number of those that live. Cost: two looks at each entry.
    pub(crate) fn compact(&self, alloc: &Allocator) -> usize {
        // Held, because a pool may lose its pin for a dead entry and get it back for a living one.
        alloc.hold();
        let live = self.with(|entries| {
            entries.retain(|object| {
                let keep = self.holds(*object);
                if !keep {
                    object.header().remove(self.bit);
                    // SAFETY: the pool was pinned until now, and the allocator is held.
                    unsafe { alloc.unpin(object.pool(), self.pin) };
                }
                keep
            });
            for object in entries.iter() {
                object.pool_ref().set_flags(self.pin);
            }
            entries.len()
        });
        alloc.release_hold();
        live
    }

    /// Takes a dying object's block off the list, for one that is not to wait for the next collection: a large
    /// object's.
    pub(crate) fn remove(&self, object: RawObject, alloc: &Allocator) {
        if !object.header().has(self.bit) {
            return;
        }
        // From the back: what dies soon was listed last.
        self.with(|entries| {
            if let Some(index) = entries.iter().rposition(|other| *other == object) {
                entries.remove(index);
            }
        });
        object.header().remove(self.bit);
        // SAFETY: the pool is in use, and this was the only entry that a large object's pool can have.
        unsafe { alloc.unpin(object.pool(), self.pin) };
    }

    /// The number of entries whose object lives.
    pub(crate) fn live(&self) -> usize {
        self.with(|entries| entries.iter().filter(|object| self.holds(**object)).count())
    }

    fn holds(&self, object: RawObject) -> bool {
        let header = object.header();
        header.is_alive() && header.generation() == self.generation
    }

    /// Takes the entries away, bits and pins unchanged; the list is empty and without room.
    pub(crate) fn take(&self) -> Vec<RawObject> {
        self.check_at.set(0);
        self.with(core::mem::take)
    }

    /// Gives back an emptied vector, to be used again if the list has not grown one of its own meanwhile.
    pub(crate) fn give_back(&self, mut buffer: Vec<RawObject>, alloc: &Allocator) {
        debug_assert!(buffer.is_empty());
        self.with(|entries| {
            if entries.capacity() < buffer.capacity() {
                buffer.extend_from_slice(entries);
                core::mem::swap(entries, &mut buffer);
            }
        });
        alloc.budget().give_kept(buffer.capacity() * size_of::<RawObject>());
    }

    /// Checks *listed*, all but that no other block has the bit, and `check_at`. Runs no user code.
    ///
    /// That no block is listed twice is seen by taking the bits away while going through the list, and giving them back.
    pub(crate) fn verify(&self) -> Result<(), Broken> {
        self.with(|entries| {
            holds!(self.check_at.get() <= entries.capacity(), "a list's check mark lies within its capacity");
            for object in entries.iter() {
                holds!(object.header().has(self.bit), "a listed block has its listed bit", *object);
                holds!(object.pool_ref().flags().contains(self.pin), "the pool of a listed block is pinned", *object);
            }
            let mut twice = None;
            for object in entries.iter() {
                if !object.header().has(self.bit) {
                    twice = Some(*object);
                }
                object.header().remove(self.bit);
            }
            entries.iter().for_each(|object| object.header().insert(self.bit));
            match twice {
                Some(object) => Err(Broken::new("a block is listed once").of(object.block())),
                None => Ok(()),
            }
        })
    }

    /// Forgets the entry that came last: undoes what a test broke.
    #[cfg(test)]
    pub(crate) fn drop_last(&self) {
        self.with(|entries| entries.truncate(entries.len() - 1));
    }

    /// Whether `object` is found by the collections of this generation: it is listed, or its pool is walked.
    pub(crate) fn finds(&self, object: RawObject) -> bool {
        let is_walked = self.spilled.get() && object.pool_ref().flags().contains(self.spill);
        object.header().has(self.bit) || is_walked
    }
}
