//! Debug events, as a host's sink sees them.

use core::fmt;
use core::time::Duration;

use crate::collect::Generation;
use crate::handle::AnyGc;
use crate::heap::{Event, Heap};

/// What the collector tells when [`DebugFlags`](crate::DebugFlags) ask for it. Displays as CPython's lines on stderr,
/// without the last line feed.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use tailbite::{AnyGc, DebugEvent, DebugFlags, Gc, Generation, Heap};
/// let heap = Heap::new();
/// let found = Rc::new(RefCell::new(Vec::new()));
/// let names = found.clone();
/// heap.set_debug_sink(move |event| {
///     if let DebugEvent::Collectable { object } = event {
///         names.borrow_mut().push(object.type_name());
///     }
/// });
/// heap.set_debug(DebugFlags::COLLECTABLE);
/// let list = heap.alloc(RefCell::new(None::<AnyGc>));
/// *list.borrow_mut() = Some(Gc::erase(list.clone()));
/// drop(list);
/// heap.collect(Generation::Old);
/// assert_eq!(found.borrow().len(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum DebugEvent<'a> {
    /// A collection begins: "gc: collecting generation 2...".
    Collecting {
        /// With all younger ones.
        generation: Generation,
    },
    /// What there is, then: "gc: objects in each generation: 8 0 5080", and a line for the permanent generation.
    Generations {
        /// Tracked objects alive, youngest generation first.
        counts: [usize; 3],
        /// Frozen objects.
        permanent: usize,
    },
    /// An object was found unreachable: "gc: collectable <Node 0x7f1be8014000>". Its weak references with callbacks and
    /// its finalizer come next; until then everything about it is intact, and a handle that is kept keeps it.
    Collectable {
        /// The object.
        object: &'a AnyGc,
    },
    /// The collection is done: "gc: done, 2 unreachable, 0 uncollectable, 0.0001s elapsed".
    Done {
        /// Objects found unreachable, resurrected ones apart.
        unreachable: usize,
        /// Those of them that could not be freed: always 0.
        uncollectable: usize,
        /// Time it took.
        elapsed: Duration,
    },
}

impl fmt::Display for DebugEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(
            &match *self {
                DebugEvent::Collecting { generation } => Event::Collecting { generation },
                DebugEvent::Generations { counts, permanent } => Event::Generations { counts, permanent },
                DebugEvent::Collectable { object } => Event::Collectable { object: object.object() },
                DebugEvent::Done { unreachable, uncollectable, elapsed } => {
                    Event::Done { unreachable, uncollectable, elapsed }
                }
            },
            f,
        )
    }
}

/// Shows an event to a host's sink.
fn show(event: &Event, sink: &impl Fn(&DebugEvent<'_>)) {
    match *event {
        Event::Collecting { generation } => sink(&DebugEvent::Collecting { generation }),
        Event::Generations { counts, permanent } => sink(&DebugEvent::Generations { counts, permanent }),
        Event::Collectable { object } => {
            if let Some(object) = AnyGc::revive(object) {
                sink(&DebugEvent::Collectable { object: &object });
            }
        }
        Event::Done { unreachable, uncollectable, elapsed } => {
            sink(&DebugEvent::Done { unreachable, uncollectable, elapsed });
        }
    }
}

impl Heap {
    /// Sends debug events to `sink` in place of stderr. It runs inside collections and may do anything; a panic goes to
    /// the [hook](Heap::set_unraisable_hook). It hears of the collections that closing the heap makes, and is dropped when
    /// they find nothing any more; then what it captured is collected, unheard. One that is set after closing has begun is
    /// dropped at once.
    ///
    /// # Panics
    /// If memory for the sink is refused.
    ///
    /// ```
    /// use std::{cell::RefCell, rc::Rc};
    /// use tailbite::{DebugFlags, Generation, Heap};
    /// let heap = Heap::new();
    /// let lines = Rc::new(RefCell::new(Vec::new()));
    /// let sink = lines.clone();
    /// heap.set_debug_sink(move |event| sink.borrow_mut().push(event.to_string()));
    /// heap.set_debug(DebugFlags::STATS);
    /// heap.collect(Generation::Old);
    /// assert_eq!(lines.borrow()[0], "gc: collecting generation 2...");
    /// ```
    pub fn set_debug_sink(&self, sink: impl Fn(&DebugEvent<'_>) + 'static) {
        if let Err(error) = self.state().try_set_sink(move |event: &Event| show(event, &sink)) {
            error.raise();
        }
    }

    /// Sends debug events to stderr again, each as a line.
    ///
    /// ```
    /// use std::rc::Rc;
    /// let heap = tailbite::Heap::new();
    /// let captured = Rc::new(());
    /// let sink = captured.clone();
    /// heap.set_debug_sink(move |event| println!("{sink:?} {event}"));
    /// heap.reset_debug_sink();
    /// assert_eq!(Rc::strong_count(&captured), 1, "what it captured is dropped");
    /// ```
    pub fn reset_debug_sink(&self) {
        self.state().reset_sink();
    }
}
