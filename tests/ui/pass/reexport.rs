//! A crate that re-exports tailbite under a path of its own.

mod engine {
    pub mod gc {
        pub use tailbite::*;
    }
}

use engine::gc::Trace as Collectable;

#[derive(Collectable)]
#[trace(crate = crate::engine::gc)]
struct Node(Option<engine::gc::Gc<Node>>);

fn main() {
    assert!(engine::gc::Gc::new(Node(None)).0.is_none());
}
