//! The registry of what is called when an object dies, or at the latest when the heap is closed: Python's
//! `weakref.finalize` and its part in `atexit`.

use core::cell::{Cell, UnsafeCell};

use super::Heap;
use super::close::Operation;
use super::serials::{Serial, Serials};
use super::state::HeapState;
use crate::alloc::Allocator;
use crate::base::Broken;
use crate::object::RawObject;

/// The place of a finalizer in its heap's registry. Never another one's.
pub(crate) type ExitKey = Serial;

/// What a registered finalizer object can be asked for. Obligation of both: the object is alive, stays so during the
/// call, and is of the type that this was made for. Both may run user code, don't unwind, and take it out of the
/// registry (unless it is being read further up the stack).
#[derive(Debug)]
pub(crate) struct ExitCalls {
    /// Calls it.
    pub(crate) call: unsafe fn(RawObject),
    /// Drops it without calling it.
    pub(crate) discard: unsafe fn(RawObject),
}

/// A *registered* finalizer: the registry owns one count on both objects.
#[derive(Debug)]
struct Registered {
    /// Of this heap, so that the registry keeps the heap's state as long as anything is in it (S18).
    finalizer: RawObject,
    /// The `WeakRef` that calls it when its object dies.
    reference: RawObject,
    calls: &'static ExitCalls,
    at_exit: bool,
}

#[derive(Debug, Default)]
struct Registry {
    /// In order of creation.
    registered: Serials<Registered>,
    /// While those at exit are called: the next one to look at.
    next_at_exit: Option<ExitKey>,
}

/// The finalizers of one heap, in order of creation.
///
/// Nothing in here runs user code while the registry is borrowed.
#[derive(Debug, Default)]
pub(crate) struct Exits {
    registry: UnsafeCell<Registry>,
    running: Cell<bool>,
}

impl Exits {
    /// Runs `f` on the registry. `f` runs no user code and doesn't come back to it.
    fn with<R>(&self, f: impl FnOnce(&mut Registry) -> R) -> R {
        // SAFETY: the only borrow: every use goes through here, and none of the closures calls back.
        f(unsafe { &mut *self.registry.get() })
    }

    /// Bytes that the registry takes.
    pub(crate) fn bytes(&self) -> usize {
        self.with(|registry| registry.registered.bytes())
    }

    /// Whether finalizers are being called because the end is near.
    pub(crate) fn is_running(&self) -> bool {
        self.running.get()
    }

    /// Makes room for one more; false if memory is refused.
    pub(crate) fn reserve(&self, alloc: &Allocator) -> bool {
        self.with(|registry| registry.registered.reserve(alloc))
    }

    /// Registers a finalizer, to be called at exit, as the newest. There is room ([`reserve`](Exits::reserve)).
    ///
    /// # Safety
    /// 1. `finalizer` is a live object of this heap, of the type that `calls` was made for.
    /// 2. `reference` is a live `WeakRef` object.
    /// 3. One count on each is given to the registry.
    pub(crate) unsafe fn insert(
        &self,
        finalizer: RawObject,
        reference: RawObject,
        calls: &'static ExitCalls,
    ) -> ExitKey {
        self.with(|registry| {
            let entry = Registered { finalizer, reference, calls, at_exit: true };
            let key = registry.registered.push(entry);
            // Made while the others are called, it comes next.
            registry.next_at_exit = Some(key);
            key
        })
    }

    /// Takes a finalizer out; the counts on it and on its reference are the caller's.
    pub(crate) fn remove(&self, key: ExitKey) -> Option<[RawObject; 2]> {
        self.with(|registry| {
            if registry.next_at_exit == Some(key) {
                registry.next_at_exit = registry.registered.before(key);
            }
            let removed = registry.registered.remove(key)?;
            Some([removed.finalizer, removed.reference])
        })
    }

    /// The `WeakRef` object of a finalizer, which the registry keeps.
    pub(crate) fn reference(&self, key: ExitKey) -> Option<RawObject> {
        self.with(|registry| Some(registry.registered.get(key)?.reference))
    }

    /// Whether a finalizer is called at exit.
    pub(crate) fn is_at_exit(&self, key: ExitKey) -> bool {
        self.with(|registry| registry.registered.get(key).is_some_and(|entry| entry.at_exit))
    }

    /// Says whether a finalizer is called at exit.
    pub(crate) fn set_at_exit(&self, key: ExitKey, at_exit: bool) {
        self.with(|registry| {
            if let Some(entry) = registry.registered.get_mut(key) {
                entry.at_exit = at_exit;
                // It may have been passed over.
                registry.next_at_exit = registry.registered.last();
            }
        });
    }

    fn len(&self) -> usize {
        self.with(|registry| registry.registered.len())
    }

    /// Calls `f` on every object that the registry owns a count on, once for each count. `f` doesn't come back to it.
    pub(super) fn for_each(&self, mut f: impl FnMut(RawObject)) {
        self.with(|registry| {
            for entry in registry.registered.values() {
                f(entry.finalizer);
                f(entry.reference);
            }
        });
    }

    /// Checks that they are in order of creation.
    pub(super) fn verify(&self) -> Result<(), Broken> {
        self.with(|registry| registry.registered.verify())
    }

    /// The newest finalizer that is to be called at exit (or the newest at all, if `any`) and was not given yet, with a
    /// count for the caller.
    fn next(&self, any: bool) -> Option<(RawObject, &'static ExitCalls)> {
        self.with(|registry| {
            loop {
                let key = registry.next_at_exit?;
                registry.next_at_exit = registry.registered.before(key);
                let entry = registry.registered.get(key)?;
                if any || entry.at_exit {
                    entry.finalizer.header().increment();
                    return Some((entry.finalizer, entry.calls));
                }
            }
        })
    }
}

impl HeapState {
    /// Finalizers that are made while others are called at exit, and are still called.
    const MADE_AT_EXIT: usize = 1 << 16;

    /// Calls the finalizers that are to be called at exit, newest first; their number. Those that are made meanwhile
    /// come next, up to a bound.
    pub(super) fn call_at_exit(&self) -> usize {
        self.for_each_at_exit(false, |object, calls| {
            // SAFETY: the registry's promise, and the count that keeps the object.
            // USER CODE: the finalizer.
            unsafe { (calls.call)(object) };
        })
    }

    /// Drops all that are left.
    pub(super) fn discard_at_exit(&self) {
        self.for_each_at_exit(true, |object, calls| {
            // SAFETY: as above.
            // USER CODE: the drop of what the finalizer was to be called with.
            unsafe { (calls.discard)(object) };
        });
    }

    fn for_each_at_exit(&self, any: bool, f: impl Fn(RawObject, &'static ExitCalls)) -> usize {
        let mut done = 0;
        if self.exits.len() == 0 || self.exits.running.replace(true) {
            return done;
        }
        let enabled = self.policy.enabled.replace(false);
        self.refresh_young_check();
        self.exits.with(|registry| registry.next_at_exit = registry.registered.last());
        let bound = self.exits.len() + Self::MADE_AT_EXIT;
        while done < bound
            && let Some((object, calls)) = self.exits.next(any)
        {
            f(object, calls);
            // SAFETY: the count that was made for this.
            unsafe { Self::release(object) };
            done += 1;
        }
        if enabled {
            self.policy.enabled.set(true);
            self.refresh_young_check();
        }
        self.exits.running.set(false);
        done
    }
}

impl Heap {
    /// Calls what was registered with [`finalize`](Heap::finalize) and is to be called at exit, newest first, as closing
    /// the heap does first of all: for hosts that shut down in several steps. Returns the number of calls.
    ///
    /// As with Python's `atexit`: automatic collection is disabled meanwhile; a panic goes to the
    /// [hook](Heap::set_unraisable_hook), and the next one is called; those registered meanwhile come next, up to
    /// 65,536 more. Called from within such a call, this returns 0.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let (file, is_open) = (heap.alloc("file"), Rc::new(Cell::new(true)));
    /// heap.finalize(&file, is_open.clone(), |is_open| is_open.set(false));
    /// assert_eq!((heap.run_exit_finalizers(), is_open.get()), (1, false));
    /// assert_eq!(heap.run_exit_finalizers(), 0);
    /// ```
    pub fn run_exit_finalizers(&self) -> usize {
        // SAFETY: (1) the `Heap`, or for a view the operation behind it, keeps the state; (2) and after this, too.
        let operation = unsafe { Operation::enter(self.state_ptr()) };
        let called = operation.state().call_at_exit();
        drop(operation);
        called
    }
}
