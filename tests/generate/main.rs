//! Writes generated types: `generate SEED COUNT FOLDER` puts `part0.rs`, `part1.rs`, ... there. See tests/generated.sh.

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seed, count, folder] = &arguments[..] else { panic!("usage: generate SEED COUNT FOLDER") };
    let (seed, count) = (seed.parse().expect("a seed is a number"), count.parse().expect("a count is a number"));
    for (number, text) in tailbite_tests::valid_types(seed, count).into_iter().enumerate() {
        std::fs::write(Path::new(folder).join(format!("part{number}.rs")), text).expect("the folder can be written to");
    }
}
