//! Dicts.

use tailbite::Trace;

use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::dict_views::{DictIterator, DictView, Part};
use crate::object::hash_table::Table;
use crate::object::instance::Native;
use crate::object::{Args, R, Slots, Value, instance, symbol};
use crate::syntax::tree::{BinOp, CmpOp};
use crate::vm::{Text, Vm};

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Dict {
    pub(crate) table: Table,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Dict,
    repr,
    hash: None,
    len: Some(|_, this| Ok(this_dict(this).table.len())),
    get_item: Some(get_item),
    set_item: Some(set_item),
    contains: Some(|vm, this, key| Ok(this_dict(this).table.get(vm, key)?.is_some())),
    iter: Some(|vm, this| vm.alloc(DictIterator::new(this.clone(), Part::Keys))),
    compare: Some(compare),
    binary: Some(|vm, op, a, b| match (op, Dict::of(a), Dict::of(b)) {
        (BinOp::Or, Some(a), Some(b)) => {
            let union = Dict { table: a.table.copy(vm)? };
            union.update_from(vm, b)?;
            Ok(Some(vm.alloc(union)?))
        }
        _ => Ok(None),
    }),
    in_place: Some(|vm, op, a, b| match op {
        BinOp::Or => {
            this_dict(a).update(vm, b)?;
            Ok(Some(a.clone()))
        }
        _ => Ok(None),
    }),
    ..Slots::DEFAULT
};

pub(crate) const METHODS: &[Method] = &[
    method("__init__", 0, 1, init).with_keywords(),
    method("get", 1, 2, get),
    method("keys", 0, 0, |vm, args| vm.alloc(DictView::new(args.this().clone(), Part::Keys))),
    method("values", 0, 0, |vm, args| vm.alloc(DictView::new(args.this().clone(), Part::Values))),
    method("items", 0, 0, |vm, args| vm.alloc(DictView::new(args.this().clone(), Part::Items))),
    method("pop", 1, 2, pop),
    method("popitem", 0, 0, pop_item),
    method("setdefault", 1, 2, set_default),
    method("update", 0, 1, update).with_keywords(),
    method("clear", 0, 0, clear),
    method("copy", 0, 0, |vm, args| {
        let table = this_dict(args.this()).table.copy(vm)?;
        vm.alloc(Dict { table })
    }),
    method("__reversed__", 0, 0, |vm, args| {
        let mut keys = this_dict(args.this()).table.keys(vm)?;
        keys.reverse();
        vm.iter(&vm.list(keys)?)
    }),
];

fn this_dict(this: &Value) -> &Dict {
    Dict::of(this).expect("a dict")
}

impl Dict {
    pub(crate) fn new(vm: &Vm) -> Dict {
        Dict { table: Table::new(vm) }
    }

    #[inline]
    pub(crate) fn of(value: &Value) -> Option<&Dict> {
        if let Some(dict) = value.downcast_ref::<Dict>() {
            return Some(dict);
        }
        match instance::native(value)? {
            Native::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    fn update_from(&self, vm: &Vm, other: &Dict) -> R<()> {
        other.table.items(vm)?.try_for_each(|(key, value)| self.table.set(vm, key, value))
    }

    /// Adds the entries of a mapping, or of an iterable of pairs.
    pub(crate) fn update(&self, vm: &Vm, other: &Value) -> R<()> {
        if let Some(other) = Dict::of(other) {
            return self.update_from(vm, other);
        }
        if vm.find_method(other, symbol::KEYS).is_some() {
            let keys = vm.call_method(other, symbol::KEYS, [])?;
            for key in vm.collect(&keys)? {
                let value = vm.get_item(other, &key)?;
                self.table.set(vm, key, value)?;
            }
            return Ok(());
        }
        for (index, pair) in vm.collect(other)?.iter().enumerate() {
            if !vm.is_iterable(pair) {
                let message = format!("cannot convert dictionary update sequence element #{index} to a sequence");
                return Err(vm.type_error(message));
            }
            let pair = vm.collect(pair)?;
            let [key, value] = &pair[..] else {
                let len = pair.len();
                return Err(vm.value_error(format!(
                    "dictionary update sequence element #{index} has length {len}; 2 is required"
                )));
            };
            self.table.set(vm, key.clone(), value.clone())?;
        }
        Ok(())
    }
}

fn repr(vm: &Vm, this: &Value) -> R<String> {
    let Some(_guard) = vm.enter_repr(this)? else {
        return Ok("{...}".to_owned());
    };
    let mut text = Text::new(vm);
    text.push('{')?;
    for (index, (key, value)) in this_dict(this).table.items(vm)?.enumerate() {
        if index > 0 {
            text.push_str(", ")?;
        }
        text.push_str(&vm.repr(&key)?)?;
        text.push_str(": ")?;
        text.push_str(&vm.repr(&value)?)?;
    }
    text.push('}')?;
    Ok(text.finish())
}

fn get_item(vm: &Vm, this: &Value, key: &Value) -> R {
    if let Some(value) = this_dict(this).table.get(vm, key)? {
        return Ok(value);
    }
    if instance::native(this).is_some()
        && let Some(value) = vm.call_special(this, symbol::MISSING, [key.clone()])?
    {
        return Ok(value);
    }
    Err(vm.key_error(key.clone()))
}

fn set_item(vm: &Vm, this: &Value, key: Value, value: Option<Value>) -> R<()> {
    let table = &this_dict(this).table;
    match value {
        Some(value) => table.set(vm, key, value),
        None => match table.remove(vm, &key)? {
            Some(removed) => {
                drop(removed);
                Ok(())
            }
            None => Err(vm.key_error(key)),
        },
    }
}

fn compare(vm: &Vm, op: CmpOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (CmpOp::Eq | CmpOp::Ne, Some(a), Some(b)) = (op, Dict::of(a), Dict::of(b)) else {
        return Ok(None);
    };
    let _guard = vm.recurse()?;
    let mut equal = a.table.len() == b.table.len();
    if equal {
        for (key, value) in a.table.items(vm)? {
            equal = match b.table.get(vm, &key)? {
                Some(other) => vm.same_or_equal(&value, &other)?,
                None => false,
            };
            if !equal {
                break;
            }
        }
    }
    Ok(Some(vm.bool(equal == (op == CmpOp::Eq))))
}

fn init(vm: &Vm, args: Args) -> R {
    update(vm, args)
}

fn update(vm: &Vm, args: Args) -> R {
    let dict = this_dict(args.this());
    if let Some(other) = args.get(1) {
        dict.update(vm, other)?;
    }
    for (name, value) in &args.keywords {
        dict.table.set(vm, vm.name(*name)?, value.clone())?;
    }
    Ok(vm.none())
}

fn get(vm: &Vm, args: Args) -> R {
    match this_dict(args.this()).table.get(vm, &args[1])? {
        Some(value) => Ok(value),
        None => Ok(args.get(2).cloned().unwrap_or_else(|| vm.none())),
    }
}

fn pop(vm: &Vm, args: Args) -> R {
    match this_dict(args.this()).table.remove(vm, &args[1])? {
        Some((key, value)) => {
            drop(key);
            Ok(value)
        }
        None => match args.get(2) {
            Some(default) => Ok(default.clone()),
            None => Err(vm.key_error(args[1].clone())),
        },
    }
}

fn pop_item(vm: &Vm, args: Args) -> R {
    match this_dict(args.this()).table.pop_last(vm) {
        Some((key, value)) => vm.tuple_of([key, value]),
        None => Err(vm.key_error(vm.str("popitem(): dictionary is empty")?)),
    }
}

fn set_default(vm: &Vm, args: Args) -> R {
    let table = &this_dict(args.this()).table;
    if let Some(value) = table.get(vm, &args[1])? {
        return Ok(value);
    }
    let value = args.get(2).cloned().unwrap_or_else(|| vm.none());
    table.set(vm, args[1].clone(), value.clone())?;
    Ok(value)
}

fn clear(vm: &Vm, args: Args) -> R {
    let old = this_dict(args.this()).table.take(vm);
    drop(old);
    Ok(vm.none())
}

pub(crate) fn make(vm: &Vm, mut args: Args) -> R {
    let dict = vm.new_dict()?;
    args.positional.insert(0, dict.clone());
    update(vm, args)?;
    Ok(dict)
}

/// `dict.fromkeys(keys, value)`.
pub(crate) fn from_keys(vm: &Vm, args: Args) -> R {
    let dict = Dict::new(vm);
    let value = args.get(1).cloned().unwrap_or_else(|| vm.none());
    for key in vm.collect(&args[0])? {
        dict.table.set(vm, key, value.clone())?;
    }
    vm.alloc(dict)
}
