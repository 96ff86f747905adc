//! Attributes that are unknown, misplaced, given twice, or say nothing.

use tailbite::{Gc, Trace};

#[derive(Trace)]
#[trace(lief)]
struct UnknownOnType;

#[derive(Trace)]
struct UnknownOnField {
    #[trace(ignore)]
    field: u8,
}

#[derive(Trace)]
#[trace(skip)]
struct FieldAttributeOnType;

#[derive(Trace)]
struct TypeAttributeOnField(#[trace(leaf)] u8);

#[derive(Trace)]
enum OnVariant {
    #[trace(skip)]
    Variant(u8),
}

#[derive(Trace)]
#[trace(leaf, leaf)]
struct LeafTwice;

#[derive(Trace)]
#[trace(protocol = &1_u8)]
#[trace(protocol = &2_u8)]
struct ProtocolTwice;

#[derive(Trace)]
struct SkippedTwice(#[trace(skip, skip)] u8);

#[derive(Trace)]
#[trace(finalize = one, finalize_on_request = two)]
struct TwoFinalizers;

fn one(_: &Gc<TwoFinalizers>) {}
fn two(_: &Gc<TwoFinalizers>) {}

#[derive(Trace)]
#[trace(leaf)]
struct LeafWithSkip(#[trace(skip)] u8);

#[derive(Trace)]
#[trace(leaf, tracked)]
struct TrackedLeaf;

#[derive(Trace)]
struct TrackedField(#[trace(tracked)] u8);

#[derive(Trace)]
#[trace()]
struct Empty;

#[derive(Trace)]
#[trace]
struct Bare;

fn main() {}
