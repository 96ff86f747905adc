//! Guarded raw blocks: all are the system allocator's, with pads on both sides.
//!
//! Each is in the directory of the system's blocks like others of its kind, by the address and the layout that its owner knows.

use std::alloc::Layout;
use std::ptr::NonNull;

use super::block::Guarded;
use super::report;
use crate::alloc::Allocator;
use crate::base::{annotate, os};

impl Allocator {
    /// Takes a guarded raw block.
    #[cold]
    #[inline(never)]
    pub(in crate::alloc) fn allocate_guarded_raw(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let (whole, before) = Guarded::raw_layout(size, align)?;
        let known = Layout::from_size_align(size, align).ok()?;
        let memory = self.try_twice(|| {
            let room = self.system.reserve(&self.budget)
                && self.budget.reserve_entry(&mut self.debug.blocks.borrow_mut())
                && self.budget.allows(whole.size());
            let memory = if room { os::system_alloc(whole) } else { None }?;
            self.budget.take(whole.size());
            Some(memory)
        })?;
        // SAFETY: the pad lies before the data.
        let data = unsafe { memory.add(before) };
        let extent = whole.size() - before;
        let serial = self.debug.next_serial();
        let guarded = Guarded { serial, name: "", size, align, before, behind: extent - size, extent };
        // SAFETY: fresh memory.
        unsafe { guarded.fill(data) };
        self.system.insert(data, known);
        self.system.set_known_as(data, known);
        self.debug.blocks.borrow_mut().insert(data, guarded);
        self.debug.overhead.set(self.debug.overhead.get() + whole.size() - size);
        Some(data)
    }

    /// Gives a raw block back if it is guarded; whether it was. `known` is the size and the alignment that its owner knows, if it says.
    ///
    /// # Safety
    /// As [`Allocator::free_raw`], if it is a block at all.
    pub(in crate::alloc) unsafe fn free_guarded_raw(&self, data: NonNull<u8>, known: Option<(usize, usize)>) -> bool {
        let Some(guarded) = self.debug.remove(data) else { return false };
        let listed = self.system.remove(data).expect("a guarded raw block is in the directory");
        self.debug.overhead.set(self.debug.overhead.get() + listed.size());
        // SAFETY: the block was in use until now.
        if let Some(fault) = unsafe { guarded.check(data) } {
            self.debug.note(fault);
        }
        if let Some((size, align)) = known.filter(|known| *known != (guarded.size, guarded.align)) {
            self.debug.note(report::other_layout(&guarded, data, size, align));
        }
        // SAFETY: nobody uses it any more.
        unsafe { if self.debug.is_on() { self.keep_back(data, guarded) } else { self.free_raw_memory(data, &guarded) } }
        true
    }

    /// Changes the size of a guarded block, which moves: who uses the old address is found.
    ///
    /// # Safety
    /// As [`Allocator::resize_raw`]. The block is guarded.
    pub(in crate::alloc) unsafe fn resize_guarded_raw(
        &self,
        data: NonNull<u8>,
        size: usize,
        align: usize,
    ) -> Option<NonNull<u8>> {
        let guarded = *self.debug.blocks.borrow().get(&data)?;
        if (size, align) == (guarded.size, guarded.align) {
            return Some(data);
        }
        if let Some(moved) = self.allocate_raw(size, align) {
            // SAFETY: both blocks are in use and have as many bytes.
            unsafe {
                moved.copy_from_nonoverlapping(data, size.min(guarded.size));
                self.free_guarded_raw(data, None);
            }
            return Some(moved);
        }
        if size > guarded.size || !data.addr().get().is_multiple_of(align) {
            return None;
        }
        let shrunk = Guarded { size, align, behind: guarded.extent - size, ..guarded };
        // SAFETY: the block is in use, and what it lost belongs to its pad.
        unsafe { shrunk.fill_pads(data) };
        self.debug.blocks.borrow_mut().insert(data, shrunk);
        if let Ok(known) = Layout::from_size_align(size, align) {
            self.system.set_known_as(data, known);
        }
        Some(data)
    }

    /// Notes that something was freed or resized that is no block in use.
    #[cold]
    pub(in crate::alloc) fn note_no_block(&self, address: NonNull<u8>) {
        let freed = self.debug.quarantine.borrow().get(address);
        self.debug.note(match freed {
            Some(guarded) => report::freed_twice(&guarded, address),
            None => report::no_block(address),
        });
    }

    /// Gives the memory of a raw block back.
    ///
    /// # Safety
    /// Nothing uses it from now on; it is in no directory.
    pub(super) unsafe fn free_raw_memory(&self, data: NonNull<u8>, guarded: &Guarded) {
        let (memory, layout) = guarded.raw_memory(data);
        self.debug.overhead.set(self.debug.overhead.get() - layout.size());
        self.budget.give(layout.size());
        annotate::freshen(memory, layout.size());
        // SAFETY: by contract; the memory was allocated with this layout.
        unsafe { os::system_free(memory, layout) };
    }

    /// Gives the memory of all guarded raw blocks back that are in use, and takes them out of the directories.
    ///
    /// # Safety
    /// Nothing uses any of them from now on.
    pub(in crate::alloc) unsafe fn free_all_guarded_raw(&self) {
        let blocks = self.debug.blocks.take();
        self.budget.give(blocks.allocation_size());
        for (data, guarded) in blocks.into_iter().filter(|(_, guarded)| guarded.is_raw()) {
            if let Some(listed) = self.system.remove(data) {
                self.debug.overhead.set(self.debug.overhead.get() + listed.size());
                // SAFETY: by contract.
                unsafe { self.free_raw_memory(data, &guarded) };
            }
        }
    }
}
