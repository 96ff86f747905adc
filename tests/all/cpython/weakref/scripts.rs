//! ReferencesTestCase, where a language is needed: operations on proxies, comparing and hashing references, what is printed, classes.
//! Each test runs the script of its name under `tests/scripts/cpython`.

use super::super::script;

#[test]
fn test_ref_repr() {
    script("test_ref_repr", &["<weakref at 0x to 'C' at 0x", "True", "True", "True"]);
}

#[test]
fn test_proxy_repr() {
    script("test_proxy_repr", &["True True True", "called", "True True"]);
}

#[test]
fn test_basic_proxy() {
    script(
        "test_basic_proxy",
        &[
            "1 2 False 1 2 False",
            "False",
            "1 True",
            "2 2 True False",
            "5 5",
            "True True False",
            "True True True [2, 3, 4]",
        ],
    );
}

#[test]
fn test_callable_proxy() {
    script(
        "test_callable_proxy",
        &[
            "True False",
            "1",
            "2",
            "False",
            "by position",
            "by name",
            "TypeError 0",
            "TypeError 3",
            "by name",
            "weakly-referenced object no longer exists",
        ],
    );
}

#[test]
fn test_proxy_deletion() {
    script("test_proxy_deletion", &["0 0", "weakly-referenced object no longer exists"]);
}

#[test]
fn test_proxy_bool() {
    script("test_proxy_bool", &["False False True", "True"]);
}

#[test]
fn test_proxy_next() {
    script("test_proxy_next", &["[4, 5, 6]", "StopIteration"]);
}

#[test]
fn test_proxy_bad_next() {
    script("test_proxy_bad_next", &["Weakref proxy referenced a non-iterator 'function' object"]);
}

#[test]
fn test_proxy_hash() {
    script("test_proxy_hash", &["TypeError", "TypeError"]);
}

#[test]
fn test_newstyle_number_ops() {
    script("test_newstyle_number_ops", &["3.0 3.0 4.0 -2.0 True True"]);
}

#[test]
fn test_classes() {
    script("test_classes", &["True", "None True 1"]);
}

#[test]
fn test_equality() {
    script(
        "test_equality",
        &[
            "True False False True True False",
            "False True True False",
            "[None, None, None]",
            "False True False True True True",
            "False False",
        ],
    );
}

#[test]
fn test_ordering() {
    script("test_ordering", &["refused: 4", "refused: 4"]);
}

#[test]
fn test_hashing() {
    script("test_hashing", &["True", "True", "TypeError: weak object has gone away"]);
}

#[test]
fn test_set_callback_attribute() {
    script("test_set_callback_attribute", &["AttributeError", "True", "called None"]);
}
