//! The heap: owns all state, orders events, and is the only layer that frees an object.
//!
//! | file | concept |
//! |---|---|
//! | `state` | everything that one heap owns |
//! | `allocate` | blocks for objects, and the collections they trigger |
//! | `slow` | allocations that the fast path can't serve |
//! | `limits` | the hard and the soft limit |
//! | `counting` | allocations and deaths, counted on demand |
//! | `stress_mode` | collections at every n-th allocation |
//! | `out_of_memory` | the error of refused memory |
//! | `refusals` | requests for memory that are refused on purpose |
//! | `death` | death by count |
//! | `drops` | nested drops on a bounded stack |
//! | `waiting` | deaths that wait for the drop at the limit of the stack |
//! | `collection` | the order of events in a collection |
//! | `reclaim` | the death of garbage |
//! | `roots` | objects that the host keeps under a key |
//! | `serials` | values under numbers that are never used again |
//! | `close` | what keeps a heap, and how it ends |
//! | `exit` | what is called when an object dies, or at the latest when the heap is closed |
//! | `leak` | closing that leaves everything as it is |
//! | `control` | the public control surface |
//! | `callbacks` | what hosts hear of collections |
//! | `freeze` | objects that no collection looks at |
//! | `debug` | debug flags, events, garbage that is kept |
//! | `debug_heap` | guarded blocks, and what is told of those that were misused |
//! | `closures` | lists of the user's closures that a heap keeps and calls |
//! | `default` | the thread's default heap |
//! | `unraisable` | panics with nobody to raise them to |
//! | `shared_hook` | the closure that hears of them |
//! | `type_cache` | descriptors to types without a lock |
//! | `verify` | the whole heap checked: counts from edges, headers, lists, bytes |
//! | `violation` | what that finds |

mod allocate;
mod callbacks;
mod close;
mod closures;
mod collection;
mod control;
mod counting;
mod death;
mod debug;
mod debug_heap;
mod default;
mod drops;
mod exit;
mod freeze;
mod leak;
mod limits;
mod out_of_memory;
mod reclaim;
mod refusals;
mod roots;
mod serials;
mod shared_hook;
mod slow;
mod state;
#[cfg(tailbite_stress)]
mod stress;
mod stress_mode;
mod type_cache;
mod unraisable;
mod verify;
mod violation;
mod waiting;

use core::fmt;
use core::ptr::NonNull;

use crate::alloc::AllocatorOptions;

pub use callbacks::{CallbackKey, Phase};
pub(crate) use close::Keeper;
pub use counting::AllocationCounts;
pub use debug::DebugFlags;
pub(crate) use debug::Event;
pub(crate) use default::default_state_for;
pub(crate) use exit::{ExitCalls, ExitKey};
pub use out_of_memory::OutOfMemory;
pub(crate) use roots::RootId;
pub(crate) use state::HeapState;
pub use unraisable::{Unraisable, UnraisableContext};
pub use violation::Violation;

/// One isolated runtime instance: an allocator, the objects in it, and their collector.
///
/// Any number of heaps can exist in a thread. Dropping one closes it: its garbage is collected (finalizers run),
/// objects that are still held stay valid as plain counted objects, and the memory goes with the last of them. Cycles
/// that are formed afterwards leak, and finalizers of objects that were still held at closing run only when their count
/// falls to zero.
///
/// ```
/// use tailbite::{Gc, Heap};
/// let heap = Heap::new();
/// let greeting: Gc<str> = heap.alloc_str("hello");
/// drop(heap);
/// assert_eq!(&*greeting, "hello");
/// ```
pub struct Heap {
    state: NonNull<HeapState>,
}

impl Heap {
    /// A heap with default settings. Costs a few allocations; memory for objects is mapped when the first one is made.
    ///
    /// # Panics
    /// If memory is refused; [`try_new`](Heap::try_new) returns an error instead.
    #[must_use]
    pub fn new() -> Heap {
        Heap::try_new().unwrap_or_else(|error| error.raise())
    }

    /// As [`new`](Heap::new), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    ///
    /// ```
    /// # fn main() -> Result<(), tailbite::OutOfMemory<()>> {
    /// let heap = tailbite::Heap::try_new()?;
    /// assert_eq!(heap.object_count(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_new() -> Result<Heap, OutOfMemory<()>> {
        match HeapState::try_new(AllocatorOptions::default()) {
            Some(state) => Ok(Heap { state }),
            None => Err(OutOfMemory::new((), size_of::<HeapState>()).for_purpose("a heap")),
        }
    }

    pub(crate) fn state_ptr(&self) -> NonNull<HeapState> {
        self.state
    }

    pub(crate) fn state(&self) -> &HeapState {
        // SAFETY: the `Heap`, or for a view the operation behind it, keeps the state.
        unsafe { self.state.as_ref() }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // SAFETY: (1) the `Heap` owns its state, and is dropped once (views never are); (2) the last use.
        unsafe { HeapState::close(self.state) };
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heap")
            .field("objects", &self.object_count())
            .field("count", &self.get_count())
            .finish_non_exhaustive()
    }
}
