//! The control surface: CPython's `gc` module, as methods of a heap.

use super::drops::Drops;
use super::shared_hook::SharedHook;
use super::state::HeapState;
use super::unraisable::Unraisable;
use super::{Heap, OutOfMemory};
use crate::alloc::{MemoryStats, PoolKind};
use crate::collect::{Generation, GenerationStats, Growth, Trigger};

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
    /// its threshold; the old one also waits for its [growth](Heap::set_growth). A new heap has CPython's: 2000, 10, 10.
    /// Others are set by [`set_threshold`](Heap::set_threshold).
    #[must_use]
    pub fn get_threshold(&self) -> [i32; 3] {
        self.state().policy.thresholds()
    }

    /// Sets the thresholds. As in CPython, 0 for the youngest generation switches automatic collection off, and a
    /// negative one is exceeded by any count.
    ///
    /// ```
    /// use tailbite::{AnyGc, Heap};
    /// let heap = Heap::new();
    /// assert_eq!(heap.get_threshold(), [2000, 10, 10]);
    /// heap.set_threshold([50, 10, 10]);
    /// let objects = [(); 60].map(|()| heap.alloc(None::<AnyGc>));
    /// assert_eq!(heap.get_stats()[0].collections, 1);
    /// ```
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
    ///
    /// ```
    /// use tailbite::{AnyGc, Generation, Heap};
    /// let heap = Heap::new();
    /// let object = heap.alloc(None::<AnyGc>);
    /// assert_eq!(heap.get_count(), [1, 0, 0]);
    /// heap.collect(Generation::Young);
    /// assert_eq!(heap.get_count(), [0, 1, 0]);
    /// ```
    #[must_use]
    pub fn get_count(&self) -> [usize; 3] {
        let [middle, old] = self.state().policy.counts();
        [self.state().young_count(), middle, old]
    }

    /// Lets allocations and safepoints collect (the initial state), after [`disable`](Heap::disable).
    pub fn enable(&self) {
        self.state().policy.enabled.set(true);
        self.state().refresh_young_check();
        self.state().refresh_gate();
    }

    /// Stops automatic collection; [`collect`](Heap::collect) still works, and so does the collection before a
    /// [limit](Heap::set_memory_limit) refuses an object.
    ///
    /// ```
    /// use tailbite::{AnyGc, Heap};
    /// let heap = Heap::new();
    /// heap.set_threshold([1, 10, 10]);
    /// heap.disable();
    /// let objects = [(); 10].map(|()| heap.alloc(None::<AnyGc>));
    /// assert_eq!((heap.is_enabled(), heap.get_stats()[0].collections), (false, 0));
    /// heap.enable();
    /// let another = heap.alloc(None::<AnyGc>);
    /// assert_eq!((heap.is_enabled(), heap.get_stats()[0].collections), (true, 1));
    /// ```
    pub fn disable(&self) {
        self.state().policy.enabled.set(false);
        self.state().forget_stress();
        self.state().refresh_young_check();
        self.state().refresh_gate();
    }

    /// Whether automatic collection is [enabled](Heap::enable).
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.state().policy.enabled.get()
    }

    /// What the collections of each generation did so far, youngest generation first; CPython's `gc.get_stats`.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use tailbite::{AnyGc, Gc, Generation, Heap};
    /// let heap = Heap::new();
    /// let list = heap.alloc(RefCell::new(Vec::<AnyGc>::new()));
    /// list.borrow_mut().push(Gc::as_any(&list));
    /// drop(list);
    /// heap.collect(Generation::Old);
    /// let full = heap.get_stats()[Generation::Old.index()];
    /// assert_eq!((full.collections, full.candidates, full.collected), (1, 1, 1));
    /// assert_eq!(full.longest, full.duration);
    /// ```
    #[must_use]
    pub fn get_stats(&self) -> [GenerationStats; 3] {
        self.state().policy.stats()
    }

    /// When a collection that is due runs: as [`set_trigger`](Heap::set_trigger) has said.
    #[must_use]
    pub fn trigger(&self) -> Trigger {
        self.state().policy.trigger.get()
    }

    /// Chooses when a collection that is due runs: inside allocations, at [safepoints](Heap::safepoint), or never by
    /// itself.
    ///
    /// ```
    /// use tailbite::{AnyGc, Heap, Trigger};
    /// let heap = Heap::new();
    /// heap.set_threshold([10, 10, 10]);
    /// heap.set_trigger(Trigger::Safepoint);
    /// let objects = [(); 100].map(|()| heap.alloc(None::<AnyGc>));
    /// assert_eq!((heap.trigger(), heap.get_stats()[0].collections), (Trigger::Safepoint, 0));
    /// heap.safepoint();
    /// assert_eq!(heap.get_stats()[0].collections, 1);
    /// ```
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

    /// How far the old generation must grow between automatic full collections: as [`set_growth`](Heap::set_growth) has
    /// said, or 50 %.
    #[must_use]
    pub fn growth(&self) -> Growth {
        self.state().policy.growth.get()
    }

    /// Sets how far the old generation must grow between automatic full collections.
    ///
    /// ```
    /// use tailbite::{Growth, Heap};
    /// let heap = Heap::new();
    /// assert_eq!(heap.growth(), Growth::percent(50));
    /// // As CPython:
    /// heap.set_growth(Growth::percent(25));
    /// // As often as the thresholds say:
    /// heap.set_growth(Growth::percent(0));
    /// assert_eq!(heap.growth(), Growth::percent(0));
    /// ```
    pub fn set_growth(&self, growth: Growth) {
        self.state().policy.growth.set(growth);
    }

    /// Whether a young collection that is due may be left out where the last ones found next to nothing: see
    /// [`set_blind_promotion`](Heap::set_blind_promotion).
    #[must_use]
    pub fn is_blind_promotion(&self) -> bool {
        self.state().policy.blind.enabled.get()
    }

    /// Chooses between speed while a heap grows and promptness. On, as in a new heap: after a young or middle collection that found less than
    /// 2 % garbage, the next young collection is left out and its objects become old at once; then the next two, four, and at most eight, with a
    /// look after each run, and one that finds 2 % or more ends it (one at fewer than 50 objects tells nothing). What it gains: a program that builds
    /// something up isn't looked through for nothing. What it costs: cyclic garbage in lists that were promoted like this waits for the next full collection. Off: each young collection takes place, as in
    /// CPython.
    ///
    /// A young collection that was left out is counted by [`get_count`](Heap::get_count) as one that took place; statistics and callbacks
    /// know nothing of it.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// assert!(heap.is_blind_promotion());
    /// heap.set_blind_promotion(false);
    /// assert!(!heap.is_blind_promotion());
    /// ```
    pub fn set_blind_promotion(&self, on: bool) {
        self.state().policy.blind.enabled.set(on);
    }

    /// Sets how deep user code that runs inside drops (finalizers, callbacks, drops of objects without edges) may nest
    /// before the deaths it causes are deferred to the enclosing one: within the bound, what that code drops is gone when
    /// it looks. Each level needs stack for four payload drops, beside the 32 (4 in a build with debug assertions) that
    /// nest anyway. A new heap has 8 levels; more than 64 count as 64.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    /// use tailbite::{Gc, Heap, leaf};
    ///
    /// struct Link { next: Option<Gc<Link>>, depth: Rc<Cell<u32>>, deepest: Rc<Cell<u32>> }
    /// leaf!(Link);
    /// impl Drop for Link {
    ///     fn drop(&mut self) {
    ///         let depth = self.depth.get() + 1;
    ///         self.deepest.set(self.deepest.get().max(depth));
    ///         self.depth.set(depth);
    ///         drop(self.next.take());
    ///         self.depth.set(depth - 1);
    ///     }
    /// }
    ///
    /// let heap = Heap::new();
    /// heap.set_drop_nesting(1);
    /// let (depth, deepest) = (Rc::default(), Rc::default());
    /// let link = |next, _| Some(heap.alloc(Link { next, depth: Rc::clone(&depth), deepest: Rc::clone(&deepest) }));
    /// drop((0..1000).fold(None, link));
    /// assert!(deepest.get() < 20, "most links waited for the drop of one that they hung on");
    /// assert_eq!(heap.object_count(), 0);
    /// ```
    pub fn set_drop_nesting(&self, levels: u32) {
        self.state().max_scopes.set(levels.min(Drops::MAX_SCOPES));
    }

    /// Sets the hook that hears of panics in finalizers, callbacks and drops, which have nobody to be raised to.
    /// Without one, each goes to stderr as a line. A panic of the hook itself is swallowed. A hook that captures
    /// handles of this very heap keeps its memory for as long as it is set.
    ///
    /// ```
    /// use std::{cell::RefCell, rc::Rc};
    /// use tailbite::{Generation, Heap, Phase};
    /// let heap = Heap::new();
    /// let log = Rc::new(RefCell::new(Vec::new()));
    /// let lines = log.clone();
    /// heap.set_unraisable_hook(move |unraisable| lines.borrow_mut().push(unraisable.to_string()));
    /// heap.add_callback(|_, phase, _| assert_eq!(phase, Phase::Start, "too late"));
    /// heap.collect(Generation::Young);
    /// assert!(log.borrow()[0].starts_with("panic ignored in a gc callback: assertion"));
    /// heap.reset_unraisable_hook();
    /// assert_eq!(Rc::strong_count(&log), 1);
    /// ```
    ///
    /// # Panics
    /// If memory for the hook is refused; [`try_set_unraisable_hook`](Heap::try_set_unraisable_hook) gives it back instead.
    pub fn set_unraisable_hook(&self, hook: impl Fn(&Unraisable<'_>) + 'static) {
        self.try_set_unraisable_hook(hook).unwrap_or_else(|error| error.raise());
    }

    /// As [`set_unraisable_hook`](Heap::set_unraisable_hook), with an error if memory is refused. Then the one before stays.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the hook in it.
    pub fn try_set_unraisable_hook<F>(&self, hook: F) -> Result<(), OutOfMemory<F>>
    where
        F: Fn(&Unraisable<'_>) + 'static,
    {
        let state = self.state();
        let made = if state.alloc.refuses_request() { Err(hook) } else { SharedHook::try_new(hook) };
        let hook = made.map_err(|hook| OutOfMemory::new(hook, size_of::<F>()).for_purpose("a hook"))?;
        // USER CODE: the drop of what the one before captured.
        drop(state.hook.replace(Some(hook)));
        Ok(())
    }

    /// Goes back to the default hook; what the one before captured is dropped, or when it returns, if it is running. See
    /// [`set_unraisable_hook`](Heap::set_unraisable_hook).
    pub fn reset_unraisable_hook(&self) {
        drop(self.state().hook.replace(None));
    }

    /// Gives memory back to the operating system: free arenas, free pools within live ones, and what the heap's own
    /// lists and tables have too much. Returns the number of bytes.
    ///
    /// Arenas that become wholly free go back by themselves, up to one spare. Tables of weak containers shrink when they
    /// are cleared or filled again. During a collection this does nothing, and returns 0.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// drop((0..5000).map(|n| heap.alloc(n)).collect::<Vec<_>>());
    /// let before = heap.used_bytes();
    /// assert!(heap.trim() > 0);
    /// assert!(heap.used_bytes() < before);
    /// ```
    pub fn trim(&self) -> usize {
        self.state().trim()
    }

    /// What the allocator holds, by size class: exact, in bytes. Cost: a look at each pool.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let number = heap.alloc(1_u64);
    /// let memory = heap.memory();
    /// assert_eq!((memory.classes[0].size, memory.classes[0].allocated), (16, 1));
    /// assert_eq!(memory.arenas.mapped, 1);
    /// assert!(memory.to_string().ends_with(&format!(" {}\n", memory.bytes.total)));
    /// ```
    #[must_use]
    pub fn memory(&self) -> MemoryStats {
        self.state().alloc.stats()
    }

    /// Objects alive, tracked or not. Cost: a look at each pool.
    ///
    /// ```
    /// use tailbite::{AnyGc, Heap};
    /// let heap = Heap::new();
    /// let (number, option) = (heap.alloc(1), heap.alloc(None::<AnyGc>));
    /// assert_eq!((heap.object_count(), heap.tracked_objects()), (2, 1));
    /// ```
    #[must_use]
    pub fn object_count(&self) -> usize {
        self.tracked_objects() + self.state().alloc.live_blocks(PoolKind::Leaf)
    }

    /// Tracked objects alive: those whose type can own handles, [frozen](Heap::freeze) ones too. Cost: a look at each
    /// pool. [`object_count`](Heap::object_count) counts the others with them.
    #[must_use]
    pub fn tracked_objects(&self) -> usize {
        self.state().alloc.live_blocks(PoolKind::Tracked)
    }
}
