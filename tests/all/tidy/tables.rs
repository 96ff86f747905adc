//! Tables of the documentation, and the tests that they name.

use std::fs;

use super::sources::root;

/// The text of a file, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The tables of a page: their rows without the head, as cells.
pub(crate) fn tables(text: &str) -> Vec<Vec<Vec<&str>>> {
    let mut tables = Vec::new();
    let mut is_table = false;
    for line in text.lines() {
        let Some(row) = line.strip_prefix('|') else {
            is_table = false;
            continue;
        };
        if !is_table {
            tables.push(Vec::new());
            is_table = true;
        }
        if let Some(table) = tables.last_mut() {
            table.push(row.trim_end().trim_end_matches('|').split(" | ").map(str::trim).collect());
        }
    }
    // The head, and the line below it.
    tables.iter_mut().for_each(|table| drop(table.drain(..2.min(table.len()))));
    tables
}

/// Whether a file has a test function of this name; a name may be a path, whose last part is the function's.
pub(crate) fn has_test(path: &str, name: &str) -> bool {
    let Ok(text) = fs::read_to_string(root().join(path)) else { return false };
    let function = format!("fn {}(", name.rsplit("::").next().unwrap_or(name));
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if is_test && line.contains(&function) {
            return true;
        }
        // Other attributes may stand between.
        is_test = line == "#[test]" || is_test && (line.starts_with("#[") || line.starts_with("//"));
    }
    false
}

#[test]
fn tables_are_taken_apart() {
    let text = "# A\n\n| a | b |\n|---|---|\n| 1 | `x` |\n| 2 | y |\n\ntext\n\n| c |\n|---|\n| 3 |\n";
    assert_eq!(tables(text), [vec![vec!["1", "`x`"], vec!["2", "y"]], vec![vec!["3"]]]);
}

#[test]
fn tests_are_found_by_name() {
    assert!(has_test("tests/all/tidy/tables.rs", "tests_are_found_by_name"));
    assert!(has_test("tests/all/tidy/tables.rs", "tidy::tables::tables_are_taken_apart"));
    assert!(!has_test("tests/all/tidy/tables.rs", "has_test"), "not every function is a test");
    assert!(!has_test("tests/all/nowhere.rs", "a"));
}
