//! The objects that the interpreter itself makes: numbers, texts, containers.

use std::cell::RefCell;

use tailbite::Gc;

use super::Vm;
use crate::object::attribute_dict::Names;
use crate::object::bytes::Bytes;
use crate::object::dict::Dict;
use crate::object::float::Float;
use crate::object::int::Int;
use crate::object::items::Items;
use crate::object::list::List;
use crate::object::string::Str;
use crate::object::symbol::Symbol;
use crate::object::{R, Value, tuple};
use crate::syntax::tree::Constant;

/// What a name takes in the tables of names, beside its text.
const NAME: usize = 128;

impl Vm {
    #[inline]
    pub(crate) fn int(&self, value: i64) -> R {
        match self.small_ints.get(value.wrapping_add(5) as usize) {
            Some(int) => Ok(int.clone()),
            None => self.alloc(Int::Small(value)),
        }
    }

    pub(crate) fn int_value(&self, int: Int) -> R {
        match int {
            Int::Small(small) => self.int(small),
            big => self.alloc(big),
        }
    }

    pub(crate) fn float(&self, value: f64) -> R {
        self.alloc(Float(value))
    }

    pub(crate) fn str(&self, text: &str) -> R {
        match text.as_bytes() {
            [byte] if byte.is_ascii() => Ok(self.chars[usize::from(*byte)].clone()),
            [] => Ok(self.empty_str.clone()),
            _ => self.alloc(Str::new(self, text)?),
        }
    }

    /// A text without the object around it: names are shared in this form.
    pub(crate) fn text(&self, text: &str) -> R<Gc<str>> {
        self.granted(|| self.heap.try_alloc_str(text))
    }

    /// The string object of such a name.
    pub(crate) fn text_object(&self, text: &RefCell<Gc<str>>) -> R {
        let text = text.borrow().clone();
        self.alloc(Str::from_text(text))
    }

    pub(crate) fn string(&self, text: String) -> R {
        self.str(&text)
    }

    pub(crate) fn char(&self, c: char) -> R {
        self.str(c.encode_utf8(&mut [0; 4]))
    }

    pub(crate) fn bytes(&self, bytes: &[u8]) -> R {
        self.alloc(Bytes::new(self, bytes)?)
    }

    /// The string object of a name, always the same.
    pub(crate) fn name(&self, symbol: Symbol) -> R {
        let known = self.names.borrow().get(symbol.index()).cloned().flatten();
        if let Some(known) = known {
            return Ok(known);
        }
        let missing = symbol.index() + 1;
        self.granted(|| {
            let mut names = self.names.borrow_mut();
            let more = missing.saturating_sub(names.len());
            names.try_reserve(more)
        })?;
        let value = self.alloc(Str::new(self, symbol.name())?)?;
        let mut names = self.names.borrow_mut();
        if names.len() < missing {
            names.resize(missing, None);
        }
        names[symbol.index()] = Some(value.clone());
        Ok(value)
    }

    pub(crate) fn tuple(&self, items: Items) -> R {
        if items.is_empty() { Ok(self.empty_tuple()) } else { tuple::new(self, items) }
    }

    /// A tuple of so many items.
    pub(crate) fn tuple_of<const N: usize>(&self, items: [Value; N]) -> R {
        self.tuple(Items::from_array(self, items)?)
    }

    pub(crate) fn empty_tuple(&self) -> Value {
        self.empty_tuple.clone()
    }

    pub(crate) fn list(&self, items: Items) -> R {
        self.alloc(List::new(items))
    }

    pub(crate) fn empty_list(&self) -> R {
        self.list(Items::new(self))
    }

    pub(crate) fn new_dict(&self) -> R {
        self.alloc(Dict::new(self))
    }

    /// A dict with a copy of the names and their values.
    pub(crate) fn dict_of_names(&self, names: &dyn Names) -> R {
        let dict = Dict::new(self);
        for name in names.all(self)? {
            if let Some(value) = names.get(name) {
                dict.table.set(self, self.name(name)?, value)?;
            }
        }
        self.alloc(dict)
    }

    /// The object of a literal. Strings that look like names are shared.
    pub(crate) fn constant(&self, constant: &Constant) -> R {
        match constant {
            Constant::None => Ok(self.none()),
            Constant::Ellipsis => Ok(self.ellipsis()),
            Constant::Bool(value) => Ok(self.bool(*value)),
            Constant::Int(int) => self.int_value(self.integer(int.clone())?),
            Constant::Float(float) => self.float(*float),
            Constant::Str(text) if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                if text.len() <= 1 {
                    self.str(text)
                } else {
                    self.name(self.symbol(text)?)
                }
            }
            Constant::Str(text) => self.str(text),
            Constant::Bytes(bytes) => self.bytes(bytes),
        }
    }

    /// A name for a string object: the interned one where there is one.
    pub(crate) fn intern(&self, text: &str) -> R {
        self.name(self.symbol(text)?)
    }

    /// A name that comes from the script: it is kept for good, and counted.
    pub(crate) fn symbol(&self, text: &str) -> R<Symbol> {
        if let Some(known) = Symbol::known(text) {
            return Ok(known);
        }
        self.granted(|| {
            let mut room = self.names_room.borrow_mut();
            let before = room.bytes();
            room.resize(self, before.saturating_add(text.len()).saturating_add(NAME))?;
            Symbol::make(text).inspect_err(|_| {
                // What shrinks is not refused.
                let _ = room.resize(self, before);
            })
        })
    }
}

/// The objects that there are from the start.
pub(super) struct Start<'a>(pub(super) &'a tailbite::Heap);

impl Start<'_> {
    pub(super) fn immortal<T: tailbite::Trace>(&self, value: T) -> Value {
        let value = Gc::erase(self.0.alloc(value));
        self.0.make_immortal(&value);
        value
    }

    pub(super) fn str(&self, text: &str) -> Value {
        self.immortal(Str::from_text(self.0.alloc_str(text)))
    }
}
