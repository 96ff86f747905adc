//! Counts that are too large for a side byte.

use core::cell::Cell;
use core::ptr;

/// Exact counts of *hubs*, objects with more internal references than a side byte holds (a class with a million
/// instances).
///
/// A byte that is full is emptied into the table, so that only every 240th edge to a hub looks it up. The table is
/// reserved with the heap and never grows; a hub that finds it full is counted in a round of its own
/// ([`SideState::DEFERRED`]), so that the answer is exact without memory that could be refused (S10).
#[derive(Debug)]
pub(crate) struct HubTable {
    slots: Box<[(usize, u32)]>,
    used: usize,
}

impl HubTable {
    /// Slots of a heap's table.
    const SLOTS: usize = 1024;

    /// A table with its reserve; `None` if memory is refused.
    pub(crate) fn try_new() -> Option<HubTable> {
        let mut slots = Vec::new();
        slots.try_reserve_exact(Self::SLOTS).ok()?;
        slots.resize(Self::SLOTS, (0, 0));
        Some(HubTable { slots: slots.into_boxed_slice(), used: 0 })
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.slots)
    }

    /// The slot of the object whose side byte has this address, or the free one where it would go.
    fn slot(&mut self, address: usize) -> &mut (usize, u32) {
        let mask = self.slots.len() - 1;
        let mut index = (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> (usize::BITS - 16) & mask;
        while self.slots[index].0 != address && self.slots[index].0 != 0 {
            index = (index + 1) & mask;
        }
        &mut self.slots[index]
    }

    /// Adds to the count of the object with this side byte; false if it is new and the table is three quarters full.
    pub(crate) fn add(&mut self, side: &Cell<u8>, count: u32) -> bool {
        let address = ptr::from_ref(side).addr();
        let full = self.used >= self.slots.len() / 4 * 3;
        let slot = self.slot(address);
        if slot.0 == 0 {
            if full {
                return false;
            }
            *slot = (address, count);
            self.used += 1;
        } else {
            slot.1 = slot.1.saturating_add(count);
        }
        true
    }

    /// The count of the object with this side byte, 0 if it is not there.
    pub(crate) fn get(&mut self, side: &Cell<u8>) -> u32 {
        if self.used == 0 {
            return 0;
        }
        self.slot(ptr::from_ref(side).addr()).1
    }

    pub(crate) fn clear(&mut self) {
        if self.used != 0 {
            self.slots.fill((0, 0));
            self.used = 0;
        }
    }
}
