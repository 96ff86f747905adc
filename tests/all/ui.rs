//! What must not compile, with the compiler's messages, and what must (`tests/ui`).
//!
//! Messages are compared only on the compiler version that wrote them, since others word them differently. To write
//! them anew: `TRYBUILD=overwrite cargo test -p tailbite-tests ui`.

use std::process::Command;

/// The version whose messages are in `tests/ui/fail/*.stderr`.
const VERSION: &str = "rustc 1.95.";

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if version.starts_with(VERSION) {
        cases.compile_fail("ui/fail/*.rs");
    } else {
        eprintln!("SKIPPED: ui/fail, whose messages are those of {VERSION}x, not of {version}");
    }
}
