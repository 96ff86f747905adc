//! Bound methods: a function with the object it was found through.

use tailbite::Trace;

use crate::object::builtin_function::BuiltinFunction;
use crate::object::class_table::Builtin;
use crate::object::{R, Slots, Value, symbol};
use crate::syntax::tree::CmpOp;
use crate::vm::Vm;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct BoundMethod {
    pub(crate) function: Value,
    pub(crate) this: Value,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Method,
    repr: |vm, this| {
        let method = this_method(this);
        if let Some(function) = method.function.downcast_ref::<BuiltinFunction>() {
            return Ok(format!(
                "<built-in method {} of {} object at {}>",
                function.method.name,
                vm.type_name(&method.this),
                crate::object::slots::address(&method.this)
            ));
        }
        let name = match vm.get_attr(&method.function, symbol::QUALNAME) {
            Ok(name) => vm.str_text(&name)?,
            Err(_) => "?".to_owned(),
        };
        Ok(format!("<bound method {name} of {}>", vm.repr(&method.this)?))
    },
    hash: Some(|_, this| {
        let method = this_method(this);
        Ok((method.this.address() ^ method.function.address().rotate_left(7)) as i64)
    }),
    call: Some(|vm, this, args| {
        let method = this_method(this);
        vm.call(&method.function, vm.with_first(method.this.clone(), args)?)
    }),
    get_attr: Some(get_attr),
    compare: Some(|vm, op, a, b| {
        let (CmpOp::Eq | CmpOp::Ne, Some(a), Some(b)) =
            (op, a.downcast_ref::<BoundMethod>(), b.downcast_ref::<BoundMethod>())
        else {
            return Ok(None);
        };
        let same = Value::ptr_eq(&a.this, &b.this) && Value::ptr_eq(&a.function, &b.function);
        Ok(Some(vm.bool(same == (op == CmpOp::Eq))))
    }),
    ..Slots::DEFAULT
};

fn this_method(this: &Value) -> &BoundMethod {
    this.downcast_ref::<BoundMethod>().expect("a bound method")
}

fn get_attr(vm: &Vm, this: &Value, name: symbol::Symbol) -> R<Option<Value>> {
    let method = this_method(this);
    match name {
        symbol::SELF => Ok(Some(method.this.clone())),
        symbol::FUNC => Ok(Some(method.function.clone())),
        symbol::CLASS => Ok(None),
        // Everything else is the function's.
        _ => vm.find_attr(&method.function, name),
    }
}
