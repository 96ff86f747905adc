//! Programs over a graph of objects: what the model tests run.
//!
//! Indices are taken modulo the number of things that exist when the operation runs, so that every list of operations is a program.

/// What an object's finalizer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalizerKind {
    /// No finalizer.
    None,
    /// It only logs.
    Log,
    /// It gives the host a new handle to the object.
    Resurrect,
    /// It gives up all edges of the object.
    Unlink,
}

/// One operation of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Opens a heap, if there are fewer than three.
    OpenHeap,
    /// Drops a heap; its objects that are held live on.
    CloseHeap(usize),
    /// Allocates an object in an open heap; the host gets a handle.
    Alloc(usize, FinalizerKind),
    /// Allocates an object with a weak reference to itself that the host gets too.
    AllocCyclic(usize),
    /// Clones a handle of the host.
    Clone(usize),
    /// Drops a handle of the host.
    Drop(usize),
    /// Sets a single edge (0 or 1) of an object.
    Set(usize, usize, usize),
    /// Clears a single edge of an object.
    Clear(usize, usize),
    /// Adds an edge to an object's list.
    Push(usize, usize),
    /// Removes an edge from an object's list.
    Pop(usize, usize),
    /// Gives the host a handle from an object's list.
    Follow(usize, usize),
    /// Makes a weak reference.
    Downgrade(usize),
    /// Makes a weak reference object with a callback.
    Watch(usize),
    /// Makes or gets the weak reference object without callback.
    WeakRef(usize),
    /// Drops a weak reference.
    DropWeak(usize),
    /// Drops a weak reference object.
    DropWatch(usize),
    /// Turns a weak reference into a handle, if its object lives.
    Upgrade(usize),
    /// Moves the payload out of an object that only this handle holds, and drops it.
    Unwrap(usize),
    /// Collects a generation (0, 1 or 2) of an open heap.
    Collect(usize, usize),
    /// The same while an object's list is mutably borrowed.
    CollectBorrowed(usize, usize, usize),
    /// The same while an object that only this handle holds is mutably lent.
    CollectLent(usize, usize, usize),
}

/// A list of operations.
pub type Program = Vec<Op>;
