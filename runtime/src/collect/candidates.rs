//! Candidates: the objects under examination, and how they are enumerated.

use core::cell::Cell;
use core::ptr::NonNull;

use super::generation::Generation;
use super::list::GenerationList;
use crate::alloc::{Allocator, Examined, Pool, PoolFlags, PoolKind};
use crate::object::{RawObject, SideState};

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
    heap: NonNull<()>,
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
        let involved: &[&GenerationList] = if generation == Generation::Young { &[young] } else { &[young, middle] };
        let mut this = Candidates { generation, source: Source::Pools, heap: alloc.owner() };
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
        object.header().generation() == list.generation() && self.begin(object, object.side())
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
            let target = self.generation.next().index();
            let mut examined = Examined::No;
            for (block, side) in pool.blocks_and_sides() {
                // SAFETY: *valid-header*: the header word of every carved block is initialised (S16).
                let object = unsafe { RawObject::from_block(block) };
                let generation = usize::from(object.header().generation());
                if generation <= self.generation.index() && self.begin(object, side) {
                    examined =
                        examined.max(if generation == target { Examined::AtTarget } else { Examined::WithYounger });
                }
            }
            if examined != Examined::No {
                pool.set_examined(examined);
            }
        }
    }

    #[inline]
    fn begin(&self, object: RawObject, side: &Cell<u8>) -> bool {
        if object.header().is_candidate() {
            side.set(SideState::CANDIDATE.0);
            return true;
        }
        if object.header().is_alive() {
            // Exempt ones leave the young generations, whose lists they were in; full collections will see whether that
            // has changed.
            object.header().set_generation(Generation::Old.index() as u8);
        }
        false
    }

    /// The state of the heap whose objects these are.
    #[cfg(tailbite_stress)]
    pub(super) fn heap(&self) -> NonNull<()> {
        self.heap
    }

    /// Whether `object`, of any heap, is in this set.
    #[cfg(tailbite_stress)]
    pub(super) fn contains(&self, object: RawObject) -> bool {
        object.pool_ref().owner() == self.heap && SideState::of(object) != SideState::REST
    }

    /// Whether a detection left `object`, of any heap, in this set.
    pub(crate) fn is_unreachable(&self, object: RawObject) -> bool {
        SideState::of(object) == SideState::UNREACHABLE && object.pool_ref().owner() == self.heap
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
                for pool in examined_pools(alloc) {
                    Self::for_each_in(pool, &mut f);
                }
            }
        }
    }

    /// The same, but leaves out pools where all are known to be reached.
    #[inline]
    pub(crate) fn for_each_open(&self, alloc: &Allocator, mut f: impl FnMut(RawObject)) {
        match &self.source {
            Source::Lists(_) => self.for_each(alloc, f),
            Source::Pools => {
                for pool in examined_pools(alloc) {
                    if !is_settled(pool) {
                        Self::for_each_in(pool, &mut f);
                    }
                }
            }
        }
    }

    /// Calls `f` on every object of the set that waits for it, and is reached from then on.
    pub(crate) fn for_each_waiting(&self, alloc: &Allocator, mut f: impl FnMut(RawObject)) {
        let mut take = |object: RawObject| {
            if SideState::of(object) == SideState::WAITING {
                SideState::REACHED.set(object);
                f(object);
            }
        };
        match &self.source {
            Source::Lists(lists) => lists.iter().flatten().for_each(|object| take(*object)),
            Source::Pools => {
                for pool in examined_pools(alloc) {
                    for (chunk, sides) in pool.sides().chunks(CHUNK).enumerate() {
                        if !has(sides, SideState::WAITING) {
                            continue;
                        }
                        for (index, side) in sides.iter().enumerate() {
                            if side.get() == SideState::WAITING.0 {
                                // SAFETY: *valid-header*, as above.
                                take(unsafe { RawObject::from_block(pool.block_of_side(chunk * CHUNK + index)) });
                            }
                        }
                    }
                }
            }
        }
    }

    #[inline]
    fn for_each_in(pool: &Pool, f: &mut impl FnMut(RawObject)) {
        for (block, side) in pool.blocks_and_sides() {
            if side.get() != SideState::REST.0 {
                // SAFETY: *valid-header*, as above.
                f(unsafe { RawObject::from_block(block) });
            }
        }
    }

    /// After a detection: calls `survive` on what was reached, and takes it out of the set. The rest stays, as
    /// unreachable. Survivors that are in their generation already may be left out; the number of all of them.
    pub(crate) fn partition(
        &mut self,
        alloc: &Allocator,
        mut survive: impl FnMut(RawObject),
        mut unreachable: impl FnMut(RawObject),
    ) -> usize {
        let mut survivors = 0;
        let mut split = |object: RawObject| {
            if SideState::of(object) == SideState::REACHED {
                SideState::REST.set(object);
                survivors += 1;
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
                let mut at_target = 0;
                for pool in examined_pools(alloc) {
                    if pool.examined() == Examined::AtTarget && is_settled(pool) {
                        at_target += retire_settled(pool);
                        continue;
                    }
                    let mut any = false;
                    Self::for_each_in(pool, &mut |object| any |= split(object));
                    if !any {
                        // All of its side bytes are at rest: later walks needn't look at it.
                        pool.set_examined(Examined::No);
                    }
                }
                survivors += at_target;
            }
        }
        survivors
    }

    /// Ends the examination: every side state goes to rest, no pool is examined.
    pub(crate) fn finish(self, young: &GenerationList, middle: &GenerationList, alloc: &Allocator) {
        match self.source {
            Source::Lists(lists) => {
                for (mut entries, list) in lists.into_iter().zip([young, middle]) {
                    entries.drain(..).for_each(|object| SideState::REST.set(object));
                    list.give_back(entries, alloc);
                }
            }
            Source::Pools => {
                for pool in examined_pools(alloc) {
                    pool.sides().iter().for_each(|side| side.set(SideState::REST.0));
                    pool.set_examined(Examined::No);
                }
            }
        }
    }
}

/// The pools with candidates.
fn examined_pools(alloc: &Allocator) -> impl Iterator<Item = &Pool> {
    pools(alloc).filter(|pool| pool.examined() != Examined::No)
}

/// Side bytes that are looked at in one step.
const CHUNK: usize = 32;

/// Whether one of the bytes is in this state.
fn has(sides: &[Cell<u8>], state: SideState) -> bool {
    // Without a branch for each byte, so that many are looked at in one step.
    sides.iter().fold(0_u8, |found, side| found | u8::from(side.get() == state.0)) != 0
}

/// Whether all candidates in the pool were reached.
fn is_settled(pool: &Pool) -> bool {
    // (As in `has`.)
    let open = pool.sides().iter().fold(0_u8, |open, side| {
        let state = side.get();
        open | u8::from(state != SideState::REST.0) & u8::from(state != SideState::REACHED.0)
    });
    open == 0
}

/// Takes the candidates of a pool where all were reached out of the set; their number.
fn retire_settled(pool: &Pool) -> usize {
    // (In chunks whose counts fit a byte, for the same reason.)
    let sides = pool.sides();
    let reached =
        |chunk: &[Cell<u8>]| chunk.iter().fold(0_u8, |sum, side| sum + u8::from(side.get() != SideState::REST.0));
    let survivors = sides.chunks(255).map(|chunk| usize::from(reached(chunk))).sum();
    sides.iter().for_each(|side| side.set(SideState::REST.0));
    pool.set_examined(Examined::No);
    survivors
}

/// The pools that candidates can lie in.
fn pools(alloc: &Allocator) -> impl Iterator<Item = &Pool> {
    debug_assert!(alloc.is_held());
    // SAFETY: the allocator is held while candidates exist.
    unsafe { alloc.pool_refs(PoolKind::Tracked) }
}
