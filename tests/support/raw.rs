//! Raw memory against a shadow: a byte-driven program over several allocators, every block of which is known with its content.
//!
//! The program requests blocks of every kind of size and alignment, changes their sizes, gives them back, sets limits, closes heaps whose
//! blocks live on, drops allocators with blocks in use, and asks for addresses that are anyone's. The shadow says what must come of it: to
//! the byte where it can be said, else by the rule ("no limit refuses what shrinks").

mod block;
mod place;
mod rooms;
mod shadow;

use std::alloc::Layout;

use block::Block;
use place::Place;
use shadow::Shadow;

use crate::Tape;

/// Bytes of an operation.
const OPERATION: usize = 8;
/// Blocks in use and bytes in them beyond which the program only gives back.
const MOST_BLOCKS: usize = 3000;
const MOST_BYTES: usize = 4 << 20;

/// Runs the program of raw memory that `bytes` say: [`RawAllocator`](tailbite::RawAllocator) and
/// [`HeapAllocator`](tailbite::HeapAllocator) against a shadow map.
///
/// # Panics
/// On any disagreement: a content that changed, blocks that overlap, a count that is wrong, a limit that is exceeded, a request that is
/// refused without need, an address that is taken for a block.
pub fn run_raw(bytes: &[u8]) {
    let tape = Tape::of_operations(bytes);
    let mut world = World::default();
    while tape.operation(OPERATION) {
        world.step(&tape);
    }
    world.finish();
}

/// All allocators of a program, and the shadow of their blocks.
#[derive(Default)]
struct World {
    places: Vec<Place>,
    shadow: Shadow,
    /// The seed of the next content.
    seed: u8,
}

impl World {
    const MOST_PLACES: usize = 4;

    fn step(&mut self, tape: &Tape) {
        if self.places.is_empty() {
            self.places.push(Place::open(tape.below(2) == 0));
        }
        let operation = tape.byte();
        let place = tape.below(self.places.len());
        let used: Vec<Option<usize>> = self.places.iter().map(Place::used).collect();
        match operation % 32 {
            0..=7 => self.allocate(place, size(tape), align(tape), tape),
            8..=10 => self.fill_pools(place, tape),
            11..=17 => self.resize(tape),
            18..=22 => self.free(tape),
            23 => self.free_many(tape),
            24 | 25 => self.look_up(tape),
            26 => self.places[place].set_limit(tape),
            27 => self.places[place].trim(),
            28 => self.places[place].objects(tape),
            29 => self.places[place].odd_requests(tape),
            30 => self.check(),
            _ => return self.open_or_close(place, tape),
        }
        self.places.iter().zip(used).for_each(|(place, used)| place.check_limit(used));
    }

    fn is_full(&self) -> bool {
        self.shadow.len() >= MOST_BLOCKS || self.shadow.bytes() >= MOST_BYTES
    }

    fn next_seed(&mut self) -> u8 {
        self.seed = self.seed.wrapping_add(1);
        self.seed
    }

    fn allocate(&mut self, place: usize, size: usize, align: usize, tape: &Tape) {
        if self.is_full() {
            return;
        }
        let layout = Layout::from_size_align(size, align).expect("sizes are small, alignments powers of two");
        let seed = self.next_seed();
        if let Some(block) = Block::new(&self.places[place], place, layout, tape.byte(), seed) {
            self.shadow.insert(block);
        }
    }

    /// Takes many blocks of one size.
    fn fill_pools(&mut self, place: usize, tape: &Tape) {
        let (size, count) = (tape.below(520), tape.byte());
        for _ in 0..count {
            self.allocate(place, size, 8, tape);
        }
    }

    fn resize(&mut self, tape: &Tape) {
        let Some(mut block) = self.shadow.take(tape) else { return };
        let seed = self.next_seed();
        block.resize(&self.places[block.place], size(tape), align(tape), tape.byte(), seed);
        self.shadow.insert(block);
    }

    fn free(&mut self, tape: &Tape) {
        if let Some(block) = self.shadow.take(tape) {
            self.give_back(block, tape.byte());
        }
    }

    fn give_back(&mut self, block: Block, how: u8) {
        self.shadow.forget(&block);
        let place = &self.places[block.place];
        block.free(place, how);
    }

    /// Gives back every n-th block.
    fn free_many(&mut self, tape: &Tape) {
        let (stride, first, how) = (1 + tape.below(8), tape.below(8), tape.byte());
        for block in self.shadow.take_every(stride, first) {
            self.give_back(block, how);
        }
    }

    /// Asks for addresses that are anyone's: the shadow knows whose.
    fn look_up(&mut self, tape: &Tape) {
        let address = self.shadow.any_address(tape, (&raw const *self).cast());
        for (index, place) in self.places.iter().enumerate() {
            place.check_look_up(address, self.shadow.room_around(index, address.addr()));
        }
    }

    fn open_or_close(&mut self, place: usize, tape: &Tape) {
        match tape.below(4) {
            0 if self.places.len() < Self::MOST_PLACES => self.places.push(Place::open(tape.below(2) == 0)),
            1 => self.places[place].close(),
            2 => {
                // With the last allocator all blocks go, also those in use.
                self.places.swap_remove(place).abandon(self.shadow.take_place(place));
                self.shadow.rename_place(self.places.len(), place);
            }
            _ => self.places[place].clone_allocator(),
        }
    }

    fn check(&self) {
        self.shadow.check();
        for (index, place) in self.places.iter().enumerate() {
            place.check(self.shadow.rooms(index));
        }
    }

    /// Gives everything back; nothing may stay.
    fn finish(mut self) {
        self.check();
        for (index, block) in self.shadow.take_every(1, 0).into_iter().enumerate() {
            self.give_back(block, index as u8);
        }
        self.places.into_iter().for_each(Place::finish);
    }
}

/// A size: mostly of a class, now and then large, often at an edge.
fn size(tape: &Tape) -> usize {
    match tape.below(16) {
        0..=6 => tape.below(256),
        7..=9 => tape.below(600),
        10 => [0, 1, 7, 8, 9, 504, 505, 511, 512, 513, 1023, 4096][tape.below(12)],
        11..=13 => 500 + tape.below(3000),
        _ => tape.below(1 << 16) << tape.below(3),
    }
}

/// An alignment: mostly small, sometimes above what pools serve.
fn align(tape: &Tape) -> usize {
    match tape.below(8) {
        0..=4 => 8,
        5 => 1 << tape.below(4),
        6 => 1 << tape.below(8),
        _ => 1 << tape.below(15),
    }
}
