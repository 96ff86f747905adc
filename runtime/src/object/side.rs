//! Side states: what a collection knows of one object while it examines it, in one byte beside the object's block.
//!
//! Trial deletion needs, per candidate, the number of references that come from other candidates, and later whether it
//! was reached. Both live in the pool's side bytes, so that a collection of a living heap writes to no object (pages
//! stay shared after a `fork`, and a panic in a trace leaves nothing to repair in any header). Outside a collection,
//! and for all that is no candidate, the byte rests at
//! [`SideState::REST`]: edges into older objects, leaf pools and other heaps fall through without a special case (S17).

use super::layout::RawObject;
use crate::alloc::{Pool, PoolFlags};
use crate::base::os;

/// The byte's values.
///
/// | value | state |
/// |---|---|
/// | 0 | rest: not a candidate |
/// | 1 to 240 | candidate; the value less one is the number of references found so far, less what the hub table holds |
/// | 250 | hub whose exact count is decided: held from outside |
/// | 251 | hub whose exact count is decided: held by candidates only |
/// | 252 | hub that found no room in the table, to be counted in a round of its own |
/// | 253 | the same, in this round's table |
/// | 254 | unreachable |
/// | 255 | reached |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct SideState(pub(crate) u8);

impl SideState {
    pub(crate) const REST: SideState = SideState(0);
    pub(crate) const CANDIDATE: SideState = SideState(1);
    const LAST_COUNT: SideState = SideState(240);
    pub(crate) const HELD: SideState = SideState(250);
    pub(crate) const INTERNAL: SideState = SideState(251);
    pub(crate) const DEFERRED: SideState = SideState(252);
    pub(crate) const COUNTED: SideState = SideState(253);
    pub(crate) const UNREACHABLE: SideState = SideState(254);
    pub(crate) const REACHED: SideState = SideState(255);

    /// The internal references that the byte itself counts; `None` for the states without a count.
    #[inline(always)]
    pub(crate) fn count(self) -> Option<u32> {
        (self.0 >= Self::CANDIDATE.0 && self.0 <= Self::LAST_COUNT.0).then(|| u32::from(self.0) - 1)
    }

    /// The state of `object`'s block.
    #[inline(always)]
    pub(crate) fn of(object: RawObject) -> SideState {
        let pool = object.pool_ref();
        SideState(pool.side(pool.index_of(object.block())).get())
    }

    /// The state of `object`'s block in the collection with this mark: at rest also in pools of any kind that it
    /// doesn't examine.
    pub(crate) fn under(mark: u64, object: RawObject) -> SideState {
        if object.pool_ref().mark() == mark { SideState::of(object) } else { SideState::REST }
    }

    /// Sets the state of `object`'s block.
    #[inline(always)]
    pub(crate) fn set(self, object: RawObject) {
        let pool = object.pool_ref();
        pool.side(pool.index_of(object.block())).set(self.0);
    }
}

/// The first refcount whose object can be in the hub table: below it a byte is enough.
pub(crate) const HUB_COUNT: u32 = SideState::LAST_COUNT.0 as u32;

/// Exact counts of *hubs*, objects with more internal references than a side byte holds (a class with a million
/// instances).
///
/// A byte that is full is emptied into the table, so that only every 240th edge to a hub looks it up. The table is
/// reserved with the heap and never grows; a hub that finds it full is counted in a round of its own
/// ([`SideState::DEFERRED`]), so that the answer is exact without memory that could be refused (S10).
#[derive(Debug)]
pub(crate) struct HubTable {
    slots: Box<[(usize, u32)]>,
    used: usize,
}

impl HubTable {
    /// Slots of a heap's table.
    const SLOTS: usize = 1024;

    /// A table with its reserve; `None` if memory is refused.
    pub(crate) fn try_new() -> Option<HubTable> {
        let mut slots = Vec::new();
        slots.try_reserve_exact(Self::SLOTS).ok()?;
        slots.resize(Self::SLOTS, (0, 0));
        Some(HubTable { slots: slots.into_boxed_slice(), used: 0 })
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.slots)
    }

    /// The slot of `address`, or the free one where it would go.
    fn slot(&mut self, address: usize) -> &mut (usize, u32) {
        let mask = self.slots.len() - 1;
        let mut index = (address >> 4).wrapping_mul(0x9E37_79B9) >> 7 & mask;
        while self.slots[index].0 != address && self.slots[index].0 != 0 {
            index = (index + 1) & mask;
        }
        &mut self.slots[index]
    }

    /// Adds to the count of `object`; false if it is new and the table is three quarters full.
    pub(crate) fn add(&mut self, object: RawObject, count: u32) -> bool {
        let address = object.block().addr().get();
        let full = self.used >= self.slots.len() / 4 * 3;
        let slot = self.slot(address);
        if slot.0 == 0 {
            if full {
                return false;
            }
            *slot = (address, count);
            self.used += 1;
        } else {
            slot.1 = slot.1.saturating_add(count);
        }
        true
    }

    /// The count of `object`, 0 if it is not there.
    pub(crate) fn get(&mut self, object: RawObject) -> u32 {
        if self.used == 0 {
            return 0;
        }
        self.slot(object.block().addr().get()).1
    }

    pub(crate) fn clear(&mut self) {
        if self.used != 0 {
            self.slots.fill((0, 0));
            self.used = 0;
        }
    }
}

/// Counting internal references: every edge to a candidate adds one to its byte.
#[derive(Debug)]
pub(crate) struct Counting<'a> {
    pub(crate) mark: u64,
    pub(crate) hubs: &'a mut HubTable,
    /// A hub found no room in the table.
    pub(crate) deferred: bool,
}

impl Counting<'_> {
    #[inline(always)]
    pub(crate) fn edge(&mut self, object: RawObject) {
        let pool = object.pool_ref();
        // Pools without candidates, in this heap or any other, are told apart by their mark, without a look at the
        // object.
        if pool.mark() != self.mark {
            return;
        }
        let side = pool.side(pool.index_of(object.block()));
        let state = side.get();
        if (SideState::CANDIDATE.0..SideState::LAST_COUNT.0).contains(&state) {
            side.set(state + 1);
        } else if state == SideState::LAST_COUNT.0 {
            side.set(self.carry(object).0);
        }
    }

    #[cold]
    #[inline(never)]
    fn carry(&mut self, object: RawObject) -> SideState {
        if self.hubs.add(object, HUB_COUNT) {
            return SideState::CANDIDATE;
        }
        self.deferred = true;
        SideState::DEFERRED
    }

    /// Whether the collection under way examines `object`.
    pub(crate) fn is_candidate(&self, object: RawObject) -> bool {
        SideState::under(self.mark, object) != SideState::REST
    }

    /// The same for a round over hubs that were deferred: only they count, and only in the table.
    #[inline]
    pub(crate) fn recount(&mut self, object: RawObject) {
        if object.pool_ref().mark() == self.mark && SideState::of(object) == SideState::COUNTED {
            self.hubs.add(object, 1);
        }
    }
}

/// The objects that were reached and wait for their edges to be followed.
///
/// Grows while it may; where memory is refused or the bound is met, the object's pool is flagged and scanned again
/// (S10).
#[derive(Debug, Default)]
pub(crate) struct MarkStack {
    entries: Vec<RawObject>,
    /// Some pool is flagged [`PoolFlags::RESCAN`].
    pub(crate) overflowed: bool,
}

impl MarkStack {
    /// Entries that a heap reserves when it is made.
    const RESERVE: usize = 1024;
    /// Entries that it never grows beyond (8 MiB).
    const BOUND: usize = 1 << 20;

    /// A stack with its reserve; `None` if memory is refused.
    pub(crate) fn try_new() -> Option<MarkStack> {
        let mut entries = Vec::new();
        entries.try_reserve_exact(Self::RESERVE).ok()?;
        Some(MarkStack { entries, overflowed: false })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<RawObject>()
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, object: RawObject, pool: &Pool) {
        if self.entries.len() < self.entries.capacity() {
            self.entries.push(object);
        } else {
            self.push_slow(object, pool);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_slow(&mut self, object: RawObject, pool: &Pool) {
        let more = self.entries.len().min(Self::BOUND - self.entries.len().min(Self::BOUND));
        // Stress builds stay within the reserve, so that scanning again is exercised.
        if more != 0 && !cfg!(tailbite_stress) && os::reserve_exact(&mut self.entries, more) {
            self.entries.push(object);
        } else {
            pool.set_flags(PoolFlags::RESCAN);
            self.overflowed = true;
        }
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<RawObject> {
        self.entries.pop()
    }

    /// Empties the stack and gives back what it grew by.
    pub(crate) fn reset(&mut self) {
        self.entries.clear();
        self.entries.shrink_to(Self::RESERVE);
        self.overflowed = false;
    }
}

/// Following edges from what is held from outside: every candidate met for the first time is reached, and pushed.
#[derive(Debug)]
pub(crate) struct Marking<'a> {
    pub(crate) mark: u64,
    pub(crate) stack: &'a mut MarkStack,
}

impl Marking<'_> {
    /// Whether `object` is known to be alive: reached, or not examined.
    pub(crate) fn is_alive(&self, object: RawObject) -> bool {
        matches!(SideState::under(self.mark, object), SideState::REACHED | SideState::REST)
    }

    #[inline(always)]
    pub(crate) fn edge(&mut self, object: RawObject) {
        let pool = object.pool_ref();
        if pool.mark() != self.mark {
            return;
        }
        let side = pool.side(pool.index_of(object.block()));
        if side.get() != SideState::REST.0 && side.get() != SideState::REACHED.0 {
            side.set(SideState::REACHED.0);
            self.stack.push(object, pool);
        }
    }
}
