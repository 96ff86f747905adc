//! The shadow map: every block in use, by its address.

use std::collections::BTreeMap;
use std::ptr;

use super::block::Block;
use crate::Tape;

/// The blocks in use of all allocators.
///
/// # Invariants
/// The rooms of blocks in use are disjoint. Those of no bytes at all, which are nowhere, are kept apart.
#[derive(Default)]
pub(super) struct Shadow {
    blocks: BTreeMap<usize, Block>,
    nothing: Vec<Block>,
    bytes: usize,
    /// Addresses of blocks that were given back.
    freed: Vec<*const u8>,
}

impl Shadow {
    /// The number of blocks.
    pub(super) fn len(&self) -> usize {
        self.blocks.len() + self.nothing.len()
    }

    /// The bytes that were asked for.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a block, which must not overlap another one.
    pub(super) fn insert(&mut self, block: Block) {
        let Some(room) = block.room else {
            self.nothing.push(block);
            return;
        };
        let start = block.start.addr().get();
        let next = self.blocks.range(start..).next();
        assert!(next.is_none_or(|(next, _)| *next - start >= room.bytes()), "{start:#x} overlaps the next block");
        let before = self.blocks.range(..start).next_back();
        assert!(
            before.is_none_or(|(before, block)| start - before >= block.room.map_or(0, |room| room.bytes())),
            "{start:#x} overlaps the block before it"
        );
        self.bytes += block.layout.size();
        self.blocks.insert(start, block);
    }

    /// Takes some block out.
    pub(super) fn take(&mut self, tape: &Tape) -> Option<Block> {
        let index = tape.below(self.len());
        match index.checked_sub(self.blocks.len()) {
            Some(index) => (index < self.nothing.len()).then(|| self.nothing.swap_remove(index)),
            None => {
                let start = *self.blocks.keys().nth(index)?;
                self.remove(start)
            }
        }
    }

    fn remove(&mut self, start: usize) -> Option<Block> {
        let block = self.blocks.remove(&start)?;
        self.bytes -= block.layout.size();
        Some(block)
    }

    /// Remembers the address of a block that is given back.
    pub(super) fn forget(&mut self, block: &Block) {
        self.freed.push(block.start.as_ptr());
        if self.freed.len() > 64 {
            self.freed.swap_remove(self.freed.len() / 2);
        }
    }

    /// Takes every n-th block out, from a first one.
    pub(super) fn take_every(&mut self, stride: usize, first: usize) -> Vec<Block> {
        let chosen: Vec<usize> = self.blocks.keys().skip(first).step_by(stride).copied().collect();
        let mut taken: Vec<Block> = chosen.into_iter().filter_map(|start| self.remove(start)).collect();
        taken.append(&mut self.nothing);
        taken
    }

    /// Takes all blocks of an allocator out.
    pub(super) fn take_place(&mut self, place: usize) -> Vec<Block> {
        let chosen: Vec<usize> =
            self.blocks.iter().filter(|(_, block)| block.place == place).map(|(start, _)| *start).collect();
        let mut taken: Vec<Block> = chosen.into_iter().filter_map(|start| self.remove(start)).collect();
        taken.extend(self.nothing.extract_if(.., |block| block.place == place));
        taken
    }

    /// The allocator `from` has a new number.
    pub(super) fn rename_place(&mut self, from: usize, to: usize) {
        let all = self.blocks.values_mut().chain(&mut self.nothing);
        all.filter(|block| block.place == from).for_each(|block| block.place = to);
    }

    /// The rooms of an allocator's blocks.
    pub(super) fn rooms(&self, place: usize) -> impl Iterator<Item = super::rooms::Room> {
        self.blocks.values().filter(move |block| block.place == place).filter_map(|block| block.room)
    }

    /// Start and length of the allocator's room that an address lies in.
    pub(super) fn room_around(&self, place: usize, address: usize) -> Option<(usize, usize)> {
        let (start, block) = self.blocks.range(..=address).next_back()?;
        let length = block.room?.bytes();
        (block.place == place && address - start < length).then_some((*start, length))
    }

    /// Some address: at the edges of a block, in the middle of one, where one was, of something else, or just a number.
    pub(super) fn any_address(&self, tape: &Tape, other: *const u8) -> *const u8 {
        let block = self.blocks.values().nth(tape.below(self.blocks.len()));
        let start = block.map_or(other, |block| block.start.as_ptr().cast_const());
        let length = block.and_then(|block| block.room).map_or(1, |room| room.bytes());
        match tape.below(10) {
            0 => start,
            1 => start.wrapping_sub(1),
            2 => start.wrapping_add(length),
            3 => start.wrapping_add(length - 1),
            4 => start.wrapping_add(tape.below(1 << 16)),
            5 => start.map_addr(|address| address & !4095).wrapping_add(tape.below(4096)),
            6 => self.freed.get(tape.below(self.freed.len())).copied().unwrap_or(other),
            7 => other,
            8 => [ptr::null(), ptr::without_provenance(usize::MAX), ptr::without_provenance(1)][tape.below(3)],
            _ => ptr::without_provenance(tape.below(1 << 16) << tape.below(49)),
        }
    }

    /// Checks the content of every block.
    pub(super) fn check(&self) {
        self.blocks.values().for_each(Block::check);
    }
}
