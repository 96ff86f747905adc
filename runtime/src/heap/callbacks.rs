//! Gc callbacks: what a host hears of each collection, at its start and at its end.

use core::fmt;
use core::ptr::NonNull;

use super::closures::Closures;
use super::state::HeapState;
use super::unraisable::UnraisableContext;
use super::{Heap, OutOfMemory};
use crate::collect::CollectionInfo;

/// Which end of a collection a gc callback hears of. Displays as CPython's: "start", "stop".
///
/// ```
/// use tailbite::Phase;
/// assert_eq!((Phase::Start.to_string(), Phase::Stop.to_string()), ("start".into(), "stop".into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before anything is examined; all figures are 0.
    Start,
    /// After everything, statistics included.
    Stop,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Start => "start",
            Phase::Stop => "stop",
        })
    }
}

/// Names a gc callback of one heap, for [`Heap::remove_callback`]; never another one of that heap. It has no meaning in
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallbackKey(u64);

/// A gc callback, erased.
pub(crate) trait GcCallback {
    fn call(&self, heap: &Heap, phase: Phase, info: &CollectionInfo);
}

impl<F: Fn(&Heap, Phase, &CollectionInfo)> GcCallback for [F; 1] {
    fn call(&self, heap: &Heap, phase: Phase, info: &CollectionInfo) {
        let [callback] = self;
        callback(heap, phase, info);
    }
}

/// The gc callbacks of one heap.
pub(crate) type GcCallbacks = Closures<dyn GcCallback>;

impl Heap {
    /// Adds a gc callback: called at the start and at the end of each collection, after those added before it; CPython's
    /// `gc.callbacks`. A heap without callbacks pays a load and a branch at each end of a collection.
    ///
    /// The callback may do anything: allocate, drop, change thresholds, add and remove callbacks, drop the `Heap` (it
    /// closes when the collection is over). Callbacks that are added while others run are called in the same round,
    /// removed ones are not. A nested [`collect`](Heap::collect) returns 0. A panic goes to the
    /// [hook](Heap::set_unraisable_hook), and the next callback runs. The collections of a heap that closes call none:
    /// closing drops them first, and one that is added later at once. A callback that captures handles of this heap
    /// keeps these objects until then.
    ///
    /// # Panics
    /// If memory is refused; [`try_add_callback`](Heap::try_add_callback) returns the callback instead.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    /// use tailbite::{Generation, Heap, Phase};
    /// let heap = Heap::new();
    /// let seen = Rc::new(Cell::new(0));
    /// let counter = seen.clone();
    /// let key = heap.add_callback(move |_, phase, info| {
    ///     if phase == Phase::Stop {
    ///         counter.set(counter.get() + 1);
    ///         println!("{} objects freed in {:?}", info.collected, info.duration);
    ///     }
    /// });
    /// heap.collect(Generation::Old);
    /// assert_eq!(seen.get(), 1);
    /// assert!(heap.remove_callback(key));
    /// ```
    pub fn add_callback(&self, callback: impl Fn(&Heap, Phase, &CollectionInfo) + 'static) -> CallbackKey {
        self.try_add_callback(callback).unwrap_or_else(|error| error.raise())
    }

    /// As [`add_callback`](Heap::add_callback), with the callback back if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_memory_limit(Some(heap.used_bytes()));
    /// let error = heap.try_add_callback(|_, phase, _| println!("{phase}")).unwrap_err();
    /// heap.set_memory_limit(None);
    /// heap.add_callback(error.into_value());
    /// ```
    pub fn try_add_callback<F>(&self, callback: F) -> Result<CallbackKey, OutOfMemory<F>>
    where
        F: Fn(&Heap, Phase, &CollectionInfo) + 'static,
    {
        if self.state().closing.get() {
            // USER CODE: the drop of what the callback captured.
            drop(callback);
            return Ok(CallbackKey(0));
        }
        let alloc = &self.state().alloc;
        alloc.budget().forget_refusal();
        let added = self.state().callbacks.try_add(callback, alloc, |boxed| boxed);
        let refused = |callback| OutOfMemory::by(alloc, callback, size_of::<F>()).for_purpose("a gc callback");
        added.map(CallbackKey).map_err(refused)
    }

    /// Removes a gc callback; false if it was removed before. What it captured is dropped at once, or when it returns,
    /// if it is running.
    ///
    /// ```
    /// let heap = tailbite::Heap::new();
    /// let key = heap.add_callback(|_, _, _| ());
    /// assert!(heap.remove_callback(key) && !heap.remove_callback(key));
    /// ```
    pub fn remove_callback(&self, key: CallbackKey) -> bool {
        // USER CODE: the drop of what the callback captured; nothing of the heap's is borrowed.
        self.state().callbacks.remove(key.0).is_some()
    }
}

impl HeapState {
    /// Tells the callbacks of a collection that begins or ends. It is under way: they start no other. Closing calls none,
    /// also while it drops them one by one.
    #[inline]
    pub(super) fn announce(&self, phase: Phase, info: &CollectionInfo) {
        if self.callbacks.any() && !self.closing.get() {
            self.call_callbacks(phase, info);
        }
    }

    #[cold]
    fn call_callbacks(&self, phase: Phase, info: &CollectionInfo) {
        self.call_closures(&self.callbacks, UnraisableContext::GcCallback, |callback| {
            // SAFETY: the collection's operation keeps the state.
            unsafe { Heap::with_state(NonNull::from(self), |heap| callback.call(heap, phase, info)) }
        });
    }
}
