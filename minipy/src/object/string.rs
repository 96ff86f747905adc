//! Strings.

use std::cell::Cell;

use tailbite::{Gc, Trace, Untraced};

use crate::object::class_table::Builtin;
use crate::object::instance::Native;
use crate::object::int::Int;
use crate::object::iterators::IndexIterator;
use crate::object::slice::Slice;
use crate::object::{Args, Object, R, Slots, Value, instance};
use crate::syntax::tree::{BinOp, CmpOp};
use crate::vm::{Text, Vm, percent};

/// Immutable text. Indices count characters, so text that is all ASCII is indexed directly.
#[derive(Trace, Debug)]
#[trace(leaf, protocol = &SLOTS)]
pub(crate) struct Str {
    /// An object of its own, so that it is in the heap: shared with instances of subclasses.
    text: Untraced<Gc<str>>,
    ascii: bool,
    /// 0: not computed yet.
    hash: Cell<i64>,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Str,
    atom: true,
    repr: |vm, this| repr_text(vm, this_str(this).as_str()),
    str: Some(|vm, this| vm.copy_text(this_str(this).as_str())),
    hash: Some(|_, this| Ok(this_str(this).hash())),
    truth: Some(|_, this| Ok(!this_str(this).as_str().is_empty())),
    len: Some(|_, this| Ok(this_str(this).len())),
    get_item: Some(get_item),
    contains: Some(contains),
    iter: Some(|vm, this| vm.alloc(IndexIterator::new(this.clone(), Builtin::StrIterator))),
    compare: Some(compare),
    binary: Some(binary),
    ..Slots::DEFAULT
};

fn this_str(this: &Value) -> &Str {
    Str::of(this).expect("a string")
}

impl Str {
    pub(crate) fn new(vm: &Vm, text: &str) -> R<Str> {
        Ok(Str::from_text(vm.text(text)?))
    }

    pub(crate) fn from_text(text: Gc<str>) -> Str {
        let ascii = text.is_ascii();
        Str { text: Untraced(text), ascii, hash: Cell::new(0) }
    }

    pub(crate) fn text(&self) -> Gc<str> {
        self.text.0.clone()
    }

    /// The same text in another place.
    pub(crate) fn share(&self) -> Str {
        Str { text: Untraced(self.text.0.clone()), ascii: self.ascii, hash: self.hash.clone() }
    }

    #[inline]
    pub(crate) fn of(value: &Value) -> Option<&Str> {
        if let Some(string) = value.downcast_ref::<Str>() {
            return Some(string);
        }
        match instance::native(value)? {
            Native::Str(string) => Some(string),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text.0
    }

    /// In characters.
    pub(crate) fn len(&self) -> usize {
        if self.ascii { self.as_str().len() } else { self.as_str().chars().count() }
    }

    pub(crate) fn char_at(&self, index: usize) -> Option<char> {
        if self.ascii {
            self.as_str().as_bytes().get(index).map(|byte| char::from(*byte))
        } else {
            self.as_str().chars().nth(index)
        }
    }

    pub(crate) fn hash(&self) -> i64 {
        if self.hash.get() == 0 {
            // FNV-1a with a final mix; what matters is that it spreads and is the same from run to run.
            let mut hash = 0xcbf2_9ce4_8422_2325u64;
            for byte in self.as_str().bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            hash ^= hash >> 32;
            hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            hash ^= hash >> 29;
            self.hash.set(if hash as i64 == 0 || hash as i64 == -1 { 1 } else { hash as i64 });
        }
        self.hash.get()
    }
}

/// `repr` of text.
pub(crate) fn repr_text(vm: &Vm, text: &str) -> R<String> {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = Text::with_room(vm, text.len() + 2)?;
    out.push(quote)?;
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\")?,
            '\n' => out.push_str("\\n")?,
            '\r' => out.push_str("\\r")?,
            '\t' => out.push_str("\\t")?,
            c if c == quote => {
                out.push('\\')?;
                out.push(c)?;
            }
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32))?,
            c if (0x80..0xa1).contains(&(c as u32)) || c as u32 == 0xad => {
                out.push_str(&format!("\\x{:02x}", c as u32))?;
            }
            c if matches!(c as u32, 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe000..=0xf8ff) => {
                out.push_str(&format!("\\u{:04x}", c as u32))?;
            }
            c => out.push(c)?,
        }
    }
    out.push(quote)?;
    Ok(out.finish())
}

fn get_item(vm: &Vm, this: &Value, key: &Value) -> R {
    let string = this_str(this);
    if let Some(slice) = key.downcast_ref::<Slice>() {
        let indices = slice.indices(vm, string.len())?;
        let text = string.as_str();
        if indices.step == 1 && string.ascii {
            return vm.str(&text[indices.start as usize..indices.start as usize + indices.count]);
        }
        let mut out = Text::with_room(vm, indices.count)?;
        if string.ascii {
            out.extend(indices.iter().map(|index| char::from(text.as_bytes()[index])))?;
        } else {
            let _room = vm.room(string.len().saturating_mul(size_of::<char>()))?;
            let chars: Vec<char> = text.chars().collect();
            out.extend(indices.iter().map(|index| chars[index]))?;
        }
        return out.into_object();
    }
    if !vm.has_index(key) {
        let name = vm.type_name(key);
        return Err(vm.type_error(format!("string indices must be integers, not '{name}'")));
    }
    let index = vm.sequence_index(key, string.len(), "string index out of range")?;
    let c = string.char_at(index).expect("the index is in range");
    vm.char(c)
}

fn contains(vm: &Vm, this: &Value, item: &Value) -> R<bool> {
    match Str::of(item) {
        Some(part) => Ok(this_str(this).as_str().contains(part.as_str())),
        None => {
            Err(vm.type_error(format!("'in <string>' requires string as left operand, not {}", vm.type_name(item))))
        }
    }
}

fn compare(vm: &Vm, op: CmpOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(a), Some(b)) = (Str::of(a), Str::of(b)) else {
        return Ok(None);
    };
    Ok(Some(vm.bool(op.holds(a.as_str().cmp(b.as_str())))))
}

fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    match op {
        BinOp::Add => {
            let (Some(x), Some(y)) = (Str::of(a), Str::of(b)) else {
                return match Str::of(a) {
                    Some(_) if b.slots().class != Builtin::Object => {
                        Err(vm.type_error(format!("can only concatenate str (not \"{}\") to str", vm.type_name(b))))
                    }
                    _ => Ok(None),
                };
            };
            let mut text = Text::with_room(vm, x.as_str().len() + y.as_str().len())?;
            text.push_str(x.as_str())?;
            text.push_str(y.as_str())?;
            text.into_object().map(Some)
        }
        BinOp::Mul => {
            let (string, count) = match Str::of(a) {
                Some(string) => (Some(string), b),
                None => (Str::of(b), a),
            };
            let (Some(string), Some(_)) = (string, Int::of(count)) else {
                return Ok(None);
            };
            let count = vm.repeat_count(count)?;
            let mut text = Text::new(vm);
            text.push_times(string.as_str(), count)?;
            text.into_object().map(Some)
        }
        BinOp::Mod => match Str::of(a) {
            Some(format) => vm.string(percent::format(vm, format.as_str(), b)?).map(Some),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// `str(x)`.
pub(crate) fn make(vm: &Vm, args: Args) -> R {
    match args.get(0) {
        None => vm.str(""),
        Some(value) if value.is::<Str>() => Ok(value.clone()),
        Some(value) => {
            if args.len() > 1
                && let Some(bytes) = value.downcast_ref::<crate::object::bytes::Bytes>()
            {
                let _room = vm.room(bytes.as_slice().len().saturating_mul(3))?;
                return vm.str(&String::from_utf8_lossy(bytes.as_slice()));
            }
            vm.str_of(value)
        }
    }
}
