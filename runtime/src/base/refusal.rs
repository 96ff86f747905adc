//! Refused memory, for tests: makes requests to [`os`](super::os) fail on purpose, and counts what is out.
//!
//! All state is per thread, so that tests which run side by side do not disturb each other.

use std::cell::Cell;

thread_local! {
    static PLAN: Cell<Plan> = const { Cell::new(Plan::Grant) };
    static OUTSTANDING: Cell<usize> = const { Cell::new(0) };
}

/// What happens to the requests to come.
#[derive(Clone, Copy)]
enum Plan {
    /// Every request is passed on.
    Grant,
    /// The n-th request from now is refused (0: the next one), later ones are passed on.
    RefuseNth(usize),
    /// Requests are refused from the n-th on.
    RefuseFrom(usize),
}

/// Refuses the `n`-th request of this thread from now (0: the next one), and only that one.
pub(crate) fn refuse_nth(n: usize) {
    PLAN.set(Plan::RefuseNth(n));
}

/// Refuses every request of this thread from the `n`-th on (0: the next one), until [`grant`].
pub(crate) fn refuse_from(n: usize) {
    PLAN.set(Plan::RefuseFrom(n));
}

/// Ends every refusal. Returns whether the planned refusal was still to come, so that a test can tell
/// that its program made fewer requests than it planned for.
pub(crate) fn grant() -> bool {
    matches!(PLAN.replace(Plan::Grant), Plan::RefuseNth(_) | Plan::RefuseFrom(1..))
}

/// Asked once for each request: is this one refused?
pub(super) fn refused() -> bool {
    let (refused, next) = match PLAN.get() {
        Plan::Grant => (false, Plan::Grant),
        Plan::RefuseNth(0) => (true, Plan::Grant),
        Plan::RefuseNth(n) => (false, Plan::RefuseNth(n - 1)),
        Plan::RefuseFrom(0) => (true, Plan::RefuseFrom(0)),
        Plan::RefuseFrom(n) => (false, Plan::RefuseFrom(n - 1)),
    };
    PLAN.set(next);
    refused
}

/// The bytes that this thread has taken from [`os`](super::os) and not given back (vectors apart).
pub(crate) fn outstanding() -> usize {
    OUTSTANDING.get()
}

/// Notes that `size` bytes were handed out.
pub(super) fn granted(size: usize) {
    OUTSTANDING.set(OUTSTANDING.get().wrapping_add(size));
}

/// Notes that `size` bytes came back. Heaps stay on their thread, but a `RawAllocator` may have come from another, whose bytes this thread
/// never counted.
pub(super) fn returned(size: usize) {
    OUTSTANDING.set(OUTSTANDING.get().wrapping_sub(size));
}
