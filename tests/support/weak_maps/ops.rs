//! Operations over weak containers, from a tape.

use tailbite::Generation;

use crate::Tape;

/// Bytes of one operation: its kind and up to three numbers.
pub const WEAK_MAPS_OPERATION: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Node,
    KeyMap,
    ValueMap,
    Set,
}

/// Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub(super) enum Op {
    New(usize, Kind),
    Drop(usize),
    Clone(usize),
    Link(usize, usize),
    Unlink(usize),
    Insert(usize, usize, usize),
    Remove(usize, usize),
    Pop(usize),
    Clear(usize),
    Follow(usize, usize),
    Collect(usize, Generation),
}

impl Op {
    /// The next operation of a tape. Of 256 first bytes as many lead to each as its weight says.
    pub(super) fn read(tape: &Tape) -> Op {
        let kind = tape.byte();
        let index = || tape.below(32);
        // One in five is in the second heap.
        let heap = || usize::from(tape.one_in(5));
        match kind {
            0..=39 => Op::New(heap(), KINDS[tape.below(14)]),
            40..=87 => Op::Drop(index()),
            88..=91 => Op::Clone(index()),
            92..=123 => Op::Link(index(), index()),
            124..=131 => Op::Unlink(index()),
            132..=209 => Op::Insert(index(), index(), index()),
            210..=221 => Op::Remove(index(), index()),
            222..=225 => Op::Pop(index()),
            226..=229 => Op::Clear(index()),
            230..=237 => Op::Follow(index(), index()),
            238..=255 => Op::Collect(heap(), Generation::ALL[tape.below(4).min(2)]),
        }
    }
}

/// Mostly nodes.
const KINDS: [Kind; 14] = {
    let mut kinds = [Kind::Node; 14];
    (kinds[10], kinds[11]) = (Kind::KeyMap, Kind::KeyMap);
    (kinds[12], kinds[13]) = (Kind::ValueMap, Kind::Set);
    kinds
};
