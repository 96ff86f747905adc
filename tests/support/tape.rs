//! A tape of bytes: what everything random takes its choices from.
//!
//! One program then serves them all: `proptest`, a script with seeds, a fuzzer. After its end a tape reads 0, and 0 is always the
//! smallest choice (nothing, stop, the first), so whatever is cut off a program leaves a program, and a simpler one.
//!
//! A program is a sequence of operations of a fixed number of bytes. What user code does in the middle of an operation it reads from the
//! bytes of that operation: taking a whole operation out of a program leaves all others as they were.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use crate::Random;

/// A sequence of bytes and the place of the next one. Clones share the place.
#[derive(Clone)]
pub struct Tape(Rc<Inner>);

/// `at <= end <= bytes.len()`: where the current operation reads next, and where it ends.
struct Inner {
    bytes: Box<[u8]>,
    at: Cell<usize>,
    end: Cell<usize>,
}

impl Tape {
    /// The bytes as one operation, at its start.
    pub fn new(bytes: &[u8]) -> Tape {
        Tape(Rc::new(Inner { bytes: bytes.into(), at: Cell::new(0), end: Cell::new(bytes.len()) }))
    }

    /// The bytes before their first operation: there is nothing to read until [`operation`](Tape::operation) is called.
    pub fn of_operations(bytes: &[u8]) -> Tape {
        let tape = Tape::new(bytes);
        tape.0.end.set(0);
        tape
    }

    /// Goes on to the next operation, of `length` bytes. Answers whether there was one.
    pub fn operation(&self, length: usize) -> bool {
        let start = self.0.end.get();
        self.0.at.set(start);
        self.0.end.set(self.0.bytes.len().min(start + length));
        start < self.0.bytes.len()
    }

    /// Makes the first `length` bytes the operation, once more.
    pub fn rewind(&self, length: usize) {
        self.0.end.set(0);
        self.operation(length);
    }

    /// Whether the operation has no byte left: from now on it reads 0.
    pub fn done(&self) -> bool {
        self.0.at.get() == self.0.end.get()
    }

    /// The next byte of the operation, or 0.
    pub fn byte(&self) -> u8 {
        if self.done() {
            return 0;
        }
        let at = self.0.at.get();
        self.0.at.set(at + 1);
        self.0.bytes[at]
    }

    /// A number below `end`, from one byte, or from two if `end` is above 256. 0 if `end` is 0.
    pub fn below(&self, end: usize) -> usize {
        let number = match end {
            0 | 1 => return 0,
            2..=256 => usize::from(self.byte()),
            _ => usize::from(self.byte()) << 8 | usize::from(self.byte()),
        };
        number % end
    }

    /// True once in about `times` (at most 256), and never after the end.
    pub fn one_in(&self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of several things.
    pub fn choose<'a, T>(&self, things: &'a [T]) -> Option<&'a T> {
        things.get(self.below(things.len()))
    }

    /// The rest of the operation, which has then been read.
    pub fn rest(&self) -> &[u8] {
        let at = self.0.at.replace(self.0.end.get());
        &self.0.bytes[at..self.0.end.get()]
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape").field("at", &self.0.at).field("len", &self.0.bytes.len()).finish()
    }
}

/// Random bytes, the same for the same seed.
pub fn random_bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..length).map(|_| random.below(256) as u8).collect()
}
