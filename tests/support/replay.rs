//! All kinds of programs by name, and how one that failed is written down and run again.

use std::sync::OnceLock;

use crate::{
    CHAOS_OPERATION, MODEL_OPERATION, Random, WEAK_MAPS_OPERATION, random_bytes, run_chaos, run_program, run_weak_maps,
};

/// A kind of program that is made of bytes.
#[derive(Clone, Copy, Debug)]
pub struct ProgramKind {
    /// Its name.
    pub name: &'static str,
    /// Bytes before the first operation.
    pub header: usize,
    /// Bytes of an operation.
    pub operation: usize,
    /// Operations of the longest program that [`random`](ProgramKind::random) makes.
    pub length: usize,
    /// Runs it; panics if the runtime does anything that it must not.
    pub run: fn(&[u8]),
}

/// All kinds.
pub const PROGRAMS: &[ProgramKind] = &[
    ProgramKind { name: "chaos", header: 1, operation: CHAOS_OPERATION, length: 400, run: run_chaos },
    ProgramKind { name: "model", header: 1, operation: MODEL_OPERATION, length: 250, run: run_program },
    ProgramKind { name: "weak-maps", header: 0, operation: WEAK_MAPS_OPERATION, length: 250, run: run_weak_maps },
];

impl ProgramKind {
    /// The kind with this name.
    pub fn named(name: &str) -> Option<ProgramKind> {
        PROGRAMS.iter().find(|kind| kind.name == name).copied()
    }

    /// The program of a seed.
    pub fn random(&self, seed: u64) -> Vec<u8> {
        let length = 1 + Random::new(seed ^ 0x5EED).below(self.length);
        random_bytes(seed, self.header + length * self.operation)
    }

    /// The number of operations in a program.
    pub fn operations(&self, program: &[u8]) -> usize {
        program.len().saturating_sub(self.header).div_ceil(self.operation)
    }
}

/// Bytes as hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes behind hexadecimal digits, if that is what the text is.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Whether programs tell what they do: if `TAILBITE_TELL` is set.
pub(crate) fn is_told() -> bool {
    static TOLD: OnceLock<bool> = OnceLock::new();
    *TOLD.get_or_init(|| std::env::var_os("TAILBITE_TELL").is_some())
}
