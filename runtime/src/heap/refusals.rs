//! Refused allocations on purpose: for a host's tests of its own out-of-memory paths.

use std::ops::RangeBounds;

use super::Heap;

impl Heap {
    /// Numbers the heap's requests for memory from now on: 0, 1, 2 and so on; those whose number is in `requests` are refused. An empty range
    /// ends that, and is the initial state. CPython's `_testcapi.set_nomemory(start, stop)`.
    ///
    /// A request is: an object; raw bytes ([`allocator`](Heap::allocator)) and their growth; [external](Heap::add_external) bytes and their
    /// growth; and each room that the heap asks for on its own account: for weak references, tables, roots, registries, callbacks, lists of
    /// objects that a call returns. What is asked for again, after a collection or after memory was given back, counts once and is refused as
    /// a whole. Requests for nothing don't count, nor do first uses of a type (types belong to the process), nor the allocator's
    /// own bookkeeping.
    ///
    /// A refused request behaves as if the system had refused it: an object makes the heap collect everything first, where a
    /// [limit](Heap::set_memory_limit) would; the `try_` functions return [`OutOfMemory`](crate::OutOfMemory) with the value in it, and the others
    /// panic. Some requests can be done without: then nothing is to be seen. Limits go on being kept.
    ///
    /// The order of requests is the same from run to run, so that a test can refuse each one in turn. While they are numbered, every allocation
    /// takes the slow path; else this costs nothing. It works in a closed heap, too.
    ///
    /// ```
    /// use tailbite::{Heap, OutOfMemory};
    ///
    /// /// What is tested: it gives up half-way, or not at all.
    /// fn pairs(heap: &Heap) -> Result<(), OutOfMemory<String>> {
    ///     let first = heap.try_alloc("first".to_owned())?;
    ///     let second = heap.try_alloc("second".to_owned())?;
    ///     Ok(())
    /// }
    ///
    /// let heap = Heap::new();
    /// for n in 0.. {
    ///     heap.refuse_allocations(n..=n);
    ///     let result = pairs(&heap);
    ///     let refused = heap.allocation_requests() > n;
    ///     heap.refuse_allocations(0..0);
    ///     assert_eq!((result.is_err(), heap.object_count()), (refused, 0));
    ///     if !refused {
    ///         assert_eq!(n, 2);
    ///         break;
    ///     }
    /// }
    /// ```
    pub fn refuse_allocations(&self, requests: impl RangeBounds<u64>) {
        self.state().alloc.refuse(requests);
        self.state().refresh_gate();
    }

    /// The requests for memory that were numbered since [`refuse_allocations`](Heap::refuse_allocations) was called; 0 while that is off.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// // None has this number: counts only.
    /// heap.refuse_allocations(u64::MAX..);
    /// let text = heap.alloc_str("text");
    /// let bytes = heap.add_external(100);
    /// assert_eq!(heap.allocation_requests(), 2);
    /// ```
    #[must_use]
    pub fn allocation_requests(&self) -> u64 {
        self.state().alloc.requests()
    }
}
