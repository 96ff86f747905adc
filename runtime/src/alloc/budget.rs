//! The budget: what an allocator has taken, the limit that it keeps, and the soft limit whose crossing it notes.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::hash::{BuildHasher, Hash};

use hashbrown::HashMap;

use crate::base::os;

/// The bytes that count against an allocator's limit.
///
/// Counted are pools with memory behind them (in use or free: they are resident), regions of large objects, raw bytes of the system
/// allocator, external bytes, and bookkeeping: the directories, and what the layers above [keep](Budget::keep) for themselves. An arena costs
/// addresses only.
///
/// # Invariants
/// - No grant takes `used` above the limit: whoever takes memory asks [`allows`](Budget::allows) first, and [`take`](Budget::take)s what it
///   was allowed. (A limit may be set below `used`. Then nothing is granted until use has fallen.)
/// - `used` is the sum of all that was taken and not given back; the allocator's `check` counts again.
/// - `armed` exactly if `used` has been below the soft limit since its last crossing.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    used: Cell<usize>,
    peak: Cell<usize>,
    limit: Cell<Option<usize>>,
    external: Cell<usize>,
    /// Bytes that the layers above keep outside of blocks.
    kept: Cell<usize>,
    soft: Cell<Option<usize>>,
    armed: Cell<bool>,
    /// The soft limit was crossed: the host is to be told.
    crossed: Cell<bool>,
    /// It was crossed since this was last asked.
    crossed_just_now: Cell<bool>,
    /// The last request that was judged was refused.
    refused: Cell<bool>,
}

impl Budget {
    /// All bytes that count.
    pub(crate) fn used(&self) -> usize {
        self.used.get()
    }

    /// The highest use that a grant led to.
    pub(crate) fn peak(&self) -> usize {
        self.peak.get()
    }

    pub(crate) fn limit(&self) -> Option<usize> {
        self.limit.get()
    }

    pub(crate) fn set_limit(&self, limit: Option<usize>) {
        self.limit.set(limit);
    }

    /// Bytes that the host holds elsewhere and has declared.
    pub(crate) fn external(&self) -> usize {
        self.external.get()
    }

    /// Bytes that the layers above keep outside of blocks.
    pub(crate) fn kept(&self) -> usize {
        self.kept.get()
    }

    /// Whether `bytes` more would keep the limit. Nothing at all is always allowed.
    pub(crate) fn allows(&self, bytes: usize) -> bool {
        let limit = self.limit.get().unwrap_or(usize::MAX);
        let allowed = bytes == 0 || self.used.get().checked_add(bytes).is_some_and(|used| used <= limit);
        self.refused.set(!allowed);
        allowed
    }

    /// The limit, if it is what refused the last request, and the use.
    #[cold]
    #[inline(never)]
    pub(crate) fn refusal(&self) -> Option<(usize, usize)> {
        self.limit.get().filter(|_| self.refused.get()).map(|limit| (limit, self.used.get()))
    }

    /// Notes that the next refusal, if any comes, has nothing to do with the limit.
    pub(crate) fn forget_refusal(&self) {
        self.refused.set(false);
    }

    /// Counts `bytes`, which were allowed just now.
    pub(super) fn take(&self, bytes: usize) {
        debug_assert!(bytes == 0 || self.allows(bytes), "what is taken was allowed");
        self.take_always(bytes);
    }

    /// Counts `bytes` whether they keep the limit or not: what an allocator consists of before it has a limit.
    pub(crate) fn take_always(&self, bytes: usize) {
        let used = self.used.get() + bytes;
        self.used.set(used);
        self.peak.set(self.peak.get().max(used));
        if self.armed.get() && self.soft.get().is_some_and(|soft| used >= soft) {
            self.armed.set(false);
            self.crossed.set(true);
            self.crossed_just_now.set(true);
        }
    }

    /// Counts bytes that go back.
    pub(super) fn give(&self, bytes: usize) {
        let used = self.used.get() - bytes;
        self.used.set(used);
        if self.soft.get().is_some_and(|soft| used < soft) {
            self.armed.set(true);
        }
    }

    /// Takes external bytes; false if the limit refuses them.
    pub(super) fn take_external(&self, bytes: usize) -> bool {
        let allowed = self.allows(bytes);
        if allowed {
            self.take(bytes);
            self.external.set(self.external.get() + bytes);
        }
        allowed
    }

    /// Gives external bytes back.
    pub(super) fn give_external(&self, bytes: usize) {
        self.give(bytes);
        self.external.set(self.external.get() - bytes);
    }

    /// Counts bytes that a layer above keeps, whether they keep the limit or not: the reserve that it is made with.
    pub(crate) fn keep_always(&self, bytes: usize) {
        self.take_always(bytes);
        self.kept.set(self.kept.get() + bytes);
    }

    /// Counts bytes that a layer above has given up.
    pub(crate) fn give_kept(&self, bytes: usize) {
        self.give(bytes);
        self.kept.set(self.kept.get() - bytes);
    }

    /// Makes room for `more` items in a list of a layer above; false if it is refused.
    pub(super) fn keep<T>(&self, items: &mut Vec<T>, more: usize) -> bool {
        let before = self.used.get();
        let granted = self.reserve(items, more);
        self.kept.set(self.kept.get() + (self.used.get() - before));
        granted
    }

    /// Makes room for one more entry in a table of a layer above; false if it is refused.
    pub(super) fn keep_entry<K: Eq + Hash, V, S: BuildHasher + Default>(&self, table: &mut HashMap<K, V, S>) -> bool {
        let before = table.allocation_size();
        let granted = self.reserve_entry(table);
        self.kept.set(self.kept.get() + table.allocation_size() - before);
        granted
    }

    /// Makes room for one more item, and for as many as there are.
    pub(super) fn reserve_one<T>(&self, items: &mut Vec<T>) -> bool {
        items.len() < items.capacity() || self.reserve(items, items.len().max(4))
    }

    fn reserve<T>(&self, items: &mut Vec<T>, more: usize) -> bool {
        let before = items.capacity();
        let Some(wanted) = items.len().checked_add(more) else { return false };
        let bytes = wanted.saturating_sub(before).saturating_mul(size_of::<T>());
        if !self.allows(bytes) || !os::reserve_exact(items, more) {
            return false;
        }
        self.take((items.capacity() - before) * size_of::<T>());
        true
    }

    /// Makes room for one more entry. A table that is full moves to a new one, so that what it takes is known before it is taken; both count
    /// while that lasts.
    pub(super) fn reserve_entry<K: Eq + Hash, V, S: BuildHasher + Default>(
        &self,
        table: &mut HashMap<K, V, S>,
    ) -> bool {
        if table.len() < table.capacity() {
            return true;
        }
        self.forget_refusal();
        let Some(mut larger) = os::table(table.len().saturating_mul(2).max(4)) else { return false };
        if !self.allows(larger.allocation_size()) {
            return false;
        }
        self.take(larger.allocation_size());
        for (key, value) in table.drain() {
            // Not `extend`: a second caller keeps `insert` from being inlined where it is hot.
            larger.entry(key).or_insert(value);
        }
        let smaller = std::mem::replace(table, larger);
        self.give(smaller.allocation_size());
        true
    }

    /// Gives back the room of a table that is far too large; returns the bytes. Does nothing where the memory for a smaller one is refused.
    pub(super) fn shrink<K: Eq + Hash, V, S: BuildHasher + Default>(&self, table: &mut HashMap<K, V, S>) -> usize {
        let before = table.allocation_size();
        if table.capacity() > 4 * table.len() + 16
            && let Some(mut smaller) = os::table(table.len())
        {
            for (key, value) in table.drain() {
                smaller.entry(key).or_insert(value);
            }
            *table = smaller;
            self.give(before - table.allocation_size());
        }
        before - table.allocation_size()
    }

    /// The same for a table of a layer above.
    pub(crate) fn shrink_kept<K: Eq + Hash, V, S: BuildHasher + Default>(&self, table: &mut HashMap<K, V, S>) -> usize {
        let bytes = self.shrink(table);
        self.kept.set(self.kept.get() - bytes);
        bytes
    }

    /// Gives back the room of a list of a layer above beyond `items`, if it has no more than those; returns the bytes. Does nothing where the
    /// memory for a smaller one is refused.
    pub(crate) fn shrink_list<T: Copy>(&self, list: &mut Vec<T>, items: usize) -> usize {
        let mut smaller = Vec::new();
        if list.len() > items || list.capacity() <= items || !os::reserve_exact(&mut smaller, items) {
            return 0;
        }
        smaller.extend_from_slice(list);
        let bytes = (list.capacity() - smaller.capacity()) * size_of::<T>();
        *list = smaller;
        self.give_kept(bytes);
        bytes
    }

    /// Sets the soft limit, or none. A use that is above it already has not crossed it.
    pub(crate) fn set_soft_limit(&self, soft: Option<usize>) {
        self.soft.set(soft);
        self.armed.set(soft.is_some_and(|soft| self.used.get() < soft));
        self.crossed.set(false);
        self.crossed_just_now.set(false);
    }

    /// Whether the soft limit was crossed and the host has not been told.
    #[inline(always)]
    pub(crate) fn is_crossed(&self) -> bool {
        self.crossed.get()
    }

    /// The same, noting that the host is being told.
    pub(crate) fn take_crossing(&self) -> bool {
        self.crossed.replace(false)
    }

    /// Whether it was crossed since this was last asked.
    pub(super) fn is_crossed_just_now(&self) -> bool {
        self.crossed_just_now.replace(false)
    }
}
