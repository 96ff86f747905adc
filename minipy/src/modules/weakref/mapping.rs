//! What both weak dictionaries answer.

use crate::object::class_table::Builtin;
use crate::object::dict::Dict;
use crate::object::instance::{self, Native};
use crate::object::items::Items;
use crate::object::slots::address;
use crate::object::{R, Slots, Value, symbol};
use crate::syntax::tree::{BinOp, CmpOp};
use crate::vm::Vm;

use super::key_dict::KeyDict;
use super::snapshot::{Part, WeakIterator};
use super::value_dict::ValueDict;

/// A dictionary one side of which is weak.
pub(super) trait WeakMapping {
    fn get(&self, vm: &Vm, key: &Value) -> R<Option<Value>>;
    fn set(&self, vm: &Vm, key: Value, value: Value) -> R<()>;
    /// Takes an entry out; its value.
    fn remove(&self, vm: &Vm, key: &Value) -> R<Option<Value>>;
    fn pop_last(&self) -> Option<(Value, Value)>;
    fn clear(&self);
    fn len(&self) -> usize;
    /// Keys and values in turn, all held.
    fn pairs(&self, vm: &Vm) -> R<Items>;
    /// The same, with weak references on the weak side.
    fn weak_pairs(&self, vm: &Vm) -> R<Items>;
    fn is_weak_by_key(&self) -> bool;
    /// An empty one of the kind.
    fn empty(&self, vm: &Vm) -> R;
    /// What a missing key is reported as.
    fn missing(&self, vm: &Vm, key: &Value) -> R;
}

/// The mapping that `value` is; an instance of a subclass counts.
pub(super) fn of(value: &Value) -> Option<&dyn WeakMapping> {
    if let Some(dict) = value.downcast_ref::<KeyDict>() {
        return Some(dict);
    }
    if let Some(dict) = value.downcast_ref::<ValueDict>() {
        return Some(dict);
    }
    match instance::native(value)? {
        Native::WeakKeys(dict) => Some(dict),
        Native::WeakValues(dict) => Some(dict),
        _ => None,
    }
}

pub(super) fn this_mapping(this: &Value) -> &dyn WeakMapping {
    of(this).expect("a weak dictionary")
}

/// Of keys by reference; that of values differs in its class only.
pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::WeakKeyDictionary,
    repr: |vm, this| Ok(format!("<{} at {}>", vm.type_name(this), address(this))),
    hash: None,
    len: Some(|_, this| Ok(this_mapping(this).len())),
    get_item: Some(|vm, this, key| match this_mapping(this).get(vm, key)? {
        Some(value) => Ok(value),
        None => Err(vm.key_error(this_mapping(this).missing(vm, key)?)),
    }),
    set_item: Some(|vm, this, key, value| match value {
        Some(value) => this_mapping(this).set(vm, key, value),
        None => match this_mapping(this).remove(vm, &key)? {
            Some(removed) => {
                drop(removed);
                Ok(())
            }
            None => Err(vm.key_error(this_mapping(this).missing(vm, &key)?)),
        },
    }),
    contains: Some(|vm, this, key| {
        let this = this_mapping(this);
        let is_possible = !this.is_weak_by_key() || crate::object::weak::is_weakrefable(key);
        Ok(is_possible && this.get(vm, key)?.is_some())
    }),
    iter: Some(|vm, this| WeakIterator::over(vm, this_mapping(this), Part::Keys)),
    compare: Some(compare),
    binary: Some(|vm, op, a, b| match op {
        BinOp::Or if is_mapping(a) && is_mapping(b) => {
            // `dict | weak dictionary` is a weak dictionary, too.
            let kind = of(a).or_else(|| of(b)).expect("one of them is weak");
            let union = kind.empty(vm)?;
            update(vm, this_mapping(&union), a)?;
            update(vm, this_mapping(&union), b)?;
            Ok(Some(union))
        }
        _ => Ok(None),
    }),
    in_place: Some(|vm, op, a, b| match op {
        BinOp::Or => {
            update(vm, this_mapping(a), b)?;
            Ok(Some(a.clone()))
        }
        _ => Ok(None),
    }),
    ..Slots::DEFAULT
};

pub(super) static VALUE_SLOTS: Slots = Slots { class: Builtin::WeakValueDictionary, ..SLOTS };

fn is_mapping(value: &Value) -> bool {
    of(value).is_some() || Dict::of(value).is_some()
}

/// As dicts with what is there now.
fn compare(vm: &Vm, op: CmpOp, a: &Value, b: &Value) -> R<Option<Value>> {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) || !is_mapping(a) || !is_mapping(b) {
        return Ok(None);
    }
    let (a, b) = (as_dict(vm, a)?, as_dict(vm, b)?);
    vm.compare(op, &a, &b).map(Some)
}

fn as_dict(vm: &Vm, value: &Value) -> R {
    let Some(mapping) = of(value) else {
        return Ok(value.clone());
    };
    let dict = Dict::new(vm);
    let mut pairs = mapping.pairs(vm)?.into_iter();
    while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
        dict.table.set(vm, key, value)?;
    }
    vm.alloc(dict)
}

/// Adds the entries of a mapping, or of an iterable of pairs.
pub(super) fn update(vm: &Vm, mapping: &dyn WeakMapping, other: &Value) -> R<()> {
    let pairs = if let Some(other) = of(other) {
        other.pairs(vm)?
    } else if let Some(other) = Dict::of(other) {
        other.table.flat_items(vm)?
    } else if vm.find_method(other, symbol::ITEMS).is_some() {
        let items = vm.call_method(other, symbol::ITEMS, [])?;
        let mut pairs = Items::new(vm);
        for pair in vm.collect(&items)? {
            pairs.append(vm, vm.collect(&pair)?)?;
        }
        pairs
    } else {
        let dict = Dict::new(vm);
        dict.update(vm, other)?;
        dict.table.flat_items(vm)?
    };
    let mut pairs = pairs.into_iter();
    while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
        mapping.set(vm, key, value)?;
    }
    Ok(())
}
