//! Limits: the bytes that a heap may take, and those from which on the host is told.

use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;

use super::close::Operation;
use super::closures::try_box;
use super::state::HeapState;
use super::unraisable::UnraisableContext;
use super::{Heap, OutOfMemory};

/// The callback, erased. Boxed fallibly, which an `Rc` that could be cloned to call it can't be.
trait Callback {
    fn call(&self, heap: &Heap, used: usize);
}

impl<F: Fn(&Heap, usize)> Callback for [F; 1] {
    fn call(&self, heap: &Heap, used: usize) {
        let [callback] = self;
        callback(heap, used);
    }
}

/// The callback of a heap's soft limit. Whether the limit was crossed is the budget's to know. The callback is out of
/// its place while it runs, so that it may replace itself.
#[derive(Default)]
pub(crate) struct SoftLimit {
    callback: Cell<Option<Box<dyn Callback>>>,
    /// The callback is running: it is not called within itself.
    running: Cell<bool>,
    /// The one that is running was neither replaced nor ended meanwhile.
    goes_back: Cell<bool>,
}

impl fmt::Debug for SoftLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftLimit").field("running", &self.running).finish_non_exhaustive()
    }
}

impl Heap {
    /// Limits the [bytes in use](Heap::used_bytes); none is the default. The limit is never exceeded, not for a moment.
    ///
    /// An object for which there is no room makes the heap collect everything once, if the trigger is
    /// [`Trigger::Allocation`](crate::Trigger::Allocation) (even while automatic collection is [disabled](Heap::disable)), and give free memory
    /// back; then [`try_alloc`](Heap::try_alloc) and its sisters return an error with the value in it, and the others panic. Raw bytes
    /// ([`allocator`](Heap::allocator)) are refused without a collection: they are asked for where user code must not run. Deaths and
    /// collections need no memory.
    ///
    /// A limit below what is in use is allowed: nothing is granted until the use has fallen below it. Blocks that are free in memory that the
    /// heap has already are handed out nevertheless.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_memory_limit(Some(1 << 20));
    /// let mut texts = Vec::new();
    /// let error = loop {
    ///     match heap.try_alloc("x".repeat(10)) {
    ///         Ok(text) => texts.push(text),
    ///         Err(error) => break error,
    ///     }
    /// };
    /// assert!(heap.used_bytes() <= 1 << 20);
    /// assert!(error.to_string().contains("the heap's limit is 1048576 bytes"));
    /// texts.clear();
    /// assert!(heap.try_alloc(error.into_value()).is_ok());
    /// ```
    pub fn set_memory_limit(&self, limit: Option<usize>) {
        self.state().alloc.budget().set_limit(limit);
    }

    /// The limit that [`set_memory_limit`](Heap::set_memory_limit) has set.
    #[must_use]
    pub fn memory_limit(&self) -> Option<usize> {
        self.state().alloc.budget().limit()
    }

    /// The bytes that count against the [limit](Heap::set_memory_limit): pools that were touched (also if they are free now: they are
    /// resident until [`trim`](Heap::trim) or the next refusal), regions of large objects, raw bytes of the system allocator,
    /// [external](Heap::add_external) bytes, and the heap's own state. Arenas cost addresses, which don't count. Takes constant time.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let before = heap.used_bytes();
    /// let large = heap.alloc_slice(vec![0_u8; 100_000]);
    /// assert!(heap.used_bytes() >= before + 100_000);
    /// ```
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.state().alloc.budget().used()
    }

    /// The highest [use](Heap::used_bytes) so far. Takes constant time.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// drop(heap.alloc_slice(vec![0_u8; 1_000_000]));
    /// heap.trim();
    /// assert!(heap.peak_bytes() >= 1_000_000 && heap.used_bytes() < 1_000_000);
    /// ```
    #[must_use]
    pub fn peak_bytes(&self) -> usize {
        self.state().alloc.budget().peak()
    }

    /// Has `callback` called, with the heap and the bytes in use, once each time the [use](Heap::used_bytes) reaches `bytes` from below.
    ///
    /// It runs where a collection could: before the next object is allocated with [`Trigger::Allocation`](crate::Trigger::Allocation),
    /// else at the next [safepoint](Heap::safepoint); never inside a raw allocation, a collection, or itself, and not after the heap was
    /// closed. By then the use may have fallen again; several crossings that were not told yet are told as one. It may do anything: collect,
    /// allocate, set another limit, drop the heap. A panic goes to the [hook](Heap::set_unraisable_hook). It is dropped when the heap
    /// begins to close, and one that is set later at once.
    ///
    /// A use that is above `bytes` already has to fall first.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let warnings = Rc::new(Cell::new(0));
    /// let count = warnings.clone();
    /// heap.set_soft_limit(1 << 20, move |heap, used| {
    ///     assert!(used >= 1 << 20);
    ///     count.set(count.get() + 1);
    /// });
    /// let large = heap.alloc_slice(vec![0_u8; 2 << 20]);
    /// let small = heap.alloc(1);
    /// assert_eq!(warnings.get(), 1);
    /// ```
    ///
    /// # Panics
    /// If memory for the callback is refused; [`try_set_soft_limit`](Heap::try_set_soft_limit) gives it back instead.
    pub fn set_soft_limit(&self, bytes: usize, callback: impl Fn(&Heap, usize) + 'static) {
        self.try_set_soft_limit(bytes, callback).unwrap_or_else(|error| error.raise());
    }

    /// As [`set_soft_limit`](Heap::set_soft_limit), with an error if memory is refused. Then the one before stays.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the callback in it.
    pub fn try_set_soft_limit<F>(&self, bytes: usize, callback: F) -> Result<(), OutOfMemory<F>>
    where
        F: Fn(&Heap, usize) + 'static,
    {
        let state = self.state();
        if state.closing.get() {
            // USER CODE: the drop of what it captured.
            drop(callback);
            return Ok(());
        }
        let refused = |callback| OutOfMemory::new(callback, size_of::<F>()).for_purpose("a soft limit callback");
        let callback = try_box(callback, &state.alloc).map_err(refused)?;
        state.alloc.budget().set_soft_limit(Some(bytes));
        state.soft_limit.goes_back.set(false);
        let before = state.soft_limit.callback.replace(Some(callback));
        state.refresh_gate();
        // USER CODE: the drop of what the old one captured.
        drop(before);
        Ok(())
    }

    /// Ends the [soft limit](Heap::set_soft_limit): its callback is dropped, and a crossing that was not told yet never is.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_soft_limit(1 << 20, |_, used| unreachable!("{used} bytes"));
    /// heap.clear_soft_limit();
    /// let large = heap.add_external(2 << 20);
    /// heap.safepoint();
    /// ```
    pub fn clear_soft_limit(&self) {
        // USER CODE: the drop of what it captured.
        drop(self.state().take_soft_limit());
    }
}

impl HeapState {
    /// Ends the soft limit; what is left is the caller's to drop, where user code may run.
    fn take_soft_limit(&self) -> Option<Box<dyn Callback>> {
        self.alloc.budget().set_soft_limit(None);
        self.soft_limit.goes_back.set(false);
        self.refresh_gate();
        self.soft_limit.callback.take()
    }

    /// Drops the callback of the soft limit: the heap is closing.
    pub(crate) fn end_soft_limit(&self) {
        if let Some(callback) = self.take_soft_limit() {
            self.call_user(UnraisableContext::SoftLimit, "", || drop(callback));
        }
    }

    /// Calls the callback of the soft limit, if that was crossed and it is allowed to run.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    pub(crate) unsafe fn deliver_soft_limit(state: NonNull<HeapState>) {
        // SAFETY: the caller's promise.
        let this = unsafe { state.as_ref() };
        if this.collecting.get() || this.closed.get() || this.soft_limit.running.get() {
            return;
        }
        if !this.alloc.budget().take_crossing() {
            return;
        }
        let Some(callback) = this.soft_limit.callback.take() else { return };
        this.soft_limit.running.set(true);
        this.soft_limit.goes_back.set(true);
        // SAFETY: (1), (2) the caller's promise.
        let operation = unsafe { Operation::enter(state) };
        let used = this.alloc.budget().used();
        this.call_user(UnraisableContext::SoftLimit, "", || {
            // SAFETY: the operation keeps the state.
            unsafe { Heap::with_state(state, |heap| callback.call(heap, used)) }
        });
        if this.soft_limit.goes_back.replace(false) {
            this.soft_limit.callback.set(Some(callback));
        } else {
            // USER CODE: the drop of what it captured.
            this.call_user(UnraisableContext::SoftLimit, "", || drop(callback));
        }
        this.soft_limit.running.set(false);
        drop(operation);
    }
}
