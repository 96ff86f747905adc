//! Generated types: what they report, whether they are tracked, and what is collected through them. `tests/generated.sh` makes others.

mod check;
#[rustfmt::skip]
#[allow(dead_code, clippy::all, reason = "generated types have any shape, and nobody reads their fields")]
mod part0;
#[rustfmt::skip]
#[allow(dead_code, clippy::all, reason = "generated types have any shape, and nobody reads their fields")]
mod part1;
#[rustfmt::skip]
#[allow(dead_code, clippy::all, reason = "generated types have any shape, and nobody reads their fields")]
mod part2;

use std::fs;
use std::path::Path;

#[test]
fn generated_types_report_each_handle_that_they_were_given() {
    part0::all();
    part1::all();
    part2::all();
}

#[test]
fn the_files_are_those_of_their_seed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("all/derive/generated");
    for (number, text) in tailbite_tests::valid_types(1, 60).into_iter().enumerate() {
        let found = fs::read_to_string(folder.join(format!("part{number}.rs"))).expect("the file is there");
        assert!(found == text, "part{number}.rs is another one: run tests/generated.sh keep");
    }
}
