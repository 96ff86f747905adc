//! The protocol table of a type: what its objects can do.

use crate::object::class_table::Builtin;
use crate::object::symbol::Symbol;
use crate::object::{Args, R, Value};
use crate::syntax::tree::{BinOp, CmpOp, UnaryOp};
use crate::vm::Vm;

/// Operations of a type; `None` where its objects don't have one. Binary ones answer `Ok(None)` for operands they
/// don't know (`NotImplemented`).
#[allow(clippy::type_complexity, reason = "a row of signatures reads best as it is")]
pub(crate) struct Slots {
    /// The class of these objects (of instances: `object`; each knows its own).
    pub(crate) class: Builtin,
    /// Can never be part of a cycle, even through what it holds.
    pub(crate) atom: bool,
    pub(crate) repr: fn(&Vm, &Value) -> R<String>,
    /// `repr` if there is none.
    pub(crate) str: Option<fn(&Vm, &Value) -> R<String>>,
    pub(crate) hash: Option<fn(&Vm, &Value) -> R<i64>>,
    pub(crate) truth: Option<fn(&Vm, &Value) -> R<bool>>,
    pub(crate) len: Option<fn(&Vm, &Value) -> R<usize>>,
    pub(crate) get_item: Option<fn(&Vm, &Value, &Value) -> R>,
    /// A value of `None` deletes the item.
    pub(crate) set_item: Option<fn(&Vm, &Value, Value, Option<Value>) -> R<()>>,
    pub(crate) contains: Option<fn(&Vm, &Value, &Value) -> R<bool>>,
    pub(crate) iter: Option<fn(&Vm, &Value) -> R>,
    /// `None` is the end.
    pub(crate) next: Option<fn(&Vm, &Value) -> R<Option<Value>>>,
    pub(crate) call: Option<fn(&Vm, &Value, Args) -> R>,
    /// Attributes that are not in the class, such as `__name__` of a function.
    pub(crate) get_attr: Option<fn(&Vm, &Value, Symbol) -> R<Option<Value>>>,
    /// Sets, or with `None` deletes, an attribute. `Ok(false)`: there is no such attribute.
    pub(crate) set_attr: Option<fn(&Vm, &Value, Symbol, Option<Value>) -> R<bool>>,
    pub(crate) compare: Option<fn(&Vm, CmpOp, &Value, &Value) -> R<Option<Value>>>,
    pub(crate) binary: Option<fn(&Vm, BinOp, &Value, &Value) -> R<Option<Value>>>,
    /// `a += b` where it differs from `a = a + b`.
    pub(crate) in_place: Option<fn(&Vm, BinOp, &Value, &Value) -> R<Option<Value>>>,
    pub(crate) unary: Option<fn(&Vm, UnaryOp, &Value) -> R<Option<Value>>>,
}

impl Slots {
    /// A type with identity and nothing else.
    pub(crate) const DEFAULT: Slots = Slots {
        class: Builtin::Object,
        atom: false,
        repr: default_repr,
        str: None,
        hash: Some(identity_hash),
        truth: None,
        len: None,
        get_item: None,
        set_item: None,
        contains: None,
        iter: None,
        next: None,
        call: None,
        get_attr: None,
        set_attr: None,
        compare: None,
        binary: None,
        in_place: None,
        unary: None,
    };

    /// An iterator type: its own iterator.
    pub(crate) const ITERATOR: Slots = Slots { iter: Some(|_, this| Ok(this.clone())), ..Slots::DEFAULT };
}

pub(crate) fn default_repr(vm: &Vm, this: &Value) -> R<String> {
    let class = vm.class_of(this);
    Ok(format!("<{} object at {}>", class.full_name(), address(this)))
}

/// As `%p` prints it.
pub(crate) fn address(value: &Value) -> String {
    format!("0x{:x}", value.address())
}

pub(crate) fn identity_hash(_: &Vm, this: &Value) -> R<i64> {
    Ok((this.address() as u64).rotate_right(4) as i64)
}
