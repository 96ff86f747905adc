//! Weak references and proxies: the runtime's own objects, dressed for the script.

use tailbite::{Gc, Proxy, Trace, WeakCallback, WeakRef};

use crate::modules::weakref;
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::function::Function;
use crate::object::generator::Generator;
use crate::object::instance::Instance;
use crate::object::module::Module;
use crate::object::set::{FrozenSet, Set};
use crate::object::slots::address;
use crate::object::{Args, R, Slots, Value, bound_method, builtin_function, symbol};
use crate::syntax::tree::CmpOp;
use crate::vm::Vm;

/// A Python function to be called when a referent dies.
#[derive(Trace)]
pub(crate) struct Callback {
    function: Value,
}

impl WeakCallback for Callback {
    fn call(&self, reference: &Value) {
        Vm::with_current(|vm| {
            if let Err(raised) = vm.call(&self.function, Args::new([reference.clone()])) {
                vm.unraisable(&raised, &self.function);
            }
        });
    }
}

/// Whether it is one of the runtime's own objects that scripts know.
pub(crate) fn is_reference(value: &Value) -> bool {
    value.is::<WeakRef>() || value.is::<Proxy>()
}

/// Whether it belongs to an object that stands for it.
pub(crate) fn is_part(value: &Value) -> bool {
    weakref::method::is_part(value)
}

/// The table of a type that brings none: the runtime's.
pub(crate) fn slots_of(value: &Value) -> &'static Slots {
    if value.is::<Proxy>() { &PROXY } else { &REF }
}

pub(crate) static REF: Slots = Slots {
    class: Builtin::WeakRef,
    repr: |vm, this| describe(vm, this, "weakref", this_ref(this).get()),
    hash: Some(|vm, this| vm.weak_hash(this, this_ref(this).get())),
    call: Some(|vm, this, _| Ok(this_ref(this).get().unwrap_or_else(|| vm.none()))),
    compare: Some(|vm, op, a, b| {
        let (CmpOp::Eq | CmpOp::Ne, Some(x), Some(y)) = (op, a.downcast_ref::<WeakRef>(), b.downcast_ref::<WeakRef>())
        else {
            return Ok(None);
        };
        match (x.get(), y.get()) {
            (Some(x), Some(y)) => vm.compare(op, &x, &y).map(Some),
            _ => Ok(Some(vm.bool(Value::ptr_eq(a, b) == (op == CmpOp::Eq)))),
        }
    }),
    get_attr: Some(|vm, this, name| match name {
        symbol::CALLBACK => Ok(Some(callback_of(vm, this_ref(this).callback()))),
        _ => Ok(None),
    }),
    ..Slots::DEFAULT
};

fn this_ref(this: &Value) -> &WeakRef {
    this.downcast_ref::<WeakRef>().expect("a weak reference")
}

fn callback_of(vm: &Vm, callback: Option<Value>) -> Value {
    let function = callback.and_then(|callback| Some(callback.downcast_ref::<Callback>()?.function.clone()));
    function.unwrap_or_else(|| vm.none())
}

pub(crate) fn describe(vm: &Vm, this: &Value, kind: &str, referent: Option<Value>) -> R<String> {
    let own = address(this);
    Ok(match referent {
        Some(referent) => {
            format!("<{kind} at {own}; to '{}' at {}>", vm.type_name(&referent), address(&referent))
        }
        None => format!("<{kind} at {own}; dead>"),
    })
}

/// The referent of a proxy, for the time of one operation.
fn referent(vm: &Vm, this: &Value) -> R {
    let proxy = this.downcast_ref::<Proxy>().expect("a proxy");
    proxy.get().map_err(|_| vm.reference_error())
}

/// The object itself, or what it is a proxy for.
fn through(vm: &Vm, value: &Value) -> R {
    if value.is::<Proxy>() { referent(vm, value) } else { Ok(value.clone()) }
}

pub(crate) static PROXY: Slots = Slots {
    class: Builtin::Proxy,
    atom: false,
    repr: |vm, this| {
        let proxy = this.downcast_ref::<Proxy>().expect("a proxy");
        describe(vm, this, "weakproxy", proxy.get().ok())
    },
    str: Some(|vm, this| vm.str_text(&referent(vm, this)?)),
    hash: None,
    truth: Some(|vm, this| vm.truth(&referent(vm, this)?)),
    len: Some(|vm, this| vm.len(&referent(vm, this)?)),
    get_item: Some(|vm, this, key| vm.get_item(&referent(vm, this)?, key)),
    set_item: Some(|vm, this, key, value| vm.set_item(&referent(vm, this)?, key, value)),
    contains: Some(|vm, this, item| vm.contains(&referent(vm, this)?, item)),
    iter: Some(|vm, this| vm.iter(&referent(vm, this)?)),
    next: Some(|vm, this| {
        let referent = referent(vm, this)?;
        if !vm.is_iterator(&referent) {
            let name = vm.type_name(&referent);
            return Err(vm.type_error(format!("Weakref proxy referenced a non-iterator '{name}' object")));
        }
        vm.next(&referent)
    }),
    call: Some(|vm, this, args| vm.call(&referent(vm, this)?, args)),
    get_attr: Some(|vm, this, name| {
        let referent = referent(vm, this)?;
        match vm.find_attr(&referent, name)? {
            Some(value) => Ok(Some(value)),
            None => Err(vm.no_attr(&referent, name)),
        }
    }),
    set_attr: Some(|vm, this, name, value| {
        let referent = referent(vm, this)?;
        match value {
            Some(value) => vm.set_attr(&referent, name, value)?,
            None => vm.delete_attr(&referent, name)?,
        }
        Ok(true)
    }),
    compare: Some(|vm, op, a, b| vm.compare(op, &through(vm, a)?, &through(vm, b)?).map(Some)),
    binary: Some(|vm, op, a, b| vm.binary(op, &through(vm, a)?, &through(vm, b)?).map(Some)),
    in_place: Some(|vm, op, a, b| vm.in_place(op, &through(vm, a)?, &through(vm, b)?).map(Some)),
    unary: Some(|vm, op, this| vm.unary(op, &referent(vm, this)?).map(Some)),
};

/// Whether objects like this one can be referred to weakly: as in CPython, not the simple builtin types.
pub(crate) fn is_weakrefable(value: &Value) -> bool {
    match value.downcast_ref::<Instance>() {
        Some(instance) => instance.class.weakrefable,
        None => {
            value.is::<Class>()
                || value.is::<Function>()
                || value.is::<Set>()
                || value.is::<FrozenSet>()
                || value.is::<Generator>()
                || value.is::<Module>()
                || value.is::<bound_method::BoundMethod>()
                || value.is::<builtin_function::BuiltinFunction>()
                || weakref::is_weakrefable(value)
        }
    }
}

pub(crate) fn check_weakrefable(vm: &Vm, value: &Value) -> R<()> {
    if is_weakrefable(value) {
        return Ok(());
    }
    let name = vm.type_name(value);
    Err(vm.type_error(format!("cannot create weak reference to '{name}' object")))
}

/// Whether a proxy can be called, because its referent can.
pub(crate) fn is_callable_proxy(vm: &Vm, proxy: &Value) -> bool {
    let referent = proxy.downcast_ref::<Proxy>().and_then(|proxy| proxy.get().ok());
    referent.is_some_and(|referent| vm.is_callable(&referent))
}

fn split_args(vm: &Vm, args: Args) -> R<(Value, Option<Value>)> {
    let mut positional = args.positional.into_iter();
    let Some(referent) = positional.next() else {
        return Err(vm.type_error("ref() missing required argument: the referent"));
    };
    check_weakrefable(vm, &referent)?;
    let callback = positional.next().filter(|callback| !vm.is_none(callback));
    if let Some(callback) = callback.as_ref().filter(|callback| !vm.is_callable(callback)) {
        let name = vm.type_name(callback);
        return Err(vm.type_error(format!("callback must be callable or None, not '{name}'")));
    }
    Ok((referent, callback))
}

/// `weakref.ref(object, callback)`.
pub(crate) fn make_ref(vm: &Vm, args: Args) -> R {
    let (referent, callback) = split_args(vm, args)?;
    let reference = match callback {
        None => vm.granted(|| WeakRef::try_new(&referent))?,
        Some(function) => {
            vm.granted_with(Callback { function }, |callback| WeakRef::try_with_callback(&referent, callback))?
        }
    };
    Ok(Gc::erase(reference))
}

/// `weakref.proxy(object, callback)`.
pub(crate) fn make_proxy(vm: &Vm, args: Args) -> R {
    let (referent, callback) = split_args(vm, args)?;
    Ok(Gc::erase(match callback {
        None => vm.granted(|| Proxy::try_new(&referent))?,
        Some(function) => {
            vm.granted_with(Callback { function }, |callback| Proxy::try_with_callback(&referent, callback))?
        }
    }))
}
