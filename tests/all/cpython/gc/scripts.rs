//! GCTests about classes and what else only a language has: each runs the script of its name under `tests/scripts/cpython`.

use super::super::script;

#[test]
fn test_class() {
    script("test_class", &["gone True", "True True None", "0"]);
}

#[test]
fn test_newstyleclass() {
    script("test_newstyleclass", &["False True True", "0"]);
}

#[test]
fn test_newinstance() {
    script("test_newinstance", &["1", "True", "True", "True", "True", "0"]);
}

#[test]
fn test_method() {
    script("test_method", &["True True None"]);
}

#[test]
fn test_boom() {
    script("test_boom", &["2"]);
}

#[test]
fn test_boom2() {
    script("test_boom2", &["2"]);
}
