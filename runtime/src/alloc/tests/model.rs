//! Random programs against a shadow: every live block is filled with a pattern, which must still be there when it is freed.

use std::collections::HashMap;

use super::stats::check_equations;
use super::*;

/// What a block was asked for with.
#[derive(Clone, Copy, Debug)]
enum Request {
    Object { kind: PoolKind, size: usize, align: usize },
    Raw { size: usize, align: usize },
}

#[derive(Clone, Copy)]
struct Live {
    block: NonNull<u8>,
    request: Request,
    pattern: u8,
}

struct Program {
    allocator: TestAllocator,
    random: Random,
    live: Vec<Live>,
    /// The header words that were left in freed object blocks.
    left: HashMap<NonNull<u8>, u64>,
    /// Blocks whose pools were pinned, with the pin.
    pinned: Vec<(NonNull<u8>, PoolFlags)>,
    /// During a hold: pools in use at its beginning, with what they were used for.
    held: Vec<(NonNull<Pool>, PoolKind, usize)>,
}

impl Program {
    fn new(seed: u64) -> Program {
        Program {
            allocator: TestAllocator::new(),
            random: Random(seed),
            live: Vec::new(),
            left: HashMap::new(),
            pinned: Vec::new(),
            held: Vec::new(),
        }
    }

    fn request(&mut self) -> Request {
        let size = match self.random.below(100) {
            0..60 => self.random.below(100),
            60..85 => self.random.below(600),
            85..97 => self.random.below(6000),
            _ => self.random.below(60_000),
        };
        let align = match self.random.below(10) {
            0..7 => 8,
            7..9 => 1 << self.random.below(7),
            _ => 1 << self.random.below(13),
        };
        match self.random.below(3) {
            0 => Request::Raw { size, align },
            1 => Request::Object { kind: PoolKind::Tracked, size: size + 8, align },
            _ => Request::Object { kind: PoolKind::Leaf, size: size + 8, align },
        }
    }

    fn allocate(&mut self) {
        let request = self.request();
        let block = match request {
            Request::Object { kind, size, align } => match Bin::for_object(kind, size, align) {
                Some(bin) => self.allocator.allocate(bin),
                None => self.allocator.allocate_large(kind, size, align),
            },
            Request::Raw { size, align } => self.allocator.allocate_raw(size, align),
        };
        let block = block.unwrap_or_else(|| panic!("{request:?} is refused"));
        let (payload, length) = payload(block, request);
        let align = match request {
            Request::Object { align, .. } | Request::Raw { align, .. } => align,
        };
        assert!(payload.addr().get().is_multiple_of(align), "{request:?} is aligned");
        if let Request::Object { kind, size, .. } = request {
            let pool = pool_of(block);
            assert_eq!(pool.kind(), kind);
            assert!(pool.block_size() >= size);
            // SAFETY: an object block has a header word.
            let word = unsafe { block.cast::<u64>().read() };
            assert!(
                word == 0 || self.left.get(&block) == Some(&word),
                "the header word is zero or what was left there"
            );
            // SAFETY: as above.
            unsafe { block.cast::<u64>().write(0xFEED) };
            if self.random.below(50) == 0 {
                let pin = if self.random.below(2) == 0 { PoolFlags::YOUNG_LISTED } else { PoolFlags::MIDDLE_LISTED };
                pool.set_flags(pin);
                self.pinned.push((block, pin));
            }
        }
        let pattern = self.random.next() as u8;
        // SAFETY: the payload is ours.
        unsafe { payload.write_bytes(pattern, length) };
        self.live.push(Live { block, request, pattern });
    }

    fn free(&mut self, index: usize) {
        let Live { block, request, pattern } = self.live.swap_remove(index);
        let (payload, length) = payload(block, request);
        // SAFETY: the block is allocated, `payload` filled, and freed once.
        unsafe {
            let bytes = std::slice::from_raw_parts(payload.as_ptr(), length);
            assert!(bytes.iter().all(|&byte| byte == pattern), "{request:?} was overwritten");
            match request {
                Request::Raw { size, align } => {
                    self.allocator.free_raw(block, size, align);
                }
                Request::Object { kind, size, align } => {
                    assert_eq!(block.cast::<u64>().read(), 0xFEED, "a header word was overwritten");
                    let word = self.random.next();
                    block.cast::<u64>().write(word);
                    self.left.insert(block, word);
                    match Bin::for_object(kind, size, align) {
                        Some(_) => {
                            self.allocator.free(block, Pool::of(block));
                        }
                        None => self.allocator.free_large(block),
                    }
                }
            }
        }
    }

    fn begin_hold(&mut self) {
        self.allocator.hold();
        for kind in PoolKind::ALL {
            for pool in self.allocator.pools(kind) {
                // SAFETY: the pool is in use.
                let size = unsafe { pool.as_ref() }.block_size();
                self.held.push((pool, kind, size));
            }
        }
    }

    fn end_hold(&mut self) {
        for (pool, kind, size) in self.held.drain(..) {
            // SAFETY: a pool in use at the beginning of a hold is in use at its end.
            let pool = unsafe { pool.as_ref() };
            assert_eq!((pool.kind(), pool.block_size()), (kind, size), "a held pool is used for something else");
        }
        self.allocator.release_hold();
    }

    fn unpin_all(&mut self) {
        self.allocator.hold();
        for (block, pin) in self.pinned.drain(..) {
            self.allocator.unpin_block(block, pin);
        }
        self.allocator.release_hold();
    }

    fn check(&self) {
        self.allocator.check();
        check_equations(&self.allocator);
        for (block, pin) in &self.pinned {
            assert!(pool_of(*block).flags().contains(*pin), "a pinned pool is still there");
        }
        let objects = self.live.iter().filter(|live| matches!(live.request, Request::Object { .. })).count();
        let counted = self.allocator.live_blocks(PoolKind::Tracked) + self.allocator.live_blocks(PoolKind::Leaf);
        assert_eq!(counted, objects);
        assert_eq!(self.allocator.live_blocks(PoolKind::Raw), self.live.len() - objects);
    }

    /// Runs `steps` steps around a changing number of live blocks, and checks everything `checks` times.
    fn run(&mut self, steps: usize, most: usize, checks: usize) {
        let mut target = most / 2;
        for step in 0..steps {
            if self.random.below(steps / 8) == 0 {
                target = self.random.below(most);
            }
            let grow = if self.live.len() < target { 3 } else { 1 };
            if self.live.is_empty() || self.random.below(4) < grow {
                self.allocate();
            } else {
                let index = self.random.below(self.live.len());
                self.free(index);
            }
            match self.random.below(2000) {
                0 => {
                    self.allocator.trim();
                }
                1 | 2 => self.unpin_all(),
                3 if self.held.is_empty() => self.begin_hold(),
                4..8 if !self.held.is_empty() => self.end_hold(),
                _ => {}
            }
            if step % (steps / checks) == 0 {
                self.check();
            }
        }
        if !self.held.is_empty() {
            self.end_hold();
        }
        self.check();
    }

    /// Frees everything; nothing may stay.
    fn finish(mut self) {
        self.allocator.close();
        while !self.live.is_empty() {
            let index = self.random.below(self.live.len());
            self.free(index);
        }
        self.check();
        self.unpin_all();
        self.check();
        assert!(self.allocator.is_empty());
        assert_eq!(self.allocator.mapped_bytes(), 0);
    }
}

/// The part of a block that its user may fill.
fn payload(block: NonNull<u8>, request: Request) -> (NonNull<u8>, usize) {
    match request {
        // SAFETY: an object block is at least 16 bytes long.
        Request::Object { size, .. } => (unsafe { block.add(8) }, size - 8),
        Request::Raw { size, .. } => (block, size),
    }
}

#[test]
fn random_programs_keep_every_byte() {
    let (seeds, steps, most, checks) = if cfg!(miri) { (1, 1000, 200, 2) } else { (3, 50_000, 8000, 40) };
    for seed in 1..=seeds {
        let mut program = Program::new(seed * 0x9E37_79B9);
        program.run(steps, most, checks);
        program.finish();
    }
}

#[test]
fn many_small_programs() {
    let (seeds, checks) = if cfg!(miri) { (1, 2) } else { (60, 20) };
    for seed in 1..=seeds {
        let mut program = Program::new(seed * 0x1234_5677);
        program.run(400, 120, checks);
        program.finish();
    }
}
