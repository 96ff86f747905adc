//! `instance.__dict__`: the attributes of an instance, seen as a mapping. A view: instances have no dict object.

use tailbite::Trace;

use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::instance::Instance;
use crate::object::symbol;
use crate::object::{Args, R, Slots, Value};
use crate::syntax::tree::CmpOp;
use crate::vm::Vm;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct InstanceDict(pub(crate) Value);

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::InstanceDict,
    repr: |vm, this| vm.repr(&copy(vm, this)?),
    hash: None,
    len: Some(|_, this| Ok(instance(this).attrs.len())),
    get_item: Some(|vm, this, key| {
        let name = vm.attr_name(key)?;
        instance(this).attrs.get(name).ok_or_else(|| vm.key_error(key.clone()))
    }),
    set_item: Some(|vm, this, key, value| {
        let name = vm.attr_name(&key)?;
        match value {
            Some(value) => instance(this).attrs.set(name, value),
            None if instance(this).attrs.remove(name) => {}
            None => return Err(vm.key_error(key)),
        }
        Ok(())
    }),
    contains: Some(|vm, this, key| Ok(instance(this).attrs.contains(vm.attr_name(key)?))),
    iter: Some(|vm, this| vm.iter(&copy(vm, this)?)),
    compare: Some(|vm, op, a, b| match op {
        CmpOp::Eq | CmpOp::Ne if a.is::<InstanceDict>() => vm.compare(op, &copy(vm, a)?, b).map(Some),
        CmpOp::Eq | CmpOp::Ne => vm.compare(op, a, &copy(vm, b)?).map(Some),
        _ => Ok(None),
    }),
    ..Slots::DEFAULT
};

/// What changes nothing is answered by a copy.
pub(crate) const METHODS: &[Method] = &[
    method("keys", 0, 0, |vm, args| on_copy(vm, args, "keys")),
    method("values", 0, 0, |vm, args| on_copy(vm, args, "values")),
    method("items", 0, 0, |vm, args| on_copy(vm, args, "items")),
    method("get", 1, 2, |vm, args| on_copy(vm, args, "get")),
    method("copy", 0, 0, |vm, args| copy(vm, args.this())),
    method("update", 0, 1, |vm, args| {
        let added = crate::object::dict::make(
            vm,
            Args { positional: args.positional[1..].iter().cloned().collect(), keywords: args.keywords.clone() },
        )?;
        let added = added.downcast_ref::<crate::object::dict::Dict>().expect("a dict").table.items();
        for (key, value) in added {
            vm.set_item(args.this(), key, Some(value))?;
        }
        Ok(vm.none())
    })
    .with_keywords(),
    method("pop", 1, 2, |vm, args| {
        let name = vm.attr_name(&args[1])?;
        let attrs = &instance(args.this()).attrs;
        match attrs.get(name) {
            Some(value) => {
                attrs.remove(name);
                Ok(value)
            }
            None => args.get(2).cloned().ok_or_else(|| vm.key_error(args[1].clone())),
        }
    }),
    method("clear", 0, 0, |vm, args| {
        let attrs = &instance(args.this()).attrs;
        for name in attrs.names() {
            attrs.remove(name);
        }
        Ok(vm.none())
    }),
];

fn instance(this: &Value) -> &Instance {
    let view = this.downcast_ref::<InstanceDict>().expect("an instance's dict");
    view.0.downcast_ref::<Instance>().expect("an instance")
}

fn copy(vm: &Vm, this: &Value) -> R {
    vm.dict_of_attrs(&instance(this).attrs)
}

fn on_copy(vm: &Vm, args: Args, name: &str) -> R {
    let copy = copy(vm, args.this())?;
    let function = vm.get_attr(&copy, symbol::Symbol::new(name))?;
    vm.call(&function, Args::new(args.positional[1..].iter().cloned()))
}
