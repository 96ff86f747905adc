//! A global allocator that refuses on demand, for binaries of their own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::RangeInclusive;

use crate::workload::is_exempt;

thread_local! {
    /// The requests that are refused, by their first number and their last; none: all are granted, and not numbered.
    static REFUSED: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, but for the requests of a thread that asked for refusals. What the workload needs for itself is granted.
#[derive(Clone, Copy, Debug)]
pub struct Refusing;

impl Refusing {
    fn refuses() -> bool {
        let Some((first, last)) = REFUSED.get() else { return false };
        if is_exempt() {
            return false;
        }
        let number = REQUESTS.get();
        REQUESTS.set(number + 1);
        (first..=last).contains(&number)
    }
}

impl crate::workload::System for Refusing {
    fn refuse(&self, requests: RangeInclusive<u64>) {
        REQUESTS.set(0);
        REFUSED.set(Some((*requests.start(), *requests.end())));
    }

    fn grant(&self) -> u64 {
        REFUSED.set(None);
        REQUESTS.get()
    }
}

// SAFETY: passes everything on, or refuses, which is always allowed.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on.
        if Self::refuses() { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on.
        if Self::refuses() { std::ptr::null_mut() } else { unsafe { System.alloc_zeroed(layout) } }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: passed on.
        if Self::refuses() { std::ptr::null_mut() } else { unsafe { System.realloc(block, layout, size) } }
    }
}
