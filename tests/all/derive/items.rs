//! What the derive makes of generated items, right and wrong ones: an impl that parses, or an error that names the fault.

use tailbite_tests::{random_bytes, run_derive};

#[test]
fn generated_items_get_an_impl_or_an_error_that_names_the_fault() {
    for seed in 0..4000 {
        let bytes = random_bytes(seed, 1 + seed as usize % 120);
        if std::panic::catch_unwind(|| run_derive(&bytes)).is_err() {
            panic!("the item of seed {seed} gets neither");
        }
    }
}
