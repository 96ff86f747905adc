//! The equations of `MemoryStats` in any state of a heap, and blocks of all sizes and alignments in cycles.

use std::cell::Cell;

use allocator_api2::vec::Vec as VecIn;
use tailbite::{AnyGc, External, Gc, Generation, Heap, HeapAllocator, MemoryStats, PoolKind, Trace};
use tailbite_tests::{Log, Node, Random, leak_ring, manual_heap};

type Slot = Cell<Option<AnyGc>>;

/// What the documentation says of the figures.
fn check_equations(heap: &Heap) -> MemoryStats {
    let memory = heap.memory();
    let (arenas, pools, bytes) = (&memory.arenas, &memory.pools, &memory.bytes);
    let all_pools = pools.in_use + pools.free + pools.clean;
    assert_eq!(arenas.mapped * arenas.size, all_pools * pools.size + bytes.side_bytes, "{memory}");
    assert_eq!(memory.used_bytes, bytes.total - pools.clean * pools.cost + memory.external_bytes, "{memory}");
    assert_eq!(memory.used_bytes, heap.used_bytes());
    let parts = [
        bytes.allocated,
        bytes.available,
        bytes.unused_pools,
        bytes.pool_headers,
        bytes.side_bytes,
        bytes.rounding,
        bytes.bookkeeping,
    ];
    assert_eq!(parts.iter().sum::<usize>(), bytes.total, "{memory}");
    assert_eq!(bytes.unused_pools, (pools.free + pools.clean) * pools.size);
    assert!(pools.cost >= pools.size, "its size, and its part of the side bytes");
    assert!((pools.cost - pools.size) * all_pools <= bytes.side_bytes, "{memory}");
    assert!(arenas.mapped <= arenas.high_water && arenas.high_water <= arenas.ever);
    assert_eq!(memory.classes.iter().map(|class| class.pools).sum::<usize>(), pools.in_use);
    for class in &memory.classes {
        let blocks = class.allocated + class.free + class.untouched;
        assert!(class.pools > 0 && blocks.is_multiple_of(class.pools), "{class:?}");
        assert!(blocks / class.pools * class.size <= pools.size, "{class:?}");
        assert!(class.kind != PoolKind::Tracked || class.size >= 24, "{class:?}");
    }
    let allocated: usize = memory.classes.iter().map(|class| class.allocated * class.size).sum();
    assert_eq!(bytes.allocated, allocated + memory.large_bytes + memory.system_bytes, "{memory}");
    memory
}

#[test]
fn an_empty_heap_adds_up() {
    let heap = manual_heap();
    let memory = check_equations(&heap);
    assert_eq!((memory.large_objects, memory.external_bytes), (0, 0));
    drop(heap.alloc(1));
    check_equations(&heap);
    heap.trim();
    check_equations(&heap);
}

/// An object's block takes its header of 8 bytes and its payload; tracked blocks take 24 bytes at least.
#[test]
fn small_tracked_objects_take_24_bytes() {
    let heap = manual_heap();
    let edge = heap.alloc(Slot::new(None));
    let number = heap.alloc(1_u64);
    let used = |kind: PoolKind| -> Vec<usize> {
        let classes = heap.memory().classes;
        classes.iter().filter(|class| class.kind == kind && class.allocated != 0).map(|class| class.size).collect()
    };
    assert_eq!((used(PoolKind::Tracked), used(PoolKind::Leaf)), (vec![24], vec![16]));
    let empty: Gc<[AnyGc]> = heap.alloc_slice([]);
    assert!(used(PoolKind::Tracked).iter().all(|&size| size >= 24));
    check_equations(&heap);
    drop((edge, number, empty));
}

enum Held {
    Object(#[expect(dead_code, reason = "held, never read")] AnyGc),
    Raw(VecIn<u8, HeapAllocator>),
    External(#[expect(dead_code, reason = "held, never read")] External),
}

fn random_program(heap: &Heap, seed: u64, steps: usize) {
    let (mut random, log) = (Random::new(seed), Log::new());
    let mut held: Vec<Held> = Vec::new();
    for step in 0..steps {
        match random.below(16) {
            0 => held.push(Held::Object(heap.alloc_slice(vec![0_u8; random.below(5000)]).into())),
            1 if random.below(8) == 0 => {
                held.push(Held::Object(heap.alloc_slice(vec![0_u64; random.below(30_000)]).into()));
            }
            1 | 2 => leak_ring(heap, &log, "", 1 + random.below(20)),
            3 => held.push(Held::External(heap.add_external(random.below(100_000)))),
            4 | 5 => {
                let mut raw = VecIn::new_in(heap.allocator());
                let most = if random.below(6) == 0 { 200_000 } else { 300 };
                raw.resize(random.below(most), 7);
                held.push(Held::Raw(raw));
            }
            6 if random.below(10) == 0 => drop(heap.trim()),
            6 => drop(heap.collect(Generation::ALL[random.below(3)])),
            7 if !held.is_empty() => held.truncate(random.below(held.len())),
            8..=11 if !held.is_empty() => {
                let mut one = held.swap_remove(random.below(held.len()));
                if let Held::Raw(raw) = &mut one {
                    raw.shrink_to_fit();
                }
            }
            12 => {
                let slots = random.below(200);
                held.push(Held::Object(heap.alloc_slice((0..slots).map(|_| Slot::new(None))).into()));
            }
            _ => held.push(Held::Object(Node::alloc(heap, &log, "").into())),
        }
        if step % 16 == 0 {
            check_equations(heap);
        }
    }
    drop(held);
    heap.collect(Generation::Old);
    check_equations(heap);
    assert_eq!(heap.object_count(), 0);
    heap.trim();
    let memory = check_equations(heap);
    assert_eq!((memory.large_objects, memory.external_bytes, memory.system_blocks), (0, 0, 0));
    heap.check();
}

#[test]
fn random_programs_add_up() {
    for seed in 0..12 {
        let heap = manual_heap();
        random_program(&heap, seed, 1200);
        random_program(&heap, 100 + seed, 300);
    }
}

#[test]
fn random_programs_add_up_in_debug_heaps_and_under_limits() {
    for seed in 0..4 {
        let heap = manual_heap();
        heap.set_memory_limit(Some(1 << 30));
        heap.set_debug_heap(seed % 2 == 0);
        random_program(&heap, 50 + seed, 500);
    }
}

/// A payload of some size and alignment that is in a cycle, and knows its contents.
trait Aligned: Trace {
    fn make(fill: u8) -> Self;
    fn slot(&self) -> &Slot;
    fn is_filled(&self, fill: u8) -> bool;
}

macro_rules! aligned {
    ($($name:ident $align:literal;)*) => {$(
        #[derive(Trace)]
        #[repr(align($align))]
        struct $name<const N: usize>(Slot, [u8; N]);

        impl<const N: usize> Aligned for $name<N> {
            fn make(fill: u8) -> Self {
                $name(Slot::new(None), [fill; N])
            }

            fn slot(&self) -> &Slot {
                &self.0
            }

            fn is_filled(&self, fill: u8) -> bool {
                self.1 == [fill; N]
            }
        }
    )*};
}

aligned! { To8 8; To16 16; To32 32; To64 64; To128 128; To4096 4096; }

fn cycles_of<T: Aligned>(heap: &Heap) {
    const COUNT: usize = 120;
    let objects: Vec<Gc<T>> = (0..COUNT).map(|n| heap.alloc(T::make(n as u8))).collect();
    let check = |object: &Gc<T>, n: usize| {
        assert_eq!(Gc::as_ptr(object).addr() % align_of::<T>(), 0, "{}", std::any::type_name::<T>());
        assert!(object.is_filled(n as u8), "{}", std::any::type_name::<T>());
        assert!(heap.is_tracked(object) && heap.contains(object));
    };
    // Three in a cycle; every other cycle is kept.
    for (n, object) in objects.iter().enumerate() {
        check(object, n);
        object.slot().set(Some(Gc::as_any(&objects[n / 3 * 3 + (n + 1) % 3])));
    }
    let kept: Vec<_> = (0..COUNT).filter(|n| n % 6 == 0).map(|n| (n, objects[n].clone())).collect();
    let weak: Vec<_> = objects.iter().map(Gc::downgrade).collect();
    drop(objects);
    check_equations(heap);
    assert_eq!(heap.collect(Generation::Old), COUNT / 2, "{}", std::any::type_name::<T>());
    for (n, weak) in weak.iter().enumerate() {
        let object = weak.upgrade();
        assert_eq!(object.is_some(), n / 3 % 2 == 0);
        object.iter().for_each(|object| check(object, n));
    }
    heap.check();
    check_equations(heap);
    // New ones take the places, and go.
    let again: Vec<Gc<T>> = (0..COUNT).map(|n| heap.alloc(T::make(!(n as u8)))).collect();
    again.iter().for_each(|object| object.slot().set(Some(Gc::as_any(object))));
    assert!(again.iter().enumerate().all(|(n, object)| object.is_filled(!(n as u8))));
    drop((again, weak));
    kept.iter().for_each(|(n, object)| check(object, *n));
    // Without weak references: all that was held is let go in one pass, where the type allows it.
    assert_eq!(heap.collect(Generation::Young), COUNT);
    drop(kept);
    assert_eq!(heap.collect(Generation::Old), COUNT / 2);
    assert_eq!(heap.object_count(), 0);
    heap.check();
    check_equations(heap);
}

macro_rules! cycles {
    ($heap:ident: $($name:ident)*) => {$(
        cycles_of::<$name<0>>(&$heap);
        cycles_of::<$name<8>>(&$heap);
        cycles_of::<$name<9>>(&$heap);
        cycles_of::<$name<24>>(&$heap);
        cycles_of::<$name<56>>(&$heap);
        cycles_of::<$name<120>>(&$heap);
        cycles_of::<$name<248>>(&$heap);
        cycles_of::<$name<500>>(&$heap);
        cycles_of::<$name<1016>>(&$heap);
        cycles_of::<$name<2040>>(&$heap);
    )*};
}

#[test]
fn cycles_of_all_sizes_and_alignments_are_collected() {
    let heap = manual_heap();
    cycles!(heap: To8 To16 To32 To64 To128);
    cycles_of::<To4096<0>>(&heap);
    cycles_of::<To4096<2040>>(&heap);
    cycles_of::<To64<20_000>>(&heap);
    cycles_of::<To8<40_000>>(&heap);
}

#[test]
fn cycles_of_all_sizes_and_alignments_in_debug_heaps() {
    let heap = manual_heap();
    heap.set_debug_heap(true);
    let reports = tailbite_tests::quiet(&heap);
    cycles!(heap: To8 To16 To64 To128);
    cycles_of::<To4096<8>>(&heap);
    heap.collect(Generation::Old);
    assert_eq!(reports.messages(), [""; 0]);
}
