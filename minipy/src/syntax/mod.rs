//! From text to tree: bounds the nesting, parses, and lowers the parser's tree to our own.

mod lines;
mod messages;
mod nesting;
mod numbers;
mod parse;
pub(crate) mod tree;

pub(crate) use parse::parse;

/// An error found before anything runs, with the place that Python shows for it.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    /// `SyntaxError` or `IndentationError`.
    pub(crate) class: &'static str,
    pub(crate) message: String,
    /// 1-based line.
    pub(crate) line: u32,
    /// 1-based columns of the first character and behind the last; 0 when only the line is known.
    pub(crate) columns: (u32, u32),
}

impl SyntaxError {
    /// The class where there was no memory to go on.
    pub(crate) const NO_MEMORY: &str = "MemoryError";

    pub(crate) fn at_line(line: u32, message: impl Into<String>) -> SyntaxError {
        SyntaxError { class: "SyntaxError", message: message.into(), line, columns: (0, 0) }
    }

    /// A construct of Python that minipy does not have.
    pub(crate) fn unsupported(line: u32, what: &str) -> SyntaxError {
        SyntaxError::at_line(line, format!("minipy does not support {what}"))
    }
}
