//! The methods of the weak dictionaries.

use tailbite::WeakRef;

use crate::object::builtin_function::{Method, method};
use crate::object::items::Items;
use crate::object::{Args, R};
use crate::vm::Vm;

use super::mapping::{this_mapping, update};
use super::snapshot::{Part, WeakIterator};

pub(super) const METHODS: &[Method] = &[
    method("__init__", 0, 1, init).with_keywords(),
    method("get", 1, 2, |vm, args| match this_mapping(args.this()).get(vm, &args[1])? {
        Some(value) => Ok(value),
        None => Ok(args.get(2).cloned().unwrap_or_else(|| vm.none())),
    }),
    method("keys", 0, 0, |vm, args| WeakIterator::over(vm, this_mapping(args.this()), Part::Keys)),
    method("values", 0, 0, |vm, args| WeakIterator::over(vm, this_mapping(args.this()), Part::Values)),
    method("items", 0, 0, |vm, args| WeakIterator::over(vm, this_mapping(args.this()), Part::Items)),
    method("pop", 1, 2, |vm, args| {
        let this = this_mapping(args.this());
        match this.remove(vm, &args[1])? {
            Some(value) => Ok(value),
            None => match args.get(2) {
                Some(default) => Ok(default.clone()),
                None => Err(vm.key_error(this.missing(vm, &args[1])?)),
            },
        }
    }),
    method("popitem", 0, 0, |vm, args| match this_mapping(args.this()).pop_last() {
        Some((key, value)) => vm.tuple_of([key, value]),
        None => Err(vm.key_error(vm.str("popitem(): dictionary is empty")?)),
    }),
    method("setdefault", 1, 2, |vm, args| {
        let this = this_mapping(args.this());
        if let Some(value) = this.get(vm, &args[1])? {
            return Ok(value);
        }
        let value = args.get(2).cloned().unwrap_or_else(|| vm.none());
        this.set(vm, args[1].clone(), value.clone())?;
        Ok(value)
    }),
    method("update", 0, 1, init).with_keywords(),
    method("clear", 0, 0, |vm, args| {
        this_mapping(args.this()).clear();
        Ok(vm.none())
    }),
    method("copy", 0, 0, copy),
    method("__copy__", 0, 0, copy),
];

pub(super) const KEY_METHODS: &[Method] = &[method("keyrefs", 0, 0, references)];

pub(super) const VALUE_METHODS: &[Method] =
    &[method("valuerefs", 0, 0, references), method("itervaluerefs", 0, 0, |vm, args| vm.iter(&references(vm, args)?))];

/// Adds what is given: what `__init__` and `update` do.
pub(super) fn init(vm: &Vm, args: Args) -> R {
    let this = this_mapping(args.this());
    if let Some(other) = args.get(1).filter(|other| !vm.is_none(other)) {
        update(vm, this, other)?;
    }
    for (name, value) in &args.keywords {
        this.set(vm, vm.name(*name)?, value.clone())?;
    }
    Ok(vm.none())
}

fn copy(vm: &Vm, args: Args) -> R {
    let this = this_mapping(args.this());
    let copy = this.empty(vm)?;
    let mut pairs = this.pairs(vm)?.into_iter();
    while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
        this_mapping(&copy).set(vm, key, value)?;
    }
    Ok(copy)
}

/// `keyrefs` and `valuerefs`.
fn references(vm: &Vm, args: Args) -> R {
    let this = this_mapping(args.this());
    let pairs = this.weak_pairs(vm)?;
    let first = usize::from(!this.is_weak_by_key());
    let references = pairs.iter().skip(first).step_by(2).filter(|reference| reference.is::<WeakRef>());
    vm.list(Items::collect(vm, references.cloned())?)
}
