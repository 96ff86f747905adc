//! Grants of memory beyond blocks, and the second look before any memory is refused.
#![forbid(unsafe_code)]

use std::hash::{BuildHasher, Hash};

use hashbrown::HashMap;

use super::Allocator;
use super::budget::Budget;

impl Allocator {
    /// What has been taken, and the limits.
    #[inline(always)]
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Counts `bytes` that the host holds elsewhere; false if the limit refuses them.
    pub(crate) fn take_external(&self, bytes: usize) -> bool {
        self.try_twice(|| self.budget.take_external(bytes).then_some(())).is_some()
    }

    /// Gives external bytes back.
    pub(crate) fn give_external(&self, bytes: usize) {
        self.budget.give_external(bytes);
    }

    /// Tries to take memory; before that is refused, gives free memory back and tries once more.
    pub(super) fn try_twice<R>(&self, take: impl Fn() -> Option<R>) -> Option<R> {
        let taken = take().or_else(|| if self.trim() != 0 { take() } else { None });
        self.notice_crossing();
        taken
    }

    /// Makes room for `more` items in a list that is given away, and doesn't count; false if it is refused.
    pub(crate) fn make_room<T>(&self, items: &mut Vec<T>, more: usize) -> bool {
        items.capacity() - items.len() >= more || !self.refuses_request() && items.try_reserve(more).is_ok()
    }

    /// Makes room for `more` items in a list of a layer above; false if it is refused.
    pub(crate) fn keep<T>(&self, items: &mut Vec<T>, more: usize) -> bool {
        let granted = !self.refuses_request() && self.budget.keep(items, more);
        self.notice_crossing();
        granted
    }

    /// Makes room for one more item, and for as many as there are, in a list of a layer above; false if it is refused.
    pub(crate) fn keep_one<T>(&self, items: &mut Vec<T>) -> bool {
        items.len() < items.capacity() || self.keep(items, items.len().max(4))
    }

    /// Makes room for one more entry in a table of a layer above; false if it is refused.
    pub(crate) fn keep_entry<K: Eq + Hash, V, S: BuildHasher + Default>(&self, table: &mut HashMap<K, V, S>) -> bool {
        table.len() < table.capacity() || {
            let granted = !self.refuses_request() && self.budget.keep_entry(table);
            self.notice_crossing();
            granted
        }
    }
}
