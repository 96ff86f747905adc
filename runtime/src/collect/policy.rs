//! When to collect which generation: thresholds, counts, the growth rule, and the ways of triggering.

use core::cell::Cell;
use core::time::Duration;

use super::generation::Generation;
use super::info::CollectionInfo;

/// When a collection that is due runs.
///
/// ```
/// use tailbite::{Heap, Trigger};
/// let heap = Heap::new();
/// assert_eq!(heap.trigger(), Trigger::Allocation);
/// heap.set_trigger(Trigger::Safepoint);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Inside the allocation that exceeds the threshold, before the new object exists. The default.
    #[default]
    Allocation,
    /// At the next [`Heap::safepoint`](crate::Heap::safepoint): nothing of the host's ever runs inside an allocation.
    /// What an interpreter wants, and what CPython does since 3.12.
    Safepoint,
    /// Only by [`Heap::collect`](crate::Heap::collect).
    Manual,
}

/// How far the old generation must have grown before it is collected again.
///
/// A full collection costs time in proportion to the heap. Waiting until the objects that were promoted since the last
/// one (*pending*) are a fixed share of the old ones makes that cost amortised constant per object while a heap grows
/// (CPython's rule since 2.7, with a share of 25 %; here it is 50 %, which makes about half as many full collections of a
/// growing heap). The rule only delays automatic collections, never one that is asked for.
///
/// ```
/// use tailbite::{Growth, Heap};
/// let heap = Heap::new();
/// heap.set_growth(Growth::percent(100));
/// assert_eq!(heap.growth(), Growth::percent(100), "a full collection when the old objects have doubled");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Growth {
    percent: u32,
}

impl Growth {
    /// Full collections wait until the pending objects are `percent` % of the old ones. 0 switches the rule off; values
    /// above 1000 count as 1000, so that uncollected trash stays bounded by a multiple of the heap.
    ///
    /// ```
    /// use tailbite::Growth;
    /// assert_eq!(Growth::percent(50), Growth::default());
    /// assert_eq!(Growth::percent(5000), Growth::percent(1000));
    /// ```
    #[must_use]
    pub const fn percent(percent: u32) -> Growth {
        Growth { percent: if percent > 1000 { 1000 } else { percent } }
    }

    fn allows(self, pending: usize, old: usize) -> bool {
        pending as u128 * 100 >= old as u128 * u128::from(self.percent)
    }
}

impl Default for Growth {
    /// 50 %.
    fn default() -> Growth {
        Growth::percent(50)
    }
}

/// What collections of one generation did, since the heap was made. Only the generation that was asked for is charged.
///
/// ```
/// use tailbite::{AnyGc, Generation, Heap};
/// let heap = Heap::new();
/// let object = heap.alloc(None::<AnyGc>);
/// heap.collect(Generation::Middle);
/// let [young, middle, full] = heap.get_stats();
/// assert_eq!((young.collections, middle.collections, full.collections), (0, 1, 0));
/// assert_eq!((middle.candidates, middle.collected), (1, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerationStats {
    /// Collections of this generation.
    pub collections: u64,
    /// Objects that they found unreachable and freed. Resurrected ones don't count.
    pub collected: u64,
    /// Objects that they found unreachable and could not free: always 0 here; CPython has them for objects of legacy
    /// types.
    pub uncollectable: u64,
    /// Cells that were mutably borrowed while a collection looked at them. What they hold was kept.
    pub opaque_cells: u64,
    /// Objects that they examined: those of the generation and of all younger ones.
    pub candidates: u64,
    /// Time that they took, user code that they called included, gc callbacks apart.
    pub duration: Duration,
    /// The longest of these times: the worst pause.
    pub longest: Duration,
}

/// Thresholds, counts and settings of one heap.
///
/// `count[0]` is the number of young objects alive, known to the young list; `counts` are the other two: collections of
/// the next younger generation since the last one of this generation.
#[derive(Debug)]
pub(crate) struct Policy {
    thresholds: Cell<[i32; 3]>,
    counts: Cell<[usize; 2]>,
    pub(crate) enabled: Cell<bool>,
    pub(crate) trigger: Cell<Trigger>,
    pub(crate) growth: Cell<Growth>,
    /// The young threshold was exceeded in safepoint mode.
    pub(crate) due: Cell<bool>,
    pub(crate) blind: BlindPromotion,
    /// Objects promoted to the old generation since the last full collection.
    pending: Cell<usize>,
    /// Objects that survived the last full collection.
    old: Cell<usize>,
    stats: Cell<[GenerationStats; 3]>,
}

impl Policy {
    /// CPython 3.13's thresholds.
    const THRESHOLDS: [i32; 3] = [2000, 10, 10];

    pub(crate) fn new() -> Policy {
        Policy {
            thresholds: Cell::new(Self::THRESHOLDS),
            counts: Cell::default(),
            enabled: Cell::new(true),
            trigger: Cell::default(),
            growth: Cell::default(),
            due: Cell::new(false),
            blind: BlindPromotion::default(),
            pending: Cell::new(0),
            old: Cell::new(0),
            stats: Cell::default(),
        }
    }

    pub(crate) fn thresholds(&self) -> [i32; 3] {
        self.thresholds.get()
    }

    pub(crate) fn set_thresholds(&self, thresholds: [i32; 3]) {
        self.thresholds.set(thresholds);
    }

    pub(crate) fn counts(&self) -> [usize; 2] {
        self.counts.get()
    }

    /// Whether allocations may start a collection at all.
    pub(crate) fn is_automatic(&self) -> bool {
        self.enabled.get() && self.trigger.get() != Trigger::Manual && self.thresholds.get()[0] != 0
    }

    /// The number of young objects that may live without a collection being due; `usize::MAX` if none ever is.
    pub(crate) fn young_allowance(&self) -> usize {
        // A negative threshold is exceeded by any count, as in CPython.
        if self.is_automatic() { usize::try_from(self.thresholds.get()[0]).unwrap_or(0) } else { usize::MAX }
    }

    /// The generation that is due when `young` objects are alive in the youngest: the oldest one whose count exceeds
    /// its threshold.
    pub(crate) fn select(&self, young: usize) -> Option<Generation> {
        let [_, middle, old] = Generation::ALL;
        let [count1, count2] = self.counts.get();
        let [t0, t1, t2] = self.thresholds.get();
        let exceeds =
            |count: usize, threshold: i32| usize::try_from(threshold).is_ok_and(|limit| count > limit) || threshold < 0;
        if exceeds(count2, t2) && self.growth.get().allows(self.pending.get(), self.old.get()) {
            Some(old)
        } else if exceeds(count1, t1) {
            Some(middle)
        } else if exceeds(young, t0) {
            Some(Generation::Young)
        } else {
            None
        }
    }

    /// The counting rules at the start of a collection.
    pub(crate) fn begin(&self, generation: Generation) {
        let [count1, count2] = self.counts.get();
        self.counts.set(match generation {
            Generation::Young => [count1 + 1, count2],
            Generation::Middle => [0, count2 + 1],
            Generation::Old => [0, 0],
        });
        self.due.set(false);
    }

    /// The same when `promoted` young objects become old without an examination, in place of a young collection.
    pub(crate) fn promote_blindly(&self, promoted: usize) {
        self.begin(Generation::Young);
        self.pending.set(self.pending.get() + promoted);
    }

    /// The counting rules at its end.
    pub(crate) fn end(&self, info: &CollectionInfo, survivors: usize, opaque_cells: u64) {
        match info.generation {
            Generation::Young => {}
            Generation::Middle => self.pending.set(self.pending.get() + survivors),
            Generation::Old => {
                self.pending.set(0);
                self.old.set(survivors);
            }
        }
        if info.generation != Generation::Old {
            self.blind.learn(info.candidates, info.collected);
        }
        let mut stats = self.stats.get();
        let row = &mut stats[info.generation.index()];
        row.collections += 1;
        row.collected += info.collected as u64;
        row.uncollectable += info.uncollectable as u64;
        row.opaque_cells += opaque_cells;
        row.candidates += info.candidates as u64;
        row.duration = row.duration.saturating_add(info.duration);
        row.longest = row.longest.max(info.duration);
        self.stats.set(stats);
    }

    /// The counts after a freeze: no object is in any generation. What the growth rule knows stays.
    pub(crate) fn reset_counts(&self) {
        self.counts.set([0, 0]);
    }

    pub(crate) fn stats(&self) -> [GenerationStats; 3] {
        self.stats.get()
    }
}

/// Promoting young objects without examining them, where examining finds nothing.
///
/// While a heap grows, young and middle collections look at each object and find them all alive, which costs more than the full collections. After one
/// that found less than 2 % garbage, the next young collection is left out and its objects become old at once; then the next two, four,
/// eight, with a young collection after each run to see whether things have changed. One that finds 2 % or more ends it. A look at fewer than 50 objects
/// tells nothing.
#[derive(Debug)]
pub(crate) struct BlindPromotion {
    pub(crate) enabled: Cell<bool>,
    /// Collections that may be left out before the next look.
    left: Cell<u8>,
    /// The length of the last run.
    run: Cell<u8>,
}

impl BlindPromotion {
    const LONGEST: u8 = 8;

    /// Whether the young collection that is due may be left out; it counts as that.
    pub(crate) fn take(&self) -> bool {
        if !self.enabled.get() {
            return false;
        }
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left != 0
    }

    /// Draws the conclusion from a young or middle collection.
    fn learn(&self, candidates: usize, collected: usize) {
        let found_nothing = candidates != 0 && collected < candidates / 50;
        let run = if found_nothing { (2 * self.run.get()).clamp(1, Self::LONGEST) } else { 0 };
        self.run.set(run);
        self.left.set(run);
    }
}

impl Default for BlindPromotion {
    fn default() -> BlindPromotion {
        BlindPromotion { enabled: Cell::new(true), left: Cell::new(0), run: Cell::new(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(policy: &Policy, generation: Generation, survivors: usize) {
        policy.end(&CollectionInfo::new(generation), survivors, 0);
    }

    #[test]
    fn the_oldest_generation_over_its_threshold_is_selected() {
        let policy = Policy::new();
        policy.set_thresholds([10, 2, 2]);
        let mut sequence = Vec::new();
        for _ in 0..13 {
            let generation = policy.select(11).unwrap();
            policy.begin(generation);
            end(&policy, generation, 0);
            sequence.push(generation.index());
        }
        assert_eq!(sequence, [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2]);
        assert_eq!(policy.select(10), None, "a count equal to its threshold is not over it");
    }

    #[test]
    fn full_collections_wait_for_growth() {
        let policy = Policy::new();
        policy.growth.set(Growth::percent(25));
        policy.begin(Generation::Old);
        end(&policy, Generation::Old, 1000);
        policy.set_thresholds([0, 100, 0]);
        policy.begin(Generation::Middle);
        end(&policy, Generation::Middle, 249);
        assert_eq!(policy.select(5), Some(Generation::Young));
        policy.begin(Generation::Middle);
        end(&policy, Generation::Middle, 1);
        assert_eq!(policy.select(5), Some(Generation::Old));
    }

    #[test]
    fn runs_of_blind_promotion_double_until_something_is_found() {
        let policy = Policy::new();
        let look = |collected| {
            let mut info = CollectionInfo::new(Generation::Young);
            (info.candidates, info.collected) = (2000, collected);
            policy.end(&info, 2000 - collected, 0);
            core::iter::from_fn(|| policy.blind.take().then_some(())).count()
        };
        assert_eq!([0, 39, 0, 0, 0].map(look), [1, 2, 4, 8, 8]);
        assert_eq!([40, 0, 0].map(look), [0, 1, 2]);
        policy.blind.enabled.set(false);
        assert_eq!(look(0), 0);
        policy.promote_blindly(300);
        assert_eq!((policy.counts(), policy.pending.get()), ([1, 0], 300), "counted as a young collection");
    }

    #[test]
    fn statistics_add_up() {
        let policy = Policy::new();
        for (collected, candidates, opaque_cells) in [(3, 10, 1), (4, 20, 2)] {
            let mut info = CollectionInfo::new(Generation::Middle);
            (info.collected, info.candidates) = (collected, candidates);
            info.duration = Duration::from_millis(candidates as u64);
            policy.end(&info, 0, opaque_cells);
        }
        let [young, middle, old] = policy.stats();
        assert_eq!((young.collections, middle.collections, old.collections), (0, 2, 0));
        assert_eq!((middle.collected, middle.candidates, middle.opaque_cells), (7, 30, 3));
        assert_eq!((middle.duration, middle.longest), (Duration::from_millis(30), Duration::from_millis(20)));
    }

    #[test]
    fn negative_thresholds_are_always_exceeded() {
        let policy = Policy::new();
        policy.set_thresholds([-1, 10, 10]);
        assert_eq!(policy.young_allowance(), 0);
        assert_eq!(policy.select(0), Some(Generation::Young));
    }
}
