//! `docs/comparison.md`: what it claims for Tailbite is held by tests that exist.

use std::collections::BTreeMap;

use super::tables::{has_test, read, tables};

/// The rows of the table of features.
const FEATURES: usize = 21;

#[test]
fn every_feature_that_is_claimed_names_its_tests() {
    let text = read("docs/comparison.md");
    let [features, evidence] = &tables(&text)[..] else { panic!("the page has two tables") };
    assert_eq!(features.len(), FEATURES, "a row of the table of features was added or lost");
    let evidence: BTreeMap<&str, &str> = evidence.iter().map(|row| (row[0], row[1])).collect();
    let mut findings = Vec::new();
    for row in features {
        let (feature, claim) = (row[0], row[1]);
        match (claim, evidence.get(feature)) {
            ("Y" | "~", None) => findings.push(format!("{feature}: claimed, without a test")),
            ("N", Some(_)) => findings.push(format!("{feature}: has a test, but no claim")),
            ("Y" | "~" | "N", _) => {}
            (other, _) => findings.push(format!("{feature}: {other} is no claim")),
        }
    }
    for (feature, tests) in evidence {
        if !features.iter().any(|row| row[0] == feature) {
            findings.push(format!("{feature} is not in the table of features"));
        }
        let links: Vec<(&str, &str)> = links(tests).collect();
        if links.is_empty() {
            findings.push(format!("{feature}: no test is linked"));
        }
        for (name, path) in links {
            if !has_test(path, name) {
                findings.push(format!("{feature}: {path} has no test {name}"));
            }
        }
    }
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

/// The links of a cell: name of the test, path from the root.
fn links(cell: &str) -> impl Iterator<Item = (&str, &str)> {
    cell.split("[`").skip(1).filter_map(|link| {
        let (name, rest) = link.split_once("`](../")?;
        Some((name, rest.split_once(')')?.0))
    })
}
