//! Raw blocks of the system allocator, and their directory: it knows each one's layout, so that an address alone can be freed, measured, or
//! told to be foreign, without a look at what lies there (S17).

use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::NonNull;

use hashbrown::HashMap;

use super::budget::Budget;
use super::class::Bin;
use crate::base::{Broken, agrees};

/// The directory.
///
/// # Invariants
/// - An entry exists exactly for the blocks in use, with the layout that the system allocator knows them by; `bytes` is the sum of sizes.
/// - `misfits` counts those whose owner knows them by a layout that pools serve, and one more while the directory is watched.
#[derive(Debug, Default)]
pub(super) struct SystemBlocks {
    layouts: RefCell<HashMap<NonNull<u8>, Entry, BuildAddressHasher>>,
    bytes: Cell<usize>,
    misfits: Cell<usize>,
    /// Every raw block that is freed is to be looked up.
    is_watched: Cell<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    layout: Layout,
    is_misfit: bool,
}

impl SystemBlocks {
    /// The number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.layouts.borrow().len()
    }

    /// Their bytes, as requested.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// The bytes that the directory takes.
    pub(super) fn directory_bytes(&self) -> usize {
        self.layouts.borrow().allocation_size()
    }

    /// Whether any block's owner knows it by a layout that pools serve.
    #[inline]
    pub(super) fn has_misfits(&self) -> bool {
        self.misfits.get() != 0
    }

    /// Has every raw block looked up that is freed, as if there were a misfit.
    pub(super) fn set_watched(&self, on: bool) {
        let before = self.is_watched.replace(on);
        self.misfits.set(self.misfits.get() + usize::from(on) - usize::from(before));
    }

    /// Makes room for one more block; false if it is refused.
    pub(super) fn reserve(&self, budget: &Budget) -> bool {
        budget.reserve_entry(&mut self.layouts.borrow_mut())
    }

    /// Gives back the room of the directory that is not needed any more; returns the bytes.
    pub(super) fn shrink(&self, budget: &Budget) -> usize {
        budget.shrink(&mut self.layouts.borrow_mut())
    }

    /// Adds a block; room for it was made.
    pub(super) fn insert(&self, block: NonNull<u8>, layout: Layout) {
        let mut layouts = self.layouts.borrow_mut();
        debug_assert!(layouts.len() < layouts.capacity(), "room is made first");
        let known = layouts.insert(block, Entry { layout, is_misfit: false });
        debug_assert!(known.is_none(), "the system allocator handed out a block twice");
        self.bytes.set(self.bytes.get() + layout.size());
    }

    /// Takes a block out; its layout.
    pub(super) fn remove(&self, block: NonNull<u8>) -> Option<Layout> {
        let Entry { layout, is_misfit } = self.layouts.borrow_mut().remove(&block)?;
        self.misfits.set(self.misfits.get() - usize::from(is_misfit));
        self.bytes.set(self.bytes.get() - layout.size());
        Some(layout)
    }

    /// The layout of a block, if it is one.
    pub(super) fn layout_of(&self, block: NonNull<u8>) -> Option<Layout> {
        self.layouts.borrow().get(&block).map(|entry| entry.layout)
    }

    /// Notes by which layout the owner knows a block from now on.
    pub(super) fn set_known_as(&self, block: NonNull<u8>, layout: Layout) {
        if let Some(entry) = self.layouts.borrow_mut().get_mut(&block) {
            let is_misfit = Bin::for_raw(layout.size(), layout.align()).is_some();
            self.misfits.set(self.misfits.get() + usize::from(is_misfit) - usize::from(entry.is_misfit));
            entry.is_misfit = is_misfit;
        }
    }

    /// Whether the address lies in one of the blocks. Looks at all of them.
    pub(super) fn contains(&self, address: usize) -> bool {
        let layouts = self.layouts.borrow();
        layouts.iter().any(|(block, entry)| {
            address.checked_sub(block.addr().get()).is_some_and(|offset| offset < entry.layout.size())
        })
    }

    /// Takes all blocks out, and gives the directory back.
    pub(super) fn drain(&self, budget: &Budget) -> impl Iterator<Item = (NonNull<u8>, Layout)> {
        let layouts = self.layouts.take();
        budget.give(self.bytes.replace(0) + layouts.allocation_size());
        self.misfits.set(0);
        self.is_watched.set(false);
        layouts.into_iter().map(|(block, entry)| (block, entry.layout))
    }

    /// Checks the counts; the one that is broken.
    pub(super) fn verify(&self) -> Result<(), Broken> {
        let layouts = self.layouts.borrow();
        let bytes: usize = layouts.values().map(|entry| entry.layout.size()).sum();
        agrees!(bytes, self.bytes.get(), "the bytes of the system's blocks are counted");
        let misfits = layouts.values().filter(|entry| entry.is_misfit).count();
        let misfits = misfits + usize::from(self.is_watched.get());
        agrees!(misfits, self.misfits.get(), "the blocks that pools could serve are counted");
        Ok(())
    }
}

/// Builds the hashers of tables of addresses.
pub(super) type BuildAddressHasher = BuildHasherDefault<AddressHasher>;

/// Hashes addresses, by one multiplication. Who can choose the addresses of blocks has no need to make a table slow.
#[derive(Default, Debug)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_usize(byte.into()));
    }

    fn write_usize(&mut self, address: usize) {
        let product = u128::from(self.0 ^ address as u64) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}
