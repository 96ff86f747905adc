//! Faults: calls of user code that panic when their turn comes, and the test's own memory, which is never refused.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static PANIC_AT: Cell<Option<u64>> = const { Cell::new(None) };
    static EXEMPT: Cell<u32> = const { Cell::new(0) };
    static EXEMPT_ONCE: Cell<u32> = const { Cell::new(0) };
    static QUIET: Cell<u32> = const { Cell::new(0) };
}

/// What a call of user code panics with, and where.
#[derive(Debug)]
pub struct Fault(pub &'static str);

/// Begins to count calls of user code on this thread; the one with this number panics.
pub fn arm(panic_at: Option<u64>) {
    CALLS.set(0);
    EXEMPT_ONCE.set(0);
    PANIC_AT.set(panic_at);
}

/// The calls of user code since then. Nothing panics any more.
pub fn disarm() -> u64 {
    PANIC_AT.set(None);
    EXEMPT_ONCE.set(0);
    CALLS.get()
}

/// User code is called: by the name of what calls it. Panics if its turn has come, unless a panic is under way already: a second one would
/// end the process, in any program.
pub fn user_call(name: &'static str) {
    let number = CALLS.get();
    CALLS.set(number + 1);
    if PANIC_AT.get() == Some(number) && !std::thread::panicking() {
        PANIC_AT.set(None);
        let payload: Box<dyn Any + Send> = exempt(|| Box::new(Fault(name)));
        // The standard library's own box for the exception can't be refused.
        EXEMPT_ONCE.set(1);
        resume_unwind(payload);
    }
}

/// The calls of user code so far.
pub(super) fn calls() -> u64 {
    CALLS.get()
}

/// Runs `f`, which is part of the test: its memory is never refused by an allocator that refuses.
pub fn exempt<R>(f: impl FnOnce() -> R) -> R {
    struct Ends;
    impl Drop for Ends {
        fn drop(&mut self) {
            EXEMPT.set(EXEMPT.get() - 1);
        }
    }
    EXEMPT.set(EXEMPT.get() + 1);
    let _ends = Ends;
    f()
}

/// Asked by an allocator that refuses: whether this request is one of the test's own.
pub fn is_exempt() -> bool {
    if EXEMPT.get() != 0 {
        return true;
    }
    let once = EXEMPT_ONCE.get();
    EXEMPT_ONCE.set(once.saturating_sub(1));
    once != 0
}

/// Runs `f` with panics of this thread not printed; its panic, if there is one.
pub fn caught<R>(f: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if QUIET.get() == 0 {
                before(info);
            }
        }));
    });
    QUIET.set(QUIET.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(f));
    QUIET.set(QUIET.get() - 1);
    result
}
