//! Threads with a stack of a chosen size.

use std::thread;

/// Runs `f` on a thread with a 64 KiB stack, or what comes to the same in the build at hand.
pub fn on_small_stack<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    // A sanitizer makes frames several times as large.
    let frames = if cfg!(tailbite_asan) { 8 } else { 1 };
    on_stack(frames * (64 << 10), f)
}

/// Runs `f` on a thread with a stack of `size` bytes and gives its result; a panic goes on in the caller.
pub fn on_stack<R: Send + 'static>(size: usize, f: impl FnOnce() -> R + Send + 'static) -> R {
    match thread::Builder::new().stack_size(size).spawn(f).expect("the thread starts").join() {
        Ok(value) => value,
        Err(payload) => std::panic::resume_unwind(payload),
    }
}
