//! Refusals on purpose: requests for memory are numbered, and those whose number is in a range are refused.
//!
//! Off, they cost nothing: on, the gate is closed for objects and for raw bytes, so that every request takes a slow path, where it is numbered.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::ops::{Bound, RangeBounds};

use super::Allocator;

/// Which requests of an allocator are refused, and how many there were.
///
/// # Invariants
/// - While `range` is none, nothing is numbered; the gate is closed for raw bytes while it is there.
/// - A request is numbered once, however often it is tried, and so is one that is made of several for bookkeeping within the allocator.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// The first number to be refused, and the last.
    range: Cell<Option<(u64, u64)>>,
    requests: Cell<u64>,
}

impl Allocator {
    /// Numbers requests from 0 on, and refuses those whose number is in the range. An empty range ends both. The gate for objects is the heap's
    /// to close: see [`is_refusing`](Allocator::is_refusing).
    pub(crate) fn refuse(&self, requests: impl RangeBounds<u64>) {
        let range = first_and_last(&requests);
        self.refusals.requests.set(0);
        self.refusals.range.set(range);
        self.refresh_raw_gate();
    }

    /// Whether requests are numbered, and perhaps refused.
    #[inline]
    pub(crate) fn is_refusing(&self) -> bool {
        self.refusals.range.get().is_some()
    }

    /// The requests that were numbered so far.
    pub(crate) fn requests(&self) -> u64 {
        self.refusals.requests.get()
    }

    /// Numbers a request, if requests are numbered; whether it is refused. Then it has nothing to do with the limit.
    #[inline]
    pub(crate) fn refuses_request(&self) -> bool {
        match self.refusals.range.get() {
            Some(range) => self.number_request(range),
            None => false,
        }
    }

    #[cold]
    fn number_request(&self, (first, last): (u64, u64)) -> bool {
        let number = self.refusals.requests.get();
        self.refusals.requests.set(number.saturating_add(1));
        let refused = (first..=last).contains(&number);
        if refused {
            self.budget.forget_refusal();
        }
        refused
    }
}

/// The numbers at both ends of a range; none if it is empty.
fn first_and_last(range: &impl RangeBounds<u64>) -> Option<(u64, u64)> {
    let first = match range.start_bound() {
        Bound::Included(first) => *first,
        Bound::Excluded(before) => before.checked_add(1)?,
        Bound::Unbounded => 0,
    };
    let last = match range.end_bound() {
        Bound::Included(last) => *last,
        Bound::Excluded(end) => end.checked_sub(1)?,
        Bound::Unbounded => u64::MAX,
    };
    (first <= last).then_some((first, last))
}
