//! Memory that is no object: bytes held elsewhere, and allocators for a host's own collections.
//!
//! | file | concept |
//! |---|---|
//! | `external` | `External`: bytes that count against a heap's limit |
//! | `heap_allocator` | `HeapAllocator`: raw bytes of a heap |
//! | `raw_allocator` | `RawAllocator`: the allocator without a heap |
//! | `blocks` | what `allocator_api2` asks of both |

mod blocks;
mod external;
mod heap_allocator;
mod raw_allocator;
#[cfg(test)]
mod tests;

pub use external::External;
pub use heap_allocator::HeapAllocator;
pub use raw_allocator::RawAllocator;
