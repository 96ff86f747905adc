//! Exceptions as the text that Python prints.

use std::fmt::Write;

use super::Vm;
use crate::object::class_table::Builtin;
use crate::object::exception::ExceptionData;
use crate::object::int::Int;
use crate::object::list::List;
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::{Raised, Value};

/// Equal lines printed before they are only counted.
const REPEATS: usize = 3;
/// Links of a chain of causes and contexts that are printed.
const MAX_CHAIN: usize = 100;

impl Vm {
    /// The whole report of an exception: what led to it, traceback, message.
    pub(crate) fn report(&self, exception: &Value) -> String {
        let mut links = vec![(exception.clone(), "")];
        while links.len() < MAX_CHAIN {
            let Some(data) = ExceptionData::of(&links[links.len() - 1].0) else {
                break;
            };
            let cause = data.cause.borrow().clone();
            let context = data.context.borrow().clone().filter(|_| !data.suppress_context.get());
            let link = match (cause, context) {
                (Some(cause), _) => {
                    (cause, "\nThe above exception was the direct cause of the following exception:\n\n")
                }
                (None, Some(context)) => {
                    (context, "\nDuring handling of the above exception, another exception occurred:\n\n")
                }
                (None, None) => break,
            };
            if links.iter().any(|(known, _)| Value::ptr_eq(known, &link.0)) {
                break;
            }
            links.push(link);
        }
        let mut text = String::new();
        for (exception, bridge) in links.iter().rev() {
            self.write_traceback(&mut text, exception);
            self.write_syntax_place(&mut text, exception);
            text.push_str(&self.summary(exception));
            text.push_str(bridge);
        }
        text
    }

    fn write_traceback(&self, text: &mut String, exception: &Value) {
        let Some(data) = ExceptionData::of(exception) else {
            return;
        };
        let entries: Vec<_> =
            data.traceback.borrow().iter().rev().map(|entry| (entry.code.clone(), entry.line)).collect();
        if entries.is_empty() {
            return;
        }
        text.push_str("Traceback (most recent call last):\n");
        let mut last = None;
        let mut repeated = 0;
        for (code, line) in &entries {
            let place = (code.filename.clone(), *line, code.name);
            if last.as_ref() == Some(&place) {
                repeated += 1;
            } else {
                write_repeats(text, repeated);
                last = Some(place);
                repeated = 1;
            }
            if repeated > REPEATS {
                continue;
            }
            let _ = writeln!(text, "  File \"{}\", line {line}, in {}", code.filename, code.name);
            if let Some(source) = self.source_line(&code.filename, *line).filter(|source| !source.is_empty()) {
                let _ = writeln!(text, "    {source}");
            }
        }
        write_repeats(text, repeated);
    }

    /// Where a syntax error is.
    fn write_syntax_place(&self, text: &mut String, exception: &Value) {
        if !self.is_instance(exception, Builtin::SyntaxError) {
            return;
        }
        let detail = |name: &str| self.find_attr(exception, Symbol::new(name)).ok().flatten();
        let number = |name: &str| match detail(name).as_ref().and_then(Int::of) {
            Some(Int::Small(number)) => *number,
            _ => 0,
        };
        let Some(filename) = detail("filename") else {
            return;
        };
        let Some(filename) = Str::of(&filename) else {
            return;
        };
        let line = number("lineno") as u32;
        let _ = writeln!(text, "  File \"{}\", line {line}", filename.as_str());
        let Some(source) = self.raw_source_line(filename.as_str(), line) else {
            return;
        };
        let _ = writeln!(text, "    {}", source.trim());
        let (start, end) = (number("offset"), number("end_offset"));
        if start > 0 {
            let indent = source.chars().take_while(|c| c.is_whitespace()).count() as i64;
            let at = (start - 1 - indent).max(0) as usize;
            let width = (end - start).max(1) as usize;
            let _ = writeln!(text, "    {}{}", " ".repeat(at), "^".repeat(width));
        }
    }

    /// The last line: class and message, with notes below.
    fn summary(&self, exception: &Value) -> String {
        let class = self.class_of(exception);
        let module = class.attrs.get(symbol::MODULE);
        let module = module.as_ref().and_then(Str::of).map(Str::as_str).unwrap_or("builtins");
        let qualname = class.qualname.borrow().to_string();
        let name = match module {
            "builtins" | "__main__" => qualname,
            module => format!("{module}.{qualname}"),
        };
        let message = match self.str_text(exception) {
            Ok(message) => message,
            Err(_) => "<exception str() failed>".to_owned(),
        };
        let mut text = if message.is_empty() { format!("{name}\n") } else { format!("{name}: {message}\n") };
        if let Ok(Some(notes)) = self.find_attr(exception, symbol::NOTES)
            && let Some(notes) = List::of(&notes)
        {
            for note in notes.copy(self).into_iter().flatten() {
                let _ = writeln!(text, "{}", self.str_text(&note).unwrap_or_default());
            }
        }
        text
    }

    /// An exception that nobody can catch, of `source`: reported, as `sys.unraisablehook` does.
    pub(crate) fn unraisable(&self, raised: &Raised, source: &Value) {
        if !self.call_unraisable_hook(raised, None, Some(source)) {
            self.unraisable_default(raised, None, Some(source));
        }
    }

    /// The same with what was being done.
    pub(crate) fn unraisable_while(&self, raised: &Raised, message: &str) {
        if !self.call_unraisable_hook(raised, Some(message), None) {
            self.unraisable_default(raised, Some(message), None);
        }
    }

    /// What the default hook does.
    pub(crate) fn unraisable_default(&self, raised: &Raised, message: Option<&str>, source: Option<&Value>) {
        let message = message.unwrap_or("Exception ignored in");
        let mut text = match source {
            Some(source) => {
                let object = self.repr(source).unwrap_or_else(|_| "<object repr() failed>".to_owned());
                format!("{message}: {object}\n")
            }
            None => format!("{message}:\n"),
        };
        self.write_traceback(&mut text, &raised.0);
        text.push_str(&self.summary(&raised.0));
        self.output.error(&text);
    }
}

fn write_repeats(text: &mut String, repeated: usize) {
    if let Some(more) = repeated.checked_sub(REPEATS).filter(|more| *more > 0) {
        let plural = if more == 1 { "" } else { "s" };
        let _ = writeln!(text, "  [Previous line repeated {more} more time{plural}]");
    }
}
