//! A small fixed set of numbers: pools of an arena, lengths in use.
#![forbid(unsafe_code)]

/// A set of numbers below `64 * WORDS`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bits<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Bits<WORDS> {
    /// The empty set.
    pub(super) const EMPTY: Self = Self([0; WORDS]);

    /// Adds `n`; returns whether it was absent.
    pub(super) fn insert(&mut self, n: usize) -> bool {
        let (word, bit) = (&mut self.0[n / 64], 1 << (n % 64));
        let absent = *word & bit == 0;
        *word |= bit;
        absent
    }

    /// Removes `n`; returns whether it was present.
    pub(super) fn remove(&mut self, n: usize) -> bool {
        let (word, bit) = (&mut self.0[n / 64], 1 << (n % 64));
        let present = *word & bit != 0;
        *word &= !bit;
        present
    }

    /// Whether `n` is in the set.
    pub(super) fn contains(&self, n: usize) -> bool {
        self.0[n / 64] & (1 << (n % 64)) != 0
    }

    /// The smallest member that is at least `n`.
    pub(super) fn first_from(&self, n: usize) -> Option<usize> {
        let mut mask = u64::MAX << (n % 64);
        for word in n / 64..WORDS {
            let rest = self.0[word] & mask;
            if rest != 0 {
                return Some(word * 64 + rest.trailing_zeros() as usize);
            }
            mask = u64::MAX;
        }
        None
    }

    /// The first run of neighbours at or after `n`: its start and its length.
    pub(super) fn run_from(&self, n: usize) -> Option<(usize, usize)> {
        let start = self.first_from(n)?;
        let length = (start..64 * WORDS).take_while(|&member| self.contains(member)).count();
        Some((start, length))
    }

    /// The number of members.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}
