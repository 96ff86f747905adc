//! The debug heap: switching it, guarded objects, and telling the host of what was found.

use core::ptr::NonNull;

use super::Heap;
use super::close::Operation;
use super::slow::Need;
use super::state::HeapState;
use super::unraisable::UnraisableContext;
use crate::alloc::ObjectRequest;
use crate::object::{Flags, object_size, type_of};

impl Heap {
    /// Switches the debug heap on or off (the initial state), for blocks that are allocated from now on: CPython's `PYTHONMALLOC=debug`, for a
    /// host's unsafe code and for that of the libraries that it uses. Objects and raw bytes are *guarded*:
    ///
    /// - fresh memory is filled with `0xCD`, freed memory with `0xDD`;
    /// - 16 bytes or more of `0xFD` lie behind each block, and before each raw one: who writes there is found when the block is freed, or by
    ///   [`check`](Heap::check);
    /// - a freed block is kept back for a while (the last 1024, 1 MiB at most; none if a limit has no room for the list of them): who writes to one is found when it is let go, or by `check`;
    /// - a raw block that is freed twice, or by a heap that it isn't of, or with another size or alignment than its own, is found at once, and
    ///   that free does nothing but for the last.
    ///
    /// What was found names the block: address, size, type, the serial number of its allocation, the bytes that were written, and where
    /// it was found, if `RUST_BACKTRACE` asks for that. `check` panics with it. Else the
    /// [hook](Heap::set_unraisable_hook) gets it, as [`UnraisableContext::DebugHeap`], where user code may run: before the next
    /// allocation of an object that may collect, at the next safepoint or collection that does anything, or when the heap is closed.
    ///
    /// Off, it costs nothing. On, each allocation and each free takes the slow path and an entry in a table, and blocks take more memory, which
    /// [counts](Heap::used_bytes). Blocks that are kept back are given back before memory is refused. A [factory](Heap::factory) that was made
    /// before makes objects without guards.
    ///
    /// ```
    /// use std::{cell::RefCell, rc::Rc};
    /// use tailbite::{Heap, UnraisableContext};
    /// let heap = Heap::new();
    /// heap.set_debug_heap(true);
    /// let text = heap.alloc_str("guarded");
    /// heap.check();
    /// assert!(heap.is_debug_heap());
    /// ```
    pub fn set_debug_heap(&self, on: bool) {
        self.state().set_debug_heap(on);
    }

    /// Whether the [debug heap](Heap::set_debug_heap) is on.
    #[must_use]
    pub fn is_debug_heap(&self) -> bool {
        self.state().alloc.is_debug_heap()
    }
}

impl HeapState {
    /// See [`Heap::set_debug_heap`].
    pub(super) fn set_debug_heap(&self, on: bool) {
        if !self.closed.get() && on != self.alloc.is_debug_heap() {
            self.types.set_guarded(on);
            self.alloc.set_debug_heap(on);
            self.refresh_gate();
        }
    }

    /// A block for an object with this header template, guarded if its header can say so.
    #[cold]
    pub(super) fn reserve_guarded(&self, template: u32, need: Need) -> Option<NonNull<u8>> {
        if template & Flags::LARGE.bits() as u32 == 0 {
            return self.reserve_plain(need);
        }
        // SAFETY: a template has a registered type's id.
        let ty = unsafe { type_of(template as u16) };
        let (size, align) = match need {
            Need::Region { size, align, .. } => (size, align),
            // The payload of a tailed object may end before the block would have ended without guards.
            Need::Block(bin) if ty.descriptor.tailed => (bin.block_size(), ty.descriptor.layout.align()),
            Need::Block(_) => (object_size(ty.descriptor.layout)?, ty.descriptor.layout.align()),
        };
        let tailed = ty.descriptor.tailed;
        self.alloc.allocate_guarded(ObjectRequest { kind: ty.kind(), size, align, tailed, name: ty.name() })
    }

    /// Tells the host what the debug heap has found.
    ///
    /// # Safety
    /// `state` is alive and stays so during the call.
    #[inline]
    pub(super) unsafe fn report_faults(state: NonNull<HeapState>) {
        // SAFETY: the caller's promise.
        if unsafe { state.as_ref() }.alloc.has_faults() {
            // SAFETY: the caller's promise.
            unsafe { Self::report_found(state) };
        }
    }

    /// # Safety
    /// As [`HeapState::report_faults`].
    #[cold]
    unsafe fn report_found(state: NonNull<HeapState>) {
        // SAFETY: (1), (2) the caller's promise.
        let operation = unsafe { Operation::enter(state) };
        while let Some(fault) = operation.state().alloc.take_fault() {
            // USER CODE: the hook.
            operation.state().report(UnraisableContext::DebugHeap, "", Box::new(fault));
        }
        drop(operation);
    }
}
