//! Nested drops: how deep deaths nest before they are queued, so that no chain of handles overflows the stack.

use core::cell::Cell;

use crate::alloc::Allocator;
use crate::object::{RawObject, SideState};

/// Dead objects that wait for their drop, in order; linked through their headers (S12), so that queueing needs no
/// memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Queue {
    ends: Option<(RawObject, RawObject)>,
}

impl Queue {
    /// Appends a dead object.
    fn push(&mut self, object: RawObject, alloc: &Allocator) {
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

/// How deep payload drops are nested right now, and what waits for them to come back.
///
/// A death within a payload's drop is carried out at once, on the stack, until `limit` payload drops are nested. Deaths
/// beyond that are queued, and carried out by the frame at the limit when its payload's drop is done: the objects that
/// one payload let go stay together, in field order, before those that waited already. So the order is depth first, in
/// field order, however deep, on a bounded stack (S13).
///
/// Chains may also lead through many heaps: where too many of them are dropping within each other, the heap that is
/// next has its deaths queued until the thread's outermost drop is done (`waiting.rs`).
///
/// User code that runs meanwhile (finalizers, callbacks, drops of leaf objects) gets a *scope*: room of its own, so
/// that what it drops is dropped when it looks. Scopes nest up to `max_scopes`; beyond, deaths wait for the enclosing
/// scope.
#[derive(Debug)]
pub(crate) struct Drops {
    depth: Cell<u32>,
    limit: Cell<u32>,
    scopes: Cell<u32>,
    max_scopes: Cell<u32>,
    queue: Cell<Queue>,
}

thread_local! {
    /// Heaps of this thread that are dropping a payload.
    static HEAPS: Cell<u32> = const { Cell::new(0) };
}

/// What [`Drops::open_scope`] found, to be restored by [`Drops::close_scope`].
#[derive(Debug)]
#[must_use]
pub(crate) struct Scope {
    limit: u32,
    queue: Queue,
    opened: bool,
}

impl Drops {
    /// Payload drops that nest on the stack before deaths are queued: enough to keep a tree of 65,000 nodes off the
    /// queue, which costs some 170 instructions a death, and little enough for a small stack. Frames of unoptimised
    /// builds are several times as large.
    const NESTED: u32 = if cfg!(debug_assertions) { 4 } else { 16 };
    /// The same within a scope.
    const NESTED_IN_SCOPE: u32 = 4;
    /// Heaps in whose objects' drops other heaps' objects die, before those are queued.
    const NESTED_HEAPS: u32 = 4;
    /// Scopes of user code within each other.
    const SCOPES: u32 = 8;

    pub(crate) fn new() -> Drops {
        Drops {
            depth: Cell::new(0),
            limit: Cell::new(Self::NESTED),
            scopes: Cell::new(0),
            max_scopes: Cell::new(Self::SCOPES),
            queue: Cell::default(),
        }
    }

    /// Whether no payload drop is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.depth.get() == 0
    }

    pub(crate) fn set_max_scopes(&self, scopes: u32) {
        self.max_scopes.set(scopes);
    }

    /// Begins a payload drop; false if the object has to be queued instead.
    #[inline(always)]
    pub(crate) fn enter(&self) -> bool {
        let depth = self.depth.get();
        if depth >= self.limit.get() || depth == 0 && HEAPS.get() >= Self::NESTED_HEAPS {
            return false;
        }
        if depth == 0 {
            HEAPS.set(HEAPS.get() + 1);
        }
        self.depth.set(depth + 1);
        true
    }

    /// Begins a payload drop at whatever depth.
    pub(crate) fn enter_forced(&self) {
        if self.is_idle() {
            HEAPS.set(HEAPS.get() + 1);
        }
        self.depth.set(self.depth.get() + 1);
    }

    /// Ends a payload drop. The queue is empty. True if it was the thread's outermost one, in whatever heap.
    #[inline(always)]
    pub(crate) fn leave(&self) -> bool {
        let depth = self.depth.get() - 1;
        self.depth.set(depth);
        if depth != 0 {
            return false;
        }
        HEAPS.set(HEAPS.get() - 1);
        HEAPS.get() == 0
    }

    #[inline(always)]
    pub(crate) fn has_queued(&self) -> bool {
        self.queue.get().ends.is_some()
    }

    /// Queues a dead object for the frame at the limit.
    pub(crate) fn queue(&self, object: RawObject, alloc: &Allocator) {
        if object.pool_ref().mark() != 0 {
            // A collection may be examining it: what it holds counts as held from outside now, and its count as a link
            // (S12).
            SideState::REST.set(object);
        }
        let mut queue = self.queue.get();
        queue.push(object, alloc);
        self.queue.set(queue);
    }

    pub(crate) fn take_queue(&self) -> Queue {
        self.queue.take()
    }

    /// Gives user code room of its own, if there is some left.
    pub(crate) fn open_scope(&self) -> Scope {
        let opened = self.scopes.get() < self.max_scopes.get();
        let scope = Scope { limit: self.limit.get(), queue: self.queue.get(), opened };
        if opened {
            self.scopes.set(self.scopes.get() + 1);
            self.limit.set(self.depth.get() + Self::NESTED_IN_SCOPE);
            self.queue.set(Queue::default());
        }
        scope
    }

    /// Takes the room back. What the scope's own frames have not drained, because too many heaps were dropping, waits behind what waited
    /// before.
    pub(crate) fn close_scope(&self, scope: Scope, alloc: &Allocator) {
        if scope.opened {
            self.scopes.set(self.scopes.get() - 1);
            self.limit.set(scope.limit);
            let mut queue = scope.queue;
            queue.append(self.queue.get(), alloc);
            self.queue.set(queue);
        }
    }
}
