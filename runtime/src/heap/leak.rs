//! Leaking at close: the fast way out of a process.

use super::Heap;
use super::state::HeapState;

impl Heap {
    /// Chooses what dropping the `Heap` does: with `true` it leaves everything as it is. Nothing is collected, no
    /// finalizer, callback or drop runs, and no memory goes back, in constant time: for a process that ends, and for
    /// hosts whose scripts have no business at exit. Also for the [default heap](Heap::with_default), which closes when
    /// its thread ends.
    ///
    /// Handles that outlive the heap go on working: their objects are allocated, and die by count, as in any closed
    /// heap. The heap's own memory is never unmapped.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let text = heap.alloc_str("still there");
    /// heap.set_leak_at_close(true);
    /// drop(heap);
    /// assert_eq!(&*text, "still there");
    /// ```
    pub fn set_leak_at_close(&self, leak: bool) {
        self.state().leak_at_close.set(leak);
    }

    /// Whether dropping the `Heap` leaves everything as it is: [`set_leak_at_close`](Heap::set_leak_at_close).
    ///
    /// ```
    /// let heap = tailbite::Heap::new();
    /// assert!(!heap.leak_at_close());
    /// heap.set_leak_at_close(true);
    /// assert!(heap.leak_at_close());
    /// ```
    #[must_use]
    pub fn leak_at_close(&self) -> bool {
        self.state().leak_at_close.get()
    }
}

impl HeapState {
    /// Closes the state and runs nothing. The count of operations, saturated, keeps it for good (S21).
    pub(super) fn leak(&self) {
        self.closing.set(true);
        self.closed.set(true);
        self.operations.set(u32::MAX);
    }
}
