//! Allocators alone: blocks that come and go in five patterns, and what remains of the memory when few blocks do.

use std::alloc::Layout;
use std::hint::black_box;

use super::Numbers;
use crate::measure::{Meter, Outcome, best_of, each, time};
use crate::peers::RawPeer;

const REPEATS: usize = 3;
/// Blocks in use beside the one that comes and goes.
const NEIGHBOURS: usize = 10_000;
/// Slots of the patterns with sizes.
const SLOTS: usize = 100_000;
/// Sizes are drawn beforehand.
const SIZES: usize = 1 << 12;

/// A block in use: its first word is its number.
#[derive(Clone, Copy)]
struct Slot {
    block: *mut u8,
    layout: Layout,
}

impl Slot {
    #[inline]
    fn fill(raw: &impl RawPeer, size: usize, number: u64) -> Slot {
        let layout = Layout::from_size_align(size, 8).expect("a small layout");
        let block = raw.allocate(layout);
        assert!(!block.is_null(), "memory was refused");
        // SAFETY: a fresh block of at least 8 bytes, aligned to 8.
        unsafe { block.cast::<u64>().write(number) };
        Slot { block, layout }
    }

    /// Frees the block, and returns its number.
    #[inline]
    fn clear(self, raw: &impl RawPeer) -> u64 {
        // SAFETY: the block is in use and has a number; each slot is cleared once.
        unsafe {
            let number = self.block.cast::<u64>().read();
            raw.free(self.block, self.layout);
            number
        }
    }
}

/// The sizes of a pattern, drawn with the same seed for all.
fn sizes(draw: impl Fn(&mut Numbers) -> usize) -> Vec<usize> {
    let mut numbers = Numbers::new(11);
    (0..SIZES).map(|_| draw(&mut numbers)).collect()
}

/// 32 bytes, taken and given back at once, in a heap that is not empty.
pub(super) fn pair<P: RawPeer>(pairs: usize) -> Outcome {
    let raw = P::new();
    let neighbours: Vec<Slot> = (0..NEIGHBOURS).map(|number| Slot::fill(&raw, 32, number as u64)).collect();
    let mut checksum = 0;
    let duration = best_of(REPEATS, || {
        let work = || (0..pairs).map(|number| black_box(Slot::fill(&raw, 32, number as u64)).clear(&raw)).sum::<u64>();
        let (sum, duration) = time(work);
        checksum = sum;
        duration
    });
    checksum += neighbours.into_iter().map(|slot| slot.clear(&raw)).sum::<u64>();
    Outcome::new(checksum).with("allocate and free", "ns", each(duration, pairs))
}

/// Replaces blocks, the oldest or any, by new ones.
fn replace<P: RawPeer>(slots: usize, steps: usize, in_order: bool, sizes: &[usize]) -> Outcome {
    let raw = P::new();
    let mut numbers = Numbers::default();
    let mut checksum = 0_u64;
    let size = |step: usize| sizes[step % sizes.len()];
    let mut blocks: Vec<Slot> = (0..slots).map(|step| Slot::fill(&raw, size(step), step as u64)).collect();
    let mut oldest = 0;
    let duration = best_of(REPEATS, || {
        let work = || {
            for step in 0..steps {
                let index = if in_order { oldest } else { numbers.below(slots) };
                oldest = if oldest + 1 == slots { 0 } else { oldest + 1 };
                checksum = checksum.wrapping_add(blocks[index].clear(&raw));
                blocks[index] = Slot::fill(&raw, size(step), (step ^ index) as u64);
            }
        };
        time(work).1
    });
    for slot in blocks {
        checksum = checksum.wrapping_add(slot.clear(&raw));
    }
    Outcome::new(checksum).with("replace", "ns", each(duration, steps))
}

/// As many blocks of 48 bytes as steps, the oldest replaced.
pub(super) fn fifo<P: RawPeer>(steps: usize) -> Outcome {
    replace::<P>(steps, steps, true, &[48])
}

/// The same, any replaced.
pub(super) fn random<P: RawPeer>(steps: usize) -> Outcome {
    replace::<P>(steps, steps, false, &[48])
}

/// Blocks of 16 to 512 bytes, all sizes alike.
pub(super) fn mixed<P: RawPeer>(steps: usize) -> Outcome {
    replace::<P>(SLOTS, steps, false, &sizes(|numbers| 16 + numbers.below(497)))
}

/// Sizes as an interpreter's: nine of ten from 32 to 96 bytes, the rest up to 512.
pub(super) fn interp<P: RawPeer>(steps: usize) -> Outcome {
    let draw = |numbers: &mut Numbers| match numbers.below(10) {
        0 => 16 + numbers.below(497),
        _ => 32 + numbers.below(65),
    };
    replace::<P>(SLOTS, steps, false, &sizes(draw))
}

/// Blocks of 48 bytes, of which 99 % are freed at random: what memory is left, by itself and when it is asked for.
pub(super) fn scattered<P: RawPeer>(blocks: usize) -> Outcome {
    let mut numbers = Numbers::default();
    let order = numbers.permutation(blocks);
    let mut slots: Vec<Slot> = Vec::with_capacity(blocks);
    let raw = P::new();
    // The table of slots is not the allocator's: it is written before the meter starts.
    let filler = Slot { block: std::ptr::null_mut(), layout: Layout::new::<u64>() };
    slots.resize(blocks, filler);
    let meter = Meter::start();
    for (number, slot) in slots.iter_mut().enumerate() {
        *slot = Slot::fill(&raw, 48, number as u64);
    }
    let full = meter.now();
    let (freed, kept) = order.split_at(blocks / 100 * 99);
    let mut checksum: u64 = freed.iter().map(|&index| slots[index as usize].clear(&raw)).sum();
    let before = meter.now();
    let trimmed = raw.trim();
    let after = meter.now();
    checksum += kept.iter().map(|&index| slots[index as usize].clear(&raw)).sum::<u64>();
    let megabytes = |bytes: Option<f64>| bytes.map(|bytes| bytes / 1e6);
    let outcome = Outcome::new(checksum)
        .with_some("resident, all in use", "MB", megabytes(full))
        .with_some("resident, 1 % in use", "MB", megabytes(before))
        .with_some("resident, trimmed", "MB", megabytes(after));
    if trimmed { outcome } else { outcome.noting("has no way to ask for a trim") }
}
