//! The life of pools: how a bin gets one with room, and what happens when one is full or empty. See [`Pool`] for the states.

use std::ptr::NonNull;

use super::class::Bin;
use super::pool::{OBJECT_LINK, Pool, PoolFlags, PoolKind, RAW_LINK};
use super::{Allocator, no_pool};

impl Allocator {
    /// The first pool in the bin's list.
    pub(super) fn head(&self, bin: Bin) -> Option<&Pool> {
        let mut head = self.heads[bin.index()].get();
        if head == no_pool() {
            head = self.hidden_head(bin);
            if head == no_pool() {
                return None;
            }
        }
        // SAFETY: a head that is a pool is in use.
        Some(unsafe { head.as_ref() })
    }

    /// Takes a block from a bin for objects whose head has none that is free. `None` too if the gate is closed.
    #[cold]
    #[inline(never)]
    pub(super) fn refill(&self, bin: Bin) -> Option<NonNull<u8>> {
        debug_assert!(bin.kind().holds_objects(), "raw bytes have a way of their own");
        if self.is_gated() {
            return None;
        }
        self.refill_through_gate(bin)
    }

    /// The same, whether the gate is closed or not.
    pub(super) fn refill_through_gate(&self, bin: Bin) -> Option<NonNull<u8>> {
        let pool = self.pool_with_room(bin)?;
        if pool.free.get().is_none() {
            pool.carve();
        }
        if bin.kind().holds_objects() { pool.pop::<OBJECT_LINK>() } else { pool.pop::<RAW_LINK>() }
    }

    /// Makes the head of the bin's list a pool with room.
    fn pool_with_room(&self, bin: Bin) -> Option<&Pool> {
        while let Some(pool) = self.head(bin) {
            if pool.has_room() {
                return Some(pool);
            }
            debug_assert_eq!(pool.used(), pool.capacity(), "without room all blocks are in use");
            self.unlink(bin, pool);
            pool.set_flags(PoolFlags::FULL);
            pool.used.set(1);
        }
        let (pool, arena) = self.take_pool(bin.kind())?;
        // SAFETY: the directory has just handed out the pool as a free one; from now on it is a pool in use.
        let pool = unsafe {
            Pool::initialise(pool, bin, arena, self.owner);
            pool.as_ref()
        };
        self.link(bin, pool);
        Some(pool)
    }

    /// Takes a free pool; before that is refused, pools that are kept empty are looked for.
    fn take_pool(&self, kind: PoolKind) -> Option<(NonNull<Pool>, u32)> {
        let take = || self.arenas.borrow_mut().take_pool(kind, self.options.huge_pages, &self.budget);
        let taken = take().or_else(|| if self.release_empty() { take() } else { None })?;
        self.notice_crossing();
        Some(taken)
    }

    /// The pool was full, or it is empty now.
    #[cold]
    #[inline(never)]
    pub(crate) fn used_fell_to_zero(&self, pool: NonNull<Pool>) {
        // SAFETY: a block of the pool was freed just now, so it is in use.
        let header = unsafe { pool.as_ref() };
        if let (true, Some(bin)) = (header.is_full(), header.bin()) {
            header.clear_flags(PoolFlags::FULL);
            header.used.set(header.capacity() as u32 - 1);
            self.link(bin, header);
        }
        if header.used.get() == 0 {
            self.retire(pool);
        }
    }

    /// Decides what becomes of a pool that is in use without a block in use: released, kept against thrashing, parked, or, if it is pinned,
    /// left alone until it is unpinned.
    pub(super) fn retire(&self, pool: NonNull<Pool>) {
        // SAFETY: the pool is in use.
        let header = unsafe { pool.as_ref() };
        debug_assert_eq!(header.used(), 0, "only an empty pool is retired");
        if header.is_pinned() {
            return;
        }
        if self.is_held() {
            return self.park(pool);
        }
        let Some(bin) = header.bin() else {
            // SAFETY: no list points into the region, no walk is under way, and its only block was freed.
            return unsafe { self.large.borrow_mut().release(pool, &self.budget) };
        };
        if self.closed.get() || self.another_has_room(bin, header) {
            self.release(bin, pool);
        }
    }

    /// Gives an empty pool to its arena.
    pub(super) fn release(&self, bin: Bin, pool: NonNull<Pool>) {
        // SAFETY: the pool is in use.
        let header = unsafe { pool.as_ref() };
        debug_assert!(!header.is_pinned(), "a pinned pool stays");
        debug_assert!(!self.is_held(), "a held pool stays");
        self.unlink(bin, header);
        let arena = header.arena.get();
        // SAFETY: the pool is in use, of the arena that it names, unlinked, and empty.
        unsafe {
            self.arenas.borrow_mut().give_pool(pool, arena, !self.closed.get(), &self.budget);
        };
    }

    /// Whether a pool of the bin's list other than this one, which is in it, has room.
    fn another_has_room(&self, bin: Bin, pool: &Pool) -> bool {
        // Every pool in the list has room, the head perhaps apart.
        let Some(head) = self.head(bin) else {
            return false;
        };
        if std::ptr::eq(head, pool) {
            pool.next.get().is_some()
        } else {
            head.has_room() || head.next.get() != Some(NonNull::from_ref(pool)) || pool.next.get().is_some()
        }
    }

    /// Links a pool into its bin's list: behind the head. The head is used up before the next pool is drawn from, so that pools which
    /// were full gather free blocks meanwhile; in front, each first block freed would cost two changes of state.
    fn link(&self, bin: Bin, pool: &Pool) {
        let this = Some(NonNull::from_ref(pool));
        let Some(head) = self.head(bin) else {
            pool.prev.set(None);
            pool.next.set(None);
            return self.head_cell(bin).set(NonNull::from_ref(pool));
        };
        let next = head.next.get();
        pool.prev.set(Some(NonNull::from_ref(head)));
        pool.next.set(next);
        head.next.set(this);
        if let Some(next) = next {
            // SAFETY: pools in a list are in use.
            unsafe { next.as_ref() }.prev.set(this);
        }
    }

    /// Unlinks a pool from its bin's list.
    fn unlink(&self, bin: Bin, pool: &Pool) {
        let (prev, next) = (pool.prev.take(), pool.next.take());
        // SAFETY: pools in a list are in use.
        unsafe {
            if let Some(next) = next {
                next.as_ref().prev.set(prev);
            }
            match prev {
                Some(prev) => prev.as_ref().next.set(next),
                None => self.head_cell(bin).set(next.unwrap_or(no_pool())),
            }
        }
    }
}
