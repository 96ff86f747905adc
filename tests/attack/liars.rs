//! Iterators that lie about their length, panic, collect, and end the heap they fill; sizes at the edges of what can be.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tailbite::{Gc, Generation, Heap, RawAllocator, Trace};

use crate::common::{Loud, Node, manual};

/// Says a length, another at each question, and yields another number of items still.
struct Liar<T> {
    says: Cell<Vec<usize>>,
    yields: usize,
    make: Box<dyn Fn(usize) -> T>,
}

fn liar<T>(says: &[usize], yields: usize, make: impl Fn(usize) -> T + 'static) -> Liar<T> {
    Liar { says: Cell::new(says.iter().rev().copied().collect()), yields, make: Box::new(make) }
}

impl<T> Iterator for Liar<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.yields = self.yields.checked_sub(1)?;
        Some((self.make)(self.yields))
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.len();
        (len, Some(len))
    }
}

impl<T> ExactSizeIterator for Liar<T> {
    fn len(&self) -> usize {
        let mut says = self.says.take();
        let len = if says.len() > 1 { says.pop().unwrap() } else { says[0] };
        self.says.set(says);
        len
    }
}

#[test]
fn lengths_that_change_between_two_questions() {
    let drops = Rc::new(Cell::new(0));
    let heap = manual();
    let mut made = 0;
    for says in [[1, 1000], [1000, 1], [0, 50], [50, 0], [3, usize::MAX], [usize::MAX, 3], [20_000, 1]] {
        for yields in [0, 1, 3, 60] {
            let (count, seen) = (drops.clone(), Rc::new(Cell::new(0)));
            let total = seen.clone();
            let make = move |_| {
                total.set(total.get() + 1);
                Loud(count.clone())
            };
            let rest = catch_unwind(AssertUnwindSafe(|| heap.alloc_slice(liar(&says, yields, make)).len()));
            made += seen.get();
            assert!(rest.is_err() || rest.is_ok_and(|len| len <= yields));
            assert_eq!(drops.get(), made, "{says:?} {yields}");
        }
    }
    heap.check();
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn the_same_with_a_head_and_through_from_iterator() {
    let drops = Rc::new(Cell::new(0));
    let heap = manual();
    for says in [[2, 100], [100, 2], [0, 7]] {
        for yields in [0, 2, 9] {
            let before = drops.get();
            let count = drops.clone();
            let object = heap.alloc_with_slice(Loud(drops.clone()), liar(&says, yields, move |_| Loud(count.clone())));
            assert!(object.slice.len() <= yields);
            drop(object);
            assert_eq!(drops.get(), before + 1 + yields.min(drops.get() - before - 1));
            let count = drops.clone();
            let slice: Gc<[Loud]> = liar(&says, yields, move |_| Loud(count.clone())).collect();
            assert_eq!(slice.len(), yields);
        }
    }
    heap.check();
}

#[test]
fn an_iterator_that_ends_its_heap() {
    let slot: Rc<RefCell<Option<Heap>>> = Rc::default();
    let drops = Rc::new(Cell::new(0));
    let heap = manual();
    let anchor = heap.alloc(1);
    drop(Node::ring(&heap, &drops));
    *slot.borrow_mut() = Some(heap);
    let (end, count) = (slot.clone(), drops.clone());
    let slice = Gc::with_heap(&anchor, |heap| {
        heap.alloc_slice(liar(&[5, 5], 5, move |n| {
            if n == 3 {
                drop(end.take());
            }
            Loud(count.clone())
        }))
    });
    drop(anchor);
    assert_eq!((slice.len(), drops.get()), (5, 1));
    drop(slice);
    assert_eq!(drops.get(), 6);
}

#[test]
fn an_iterator_that_fills_collects_and_panics() {
    let drops = Rc::new(Cell::new(0));
    let heap = Heap::new();
    heap.set_stress(1);
    for at in 0..6 {
        let (count, before) = (drops.clone(), drops.get());
        let anchor = heap.alloc(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            heap.alloc_slice(liar(&[6, 6], 6, move |n| {
                Gc::with_heap(&anchor, |heap| {
                    heap.collect(Generation::Old);
                    heap.check();
                    drop(heap.alloc_slice([heap.alloc(1), heap.alloc(2)]));
                    assert!(n != at, "enough");
                });
                (Loud(count.clone()), None::<Gc<u8>>)
            }))
        }));
        assert!(result.is_err());
        assert_eq!(drops.get() - before, 5 - at);
    }
    heap.check();
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn sizes_that_overflow_are_refused() {
    let heap = manual();
    for less in (0..70_000_usize).step_by(97).chain(0..64) {
        for top in [usize::MAX, isize::MAX as usize, 1 << 62] {
            let error = heap.try_alloc_slice(liar(&[top - less], 0, |_| 1_u8)).unwrap_err();
            assert!(error.requested() >= top - less || error.requested() == usize::MAX);
        }
    }
    for len in [usize::MAX / 8, usize::MAX / 8 - 1, usize::MAX / 8 + 1, usize::MAX / 16, usize::MAX] {
        assert!(heap.try_alloc_slice(liar(&[len], 0, |_| 1_u64)).is_err());
        assert!(heap.try_alloc_with_slice([1_u64; 9], liar(&[len], 0, |_| 1_u64)).is_err());
        assert!(heap.try_alloc_with_slice(1_u8, liar(&[len], 0, |_| Wide(1))).is_err());
    }
    heap.check();
}

#[derive(Trace, Debug)]
#[repr(align(64))]
struct Wide(u8);

#[test]
fn nothing_many_times() {
    let heap = manual();
    for len in [0, 1, 1 << 20, isize::MAX as usize, usize::MAX - 8, usize::MAX] {
        let slice = heap.try_alloc_slice(liar(&[len], 3, |_| ()));
        assert!(slice.is_err() || slice.is_ok_and(|slice| slice.len() <= 3));
        let object = heap.try_alloc_with_slice(1_u8, liar(&[len], 3, |_| [0_u64; 0]));
        assert!(object.is_err() || object.is_ok_and(|object| object.slice.len() <= 3));
    }
    let many: Gc<[()]> = heap.alloc_slice(vec![(); 100_000]);
    assert_eq!(many.len(), 100_000);
    let mut one = heap.alloc([(); usize::MAX]);
    assert_eq!(Gc::make_mut(&mut one).len(), usize::MAX);
    heap.check();
}

#[test]
fn alignments_of_everything() {
    macro_rules! aligned {
        ($($align:literal)*) => {$({
            #[derive(Trace, Clone)]
            #[repr(align($align))]
            struct A<T>(T, std::cell::RefCell<Option<tailbite::AnyGc>>);
            #[derive(Trace, Clone)]
            #[repr(align($align))]
            struct Zero;
            let heap = manual();
            let mut kept = Vec::new();
            for n in 0..40_u8 {
                if let Ok(object) = heap.try_alloc(A(n, Default::default())) {
                    assert!(Gc::as_ptr(&object).addr().is_multiple_of($align));
                    *object.1.borrow_mut() = Some(Gc::as_any(&object));
                    let slice = heap.alloc_slice((0..n).map(|n| A([n; 50], Default::default())));
                    assert!((&raw const *slice).addr().is_multiple_of($align));
                    let headed = heap.alloc_with_slice(n, [Zero, Zero]);
                    assert!((&raw const headed.slice).addr().is_multiple_of($align));
                    let empty = heap.alloc_slice([const { None::<A<u8>> }; 0]);
                    assert!(empty.as_ptr().addr().is_multiple_of($align));
                    assert!(Gc::as_ptr(&heap.alloc(Zero)).addr().is_multiple_of($align));
                    kept.push((n, object, slice, headed, empty));
                } else {
                    assert!($align > 16 << 10);
                }
            }
            heap.check();
            for (n, object, slice, headed, _) in &kept {
                assert_eq!((object.0, headed.head), (*n, *n));
                assert!(slice.iter().enumerate().all(|(at, item)| item.0 == [at as u8; 50]));
            }
            let count = kept.len();
            drop(kept);
            assert_eq!(heap.collect(Generation::Old), count);
            heap.check();
        })*};
    }
    aligned!(1 2 8 16 32 64 128 256 1024 4096 8192 16384 32768 65536);
}

#[test]
fn any_address_can_be_asked_about() {
    let raw = RawAllocator::new();
    let mut addresses: Vec<*const u8> = vec![std::ptr::null(), std::ptr::without_provenance(usize::MAX)];
    for size in [0, 1, 8, 100, 512, 513, 100_000] {
        let mut items = allocator_api2::vec::Vec::<u8, _>::new_in(&raw);
        items.resize(size, 1);
        let start = items.as_ptr();
        assert!(size == 0 || (raw.owns(start) && raw.usable_size(start).is_some_and(|room| room >= size)));
        addresses.extend((-17..(size as isize + 17)).step_by(1 + size / 50).map(|by| start.wrapping_offset(by)));
    }
    raw.trim();
    for align in [0, 1, 3, 64, 4096, 1 << 40, 1 << 63, usize::MAX] {
        for size in [0, 1, isize::MAX as usize, usize::MAX] {
            if let Some(block) = raw.allocate(size, align) {
                assert!(size <= 1 && block.addr().get().is_multiple_of(align));
                addresses.push(block.as_ptr());
            }
        }
    }
    for address in &addresses {
        for masked in [address.addr(), address.addr() & !0xfff, address.addr() & !0x3fff, address.addr() & !0x1f_ffff] {
            let address = std::ptr::without_provenance::<u8>(masked);
            if raw.usable_size(address).is_some_and(|size| size > 0) {
                assert!(raw.owns(address));
            }
        }
    }
    raw.check();
    let raw = std::thread::spawn(move || {
        raw.check();
        raw
    });
    raw.join().unwrap().trim();
}
