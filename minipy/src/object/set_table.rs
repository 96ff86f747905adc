//! The table inside sets: open addressing that probes as CPython's does, so that sets of numbers iterate in the same order.

use tailbite::Trace;

use crate::object::Value;
use crate::object::storage::{Refused, StorageVec, storage};
use crate::vm::Vm;

pub(super) const MIN_SIZE: usize = 8;
const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;

#[derive(Trace, Clone, Default)]
pub(super) enum Slot {
    #[default]
    Empty,
    /// Was deleted: a search goes on behind it.
    Dummy,
    Used(#[trace(skip)] i64, Value),
}

#[derive(Trace)]
pub(super) struct SetTable {
    pub(super) slots: StorageVec<Slot>,
    /// Used slots and dummies.
    #[trace(skip)]
    pub(super) filled: usize,
    #[trace(skip)]
    pub(super) used: usize,
}

/// Where probing leads: slot numbers in the order CPython looks at them.
pub(super) struct Probe {
    mask: usize,
    at: usize,
    perturb: u64,
    /// How many of the linear run are left.
    left: usize,
    offset: usize,
}

impl Probe {
    pub(super) fn new(hash: i64, mask: usize) -> Probe {
        let at = hash as usize & mask;
        Probe { mask, at, perturb: hash as u64, left: Probe::run(at, mask), offset: 0 }
    }

    fn run(at: usize, mask: usize) -> usize {
        if at + LINEAR_PROBES <= mask { LINEAR_PROBES } else { 0 }
    }

    pub(super) fn slot(&self) -> usize {
        self.at + self.offset
    }

    pub(super) fn advance(&mut self) {
        if self.left > 0 {
            self.left -= 1;
            self.offset += 1;
            return;
        }
        self.perturb >>= PERTURB_SHIFT;
        self.at = (self.at.wrapping_mul(5).wrapping_add(1).wrapping_add(self.perturb as usize)) & self.mask;
        self.left = Probe::run(self.at, self.mask);
        self.offset = 0;
    }
}

impl SetTable {
    /// An empty table, if there is memory for it. `size` is a power of two.
    pub(super) fn with_size(vm: &Vm, size: usize) -> Result<SetTable, Refused> {
        let mut slots = StorageVec::new_in(storage(vm.heap()));
        slots.try_reserve_exact(size).map_err(|_| Refused)?;
        slots.resize(size, Slot::Empty);
        Ok(SetTable { slots, filled: 0, used: 0 })
    }

    /// Whether one more key makes it so full that it should grow.
    pub(super) fn is_full_with(&self, filled: usize) -> bool {
        filled * 5 >= (self.slots.len() - 1) * 3
    }

    /// Adds a key that is not in it. There must be an empty slot beside.
    pub(super) fn insert_clean(&mut self, hash: i64, key: Value) {
        let mut probe = Probe::new(hash, self.slots.len() - 1);
        while !matches!(self.slots[probe.slot()], Slot::Empty) {
            probe.advance();
        }
        self.slots[probe.slot()] = Slot::Used(hash, key);
        self.filled += 1;
        self.used += 1;
    }

    /// After keys were added: grows a table that is too full. The old one is for the caller to drop.
    pub(super) fn grow(&mut self, vm: &Vm) -> Result<(), Refused> {
        if self.is_full_with(self.filled) {
            self.resize(vm, if self.used > 50_000 { self.used * 2 } else { self.used * 4 })?;
        }
        Ok(())
    }

    fn resize(&mut self, vm: &Vm, least: usize) -> Result<(), Refused> {
        let mut size = MIN_SIZE;
        while size <= least {
            size *= 2;
        }
        let mut table = SetTable::with_size(vm, size)?;
        for slot in &mut self.slots {
            if let Slot::Used(hash, key) = std::mem::take(slot) {
                table.insert_clean(hash, key);
            }
        }
        *self = table;
        Ok(())
    }

    pub(super) fn make_room_for(&mut self, vm: &Vm, keys: usize) -> Result<(), Refused> {
        if self.is_full_with(keys) { self.resize(vm, keys * 2) } else { Ok(()) }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (i64, &Value)> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Used(hash, key) => Some((*hash, key)),
            _ => None,
        })
    }

    /// Room for another key: an empty slot must stay, or searches would not end.
    pub(super) fn make_room(&mut self, vm: &Vm) -> Result<(), Refused> {
        if self.filled + 2 > self.slots.len() { self.resize(vm, self.used * 2) } else { Ok(()) }
    }
}
