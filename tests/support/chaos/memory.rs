//! Operations on memory that is no object: external bytes, collections in a heap's memory, raw blocks.

use std::alloc::Layout;
use std::cell::RefCell;
use std::ptr::NonNull;
use std::rc::Rc;

use hashbrown::DefaultHashBuilder;
use tailbite::{AnyGc, HeapAllocator, RawAllocator};

use super::world::World;

/// A table of edges in a heap's memory.
pub(crate) type Table = hashbrown::HashMap<u64, AnyGc, DefaultHashBuilder, HeapAllocator>;

/// A vector of edges in a heap's memory.
pub(crate) type Items = allocator_api2::vec::Vec<AnyGc, HeapAllocator>;

/// Bytes of no heap, each block full of its own number.
#[derive(Default)]
pub(crate) struct RawBlocks {
    blocks: RefCell<Vec<Block>>,
    allocator: RefCell<Option<RawAllocator>>,
}

struct Block {
    place: NonNull<u8>,
    layout: Layout,
    fill: u8,
}

pub(crate) fn external(world: &Rc<World>) -> Option<()> {
    let thing = world.pick_thing()?;
    let bytes = world.tape().below(1 << 16);
    if world.tape().one_in(2) {
        let mut external = thing.external.try_borrow_mut().ok()?.take()?;
        let before = external.bytes();
        if external.resize(bytes).is_err() && external.bytes() != before {
            world.ledger().fail("external bytes that were refused have changed");
        }
        let old = thing.external.try_borrow_mut().ok()?.replace(external);
        drop(old);
        return Some(());
    }
    let external = world.with_heap(|heap| heap.try_add_external(bytes))?.ok()?;
    let old = thing.external.try_borrow_mut().ok()?.replace(external);
    drop(old);
    Some(())
}

/// Growth runs no user code, so the cell may stay borrowed; what leaves a collection is dropped afterwards.
pub(crate) fn collections(world: &Rc<World>) -> Option<()> {
    let (thing, edge) = (world.pick_thing()?, world.pick()?);
    let allocator = world.with_heap(tailbite::Heap::allocator)?;
    match world.tape().below(6) {
        0 | 1 => {
            let mut table = thing.table.try_borrow_mut().ok()?;
            let table = table.get_or_insert_with(|| Table::with_hasher_in(DefaultHashBuilder::default(), allocator));
            table.try_reserve(1).ok()?;
            let old = table.insert(world.tape().below(64) as u64, edge);
            // (A handle that goes while the table is borrowed: user code finds it opaque.)
            drop(old);
        }
        2 | 3 => {
            let mut items = thing.items.try_borrow_mut().ok()?;
            let items = items.get_or_insert_with(|| Items::new_in(allocator));
            items.try_reserve(1 + world.tape().below(40)).ok()?;
            items.push(edge);
        }
        4 => {
            let mut items = thing.items.try_borrow_mut().ok()?;
            items.as_mut()?.shrink_to_fit();
        }
        _ => {
            let table = thing.table.try_borrow_mut().ok()?.take();
            let items = thing.items.try_borrow_mut().ok()?.take();
            drop((table, items));
        }
    }
    Some(())
}

pub(crate) fn raw_blocks(world: &Rc<World>) -> Option<()> {
    let (tape, raw) = (world.tape(), &world.raw);
    let mut owner = raw.allocator.borrow_mut();
    let owner = match owner.as_mut() {
        Some(owner) => owner,
        None => owner.insert(RawAllocator::try_new().ok()?),
    };
    let mut blocks = raw.blocks.borrow_mut();
    let size = tape.below(1500);
    match tape.below(4) {
        0 | 1 => {
            let layout = Layout::from_size_align(size, 1 << tape.below(8)).ok()?;
            let place = owner.allocate(layout.size(), layout.align())?;
            let block = Block { place, layout, fill: blocks.len() as u8 };
            block.fill();
            blocks.push(block);
        }
        2 => {
            let index = tape.below(blocks.len());
            let block = blocks.get_mut(index)?;
            block.check(world);
            // SAFETY: the block is in use, with this layout.
            let place = unsafe { owner.reallocate_sized(block.place, block.layout, size) }?;
            let kept = Layout::from_size_align(size.min(block.layout.size()), block.layout.align()).ok()?;
            *block = Block { place, layout: kept, fill: block.fill };
            block.check(world);
            block.layout = Layout::from_size_align(size, block.layout.align()).ok()?;
            block.fill();
        }
        _ => {
            let index = tape.below(blocks.len());
            if index < blocks.len() {
                let block = blocks.swap_remove(index);
                block.check(world);
                // SAFETY: the block is in use, and nothing uses it afterwards.
                unsafe { owner.free_sized(block.place, block.layout) };
            }
            owner.check();
        }
    }
    Some(())
}

impl Block {
    fn fill(&self) {
        // SAFETY: the block has this size and is the list's own.
        unsafe { self.place.write_bytes(self.fill, self.layout.size()) };
    }

    fn check(&self, world: &World) {
        // SAFETY: as above, and filled.
        let bytes = unsafe { std::slice::from_raw_parts(self.place.as_ptr(), self.layout.size()) };
        let aligned = self.place.as_ptr().addr().is_multiple_of(self.layout.align());
        if !aligned || bytes.iter().any(|byte| *byte != self.fill) {
            world.ledger().fail("a raw block has lost its contents or its place");
        }
    }
}

impl RawBlocks {
    /// Gives all blocks back, and looks at each.
    pub(crate) fn end(&self, world: &World) {
        let Some(owner) = self.allocator.take() else { return };
        for block in self.blocks.take() {
            block.check(world);
            // SAFETY: the block is in use, and nothing uses it afterwards.
            unsafe { owner.free_sized(block.place, block.layout) };
        }
        owner.check();
        let memory = owner.memory();
        let used: usize = memory.classes.iter().map(|class| class.allocated).sum();
        if used + memory.system_blocks != 0 {
            world.ledger().fail("raw blocks are left");
        }
    }
}
