//! A field whose type says nothing about its edges.

use tailbite::Trace;

#[derive(Trace)]
struct Holder {
    closure: Box<dyn Fn()>,
}

fn main() {}
