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

/// A queue of `N` entries: what goes into a full one comes out `N` steps later, when its cache line has arrived.
#[derive(Debug)]
pub(crate) struct Delay<T, const N: usize> {
    entries: [T; N],
    next: usize,
    length: usize,
}

impl<T: Copy, const N: usize> Delay<T, N> {
    /// An empty queue. `filler` is what its places hold meanwhile.
    #[inline]
    pub(crate) const fn new(filler: T) -> Delay<T, N> {
        assert!(N.is_power_of_two());
        Delay { entries: [filler; N], next: 0, length: 0 }
    }

    /// Puts `entry` in; if the queue was full, takes out what has been in longest.
    #[inline(always)]
    pub(crate) fn push(&mut self, entry: T) -> Option<T> {
        let index = self.next & (N - 1);
        self.next = index + 1;
        let oldest = core::mem::replace(&mut self.entries[index], entry);
        if self.length == N {
            return Some(oldest);
        }
        self.length += 1;
        None
    }

    /// Takes out what has been in longest.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let length = self.length.checked_sub(1)?;
        let oldest = self.entries[self.next.wrapping_sub(self.length) & (N - 1)];
        self.length = length;
        Some(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_after_as_many_steps() {
        let mut queue = Delay::<u32, 4>::new(0);
        assert_eq!(queue.pop(), None);
        let out: Vec<u32> = (1..=10).filter_map(|entry| queue.push(entry)).collect();
        assert_eq!(out, [1, 2, 3, 4, 5, 6]);
        assert_eq!([queue.pop(), queue.pop()], [Some(7), Some(8)]);
        assert_eq!((queue.push(11), queue.push(12), queue.push(13)), (None, None, Some(9)));
        let rest: Vec<u32> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest, [10, 11, 12, 13]);
    }

    #[test]
    fn any_address_may_be_asked_for() {
        prefetch(NonNull::<u64>::dangling());
    }
}
