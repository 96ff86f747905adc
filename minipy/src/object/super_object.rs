//! `super()`: attribute look-up behind a class.

use tailbite::{Gc, Trace};

use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::{Args, R, Slots, Value, symbol};
use crate::vm::Vm;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Super {
    /// Look-up begins behind this class.
    class: Gc<Class>,
    this: Value,
    /// The class whose order of look-up counts: that of `this`, or `this` itself in a class method.
    start: Gc<Class>,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Super,
    get_attr: Some(|vm, this, name| {
        let this = this.downcast_ref::<Super>().expect("a super object");
        if name == symbol::CLASS {
            return Ok(None);
        }
        match this.start.lookup_after(&this.class, name) {
            Some(value) if this.this.is::<Class>() => vm.bind_class_attr(value, &this.this).map(Some),
            Some(value) => vm.bind(value, &this.this).map(Some),
            None => Ok(None),
        }
    }),
    ..Slots::DEFAULT
};

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    let [class, this] = &args.positional[..] else {
        return Err(vm.runtime_error("super(): no arguments"));
    };
    let Ok(class) = class.clone().downcast::<Class>() else {
        return Err(vm.type_error("super() argument 1 must be a type"));
    };
    let as_class = this.clone().downcast::<Class>().ok();
    let start = match as_class {
        Some(own) if own.is_subclass_of(&class) => own,
        _ => vm.class_of(this).clone(),
    };
    if !start.is_subclass_of(&class) {
        return Err(vm.type_error("super(type, obj): obj must be an instance or subtype of type"));
    }
    vm.alloc(Super { class, this: this.clone(), start })
}
