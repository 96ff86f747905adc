//! Nodes of different sizes: two references, an integer, and none to six unused words, together 24, 32, 40 or 72 bytes.
//!
//! The payload counts a word for each reference. Where a handle to an object of any size takes two, the second one is overhead.

#[cfg(feature = "peers")]
pub mod gc_arena;
#[cfg(feature = "peers")]
pub mod gcmodule;
pub mod rc;
pub mod tailbite;

/// The unused words of a node: none for half of them, more for the others; 11 bytes in the mean.
#[must_use]
pub fn tail_words(value: i64) -> usize {
    match value % 20 {
        0..10 => 0,
        10..14 => 1,
        14..17 => 2,
        _ => 6,
    }
}

/// The payload of a node, in bytes.
#[must_use]
pub fn payload_bytes(value: i64) -> usize {
    24 + 8 * tail_words(value)
}

/// Makes a node with the right tail: `$make` is an expression for each of the arrays that `$tail` can be.
macro_rules! with_tail {
    ($value:expr, |$tail:ident| $make:expr) => {
        match $crate::peers::mixed::tail_words($value) {
            0 => with_tail!(0, $tail, $make),
            1 => with_tail!(1, $tail, $make),
            2 => with_tail!(2, $tail, $make),
            _ => with_tail!(6, $tail, $make),
        }
    };
    ($words:literal, $tail:ident, $make:expr) => {{
        let $tail = [0_u64; $words];
        $make
    }};
}

use with_tail;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::payload_bytes;

    #[test]
    fn nodes_have_the_sizes_that_the_workload_speaks_of() {
        assert_eq!((0..20).map(payload_bytes).collect::<BTreeSet<_>>(), BTreeSet::from([24, 32, 40, 72]));
    }
}
