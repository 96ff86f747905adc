//! How an object is reached from one that is held from outside.

use super::edges::{for_each_owned, is_block};
use super::headers::is_traceable;
use crate::alloc::PoolKind;
use crate::base::Zeroed;
use crate::heap::HeapState;
use crate::heap::violation::{Path, Place, Step};
use crate::object::RawObject;

/// Objects that are shown at each end of a long path.
const SHOWN: usize = 8;

/// A search by breadth: what was found, in order, each once.
struct Search<'a> {
    state: &'a HeapState,
    /// By place: one more than the index in `found` of the object from which this one was found; its own for one that
    /// is held.
    parents: Zeroed,
    found: Vec<RawObject>,
    is_refused: bool,
}

impl Search<'_> {
    /// Notes an object of this heap that was found from the one at `parent` (none: it is held).
    fn find(&mut self, object: RawObject, parent: Option<usize>) {
        // SAFETY: an object of this heap.
        let place = unsafe { self.state.alloc.place_of(object.block()) };
        let parent = u32::try_from(parent.unwrap_or(self.found.len()) + 1);
        let (Some(known), Ok(parent)) = (self.parents.get_mut(place), parent) else {
            self.is_refused = true;
            return;
        };
        if *known != 0 {
            return;
        }
        if self.found.try_reserve(1).is_err() {
            self.is_refused = true;
            return;
        }
        *known = parent;
        self.found.push(object);
    }

    fn parent_of(&self, index: usize) -> usize {
        // SAFETY: as above.
        let place = unsafe { self.state.alloc.place_of(self.found[index].block()) };
        self.parents[place] as usize - 1
    }
}

impl HeapState {
    /// A shortest path to an object of this heap. The allocator is held.
    pub(super) fn path_to(&self, wanted: RawObject) -> Path {
        let (Some(counts), Some(parents)) = (self.tally_all(), Zeroed::try_new(self.alloc.places())) else {
            return Path::Unknown;
        };
        let mut search = Search { state: self, parents, found: Vec::new(), is_refused: false };
        for kind in [PoolKind::Tracked, PoolKind::Leaf] {
            self.for_each_object(kind, |object| {
                // SAFETY: an object of this heap.
                let place = unsafe { self.alloc.place_of(object.block()) };
                if counts.get(place).is_some_and(|&count| count < object.header().count()) {
                    search.find(object, None);
                }
            });
        }
        let mut next = 0;
        while let Some(&object) = search.found.get(next) {
            if object == wanted {
                return search.steps(next).map_or(Path::Unknown, Path::Steps);
            }
            if is_traceable(object) {
                // SAFETY: just found traceable.
                unsafe {
                    for_each_owned(object, |edge| {
                        if is_block(edge) && Self::of(edge) == self.into() {
                            search.find(edge, Some(next));
                        }
                    });
                }
            }
            next += 1;
        }
        if search.is_refused { Path::Unknown } else { Path::Unreached }
    }
}

impl Search<'_> {
    /// The path to the object at `index`; `None` if memory is refused.
    fn steps(&self, index: usize) -> Option<Vec<Step>> {
        let (mut length, mut at) = (1, index);
        while self.parent_of(at) != at {
            at = self.parent_of(at);
            length += 1;
        }
        let mut steps = Vec::new();
        steps.try_reserve_exact(4 * SHOWN + 1).ok()?;
        // From the end, as the parents lead.
        let (mut at, mut place, mut before) = (index, length, None);
        loop {
            let object = self.found[at];
            place -= 1;
            if place < SHOWN || place + SHOWN >= length {
                if let Some(next) = before {
                    steps.push(Step::Edge(edge_number(object, next)));
                }
                steps.push(Step::Object(Place::of(object)));
            } else if place == SHOWN {
                steps.push(Step::Omitted(length - 2 * SHOWN));
            }
            before = Some(object);
            let parent = self.parent_of(at);
            if parent == at {
                break;
            }
            at = parent;
        }
        // An edge stands before its object now, as its number must stand behind it.
        steps.reverse();
        Some(steps)
    }
}

/// The number of the first edge from one object to another.
fn edge_number(from: RawObject, to: RawObject) -> usize {
    let (mut number, mut found) = (0, None);
    // SAFETY: the search has traced it just now.
    unsafe {
        for_each_owned(from, |edge| {
            if edge == to && found.is_none() {
                found = Some(number);
            }
            number += 1;
        });
    }
    found.unwrap_or(number)
}
