//! The control surface: CPython's `gc` module, as methods of a heap.

use std::rc::Rc;

use super::Heap;
use super::drops::Drops;
use super::state::HeapState;
use super::unraisable::Unraisable;
use crate::alloc::{MemoryStats, PoolKind};
use crate::collect::{Generation, GenerationStats, Growth, Trigger};
use crate::object::{Flags, Mode, Tracer, type_of};

impl Heap {
    /// Collects `generation` and all younger ones, whatever the thresholds say and even while collection is
    /// [disabled](Heap::disable). Returns the number of objects freed; resurrected ones don't count. Inside a
    /// collection (in a finalizer, callback or drop) it returns 0 at once.
    ///
    /// Cost: in proportion to the objects of the generations collected, and for [`Generation::Old`] to the whole heap.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use tailbite::{Gc, Generation, Heap, Trace};
    ///
    /// #[derive(Trace)]
    /// struct Node { next: RefCell<Option<Gc<Node>>> }
    ///
    /// let heap = Heap::new();
    /// let node = heap.alloc(Node { next: RefCell::new(None) });
    /// *node.next.borrow_mut() = Some(node.clone());
    /// drop(node);
    /// assert_eq!(heap.collect(Generation::Old), 1);
    /// ```
    pub fn collect(&self, generation: Generation) -> usize {
        // SAFETY: the `Heap`, or for a view the operation behind it, keeps the state.
        unsafe { HeapState::collect(self.state_ptr(), generation) }
    }

    /// The thresholds of the three generations. A generation is collected when its [count](Heap::get_count) *exceeds*
    /// its threshold. A new heap has CPython's: 2000, 10, 10.
    #[must_use]
    pub fn get_threshold(&self) -> [i32; 3] {
        self.state().policy.thresholds()
    }

    /// Sets the thresholds. As in CPython, 0 for the youngest generation switches automatic collection off, and a
    /// negative one is exceeded by any count.
    pub fn set_threshold(&self, thresholds: [i32; 3]) {
        self.state().policy.set_thresholds(thresholds);
        self.state().refresh_young_check();
    }

    /// The counts of the three generations: tracked objects allocated since the last collection and still alive;
    /// collections of the young generation since the last one of the middle generation; collections of the middle one
    /// since the last full one.
    ///
    /// CPython also subtracts deaths of older objects from the first count; Tailbite doesn't. Cost: a look at each
    /// young object.
    #[must_use]
    pub fn get_count(&self) -> [usize; 3] {
        let [middle, old] = self.state().policy.counts();
        [self.state().young_count(), middle, old]
    }

    /// Lets allocations and safepoints collect (the initial state).
    pub fn enable(&self) {
        self.state().policy.enabled.set(true);
        self.state().refresh_young_check();
        self.state().refresh_gate();
    }

    /// Stops automatic collection; [`collect`](Heap::collect) still works.
    pub fn disable(&self) {
        self.state().policy.enabled.set(false);
        self.state().forget_stress();
        self.state().refresh_young_check();
        self.state().refresh_gate();
    }

    /// Whether automatic collection is enabled.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.state().policy.enabled.get()
    }

    /// What the collections of each generation did so far.
    #[must_use]
    pub fn get_stats(&self) -> [GenerationStats; 3] {
        self.state().policy.stats()
    }

    /// When a collection that is due runs.
    #[must_use]
    pub fn trigger(&self) -> Trigger {
        self.state().policy.trigger.get()
    }

    /// Chooses when a collection that is due runs: inside allocations, at [safepoints](Heap::safepoint), or never by
    /// itself.
    pub fn set_trigger(&self, trigger: Trigger) {
        self.state().policy.trigger.set(trigger);
        self.state().forget_stress();
        self.state().refresh_young_check();
        self.state().refresh_gate();
    }

    /// A place where the host lets the collector run: collects if [`Trigger::Safepoint`] is set and a collection is
    /// due. Tells the host, too, of a [soft limit](Heap::set_soft_limit) that was crossed, whatever the trigger.
    /// Returns the number of objects freed. Cost when nothing is due: two loads and a branch.
    ///
    /// ```
    /// use tailbite::{Heap, Trigger};
    /// let heap = Heap::new();
    /// heap.set_trigger(Trigger::Safepoint);
    /// // in the interpreter's loop, at backward jumps and function entries:
    /// heap.safepoint();
    /// ```
    #[inline]
    pub fn safepoint(&self) -> usize {
        let state = self.state();
        if !(state.policy.due.get() | state.alloc.budget().is_crossed()) {
            return 0;
        }
        // SAFETY: the `Heap`, or for a view the operation behind it, keeps the state.
        unsafe { HeapState::safepoint(self.state_ptr()) }
    }

    /// How far the old generation must grow between automatic full collections.
    #[must_use]
    pub fn growth(&self) -> Growth {
        self.state().policy.growth.get()
    }

    /// Sets how far the old generation must grow between automatic full collections.
    pub fn set_growth(&self, growth: Growth) {
        self.state().policy.growth.set(growth);
    }

    /// Sets how deep user code that runs inside drops (finalizers, callbacks, drops of objects without edges) may nest
    /// before the deaths it causes are deferred to the enclosing one. Each level needs stack for four payload drops. A
    /// new heap has 8; more than 64 count as 64.
    pub fn set_drop_nesting(&self, levels: u32) {
        self.state().max_scopes.set(levels.min(Drops::MAX_SCOPES));
    }

    /// Sets the hook that hears of panics in finalizers, callbacks and drops, which have nobody to be raised to.
    /// Without one, each goes to stderr as a line. A panic of the hook itself is swallowed. A hook that captures
    /// handles of this very heap keeps its memory for as long as it is set.
    pub fn set_unraisable_hook(&self, hook: impl Fn(&Unraisable<'_>) + 'static) {
        drop(self.state().hook.replace(Some(Rc::new(hook))));
    }

    /// Goes back to the default hook.
    pub fn reset_unraisable_hook(&self) {
        drop(self.state().hook.replace(None));
    }

    /// Gives memory back to the operating system: free arenas, free pools within live ones, and what the heap's own
    /// lists and tables have too much. Returns the number of bytes.
    ///
    /// Arenas that become wholly free go back by themselves, up to one spare. Tables of weak containers shrink when they
    /// are cleared or filled again. During a collection this does nothing.
    pub fn trim(&self) -> usize {
        self.state().trim()
    }

    /// What the allocator holds, by size class: exact, in bytes. Cost: a look at each pool.
    #[must_use]
    pub fn memory(&self) -> MemoryStats {
        self.state().alloc.stats()
    }

    /// Objects alive, tracked or not. Cost: a look at each pool.
    #[must_use]
    pub fn object_count(&self) -> usize {
        self.tracked_objects() + self.state().alloc.live_blocks(PoolKind::Leaf)
    }

    /// Tracked objects alive: those whose type can own handles. Cost: a look at each pool.
    #[must_use]
    pub fn tracked_objects(&self) -> usize {
        self.state().alloc.live_blocks(PoolKind::Tracked)
    }

    /// Checks the invariants of the whole heap: allocator equations, lists, weak records, and that every edge leads to
    /// an object. For tests and for hunting a wrong `unsafe impl Trace`. Cost: a look at everything.
    ///
    /// # Panics
    /// With the fact that is broken.
    pub fn check(&self) {
        self.state().check();
    }
}

impl HeapState {
    pub(crate) fn check(&self) {
        self.alloc.check();
        if self.collecting.get() || !Drops::is_idle() {
            // Objects are being torn down: what follows holds again when that is over.
            return;
        }
        self.check_kept();
        self.young.check();
        self.middle.check();
        self.weak.check(&self.alloc);
        self.roots.check();
        for kind in [PoolKind::Tracked, PoolKind::Leaf] {
            self.for_each_object(kind, |object| {
                assert_eq!(
                    object.header().has(Flags::TRACKED),
                    kind == PoolKind::Tracked,
                    "{object:?} is in the wrong kind of pool"
                );
                if object.header().has(Flags::EXCLUSIVE) || kind == PoolKind::Leaf {
                    return;
                }
                // SAFETY: the object is alive, so its type is registered.
                let ty = unsafe { type_of(object.header().type_id()) };
                let mut visit = |edge: crate::object::RawObject| {
                    assert_ne!(edge.header().type_id(), 0, "`{}` has an edge to a free block", ty.name());
                };
                // SAFETY: the object is alive, of this type, and not lent exclusively.
                unsafe { (ty.descriptor.trace)(object, &mut Tracer::new(Mode::Visit(&mut visit))) };
            });
        }
        // SAFETY: nothing is freed here.
        for pool in unsafe { self.alloc.pool_refs(PoolKind::Tracked) } {
            assert_eq!(pool.mark(), 0, "a pool carries a mark outside a collection");
            assert!(
                pool.blocks().enumerate().all(|(index, _)| pool.side(index).get() == 0),
                "a side byte is not at rest"
            );
        }
    }
}
