#![doc = include_str!("../../README.md")]

mod alloc;
mod base;
mod collect;
mod handle;
mod heap;
mod inspect;
mod memory;
mod object;
mod weak;

pub use alloc::{ArenaStats, ByteStats, ClassStats, MemoryStats, PoolKind, PoolStats};
pub use collect::{CollectionInfo, Generation, GenerationStats, Growth, InvalidGeneration, Trigger};
pub use handle::{
    AnyGc, AnyRootKey, ById, ByValue, CallbackFn, Equivalence, Factory, Finalize, Gc, GcMut, Handle, Proxy,
    ReferenceError, RootKey, Weak, WeakCallback, WeakKeyMap, WeakKeyMapIter, WeakRef, WeakSet, WeakSetIter, WeakTarget,
    WeakValueMap, WeakValueMapIter, callback,
};
#[cfg(target_pointer_width = "64")]
pub use handle::{Packed, Unpacked};
pub use heap::{
    AllocationCounts, CallbackKey, DebugFlags, Heap, OutOfMemory, Phase, Unraisable, UnraisableContext, Violation,
};
pub use inspect::DebugEvent;
pub use memory::{External, HeapAllocator, LastFirst, RawAllocator};
pub use object::{Shape, Trace, Tracer, TypeOptions, Untraced, WithSlice};
#[cfg(feature = "derive")]
pub use tailbite_derive::Trace;

/// For this crate's macros.
#[doc(hidden)]
pub mod __private {
    pub use crate::handle::Unsize;
    pub use crate::object::Managed;
}

#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
struct Embedding;

#[cfg(doctest)]
#[doc = include_str!("../../docs/weakrefs-and-finalizers.md")]
struct WeakReferencesAndFinalizers;
