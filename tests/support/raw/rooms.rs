//! What the documentation says about where a block lies and when it moves.

use std::alloc::Layout;

/// The largest block and the largest alignment that pools serve.
const LARGEST: usize = 512;
const LARGEST_ALIGN: usize = 64;

/// Where a block lies, and the bytes that it has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// In a pool of blocks of this size.
    Pool(usize),
    /// With the system allocator, which was asked for as many bytes.
    System(usize),
}

impl Room {
    /// The room of a fresh block: the next class, else what was asked for.
    pub(super) fn of(layout: Layout) -> Room {
        let step = layout.align().max(8);
        let class = layout.size().max(1).next_multiple_of(step);
        if class <= LARGEST && layout.align() <= LARGEST_ALIGN {
            Room::Pool(class)
        } else {
            Room::System(layout.size().max(1))
        }
    }

    /// The bytes.
    pub(super) fn bytes(self) -> usize {
        match self {
            Room::Pool(bytes) | Room::System(bytes) => bytes,
        }
    }

    /// Whether a block at `address` can be one of `layout` where it is.
    pub(super) fn has_room(self, address: usize, layout: Layout) -> bool {
        layout.size() <= self.bytes() && address.is_multiple_of(layout.align())
    }

    /// Whether it must stay: it has room and wastes less than a quarter.
    pub(super) fn must_stay(self, address: usize, layout: Layout) -> bool {
        self.has_room(address, layout)
            && match self {
                Room::Pool(room) => layout.size() * 4 > room * 3,
                Room::System(room) => layout.size() == room && matches!(Room::of(layout), Room::System(_)),
            }
    }

    /// The rooms that a block can have after it was made one of `layout` in the same place although it could move: resized by the system
    /// allocator, or left alone because something was refused.
    pub(super) fn after_staying(self, layout: Layout, is_limited: bool) -> [Option<Room>; 2] {
        let fresh = Room::of(layout);
        let resized = matches!((self, fresh), (Room::System(_), Room::System(_))).then_some(fresh);
        [resized, is_limited.then_some(self)]
    }
}
