//! References counted again from the edges of what is traced, and from what the heap itself owns.

use core::ptr::NonNull;

use super::headers::is_traceable;
use crate::alloc::PoolKind;
use crate::base::{Broken, Zeroed};
use crate::heap::HeapState;
use crate::object::{Flags, RawObject, Tracer, type_of};

/// Places that are counted in one round when memory for more is refused: those of a pool at the least.
const FEWEST: usize = 1024;

/// References to the objects at the places from `from` on.
pub(super) struct Tally<'a> {
    from: usize,
    counts: &'a mut [u32],
}

impl Tally<'_> {
    fn get(&self, place: usize) -> Option<u32> {
        self.counts.get(place.checked_sub(self.from)?).copied()
    }

    fn add(&mut self, place: usize) {
        if let Some(count) = place.checked_sub(self.from).and_then(|index| self.counts.get_mut(index)) {
            *count = count.saturating_add(1);
        }
    }
}

impl HeapState {
    /// Follows every edge, and compares every count.
    pub(super) fn verify_edges(&self) -> Result<(), Broken> {
        let places = self.alloc.places();
        let mut size = places;
        while size > FEWEST {
            if let Some(mut counts) = Zeroed::try_new(size) {
                return self.verify_counts(places, &mut counts);
            }
            size = size.div_ceil(2);
        }
        self.verify_counts(places, &mut [0; FEWEST])
    }

    /// The same with memory for so many counts, which are zero, in as many rounds as that takes.
    fn verify_counts(&self, places: usize, counts: &mut [u32]) -> Result<(), Broken> {
        let mut from = 0;
        while from == 0 || from < places {
            if from != 0 {
                counts.fill(0);
            }
            let mut tally = Tally { from, counts };
            self.tally(&mut tally, from == 0)?;
            self.compare(&tally)?;
            from += counts.len();
        }
        Ok(())
    }

    /// Counts the references that this heap's objects and the heap itself own. Looks where they lead, if `verified`.
    fn tally(&self, tally: &mut Tally<'_>, verified: bool) -> Result<(), Broken> {
        let mut broken = Ok(());
        let this = NonNull::from(self);
        self.for_each_traceable(|object| {
            if broken.is_err() {
                return;
            }
            // SAFETY: just found traceable.
            unsafe {
                for_each_owned(object, |edge| {
                    if verified && broken.is_ok() {
                        broken = verify_target(edge).map_err(|broken| broken.of(edge.block()).of(object.block()));
                    }
                    if is_block(edge) && Self::of(edge) == this {
                        tally.add(self.alloc.place_of(edge.block()));
                    }
                });
            }
        });
        broken?;
        self.for_each_own_reference(|object| {
            if Self::of(object) == this {
                // SAFETY: an object of this heap, which the heap itself owns a reference to.
                tally.add(unsafe { self.alloc.place_of(object.block()) });
            }
        });
        Ok(())
    }

    /// References that this heap's objects and the heap itself own, to each object by place. `None` if memory is refused.
    pub(super) fn tally_all(&self) -> Option<Zeroed> {
        let mut counts = Zeroed::try_new(self.alloc.places())?;
        self.tally(&mut Tally { from: 0, counts: &mut counts }, false).ok()?;
        Some(counts)
    }

    /// Compares the counts of all objects that were counted for.
    fn compare(&self, tally: &Tally<'_>) -> Result<(), Broken> {
        let mut broken = None;
        for kind in [PoolKind::Tracked, PoolKind::Leaf] {
            self.for_each_object(kind, |object| {
                let header = object.header();
                // SAFETY: an object of this heap.
                let place = unsafe { self.alloc.place_of(object.block()) };
                let Some(found) = tally.get(place) else { return };
                let held_by_heap = u32::from(header.has(Flags::IMMORTAL));
                let is_exact = !header.has(Flags::SATURATED);
                if broken.is_none() && is_exact && found.saturating_add(held_by_heap) > header.count() {
                    broken = Some((object, found));
                }
            });
        }
        let Some((object, found)) = broken else { return Ok(()) };
        let found = found as usize + usize::from(object.header().has(Flags::IMMORTAL));
        let rule = Broken::new("no object is referred to more often than it is held").of(object.block());
        let broken = rule.numbers(found, object.header().count() as usize);
        Err(self.referrer_of(object).map_or(broken, |referrer| broken.of(referrer.block())))
    }

    /// The first object that refers to `wanted`.
    fn referrer_of(&self, wanted: RawObject) -> Option<RawObject> {
        let mut referrer = None;
        self.for_each_traceable(|object| {
            if referrer.is_none() {
                let mut refers = false;
                // SAFETY: just found traceable.
                unsafe { for_each_owned(object, |edge| refers |= edge == wanted) };
                referrer = refers.then_some(object);
            }
        });
        referrer
    }

    fn for_each_traceable(&self, mut f: impl FnMut(RawObject)) {
        self.for_each_object(PoolKind::Tracked, |object| {
            if is_traceable(object) {
                f(object);
            }
        });
    }
}

/// Calls `f` for each reference that an object owns, as it is counted.
///
/// # Safety
/// The object is traceable: alive, not lent exclusively (S1).
pub(super) unsafe fn for_each_owned(object: RawObject, mut f: impl FnMut(RawObject)) {
    // SAFETY: the caller's promise: a live object's type is registered.
    let ty = unsafe { type_of(object.header().type_id()) };
    // SAFETY: the caller's promise.
    // USER CODE: `Trace::trace`, which by contract has no effects, but may panic.
    unsafe { (ty.descriptor.trace)(object, &mut Tracer::exact(&mut f)) };
}

/// Checks that an edge leads to an object that is alive, in whatever heap.
fn verify_target(edge: RawObject) -> Result<(), Broken> {
    if !is_block(edge) {
        return Err(Broken::new("an edge leads to a block for objects"));
    }
    if edge.header().type_id() == 0 {
        return Err(Broken::new("an edge leads to an object, not to a free block"));
    }
    if !edge.header().is_alive() {
        return Err(Broken::new("an edge leads to an object that is not being torn down"));
    }
    Ok(())
}

/// Whether an edge leads to the start of a block for objects.
pub(super) fn is_block(edge: RawObject) -> bool {
    let pool = edge.pool_ref();
    let offset = edge.block().addr().get() - edge.pool().addr().get();
    if !pool.kind().holds_objects() || offset < pool.first() {
        return false;
    }
    let index = pool.index_of(edge.block());
    index < pool.carved() && pool.block(index) == edge.block()
}
