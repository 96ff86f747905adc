//! Hooks that are shared while they run, and made fallibly, which an `Rc` can't be.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;

use super::unraisable::Unraisable;
use crate::base::os;

struct Counted<C: ?Sized> {
    count: Cell<usize>,
    hook: C,
}

type Hook = dyn Fn(&Unraisable<'_>);

/// A hook that hears of panics, erased and counted.
///
/// Invariant: points to a `Counted` in memory of its layout from the system allocator, whose count is the number of shared hooks that point to
/// it, and to which nobody refers exclusively.
pub(crate) struct SharedHook(NonNull<Counted<Hook>>);

impl SharedHook {
    /// The hook back if memory is refused.
    pub(super) fn try_new<F: Fn(&Unraisable<'_>) + 'static>(hook: F) -> Result<SharedHook, F> {
        let Some(place) = os::system_alloc(Layout::new::<Counted<F>>()) else { return Err(hook) };
        let place = place.cast::<Counted<F>>();
        // SAFETY: fresh memory of the right layout.
        unsafe { place.write(Counted { count: Cell::new(1), hook }) };
        Ok(SharedHook(place))
    }

    pub(super) fn call(&self, unraisable: &Unraisable<'_>) {
        // USER CODE: the hook. It may replace itself; this keeps it.
        (self.counted().hook)(unraisable);
    }

    fn counted(&self) -> &Counted<Hook> {
        // SAFETY: the invariant: this is one of those that keep it.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for SharedHook {
    fn clone(&self) -> SharedHook {
        // One for each report on the stack: a word counts them all.
        let count = &self.counted().count;
        count.set(count.get() + 1);
        SharedHook(self.0)
    }
}

impl Drop for SharedHook {
    fn drop(&mut self) {
        /// Frees the memory also if the drop of the hook panics.
        struct Memory(NonNull<u8>, Layout);
        impl Drop for Memory {
            fn drop(&mut self) {
                // SAFETY: memory of this layout from the system allocator, which nobody uses any more.
                unsafe { os::system_free(self.0, self.1) };
            }
        }
        let counted = self.counted();
        let left = counted.count.get() - 1;
        counted.count.set(left);
        if left == 0 {
            let _memory = Memory(self.0.cast(), Layout::for_value(counted));
            // SAFETY: the invariant: this was the last one that pointed to it.
            // USER CODE: the drop of what the hook captured.
            unsafe { self.0.drop_in_place() };
        }
    }
}

impl fmt::Debug for SharedHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedHook").field(&self.counted().count).finish()
    }
}
