//! Verification of a whole heap: every count from every edge, every list, every byte that was counted.
//!
//! | file | concept |
//! |---|---|
//! | `verify` | the parts in their order, and what is known in which window |
//! | `verify/headers` | each object's header against its pool, its type, lists and tables |
//! | `verify/edges` | references counted again from the edges |
//! | `verify/path` | how an object is reached |
//!
//! It frees nothing, changes nothing, and runs no user code but `Trace::trace`.

mod edges;
mod headers;
mod path;

use super::Heap;
use super::drops::Drops;
use super::state::HeapState;
use super::violation::{Path, Place, Violation};
use crate::alloc::{Examined, PoolKind};
use crate::base::{Broken, agrees, holds};
use crate::object::{RawObject, type_with_id};
use crate::weak::EntryTable;

impl Heap {
    /// Checks the whole heap, as a debugging aid for hosts with a [`Trace`](crate::Trace) of their own, and for tests:
    ///
    /// - the allocator's equations: blocks, pools, arenas, and every byte that counts against a limit;
    /// - the header of every object against its pool, its type, the generation lists, the weak table and the immortals;
    /// - weak records and the lists in them, tables of weak containers, the registry of what is called at exit;
    /// - every edge: it leads to an object that is alive, of any heap; and no object of this heap is referred to more
    ///   often, by what is traced and by the heap itself, than its count says. The rest of a count is held from outside.
    ///
    /// It may be called at any time. What can't be told is passed over: edges of objects that are lent through a
    /// [`GcMut`](crate::GcMut), of cells that are mutably borrowed, of [`Untraced`](crate::Untraced) values, and of
    /// objects that are being torn down. Inside a collection of this heap, also the side bytes and the heap's own bytes;
    /// while objects are being dropped in this thread, also how weak references and entries are linked to what is dying.
    /// A handle to memory that was given back to the system can't be told from one to another heap.
    ///
    /// Cost: a look at every block and at every edge, and memory for a quarter of the heap, which counts against no limit.
    /// If that is refused, more rounds of edges with less memory; in the end one for each pool, with none.
    ///
    /// # Errors
    /// The first [`Violation`]. The heap is not to be trusted then: leave it
    /// ([`set_leak_at_close`](Heap::set_leak_at_close)), and report what it says.
    ///
    /// # Panics
    /// If a `Trace` impl panics.
    ///
    /// ```
    /// use tailbite::{AnyGc, Gc, Heap, Shape, Trace, Tracer};
    ///
    /// struct Twice(AnyGc);
    /// // SAFETY: none: it reports its handle twice, which breaks the contract.
    /// unsafe impl Trace for Twice {
    ///     fn trace(&self, tracer: &mut Tracer<'_>) {
    ///         self.0.trace(tracer);
    ///         self.0.trace(tracer);
    ///     }
    ///     fn shape(_: u32) -> Shape { Shape::EDGES }
    /// }
    ///
    /// let heap = Heap::new();
    /// assert!(heap.verify().is_ok());
    /// let twice = heap.alloc(Twice(Gc::erase(heap.alloc_str("text"))));
    /// let violation = heap.verify().unwrap_err();
    /// assert_eq!(violation.rule(), "no object is referred to more often than it is held");
    /// assert!(violation.to_string().contains("edge 0 -> `str` at 0x"), "{violation}");
    /// ```
    pub fn verify(&self) -> Result<(), Violation> {
        let result = self.state().verify();
        #[cfg(tailbite_stress)]
        if result.is_err() {
            super::stress::distrust();
        }
        result
    }

    /// As [`verify`](Heap::verify), for tests that have nobody to return an error to.
    ///
    /// # Panics
    /// With the [`Violation`]; if a `Trace` impl panics.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let text = heap.alloc_str("text");
    /// heap.check();
    /// ```
    pub fn check(&self) {
        self.state().check();
    }
}

/// Holds the allocator: blocks keep their identity for as long as this lives, also if a `Trace` panics (S8).
struct Held<'a>(&'a HeapState);

impl<'a> Held<'a> {
    fn new(state: &'a HeapState) -> Held<'a> {
        state.alloc.hold();
        Held(state)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.alloc.release_hold();
    }
}

impl HeapState {
    /// As [`verify`](HeapState::verify); panics with the violation.
    pub(crate) fn check(&self) {
        if let Err(violation) = self.verify() {
            panic!("{violation}");
        }
    }

    /// See [`Heap::verify`].
    pub(crate) fn verify(&self) -> Result<(), Violation> {
        if let Some(fault) = self.alloc.find_fault() {
            return Err(Violation::of_debug_heap(fault));
        }
        // Before the hold: what is parked, or kept empty, has reasons of its own.
        self.verify_memory().map_err(|broken| self.violation(broken, false))?;
        let _held = Held::new(self);
        self.verify_objects().map_err(|broken| self.violation(broken, true))?;
        self.verify_edges().map_err(|broken| self.violation(broken, true))
    }

    /// The parts that need no object to be looked at. Runs no user code.
    pub(super) fn verify_memory(&self) -> Result<(), Broken> {
        self.alloc.verify()?;
        if self.collecting.get() {
            // The collection works with the reserve, and with lists that it has taken away.
            return Ok(());
        }
        self.verify_kept()
    }

    /// The parts that look at objects, but not along their edges. Runs no user code. The allocator is held.
    pub(super) fn verify_objects(&self) -> Result<(), Broken> {
        self.young.verify()?;
        self.middle.verify()?;
        self.verify_headers()?;
        self.weak.verify(&self.alloc, self.is_at_rest())?;
        self.exits.verify()?;
        self.roots.verify()?;
        let mut dead = None;
        self.for_each_own_reference(|object| {
            if !object.header().is_alive() {
                dead = Some(object);
            }
        });
        if let Some(object) = dead {
            return Err(Broken::new("what the heap itself holds is alive").of(object.block()));
        }
        self.verify_containers()?;
        if self.collecting.get() { Ok(()) } else { self.verify_side_bytes() }
    }

    /// Whether nothing is being torn down, in this heap or in any other of the thread.
    fn is_at_rest(&self) -> bool {
        !self.collecting.get() && Drops::is_idle()
    }

    /// Calls `f` for each reference that the heap itself owns, the immortals' apart.
    fn for_each_own_reference(&self, mut f: impl FnMut(RawObject)) {
        self.roots.for_each(&mut f);
        self.exits.for_each(&mut f);
        self.debugging.for_each_garbage(&mut f);
    }

    /// Checks that the bytes which the heap takes for itself, outside of pools, are those that its allocator counts.
    fn verify_kept(&self) -> Result<(), Broken> {
        agrees!(self.kept_bytes(), self.alloc.budget().kept(), "the heap's own bytes are counted");
        Ok(())
    }

    fn verify_containers(&self) -> Result<(), Broken> {
        let mut found = Ok(());
        self.for_each_object(PoolKind::Tracked, |object| {
            let ty = type_with_id(object.header().type_id());
            if found.is_ok() && ty.is_some_and(|ty| ty.hooks.weak_container) {
                // SAFETY: a live object of a type that starts with a table.
                found = unsafe { EntryTable::of(&object) }.verify(self.is_at_rest()).map_err(|broken| {
                    let of_container = broken.objects == [None, None];
                    if of_container { broken.of(object.block()) } else { broken }
                });
            }
        });
        found
    }

    fn verify_side_bytes(&self) -> Result<(), Broken> {
        // SAFETY: the allocator is held.
        for pool in unsafe { self.alloc.pool_refs(PoolKind::Tracked) } {
            holds!(pool.examined() == Examined::No, "outside of collections no pool is examined");
            for block in pool.blocks() {
                // SAFETY: valid-header: the header word of every carved block is initialised (S16).
                let object = unsafe { RawObject::from_block(block) };
                holds!(object.side().get() == 0, "outside of collections side bytes are at rest", object);
            }
        }
        Ok(())
    }

    /// What is told of a broken rule; with the path to the object concerned, if `searched`.
    fn violation(&self, broken: Broken, searched: bool) -> Violation {
        let objects = broken.objects.map(|block| {
            // SAFETY: checkers name blocks of objects in pools in use.
            block.map(|block| unsafe { RawObject::from_block(block) })
        });
        let path = match objects[0] {
            Some(object) if searched => self.path_to(object),
            _ => Path::None,
        };
        let objects = objects.map(|object| object.map(Place::of));
        Violation { rule: broken.rule, detail: broken.detail, objects, path }
    }
}

impl Place {
    fn of(object: RawObject) -> Place {
        let name = match type_with_id(object.header().type_id()) {
            Some(ty) => ty.name(),
            None => "no object",
        };
        Place { type_name: name, address: object.block().addr().get() }
    }
}
