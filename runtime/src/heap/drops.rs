//! Nested drops: how deep deaths nest before they are queued, so that no chain of handles overflows the stack.

use core::cell::Cell;

use crate::alloc::Allocator;
use crate::object::RawObject;

/// Dead objects that wait for their drop, in order; linked through their headers (S12), so that queueing needs no
/// memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Queue {
    ends: Option<(RawObject, RawObject)>,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_none()
    }

    /// Appends a dead object.
    pub(crate) fn push(&mut self, object: RawObject, alloc: &Allocator) {
        object.header().queue();
        self.ends = Some(match self.ends {
            None => (object, object),
            Some((first, last)) => {
                // SAFETY: a queued object's block is in use.
                last.header().set_link(unsafe { alloc.number_of(object.block()) } + 1);
                (first, object)
            }
        });
    }

    /// Takes out the first object, which is dead and no longer queued.
    pub(crate) fn pop(&mut self, alloc: &Allocator) -> Option<RawObject> {
        let (first, last) = self.ends?;
        self.ends = match first.header().link() {
            0 => None,
            // SAFETY: links are numbers of queued objects, whose blocks are allocated and have a header.
            number => Some((unsafe { RawObject::from_block(alloc.block_at(number - 1)) }, last)),
        };
        first.header().unqueue();
        Some(first)
    }

    /// Puts `rest` behind what is here.
    pub(crate) fn append(&mut self, rest: Queue, alloc: &Allocator) {
        let (Some((first, last)), Some((next, end))) = (self.ends, rest.ends) else {
            self.ends = self.ends.or(rest.ends);
            return;
        };
        // SAFETY: a queued object's block is in use.
        last.header().set_link(unsafe { alloc.number_of(next.block()) } + 1);
        self.ends = Some((first, end));
    }
}

/// How deep payload drops are nested in this thread right now, in whatever heaps. The end of a heap, which drops what the
/// heap holds, counts as one of them.
///
/// A death within a payload's drop is carried out at once, on the stack, until `limit` payload drops are nested. Deaths
/// beyond that are queued in their heap, and carried out by the frame at the limit when its payload's drop is done: the
/// objects that one payload let go stay together, in field order, before those that waited already. So the order is
/// depth first, in field order, however deep, on a bounded stack (S13).
///
/// User code that runs meanwhile (finalizers, callbacks, drops of leaf objects) gets a *scope*: room of its own, so
/// that what it drops is dropped when it looks. Scopes nest up to a bound; beyond, deaths wait for the enclosing scope.
#[derive(Debug)]
pub(crate) struct Drops {
    depth: Cell<u32>,
    limit: Cell<u32>,
    scopes: Cell<u32>,
}

thread_local! {
    static DROPS: Drops = const { Drops { depth: Cell::new(0), limit: Cell::new(Drops::NESTED), scopes: Cell::new(0) } };
}

/// What [`Drops::open_scope`] found, to be restored by [`Drops::close_scope`].
#[derive(Debug)]
#[must_use]
pub(crate) struct Scope {
    limit: u32,
    opened: bool,
}

impl Drops {
    /// Payload drops that nest on the stack before deaths are queued: enough to keep any balanced tree off the
    /// queue, which costs some 170 instructions a death, and little enough for a small stack. Frames of unoptimised
    /// builds are several times as large.
    const NESTED: u32 = if cfg!(debug_assertions) { 4 } else { 32 };
    /// The same within a scope.
    const NESTED_IN_SCOPE: u32 = 4;
    /// Scopes of user code within each other, unless a heap is told otherwise.
    pub(crate) const SCOPES: u32 = 8;
    /// More of them than this never are open, whatever a heap is told.
    pub(crate) const MAX_SCOPES: u32 = 64;

    /// Whether no payload drop is under way.
    pub(crate) fn is_idle() -> bool {
        DROPS.with(|drops| drops.depth.get() == 0)
    }

    /// Whether a payload drop was forced where there was no room.
    pub(crate) fn is_beyond_limit() -> bool {
        DROPS.with(|drops| drops.depth.get() > drops.limit.get())
    }

    /// Begins a payload drop; false if the object has to be queued instead. Then a frame at the limit is on the stack.
    #[inline(always)]
    pub(crate) fn enter() -> bool {
        DROPS.with(|drops| {
            let depth = drops.depth.get();
            let room = depth < drops.limit.get();
            if room {
                drops.depth.set(depth + 1);
            }
            room
        })
    }

    /// Begins a payload drop at whatever depth.
    pub(crate) fn enter_forced() {
        DROPS.with(|drops| drops.depth.set(drops.depth.get() + 1));
    }

    /// Ends a payload drop. Nothing is queued any more.
    #[inline(always)]
    pub(crate) fn leave() {
        DROPS.with(|drops| drops.depth.set(drops.depth.get() - 1));
    }

    /// Has all deaths queued from now on, within a drop that was forced; the limit, to be restored before that drop is left.
    pub(crate) fn queue_all() -> u32 {
        DROPS.with(|drops| drops.limit.replace(0))
    }

    /// Restores the limit that [`queue_all`](Drops::queue_all) took away.
    pub(crate) fn restore(limit: u32) {
        DROPS.with(|drops| drops.limit.set(limit));
    }

    /// Gives user code room of its own, if fewer than `bound` scopes are open.
    pub(crate) fn open_scope(bound: u32) -> Scope {
        DROPS.with(|drops| {
            let scope = Scope { limit: drops.limit.get(), opened: drops.scopes.get() < bound };
            if scope.opened {
                drops.scopes.set(drops.scopes.get() + 1);
                drops.limit.set(drops.depth.get() + Self::NESTED_IN_SCOPE);
            }
            scope
        })
    }

    /// Takes the room back.
    pub(crate) fn close_scope(scope: Scope) {
        if scope.opened {
            DROPS.with(|drops| {
                drops.scopes.set(drops.scopes.get() - 1);
                drops.limit.set(scope.limit);
            });
        }
    }
}
