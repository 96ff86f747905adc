//! Numbers that begin at zero, in memory that may be refused.

use core::alloc::Layout;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::os;

/// A slice of numbers, all zero at first. Pages that are never written to take no memory, where the system works that way.
#[derive(Debug)]
pub(crate) struct Zeroed {
    numbers: NonNull<u32>,
    length: usize,
}

impl Zeroed {
    /// `None` if memory is refused, or `length` is 0.
    pub(crate) fn try_new(length: usize) -> Option<Zeroed> {
        let layout = Layout::array::<u32>(length).ok().filter(|layout| layout.size() != 0);
        Some(Zeroed { numbers: layout.and_then(os::system_alloc_zeroed)?.cast(), length })
    }
}

impl Deref for Zeroed {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        // SAFETY: allocated for so many numbers, and every pattern of bits is one.
        unsafe { NonNull::slice_from_raw_parts(self.numbers, self.length).as_ref() }
    }
}

impl DerefMut for Zeroed {
    fn deref_mut(&mut self) -> &mut [u32] {
        // SAFETY: as above, and borrowed exclusively.
        unsafe { NonNull::slice_from_raw_parts(self.numbers, self.length).as_mut() }
    }
}

impl Drop for Zeroed {
    fn drop(&mut self) {
        if let Ok(layout) = Layout::array::<u32>(self.length) {
            // SAFETY: allocated with this layout, and this is its last use.
            unsafe { os::system_free(self.numbers.cast(), layout) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Zeroed;
    use crate::base::refusal;

    #[test]
    fn numbers_are_zero_until_they_are_set() {
        let before = refusal::outstanding();
        let mut numbers = Zeroed::try_new(1000).unwrap();
        assert!(numbers.iter().all(|&number| number == 0));
        numbers[999] = 7;
        assert_eq!((numbers.len(), numbers[999]), (1000, 7));
        drop(numbers);
        assert_eq!(refusal::outstanding(), before);
        assert!(Zeroed::try_new(0).is_none() && Zeroed::try_new(usize::MAX).is_none());
        refusal::refuse_nth(0);
        assert!(Zeroed::try_new(10).is_none());
    }
}
