//! `None`, `True`, `False`, `...` and `NotImplemented`: immortal objects.

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::int::{self, Int};
use crate::object::{R, Slots, Value};
use crate::vm::Vm;

#[derive(Trace)]
#[trace(leaf, protocol = &NONE)]
pub(crate) struct NoneObject;

pub(crate) static NONE: Slots = Slots {
    class: Builtin::NoneType,
    atom: true,
    repr: |_, _| Ok("None".to_owned()),
    truth: Some(|_, _| Ok(false)),
    ..Slots::DEFAULT
};

#[derive(Trace)]
#[trace(leaf, protocol = &ELLIPSIS)]
pub(crate) struct Ellipsis;

pub(crate) static ELLIPSIS: Slots =
    Slots { class: Builtin::Ellipsis, atom: true, repr: |_, _| Ok("Ellipsis".to_owned()), ..Slots::DEFAULT };

#[derive(Trace)]
#[trace(leaf, protocol = &NOT_IMPLEMENTED)]
pub(crate) struct NotImplemented;

pub(crate) static NOT_IMPLEMENTED: Slots = Slots {
    class: Builtin::NotImplemented,
    atom: true,
    repr: |_, _| Ok("NotImplemented".to_owned()),
    ..Slots::DEFAULT
};

/// Stands on the stack where there is no `self`; no script ever sees it.
#[derive(Trace)]
#[trace(leaf, protocol = &Slots::DEFAULT)]
pub(crate) struct Null;

/// `True` and `False`: integers that print as words.
#[derive(Trace)]
#[trace(leaf, protocol = &BOOL)]
pub(crate) struct Bool {
    pub(crate) value: bool,
    pub(crate) int: Int,
}

pub(crate) static BOOL: Slots = Slots {
    class: Builtin::Bool,
    repr: |_, this| Ok(if is_true(this) { "True" } else { "False" }.to_owned()),
    ..int::SLOTS
};

fn is_true(this: &Value) -> bool {
    this.downcast_ref::<Bool>().is_some_and(|bool| bool.value)
}

pub(crate) fn make_bool(vm: &Vm, args: crate::object::Args) -> R {
    let truth = match args.get(0) {
        None => false,
        Some(value) => vm.truth(value)?,
    };
    Ok(vm.bool(truth))
}
