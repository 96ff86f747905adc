//! The part of CPython's interface that is used from Rust.

use std::ffi::{c_int, c_void};

/// An object of the interpreter's. Only its count is used from here.
#[repr(C)]
pub(super) struct PyObject([u8; 0]);

unsafe extern "C" {
    pub(super) fn PyEval_SaveThread() -> *mut c_void;
    pub(super) fn PyGILState_Ensure() -> c_int;
    pub(super) fn PyGILState_Release(state: c_int);
    pub(super) fn PyGC_Enable() -> c_int;
    pub(super) fn PyGC_Disable() -> c_int;
    pub(super) fn PyObject_Malloc(size: usize) -> *mut c_void;
    pub(super) fn PyObject_Free(block: *mut c_void);
    fn _Py_Dealloc(object: *mut PyObject);
}

/// The count, an object's first word (`node.c` asserts that), as the headers read and write it: all of the word; since 3.12 the half of it for one more, all of it
/// for one less, and a half that is negative belongs to an immortal object; since 3.14 the half for both. A half that is written and a word that is read right
/// after it cost as much as ten instructions, which is therefore part of the figures.
#[cfg(not(python_immortals))]
mod count {
    pub(super) type More = isize;
    pub(super) type Less = isize;
}
#[cfg(all(python_immortals, not(python_half_counts)))]
mod count {
    pub(super) type More = i32;
    pub(super) type Less = i64;
}
#[cfg(python_half_counts)]
mod count {
    pub(super) type More = i32;
    pub(super) type Less = i32;
}

/// `Py_INCREF`, which is in the headers so that compilers inline it. C does, and so does Rust with this.
///
/// # Safety
/// The object is alive, and the GIL is held.
#[inline(always)]
pub(super) unsafe fn increment(object: *mut PyObject) {
    let count = object.cast::<count::More>();
    // SAFETY: the count, which nobody else uses meanwhile.
    unsafe {
        if cfg!(python_immortals) && *count < 0 {
            return;
        }
        *count = (*count).wrapping_add(1);
    }
}

/// `Py_DECREF`, inlined as well.
///
/// # Safety
/// The caller owns a reference to the object and gives it up, and the GIL is held.
#[inline(always)]
pub(super) unsafe fn decrement(object: *mut PyObject) {
    let count = object.cast::<count::Less>();
    // SAFETY: the count, which nobody else uses meanwhile; at zero the object is the interpreter's.
    unsafe {
        if cfg!(python_immortals) && (*count as i32) < 0 {
            return;
        }
        *count -= 1;
        if *count == 0 {
            _Py_Dealloc(object);
        }
    }
}
