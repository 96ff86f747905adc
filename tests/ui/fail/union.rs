//! S24: nothing says which field of a union is the live one.

use tailbite::Trace;

#[derive(Trace)]
union Bits {
    float: f64,
    int: u64,
}

fn main() {}
