//! The methods of sets; those of frozen sets are a part of them.

use crate::object::builtin_function::{Method, method};
use crate::object::items::Items;
use crate::object::set::{Set, same_kind, this_set};
use crate::object::{Args, R};
use crate::vm::Vm;

pub(crate) const METHODS: &[Method] = &[
    method("__init__", 0, 1, init),
    method("add", 1, 1, |vm, mut args| {
        let item = args.positional.pop().expect("one argument");
        this_set(args.this()).add(vm, item)?;
        Ok(vm.none())
    }),
    method("remove", 1, 1, |vm, args| match this_set(args.this()).remove(vm, &args[1])? {
        Some(removed) => {
            drop(removed);
            Ok(vm.none())
        }
        None => Err(vm.key_error(args[1].clone())),
    }),
    method("discard", 1, 1, |vm, args| {
        drop(this_set(args.this()).remove(vm, &args[1])?);
        Ok(vm.none())
    }),
    method("pop", 0, 0, |vm, args| match this_set(args.this()).pop() {
        Some(item) => Ok(item),
        None => Err(vm.key_error(vm.str("pop from an empty set")?)),
    }),
    method("clear", 0, 0, |vm, args| {
        this_set(args.this()).swap(&Set::new(vm)?);
        Ok(vm.none())
    }),
    method("update", 0, u8::MAX, |vm, args| {
        for other in &args.positional[1..] {
            for item in vm.collect(other)? {
                this_set(args.this()).add(vm, item)?;
            }
        }
        Ok(vm.none())
    }),
    method("difference_update", 0, u8::MAX, |vm, args| {
        for other in &args.positional[1..] {
            for item in vm.collect(other)? {
                drop(this_set(args.this()).remove(vm, &item)?);
            }
        }
        Ok(vm.none())
    }),
    method("intersection_update", 0, u8::MAX, |vm, args| {
        let kept = intersect(vm, &args)?;
        this_set(args.this()).swap(&kept);
        Ok(vm.none())
    }),
];

/// What sets and frozen sets share.
pub(crate) const COMMON: &[Method] = &[
    method("copy", 0, 0, |vm, args| {
        let copy = this_set(args.this()).copy(vm)?;
        same_kind(vm, args.this(), copy)
    }),
    method("union", 0, u8::MAX, |vm, args| {
        let union = this_set(args.this()).copy(vm)?;
        for other in &args.positional[1..] {
            for item in vm.collect(other)? {
                union.add(vm, item)?;
            }
        }
        same_kind(vm, args.this(), union)
    }),
    method("intersection", 0, u8::MAX, |vm, args| {
        let kept = intersect(vm, &args)?;
        same_kind(vm, args.this(), kept)
    }),
    method("difference", 0, u8::MAX, |vm, args| {
        let mut kept = this_set(args.this()).copy(vm)?;
        for other in &args.positional[1..] {
            kept = kept.filter(vm, &Set::from_items(vm, vm.collect(other)?)?, false)?;
        }
        same_kind(vm, args.this(), kept)
    }),
    method("symmetric_difference", 1, 1, |vm, args| {
        let this = this_set(args.this());
        let other = Set::from_items(vm, vm.collect(&args[1])?)?;
        let left = this.filter(vm, &other, false)?.copy_items(vm)?;
        let right = other.filter(vm, this, false)?.copy_items(vm)?;
        let set = Set::from_items(vm, left.into_iter().chain(right))?;
        same_kind(vm, args.this(), set)
    }),
    method("issubset", 1, 1, |vm, args| {
        let other = Set::from_items(vm, vm.collect(&args[1])?)?;
        Ok(vm.bool(this_set(args.this()).is_subset(vm, &other)?))
    }),
    method("issuperset", 1, 1, |vm, args| {
        let other = Set::from_items(vm, vm.collect(&args[1])?)?;
        Ok(vm.bool(other.is_subset(vm, this_set(args.this()))?))
    }),
    method("isdisjoint", 1, 1, |vm, args| {
        for item in vm.collect(&args[1])? {
            if this_set(args.this()).contains(vm, &item)? {
                return Ok(vm.bool(false));
            }
        }
        Ok(vm.bool(true))
    }),
];

fn init(vm: &Vm, args: Args) -> R {
    let items = match args.get(1) {
        Some(iterable) => vm.collect(iterable)?,
        None => Items::new(vm),
    };
    this_set(args.this()).swap(&Set::from_items(vm, items)?);
    Ok(vm.none())
}

fn intersect(vm: &Vm, args: &Args) -> R<Set> {
    let mut kept = this_set(args.this()).copy(vm)?;
    for other in &args.positional[1..] {
        kept = kept.filter(vm, &Set::from_items(vm, vm.collect(other)?)?, true)?;
    }
    Ok(kept)
}
