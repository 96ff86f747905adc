//! Closures of the user's that a heap keeps and calls: the gc callbacks.

use core::cell::{Cell, RefCell};
use core::fmt;

use super::state::HeapState;
use super::unraisable::UnraisableContext;
use crate::alloc::Allocator;
use crate::base::os;

/// Closures in the order in which they were added, each with a key of its own. `C` is a trait that is implemented for
/// arrays of one closure, as [`try_box`] makes them.
///
/// A closure that runs is out of its place, so nothing is borrowed meanwhile: it may add closures and remove any, itself
/// too. Places keep their index while a walk over them is under way.
///
/// Invariants:
/// - Keys rise along `entries`.
/// - `any` says whether there is an entry that was not removed.
/// - Entries are *removed* or *running* only during a walk.
pub(crate) struct Closures<C: ?Sized> {
    entries: RefCell<Vec<Entry<C>>>,
    any: Cell<bool>,
    is_walked: Cell<bool>,
    last_key: Cell<u64>,
}

struct Entry<C: ?Sized> {
    key: u64,
    place: Place<C>,
}

/// A closure in a box; the closure back if memory is refused.
pub(super) fn try_box<F>(closure: F, alloc: &Allocator) -> Result<Box<[F; 1]>, F> {
    if size_of::<F>() != 0 && alloc.refuses_request() { Err(closure) } else { os::try_box(closure) }
}

enum Place<C: ?Sized> {
    Resting(Box<C>),
    Running,
    Removed,
}

impl<C: ?Sized> Closures<C> {
    pub(super) fn new() -> Closures<C> {
        Closures {
            entries: RefCell::default(),
            any: Cell::new(false),
            is_walked: Cell::new(false),
            last_key: Cell::new(0),
        }
    }

    /// Whether there is any closure.
    #[inline]
    pub(super) fn any(&self) -> bool {
        self.any.get()
    }

    /// Bytes that the list takes, without what the closures captured.
    pub(super) fn bytes(&self) -> usize {
        self.entries.borrow().capacity() * size_of::<Entry<C>>()
    }

    /// Adds a closure at the end; the closure back if memory is refused.
    pub(super) fn try_add<F>(
        &self,
        closure: F,
        alloc: &Allocator,
        erase: impl FnOnce(Box<[F; 1]>) -> Box<C>,
    ) -> Result<u64, F> {
        if !alloc.keep_one(&mut self.entries.borrow_mut()) {
            return Err(closure);
        }
        let boxed = try_box(closure, alloc)?;
        let key = self.last_key.get() + 1;
        self.last_key.set(key);
        self.any.set(true);
        self.entries.borrow_mut().push(Entry { key, place: Place::Resting(erase(boxed)) });
        Ok(key)
    }

    /// Removes a closure; `None` if there is none with this key. It is the caller's to drop, where user code may run,
    /// unless it is running.
    pub(super) fn remove(&self, key: u64) -> Option<Option<Box<C>>> {
        let mut entries = self.entries.borrow_mut();
        let index = entries.binary_search_by_key(&key, |entry| entry.key).ok()?;
        let place = core::mem::replace(&mut entries[index].place, Place::Removed);
        if !self.is_walked.get() {
            entries.remove(index);
        }
        self.any.set(entries.iter().any(|entry| !matches!(entry.place, Place::Removed)));
        match place {
            Place::Resting(closure) => Some(Some(closure)),
            Place::Running => Some(None),
            Place::Removed => None,
        }
    }

    /// Removes the last closure, outside of walks; the caller drops it, where user code may run.
    fn pop(&self) -> Option<Box<C>> {
        let mut entries = self.entries.borrow_mut();
        let last = entries.pop();
        self.any.set(!entries.is_empty());
        match last?.place {
            Place::Resting(closure) => Some(closure),
            Place::Running | Place::Removed => None,
        }
    }

    /// Takes the first closure from `index` on out of its place, to run it; with its index.
    fn lend(&self, index: usize) -> Option<(usize, Box<C>)> {
        let mut entries = self.entries.borrow_mut();
        self.is_walked.set(true);
        for (index, entry) in entries.iter_mut().enumerate().skip(index) {
            match core::mem::replace(&mut entry.place, Place::Running) {
                Place::Resting(closure) => return Some((index, closure)),
                other => entry.place = other,
            }
        }
        None
    }

    /// Puts a closure back that has run; if it was removed meanwhile, it is the caller's to drop, where user code may
    /// run.
    fn give_back(&self, index: usize, closure: Box<C>) -> Option<Box<C>> {
        let place = &mut self.entries.borrow_mut()[index].place;
        if matches!(place, Place::Removed) {
            return Some(closure);
        }
        *place = Place::Resting(closure);
        None
    }

    /// Ends a walk.
    fn settle(&self) {
        self.is_walked.set(false);
        self.entries.borrow_mut().retain(|entry| !matches!(entry.place, Place::Removed));
    }
}

impl<C: ?Sized> fmt::Debug for Closures<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closures").field("any", &self.any).finish_non_exhaustive()
    }
}

impl HeapState {
    /// Calls the closures in order, those that are added meanwhile too, and not those that are removed. The caller keeps
    /// the state. Closures of one list are not called within each other.
    pub(super) fn call_closures<C: ?Sized>(
        &self,
        closures: &Closures<C>,
        context: UnraisableContext,
        call: impl Fn(&C),
    ) {
        let mut next = 0;
        while let Some((index, closure)) = closures.lend(next) {
            next = index + 1;
            // USER CODE: the closure.
            self.call_user(context, "", || call(&closure));
            if let Some(removed) = closures.give_back(index, closure) {
                // USER CODE: the drop of what it captured.
                self.call_user(context, "", || drop(removed));
            }
        }
        closures.settle();
    }

    /// Drops all closures, outside of walks. The caller keeps the state.
    pub(super) fn drop_closures<C: ?Sized>(&self, closures: &Closures<C>, context: UnraisableContext) {
        while closures.any() {
            let closure = closures.pop();
            // USER CODE: the drop of what the closure captured.
            self.call_user(context, "", || drop(closure));
        }
    }
}
