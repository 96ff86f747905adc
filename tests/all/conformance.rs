//! `docs/conformance.md` and the tests it names: every one of CPython's is there, once, and exists here or has a reason why not.

use std::collections::BTreeSet;
use std::path::Path;

/// The number of CPython's tests that are about the runtime.
const TESTS: usize = 137;

/// A row of the table.
struct Row<'a> {
    /// CPython's class and test, `GCTests.test_list`.
    cpython: &'a str,
    behaviour: &'a str,
    here: &'a str,
}

fn read(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn rows(table: &str) -> Vec<Row<'_>> {
    let lines = table.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    let cells = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    cells
        .filter(|cells| cells[0] != "CPython")
        .map(|cells| {
            let [cpython, behaviour, here] = cells[..] else { panic!("a row has three cells: {cells:?}") };
            Row { cpython, behaviour, here }
        })
        .collect()
}

/// What is wrong with where a row says that its test is.
fn look_up(row: &Row<'_>) -> Result<(), String> {
    if let Some(reason) = row.here.strip_prefix("n/a: ") {
        return if reason.len() > 10 { Ok(()) } else { Err("no reason".into()) };
    }
    let path =
        row.here.strip_prefix('`').and_then(|path| path.strip_suffix('`')).ok_or("neither a test nor a reason")?;
    let (module, name) = path.rsplit_once("::").ok_or("no path")?;
    let (_, expected) = row.cpython.split_once('.').ok_or("CPython's test has no class")?;
    if name != expected {
        return Err(format!("{name} is not CPython's name"));
    }
    let file = format!("tests/all/{}.rs", module.replace("::", "/"));
    let source = read(&file);
    // A file that no `mod` line names is not compiled.
    for (at, _) in module.match_indices("::") {
        let (parent, child) = (&module[..at], module[at + 2..].split("::").next().unwrap_or_default());
        let parent = format!("tests/all/{}.rs", parent.replace("::", "/"));
        if !read(&parent).lines().any(|line| line == format!("mod {child};")) {
            return Err(format!("{parent} does not name {child}"));
        }
    }
    if source.contains(&format!("#[test]\nfn {name}() {{\n")) {
        Ok(())
    } else {
        Err(format!("{file} has no such test"))
    }
}

#[test]
fn every_test_of_the_runtime_has_a_row() {
    let table = read("docs/conformance.md");
    let rows = rows(&table);
    assert_eq!(rows.len(), TESTS);
    let names: BTreeSet<&str> = rows.iter().map(|row| row.cpython).collect();
    assert_eq!(names.len(), TESTS, "each is there once");
    let here = rows.iter().map(|row| row.here).filter(|here| here.starts_with('`'));
    let here: Vec<&str> = here.collect();
    assert_eq!(here.iter().collect::<BTreeSet<_>>().len(), here.len(), "each test here stands for one of CPython's");
    assert!(rows.iter().all(|row| !row.behaviour.is_empty()));
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let table = read("docs/conformance.md");
    let wrong: Vec<String> = rows(&table)
        .iter()
        .filter_map(|row| look_up(row).err().map(|what| format!("{} ({}): {what}", row.cpython, row.here)))
        .collect();
    assert!(wrong.is_empty(), "{} rows are wrong\n{}", wrong.len(), wrong.join("\n"));
}
