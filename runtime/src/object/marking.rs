//! Following edges from what is held from outside: every candidate met for the first time is reached.

use core::ptr::NonNull;

use super::layout::RawObject;
use super::side::SideState;
use crate::alloc::{POOL_SIZE, Pool};
use crate::base::{Delay, os, prefetch};

/// The objects that were reached and wait for their edges to be followed.
///
/// Grows while it may; where memory is refused or the bound is met, the side bytes of half of the entries say that they wait, and are scanned for
/// those that do (S10).
#[derive(Debug, Default)]
pub(crate) struct MarkStack {
    entries: Vec<RawObject>,
    /// Some object is in state [`SideState::WAITING`].
    overflowed: bool,
}

impl MarkStack {
    /// Entries that a heap reserves when it is made.
    const RESERVE: usize = 1024;
    /// Entries that it never grows beyond (128 KiB): scanning side bytes is quick, and every page of the stack is one that a collection touches.
    const BOUND: usize = 1 << 14;

    /// A stack with its reserve; `None` if memory is refused.
    pub(crate) fn try_new() -> Option<MarkStack> {
        let mut entries = Vec::new();
        entries.try_reserve_exact(Self::RESERVE).ok()?;
        Some(MarkStack { entries, overflowed: false })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<RawObject>()
    }

    #[inline(always)]
    fn push(&mut self, object: RawObject) {
        if self.entries.len() < self.entries.capacity() {
            self.entries.push(object);
        } else {
            self.push_slow(object);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_slow(&mut self, object: RawObject) {
        let more = self.entries.len().min(Self::BOUND - self.entries.len().min(Self::BOUND));
        // Stress builds stay within the reserve, so that scanning again is exercised.
        if more != 0 && !cfg!(tailbite_stress) && os::reserve_exact(&mut self.entries, more) {
            self.entries.push(object);
        } else {
            // Those at the bottom would be followed last anyway; and there is room for some time.
            self.overflowed = true;
            self.entries.drain(..self.entries.len().div_ceil(2)).for_each(|waiting| SideState::WAITING.set(waiting));
            self.entries.push(object);
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<RawObject> {
        self.entries.pop()
    }

    /// Empties the stack and gives back what it grew by.
    pub(crate) fn reset(&mut self) {
        self.entries.clear();
        self.entries.shrink_to(Self::RESERVE);
        self.overflowed = false;
    }
}

type Queue<const N: usize> = Delay<Option<RawObject>, N>;

/// The marking under way.
///
/// Two queues hide the latency of memory (after Cher, Hosking and Vitek, "Software prefetching for mark-sweep garbage collection", 2004, who
/// have one between stack and scan): an edge waits until the side byte of its target has arrived, and an object from the stack until its
/// own cache line has. What lies in the pool that is looked at anyway doesn't wait: graphs in the order of their memory are followed in half
/// the time without.
#[derive(Debug)]
pub(crate) struct Marking<'a> {
    edges: Queue<16>,
    objects: Queue<8>,
    /// Some object in the pool that is looked at.
    near: NonNull<u8>,
    stack: &'a mut MarkStack,
}

impl<'a> Marking<'a> {
    pub(crate) fn new(stack: &'a mut MarkStack) -> Marking<'a> {
        Marking { edges: Delay::new(None), objects: Delay::new(None), near: NonNull::dangling(), stack }
    }

    /// Whether `object` is known to be alive: reached, or not examined.
    pub(crate) fn is_alive(&self, object: RawObject) -> bool {
        let state = SideState::of(object);
        !state.is_open()
    }

    /// Meets an edge.
    #[inline(always)]
    pub(crate) fn edge(&mut self, object: RawObject) {
        if self.is_near(object) {
            self.reach(object);
            return;
        }
        prefetch(Pool::side_of(object.block()));
        if let Some(due) = self.edges.exchange(Some(object)) {
            self.reach(due);
        }
    }

    #[inline(always)]
    fn is_near(&self, object: RawObject) -> bool {
        (object.block().addr().get() ^ self.near.addr().get()) < POOL_SIZE
    }

    /// Marks `object`, if it is a candidate that was not reached before; then its own edges are to be followed.
    #[inline(always)]
    pub(crate) fn reach(&mut self, object: RawObject) {
        let side = object.side();
        if SideState(side.get()).is_open() {
            side.set(SideState::REACHED.0);
            self.stack.push(object);
        }
    }

    /// An object whose edges are to be followed now. `None` if none has arrived from memory; with `all`, if there is none left.
    #[inline(always)]
    pub(crate) fn next(&mut self, all: bool) -> Option<RawObject> {
        loop {
            let Some(object) = self.stack.pop() else {
                if all && self.has_more() {
                    continue;
                }
                return None;
            };
            if self.is_near(object) {
                return Some(object);
            }
            prefetch(object.block());
            if let Some(due) = self.objects.exchange(Some(object)) {
                self.near = due.block();
                return Some(due);
            }
        }
    }

    /// Puts what is still on its way on the stack: objects, or else the targets of edges. Whether there was any.
    #[inline(never)]
    fn has_more(&mut self) -> bool {
        for _ in 0..Queue::<8>::LENGTH {
            if let Some(object) = self.objects.exchange(None) {
                self.near = object.block();
                self.stack.push(object);
                return true;
            }
        }
        for _ in 0..Queue::<16>::LENGTH {
            if let Some(due) = self.edges.exchange(None) {
                self.reach(due);
            }
        }
        !self.stack.entries.is_empty()
    }

    /// Whether reached objects were left off the stack since the last call.
    pub(crate) fn take_overflow(&mut self) -> bool {
        core::mem::take(&mut self.stack.overflowed)
    }
}
