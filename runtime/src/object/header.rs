//! The header: one 64-bit word before every payload.
//!
//! ```text
//!  63            32 31 30 29              16 15           0
//! +----------------+-----+------------------+-------------+
//! | strong count   | I E | gc bits          | type id     |
//! +----------------+-----+------------------+-------------+
//! ```
//!
//! The count sits on top, a cell of its own, so that a carry out of it is seen and can't run into the type.
//! Two of the gc bits belong to the *block* rather than to the object and survive its death ([`Flags::LISTED`]): they
//! say that the collector's lists hold the block's address. While an object is queued for its drop the count is zero
//! anyway, and the bits from
//! [`LINK_SHIFT`] on hold the number of the next queued block instead.

use core::cell::Cell;

use bitflags::bitflags;

/// Where a count that overflowed, or that must never fall to zero, is put: far from both ends.
const MIDDLE: u32 = 1 << 31;
/// The bits below the type id's end.
const TYPE_MASK: u64 = 0xFFFF;
/// Queue links take the bits from here up: 34 of them.
const LINK_SHIFT: u32 = 30;

bitflags! {
    /// The gc bits of a header.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Flags: u64 {
        /// The block's address stands in the young list. Belongs to the block.
        const LISTED_YOUNG = 1 << 16;
        /// The block's address stands in the middle list. Belongs to the block.
        const LISTED_MIDDLE = 1 << 17;
        /// Generation 1 (neither bit: generation 0).
        const MIDDLE = 1 << 18;
        /// Generation 2. Both bits: permanent, no collection's candidate.
        const OLD = 1 << 19;
        /// Known to the collector: the type can own handles.
        const TRACKED = 1 << 20;
        /// A finalizer is due when the object dies.
        const FINALIZER = 1 << 21;
        /// The finalizer of a tracked object has run, once and for all.
        const FINALIZED = 1 << 22;
        /// A weak record names this object.
        const WEAK = 1 << 23;
        /// Freeing the block takes more than a push: it is a region of its own, or may be guarded by the debug heap.
        const LARGE = 1 << 24;
        /// The count overflowed once: the object is never freed (S21).
        const SATURATED = 1 << 25;
        /// Past resurrection: garbage, or dying by count (S3, S7). Nothing reveals it, no count matters.
        const DOOMED = 1 << 26;
        /// In the drop queue; the bits from 30 up are a link (S12).
        const QUEUED = 1 << 27;
        /// Dropping the payload can run foreign code, or panic.
        const LOUD = 1 << 28;
        /// The payload owns more than handles that its trace reports: letting those go is not all of its drop.
        const GLUE = 1 << 29;
        /// Lent as `&mut` (S1).
        const EXCLUSIVE = 1 << 30;
        /// Made immortal by the host: the heap owns one reference until it is closed.
        const IMMORTAL = 1 << 31;
    }
}

impl Flags {
    /// The bits that outlive the object in its block.
    pub(crate) const LISTED: Flags = Flags::LISTED_YOUNG.union(Flags::LISTED_MIDDLE);
    /// With any of these, a count that reaches zero needs more than dropping the payload and freeing the block.
    pub(crate) const SLOW: Flags = Flags::FINALIZER
        .union(Flags::WEAK)
        .union(Flags::LARGE)
        .union(Flags::LOUD)
        .union(Flags::SATURATED)
        .union(Flags::DOOMED)
        .union(Flags::EXCLUSIVE)
        .union(Flags::IMMORTAL);
    /// With any of these, no new handle may be made (S3).
    const HIDDEN: Flags = Flags::DOOMED.union(Flags::QUEUED).union(Flags::EXCLUSIVE);
    /// With any of these, an object is never examined by a collection.
    const EXEMPT: Flags = Flags::HIDDEN.union(Flags::SATURATED).union(Flags::IMMORTAL);
    const GENERATION: Flags = Flags::MIDDLE.union(Flags::OLD);
}

const BELOW_LINK: u32 = (1 << LINK_SHIFT) - 1;
const LISTED: u32 = Flags::LISTED.bits() as u32;

const _: () = assert!(Flags::all().bits() & TYPE_MASK == 0 && Flags::all().bits() >> 32 == 0);
const _: () = assert!(Flags::EXCLUSIVE.bits() == 1 << LINK_SHIFT);
const _: () = assert!(size_of::<Header>() == 8 && align_of::<Header>() == 8);

/// The word before every payload. See the [module](self) for its bits.
///
/// States: *free or under construction* (type id 0), *live* (type id and count above 0), *queued* (`QUEUED`), *dying*
/// (`DOOMED`).
///
/// Its halves are cells of their own: one reference more or less is then one instruction on memory, as with `Rc`. What runs often after that
/// reads one half only, because a processor can't forward a store of a half to a load of the whole.
#[repr(C, align(8))]
pub(crate) struct Header {
    #[cfg(target_endian = "big")]
    count: Cell<u32>,
    low: Cell<u32>,
    #[cfg(target_endian = "little")]
    count: Cell<u32>,
}

impl Header {
    /// Makes a free block's header that of a new object with one reference: the block's listed bits stay.
    #[inline(always)]
    pub(crate) fn init(&self, template: u32) {
        self.low.set((self.low.get() & LISTED) | template);
        self.count.set(1);
    }

    /// The object is no more: type and count go, the block's listed bits stay.
    #[inline(always)]
    pub(crate) fn clear(&self) {
        self.low.set(self.low.get() & LISTED);
        self.count.set(0);
    }

    /// The same for an object whose last reference is gone: there is no count to clear.
    #[inline(always)]
    pub(crate) fn clear_dead(&self) {
        debug_assert!(self.count() == 0, "the dead have no references");
        self.low.set(self.low.get() & LISTED);
    }

    /// One reference more. A count that overflows makes the object immortal for good (S21).
    #[inline(always)]
    pub(crate) fn increment(&self) {
        let (count, overflow) = self.count.get().overflowing_add(1);
        self.count.set(count);
        if overflow {
            self.saturate();
        }
    }

    /// One reference less; true if it was the last one.
    #[inline(always)]
    pub(crate) fn decrement(&self) -> bool {
        let count = self.count.get().wrapping_sub(1);
        self.count.set(count);
        count == 0
    }

    /// Puts the count back into the middle and remembers why.
    #[cold]
    #[inline(never)]
    pub(crate) fn saturate(&self) {
        self.count.set(MIDDLE);
        self.insert(Flags::SATURATED);
    }

    #[inline(always)]
    pub(crate) fn count(&self) -> u32 {
        self.count.get()
    }

    /// Whether exactly one reference exists. A count that saturated can't tell.
    #[inline]
    pub(crate) fn is_held_once(&self) -> bool {
        self.count() == 1 && !self.has(Flags::SATURATED)
    }

    #[inline(always)]
    pub(crate) fn type_id(&self) -> u16 {
        self.low.get() as u16
    }

    #[inline(always)]
    pub(crate) fn has(&self, any: Flags) -> bool {
        self.low.get() & any.bits() as u32 != 0
    }

    #[inline(always)]
    pub(crate) fn insert(&self, flags: Flags) {
        self.low.set(self.low.get() | flags.bits() as u32);
    }

    #[inline(always)]
    pub(crate) fn remove(&self, flags: Flags) {
        self.low.set(self.low.get() & !flags.bits() as u32);
    }

    /// The gc bits, for passes that look at many of them at once.
    #[inline(always)]
    pub(crate) fn flags(&self) -> Flags {
        Flags::from_bits_retain(u64::from(self.low.get()) & !TYPE_MASK)
    }

    /// Whether a handle may be made from a mere address: the object exists, and nothing is tearing it down or lending
    /// it out (S3).
    #[inline]
    pub(crate) fn is_revivable(&self) -> bool {
        self.type_id() != 0 && !self.has(Flags::HIDDEN) && self.count() != 0
    }

    /// Whether there is an object, and nothing is tearing it down.
    #[inline(always)]
    pub(crate) fn is_alive(&self) -> bool {
        self.type_id() != 0 && !self.has(Flags::DOOMED | Flags::QUEUED) && self.count() != 0
    }

    /// Whether a collection may examine the object. (What is tracked has a type.)
    #[inline(always)]
    pub(crate) fn is_candidate(&self) -> bool {
        let wanted = Flags::TRACKED.bits() as u32;
        self.low.get() & (wanted | Flags::EXEMPT.bits() as u32) == wanted && self.count() != 0
    }

    /// 0, 1 or 2; 3 for permanent.
    #[inline(always)]
    pub(crate) fn generation(&self) -> u8 {
        ((self.low.get() >> 18) & 3) as u8
    }

    #[inline(always)]
    pub(crate) fn set_generation(&self, generation: u8) {
        debug_assert!(generation <= 3);
        let rest = self.low.get() & !Flags::GENERATION.bits() as u32;
        self.low.set(rest | (u32::from(generation) << 18));
    }

    /// Marks a dead object as queued, with no successor.
    #[inline]
    pub(crate) fn queue(&self) {
        debug_assert!(self.count() == 0, "a queued object has no references");
        self.low.set((self.low.get() & BELOW_LINK) | Flags::QUEUED.bits() as u32);
    }

    /// The block number of the next queued object, 0 for none.
    #[inline]
    pub(crate) fn link(&self) -> u64 {
        debug_assert!(self.has(Flags::QUEUED));
        u64::from(self.low.get() >> LINK_SHIFT) | u64::from(self.count.get()) << (32 - LINK_SHIFT)
    }

    #[inline]
    pub(crate) fn set_link(&self, number: u64) {
        debug_assert!(self.has(Flags::QUEUED));
        debug_assert!(number >> (64 - LINK_SHIFT) == 0);
        self.low.set((self.low.get() & BELOW_LINK) | (number as u32) << LINK_SHIFT);
        self.count.set((number >> (32 - LINK_SHIFT)) as u32);
    }

    /// Takes the object out of the queue: a dead object with a count of zero again.
    #[inline]
    pub(crate) fn unqueue(&self) {
        self.low.set(self.low.get() & BELOW_LINK & !Flags::QUEUED.bits() as u32);
        self.count.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(template: u32) -> Header {
        let header = Header { low: Cell::new(0), count: Cell::new(0) };
        header.init(template);
        header
    }

    #[test]
    fn a_count_that_overflows_saturates_and_keeps_the_type() {
        let header = live(7);
        header.count.set(u32::MAX);
        header.increment();
        assert_eq!(header.type_id(), 7);
        assert!(header.has(Flags::SATURATED));
        assert_eq!(header.count(), 1 << 31);
    }

    #[test]
    fn a_saturated_count_may_overflow_again() {
        let header = live(7);
        header.saturate();
        header.insert(Flags::WEAK);
        header.saturate();
        assert_eq!((header.count(), header.type_id()), (1 << 31, 7));
        assert!(header.has(Flags::SATURATED) && header.has(Flags::WEAK));
    }

    #[test]
    fn listed_bits_survive_death_and_rebirth() {
        let header = live(7);
        header.insert(Flags::LISTED_YOUNG | Flags::OLD);
        assert!(header.decrement());
        header.clear();
        assert_eq!(header.flags(), Flags::LISTED_YOUNG);
        header.init(9);
        assert_eq!((header.type_id(), header.count(), header.generation()), (9, 1, 0));
        assert!(header.has(Flags::LISTED_YOUNG));
    }

    #[test]
    fn a_queue_link_leaves_type_and_gc_bits_alone() {
        let header = live(3);
        header.insert(Flags::FINALIZER | Flags::OLD);
        assert!(header.decrement());
        header.queue();
        header.set_link((1 << 34) - 1);
        assert_eq!((header.link(), header.type_id()), ((1 << 34) - 1, 3));
        assert!(!header.is_revivable() && !header.is_candidate());
        header.unqueue();
        assert_eq!((header.count(), header.generation()), (0, 2));
        assert!(header.has(Flags::FINALIZER));
        assert!(!header.has(Flags::EXCLUSIVE | Flags::IMMORTAL | Flags::QUEUED));
    }
}
