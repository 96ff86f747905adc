//! The structure of the sources, held by tests: layers, file sizes, unsafe code with its reasons, links.

mod comparison;
pub(crate) mod sources;
pub(crate) mod tables;
mod unsafe_page;
mod workload;

use std::path::Path;

use sources::{Source, files, root, rust_sources};

/// The layers of the runtime, and what each may import besides itself (`docs/architecture.md`).
const LAYERS: [(&str, &[&str]); 9] = [
    ("base", &[]),
    ("alloc", &["base"]),
    ("object", &["alloc", "base"]),
    ("collect", &["object", "alloc", "base"]),
    ("weak", &["object", "alloc", "base"]),
    ("heap", &["collect", "weak", "object", "alloc", "base"]),
    ("memory", &["heap", "object", "alloc", "base"]),
    ("handle", &["heap", "collect", "weak", "object", "alloc", "base"]),
    ("inspect", &["handle", "heap", "collect", "weak", "object", "alloc", "base"]),
];

/// Reports all findings at once.
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

fn at(source: &Source, line: usize, what: impl std::fmt::Display) -> String {
    format!("{}:{line}: {what}", source.path)
}

/// The layer that a source of the runtime belongs to; none for `lib.rs`.
fn layer_of(source: &Source) -> Option<(&'static str, &'static [&'static str])> {
    let (folder, _) = source.path.strip_prefix("runtime/src/")?.split_once('/')?;
    let layer = LAYERS.into_iter().find(|(name, _)| *name == folder);
    assert!(layer.is_some(), "{} belongs to no layer", source.path);
    layer
}

#[test]
fn layers_import_lower_ones_only() {
    let mut findings = Vec::new();
    for source in files("runtime/src", ".rs") {
        let Some((layer, lower)) = layer_of(&source) else {
            continue;
        };
        for (line, path) in source.crate_paths() {
            let first = path.first().map_or("", String::as_str);
            let is_layer = LAYERS.iter().any(|(name, _)| *name == first);
            if is_layer && first != layer && !lower.contains(&first) {
                findings.push(at(&source, line, format_args!("{layer} imports {}", path.join("::"))));
            }
            if !is_layer && first.starts_with(char::is_uppercase) {
                findings.push(at(&source, line, format_args!("{layer} imports {first} from the root of the crate")));
            }
        }
    }
    assert_none(&findings);
}

#[test]
fn lower_layers_are_imported_through_their_mod_file() {
    let mut findings = Vec::new();
    for source in files("runtime/src", ".rs") {
        let Some((layer, _)) = layer_of(&source) else {
            continue;
        };
        for (line, path) in source.crate_paths() {
            let [first, second, _, ..] = &path[..] else {
                continue;
            };
            let folder = root().join("runtime/src").join(first);
            let inner = folder.join(format!("{second}.rs")).exists() || folder.join(second).is_dir();
            // Modules of functions, named as such by their layer, are used as `os::map`: their path ends with the module.
            if first != layer && inner {
                findings.push(at(&source, line, format_args!("{} reaches into {first}", path.join("::"))));
            }
        }
    }
    assert_none(&findings);
}

#[test]
fn every_layer_has_a_mod_file() {
    for (layer, _) in LAYERS {
        let folder = root().join("runtime/src").join(layer);
        assert!(!folder.exists() || folder.join("mod.rs").exists(), "{layer} has no mod.rs");
    }
}

#[test]
fn files_are_small() {
    let long = rust_sources().into_iter().map(|source| (source.text.lines().count(), source.path));
    let findings: Vec<String> =
        long.filter(|(lines, _)| *lines >= 500).map(|(lines, path)| format!("{path} has {lines} lines")).collect();
    assert_none(&findings);
}

#[test]
fn nothing_is_left_over() {
    let words = [
        concat!("dbg", "!("),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
        concat!("#[ign", "ore"),
    ];
    let mut findings = Vec::new();
    for source in rust_sources() {
        for (index, line) in source.text.lines().enumerate() {
            findings.extend(words.iter().filter(|word| line.contains(*word)).map(|word| at(&source, index + 1, word)));
            if line.ends_with([' ', '\t']) {
                findings.push(at(&source, index + 1, "white space at the end"));
            }
        }
    }
    assert_none(&findings);
}

/// Whether one of the `above` lines before a line, or the line itself, contains a word.
fn is_near(lines: &[&str], line: usize, above: usize, word: &str) -> bool {
    lines[(line - 1).saturating_sub(above)..line].iter().any(|line| line.contains(word))
}

#[test]
fn unsafe_code_says_why() {
    let mut findings = Vec::new();
    for source in rust_sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (line, code) in source.code() {
            // Not what a macro writes or a message says.
            if code.contains('"') || code.contains("quote") {
                continue;
            }
            let starts =
                |word: &str| code.find(word).is_some_and(|found| !code[..found].ends_with(char::is_alphanumeric));
            if (starts("unsafe {") || starts("unsafe impl")) && !is_near(&lines, line, 10, "SAFETY:") {
                findings.push(at(&source, line, "unsafe code without SAFETY"));
            }
            let declares = code.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            let declares = declares.trim_start_matches("const ").trim_start_matches("pub(super) ");
            if declares.starts_with("unsafe fn ")
                && !is_near(&lines, line, 20, "# Safety")
                && !in_unsafe_impl(&lines, line)
            {
                findings.push(at(&source, line, "unsafe fn without a Safety section"));
            }
        }
    }
    assert_none(&findings);
}

/// Whether a method belongs to the implementation of an unsafe trait, which has documented it.
fn in_unsafe_impl(lines: &[&str], line: usize) -> bool {
    let opened = lines[..line].iter().rev().find(|line| !line.starts_with([' ', '}', '/', '#']) && !line.is_empty());
    opened.is_some_and(|line| line.contains(" for ") && line.contains("impl"))
}

#[test]
fn one_file_talks_to_the_operating_system() {
    let words = [
        "libc::",
        "use libc",
        "alloc::alloc(",
        "alloc_zeroed(",
        "alloc::dealloc(",
        "alloc::realloc(",
        "handle_alloc_error",
    ];
    let mut findings = Vec::new();
    for source in files("runtime/src", ".rs").into_iter().filter(|source| source.path != "runtime/src/base/os.rs") {
        for (line, code) in source.code() {
            findings.extend(words.iter().filter(|word| code.contains(*word)).map(|word| at(&source, line, word)));
        }
    }
    assert_none(&findings);
}

#[test]
fn one_file_turns_headers_into_payloads() {
    let words = ["add(HEADER_SIZE)", "sub(HEADER_SIZE)", "offset(HEADER_SIZE", "byte_add(HEADER", "byte_sub(HEADER"];
    let mut findings = Vec::new();
    for source in files("runtime/src", ".rs") {
        // The pools' header below is another one.
        let is_below = layer_of(&source).is_some_and(|(layer, _)| ["base", "alloc"].contains(&layer));
        if is_below || source.path == "runtime/src/object/layout.rs" {
            continue;
        }
        for (line, code) in source.code() {
            findings.extend(words.iter().filter(|word| code.contains(*word)).map(|word| at(&source, line, word)));
        }
    }
    assert_none(&findings);
}

#[test]
fn pointers_keep_their_provenance() {
    let words = ["expose_provenance", "from_exposed", "with_exposed", "as usize as", "addr() as *"];
    let mut findings = Vec::new();
    for source in files("runtime/src", ".rs") {
        for (line, code) in source.code() {
            findings.extend(words.iter().filter(|word| code.contains(*word)).map(|word| at(&source, line, word)));
        }
    }
    assert_none(&findings);
}

#[test]
fn minipy_is_safe() {
    let main = files("minipy/src", "main.rs").into_iter().chain(files("minipy/src", "lib.rs"));
    for source in main.filter(|source| source.path.matches('/').count() == 2) {
        assert!(source.text.contains("#![forbid(unsafe_code)]"), "{} does not forbid unsafe code", source.path);
    }
    for source in files("minipy/src", ".rs") {
        for (line, path) in source.crate_paths() {
            assert_ne!(path.first().map(String::as_str), Some("tailbite"), "{}:{line}", source.path);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let mut findings = Vec::new();
    for source in files("", ".md") {
        let folder = root().join(Path::new(&source.path).parent().expect("it is a file"));
        let mut is_code = false;
        for (index, line) in source.text.lines().enumerate() {
            is_code ^= line.trim_start().starts_with("```");
            if is_code {
                continue;
            }
            for (start, _) in line.match_indices("](") {
                let target = line[start + 2..].split([')', ' ', '#']).next().unwrap_or_default();
                let is_outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
                if !is_outside && !folder.join(target).exists() {
                    findings.push(at(&source, index + 1, format_args!("{target} does not exist")));
                }
            }
        }
    }
    assert_none(&findings);
}

#[test]
fn every_rule_has_a_test() {
    let tests: String = files("tests/all/soundness", ".rs").into_iter().map(|source| source.text).collect();
    for rule in 1..=25 {
        assert!(tests.contains(&format!("fn s{rule:02}_")), "S{rule} has no test");
    }
}
