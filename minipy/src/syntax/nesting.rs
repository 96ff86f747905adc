//! Bounds how deeply a source nests, before anything recursive reads it.
//!
//! Every level of a syntax tree costs at least one token: an opening bracket, an operator or a keyword. Separators end
//! the chains of their bracket level. So the sum of those tokens over the open levels bounds the depth of the tree.

use super::SyntaxError;

/// What CPython allows.
const MAX_BRACKETS: usize = 200;
const MAX_INDENTATION: usize = 100;
/// Depth of one expression, in operators.
const MAX_DEPTH: usize = 4000;

/// The kinds of token that matter for nesting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Open,
    Close,
    /// Ends the chains of operators on its level.
    Separator,
    /// Deepens the expression it stands in.
    Operator,
    /// Deepens it too, and its commas end no chain.
    Lambda,
    /// Ends a statement.
    Newline,
    Indent,
    Dedent,
    Other,
}

/// What is open on one bracket level.
#[derive(Default)]
struct Level {
    operators: usize,
    lambda: bool,
}

/// Reads tokens with the line each is on; the first violation is an error.
pub(super) fn check(tokens: impl Iterator<Item = (Shape, u32)>) -> Result<(), SyntaxError> {
    let mut levels = vec![Level::default()];
    let mut depth = 0;
    let mut indentation = 0;
    for (shape, line) in tokens {
        match shape {
            Shape::Open => {
                if levels.len() > MAX_BRACKETS {
                    return Err(SyntaxError::at_line(line, "too many nested parentheses"));
                }
                levels.last_mut().expect("one level stays").operators += 1;
                depth += 1;
                levels.push(Level::default());
            }
            Shape::Close => {
                if levels.len() > 1 {
                    depth -= levels.pop().unwrap_or_default().operators;
                }
            }
            Shape::Separator => {
                let level = levels.last_mut().expect("one level stays");
                if !level.lambda {
                    depth -= std::mem::take(&mut level.operators);
                }
            }
            Shape::Operator | Shape::Lambda => {
                let level = levels.last_mut().expect("one level stays");
                level.operators += 1;
                level.lambda |= shape == Shape::Lambda;
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(SyntaxError::at_line(line, "too many nested expressions"));
                }
            }
            Shape::Newline => {
                levels.clear();
                levels.push(Level::default());
                depth = 0;
            }
            Shape::Indent => {
                indentation += 1;
                if indentation >= MAX_INDENTATION {
                    return Err(SyntaxError {
                        class: "IndentationError",
                        ..SyntaxError::at_line(line, "too many levels of indentation")
                    });
                }
            }
            Shape::Dedent => indentation = indentation.saturating_sub(1),
            Shape::Other => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::syntax::parse;

    fn message(source: &str) -> Option<String> {
        parse(source).err().map(|error| error.message)
    }

    #[test]
    fn deep_sources_are_refused_before_they_are_parsed() {
        let brackets = format!("x = {}1{}", "(".repeat(201), ")".repeat(201));
        assert_eq!(message(&brackets).as_deref(), Some("too many nested parentheses"));
        let chain = format!("x = {}1", "-".repeat(100_000));
        assert_eq!(message(&chain).as_deref(), Some("too many nested expressions"));
        let lambdas = format!("x = {}1", "lambda a, b: ".repeat(100_000));
        assert_eq!(message(&lambdas).as_deref(), Some("too many nested expressions"));
        let blocks: String = (0..150).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect();
        assert_eq!(message(&blocks).as_deref(), Some("too many levels of indentation"));
    }

    #[test]
    fn long_sources_are_fine() {
        assert_eq!(message(&format!("x = [{}]", "-1, ".repeat(50_000))), None);
        assert_eq!(message(&"x = 1 + 2\n".repeat(5_000)), None);
        assert_eq!(message(&format!("x = {}1{}", "(".repeat(190), ")".repeat(190))), None);
        assert_eq!(message(&format!("f({})", "a=1+1, ".repeat(5_000))), None);
    }
}
