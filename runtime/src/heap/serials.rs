//! Values under numbers that are never used again, in order of their coming.

use core::num::NonZeroU64;

use hashbrown::HashMap;

use crate::alloc::Allocator;
use crate::base::{Broken, agrees};

/// The number of a value.
pub(crate) type Serial = NonZeroU64;

/// Values in order of their coming, each found by its number. Room is made fallibly, and counts against the heap's limit.
///
/// Invariants:
/// - The entries are linked in order of their numbers; `last` is the highest.
/// - `count` is the highest number that was ever given.
#[derive(Debug)]
pub(super) struct Serials<T> {
    entries: HashMap<Serial, Entry<T>>,
    last: Option<Serial>,
    count: u64,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    previous: Option<Serial>,
    next: Option<Serial>,
}

impl<T> Default for Serials<T> {
    fn default() -> Serials<T> {
        Serials { entries: HashMap::default(), last: None, count: 0 }
    }
}

impl<T> Serials<T> {
    /// Makes room for one more; false if memory is refused.
    pub(super) fn reserve(&mut self, alloc: &Allocator) -> bool {
        alloc.keep_entry(&mut self.entries)
    }

    /// Adds a value, for which there is [room](Serials::reserve).
    pub(super) fn push(&mut self, value: T) -> Serial {
        debug_assert!(self.entries.len() < self.entries.capacity(), "room is made first");
        self.count += 1;
        let serial = Serial::new(self.count).expect("counted up from 0, less than 2^64 times");
        let previous = self.last.replace(serial);
        if let Some(previous) = previous.and_then(|previous| self.entries.get_mut(&previous)) {
            previous.next = Some(serial);
        }
        self.entries.insert(serial, Entry { value, previous, next: None });
        serial
    }

    pub(super) fn get(&self, serial: Serial) -> Option<&T> {
        Some(&self.entries.get(&serial)?.value)
    }

    pub(super) fn get_mut(&mut self, serial: Serial) -> Option<&mut T> {
        Some(&mut self.entries.get_mut(&serial)?.value)
    }

    /// Takes a value out.
    pub(super) fn remove(&mut self, serial: Serial) -> Option<T> {
        let Entry { value, previous, next } = self.entries.remove(&serial)?;
        if let Some(previous) = previous.and_then(|previous| self.entries.get_mut(&previous)) {
            previous.next = next;
        }
        match next.and_then(|next| self.entries.get_mut(&next)) {
            Some(next) => next.previous = previous,
            None => self.last = previous,
        }
        Some(value)
    }

    /// The newest one.
    pub(super) fn last(&self) -> Option<Serial> {
        self.last
    }

    /// The one that came before this one.
    pub(super) fn before(&self, serial: Serial) -> Option<Serial> {
        self.entries.get(&serial)?.previous
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes that the table takes.
    pub(super) fn bytes(&self) -> usize {
        self.entries.allocation_size()
    }

    /// The values, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.values().map(|entry| &entry.value)
    }

    /// Checks the links.
    pub(super) fn verify(&self) -> Result<(), Broken> {
        let (mut next, mut serial, mut count) = (None, self.last, 0);
        while let Some(this) = serial {
            let entry = self.entries.get(&this).filter(|entry| entry.next == next);
            let is_older = next.is_none_or(|next| this < next);
            let Some(entry) = entry.filter(|_| is_older) else {
                return Err(Broken::new("the entries of a registry are linked in order of their coming"));
            };
            (next, serial, count) = (Some(this), entry.previous, count + 1);
        }
        agrees!(count, self.entries.len(), "every entry of a registry is linked");
        Ok(())
    }
}
