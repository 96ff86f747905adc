//! S24: fields of a packed type can't be borrowed.

use tailbite::Trace;

#[derive(Trace)]
#[repr(packed)]
struct Packed {
    small: u8,
    large: u64,
}

#[derive(Trace)]
#[repr(C, packed(2))]
struct PackedToTwo(u8, u64);

fn main() {}
