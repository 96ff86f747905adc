//! Candidates: the objects under examination, and how they are enumerated.

use core::sync::atomic::{AtomicU64, Ordering};

use super::generation::Generation;
use super::list::GenerationList;
use crate::alloc::{Allocator, Pool, PoolFlags, PoolKind};
use crate::object::{RawObject, SideState};

/// The last mark given out: each collection of each heap in the process has one of its own, so that heaps that collect
/// inside each other's finalizers can't take the other's pools for theirs.
static LAST_MARK: AtomicU64 = AtomicU64::new(0);

/// The objects that one collection examines, and after a detection those that it found unreachable.
///
/// A young or middle collection holds the entries of the generation lists, taken away from the heap so that user code
/// may list new objects meanwhile. A full one, and one of a generation that was spilled, walks the pools. Either way an
/// object belongs to the set exactly if its side state is not at rest (invariant *examined*); the death of one resets
/// its state, and with it takes it out of the set (S8).
///
/// The allocator is held while this exists: no pool changes class, no memory goes away.
#[derive(Debug)]
pub(crate) struct Candidates {
    generation: Generation,
    source: Source,
    mark: u64,
}

#[derive(Debug)]
enum Source {
    Lists([Vec<RawObject>; 2]),
    Pools,
}

impl Candidates {
    /// Takes the objects of `generation` and of all younger ones under examination: each one's side state becomes that
    /// of a candidate without internal references. `alloc` is held by the caller.
    pub(crate) fn take(
        generation: Generation,
        young: &GenerationList,
        middle: &GenerationList,
        alloc: &Allocator,
    ) -> Candidates {
        let mark = LAST_MARK.fetch_add(1, Ordering::Relaxed) + 1;
        debug_assert_ne!(mark, 0, "that is the mark of pools without candidates");
        let involved: &[&GenerationList] = if generation == Generation::Young { &[young] } else { &[young, middle] };
        let mut this = Candidates { generation, source: Source::Pools, mark };
        if generation == Generation::Old {
            // A full collection sees every object anyway.
            involved.iter().for_each(|list| list.empty(alloc));
            this.begin_pools(PoolFlags::empty(), alloc);
        } else if involved.iter().any(|list| list.is_spilled()) {
            let mut flags = PoolFlags::empty();
            for list in involved {
                list.spill(alloc);
                list.clear_spilled();
                flags |= list.spill_flag();
            }
            this.begin_pools(flags, alloc);
        } else {
            let mut lists = [Vec::new(), Vec::new()];
            for (entries, list) in lists.iter_mut().zip(involved) {
                *entries = list.take();
                entries.retain(|object| this.begin_entry(*object, list, alloc));
            }
            this.source = Source::Lists(lists);
        }
        this
    }

    fn begin_entry(&self, object: RawObject, list: &GenerationList, alloc: &Allocator) -> bool {
        let (bit, pin) = list.bits();
        object.header().remove(bit);
        // SAFETY: the pool was pinned until now, and the allocator is held.
        unsafe { alloc.unpin(object.pool(), pin) };
        object.header().generation() == list.generation() && self.begin(object, object.pool_ref())
    }

    /// Puts every candidate in the pools that carry one of `flags` (empty: all pools) under examination.
    fn begin_pools(&self, flags: PoolFlags, alloc: &Allocator) {
        let spilled = PoolFlags::YOUNG_SPILLED | PoolFlags::MIDDLE_SPILLED;
        for pool in pools(alloc) {
            if !flags.is_empty() && !pool.flags().intersects(flags) {
                continue;
            }
            // Written to only if need be: the pages of a frozen heap stay shared after a `fork`.
            if pool.flags().intersects(spilled) {
                pool.clear_flags(if flags.is_empty() { spilled } else { flags });
            }
            for block in pool.blocks() {
                // SAFETY: *valid-header*: the header word of every carved block is initialised (S16).
                let object = unsafe { RawObject::from_block(block) };
                if usize::from(object.header().generation()) <= self.generation.index() {
                    self.begin(object, pool);
                }
            }
        }
    }

    #[inline]
    fn begin(&self, object: RawObject, pool: &Pool) -> bool {
        if object.header().is_candidate() {
            pool.set_mark(self.mark);
            SideState::CANDIDATE.set(object);
            return true;
        }
        if object.header().is_alive() {
            // Exempt ones leave the young generations, whose lists they were in; full collections will see whether that
            // has changed.
            object.header().set_generation(Generation::Old.index() as u8);
        }
        false
    }

    /// The mark that pools with candidates carry.
    pub(crate) fn mark(&self) -> u64 {
        self.mark
    }

    /// Whether `object`, of any heap, is in this set.
    #[cfg(tailbite_stress)]
    pub(super) fn contains(&self, object: RawObject) -> bool {
        SideState::under(self.mark, object) != SideState::REST
    }

    /// Whether a detection left `object`, of any heap, in this set.
    pub(crate) fn is_unreachable(&self, object: RawObject) -> bool {
        SideState::under(self.mark, object) == SideState::UNREACHABLE
    }

    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// Calls `f` on every object of the set, in an order that is the same from run to run.
    #[inline]
    pub(crate) fn for_each(&self, alloc: &Allocator, mut f: impl FnMut(RawObject)) {
        match &self.source {
            Source::Lists(lists) => {
                for object in lists.iter().flatten() {
                    if SideState::of(*object) != SideState::REST {
                        f(*object);
                    }
                }
            }
            Source::Pools => {
                for pool in pools(alloc).filter(|pool| pool.mark() == self.mark) {
                    Self::for_each_in(pool, &mut f);
                }
            }
        }
    }

    /// Calls `f` on every object of the set in the pools that are flagged to be scanned again, taking the flags away
    /// first. False if there was none.
    pub(crate) fn for_each_rescan(&self, alloc: &Allocator, mut f: impl FnMut(RawObject)) {
        for pool in pools(alloc).filter(|pool| pool.flags().contains(PoolFlags::RESCAN)) {
            pool.clear_flags(PoolFlags::RESCAN);
            if pool.mark() == self.mark {
                Self::for_each_in(pool, &mut f);
            }
        }
    }

    #[inline]
    fn for_each_in(pool: &Pool, f: &mut impl FnMut(RawObject)) {
        for (index, block) in pool.blocks().enumerate() {
            if pool.side(index).get() != SideState::REST.0 {
                // SAFETY: *valid-header*, as above.
                f(unsafe { RawObject::from_block(block) });
            }
        }
    }

    /// After a detection: calls `survive` on what was reached, and takes it out of the set. The rest stays, as
    /// unreachable.
    pub(crate) fn partition(
        &mut self,
        alloc: &Allocator,
        mut survive: impl FnMut(RawObject),
        mut unreachable: impl FnMut(RawObject),
    ) {
        let mut split = |object: RawObject| {
            if SideState::of(object) == SideState::REACHED {
                SideState::REST.set(object);
                survive(object);
                return false;
            }
            SideState::UNREACHABLE.set(object);
            unreachable(object);
            true
        };
        match &mut self.source {
            Source::Lists(lists) => {
                for entries in lists {
                    let mut kept = 0;
                    for index in 0..entries.len() {
                        let object = entries[index];
                        if SideState::of(object) != SideState::REST && split(object) {
                            // In place and stable; the others stay behind, because `finish` visits their pools.
                            entries.swap(kept, index);
                            kept += 1;
                        }
                    }
                }
            }
            Source::Pools => {
                for pool in pools(alloc).filter(|pool| pool.mark() == self.mark) {
                    let mut any = false;
                    Self::for_each_in(pool, &mut |object| any |= split(object));
                    if !any {
                        // All of its side bytes are at rest: later walks needn't look at it.
                        pool.set_mark(0);
                    }
                }
            }
        }
    }

    /// Ends the examination: every side state goes to rest, every mark is taken away.
    pub(crate) fn finish(self, young: &GenerationList, middle: &GenerationList, alloc: &Allocator) {
        self.for_each(alloc, |object| SideState::REST.set(object));
        match self.source {
            Source::Lists(lists) => {
                for (mut entries, list) in lists.into_iter().zip([young, middle]) {
                    for object in entries.drain(..) {
                        object.pool_ref().set_mark(0);
                    }
                    list.give_back(entries, alloc);
                }
            }
            Source::Pools => {
                for pool in pools(alloc).filter(|pool| pool.mark() == self.mark) {
                    pool.set_mark(0);
                }
            }
        }
    }
}

/// The pools that candidates can lie in.
fn pools(alloc: &Allocator) -> impl Iterator<Item = &Pool> {
    debug_assert!(alloc.is_held());
    // SAFETY: the allocator is held while candidates exist.
    unsafe { alloc.pool_refs(PoolKind::Tracked) }
}
