//! Every header against what else is known of its object: pool, type, lists, weak table, immortals.

use crate::alloc::{Pool, PoolKind};
use crate::base::{Broken, agrees, holds};
use crate::collect::Generation;
use crate::heap::HeapState;
use crate::object::{Flags, RawObject, Shape, SideState, Type, object_size, type_with_id};

/// What the headers of a heap add up to.
#[derive(Default)]
struct Sums {
    young: usize,
    middle: usize,
    weak: usize,
    immortals: usize,
}

impl HeapState {
    /// Looks at the header of every block that was ever an object's.
    pub(super) fn verify_headers(&self) -> Result<(), Broken> {
        let mut sums = Sums::default();
        for kind in [PoolKind::Tracked, PoolKind::Leaf] {
            // SAFETY: the allocator is held.
            for pool in unsafe { self.alloc.pool_refs(kind) } {
                let mut objects = 0;
                for block in pool.blocks() {
                    // SAFETY: valid-header: the header word of every carved block is initialised (S16).
                    let object = unsafe { RawObject::from_block(block) };
                    self.verify_header(object, pool)?;
                    objects += usize::from(object.header().type_id() != 0);
                    sums.add(object);
                }
                if objects > pool.used() {
                    let broken = Broken::new("a pool holds no more objects than blocks are in use");
                    return Err(broken.numbers(objects, pool.used()));
                }
            }
        }
        agrees!(sums.young, self.young.len(), "the blocks with a listed bit are those in the young list");
        agrees!(sums.middle, self.middle.len(), "the blocks with a listed bit are those in the middle list");
        agrees!(sums.weak, self.weak.len(), "the objects with a weak bit are those with a weak record");
        if !self.closing.get() {
            agrees!(sums.immortals, self.immortals.get(), "immortal objects are counted");
        }
        Ok(())
    }

    fn verify_header(&self, object: RawObject, pool: &Pool) -> Result<(), Broken> {
        if object.header().type_id() == 0 {
            return verify_no_object(object, pool);
        }
        let Some(ty) = type_with_id(object.header().type_id()) else {
            return Err(Broken::new("the type of an object is registered").of(object.block()));
        };
        verify_type(object, pool, ty)?;
        // (A factory that was made while the debug heap was on marks all that it makes.)
        let is_guarded = self.alloc.is_guarded(object.block());
        holds!(!is_guarded || object.header().has(Flags::LARGE), "a guarded object is marked as large", object);
        self.verify_state(object, ty)
    }

    /// Where the object is in its life.
    fn verify_state(&self, object: RawObject, ty: &Type) -> Result<(), Broken> {
        let header = object.header();
        let has_finalizer = ty.hooks.finalizer.is_some();
        holds!(has_finalizer || !header.has(Flags::FINALIZER), "a finalizer is due only if there is one", object);
        let is_finalized = header.has(Flags::FINALIZED);
        let may_be = has_finalizer && object.is_tracked() && !header.has(Flags::FINALIZER);
        holds!(may_be || !is_finalized, "a finalizer has run only if there is one, and isn't due again", object);
        if header.has(Flags::DOOMED.union(Flags::QUEUED)) {
            holds!(!self.is_at_rest(), "objects are torn down only while something is dropped", object);
            return Ok(());
        }
        // (A guard that was leaked keeps what nobody holds any more.)
        let is_held = header.count() != 0 || header.has(Flags::EXCLUSIVE);
        holds!(is_held, "an object that nobody holds is being torn down", object);
        if !object.is_tracked() {
            let bits = Flags::LISTED | Flags::MIDDLE | Flags::OLD;
            holds!(!header.has(bits), "what isn't tracked is in no generation", object);
            return Ok(());
        }
        let list = match header.generation() {
            generation if usize::from(generation) == Generation::Young.index() => &self.young,
            generation if usize::from(generation) == Generation::Middle.index() => &self.middle,
            _ => return Ok(()),
        };
        // What is under examination is with its collection.
        if header.is_candidate() && !self.closed.get() && SideState::of(object) == SideState::REST {
            holds!(list.finds(object), "a young or middle object is found by its generation's list", object);
        }
        Ok(())
    }
}

impl Sums {
    fn add(&mut self, object: RawObject) {
        let header = object.header();
        self.young += usize::from(header.has(Flags::LISTED_YOUNG));
        self.middle += usize::from(header.has(Flags::LISTED_MIDDLE));
        self.weak += usize::from(header.has(Flags::WEAK));
        // A link takes the bits of what is queued.
        self.immortals += usize::from(header.has(Flags::IMMORTAL) && !header.has(Flags::QUEUED));
    }
}

/// A block that is free, under construction, or whose payload is being dropped.
fn verify_no_object(object: RawObject, pool: &Pool) -> Result<(), Broken> {
    // (Large stays until the payload is dropped.)
    let mut may_have = Flags::WEAK | Flags::LARGE;
    if pool.kind() == PoolKind::Tracked {
        may_have |= Flags::LISTED;
    }
    let has_more = !may_have.contains(object.header().flags());
    holds!(!has_more, "the header of what is no object says only what is listed", object);
    Ok(())
}

/// What the object's type and pool say of it.
fn verify_type(object: RawObject, pool: &Pool, ty: &Type) -> Result<(), Broken> {
    let header = object.header();
    let has_edges = ty.shape.contains(Shape::EDGES);
    let is_tracked = header.has(Flags::TRACKED);
    holds!(is_tracked == has_edges, "an object is tracked if its type can own handles", object);
    holds!(ty.kind() == pool.kind(), "an object is in the kind of pool that its type belongs to", object);
    holds!(header.has(Flags::LARGE) || !pool.is_large(), "an object in a region of its own is large", object);
    let is_loud = ty.template & Flags::LOUD.bits() as u32 != 0;
    holds!(header.has(Flags::LOUD) == is_loud, "an object is loud if its type is", object);
    let size = object_size(ty.descriptor.layout).unwrap_or(usize::MAX);
    holds!(size <= pool.block_size(), "an object fits into its block", object);
    let is_aligned = object.payload().addr().get().is_multiple_of(ty.descriptor.layout.align());
    holds!(is_aligned, "a payload is aligned", object);
    Ok(())
}

/// Whether the header leaves no doubt that the object may be traced: alive, not lent, of a type that fits.
pub(super) fn is_traceable(object: RawObject) -> bool {
    let header = object.header();
    let is_alive = header.is_alive() && object.is_tracked() && !header.has(Flags::EXCLUSIVE);
    is_alive && type_with_id(header.type_id()).is_some_and(|ty| verify_type(object, object.pool_ref(), ty).is_ok())
}
