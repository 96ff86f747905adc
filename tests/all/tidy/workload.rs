//! That the workload of the fault tests names every public function.

use std::collections::BTreeSet;

use super::sources::files;

/// Public functions that the workload doesn't call, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("check", "called after every run"),
    ("refuse_allocations", "what injects the faults"),
    ("allocation_requests", "what counts them"),
    ("visit", "of `Gc`: for traces written by hand, which the derive's stand for"),
    ("opaque_cell", "of `Tracer`: as above"),
    ("enter", "of `Tracer`: as above"),
    ("leave", "of `Tracer`: as above"),
    ("of", "of `Shape`: a constant of a type"),
    ("untraced", "of `Shape`: as above"),
    ("holds_objects", "of `PoolKind`: a constant"),
    ("index", "of `Generation`: a constant"),
    ("limit", "of an error: a number"),
    ("message", "of `Unraisable`: a borrow of its text"),
    ("finalizer_on_request", "of `TypeOptions`: as `finalizer`"),
    ("into_vec", "of `LastFirst`: a conversion without memory of the heap's"),
];

/// The names of the public functions in a source text.
fn public_functions(text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for line in text.lines().map(str::trim_start).take_while(|line| !line.starts_with("mod tests {")) {
        let Some(rest) = line.strip_prefix("pub ") else { continue };
        let rest = rest.trim_start_matches("const ").trim_start_matches("unsafe ");
        let Some(rest) = rest.strip_prefix("fn ") else { continue };
        names.extend(rest.split(['(', '<']).next());
    }
    names
}

#[test]
fn the_workload_names_every_public_function() {
    let workload: String = files("tests/support/workload", ".rs").into_iter().map(|source| source.text).collect();
    let mut missing = Vec::new();
    let mut unused: BTreeSet<&str> = EXEMPT.iter().map(|(name, _)| *name).collect();
    for source in files("runtime/src", ".rs") {
        for name in public_functions(&source.text) {
            let exempt = EXEMPT.iter().any(|(exempt, _)| *exempt == name);
            let called = [format!(".{name}("), format!("::{name}("), format!("::{name})"), format!(".{name}::<")];
            let called =
                called.iter().any(|call| workload.contains(call)) || workload.contains(&format!("::{name}::<"));
            if exempt {
                unused.remove(name);
            } else if !called && !is_free_function_called(&workload, name) {
                missing.push(format!("{}: {name}", source.path));
            }
        }
    }
    assert!(missing.is_empty(), "the workload doesn't call:\n{}", missing.join("\n"));
    assert!(unused.is_empty(), "there are no such functions any more: {unused:?}");
}

/// Of a function that is imported by name.
fn is_free_function_called(workload: &str, name: &str) -> bool {
    workload.contains(&format!(" {name}("))
}

#[test]
fn public_functions_are_found() {
    let text = "impl A {\n    pub fn one(&self) {}\n    pub(crate) fn two() {}\n    pub const unsafe fn three<T>() {}\n}\nfn four() {}";
    assert_eq!(public_functions(text), BTreeSet::from(["one", "three"]));
}
