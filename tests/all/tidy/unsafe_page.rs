//! `docs/unsafe.md`: every file with unsafe code is in it, with rules, invariants and tests that exist.

use std::collections::BTreeSet;

use super::sources::{Source, files, root};
use super::tables::{read, tables};

const PAGE: &str = "docs/unsafe.md";

/// The number of rules.
const RULES: usize = 25;

/// The rows of the table of kernels. Their cells: files, what it is the kernel of, invariants, rules, tests.
fn kernels(page: &str) -> Vec<Vec<&str>> {
    let rows = tables(page).pop().expect("the page ends with the table of kernels");
    assert!(rows.len() > 40, "the last table is that of the kernels");
    rows
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names of invariants in a text: single words between asterisks.
fn invariants(text: &str) -> Vec<&str> {
    let is_name = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let after_asterisks = text.match_indices('*').map(|(at, _)| &text[at + 1..]);
    after_asterisks.filter_map(|rest| rest.split_once('*')).map(|(word, _)| word).filter(is_name).collect()
}

/// All tests of the runtime and of the integration tests: the path of their module, and their name.
fn all_tests() -> Vec<(Vec<String>, String)> {
    let mut tests = Vec::new();
    for (folder, prefix) in [("runtime/src", "runtime/src/"), ("tests/all", "tests/all/"), ("tests/refused", "tests/")]
    {
        for source in files(folder, ".rs") {
            let path = source.path.strip_prefix(prefix).expect("it is in the folder").trim_end_matches(".rs");
            let module: Vec<String> = path.split('/').filter(|part| *part != "mod").map(str::to_owned).collect();
            let mut is_test = false;
            for line in source.text.lines().map(str::trim) {
                if line == "#[test]" {
                    is_test = true;
                } else if let Some(name) = line.strip_prefix("fn ").filter(|_| is_test) {
                    let end = name.find(['(', '<']).unwrap_or(name.len());
                    tests.push((module.clone(), name[..end].to_owned()));
                    is_test = false;
                }
            }
        }
    }
    tests
}

/// Whether all of `parts` are in `path`, in this order.
fn leads_through<'a>(path: &[String], parts: impl IntoIterator<Item = &'a str>) -> bool {
    let mut path = path.iter();
    parts.into_iter().all(|part| path.any(|segment| segment == part))
}

/// Whether a name is that of a test, of a module with tests, of a source file with tests, or of a compile-fail case.
fn is_test(tests: &[(Vec<String>, String)], name: &str) -> bool {
    if name.contains('/') {
        return root().join("tests").join(name).exists();
    }
    let parts: Vec<&str> = name.trim_end_matches(".rs").split("::").collect();
    let (last, before) = parts.split_last().expect("a split has a part");
    tests.iter().any(|(module, test)| {
        leads_through(module, parts.iter().copied()) || test == last && leads_through(module, before.iter().copied())
    }) || root().join(format!("tests/ui/fail/{name}.rs")).exists()
}

/// Whether a source has unsafe code of its own. Macros that write it for others are no code yet.
fn is_unsafe(source: &Source) -> bool {
    let words = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait"];
    source.code().any(|(_, code)| words.iter().any(|word| code.contains(word)))
}

#[test]
fn every_file_with_unsafe_code_is_listed() {
    let page = read(PAGE);
    let listed: Vec<&str> = kernels(&page).iter().flat_map(|row| quoted(row[0])).collect();
    let sources = files("runtime/src", ".rs");
    let of = |name: &str, path: &str| path == name || name.ends_with('/') && path.starts_with(name);
    let unsafe_paths: Vec<&str> = sources
        .iter()
        .filter(|source| is_unsafe(source) && !source.path.contains("/tests"))
        .map(|source| source.path.strip_prefix("runtime/src/").expect("it is in the folder"))
        .collect();
    let missing = unsafe_paths.iter().filter(|path| !listed.iter().any(|name| of(name, path)));
    let mut findings: Vec<String> = missing.map(|path| format!("{path} is not in the table of kernels")).collect();
    for name in listed {
        if !unsafe_paths.iter().any(|path| of(name, path)) {
            findings.push(format!("{name} is in the table of kernels, but has no unsafe code"));
        }
    }
    super::assert_none(&findings);
}

#[test]
fn every_kernel_has_rules_and_tests_that_exist() {
    let page = read(PAGE);
    let tests = all_tests();
    let mut findings = Vec::new();
    for row in kernels(&page) {
        let &[file, _, invariant, rules, named] = &row[..] else {
            findings.push(format!("{}: a row has five cells", row[0]));
            continue;
        };
        if invariant.is_empty() {
            findings.push(format!("{file}: no invariant"));
        }
        for rule in rules.split(", ").filter(|rule| *rule != "-") {
            if !page.contains(&format!("**{rule}: ")) {
                findings.push(format!("{file}: {rule} is no rule"));
            }
        }
        if quoted(named).next().is_none() {
            findings.push(format!("{file}: no test is named"));
        }
        let unknown = quoted(named).filter(|name| !is_test(&tests, name));
        findings.extend(unknown.map(|name| format!("{file}: there is no test {name}")));
    }
    super::assert_none(&findings);
}

#[test]
fn every_rule_is_on_the_page_with_tests_that_exist() {
    let page = read(PAGE);
    let tests = all_tests();
    let mut findings = Vec::new();
    for rule in 1..=RULES {
        let Some((_, text)) = page.split_once(&format!("**S{rule}: ")) else {
            findings.push(format!("S{rule} is not on the page"));
            continue;
        };
        let text = text.split("\n\n").next().expect("a split has a part");
        let Some((_, named)) = text.split_once("*Tests*") else {
            findings.push(format!("S{rule} names no tests"));
            continue;
        };
        if !text.contains("*Kept by*") {
            findings.push(format!("S{rule} doesn't say what keeps it"));
        }
        if !quoted(named).any(|name| name.starts_with(&format!("s{rule:02}_"))) {
            findings.push(format!("S{rule} names no test of its own"));
        }
        let unknown = quoted(named).filter(|name| !is_test(&tests, name));
        findings.extend(unknown.map(|name| format!("S{rule}: there is no test {name}")));
    }
    super::assert_none(&findings);
}

#[test]
fn invariants_have_their_names_from_the_page() {
    let page = read(PAGE);
    let rows = kernels(&page);
    let known: BTreeSet<&str> = rows.iter().flat_map(|row| invariants(row[2])).collect();
    let mut findings = Vec::new();
    let mut defined = BTreeSet::new();
    let sources = files("runtime/src", ".rs");
    for source in &sources {
        let mut is_reason = false;
        for (index, line) in source.text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("//") else {
                is_reason = false;
                continue;
            };
            is_reason |= comment.contains("SAFETY:");
            for name in invariants(comment) {
                if comment.starts_with(['/', '!']) {
                    defined.insert(name);
                } else if is_reason && !known.contains(name) {
                    findings.push(super::at(source, index + 1, format_args!("{PAGE} knows no invariant {name}")));
                }
            }
        }
    }
    findings.extend(known.difference(&defined).map(|name| format!("{PAGE}: no source defines the invariant {name}")));
    super::assert_none(&findings);
}

#[test]
fn names_are_taken_apart() {
    assert_eq!(quoted("`a::b`, then `c`.").collect::<Vec<_>>(), ["a::b", "c"]);
    assert_eq!(invariants("*valid-header*: `a * b`; *not this*; *listed*"), ["valid-header", "listed"]);
    let tests = all_tests();
    assert!(is_test(&tests, "names_are_taken_apart") && is_test(&tests, "tidy::names_are_taken_apart"));
    assert!(is_test(&tests, "tidy") && is_test(&tests, "tidy::unsafe_page") && is_test(&tests, "header.rs"));
    assert!(!is_test(&tests, "deep::names_are_taken_apart") && !is_test(&tests, "is_test"));
}
