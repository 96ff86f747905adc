//! The debug heap: guarded blocks, which show what a host does to memory that isn't its own; CPython's `PYTHONMALLOC=debug`.
//!
//! | file | concept |
//! |---|---|
//! | `block` | what is known of a guarded block, and its pad bytes |
//! | `report` | what is said of one |
//! | `quarantine` | freed blocks that are kept back |
//! | `objects` | guarded blocks of objects |
//! | `raw` | guarded raw blocks |
//!
//! While it is on, the gate is closed, for raw bytes too: every allocation takes the slow path, and so does the free of each guarded block:
//! an object's header says that freeing it takes more than usual, and raw blocks are misfits. Whoever never switched it on pays nothing.
//!
//! What is found is noted as a *fault*, a text; the layers above tell the host where user code may run.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use hashbrown::HashMap;

use super::Allocator;
use super::class::HEADER_WORD;
use super::pool::PoolKind;
use super::system::BuildAddressHasher;
use crate::base::os;

mod block;
mod objects;
mod quarantine;
mod raw;
mod report;

pub(crate) use objects::ObjectRequest;

use block::Guarded;
use quarantine::Quarantine;

/// The debug heap of one allocator.
///
/// # Invariants
/// - `blocks` has the guarded blocks in use, by the addresses of their data.
/// - `overhead` counts the bytes of guarded raw blocks beyond those that the directory of the system's blocks counts: pads, and all of the
///   ones in quarantine.
/// - While it is off, the quarantine is empty.
#[derive(Debug, Default)]
pub(super) struct DebugHeap {
    is_on: Cell<bool>,
    /// Guarded allocations so far.
    serial: Cell<u64>,
    blocks: RefCell<HashMap<NonNull<u8>, Guarded, BuildAddressHasher>>,
    quarantine: RefCell<Quarantine>,
    overhead: Cell<usize>,
    /// What was found and not told yet.
    faults: RefCell<Vec<String>>,
}

/// Faults that wait to be told; more than that are forgotten.
const MAX_FAULTS: usize = 16;

impl DebugHeap {
    pub(super) fn is_on(&self) -> bool {
        self.is_on.get()
    }

    /// Whether there can be guarded blocks.
    pub(super) fn has_blocks(&self) -> bool {
        !self.blocks.borrow().is_empty()
    }

    /// Whether the data is that of a guarded block.
    pub(super) fn guards(&self, data: NonNull<u8>) -> bool {
        self.blocks.borrow().contains_key(&data)
    }

    /// The bytes that it takes, for itself and as pads.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.borrow().allocation_size() + self.quarantine.borrow().own_bytes() + self.overhead.get()
    }

    /// Objects' blocks of a kind that are in use for the allocator only.
    pub(super) fn kept_back(&self, kind: PoolKind) -> usize {
        self.quarantine.borrow().objects(kind)
    }

    fn next_serial(&self) -> u64 {
        let serial = self.serial.get() + 1;
        self.serial.set(serial);
        serial
    }

    /// Takes a guarded block out.
    fn remove(&self, data: NonNull<u8>) -> Option<Guarded> {
        self.blocks.borrow_mut().remove(&data)
    }

    fn note(&self, fault: String) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < MAX_FAULTS {
            faults.push(fault);
        }
    }
}

impl Allocator {
    /// Whether the debug heap is on.
    #[inline]
    pub(crate) fn is_debug_heap(&self) -> bool {
        self.debug.is_on()
    }

    /// Switches the debug heap on or off. Guarded blocks stay guarded; those kept back go when it is switched off. The gate for objects is
    /// the caller's.
    pub(crate) fn set_debug_heap(&self, on: bool) {
        if self.debug.is_on.replace(on) == on {
            return;
        }
        self.refresh_raw_gate();
        self.system.set_watched(on);
        if on {
            let quarantine =
                if self.budget.allows(Quarantine::ROOM) { Quarantine::with_room() } else { Quarantine::default() };
            self.budget.take(quarantine.own_bytes());
            *self.debug.quarantine.borrow_mut() = quarantine;
        } else {
            self.empty_quarantine();
            let quarantine = self.debug.quarantine.take();
            self.budget.give(quarantine.own_bytes() + self.debug.forget_empty_table());
        }
    }

    /// Gives back what it takes although it is off and has no block; the bytes.
    pub(super) fn trim_debug_heap(&self) -> usize {
        if self.debug.is_on() {
            return 0;
        }
        let bytes = self.debug.forget_empty_table();
        self.budget.give(bytes);
        bytes
    }

    /// Whether there is a fault that was not told yet.
    pub(crate) fn has_faults(&self) -> bool {
        !self.debug.faults.borrow().is_empty()
    }

    /// Whether the object's block is guarded.
    pub(crate) fn is_guarded(&self, block: NonNull<u8>) -> bool {
        // SAFETY: the data of an object's block lies behind its header word.
        self.debug.guards(unsafe { block.add(HEADER_WORD) })
    }

    /// The oldest fault that was not told yet.
    pub(crate) fn take_fault(&self) -> Option<String> {
        let mut faults = self.debug.faults.borrow_mut();
        (!faults.is_empty()).then(|| faults.remove(0))
    }

    /// The first fault: one that was not told yet, else one of a guarded block in use, or of one that is kept back. A look at all of them.
    pub(crate) fn find_fault(&self) -> Option<String> {
        // SAFETY: the blocks are in use.
        let in_use = || self.debug.blocks.borrow().iter().find_map(|(&data, guarded)| unsafe { guarded.check(data) });
        // SAFETY: the blocks are kept back.
        let freed = || self.debug.quarantine.borrow().find(|kept| unsafe { kept.guarded.check_freed(kept.data) });
        self.take_fault().or_else(in_use).or_else(freed)
    }

    /// Keeps a block back that was freed, and lets those go for which there is no more room.
    ///
    /// # Safety
    /// `data` is a guarded block of this allocator that nobody uses any more, and was taken out of the directories.
    unsafe fn keep_back(&self, data: NonNull<u8>, guarded: Guarded) {
        // SAFETY: by contract the block is ours.
        unsafe { guarded.bury(data) };
        let mut oldest = self.debug.quarantine.borrow_mut().push(data, guarded);
        while let Some(kept) = oldest {
            // SAFETY: out of the quarantine.
            unsafe { self.let_go(kept.data, kept.guarded) };
            oldest = self.debug.quarantine.borrow_mut().pop_excess();
        }
    }

    /// Lets every block go that is kept back; whether there was one.
    pub(super) fn empty_quarantine(&self) -> bool {
        let mut any = false;
        while let Some(kept) = { self.debug.quarantine.borrow_mut().pop() } {
            // SAFETY: out of the quarantine.
            unsafe { self.let_go(kept.data, kept.guarded) };
            any = true;
        }
        any
    }

    /// # Safety
    /// `data` was in the quarantine, and is not any more.
    unsafe fn let_go(&self, data: NonNull<u8>, guarded: Guarded) {
        // SAFETY: nobody has used the block since it was freed, if the host is right.
        if let Some(fault) = unsafe { guarded.check_freed(data) } {
            self.debug.note(fault);
        }
        // SAFETY: the last use.
        unsafe {
            if guarded.is_raw() {
                self.free_raw_memory(data, &guarded);
            } else {
                self.free_object_block(guarded.object_block(data));
            }
        }
    }
}

impl DebugHeap {
    /// Gives the table back if nothing is in it; its bytes.
    fn forget_empty_table(&self) -> usize {
        let mut blocks = self.blocks.borrow_mut();
        if !blocks.is_empty() {
            return 0;
        }
        std::mem::take(&mut *blocks).allocation_size()
    }

    /// The bytes of pads, and of raw blocks that are kept back.
    pub(super) fn overhead(&self) -> usize {
        self.overhead.get()
    }

    /// Faults that nobody was told of go to stderr: nobody is left.
    pub(super) fn tell_the_rest(&self) {
        for fault in self.faults.take() {
            os::complain(&fault);
        }
    }
}
