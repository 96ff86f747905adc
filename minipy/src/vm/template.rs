//! `str.format`.

use super::{Text, Vm};
use crate::object::{Args, R, Value};

/// Fills a template with the arguments behind the first, which is the template itself.
pub(crate) fn format(vm: &Vm, template: &str, args: &Args) -> R<String> {
    let mut next = 0;
    fill(vm, template, args, &mut next, 2)
}

fn fill(vm: &Vm, template: &str, args: &Args, next: &mut usize, depth: usize) -> R<String> {
    if depth == 0 {
        return Err(vm.value_error("Max string recursion exceeded"));
    }
    let mut out = Text::new(vm);
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at])?;
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace)?;
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err(vm.value_error("Single '}' encountered in format string"));
        }
        let Some(end) = closing(rest) else {
            let message = if rest.is_empty() {
                "Single '{' encountered in format string"
            } else {
                "expected '}' before end of string"
            };
            return Err(vm.value_error(message));
        };
        out.push_str(&field(vm, &rest[..end], args, next, depth)?)?;
        rest = &rest[end + 1..];
    }
    out.push_str(rest)?;
    Ok(out.finish())
}

fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

fn field(vm: &Vm, field: &str, args: &Args, next: &mut usize, depth: usize) -> R<String> {
    let (head, spec) = field.split_once(':').unwrap_or((field, ""));
    let (path, conversion) = match head.rsplit_once('!') {
        Some((path, conversion)) => (path, conversion.chars().next()),
        None => (head, None),
    };
    let name_end = path.find(['.', '[']).unwrap_or(path.len());
    let mut value = argument(vm, &path[..name_end], args, next)?;
    let mut rest = &path[name_end..];
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            value = vm.get_attr(&value, vm.symbol(&after[..end])?)?;
            rest = &after[end..];
        } else {
            let after = &rest[1..];
            let Some(end) = after.find(']') else {
                return Err(vm.value_error("Missing ']' in format string"));
            };
            let key = match after[..end].parse::<i64>() {
                Ok(index) => vm.int(index)?,
                Err(_) => vm.str(&after[..end])?,
            };
            value = vm.get_item(&value, &key)?;
            rest = &after[end + 1..];
        }
    }
    let spec = fill(vm, spec, args, next, depth - 1 + usize::from(spec.is_empty()))?;
    let spec = vm.str(&spec)?;
    let text = vm.format_value(&value, conversion, Some(&spec))?;
    vm.str_text(&text)
}

fn argument(vm: &Vm, name: &str, args: &Args, next: &mut usize) -> R {
    let index = if name.is_empty() {
        *next += 1;
        *next - 1
    } else if let Ok(index) = name.parse::<usize>() {
        index
    } else {
        let mut found = args.keywords.iter().filter(|(keyword, _)| keyword.name() == name);
        return match found.next() {
            Some((_, value)) => Ok(value.clone()),
            None => Err(vm.key_error(vm.str(name)?)),
        };
    };
    let value: Option<&Value> = args.get(index + 1);
    value
        .cloned()
        .ok_or_else(|| vm.index_error(&format!("Replacement index {index} out of range for positional args tuple")))
}
