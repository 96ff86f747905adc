//! Prefetching: asking for a cache line some steps before it is needed, and the queue that makes those steps.

use core::ptr::NonNull;

/// Asks the processor to fetch the cache line at `place`, which need not be valid. Does nothing where there is no stable way to ask.
#[inline(always)]
pub(crate) fn prefetch<T>(place: NonNull<T>) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch is a hint: it neither faults nor reads anything that the program sees.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.as_ptr().cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = place;
}

/// A queue that always holds `N` entries: what goes in comes out `N` steps later, when its cache line has arrived. There are entries that stand
/// for none, so that no step has to ask how many others there are.
#[derive(Debug)]
pub(crate) struct Delay<T, const N: usize> {
    entries: [T; N],
    next: usize,
}

impl<T: Copy, const N: usize> Delay<T, N> {
    /// The number of steps.
    pub(crate) const LENGTH: usize = N;

    /// A queue of `N` times `none`.
    #[inline]
    pub(crate) const fn new(none: T) -> Delay<T, N> {
        assert!(N.is_power_of_two());
        Delay { entries: [none; N], next: 0 }
    }

    /// Puts `entry` in, and takes out what went in `N` steps ago.
    #[inline(always)]
    pub(crate) fn exchange(&mut self, entry: T) -> T {
        let index = self.next & (N - 1);
        self.next = index + 1;
        core::mem::replace(&mut self.entries[index], entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_after_as_many_steps() {
        let mut queue = Delay::<u32, 4>::new(0);
        let out: Vec<u32> = (1..=10).map(|entry| queue.exchange(entry)).collect();
        assert_eq!(out, [0, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
        let rest: Vec<u32> = (0..Delay::<u32, 4>::LENGTH).map(|_| queue.exchange(0)).collect();
        assert_eq!(rest, [7, 8, 9, 10]);
    }

    #[test]
    fn any_address_may_be_asked_for() {
        prefetch(NonNull::<u64>::dangling());
    }
}
