//! Valid types for the derive, written as Rust: with values that hold handles at known places, and what must be found of them.
//!
//! A type derives `Trace`; a value is an expression over `h`, which hands out handles (`h.any()`, `h.hub()`) where the derive must report
//! them, and others (`h.lost_any()`, `h.lost_hub()`) where it must not: in skipped fields, in opaque types, in leaves.

mod types;
mod values;

use std::fmt::Write;

use types::{Ty, Type};
use values::Values;

use crate::Random;

/// The types of a file.
const TYPES_OF_A_FILE: usize = 20;

/// The sources of modules with `count` generated types in all, the same for the same seed. Each is a function `all`, which calls
/// `check::<Type>(name, value, (tracked, edges, lost, finalized))` at each variant of each type.
#[must_use]
pub fn valid_types(seed: u64, count: usize) -> Vec<String> {
    let mut random = Random::new(seed);
    (0..count.div_ceil(TYPES_OF_A_FILE))
        .map(|file| file_of(&mut random, seed, TYPES_OF_A_FILE.min(count - file * TYPES_OF_A_FILE)))
        .collect()
}

fn file_of(random: &mut Random, seed: u64, count: usize) -> String {
    let mut types: Vec<Type> = Vec::new();
    while types.len() < count {
        let next = Type::new(random, &types);
        types.push(next);
    }
    let mut text = format!(
        "//! Types for the derive, written by tests/generated.sh from seed {seed}: not to be changed by hand.\n\n"
    );
    text += "use super::check::*;\n";
    for ty in &types {
        text += "\n";
        text += &ty.definition;
    }
    text += "\npub(crate) fn all() {\n";
    for (number, ty) in types.iter().enumerate() {
        for variant in 0..ty.variants.len() {
            // Variants that can be several things get several values.
            for _ in 0..if ty.variants.len() == 1 { 2 } else { 1 } {
                let mut values = Values::new(random, &types[..=number]);
                let value = values.of_variant(number, variant, true);
                let (edges, lost) = (values.edges, values.lost);
                let name = &ty.name;
                let known = format!("({}, {edges}, {lost}, {})", ty.is_tracked(), ty.is_finalized);
                let h = if value.contains("h.") { "h" } else { "_" };
                writeln!(text, "    check::<{}>(\"{name}\", |{h}| {value}, {known});", ty.concrete)
                    .expect("a string takes everything");
            }
        }
    }
    text + "}\n"
}

/// How a field is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Traced,
    Skipped,
    With,
}

/// A field of a variant.
#[derive(Debug)]
struct Field {
    ty: Ty,
    mode: Mode,
}

/// How the fields of a variant are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Unit,
    Tuple,
    Named,
}

/// A struct, or a variant of an enum.
#[derive(Debug)]
struct Variant {
    /// The path of its constructor.
    path: String,
    form: Form,
    fields: Vec<Field>,
}
