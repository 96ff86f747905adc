//! The methods of strings.

use crate::object::builtin_function::{Method, method};
use crate::object::bytes::Bytes;
use crate::object::items::Items;
use crate::object::string::Str;
use crate::object::{Args, R, Value, symbol, tuple};
use crate::vm::{Room, Text, Vm, template};

pub(crate) const METHODS: &[Method] = &[
    method("upper", 0, 0, |vm, args| {
        let _room = room_for_case(vm, this(&args))?;
        vm.str(&this(&args).to_uppercase())
    }),
    method("lower", 0, 0, lower),
    method("casefold", 0, 0, lower),
    method("capitalize", 0, 0, |vm, args| {
        let _room = room_for_case(vm, this(&args))?;
        let mut chars = this(&args).chars();
        let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        vm.str(&(first + &chars.as_str().to_lowercase()))
    }),
    method("title", 0, 0, |vm, args| {
        let mut out = Text::with_room(vm, this(&args).len())?;
        let mut inside = false;
        for c in this(&args).chars() {
            if inside {
                out.extend(c.to_lowercase())?;
            } else {
                out.extend(c.to_uppercase())?;
            }
            inside = c.is_alphabetic();
        }
        out.into_object()
    }),
    method("swapcase", 0, 0, |vm, args| {
        let mut out = Text::with_room(vm, this(&args).len())?;
        for c in this(&args).chars() {
            if c.is_uppercase() {
                out.extend(c.to_lowercase())?;
            } else {
                out.extend(c.to_uppercase())?;
            }
        }
        out.into_object()
    }),
    method("strip", 0, 1, |vm, args| strip(vm, args, true, true)),
    method("lstrip", 0, 1, |vm, args| strip(vm, args, true, false)),
    method("rstrip", 0, 1, |vm, args| strip(vm, args, false, true)),
    method("split", 0, 2, |vm, args| split(vm, args, false)).with_keywords(),
    method("rsplit", 0, 2, |vm, args| split(vm, args, true)).with_keywords(),
    method("splitlines", 0, 1, |vm, args| {
        let keep = match args.get(1) {
            Some(keep) => vm.truth(keep)?,
            None => false,
        };
        let lines = this(&args).split_inclusive('\n').map(|line| {
            let bare = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            vm.str(if keep { line } else { bare })
        });
        vm.list(Items::try_collect(vm, lines)?)
    }),
    method("join", 1, 1, join),
    method("replace", 2, 3, replace),
    method("find", 1, 3, |vm, args| vm.int(search(vm, &args, first)?.map_or(-1, |at| at as i64))),
    method("rfind", 1, 3, |vm, args| vm.int(search(vm, &args, last)?.map_or(-1, |at| at as i64))),
    method("index", 1, 3, |vm, args| found(vm, search(vm, &args, first)?)),
    method("rindex", 1, 3, |vm, args| found(vm, search(vm, &args, last)?)),
    method("count", 1, 1, |vm, args| {
        let part = text(vm, &args[1])?;
        let count = if part.is_empty() { this(&args).chars().count() + 1 } else { this(&args).matches(part).count() };
        vm.int(count as i64)
    }),
    method("startswith", 1, 1, |vm, args| affix(vm, &args, |text, part| text.starts_with(part))),
    method("endswith", 1, 1, |vm, args| affix(vm, &args, |text, part| text.ends_with(part))),
    method("removeprefix", 1, 1, |vm, args| {
        let text = this(&args);
        vm.str(text.strip_prefix(self::text(vm, &args[1])?).unwrap_or(text))
    }),
    method("removesuffix", 1, 1, |vm, args| {
        let text = this(&args);
        vm.str(text.strip_suffix(self::text(vm, &args[1])?).unwrap_or(text))
    }),
    method("partition", 1, 1, |vm, args| partition(vm, args, false)),
    method("rpartition", 1, 1, |vm, args| partition(vm, args, true)),
    method("ljust", 1, 2, |vm, args| pad(vm, args, |missing| (0, missing))),
    method("rjust", 1, 2, |vm, args| pad(vm, args, |missing| (missing, 0))),
    method("center", 1, 2, |vm, args| pad(vm, args, |missing| (missing / 2, missing - missing / 2))),
    method("zfill", 1, 1, |vm, args| {
        let text = this(&args);
        let width = usize::try_from(vm.index(&args[1])?).unwrap_or(0);
        let (sign, digits) = match text.strip_prefix(['+', '-']) {
            Some(digits) => (&text[..1], digits),
            None => ("", text),
        };
        let zeros = width.saturating_sub(text.chars().count());
        let mut out = Text::with_room(vm, text.len().saturating_add(zeros))?;
        out.push_str(sign)?;
        out.push_times("0", zeros)?;
        out.push_str(digits)?;
        out.into_object()
    }),
    method("expandtabs", 0, 1, |vm, args| substitute(vm, this(&args), "\t", "        ", usize::MAX)),
    method("isdigit", 0, 0, |vm, args| all(vm, &args, char::is_numeric)),
    method("isdecimal", 0, 0, |vm, args| all(vm, &args, |c| c.is_ascii_digit())),
    method("isnumeric", 0, 0, |vm, args| all(vm, &args, char::is_numeric)),
    method("isalpha", 0, 0, |vm, args| all(vm, &args, char::is_alphabetic)),
    method("isalnum", 0, 0, |vm, args| all(vm, &args, char::is_alphanumeric)),
    method("isspace", 0, 0, |vm, args| all(vm, &args, char::is_whitespace)),
    method("isidentifier", 0, 0, |vm, args| {
        let text = this(&args);
        let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        Ok(vm.bool(starts && text.chars().all(|c| c.is_alphanumeric() || c == '_')))
    }),
    method("isupper", 0, 0, |vm, args| {
        let text = this(&args);
        Ok(vm.bool(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)))
    }),
    method("islower", 0, 0, |vm, args| {
        let text = this(&args);
        Ok(vm.bool(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)))
    }),
    method("encode", 0, 2, |vm, args| vm.bytes(this(&args).as_bytes())),
    method("format", 0, u8::MAX, |vm, args| {
        let format = args[0].clone();
        let text = Str::of(&format).expect("a string");
        vm.string(template::format(vm, text.as_str(), &args)?)
    })
    .with_keywords(),
];

fn this(args: &Args) -> &str {
    Str::of(args.this()).expect("a string").as_str()
}

fn text<'a>(vm: &Vm, value: &'a Value) -> R<&'a str> {
    match Str::of(value) {
        Some(text) => Ok(text.as_str()),
        None => Err(vm.type_error(format!("must be str, not {}", vm.type_name(value)))),
    }
}

fn strip(vm: &Vm, args: Args, left: bool, right: bool) -> R {
    let set = match args.get(1).filter(|set| !vm.is_none(set)) {
        Some(set) => Some(text(vm, set)?),
        None => None,
    };
    let strips = |c: char| match set {
        Some(set) => set.contains(c),
        None => c.is_whitespace(),
    };
    let mut text = this(&args);
    if left {
        text = text.trim_start_matches(strips);
    }
    if right {
        text = text.trim_end_matches(strips);
    }
    vm.str(text)
}

fn split(vm: &Vm, mut args: Args, from_right: bool) -> R {
    let separator = args.take_keyword(symbol::SEP).or_else(|| args.get(1).cloned());
    let limit = args.take_keyword(symbol::MAXSPLIT).or_else(|| args.get(2).cloned());
    vm.no_more_keywords("split", &args)?;
    let limit = match limit {
        Some(limit) => usize::try_from(vm.index(&limit)?).unwrap_or(usize::MAX - 1),
        None => usize::MAX - 1,
    };
    let whole = this(&args);
    let separator = separator.filter(|separator| !vm.is_none(separator));
    let mut parts = Items::new(vm);
    match &separator {
        Some(separator) => {
            let separator = text(vm, separator)?;
            if separator.is_empty() {
                return Err(vm.value_error("empty separator"));
            }
            let mut add = |part: &str| parts.push(vm, vm.str(part)?);
            if from_right {
                whole.rsplitn(limit + 1, separator).try_for_each(&mut add)?;
            } else {
                whole.splitn(limit + 1, separator).try_for_each(&mut add)?;
            }
        }
        None => split_whitespace(vm, whole, limit, from_right, &mut parts)?,
    };
    if from_right {
        parts.reverse();
    }
    vm.list(parts)
}

fn split_whitespace(vm: &Vm, whole: &str, limit: usize, from_right: bool, parts: &mut Items) -> R<()> {
    let mut rest = if from_right { whole.trim_end() } else { whole.trim_start() };
    while !rest.is_empty() {
        let at = if from_right { rest.rfind(char::is_whitespace) } else { rest.find(char::is_whitespace) };
        let Some(at) = at.filter(|_| parts.len() < limit) else {
            return parts.push(vm, vm.str(if from_right { rest.trim_start() } else { rest.trim_end() })?);
        };
        let (left, right) = rest.split_at(at);
        if from_right {
            parts.push(vm, vm.str(right.trim_start())?)?;
            rest = left.trim_end();
        } else {
            parts.push(vm, vm.str(left)?)?;
            rest = right.trim_start();
        }
    }
    Ok(())
}

fn join(vm: &Vm, args: Args) -> R {
    let items = vm.collect(&args[1])?;
    let mut out = Text::new(vm);
    for (index, item) in items.iter().enumerate() {
        let Some(part) = Str::of(item) else {
            let name = vm.type_name(item);
            return Err(vm.type_error(format!("sequence item {index}: expected str instance, {name} found")));
        };
        if index > 0 {
            out.push_str(this(&args))?;
        }
        out.push_str(part.as_str())?;
    }
    out.into_object()
}

fn replace(vm: &Vm, args: Args) -> R {
    let (old, new) = (text(vm, &args[1])?, text(vm, &args[2])?);
    let count = match args.get(3) {
        Some(count) => usize::try_from(vm.index(count)?).ok(),
        None => None,
    };
    substitute(vm, this(&args), old, new, count.unwrap_or(usize::MAX))
}

fn substitute(vm: &Vm, whole: &str, old: &str, new: &str, count: usize) -> R {
    let mut out = Text::with_room(vm, whole.len())?;
    let mut rest = 0;
    for (at, part) in whole.match_indices(old).take(count) {
        out.push_str(&whole[rest..at])?;
        out.push_str(new)?;
        rest = at + part.len();
    }
    out.push_str(&whole[rest..])?;
    out.into_object()
}

fn lower(vm: &Vm, args: Args) -> R {
    let _room = room_for_case(vm, this(&args))?;
    vm.str(&this(&args).to_lowercase())
}

/// A letter's other case has at most three times the bytes.
fn room_for_case(vm: &Vm, text: &str) -> R<Room> {
    vm.room(text.len().saturating_mul(3))
}

fn first(text: &str, part: &str) -> Option<usize> {
    text.find(part)
}

fn last(text: &str, part: &str) -> Option<usize> {
    text.rfind(part)
}

/// The position, in characters, of a part within the range given by the arguments.
fn search(vm: &Vm, args: &Args, find: fn(&str, &str) -> Option<usize>) -> R<Option<usize>> {
    let part = text(vm, &args[1])?;
    let whole = this(args);
    let len = whole.chars().count();
    let bound = |at: usize, default: usize| match args.get(at).filter(|bound| !vm.is_none(bound)) {
        Some(bound) => {
            let bound = vm.index_clamped(bound)?;
            Ok(if bound < 0 { len.saturating_sub(bound.unsigned_abs() as usize) } else { len.min(bound as usize) })
        }
        None => Ok(default),
    };
    let (start, stop) = (bound(2, 0)?, bound(3, len)?);
    if start > stop {
        return Ok(None);
    }
    let byte = |index: usize| whole.char_indices().nth(index).map_or(whole.len(), |(at, _)| at);
    let range = &whole[byte(start)..byte(stop)];
    Ok(find(range, part).map(|at| start + range[..at].chars().count()))
}

fn found(vm: &Vm, position: Option<usize>) -> R {
    match position {
        Some(position) => vm.int(position as i64),
        None => Err(vm.value_error("substring not found")),
    }
}

fn affix(vm: &Vm, args: &Args, test: fn(&str, &str) -> bool) -> R {
    if let Some(parts) = tuple::of(&args[1]) {
        for part in parts {
            if test(this(args), text(vm, part)?) {
                return Ok(vm.bool(true));
            }
        }
        return Ok(vm.bool(false));
    }
    Ok(vm.bool(test(this(args), text(vm, &args[1])?)))
}

fn partition(vm: &Vm, args: Args, from_right: bool) -> R {
    let whole = this(&args);
    let separator = text(vm, &args[1])?;
    if separator.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    let split = if from_right { whole.rsplit_once(separator) } else { whole.split_once(separator) };
    let parts = match split {
        Some((left, right)) => [left, separator, right],
        None if from_right => ["", "", whole],
        None => [whole, "", ""],
    };
    vm.tuple(Items::try_collect(vm, parts.iter().map(|part| vm.str(part)))?)
}

fn pad(vm: &Vm, args: Args, sides: fn(usize) -> (usize, usize)) -> R {
    let whole = this(&args);
    let width = usize::try_from(vm.index(&args[1])?).unwrap_or(0);
    let fill = match args.get(2) {
        Some(fill) => text(vm, fill)?,
        None => " ",
    };
    let (left, right) = sides(width.saturating_sub(whole.chars().count()));
    let mut out = Text::new(vm);
    out.push_times(fill, left)?;
    out.push_str(whole)?;
    out.push_times(fill, right)?;
    out.into_object()
}

fn all(vm: &Vm, args: &Args, test: fn(char) -> bool) -> R {
    let text = this(args);
    Ok(vm.bool(!text.is_empty() && text.chars().all(test)))
}

/// `bytes.decode`.
pub(crate) fn decode(vm: &Vm, args: Args) -> R {
    let bytes = args.this().downcast_ref::<Bytes>().expect("bytes").as_slice();
    match std::str::from_utf8(bytes) {
        Ok(text) => vm.str(text),
        Err(_) => Err(vm.value_error("'utf-8' codec can't decode bytes")),
    }
}
