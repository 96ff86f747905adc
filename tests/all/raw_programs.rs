//! Raw memory against a shadow map, by programs of random bytes; a fuzzer runs the same by coverage.

use tailbite_tests::{random_bytes, run_raw};

#[test]
fn random_programs_agree_with_the_shadow() {
    let cases = std::env::var("TAILBITE_MODEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40);
    for seed in 0..cases {
        let length = 8 * (seed as usize * 37 % 200);
        let bytes = random_bytes(seed, length);
        if std::panic::catch_unwind(|| run_raw(&bytes)).is_err() {
            panic!("the program of seed {seed} with {length} bytes disagrees");
        }
    }
}

#[test]
fn the_end_of_a_program_is_a_program() {
    let bytes = random_bytes(7, 8 * 60 + 5);
    (0..bytes.len()).step_by(3).for_each(|length| run_raw(&bytes[..length]));
}
