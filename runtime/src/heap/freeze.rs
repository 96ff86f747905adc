//! Freezing: objects that no collection looks at, until they are thawed.

use super::Heap;
use super::state::HeapState;
use crate::alloc::{PoolFlags, PoolKind};
use crate::collect::{Generation, PERMANENT};
use crate::object::{Flags, RawObject, SideState};

impl Heap {
    /// Moves all tracked objects to the *permanent* generation, which collections neither examine nor write to; what
    /// these objects refer to is held. All three [counts](Heap::get_count) become 0; nothing is collected. Frozen
    /// objects still die when their count falls to zero.
    ///
    /// What it is for: freeze after start-up, then `fork`. Then no collection of a child writes to the pages of the
    /// parent's objects, which stay shared. And a heap with much that never dies collects faster.
    ///
    /// Objects that a collection under way has found unreachable, and those that are lent through a
    /// [`GcMut`](crate::GcMut), are left out. Closing the heap unfreezes, and from then on this does nothing.
    ///
    /// Cost: a look and a write for each tracked object, once. The write is to the object's header: before a `fork` it
    /// costs nothing, since no page is shared yet.
    ///
    /// ```
    /// use tailbite::{AnyGc, Gc, Generation, Heap};
    /// let heap = Heap::new();
    /// let start_up: Gc<Vec<AnyGc>> = heap.alloc(Vec::new());
    /// heap.freeze();
    /// assert_eq!(heap.get_freeze_count(), 1);
    /// assert!(heap.get_objects(None).is_empty());
    /// heap.unfreeze();
    /// assert_eq!(heap.get_objects(Some(Generation::Old)).len(), 1);
    /// ```
    pub fn freeze(&self) {
        self.state().freeze();
    }

    /// Moves all permanent objects to the old generation. Cost: a look at each tracked object.
    ///
    /// ```
    /// use tailbite::{AnyGc, Heap};
    /// let heap = Heap::new();
    /// let object = heap.alloc(None::<AnyGc>);
    /// heap.freeze();
    /// heap.unfreeze();
    /// assert_eq!((heap.get_freeze_count(), heap.get_objects(None).len()), (0, 1));
    /// ```
    pub fn unfreeze(&self) {
        self.state().unfreeze();
    }

    /// The number of permanent objects; see [`freeze`](Heap::freeze). Cost: a look at each tracked object.
    #[must_use]
    pub fn get_freeze_count(&self) -> usize {
        let mut count = 0;
        self.state().for_each_object(PoolKind::Tracked, |object| {
            count += usize::from(object.header().generation() == PERMANENT);
        });
        count
    }
}

impl HeapState {
    fn freeze(&self) {
        if self.closing.get() {
            return;
        }
        self.alloc.hold();
        for list in [&self.young, &self.middle] {
            list.empty(&self.alloc);
        }
        // No later collection is to walk these pools, or to write to them, for what was spilled before.
        // SAFETY: the allocator is held.
        for pool in unsafe { self.alloc.pool_refs(PoolKind::Tracked) } {
            pool.clear_flags(PoolFlags::YOUNG_SPILLED | PoolFlags::MIDDLE_SPILLED);
        }
        self.for_each_object(PoolKind::Tracked, |object| {
            // What is under examination is its collection's: that promotes it, or frees it.
            if object.header().generation() != PERMANENT && SideState::of(object) == SideState::REST {
                object.header().set_generation(destination(object));
            }
        });
        self.alloc.release_hold();
        self.policy.reset_counts();
    }

    /// Also at closing, so that frozen garbage goes with the heap.
    pub(super) fn unfreeze(&self) {
        // The dead that are queued, too: they may be resurrected.
        // SAFETY: nothing is freed here.
        for pool in unsafe { self.alloc.pool_refs(PoolKind::Tracked) } {
            for block in pool.blocks() {
                // SAFETY: *valid-header*: the header word of every carved block is initialised (S16).
                let object = unsafe { RawObject::from_block(block) };
                if object.header().generation() == PERMANENT {
                    object.header().set_generation(Generation::Old.index() as u8);
                }
            }
        }
    }
}

/// Where a living object goes that freezing finds. One that is lent goes where collections send those that they may not
/// look at: it stood in a list that was just emptied, and full collections find it (S1).
fn destination(object: RawObject) -> u8 {
    if object.header().has(Flags::EXCLUSIVE) { Generation::Old.index() as u8 } else { PERMANENT }
}
