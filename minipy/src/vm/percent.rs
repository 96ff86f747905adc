//! `format % values`.

use std::iter::Peekable;
use std::str::Chars;

use super::conversions::ascii;
use super::format_spec::{Spec, format_float, format_int, pad, truncated};
use super::{Text, Vm};
use crate::object::dict::Dict;
use crate::object::float::Float;
use crate::object::int::Int;
use crate::object::string::Str;
use crate::object::{Object, R, Value, float, tuple};

/// The values still to be used.
struct Values<'a> {
    all: &'a [Value],
    next: usize,
}

pub(crate) fn format(vm: &Vm, format: &str, values: &Value) -> R<String> {
    let single = [values.clone()];
    let mut list = Values { all: tuple::of(values).unwrap_or(&single), next: 0 };
    let mut out = Text::new(vm);
    let mut chars = format.chars().peekable();
    let mut used_mapping = false;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c)?;
            continue;
        }
        let mut value = None;
        if chars.next_if_eq(&'(').is_some() {
            let mut key = Text::new(vm);
            let mut depth = 1;
            for c in chars.by_ref() {
                depth += i32::from(c == '(') - i32::from(c == ')');
                if depth == 0 {
                    break;
                }
                key.push(c)?;
            }
            if depth > 0 {
                return Err(vm.value_error("incomplete format key"));
            }
            if !vm.is_mapping(values) {
                return Err(vm.type_error("format requires a mapping"));
            }
            used_mapping = true;
            value = Some(vm.get_item(values, &key.into_object()?)?);
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "-+ #0".contains(*c)) {
            match flag {
                '-' => spec.align = Some('<'),
                '+' => spec.sign = Some('+'),
                ' ' => spec.sign = spec.sign.or(Some(' ')),
                '#' => spec.alternate = true,
                _ => spec.fill = Some('0'),
            }
        }
        if spec.fill == Some('0') {
            if spec.align.is_none() { spec.align = Some('=') } else { spec.fill = None }
        }
        let mut number = |list: &mut Values<'_>| -> R<Option<i64>> {
            if chars.next_if_eq(&'*').is_some() {
                let width = list.take(vm)?;
                return match Int::of(&width) {
                    Some(Int::Small(width)) => Ok(Some(*width)),
                    _ => Err(vm.type_error("* wants int")),
                };
            }
            number_in(vm, &mut chars)
        };
        if let Some(width) = number(&mut list)? {
            spec.width = width.unsigned_abs() as usize;
            if width < 0 {
                spec.align = Some('<');
            }
        }
        if chars.next_if_eq(&'.').is_some() {
            let precision = if chars.next_if_eq(&'*').is_some() {
                vm.index(&list.take(vm)?)?
            } else {
                number_in(vm, &mut chars)?.unwrap_or(0)
            };
            spec.precision = Some(usize::try_from(precision).unwrap_or(0));
        }
        while chars.next_if(|c| "hlL".contains(*c)).is_some() {}
        let Some(kind) = chars.next() else {
            return Err(vm.value_error("incomplete format"));
        };
        if kind == '%' {
            out.push('%')?;
            continue;
        }
        let value = match value {
            Some(value) => value,
            None => list.take(vm)?,
        };
        out.push_str(&convert(vm, kind, spec, &value)?)?;
    }
    let is_mapping = Dict::of(values).is_some() || used_mapping;
    let arguments_left = list.next < list.all.len();
    let lone_container = tuple::of(values).is_none() && values.slots().get_item.is_some() && Str::of(values).is_none();
    if arguments_left && !is_mapping && !lone_container {
        return Err(vm.type_error("not all arguments converted during string formatting"));
    }
    Ok(out.finish())
}

/// The number that comes next; `None` if there is none.
fn number_in(vm: &Vm, chars: &mut Peekable<Chars<'_>>) -> R<Option<i64>> {
    let mut number = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        let more = number
            .unwrap_or(0i64)
            .checked_mul(10)
            .and_then(|number| number.checked_add(i64::from(digit as u32 - 0x30)));
        number = Some(more.ok_or_else(|| vm.value_error("width too big"))?);
    }
    Ok(number)
}

impl Values<'_> {
    fn take(&mut self, vm: &Vm) -> R {
        let value = self.all.get(self.next).cloned();
        self.next += 1;
        value.ok_or_else(|| vm.type_error("not enough arguments for format string"))
    }
}

fn convert(vm: &Vm, kind: char, mut spec: Spec, value: &Value) -> R<String> {
    match kind {
        's' | 'r' | 'a' => {
            let text = match kind {
                's' => vm.str_text(value)?,
                'r' => vm.repr(value)?,
                _ => ascii(vm, &vm.repr(value)?)?,
            };
            let shown = truncated(&text, spec.precision);
            let spec = Spec { fill: None, align: spec.align.filter(|align| *align == '<'), ..spec };
            pad(vm, &spec, "", shown, '>')
        }
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
            let int = match (Int::of(value), Float::of(value)) {
                (Some(int), _) => int.clone(),
                (None, Some(float)) if matches!(kind, 'd' | 'i' | 'u') => float::truncate(vm, float)?,
                _ => {
                    let wanted = if matches!(kind, 'd' | 'i' | 'u') {
                        "a real number is required"
                    } else {
                        "an integer is required"
                    };
                    let name = vm.type_name(value);
                    return Err(vm.type_error(format!("%{kind} format: {wanted}, not {name}")));
                }
            };
            spec.kind = Some(if matches!(kind, 'i' | 'u') { 'd' } else { kind });
            let precision = spec.precision.take();
            let text = format_int(
                vm,
                &int,
                &Spec { width: precision.unwrap_or(0), fill: Some('0'), align: Some('='), ..spec.clone() },
            )?;
            let plain = Spec { kind: spec.kind, sign: spec.sign, alternate: spec.alternate, ..Spec::default() };
            match precision {
                Some(_) => {
                    pad(vm, &Spec { fill: None, align: spec.align.filter(|a| *a == '<'), ..spec }, "", &text, '>')
                }
                None => {
                    let bare = format_int(vm, &int, &plain)?;
                    let sign_end = bare.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0);
                    let (sign, digits) = bare.split_at(sign_end);
                    pad(vm, &spec, sign, digits, '>')
                }
            }
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let Some(float) = Float::of_number(value) else {
                let name = vm.type_name(value);
                return Err(vm.type_error(format!("must be real number, not {name}")));
            };
            spec.kind = Some(kind);
            format_float(vm, float, &spec)
        }
        'c' => {
            let text = match (Str::of(value), Int::of(value)) {
                (Some(text), _) if text.len() == 1 => text.as_str().to_owned(),
                (None, Some(int)) => format_int(vm, int, &Spec { kind: Some('c'), ..Spec::default() })?,
                _ => return Err(vm.type_error("%c requires int or char")),
            };
            pad(vm, &Spec { fill: None, ..spec }, "", &text, '>')
        }
        kind => Err(vm.value_error(format!("unsupported format character '{kind}' (0x{:x})", kind as u32))),
    }
}
