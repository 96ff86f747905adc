//! The table of scripts for which only some CPythons are an oracle.

use std::path::Path;

use super::oracle::Version;

/// One script, and the versions that print what is expected.
#[derive(Debug)]
struct Line {
    script: String,
    oldest: Option<Version>,
    newest: Option<Version>,
}

/// All lines of `differences.txt`.
#[derive(Debug)]
pub(crate) struct Differences(Vec<Line>);

impl Differences {
    /// Reads the table.
    pub(crate) fn read(file: &Path) -> Differences {
        Differences::parse(&std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
    }

    fn parse(text: &str) -> Differences {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parsed = lines.map(|line| {
            let [script, oldest, newest, _, ..] = line.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("a line needs a script, two versions and a reason: {line}");
            };
            Line { script: script.to_owned(), oldest: version(oldest), newest: version(newest) }
        });
        Differences(parsed.collect())
    }

    /// Whether this version of CPython prints what is expected of a program.
    pub(crate) fn is_oracle(&self, program: &str, version: Version) -> bool {
        let name = program.rsplit('/').next().unwrap_or(program);
        self.0.iter().filter(|line| line.script == name).all(|line| {
            line.oldest.is_none_or(|oldest| version >= oldest) && line.newest.is_none_or(|newest| version <= newest)
        })
    }
}

/// `3.14`, `-` for no limit, or `never` for a difference that stays.
fn version(text: &str) -> Option<Version> {
    match text {
        "-" => return None,
        "never" => return Some((u32::MAX, 0)),
        _ => {}
    }
    let parts = text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    Some(parts.unwrap_or_else(|| panic!("{text} is no version")))
}

#[test]
fn a_table_is_read() {
    let table = Differences::parse("# script oldest newest why\nold.py 3.15 - why\n\nnew.py - 3.13 why not\n");
    assert!(!Differences::parse("a.py never - why").is_oracle("a.py", (3, 99)));
    assert!(!table.is_oracle("tests/scripts/old.py", (3, 13)) && table.is_oracle("tests/scripts/old.py", (3, 15)));
    assert!(
        table.is_oracle("new.py", (3, 13))
            && !table.is_oracle("new.py", (3, 14))
            && table.is_oracle("other.py", (3, 20))
    );
}
