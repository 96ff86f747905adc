//! Slots: the memory of a weak map's or set's table.

use allocator_api2::vec::Vec;
use hashbrown::HashTable;

use super::entry::EntryLink;
use super::table_memory::TableMemory;
use crate::base::{Broken, agrees, holds};
use crate::object::RawObject;

/// No slot.
const NONE: u32 = u32::MAX;

/// A place for an entry. One that lost its entry stays, as a tombstone, until the table is rebuilt.
#[derive(Debug)]
struct Slot {
    entry: Option<RawObject>,
    /// As the container's equivalence gave it: moving entries runs no user code.
    hash: u64,
    /// Never used twice in the table's life.
    serial: u64,
    /// The next slot of the chain. A tombstone is in no chain, but still leads to what followed it, so that who looks
    /// at a slot while user code runs finds on.
    next: u32,
    /// The slot before in the chain; for the first one, the last.
    previous: u32,
}

/// Slots in order of insertion, and an index by hash that leads to chains of slots of the same hash.
///
/// Invariants:
/// - serials ascend.
/// - *chained*: `chains` leads to exactly one occupied slot per hash in use, the first, from which `next` leads to all others, in
///   order.
/// - `occupied` is the number of slots with an entry; none comes before `front`, so that who takes out the first ones
///   needn't pass their tombstones each time.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot, TableMemory>,
    chains: HashTable<u32, TableMemory>,
    occupied: usize,
    front: u32,
}

impl Slots {
    pub(super) fn new(memory: TableMemory) -> Slots {
        Slots { slots: Vec::new_in(memory), chains: HashTable::new_in(memory), occupied: 0, front: 0 }
    }

    /// Takes all slots away.
    pub(super) fn take(&mut self) -> Slots {
        let empty = Slots::new(*self.slots.allocator());
        core::mem::replace(self, empty)
    }

    pub(super) fn occupied(&self) -> usize {
        self.occupied
    }

    /// One more than the number of the last slot.
    pub(super) fn end(&self) -> u32 {
        self.slots.len() as u32
    }

    pub(super) fn entry(&self, index: u32) -> Option<RawObject> {
        self.slots.get(index as usize)?.entry
    }

    /// The entries with the numbers of their slots, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, RawObject)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| Some((index as u32, slot.entry?)))
    }

    pub(super) fn into_entries(self) -> impl Iterator<Item = RawObject> {
        self.slots.into_iter().filter_map(|slot| slot.entry)
    }

    /// The first slot of a hash.
    pub(super) fn first_of(&self, hash: u64) -> Option<u32> {
        self.chains.find(spread(hash), |index| self.slots[*index as usize].hash == hash).copied()
    }

    /// The occupied slot that follows `index` in its chain, also if `index` is a tombstone.
    pub(super) fn following(&self, index: u32) -> Option<u32> {
        let mut next = self.slots.get(index as usize)?.next;
        while next != NONE && self.slots[next as usize].entry.is_none() {
            next = self.slots[next as usize].next;
        }
        (next != NONE).then_some(next)
    }

    /// The last occupied slot before `index`.
    pub(super) fn occupied_before(&self, index: u32) -> Option<u32> {
        let end = self.slots.len().min(index as usize);
        self.slots[..end].iter().rposition(|slot| slot.entry.is_some()).map(|index| index as u32)
    }

    /// The first occupied slot from `index` on, with its serial and entry.
    pub(super) fn occupied_from(&mut self, index: u32) -> Option<(u32, u64, RawObject)> {
        let start = index.max(self.front);
        let mut slots = self.slots.iter().enumerate().skip(start as usize);
        let found = slots.find_map(|(index, slot)| Some((index as u32, slot.serial, slot.entry?)));
        if start == self.front {
            self.front = found.map_or(self.end(), |(index, ..)| index);
        }
        found
    }

    /// The first slot whose serial is at least `serial`.
    pub(super) fn first_from(&self, serial: u64) -> u32 {
        self.slots.partition_point(|slot| slot.serial < serial) as u32
    }

    /// Appends an entry. There is room ([`reserve`](Slots::reserve)).
    pub(super) fn push(&mut self, entry: RawObject, hash: u64, serial: u64) -> u32 {
        debug_assert!(!self.has_no_room());
        let index = self.end();
        self.slots.push(Slot { entry: Some(entry), hash, serial, next: NONE, previous: index });
        self.occupied += 1;
        self.chain(index);
        index
    }

    /// Puts a slot behind all others of its hash. There is room.
    fn chain(&mut self, index: u32) {
        let hash = self.slots[index as usize].hash;
        if let Some(first) = self.first_of(hash) {
            let last = core::mem::replace(&mut self.slots[first as usize].previous, index);
            self.slots[last as usize].next = index;
            self.slots[index as usize].previous = last;
        } else {
            let slots = &self.slots;
            self.chains.insert_unique(spread(hash), index, |index| spread(slots[*index as usize].hash));
        }
    }

    /// Takes the entry out of a slot.
    pub(super) fn vacate(&mut self, index: u32) -> Option<RawObject> {
        let slot = self.slots.get_mut(index as usize)?;
        let entry = slot.entry.take()?;
        let (hash, previous, next) = (slot.hash, slot.previous, slot.next);
        self.occupied -= 1;
        if self.slots[previous as usize].next == index {
            self.slots[previous as usize].next = next;
            let after = if next == NONE { self.first_of(hash) } else { Some(next) };
            if let Some(after) = after {
                self.slots[after as usize].previous = previous;
            }
        } else if let Ok(mut first) = self.chains.find_entry(spread(hash), |first| *first == index) {
            if next == NONE {
                first.remove();
            } else {
                *first.get_mut() = next;
                self.slots[next as usize].previous = previous;
            }
        }
        Some(entry)
    }

    /// Replaces the entry of an occupied slot.
    pub(super) fn substitute(&mut self, index: u32, entry: RawObject) -> RawObject {
        let old = self.slots[index as usize].entry.replace(entry);
        old.expect("the slot is occupied")
    }

    /// Forgets the tombstones at the end; whether there were any.
    pub(super) fn trim(&mut self) -> bool {
        let end = self.occupied_before(NONE).map_or(0, |index| index as usize + 1);
        let any = end < self.slots.len();
        self.slots.truncate(end);
        self.front = self.front.min(self.end());
        any
    }

    pub(super) fn has_no_room(&self) -> bool {
        self.slots.len() == self.slots.capacity()
    }

    /// Makes room for one more entry; false if memory is refused.
    pub(super) fn reserve(&mut self) -> bool {
        let Slots { slots, chains, .. } = self;
        slots.len() < NONE as usize
            && slots.try_reserve(1).is_ok()
            && chains.try_reserve(1, |index| spread(slots[*index as usize].hash)).is_ok()
    }

    /// Forgets the tombstones, if they are a quarter of all slots; then slots have other numbers.
    pub(super) fn rebuild(&mut self) -> bool {
        let length = self.slots.len();
        if length == 0 || self.occupied > length / 4 * 3 {
            return false;
        }
        if self.occupied < length / 4 {
            // Most are gone: a smaller place, if there is one to be had; for the index too, which is made anew anyway.
            let room = self.occupied * 2 + 4;
            let mut smaller = Vec::new_in(*self.slots.allocator());
            if smaller.try_reserve_exact(room).is_ok() {
                smaller.extend(self.slots.drain(..).filter(|slot| slot.entry.is_some()));
                self.slots = smaller;
            }
            let mut chains = HashTable::new_in(*self.slots.allocator());
            if chains.try_reserve(room, |_| 0).is_ok() {
                self.chains = chains;
            }
        }
        self.slots.retain(|slot| slot.entry.is_some());
        self.chains.clear();
        self.front = 0;
        for index in 0..self.end() {
            let slot = &mut self.slots[index as usize];
            (slot.next, slot.previous) = (NONE, index);
            if let Some(entry) = slot.entry {
                // SAFETY: the table holds it.
                unsafe { EntryLink::of(&entry) }.link().slot.set(index);
            }
            self.chain(index);
        }
        true
    }

    /// Checks the invariants.
    pub(super) fn verify(&self) -> Result<(), Broken> {
        agrees!(self.entries().count(), self.occupied, "a weak container counts its entries");
        holds!(self.slots.is_sorted_by_key(|slot| slot.serial), "a weak container's entries are in order");
        let passed = self.slots.get(..self.front as usize);
        let none_passed = passed.is_some_and(|passed| passed.iter().all(|slot| slot.entry.is_none()));
        holds!(none_passed, "a weak container passes over no entry");
        let mut found = 0;
        for first in &self.chains {
            let Some(head) = self.slots.get(*first as usize) else {
                return Err(Broken::new("a chain of a weak container begins at a slot"));
            };
            let (mut at, mut previous) = (*first, head.previous);
            while at != NONE {
                let slot = self.slots.get(at as usize).filter(|slot| slot.entry.is_some() && slot.hash == head.hash);
                let Some(slot) = slot else {
                    return Err(Broken::new("a chain of a weak container leads to entries of one hash"));
                };
                holds!(slot.previous == previous, "a chain of a weak container leads back");
                (previous, at, found) = (at, slot.next, found + 1);
                holds!(found <= self.occupied, "a chain of a weak container has an end");
            }
            holds!(previous == head.previous, "a chain of a weak container knows its end");
        }
        agrees!(found, self.occupied, "every entry of a weak container is found by its hash");
        Ok(())
    }
}

/// Makes a hash that may be a mere number, or an address, use all bits of the index.
fn spread(hash: u64) -> u64 {
    let product = u128::from(hash ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::spread;

    /// The largest number of hashes that share the lowest ten bits, which choose a place in an index of that size, and
    /// that share the highest seven, which the index compares first.
    fn crowds(hashes: impl Iterator<Item = u64>) -> [usize; 2] {
        let mut crowds = [vec![0_usize; 1 << 10], vec![0_usize; 1 << 7]];
        for hash in hashes.map(spread) {
            crowds[0][hash as usize & 0x3FF] += 1;
            crowds[1][(hash >> 57) as usize] += 1;
        }
        crowds.map(|crowds| crowds.into_iter().max().unwrap_or(0))
    }

    #[test]
    fn numbers_and_addresses_use_the_whole_index() {
        for shift in [0, 3, 4, 5, 12, 20, 32, 40] {
            let [low, high] = crowds((0..1 << 14).map(|number| number << shift));
            // Evenly: 16 and 128. By chance: some 35 and 170.
            assert!(low <= 50 && high <= 200, "numbers times 2^{shift}: {low} in one place, {high} with the same tag");
        }
    }
}
