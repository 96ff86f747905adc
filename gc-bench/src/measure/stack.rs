//! Threads with the stack that a peer needs.

use std::thread;

/// Runs something on a thread of its own with a stack of so many MiB (of address space: pages are taken as they are touched). Where
/// the system refuses that much, half of it is tried, and so on.
///
/// # Panics
/// With what the work panics with, or if there can be no thread at all.
pub fn on_stack<R: Send>(mebibytes: usize, work: impl FnOnce() -> R + Send) -> R {
    let mut bytes = mebibytes << 20;
    // `Builder::spawn` takes the work whether it succeeds or not: it is handed over by reference.
    let mut work = Some(work);
    loop {
        let work = &mut work;
        let result = thread::scope(|scope| {
            let run = move || (work.take().expect("it runs once"))();
            let thread = thread::Builder::new().stack_size(bytes).spawn_scoped(scope, run).ok()?;
            Some(thread.join())
        });
        match result {
            Some(Ok(result)) => return result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => bytes /= 2,
        }
        assert!(bytes >= 1 << 20, "the system refuses a thread");
    }
}

#[cfg(test)]
mod tests {
    use super::on_stack;

    #[test]
    fn a_stack_that_is_too_large_is_halved() {
        assert_eq!(on_stack(1 << 30, || 42), 42);
    }

    #[test]
    fn a_deep_recursion_fits() {
        fn depth(levels: u64) -> u64 {
            if levels == 0 { 0 } else { 1 + std::hint::black_box(depth(levels - 1)) }
        }
        assert_eq!(on_stack(1024, || depth(1_000_000)), 1_000_000);
    }
}
