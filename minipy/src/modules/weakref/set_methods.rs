//! The methods of weak sets.

use tailbite::{Gc, WeakRef};

use crate::object::builtin_function::{Method, method};
use crate::object::{Args, R, Value};
use crate::syntax::tree::BinOp;
use crate::vm::Vm;

use super::set::{WeakMembers, this_set};
use super::set_algebra::{change, combine, is_subset};

pub(super) const METHODS: &[Method] = &[
    method("__init__", 0, 1, init),
    method("add", 1, 1, |vm, args| {
        this_set(args.this()).add(vm, &args[1])?;
        Ok(vm.none())
    }),
    method("remove", 1, 1, |vm, args| match this_set(args.this()).remove(vm, &args[1])? {
        true => Ok(vm.none()),
        false => {
            let reference = vm.granted(|| WeakRef::try_new(&args[1]))?;
            Err(vm.key_error(Gc::erase(reference)))
        }
    }),
    method("discard", 1, 1, |vm, args| {
        this_set(args.this()).remove(vm, &args[1])?;
        Ok(vm.none())
    }),
    method("pop", 0, 0, |vm, args| match this_set(args.this()).pop() {
        Some(member) => Ok(member),
        None => Err(vm.key_error(vm.str("pop from empty WeakSet")?)),
    }),
    method("clear", 0, 0, |vm, args| {
        this_set(args.this()).clear();
        Ok(vm.none())
    }),
    method("copy", 0, 0, copy),
    method("update", 1, 1, |vm, args| changed(vm, args, BinOp::Or)),
    method("union", 1, 1, |vm, args| combined(vm, args, BinOp::Or)),
    method("intersection", 1, 1, |vm, args| combined(vm, args, BinOp::And)),
    method("intersection_update", 1, 1, |vm, args| changed(vm, args, BinOp::And)),
    method("difference", 1, 1, |vm, args| combined(vm, args, BinOp::Sub)),
    method("difference_update", 1, 1, |vm, args| changed(vm, args, BinOp::Sub)),
    method("symmetric_difference", 1, 1, |vm, args| combined(vm, args, BinOp::Xor)),
    method("symmetric_difference_update", 1, 1, |vm, args| changed(vm, args, BinOp::Xor)),
    method("issubset", 1, 1, |vm, args| {
        let other = WeakMembers::from_iterable(vm, &args[1])?;
        Ok(vm.bool(is_subset(vm, this_set(args.this()), &other)?))
    }),
    method("issuperset", 1, 1, |vm, args| {
        let other = WeakMembers::from_iterable(vm, &args[1])?;
        Ok(vm.bool(is_subset(vm, &other, this_set(args.this()))?))
    }),
    method("isdisjoint", 1, 1, |vm, args| {
        let common = combine(vm, BinOp::And, this_set(args.this()), &args[1])?;
        Ok(vm.bool(common.len() == 0))
    }),
];

pub(super) fn init(vm: &Vm, args: Args) -> R {
    if let Some(iterable) = args.get(1).filter(|iterable| !vm.is_none(iterable)) {
        this_set(args.this()).add_all(vm, vm.collect(iterable)?)?;
    }
    Ok(vm.none())
}

fn copy(vm: &Vm, args: Args) -> R {
    let copy = WeakMembers::new(vm)?;
    copy.add_all(vm, this_set(args.this()).members(vm)?)?;
    vm.alloc(copy)
}

fn combined(vm: &Vm, args: Args, op: BinOp) -> R {
    vm.alloc(combine(vm, op, this_set(args.this()), &args[1])?)
}

fn changed(vm: &Vm, args: Args, op: BinOp) -> R {
    let this: &Value = args.this();
    change(vm, op, this_set(this), &args[1])?;
    Ok(vm.none())
}
