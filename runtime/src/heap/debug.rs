//! Debugging the collector: flags, the events that they ask for, and the sink that events go to.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::time::Duration;

use bitflags::bitflags;

use super::closures::try_box;
use super::state::HeapState;
use super::unraisable::UnraisableContext;
use super::{Heap, OutOfMemory};
use crate::alloc::{Allocator, PoolKind};
use crate::collect::{Candidates, CollectionInfo, Detection, Generation};
use crate::object::{Flags, RawObject, type_of};
use crate::weak::PendingCallbacks;

bitflags! {
    /// What the collector tells, and keeps, for debugging: CPython's `gc.DEBUG_*`, with the same numbers.
    ///
    /// ```
    /// use tailbite::DebugFlags;
    /// let flags = DebugFlags::COLLECTABLE | DebugFlags::UNCOLLECTABLE | DebugFlags::SAVEALL;
    /// assert_eq!((flags, flags.bits()), (DebugFlags::LEAK, 38));
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct DebugFlags: u32 {
        /// Tells of each collection: the generation, the number of objects in each, and what came of it. Costs a look at
        /// each tracked object per collection.
        const STATS = 1;
        /// Tells of each object found unreachable.
        const COLLECTABLE = 2;
        /// Tells of each object found unreachable that can't be freed: there are none here.
        const UNCOLLECTABLE = 4;
        /// Keeps what is found unreachable, in [`Heap::garbage`](crate::Heap::garbage), in place of freeing it.
        const SAVEALL = 32;
        /// To find what leaks: `COLLECTABLE`, `UNCOLLECTABLE` and `SAVEALL`.
        const LEAK = 38;
    }
}

/// What the collector tells. Displays as CPython's lines.
#[derive(Debug)]
pub(crate) enum Event {
    Collecting {
        generation: Generation,
    },
    Generations {
        counts: [usize; 3],
        permanent: usize,
    },
    /// The object is alive.
    Collectable {
        object: RawObject,
    },
    Done {
        unreachable: usize,
        uncollectable: usize,
        elapsed: Duration,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Collecting { generation } => write!(f, "gc: collecting generation {}...", generation.index()),
            Event::Generations { counts: [young, middle, old], permanent } => {
                writeln!(f, "gc: objects in each generation: {young} {middle} {old}")?;
                write!(f, "gc: objects in permanent generation: {permanent}")
            }
            Event::Collectable { object } => {
                // SAFETY: a live object's type is registered.
                let ty = unsafe { type_of(object.header().type_id()) };
                write!(f, "gc: collectable <{} {:p}>", ty.name(), object.block())
            }
            Event::Done { unreachable, uncollectable, elapsed } => write!(
                f,
                "gc: done, {unreachable} unreachable, {uncollectable} uncollectable, {:.4}s elapsed",
                elapsed.as_secs_f64()
            ),
        }
    }
}

/// A debug sink, erased. Boxed fallibly, which an `Rc` that could be cloned to call it can't be.
pub(crate) trait Sink {
    fn tell(&self, event: &Event);
}

impl<F: Fn(&Event)> Sink for [F; 1] {
    fn tell(&self, event: &Event) {
        let [sink] = self;
        sink(event);
    }
}

/// Where the sink is. It is out of its place while it runs, so that it may replace itself.
#[derive(Default)]
enum SinkPlace {
    /// None is set: lines on stderr.
    #[default]
    Default,
    Resting(Box<dyn Sink>),
    Running,
    /// Closing has dropped it: nothing is told any more.
    Gone,
}

/// What debugging is set to in one heap, and the garbage that it kept.
///
/// Invariant *saved*: `garbage` owns one reference to each of its objects, which are alive.
pub(crate) struct Debugging {
    flags: Cell<DebugFlags>,
    sink: Cell<SinkPlace>,
    garbage: RefCell<Vec<RawObject>>,
}

impl Debugging {
    pub(super) fn new() -> Debugging {
        Debugging { flags: Cell::default(), sink: Cell::default(), garbage: RefCell::default() }
    }

    pub(crate) fn garbage_len(&self) -> usize {
        self.garbage.borrow().len()
    }

    /// The object at `index` of those that were kept; no new reference to it.
    pub(crate) fn garbage_at(&self, index: usize) -> Option<RawObject> {
        self.garbage.borrow().get(index).copied()
    }

    /// Calls `f` on every object that was kept. `f` doesn't come back to the list.
    pub(super) fn for_each_garbage(&self, f: impl FnMut(RawObject)) {
        self.garbage.borrow().iter().copied().for_each(f);
    }

    /// Takes all that was kept; the reference to each is the caller's.
    pub(crate) fn take_garbage(&self, alloc: &Allocator) -> Vec<RawObject> {
        let garbage = self.garbage.take();
        alloc.budget().give_kept(garbage.capacity() * size_of::<RawObject>());
        garbage
    }

    /// Appends `object`, with a reference to it, unless memory is refused.
    fn keep(&self, object: RawObject, alloc: &Allocator) {
        let mut garbage = self.garbage.borrow_mut();
        if alloc.keep_one(&mut garbage) {
            object.header().increment();
            garbage.push(object);
        }
    }

    /// Bytes that are taken.
    pub(super) fn bytes(&self) -> usize {
        self.garbage.borrow().capacity() * size_of::<RawObject>()
    }
}

impl fmt::Debug for Debugging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debugging").field("flags", &self.flags).finish_non_exhaustive()
    }
}

impl Heap {
    /// What the collector tells and keeps for debugging, as [`set_debug`](Heap::set_debug) has said; nothing in a new heap.
    #[must_use]
    pub fn get_debug(&self) -> DebugFlags {
        self.state().debugging.flags.get()
    }

    /// Sets what the collector tells and keeps for debugging. Where it tells it: [`Heap::set_debug_sink`].
    ///
    /// ```
    /// use tailbite::{AnyGc, DebugFlags, Gc, Generation, Heap};
    /// use std::cell::RefCell;
    /// let heap = Heap::new();
    /// heap.set_debug(DebugFlags::SAVEALL);
    /// let list: Gc<RefCell<Vec<AnyGc>>> = heap.alloc(RefCell::default());
    /// list.borrow_mut().push(Gc::as_any(&list));
    /// drop(list);
    /// assert_eq!(heap.collect(Generation::Old), 1);
    /// assert!(heap.garbage()[0].is::<RefCell<Vec<AnyGc>>>());
    /// ```
    pub fn set_debug(&self, flags: DebugFlags) {
        self.state().debugging.flags.set(flags);
    }
}

impl HeapState {
    fn debugs(&self, flag: DebugFlags) -> bool {
        self.debugging.flags.get().contains(flag)
    }

    /// Gives an event to the sink. A collection is under way, outside of the silent window.
    #[cold]
    fn tell(&self, event: &Event) {
        let place = &self.debugging.sink;
        match place.take() {
            SinkPlace::Resting(sink) => {
                place.set(SinkPlace::Running);
                // USER CODE: the sink. Sinks don't run within each other: collections don't.
                self.call_user(UnraisableContext::DebugSink, "", || sink.tell(event));
                match place.take() {
                    SinkPlace::Running => place.set(SinkPlace::Resting(sink)),
                    next => {
                        place.set(next);
                        // USER CODE: the drop of what the sink captured, which has replaced itself.
                        self.call_user(UnraisableContext::DebugSink, "", || drop(sink));
                    }
                }
            }
            SinkPlace::Gone => place.set(SinkPlace::Gone),
            SinkPlace::Default | SinkPlace::Running => {
                self.call_user(UnraisableContext::DebugSink, "", || eprintln!("{event}"));
            }
        }
    }

    /// Sets the sink; the one before is dropped here, or when it returns. The sink back if memory is refused.
    pub(crate) fn try_set_sink<F: Fn(&Event) + 'static>(&self, sink: F) -> Result<(), OutOfMemory<F>> {
        if self.closing.get() {
            // The one that there is hears of the last collections.
            // USER CODE: the drop of what the sink captured.
            drop(sink);
            return Ok(());
        }
        let sink = try_box(sink, &self.alloc).map_err(|sink| OutOfMemory::new(sink, size_of::<F>()))?;
        let before = self.debugging.sink.replace(SinkPlace::Resting(sink));
        // USER CODE: the drop of what the sink before captured.
        drop(before);
        Ok(())
    }

    /// Goes back to the default; the sink is dropped here, or when it returns.
    pub(crate) fn reset_sink(&self) {
        // USER CODE: the drop of what the sink captured.
        drop(self.debugging.sink.take());
    }

    /// A collection begins; nothing is examined yet.
    #[inline]
    pub(super) fn tell_start(&self, generation: Generation) {
        if self.debugs(DebugFlags::STATS) {
            let mut counts = [0; 4];
            self.for_each_object(PoolKind::Tracked, |object| {
                counts[usize::from(object.header().generation())] += 1;
            });
            let [young, middle, old, permanent] = counts;
            self.tell(&Event::Collecting { generation });
            self.tell(&Event::Generations { counts: [young, middle, old], permanent });
        }
    }

    /// The first detection is made, everything is intact. The sink may keep objects alive: the next detection sees it.
    #[inline]
    pub(super) fn tell_collectable(&self, set: &Candidates, detection: &mut Detection) {
        if detection.unreachable == 0 || !self.debugs(DebugFlags::COLLECTABLE) {
            return;
        }
        set.for_each(&self.alloc, |object| {
            // The sink may have lent the object exclusively (S1), or made it immortal.
            if object.header().is_candidate() && !is_private(object) {
                self.tell(&Event::Collectable { object });
            }
        });
        // Whatever the sink armed, or made weak references to.
        detection.flags = Flags::all();
    }

    /// A collection is done.
    #[inline]
    pub(super) fn tell_done(&self, info: &CollectionInfo) {
        if self.debugs(DebugFlags::STATS) {
            self.tell(&Event::Done {
                unreachable: info.collected + info.uncollectable,
                uncollectable: info.uncollectable,
                elapsed: info.duration,
            });
        }
    }

    /// Whether what is unreachable is kept in place of being freed.
    #[inline]
    pub(super) fn saves_garbage(&self) -> bool {
        self.debugs(DebugFlags::SAVEALL) && !self.closing.get()
    }

    /// Keeps what the last detection found unreachable: its weak references are cleared, then it lives on, in the older
    /// generation, and so do those of its weak references that are unreachable themselves. What finds no room in the list
    /// lives on, too. The number of objects.
    pub(super) fn save_garbage(&self, set: &Candidates, parked: &PendingCallbacks) -> usize {
        let target = set.generation().next();
        set.for_each(&self.alloc, |object| {
            if object.header().has(Flags::WEAK) {
                // Nothing is dying. An entry of a weak map is dropped, like any that outlives its key.
                self.clear_weak(object, parked, |_| false);
            }
        });
        let mut saved = 0;
        set.for_each(&self.alloc, |object| {
            if !is_private(object) {
                self.debugging.keep(object, &self.alloc);
                saved += 1;
            }
            self.promote(object, target);
        });
        saved
    }

    /// Lets go of the garbage that was kept. The caller keeps the state.
    pub(super) fn drop_garbage(&self) {
        let mut garbage = self.debugging.take_garbage(&self.alloc);
        // One by one, last first: user code may run at each, and look at the heap.
        while let Some(object) = garbage.pop() {
            // SAFETY: the list owned a reference to each of its objects, and it was taken.
            unsafe { Self::release(object) };
        }
    }

    pub(super) fn has_sink(&self) -> bool {
        let place = self.debugging.sink.take();
        let has = matches!(place, SinkPlace::Resting(_));
        self.debugging.sink.set(place);
        has
    }

    /// Drops the sink for good, outside of collections. The caller keeps the state.
    pub(super) fn drop_sink(&self) {
        let place = self.debugging.sink.replace(SinkPlace::Gone);
        // USER CODE: the drop of what the sink captured.
        self.call_user(UnraisableContext::DebugSink, "", || drop(place));
    }
}

/// Whether an object is the runtime's own, and shown to nobody.
fn is_private(object: RawObject) -> bool {
    // SAFETY: an object of the set, or listed by the weak record of one, is alive, so its type is registered.
    unsafe { type_of(object.header().type_id()) }.hooks.private
}
