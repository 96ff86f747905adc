//! S24: a type whose edges are reported has no `Drop`.

use tailbite::{Gc, Trace};

#[derive(Trace)]
struct Node {
    next: Option<Gc<Node>>,
}

impl Drop for Node {
    fn drop(&mut self) {}
}

#[derive(Trace)]
struct Pair<A, B> {
    both: (A, B),
}

impl<A, B> Drop for Pair<A, B> {
    fn drop(&mut self) {}
}

fn main() {}
