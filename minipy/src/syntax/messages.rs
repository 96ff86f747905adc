//! The parser's messages in CPython's words, where they are common.

use super::SyntaxError;
use super::lines::LineIndex;

/// A parser error between two byte offsets.
pub(super) fn translate(lines: &LineIndex<'_>, text: &str, start: u32, end: u32) -> SyntaxError {
    let line = lines.line(start);
    let first = lines.column(start);
    let behind = if lines.line(end) == line { lines.column(end) } else { first + 1 };
    let place = lines.source.get(start as usize..end as usize).unwrap_or_default();
    let at_end = start as usize >= lines.source.len();
    if let Some((bracket, line, column)) = unclosed(lines, line + u32::from(at_end)) {
        return SyntaxError {
            columns: (column, column + 1),
            ..SyntaxError::at_line(line, format!("'{bracket}' was never closed"))
        };
    }
    let (class, message) = if text.contains("ndent") {
        ("IndentationError", indentation(lines, text, line))
    } else {
        let source = lines.source.lines().nth(line as usize - 1).unwrap_or_default().trim_start();
        let statement = text.starts_with("Simple statements must");
        match source.split_once(' ') {
            Some((name @ ("print" | "exec"), _)) if statement => {
                ("SyntaxError", format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?"))
            }
            _ => ("SyntaxError", plain(text, place, line)),
        }
    };
    SyntaxError { class, message, line, columns: (first, behind.max(first + 1)) }
}

fn indentation(lines: &LineIndex<'_>, text: &str, line: u32) -> String {
    if text.contains("nexpected") {
        return "unexpected indent".to_owned();
    }
    if text.contains("unindent") || text.contains("does not match") {
        return "unindent does not match any outer indentation level".to_owned();
    }
    // The statement that wants a block is the last line with something on it.
    let before = lines.source.lines().take(line as usize - 1).enumerate();
    let header = before.filter(|(_, text)| !text.trim().is_empty()).last();
    let message = lower_first(text).replace("after `", "after '").replace('`', "'");
    match header {
        Some((index, _)) => format!("{message} on line {}", index + 1),
        None => message,
    }
}

fn plain(text: &str, place: &str, line: u32) -> String {
    if text.contains("missing closing quote") {
        return format!("unterminated string literal (detected at line {line})");
    }
    if text.contains("cannot follow keyword argument") {
        let unpacking =
            if text.contains("unpacking") { "positional argument follows keyword argument unpacking" } else { "" };
        return if unpacking.is_empty() {
            "positional argument follows keyword argument".to_owned()
        } else {
            unpacking.to_owned()
        };
    }
    if text.starts_with("Invalid assignment target") {
        return format!("cannot assign to {} here. Maybe you meant '==' instead of '='?", kind(place));
    }
    if text.starts_with("Invalid delete target") {
        return format!("cannot delete {}", kind(place));
    }
    if text.starts_with("Expected") || text.starts_with("Simple statements must") || text.contains("Got unexpected") {
        let colon = text.contains("xpected ':', found newline") || text.contains("xpected `:`, found newline");
        return if colon { "expected ':'" } else { "invalid syntax" }.to_owned();
    }
    lower_first(text)
}

/// What kind of expression a source text is, roughly.
fn kind(place: &str) -> &'static str {
    match place {
        "True" => "True",
        "False" => "False",
        "None" => "None",
        place if place.ends_with(')') => "function call",
        place if place.starts_with(|c: char| c.is_ascii_digit() || c == '"' || c == '\'') => "literal",
        _ => "expression",
    }
}

fn lower_first(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    text
}

/// The innermost bracket left open at the end of the source, if it opens on a line before that of the error.
fn unclosed(lines: &LineIndex<'_>, line: u32) -> Option<(char, u32, u32)> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut comment = false;
    for (at, c) in lines.source.char_indices() {
        match (c, quote) {
            ('\n', _) => {
                comment = false;
                quote = None;
            }
            _ if comment => {}
            (c, Some(end)) if c == end => quote = None,
            (_, Some(_)) => {}
            ('#', None) => comment = true,
            ('"' | '\'', None) => quote = Some(c),
            ('(' | '[' | '{', None) => open.push((c, at as u32)),
            (')' | ']' | '}', None) => {
                open.pop();
            }
            _ => {}
        }
    }
    let (bracket, at) = open.pop()?;
    (lines.line(at) < line).then(|| (bracket, lines.line(at), lines.column(at)))
}
