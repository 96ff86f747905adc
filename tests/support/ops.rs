//! Programs over a graph of objects: what the model tests run.
//!
//! Indices are taken modulo the number of things that exist when the operation runs, so that every list of operations, and every list of
//! bytes, is a program.

use crate::Tape;

/// Bytes of one operation: its kind and up to three numbers.
pub const MODEL_OPERATION: usize = 4;

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
    /// It gives the host a new object.
    Allocate,
    /// It panics.
    Panic,
    /// It collects: inside a collection that does nothing. (Elsewhere it doesn't: what is found would depend on how deep drops nest.)
    Collect,
    /// It makes an object and takes the payload out of it.
    Unwrap,
}

/// What is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// An object with cells, a list, a vector in its heap's memory, and perhaps a finalizer.
    Knot(FinalizerKind),
    /// A head and a slice of edges in one block.
    Tuple,
    /// A slice of edges.
    Row,
    /// An object without edges, not tracked.
    Leaf,
}

/// Which of a knot's containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The list, opaque to a collection while it is borrowed.
    List,
    /// The vector in the heap's memory.
    Items,
}

/// One operation of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Allocates an object in an open heap; the host gets a handle. Slices have an edge to what the host's handle with this number names.
    Alloc(usize, ObjectKind, usize),
    /// Allocates an object with a weak reference to itself that the host gets too.
    AllocCyclic(usize),
    /// Tries to allocate where there is no memory.
    AllocRefused(usize),
    /// Opens a heap, if there are fewer than three.
    OpenHeap,
    /// Drops a heap; its objects that are held live on.
    CloseHeap(usize),
    /// Clones a handle of the host.
    Clone(usize),
    /// Drops a handle of the host.
    Drop(usize),
    /// Sets a single edge (0 or 1) of an object.
    Set(usize, usize, usize),
    /// Clears a single edge of an object.
    Clear(usize, usize),
    /// Adds an edge to one of an object's containers.
    Push(usize, Place, usize),
    /// Removes an edge from it.
    Pop(usize, Place, usize),
    /// Gives the host a handle from an object's list.
    Follow(usize, usize),
    /// Makes a weak reference.
    Downgrade(usize),
    /// Makes a weak reference object with a callback, or a proxy with one.
    Watch(usize, bool),
    /// Makes or gets the weak reference object, or the proxy, without callback.
    WeakRef(usize, bool),
    /// Drops a weak reference.
    DropWeak(usize),
    /// Drops a weak reference object or proxy.
    DropWatch(usize),
    /// Turns a weak reference into a handle, if its object lives.
    Upgrade(usize),
    /// Moves the payload out of an object that only this handle holds, and drops it.
    Unwrap(usize),
    /// Makes an object immortal.
    Immortalize(usize),
    /// Lets an open heap keep a handle.
    Root(usize, usize),
    /// Takes it back.
    Unroot(usize),
    /// Freezes all that there is in an open heap.
    Freeze(usize),
    /// Ends that.
    Unfreeze(usize),
    /// A safepoint, and memory that goes back: both find nothing to do.
    Rest(usize),
    /// Collects a generation (0, 1 or 2) of an open heap.
    Collect(usize, usize),
    /// The same while an object's list is mutably borrowed.
    CollectBorrowed(usize, usize, usize),
    /// The same while an object that only this handle holds is mutably lent.
    CollectLent(usize, usize, usize),
}

/// A list of operations.
pub type Program = Vec<Op>;

impl Op {
    /// The next operation of a tape. Of 256 first bytes as many lead to each as its weight says.
    pub fn read(tape: &Tape) -> Op {
        let kind = tape.byte();
        // (Indices are few, so that small numbers meet the same objects again and again.)
        let index = || tape.below(32);
        let heap = || tape.below(3);
        let place = || [Place::List, Place::Items][tape.below(2)];
        match kind {
            0..=53 => Op::Alloc(heap(), ObjectKind::read(tape), index()),
            54..=57 => Op::AllocCyclic(heap()),
            58..=59 => Op::AllocRefused(heap()),
            60..=61 => Op::OpenHeap,
            62..=63 => Op::CloseHeap(heap()),
            64..=71 => Op::Clone(index()),
            72..=117 => Op::Drop(index()),
            118..=145 => Op::Set(index(), tape.below(2), index()),
            146..=150 => Op::Clear(index(), tape.below(2)),
            151..=174 => Op::Push(index(), place(), index()),
            175..=182 => Op::Pop(index(), place(), index()),
            183..=188 => Op::Follow(index(), index()),
            189..=195 => Op::Downgrade(index()),
            196..=203 => Op::Watch(index(), tape.one_in(3)),
            204..=209 => Op::WeakRef(index(), tape.one_in(3)),
            210..=213 => Op::DropWeak(index()),
            214..=217 => Op::DropWatch(index()),
            218..=224 => Op::Upgrade(index()),
            225..=228 => Op::Unwrap(index()),
            229..=230 => Op::Immortalize(index()),
            231..=232 => Op::Root(heap(), index()),
            233..=234 => Op::Unroot(index()),
            235 => Op::Freeze(heap()),
            236 => Op::Unfreeze(heap()),
            237 => Op::Rest(heap()),
            238..=249 => Op::Collect(heap(), tape.below(3)),
            250..=252 => Op::CollectBorrowed(index(), heap(), tape.below(3)),
            253..=255 => Op::CollectLent(index(), heap(), tape.below(3)),
        }
    }
}

impl ObjectKind {
    fn read(tape: &Tape) -> ObjectKind {
        let finalizer = match tape.below(20) {
            0..=7 => FinalizerKind::None,
            8 | 9 => FinalizerKind::Log,
            10 | 11 => FinalizerKind::Resurrect,
            12 => FinalizerKind::Unlink,
            13 => FinalizerKind::Allocate,
            14 => FinalizerKind::Panic,
            15 => FinalizerKind::Collect,
            16 => FinalizerKind::Unwrap,
            17 => return ObjectKind::Tuple,
            18 => return ObjectKind::Row,
            _ => return ObjectKind::Leaf,
        };
        ObjectKind::Knot(finalizer)
    }
}

/// The operations that bytes stand for.
pub fn read_program(bytes: &[u8]) -> Program {
    let tape = Tape::of_operations(bytes);
    let mut program = Program::new();
    while tape.operation(MODEL_OPERATION) {
        program.push(Op::read(&tape));
    }
    program
}
