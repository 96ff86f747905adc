//! `property`, `staticmethod` and `classmethod`.

use tailbite::Trace;

use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::{Args, R, Slots, Value, symbol};
use crate::vm::Vm;

#[derive(Trace)]
#[trace(protocol = &PROPERTY)]
pub(crate) struct Property {
    pub(crate) get: Option<Value>,
    pub(crate) set: Option<Value>,
    pub(crate) delete: Option<Value>,
}

pub(crate) static PROPERTY: Slots = Slots {
    class: Builtin::Property,
    get_attr: Some(|vm, this, name| {
        let property = this_property(this);
        Ok(match name.name() {
            "fget" => Some(property.get.clone().unwrap_or_else(|| vm.none())),
            "fset" => Some(property.set.clone().unwrap_or_else(|| vm.none())),
            "fdel" => Some(property.delete.clone().unwrap_or_else(|| vm.none())),
            "__doc__" => match &property.get {
                Some(get) => vm.find_attr(get, symbol::DOC)?,
                None => Some(vm.none()),
            },
            _ => None,
        })
    }),
    ..Slots::DEFAULT
};

pub(crate) const PROPERTY_METHODS: &[Method] = &[
    method("getter", 1, 1, |vm, args| with(vm, args, |property, function| property.get = function)),
    method("setter", 1, 1, |vm, args| with(vm, args, |property, function| property.set = function)),
    method("deleter", 1, 1, |vm, args| with(vm, args, |property, function| property.delete = function)),
];

fn this_property(this: &Value) -> &Property {
    this.downcast_ref::<Property>().expect("a property")
}

/// A copy of the property with one function exchanged.
fn with(vm: &Vm, args: Args, change: fn(&mut Property, Option<Value>)) -> R {
    let old = this_property(args.this());
    let mut property = Property { get: old.get.clone(), set: old.set.clone(), delete: old.delete.clone() };
    change(&mut property, Some(args[1].clone()));
    vm.alloc(property)
}

pub(crate) fn make_property(vm: &Vm, mut args: Args) -> R {
    let mut part = |index: usize, name: &str| {
        let keyword = args.take_keyword(symbol::Symbol::new(name));
        let value = keyword.or_else(|| args.get(index).cloned());
        value.filter(|value| !vm.is_none(value))
    };
    let property = Property { get: part(0, "fget"), set: part(1, "fset"), delete: part(2, "fdel") };
    vm.alloc(property)
}

#[derive(Trace)]
#[trace(protocol = &STATIC)]
pub(crate) struct StaticMethod(pub(crate) Value);

pub(crate) static STATIC: Slots = Slots {
    class: Builtin::StaticMethod,
    call: Some(|vm, this, args| {
        let function = this.downcast_ref::<StaticMethod>().expect("a static method");
        vm.call(&function.0, args)
    }),
    get_attr: Some(|vm, this, name| {
        let function = &this.downcast_ref::<StaticMethod>().expect("a static method").0;
        match name {
            symbol::FUNC | symbol::WRAPPED => Ok(Some(function.clone())),
            symbol::CLASS => Ok(None),
            _ => vm.find_attr(function, name),
        }
    }),
    ..Slots::DEFAULT
};

#[derive(Trace)]
#[trace(protocol = &CLASS)]
pub(crate) struct ClassMethod(pub(crate) Value);

pub(crate) static CLASS: Slots = Slots {
    class: Builtin::ClassMethod,
    get_attr: Some(|vm, this, name| {
        let function = &this.downcast_ref::<ClassMethod>().expect("a class method").0;
        match name {
            symbol::FUNC | symbol::WRAPPED => Ok(Some(function.clone())),
            symbol::CLASS => Ok(None),
            _ => vm.find_attr(function, name),
        }
    }),
    ..Slots::DEFAULT
};
