//! Unions, intersections and the like of weak sets with whatever can be iterated.

use crate::object::{R, Value};
use crate::syntax::tree::BinOp;
use crate::vm::Vm;

use super::set::WeakMembers;

pub(super) fn is_subset(vm: &Vm, a: &WeakMembers, b: &WeakMembers) -> R<bool> {
    for member in a.members(vm)? {
        if !b.contains(vm, &member)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A new set.
pub(super) fn combine(vm: &Vm, op: BinOp, set: &WeakMembers, other: &Value) -> R<WeakMembers> {
    let result = WeakMembers::new(vm)?;
    if op == BinOp::And {
        // As in CPython, of equal objects the other's stay.
        for item in vm.collect(other)? {
            if set.contains(vm, &item)? {
                result.add(vm, &item)?;
            }
        }
        return Ok(result);
    }
    result.add_all(vm, set.members(vm)?)?;
    change(vm, op, &result, other)?;
    Ok(result)
}

/// The same in place.
pub(super) fn change(vm: &Vm, op: BinOp, set: &WeakMembers, other: &Value) -> R<()> {
    if op == BinOp::Or {
        return set.add_all(vm, vm.collect(other)?);
    }
    let others = WeakMembers::from_iterable(vm, other)?;
    match op {
        BinOp::And => {
            for member in set.members(vm)? {
                if !others.contains(vm, &member)? {
                    set.remove(vm, &member)?;
                }
            }
        }
        BinOp::Sub => {
            for item in others.members(vm)? {
                set.remove(vm, &item)?;
            }
        }
        _ => {
            for item in others.members(vm)? {
                if !set.remove(vm, &item)? {
                    set.add(vm, &item)?;
                }
            }
        }
    }
    Ok(())
}

fn is_set_operation(op: BinOp) -> bool {
    matches!(op, BinOp::And | BinOp::Or | BinOp::Sub | BinOp::Xor)
}

pub(super) fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    match WeakMembers::of(a) {
        Some(set) if is_set_operation(op) => vm.alloc(combine(vm, op, set, b)?).map(Some),
        _ => Ok(None),
    }
}

pub(super) fn in_place(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    match WeakMembers::of(a) {
        Some(set) if is_set_operation(op) => {
            change(vm, op, set, b)?;
            Ok(Some(a.clone()))
        }
        _ => Ok(None),
    }
}
