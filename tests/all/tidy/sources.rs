//! Source files and what the structure tests look at in them.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the repository.
pub(crate) struct Source {
    /// Its path from the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace").to_owned()
}

/// All files under `folder` (from the root) whose name ends with `ending`. Build results and hidden folders are left out.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join(folder), ending, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, ending: &str, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.map(|entry| entry.expect("the folder can be read")) {
        let (path, name) = (entry.path(), entry.file_name().into_string().expect("names are UTF-8"));
        if path.is_dir() {
            if !name.starts_with('.') && !name.starts_with("target") && name != "corpus" {
                walk(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            let relative = path.strip_prefix(root()).expect("it is inside").to_str().expect("names are UTF-8");
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{relative}: {error}"));
            found.push(Source { path: relative.replace('\\', "/"), text });
        }
    }
}

/// All Rust sources of the workspace except the compile-fail cases, which are wrong on purpose.
pub(crate) fn rust_sources() -> Vec<Source> {
    let folders = ["runtime", "minipy", "gc-bench", "tests"];
    let all = folders.into_iter().flat_map(|folder| files(folder, ".rs"));
    all.filter(|source| !source.path.starts_with("tests/ui/")).collect()
}

impl Source {
    /// The lines without their comments: line number from 1, and code.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| {
            let line = match line.find("//") {
                // Not inside of a string, as in "https://".
                Some(at) if line[..at].matches('"').count().is_multiple_of(2) => &line[..at],
                _ => line,
            };
            (index + 1, line)
        })
    }

    /// The paths that begin with `crate::`, groups taken apart: line number, and segments.
    pub(crate) fn crate_paths(&self) -> Vec<(usize, Vec<String>)> {
        let code: Vec<(usize, &str)> = self.code().collect();
        let mut found = Vec::new();
        for (index, (number, line)) in code.iter().enumerate() {
            for (at, _) in line.match_indices("crate::") {
                let before = line[..at].chars().next_back();
                if before.is_some_and(|before| before == '$' || before.is_alphanumeric() || before == '_') {
                    continue;
                }
                let rest: String = std::iter::once(&line[at + 7..])
                    .chain(code[index + 1..].iter().take(40).map(|(_, line)| *line))
                    .collect();
                let mut paths = Vec::new();
                tree(&mut rest.chars().peekable(), &[], &mut paths);
                found.extend(paths.into_iter().map(|path| (*number, path)));
            }
        }
        found
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads one use tree: `a::b`, `a::{b, c::d}`.
fn tree(rest: &mut Chars<'_>, prefix: &[String], found: &mut Vec<Vec<String>>) {
    let mut path = prefix.to_vec();
    loop {
        if rest.peek() == Some(&'{') {
            rest.next();
            loop {
                while rest.next_if(|next| next.is_whitespace() || *next == ',').is_some() {}
                match rest.peek() {
                    None => return,
                    Some('}') => {
                        rest.next();
                        return;
                    }
                    Some(_) => tree(rest, &path, found),
                }
            }
        }
        let mut segment = String::new();
        while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
            segment.push(next);
        }
        if segment.is_empty() {
            // A glob, or the end of what is understood.
            rest.next();
            found.push(path);
            return;
        }
        path.push(segment);
        let mut ahead = rest.clone();
        if ahead.next() == Some(':') && ahead.next() == Some(':') {
            *rest = ahead;
        } else {
            // Leave out `as name`, which is followed by a comma, a brace or a semicolon.
            let mut ahead = rest.clone();
            if [' ', 'a', 's', ' '].into_iter().all(|expected| ahead.next() == Some(expected)) {
                while ahead.next_if(|next| next.is_alphanumeric() || *next == '_').is_some() {}
                *rest = ahead;
            }
            found.push(path);
            return;
        }
    }
}

#[test]
fn groups_are_taken_apart() {
    let text = "use crate::alloc::{Pool, kind::{A, B as C}, raw};\nlet x = crate::base::os::map(); // crate::no::no\n";
    let source = Source { path: String::new(), text: text.to_owned() };
    let paths: Vec<String> = source.crate_paths().into_iter().map(|(_, path)| path.join("::")).collect();
    assert_eq!(paths, ["alloc::Pool", "alloc::kind::A", "alloc::kind::B", "alloc::raw", "base::os::map"]);
}
