//! Format specifications: `[[fill]align][sign][#][0][width][grouping][.precision][type]`.

use super::{Text, Vm};
use crate::object::float::{self, Float};
use crate::object::int::{self, Int};
use crate::object::singletons::Bool;
use crate::object::string::Str;
use crate::object::{R, Value, float_text};

/// Bytes of the longest specification.
const MAX_SPEC: usize = 64;

#[derive(Default, Clone)]
pub(super) struct Spec {
    pub(super) fill: Option<char>,
    pub(super) align: Option<char>,
    pub(super) sign: Option<char>,
    pub(super) alternate: bool,
    pub(super) width: usize,
    pub(super) grouping: Option<char>,
    pub(super) precision: Option<usize>,
    pub(super) kind: Option<char>,
}

/// `None` for what is no specification.
fn parse(text: &str) -> Option<Spec> {
    // A longer one has digits that no width has.
    if text.len() > MAX_SPEC {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut spec = Spec::default();
    let mut at = 0;
    let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '^' | '='));
    if is_align(chars.get(1)) {
        spec.fill = Some(chars[0]);
        spec.align = Some(chars[1]);
        at = 2;
    } else if is_align(chars.first()) {
        spec.align = Some(chars[0]);
        at = 1;
    }
    if let Some(sign @ ('+' | '-' | ' ')) = chars.get(at).copied() {
        spec.sign = Some(sign);
        at += 1;
    }
    if chars.get(at) == Some(&'#') {
        spec.alternate = true;
        at += 1;
    }
    if chars.get(at) == Some(&'0') {
        spec.fill = spec.fill.or(Some('0'));
        spec.align = spec.align.or(Some('='));
        at += 1;
    }
    let number = |at: &mut usize| {
        let start = *at;
        while chars.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        let digits: String = chars[start..*at].iter().collect();
        if digits.is_empty() { Some(None) } else { digits.parse().ok().map(Some) }
    };
    spec.width = number(&mut at)?.unwrap_or(0);
    if let Some(grouping @ (',' | '_')) = chars.get(at).copied() {
        spec.grouping = Some(grouping);
        at += 1;
    }
    if chars.get(at) == Some(&'.') {
        at += 1;
        spec.precision = Some(number(&mut at)??);
    }
    if let Some(kind) = chars.get(at).copied() {
        spec.kind = Some(kind);
        at += 1;
    }
    (at == chars.len()).then_some(spec)
}

/// `format(value, text)` for the builtin types.
pub(super) fn format(vm: &Vm, value: &Value, text: &str) -> R<String> {
    let name = vm.type_name(value);
    let Some(spec) = parse(text) else {
        return Err(vm.value_error(format!("Invalid format specifier '{text}' for object of type '{name}'")));
    };
    let unknown = |kind: char| vm.value_error(format!("Unknown format code '{kind}' for object of type '{name}'"));
    if let Some(string) = Str::of(value) {
        if let Some(kind) = spec.kind.filter(|kind| *kind != 's') {
            return Err(unknown(kind));
        }
        if spec.sign.is_some() {
            return Err(vm.value_error("Sign not allowed in string format specifier"));
        }
        if spec.align == Some('=') && !text.contains("=") {
            return pad(vm, &Spec { align: Some('<'), ..spec }, "", string.as_str(), '<');
        }
        if spec.align == Some('=') {
            return Err(vm.value_error("'=' alignment not allowed in string format specifier"));
        }
        return pad(vm, &spec, "", truncated(string.as_str(), spec.precision), '<');
    }
    if let Some(int) = Int::of(value) {
        if value.is::<Bool>() && spec.kind.is_none() && spec.fill.is_none() {
            return pad(vm, &spec, "", &vm.str_text(value)?, '<');
        }
        return match spec.kind {
            None | Some('d' | 'b' | 'o' | 'x' | 'X' | 'c' | 'n') => format_int(vm, int, &spec),
            Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => format_float(vm, float::finite(vm, int)?, &spec),
            Some(kind) => Err(unknown(kind)),
        };
    }
    if let Some(float) = Float::of(value) {
        return match spec.kind {
            None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%') => format_float(vm, float, &spec),
            Some(kind) => Err(unknown(kind)),
        };
    }
    Err(vm.type_error(format!("unsupported format string passed to {name}.__format__")))
}

pub(super) fn format_int(vm: &Vm, int: &Int, spec: &Spec) -> R<String> {
    if spec.precision.is_some() {
        return Err(vm.value_error("Precision not allowed in integer format specifier"));
    }
    let big = int.to_big();
    // Binary has the most digits; they are copied when they are grouped.
    let _room = vm.room(int.bytes().saturating_mul(16))?;
    let (prefix, digits) = match spec.kind {
        Some('b') => ("0b", big.to_str_radix(2)),
        Some('o') => ("0o", big.to_str_radix(8)),
        Some('x') => ("0x", big.to_str_radix(16)),
        Some('X') => ("0X", big.to_str_radix(16).to_uppercase()),
        Some('c') => {
            let c = match int {
                Int::Small(code) => u32::try_from(*code).ok().and_then(char::from_u32),
                Int::Big(_) => None,
            };
            let Some(c) = c else {
                return Err(vm.overflow_error("%c arg not in range(0x110000)"));
            };
            return pad(vm, spec, "", &c.to_string(), '<');
        }
        _ => ("", int::to_text(vm, int)?),
    };
    let digits = digits.trim_start_matches('-');
    let sign = sign_text(int.is_negative(), spec);
    let prefix = if spec.alternate { format!("{sign}{prefix}") } else { sign.to_owned() };
    let size = if matches!(spec.kind, Some('b' | 'o' | 'x' | 'X')) { 4 } else { 3 };
    let digits = group_and_fill(vm, digits, "", spec, prefix.len(), size)?;
    pad(vm, spec, &prefix, &digits, '>')
}

pub(super) fn format_float(vm: &Vm, float: f64, spec: &Spec) -> R<String> {
    let kind = match spec.kind {
        None => 'r',
        Some('n') => 'g',
        Some(kind) => kind,
    };
    let _room = vm.room(spec.precision.unwrap_or(0).saturating_mul(2))?;
    let text = float_text::format(float, kind, spec.precision, spec.alternate);
    let negative = float.is_sign_negative() && !float.is_nan();
    let sign = sign_text(negative, spec);
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(split);
    let text = group_and_fill(vm, whole, rest, spec, sign.len(), 3)?;
    pad(vm, spec, sign, &text, '>')
}

fn sign_text(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    }
}

/// Groups the digits before the point; with zero filling, the zeros are grouped too.
fn group_and_fill(vm: &Vm, whole: &str, rest: &str, spec: &Spec, prefix: usize, size: usize) -> R<String> {
    let mut out = Text::with_room(vm, whole.len() + rest.len())?;
    let Some(separator) = spec.grouping.filter(|_| !whole.is_empty()) else {
        out.push_str(whole)?;
        out.push_str(rest)?;
        return Ok(out.finish());
    };
    let mut digits = whole.len();
    if spec.fill == Some('0') && spec.align == Some('=') {
        let room = spec.width.saturating_sub(prefix + rest.chars().count());
        // As many digits as fit with a separator before every `size` of them, but at least one in front of the first.
        let least = (room.saturating_mul(size) / (size + 1)).saturating_sub(1);
        digits = digits.max(least);
        while digits + digits / size < room && digits + digits.saturating_sub(1) / size < room {
            digits += 1;
        }
    }
    let zeros = std::iter::repeat_n('0', digits - whole.len());
    for (index, digit) in zeros.chain(whole.chars()).enumerate() {
        if index > 0 && (digits - index).is_multiple_of(size) {
            out.push(separator)?;
        }
        out.push(digit)?;
    }
    out.push_str(rest)?;
    Ok(out.finish())
}

/// The first so many characters.
pub(super) fn truncated(text: &str, chars: Option<usize>) -> &str {
    match chars.and_then(|chars| text.char_indices().nth(chars)) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// Fills up to the width.
pub(super) fn pad(vm: &Vm, spec: &Spec, prefix: &str, text: &str, default_align: char) -> R<String> {
    let len = prefix.chars().count() + text.chars().count();
    let missing = spec.width.saturating_sub(len);
    let mut encoded = [0; 4];
    let fill = spec.fill.unwrap_or(' ').encode_utf8(&mut encoded);
    let mut out = Text::with_room(vm, prefix.len() + text.len())?;
    let (left, inner, right) = match spec.align.unwrap_or(default_align) {
        '<' => (0, 0, missing),
        '^' => (missing / 2, 0, missing - missing / 2),
        '=' => (0, missing, 0),
        _ => (missing, 0, 0),
    };
    out.push_times(fill, left)?;
    out.push_str(prefix)?;
    out.push_times(fill, inner)?;
    out.push_str(text)?;
    out.push_times(fill, right)?;
    Ok(out.finish())
}
