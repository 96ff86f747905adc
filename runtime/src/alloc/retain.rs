//! What keeps memory where it is, and what gives it back.
//!
//! A **pin** is a note on a pool: some list has addresses of its blocks. A **hold** is on the whole allocator: a walk is under way. While either
//! lasts, blocks keep their identity (invariant *held*, S8): an empty pool is neither given back nor used for another bin, and the region of a large object that
//! died stays. An allocator that is **closed** keeps nothing that is empty.

use std::ptr::NonNull;

use super::Allocator;
use super::class::Bin;
use super::geometry::ARENA_SIZE;
use super::pool::{Pool, PoolFlags};

impl Allocator {
    /// Keeps every pool in use, and every arena and region, where it is until [`Allocator::release_hold`]. Holds nest.
    pub(crate) fn hold(&self) {
        self.holds.set(self.holds.get() + 1);
    }

    /// Ends a hold. At the end of the last one, what became empty meanwhile goes the way that it would have gone.
    pub(crate) fn release_hold(&self) {
        let holds = self.holds.get().checked_sub(1).expect("a hold ends that never began");
        self.holds.set(holds);
        if holds != 0 {
            return;
        }
        let mut next = self.parked.take();
        while let Some(pool) = next {
            // SAFETY: a parked pool is in use: nothing is released while it is parked.
            let header = unsafe { pool.as_ref() };
            next = header.parked.take();
            header.clear_flags(PoolFlags::PARKED);
            if header.used() == 0 {
                self.retire(pool);
            }
        }
        if self.closed.get() {
            self.release_empty();
        }
    }

    /// Whether a hold lasts.
    pub(crate) fn is_held(&self) -> bool {
        self.holds.get() != 0
    }

    /// Notes that an empty pool is to be looked at when the last hold ends.
    pub(super) fn park(&self, pool: NonNull<Pool>) {
        // SAFETY: the pool is in use.
        let header = unsafe { pool.as_ref() };
        if !header.flags().contains(PoolFlags::PARKED) {
            header.set_flags(PoolFlags::PARKED);
            header.parked.set(self.parked.replace(Some(pool)));
        }
    }

    /// Removes pins. A pool that is empty, and pinned no more, goes the way that it would have gone when it became empty.
    ///
    /// A pool that is no longer in use may be named, as long as it is known to be there: who takes many pins away, some perhaps from the same pool,
    /// holds the allocator meanwhile.
    ///
    /// # Safety
    /// The pool is one of this allocator's, and was in use at the last moment at which it was pinned or the allocator held.
    pub(crate) unsafe fn unpin(&self, pool: NonNull<Pool>, flags: PoolFlags) {
        debug_assert!(PoolFlags::PINNED.contains(flags), "only pins are removed like this");
        // SAFETY: by contract the pool's memory is there.
        let header = unsafe { pool.as_ref() };
        if !header.flags().intersects(flags) {
            return;
        }
        header.clear_flags(flags);
        if header.used() == 0 {
            self.retire(pool);
        }
    }

    /// From now on nothing that is empty is kept. Blocks in use stay, and allocating goes on working.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.set_debug_heap(false);
        if !self.is_held() {
            self.release_empty();
        }
    }

    /// Gives all memory back to the system that can be: pools that are kept empty, the spare arena, free pools in arenas that are in use,
    /// room in directories.
    /// Returns the number of bytes; does nothing while held.
    pub(crate) fn trim(&self) -> usize {
        if self.is_held() {
            return 0;
        }
        let before = self.arenas.borrow().mapped();
        let guarded = self.debug.overhead();
        self.empty_quarantine();
        self.release_empty();
        let unmapped = before - self.arenas.borrow().mapped();
        self.trim_debug_heap() + guarded - self.debug.overhead()
            + unmapped * ARENA_SIZE
            + self.arenas.borrow_mut().trim(&self.budget)
            + self.system.shrink(&self.budget)
    }

    /// Gives empty pools to their arenas, and the spare to the system. Whether there was anything to give; does nothing while held.
    pub(super) fn release_empty(&self) -> bool {
        if self.is_held() {
            return false;
        }
        let mut any = false;
        for bin in Bin::all() {
            let mut next = self.head(bin).map(NonNull::from_ref);
            while let Some(pool) = next {
                // SAFETY: pools in a list are in use.
                let header = unsafe { pool.as_ref() };
                next = header.next.get();
                if header.used() == 0 && !header.is_pinned() {
                    self.release(bin, pool);
                    any = true;
                }
            }
        }
        self.arenas.borrow_mut().drop_spare(&self.budget) != 0 || any
    }

    /// Whether no block of any kind is in use. Takes constant time if the allocator is closed and nothing is pinned or held.
    pub(crate) fn is_empty(&self) -> bool {
        self.system.blocks() == 0
            && (self.arenas.borrow().used_pools() == 0 && self.large.borrow().regions() == 0
                || self.all_pools_are_empty())
    }

    /// Gives everything back, whatever it holds. Dropping an allocator does not do this: a heap that is leaked at exit keeps its memory.
    ///
    /// # Safety
    /// Nothing uses any block from now on, nor any pool.
    pub(crate) unsafe fn release_all(&self) {
        self.set_gated(false);
        self.set_debug_heap(false);
        self.refuse(0..0);
        for head in &self.heads {
            head.set(super::no_pool());
        }
        self.parked.set(None);
        // SAFETY: passed on.
        unsafe {
            self.free_all_to_system();
            self.large.borrow_mut().release_all(&self.budget);
            self.arenas.borrow_mut().unmap_all(&self.budget);
        }
        self.debug.tell_the_rest();
    }
}
