//! Memory that is no object: bytes held elsewhere, allocators for a host's own collections, and those collections.
//!
//! | file | concept |
//! |---|---|
//! | `external` | `External`: bytes that count against a heap's limit |
//! | `heap_allocator` | `HeapAllocator`: raw bytes of a heap |
//! | `raw_allocator` | `RawAllocator`: the allocator without a heap |
//! | `last_first` | `LastFirst`: a vector that drops as CPython's lists do, in any memory |
//! | `trace_external` | `Trace` for the containers of other crates |

mod external;
mod heap_allocator;
mod last_first;
mod raw_allocator;
#[cfg(test)]
mod tests;
mod trace_external;

pub use external::External;
pub use heap_allocator::HeapAllocator;
pub use last_first::LastFirst;
pub use raw_allocator::RawAllocator;
