//! Attributes seen as a mapping: `instance.__dict__`, and the variables of a module, `globals()`. Both are live: an instance has no
//! dict object, so its view looks into the instance; a module's variables are an object, which is its own mapping.

use tailbite::Trace;

use crate::object::attrs::AttrCell;
use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::dict::{self, Dict};
use crate::object::instance::Instance;
use crate::object::module::Namespace;
use crate::object::symbol::Symbol;
use crate::object::{Args, R, Slots, Value};
use crate::syntax::tree::CmpOp;
use crate::vm::Vm;

/// `instance.__dict__`.
#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct InstanceDict(pub(crate) Value);

/// Values by name, wherever they are.
pub(crate) trait Names {
    fn get(&self, name: Symbol) -> Option<Value>;
    fn set(&self, vm: &Vm, name: Symbol, value: Value) -> R<()>;
    /// Whether there was one.
    fn remove(&self, name: Symbol) -> bool;
    /// All names that have a value, oldest first.
    fn all(&self, vm: &Vm) -> R<Vec<Symbol>>;
}

impl Names for AttrCell {
    fn get(&self, name: Symbol) -> Option<Value> {
        AttrCell::get(self, name)
    }

    fn set(&self, vm: &Vm, name: Symbol, value: Value) -> R<()> {
        AttrCell::set(self, vm, name, value)
    }

    fn remove(&self, name: Symbol) -> bool {
        AttrCell::remove(self, name)
    }

    fn all(&self, vm: &Vm) -> R<Vec<Symbol>> {
        let mut names = Vec::new();
        for name in self.names() {
            vm.granted(|| names.try_reserve(1))?;
            names.push(name);
        }
        Ok(names)
    }
}

impl Names for Namespace {
    fn get(&self, name: Symbol) -> Option<Value> {
        Namespace::get(self, name)
    }

    fn set(&self, vm: &Vm, name: Symbol, value: Value) -> R<()> {
        Namespace::set(self, vm, name, value)
    }

    fn remove(&self, name: Symbol) -> bool {
        Namespace::remove(self, name)
    }

    fn all(&self, _: &Vm) -> R<Vec<Symbol>> {
        // Their number is that of the names in the program's text, and of those that are counted as names.
        Ok(self.names())
    }
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::AttributeDict,
    repr: |vm, this| vm.repr(&copy(vm, this)?),
    hash: None,
    len: Some(|vm, this| Ok(names(this).all(vm)?.len())),
    get_item: Some(|vm, this, key| {
        let found = names(this).get(vm.attr_name(key)?);
        found.ok_or_else(|| vm.key_error(key.clone()))
    }),
    set_item: Some(|vm, this, key, value| {
        let name = vm.attr_name(&key)?;
        match value {
            Some(value) => names(this).set(vm, name, value)?,
            None if names(this).remove(name) => {}
            None => return Err(vm.key_error(key)),
        }
        Ok(())
    }),
    contains: Some(|vm, this, key| Ok(names(this).get(vm.attr_name(key)?).is_some())),
    iter: Some(|vm, this| vm.iter(&copy(vm, this)?)),
    compare: Some(|vm, op, a, b| match op {
        CmpOp::Eq | CmpOp::Ne if is_view(a) => vm.compare(op, &copy(vm, a)?, b).map(Some),
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
    method("get", 1, 2, |vm, args| {
        let found = names(args.this()).get(vm.attr_name(&args[1])?);
        Ok(found.or_else(|| args.get(2).cloned()).unwrap_or_else(|| vm.none()))
    }),
    method("copy", 0, 0, |vm, args| copy(vm, args.this())),
    method("update", 0, 1, |vm, args| {
        let this = args.this().clone();
        let added = dict::make(
            vm,
            Args { positional: args.positional[1..].iter().cloned().collect(), keywords: args.keywords.clone() },
        )?;
        for (key, value) in added.downcast_ref::<Dict>().expect("a dict").table.items(vm)? {
            vm.set_item(&this, key, Some(value))?;
        }
        Ok(vm.none())
    })
    .with_keywords(),
    method("setdefault", 1, 2, |vm, args| {
        let name = vm.attr_name(&args[1])?;
        if let Some(value) = names(args.this()).get(name) {
            return Ok(value);
        }
        let value = args.get(2).cloned().unwrap_or_else(|| vm.none());
        names(args.this()).set(vm, name, value.clone())?;
        Ok(value)
    }),
    method("pop", 1, 2, |vm, args| {
        let name = vm.attr_name(&args[1])?;
        match names(args.this()).get(name) {
            Some(value) => {
                names(args.this()).remove(name);
                Ok(value)
            }
            None => args.get(2).cloned().ok_or_else(|| vm.key_error(args[1].clone())),
        }
    }),
    method("clear", 0, 0, |vm, args| {
        for name in names(args.this()).all(vm)? {
            names(args.this()).remove(name);
        }
        Ok(vm.none())
    }),
];

fn is_view(value: &Value) -> bool {
    value.is::<InstanceDict>() || value.is::<Namespace>()
}

fn names(this: &Value) -> &dyn Names {
    match this.downcast_ref::<InstanceDict>() {
        Some(view) => &view.0.downcast_ref::<Instance>().expect("an instance").attrs,
        None => this.downcast_ref::<Namespace>().expect("the variables of a module"),
    }
}

fn copy(vm: &Vm, this: &Value) -> R {
    vm.dict_of_names(names(this))
}

fn on_copy(vm: &Vm, args: Args, name: &str) -> R {
    let copy = copy(vm, args.this())?;
    let function = vm.get_attr(&copy, Symbol::new(name))?;
    vm.call(&function, Args::new(args.positional[1..].iter().cloned()))
}
