//! A block that the shadow knows, with its content.

use std::alloc::Layout;
use std::ptr::NonNull;

use super::place::Place;
use super::rooms::Room;

/// The length of the pattern that contents repeat: prime, so that a content that slipped by a power of two is another one.
const PERIOD: usize = 251;

/// Twice the pattern, so that it can begin anywhere.
const PATTERN: [u8; 2 * PERIOD] = {
    let mut pattern = [0; 2 * PERIOD];
    let mut index = 0;
    while index < pattern.len() {
        pattern[index] = ((index % PERIOD) * 167 % 256) as u8;
        index += 1;
    }
    pattern
};

/// A block in use.
pub(super) struct Block {
    pub(super) start: NonNull<u8>,
    pub(super) layout: Layout,
    /// The allocator, by its number.
    pub(super) place: usize,
    /// The room that it has; none if it is no memory at all: a block of no bytes, by the trait.
    pub(super) room: Option<Room>,
    /// Whether the trait's methods know it. Only these take blocks of no bytes for nothing.
    by_trait: bool,
    /// Where in the pattern its content begins.
    seed: u8,
}

impl Block {
    /// Takes a block and fills it; none if it is refused, for which there must be a reason.
    pub(super) fn new(place: &Place, number: usize, layout: Layout, how: u8, seed: u8) -> Option<Block> {
        let by_trait = how & 1 == 0 || !place.is_raw();
        let zeroed = how & 2 != 0;
        let Some(start) = place.allocate(layout, by_trait, zeroed) else {
            assert!(place.is_limited(), "{layout:?} is refused without a limit");
            assert!(!(by_trait && layout.size() == 0), "nothing is refused");
            return None;
        };
        let room = (layout.size() != 0 || !by_trait).then(|| Room::of(layout));
        let mut block = Block { start, layout, place: number, room, by_trait, seed };
        block.check_place(place);
        if zeroed {
            assert!(block.content().iter().all(|byte| *byte == 0), "{layout:?} is zeroed");
        }
        block.fill(seed);
        Some(block)
    }

    /// Its bytes.
    fn content(&self) -> &[u8] {
        // SAFETY: the block is in use, has as many bytes, and all of them were written or are about to be compared after they were zeroed.
        unsafe { NonNull::slice_from_raw_parts(self.start, self.layout.size()).as_ref() }
    }

    fn fill(&mut self, seed: u8) {
        self.seed = seed;
        // SAFETY: the block is in use, has as many bytes, and nothing else refers to it.
        let bytes = unsafe { NonNull::slice_from_raw_parts(self.start, self.layout.size()).as_mut() };
        let pattern = &PATTERN[usize::from(self.seed) % PERIOD..][..PERIOD];
        bytes.chunks_mut(PERIOD).for_each(|chunk| chunk.copy_from_slice(&pattern[..chunk.len()]));
    }

    /// Checks the first `length` bytes.
    fn check_prefix(&self, length: usize) {
        let pattern = &PATTERN[usize::from(self.seed) % PERIOD..][..PERIOD];
        let is_whole = self.content()[..length].chunks(PERIOD).all(|chunk| chunk == &pattern[..chunk.len()]);
        assert!(is_whole, "the content of {:p}, {:?}, changed", self.start, self.layout);
    }

    /// Checks its content byte for byte.
    pub(super) fn check(&self) {
        self.check_prefix(self.layout.size());
    }

    fn check_place(&self, place: &Place) {
        let Block { start, layout, room, .. } = self;
        assert!(start.addr().get().is_multiple_of(layout.align()), "{layout:?} at {start:p} is aligned");
        if let Some(room) = room {
            assert!(room.bytes() >= layout.size());
            place.check_look_up(start.as_ptr(), Some((start.addr().get(), room.bytes())));
        }
    }

    /// Changes its size, and its alignment where that is possible.
    pub(super) fn resize(&mut self, place: &Place, size: usize, align: usize, how: u8, seed: u8) {
        self.check();
        let old = self.layout;
        // Blocks of no bytes are something only to those who made them.
        if place.is_raw() && size != 0 && old.size() != 0 {
            self.by_trait = how & 1 == 0;
        }
        let is_sized = how & 2 == 0;
        let align = match (self.by_trait, is_sized) {
            (true, _) => align,
            (false, true) => old.align(),
            (false, false) => 8,
        };
        let new = Layout::from_size_align(size, align).expect("sizes are small, alignments powers of two");
        let address = self.start.addr().get();
        let before = place.allocated_bytes();
        let zeroed = self.by_trait && size >= old.size() && how & 4 != 0;
        // SAFETY: the block is in use, of this place, known by its layout, and its old address is not used after a success.
        let moved = unsafe { place.resize(self.start, old, new, (self.by_trait, is_sized, zeroed)) };
        let Some(start) = moved else {
            assert!(place.is_limited(), "{old:?} to {new:?} is refused without a limit");
            let has_room = self.room.is_some_and(|room| room.has_room(address, new));
            assert!(!has_room && size != 0, "{old:?} to {new:?} is refused although it has room");
            self.check();
            return;
        };
        (self.start, self.layout) = (start, new);
        self.room = self.room_after(place, address, before);
        self.check_place(place);
        self.check_prefix(size.min(old.size()));
        if zeroed {
            assert!(self.content()[old.size()..].iter().all(|byte| *byte == 0), "{old:?} to {new:?} is zeroed");
        }
        self.fill(seed);
    }

    /// The room after a change of size, from that before it, still in `self`.
    fn room_after(&self, place: &Place, address: usize, before: Option<usize>) -> Option<Room> {
        if self.by_trait && self.layout.size() == 0 {
            return None;
        }
        let fresh = Room::of(self.layout);
        let Some(room) = self.room else { return Some(fresh) };
        let stayed = self.start.addr().get() == address;
        if room.must_stay(address, self.layout) {
            assert!(stayed, "{room:?} moved to become {:?}", self.layout);
            return Some(room);
        }
        if !stayed {
            return Some(fresh);
        }
        // Which of the possible rooms it is the accounts say.
        let possible = room.after_staying(self.layout, place.is_limited());
        let found = possible.into_iter().flatten().find(|after| match (before, place.allocated_bytes()) {
            (Some(before), Some(now)) => before + after.bytes() == now + room.bytes(),
            _ => true,
        });
        assert!(found.is_some(), "{room:?} stayed to become {:?}: {possible:?}", self.layout);
        found
    }

    /// Checks it, and gives it back.
    pub(super) fn free(self, place: &Place, how: u8) {
        self.check();
        let by_trait = if place.is_raw() && self.layout.size() != 0 { how & 1 == 0 } else { self.by_trait };
        // SAFETY: the block is in use, of this place, known by its layout, and not used afterwards.
        unsafe { place.free(self.start, self.layout, by_trait, how & 2 == 0) };
        if self.room.is_some() {
            place.check_look_up(self.start.as_ptr(), None);
        }
    }
}
