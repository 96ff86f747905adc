//! What one collection did, in figures.

use core::time::Duration;

use super::generation::Generation;

/// The figures of one collection: what gc callbacks are told. At its start all numbers are 0.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use tailbite::{AnyGc, Generation, Heap, Phase};
/// let heap = Heap::new();
/// let log = Rc::new(RefCell::new(Vec::new()));
/// let rows = log.clone();
/// heap.add_callback(move |_, phase, info| rows.borrow_mut().push((phase, info.generation, info.candidates)));
/// let object = heap.alloc(None::<AnyGc>);
/// heap.collect(Generation::Young);
/// assert_eq!(*log.borrow(), [(Phase::Start, Generation::Young, 0), (Phase::Stop, Generation::Young, 1)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectionInfo {
    /// The generation that is collected, with all younger ones.
    pub generation: Generation,
    /// Objects found unreachable and freed, or [kept as garbage](crate::DebugFlags::SAVEALL). Resurrected ones don't
    /// count.
    pub collected: usize,
    /// Objects found unreachable that could not be freed: always 0 here; CPython has them for legacy types.
    pub uncollectable: usize,
    /// Objects examined.
    pub candidates: usize,
    /// Time that the collection took, user code that it called included, gc callbacks apart. 0 where there is no clock
    /// (`wasm32-unknown-unknown`).
    pub duration: Duration,
}

impl CollectionInfo {
    pub(crate) fn new(generation: Generation) -> CollectionInfo {
        CollectionInfo { generation, collected: 0, uncollectable: 0, candidates: 0, duration: Duration::ZERO }
    }
}
