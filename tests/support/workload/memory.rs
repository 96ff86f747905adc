//! Memory beside objects: roots, packed values, external bytes, raw blocks and what is made of them.

use std::alloc::Layout;

use allocator_api2::alloc::Allocator;
use tailbite::{Gc, LastFirst, Packed, RootKey, Unpacked};

use super::faults::exempt;
use super::item::{Item, Leaf, Manner};
use super::world::{Refused, Step, Steps, World};

/// What this file asks for.
pub(super) const STEPS: Steps = &[
    ("roots", roots),
    ("packed values", packed),
    ("external bytes", external),
    ("a heap's raw bytes", heap_bytes),
    ("lists that die in order", last_first),
    ("raw blocks", raw_blocks),
    ("raw blocks at a limit", raw_limit),
];

fn roots(w: &World) -> Step {
    let heap = &w.heap;
    let leaf = heap.try_alloc(Leaf::new(w, 1))?;
    let key = heap.try_add_root(leaf.clone())?;
    let other = w.infallible(|| heap.add_root_any(Gc::as_any(&leaf)))?;
    let erased = heap.try_add_root_any(Gc::erase(leaf.clone()))?;
    w.expect(heap.root(key).is_some_and(|same| Gc::ptr_eq(&same, &leaf)) && heap.root_count() >= 3, "kept");
    w.expect(RootKey::<Leaf>::from_bits(key.to_bits()) == key && key.erase().to_bits() == key.to_bits(), "numbers");
    w.expect(heap.root_any(erased).is_some() && heap.remove_root_any(other).is_some(), "found");
    w.expect(heap.remove_root(key).is_some() && heap.remove_root(key).is_none(), "taken out once");
    for _ in 0..10 {
        // These go with the heap.
        heap.try_add_root(Item::alloc(w, Manner::Busy)?)?;
    }
    w.infallible(|| heap.add_root(leaf))?;
    Ok(())
}

fn packed(w: &World) -> Step {
    let leaf = w.heap.try_alloc(Leaf::new(w, 1))?;
    let value = Packed::object(Gc::erase(leaf));
    let copy = value.clone();
    w.expect(Packed::same(&value, &copy) && value.as_object().is_some(), "one object");
    w.expect(matches!(value.unpack(), Unpacked::Object(object) if object.strong_count() == 2), "two handles");
    let number = Packed::int(7).map(|seven| seven.as_int());
    w.expect(number == Some(Some(7)) && Packed::float(0.5).as_float() == Some(0.5), "numbers");
    w.expect(Packed::tag(3).as_tag() == Some(3) && Packed::tag(3).into_object().is_err(), "tags");
    let list = w.heap.try_alloc_slice([copy])?;
    w.keep(list);
    w.expect(value.into_object().is_ok_and(|object| object.is::<Leaf>()), "a handle again");
    Ok(())
}

fn external(w: &World) -> Step {
    let mut external = w.heap.try_add_external(1000)?;
    external.resize(2000)?;
    w.expect(external.bytes() == 2000 && w.heap.external_bytes() == 2000, "counted");
    w.expect(external.resize(10).is_ok(), "shrinks");
    drop(w.infallible(|| w.heap.add_external(5))?);
    Ok(())
}

fn heap_bytes(w: &World) -> Step {
    let alloc = w.heap.allocator();
    let layout = |size| Layout::from_size_align(size, 8).expect("a layout");
    let mut blocks: Vec<_> = exempt(|| Vec::with_capacity(6));
    for size in [8, 100, 512, 513, 5000, 70_000] {
        let block = if size < 600 { alloc.allocate(layout(size)) } else { alloc.allocate_zeroed(layout(size)) };
        blocks.extend(block.map(|block| (block.cast::<u8>(), size)));
    }
    let mut refused = blocks.len() < 6;
    for (block, size) in &mut blocks {
        // SAFETY: the block is in use, with this layout; the old address isn't used again.
        let grown = unsafe { alloc.grow(*block, layout(*size), layout(*size * 3)) };
        match grown {
            Ok(grown) => (*block, *size) = (grown.cast(), *size * 3),
            Err(_) => refused = true,
        }
        // SAFETY: as above.
        let shrunk = unsafe { alloc.shrink(*block, layout(*size), layout(*size / 4)) };
        match shrunk {
            Ok(shrunk) => (*block, *size) = (shrunk.cast(), *size / 4),
            Err(_) => w.problem("shrinking was refused"),
        }
    }
    for (block, size) in blocks {
        // SAFETY: the block is in use, with this layout.
        unsafe { alloc.deallocate(block, layout(size)) };
    }
    if refused { Err(Refused) } else { Ok(()) }
}

fn last_first(w: &World) -> Step {
    let mut list = LastFirst::new_in(w.heap.allocator());
    for number in 0..40 {
        list.try_reserve(1).map_err(|_| Refused)?;
        list.push(Leaf::new(w, number));
    }
    w.expect(list.len() == 40 && format_of(list.allocator()) == "HeapAllocator", "in the heap");
    drop(list.into_items());
    let list = exempt(|| [Leaf::new(w, 1), Leaf::new(w, 2)].into_iter().collect::<LastFirst<Leaf>>());
    let copy = exempt(|| list.clone());
    w.expect(copy.into_vec().len() == 2, "clones");
    Ok(())
}

fn format_of(value: &impl std::fmt::Debug) -> String {
    exempt(|| format!("{value:?}"))
}

fn raw_blocks(w: &World) -> Step {
    let raw = &w.raw;
    let mut blocks: Vec<_> = exempt(|| Vec::with_capacity(4));
    blocks.extend([(40, 8), (100, 64), (600, 8)].iter().filter_map(|(size, align)| raw.allocate(*size, *align)));
    blocks.extend(raw.allocate_zeroed(9000, 4096));
    let mut refused = blocks.len() < 4;
    for block in &mut blocks {
        w.expect(raw.owns(block.as_ptr()) && raw.usable_size(block.as_ptr()).is_some(), "its own");
        // SAFETY: the block is in use; the old address isn't used again.
        match unsafe { raw.reallocate(*block, 2000) } {
            Some(moved) => *block = moved,
            None => refused = true,
        }
    }
    for block in blocks {
        // SAFETY: the block is in use.
        unsafe { raw.free(block) };
    }
    let layout = Layout::new::<[u64; 9]>();
    let block = raw.allocate(layout.size(), layout.align()).ok_or(Refused)?;
    // SAFETY: the block is in use, with this layout; the old address isn't used again.
    unsafe {
        match raw.reallocate_sized(block, layout, 24) {
            Some(block) => raw.free(block),
            None => raw.free_sized(block, layout),
        }
    }
    if refused { Err(Refused) } else { Ok(()) }
}

fn raw_limit(w: &World) -> Step {
    let raw = &w.raw;
    raw.set_limit(Some(raw.used_bytes()));
    w.expect(raw.allocate(100_000, 8).is_none(), "refused");
    raw.set_limit(None);
    raw.trim();
    w.expect(w.infallible(|| raw.memory())?.used_bytes == raw.used_bytes(), "figures");
    raw.check();
    Ok(())
}
