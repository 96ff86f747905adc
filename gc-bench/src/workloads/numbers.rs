//! Seeded numbers (xorshift64), the same from run to run and from peer to peer.

/// A sequence of numbers.
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The sequence of a seed, which must not be 0.
    #[must_use]
    pub fn new(seed: u64) -> Numbers {
        assert_ne!(seed, 0, "a seed of 0 gives nothing but zeros");
        Numbers(seed)
    }

    /// The next number.
    #[inline]
    pub fn word(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next number below `bound`.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        // The high half of a product, instead of a division that would be part of what is measured.
        ((u128::from(self.word()) * bound as u128) >> 64) as usize
    }

    /// All numbers below `count` in random order.
    #[must_use]
    pub fn permutation(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(count).expect("fewer than four billion")).collect();
        for index in (1..count).rev() {
            order.swap(index, self.below(index + 1));
        }
        order
    }
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers::new(0x9E37_79B9_7F4A_7C15)
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn a_permutation_has_each_number_once() {
        let mut order = Numbers::default().permutation(1000);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_stay_below_their_bound_and_reach_it() {
        let mut numbers = Numbers::default();
        let mut seen = [0; 7];
        (0..7000).for_each(|_| seen[numbers.below(7)] += 1);
        assert!(seen.iter().all(|&times| times > 800), "{seen:?}");
    }
}
