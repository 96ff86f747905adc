//! Objects as text, hashes and indices.

use super::{Text, Vm};
use crate::object::class_table::Builtin;
use crate::object::float::Float;
use crate::object::instance::Instance;
use crate::object::int::Int;
use crate::object::string::Str;
use crate::object::symbol;
use crate::object::{Object, R, Value};

impl Vm {
    pub(crate) fn repr(&self, value: &Value) -> R<String> {
        (value.slots().repr)(self, value)
    }

    /// `str(value)` as Rust text.
    pub(crate) fn str_text(&self, value: &Value) -> R<String> {
        let slots = value.slots();
        slots.str.unwrap_or(slots.repr)(self, value)
    }

    /// `str(value)`.
    pub(crate) fn str_of(&self, value: &Value) -> R {
        if value.is::<Str>() {
            return Ok(value.clone());
        }
        self.string(self.str_text(value)?)
    }

    pub(crate) fn hash(&self, value: &Value) -> R<i64> {
        match value.slots().hash {
            Some(hash) => hash(self, value),
            None => Err(self.unhashable(value)),
        }
    }

    /// An f-string's `{value!conversion:spec}`.
    pub(super) fn format_value(&self, value: &Value, conversion: Option<char>, spec: Option<&Value>) -> R {
        let converted = match conversion {
            Some('r') => self.string(self.repr(value)?)?,
            Some('s') => self.str_of(value)?,
            Some('a') => self.string(ascii(self, &self.repr(value)?)?)?,
            _ => value.clone(),
        };
        let spec = spec.and_then(Str::of).map(Str::as_str).unwrap_or_default();
        self.string(self.format(&converted, spec)?)
    }

    /// `format(value, spec)`.
    pub(crate) fn format(&self, value: &Value, spec: &str) -> R<String> {
        if let Some(instance) = value.downcast_ref::<Instance>()
            && (instance.native.is_none() || instance.class.builtin.layout() == Builtin::BaseException)
        {
            let spec = self.str(spec)?;
            return match self.call_special(value, symbol::FORMAT, [spec])? {
                Some(result) => self.str_text(&result),
                None => self.str_text(value),
            };
        }
        if spec.is_empty() {
            return self.str_text(value);
        }
        super::format_spec::format(self, value, spec)
    }

    /// Whether `operator.index` would work.
    pub(crate) fn has_index(&self, value: &Value) -> bool {
        Int::of(value).is_some() || value.is::<Instance>() && self.class_of(value).lookup(symbol::INDEX).is_some()
    }

    /// An index or count.
    pub(crate) fn index(&self, value: &Value) -> R<i64> {
        let name = self.type_name(value);
        let too_large = || format!("cannot fit '{name}' into an index-sized integer");
        match self.index_int(value)? {
            Int::Small(small) => Ok(small),
            Int::Big(_) => Err(self.exception(Builtin::OverflowError, too_large())),
        }
    }

    /// The same; too large ones become the largest.
    pub(crate) fn index_clamped(&self, value: &Value) -> R<i64> {
        Ok(match self.index_int(value)? {
            Int::Small(small) => small,
            big if big.is_negative() => i64::MIN,
            _ => i64::MAX,
        })
    }

    pub(crate) fn index_int(&self, value: &Value) -> R<Int> {
        if let Some(int) = Int::of(value) {
            return Ok(int.clone());
        }
        if value.is::<Instance>()
            && let Some(result) = self.call_special(value, symbol::INDEX, [])?
            && let Some(int) = Int::of(&result)
        {
            return Ok(int.clone());
        }
        let name = self.type_name(value);
        Err(self.type_error(format!("'{name}' object cannot be interpreted as an integer")))
    }

    /// A position in a sequence; negative ones count from the end.
    pub(crate) fn sequence_index(&self, key: &Value, len: usize, out_of_range: &str) -> R<usize> {
        let index = match self.index_int(key)? {
            Int::Small(small) => small,
            Int::Big(_) => {
                let name = self.type_name(key);
                let message = format!("cannot fit '{name}' into an index-sized integer");
                return Err(self.exception(Builtin::IndexError, message));
            }
        };
        let position = if index < 0 { index + len as i64 } else { index };
        match usize::try_from(position) {
            Ok(position) if position < len => Ok(position),
            _ => Err(self.index_error(out_of_range)),
        }
    }

    /// How often to repeat a sequence; negative is never.
    pub(crate) fn repeat_count(&self, count: &Value) -> R<usize> {
        Ok(usize::try_from(self.index(count)?).unwrap_or(0))
    }

    /// A number as a float, for `math`.
    pub(crate) fn number(&self, value: &Value) -> R<f64> {
        if let Some(int) = Int::of(value) {
            return crate::object::float::finite(self, int);
        }
        if let Some(float) = Float::of(value) {
            return Ok(float);
        }
        for method in [symbol::FLOAT, symbol::INDEX] {
            if value.is::<Instance>()
                && let Some(result) = self.call_special(value, method, [])?
            {
                return self.number(&result);
            }
        }
        let name = self.type_name(value);
        Err(self.type_error(format!("must be real number, not {name}")))
    }
}

/// Escapes what is not ASCII.
pub(crate) fn ascii(vm: &Vm, text: &str) -> R<String> {
    let mut out = Text::with_room(vm, text.len())?;
    for c in text.chars() {
        match c as u32 {
            0..0x80 => out.push(c)?,
            code @ 0x80..0x100 => out.push_str(&format!("\\x{code:02x}"))?,
            code @ 0x100..0x10000 => out.push_str(&format!("\\u{code:04x}"))?,
            code => out.push_str(&format!("\\U{code:08x}"))?,
        }
    }
    Ok(out.finish())
}
