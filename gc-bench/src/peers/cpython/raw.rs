//! `PyObject_Malloc`, CPython's own allocator.

use std::alloc::Layout;

use pyo3_ffi::{PyObject_Free, PyObject_Malloc};

use super::Gil;
use crate::peers::RawPeer;

/// The interpreter's allocator of objects.
pub struct PyMalloc(#[expect(dead_code, reason = "it is held")] Gil);

impl RawPeer for PyMalloc {
    fn new() -> PyMalloc {
        PyMalloc(Gil::take())
    }

    #[inline]
    fn allocate(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the GIL is held.
        unsafe { PyObject_Malloc(layout.size()) }.cast()
    }

    #[inline]
    unsafe fn free(&self, block: *mut u8, _: Layout) {
        // SAFETY: the GIL is held; the rest is the caller's promise.
        unsafe { PyObject_Free(block.cast()) };
    }
}
