//! The methods of `object` and `type`, and the `__dunder__` methods that show what builtin types can do.

use tailbite::Gc;

use crate::modules::weakref;
use crate::object::attrs::Attrs;
use crate::object::builtin_function::{BuiltinFunction, Method, Receiver, method};
use crate::object::class::{self, Class};
use crate::object::class_table::Builtin;
use crate::object::dict::Dict;
use crate::object::exception::ExceptionData;
use crate::object::instance::{self, Instance, Native};
use crate::object::items::Items;
use crate::object::slots::{default_repr, identity_hash};
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, Object, R, Slots, Value, dict, exception, float, int, list, set, string, tuple};
use crate::syntax::tree::{BinOp, CmpOp};
use crate::vm::Vm;

pub(crate) const METHODS: &[Method] = &[
    method("__init__", 0, u8::MAX, init).with_keywords(),
    method("__repr__", 0, 0, |vm, args| vm.string(default_repr(vm, args.this())?)),
    method("__str__", 0, 0, |vm, args| vm.string(vm.repr(args.this())?)),
    method("__hash__", 0, 0, default_hash),
    method("__eq__", 1, 1, |vm, args| match Value::ptr_eq(&args[0], &args[1]) {
        true => Ok(vm.bool(true)),
        false => Ok(vm.not_implemented()),
    }),
    method("__format__", 1, 1, |vm, args| match Str::of(&args[1]) {
        Some(spec) if spec.len() == 0 => vm.str_of(args.this()),
        _ => {
            let name = vm.type_name(args.this());
            Err(vm.type_error(format!("unsupported format string passed to {name}.__format__")))
        }
    }),
    method("__getattribute__", 1, 1, |vm, args| {
        let name = vm.attr_name(&args[1])?;
        match vm.default_get_attr(args.this(), name)? {
            Some(value) => Ok(value),
            None => Err(vm.no_attr(args.this(), name)),
        }
    }),
    method("__setattr__", 2, 2, |vm, args| {
        let name = vm.attr_name(&args[1])?;
        vm.default_set_attr(args.this(), name, Some(args[2].clone()))?;
        Ok(vm.none())
    }),
    method("__delattr__", 1, 1, |vm, args| {
        let name = vm.attr_name(&args[1])?;
        vm.default_set_attr(args.this(), name, None)?;
        Ok(vm.none())
    }),
    method("__dir__", 0, 0, |vm, args| vm.dir(args.this())),
];

pub(crate) const STATIC_METHODS: &[Method] = &[
    method("__new__", 1, u8::MAX, new).with_keywords(),
    method("__init_subclass__", 0, u8::MAX, |vm, _| Ok(vm.none())).with_keywords(),
];

pub(crate) const TYPE_METHODS: &[Method] = &[method("mro", 0, 0, |vm, args| {
    let class = args.this().downcast_ref::<Class>().expect("a class");
    vm.list(Items::collect(vm, class.mro().into_iter().map(Gc::erase))?)
})];

fn init(vm: &Vm, args: Args) -> R {
    let Some(instance) = args.this().downcast_ref::<Instance>() else {
        return Ok(vm.none());
    };
    let excess = args.len() > 1 || !args.keywords.is_empty();
    if excess && instance.class.builtin.layout() == Builtin::Object && !overrides_new(&instance.class) {
        let name = instance.class.name.borrow().clone();
        return Err(vm.type_error(format!("{name}() takes no arguments")));
    }
    Ok(vm.none())
}

fn overrides_new(class: &Class) -> bool {
    class.lookup(symbol::NEW).is_some_and(|new| !new.is::<BuiltinFunction>())
}

fn default_hash(vm: &Vm, args: Args) -> R {
    vm.int(identity_hash(vm, args.this())?)
}

pub(crate) fn is_default_hash(function: &Value) -> bool {
    function.downcast_ref::<BuiltinFunction>().is_some_and(|function| {
        function.receiver == Receiver::Method(Builtin::Object) && function.method.name == "__hash__"
    })
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    if args.len() > 0 {
        return Err(vm.type_error("object() takes no arguments"));
    }
    instance::allocate(vm, vm.class(Builtin::Object), &args)
}

/// `object.__new__(class, ...)` and that of the builtin classes.
fn new(vm: &Vm, mut args: Args) -> R {
    let class = args.positional.remove(0);
    let Ok(class) = class.downcast::<Class>() else {
        return Err(vm.type_error("object.__new__(X): X is not a type object"));
    };
    if class.is_builtin && !class.builtin.is_exception() {
        return vm.call_class(&class, args);
    }
    instance::allocate(vm, &class, &args)
}

/// `type(object)` and `type(name, bases, attributes)`.
pub(crate) fn make_type(vm: &Vm, args: Args) -> R {
    match &args.positional[..] {
        [object] => Ok(Gc::as_any(vm.class_of(object))),
        [name, bases, attributes] => {
            let (Some(name), Some(bases), Some(attributes)) = (Str::of(name), tuple::of(bases), Dict::of(attributes))
            else {
                return Err(vm.type_error("type.__new__() needs a str, a tuple and a dict"));
            };
            let mut attrs = Attrs::new(vm.heap());
            for (key, value) in attributes.table.items(vm)? {
                attrs.set(vm, vm.attr_name(&key)?, value)?;
            }
            if !attrs.contains(symbol::MODULE) {
                attrs.set(vm, symbol::MODULE, vm.name(symbol::MAIN)?)?;
            }
            class::build(vm, name.as_str(), name.as_str(), bases, attrs)
        }
        _ => Err(vm.type_error("type() takes 1 or 3 arguments")),
    }
}

/// The table of the builtin type behind an object: for an instance, that of its builtin data.
fn native_slots(value: &Value) -> &'static Slots {
    match instance::native(value) {
        None => value.slots(),
        Some(Native::Int(_)) => &int::SLOTS,
        Some(Native::Float(_)) => &float::SLOTS,
        Some(Native::Str(_)) => &string::SLOTS,
        Some(Native::Tuple(_)) => &tuple::SLOTS,
        Some(Native::List(_)) => &list::SLOTS,
        Some(Native::Dict(_)) => &dict::SLOTS,
        Some(Native::Set(_)) => &set::SLOTS,
        Some(Native::Exception(ExceptionData { .. })) => &exception::SLOTS,
        Some(Native::WeakKeys(_) | Native::WeakValues(_)) => &weakref::MAPPING,
        Some(Native::WeakSet(_)) => &weakref::SET,
    }
}

/// Generates the wrappers of one kind of operation.
macro_rules! wrappers {
    ($out:ident, $present:expr, $(($name:literal, $least:literal, $body:expr)),* $(,)?) => {
        if $present {
            $($out.push(method($name, $least, $least, $body));)*
        }
    };
}

/// `__len__` and the like for the operations that a table has.
pub(crate) fn dunder_methods(slots: &Slots) -> Vec<Method> {
    let mut out = Vec::new();
    wrappers!(out, true, ("__repr__", 0, |vm, args| vm.string((native_slots(args.this()).repr)(vm, args.this())?)));
    wrappers!(
        out,
        slots.str.is_some(),
        ("__str__", 0, |vm, args| {
            let slots = native_slots(args.this());
            vm.string(slots.str.unwrap_or(slots.repr)(vm, args.this())?)
        })
    );
    wrappers!(
        out,
        slots.hash.is_some(),
        ("__hash__", 0, |vm, args| match native_slots(args.this()).hash {
            Some(hash) => vm.int(hash(vm, args.this())?),
            None => Err(vm.unhashable(args.this())),
        })
    );
    wrappers!(
        out,
        slots.len.is_some(),
        ("__len__", 0, |vm, args| match native_slots(args.this()).len {
            Some(len) => vm.int(len(vm, args.this())? as i64),
            None => Ok(vm.not_implemented()),
        })
    );
    wrappers!(
        out,
        slots.truth.is_some(),
        ("__bool__", 0, |vm, args| match native_slots(args.this()).truth {
            Some(truth) => Ok(vm.bool(truth(vm, args.this())?)),
            None => Ok(vm.bool(true)),
        })
    );
    wrappers!(
        out,
        slots.get_item.is_some(),
        ("__getitem__", 1, |vm, args| {
            match native_slots(args.this()).get_item {
                Some(get_item) => get_item(vm, args.this(), &args[1]),
                None => Ok(vm.not_implemented()),
            }
        })
    );
    wrappers!(
        out,
        slots.set_item.is_some(),
        ("__setitem__", 2, |vm, args| set_item(vm, &args, Some(args[2].clone()))),
        ("__delitem__", 1, |vm, args| set_item(vm, &args, None)),
    );
    wrappers!(
        out,
        slots.contains.is_some(),
        ("__contains__", 1, |vm, args| {
            match native_slots(args.this()).contains {
                Some(contains) => Ok(vm.bool(contains(vm, args.this(), &args[1])?)),
                None => Ok(vm.not_implemented()),
            }
        })
    );
    wrappers!(
        out,
        slots.iter.is_some(),
        ("__iter__", 0, |vm, args| match native_slots(args.this()).iter {
            Some(iter) => iter(vm, args.this()),
            None => Ok(vm.not_implemented()),
        })
    );
    wrappers!(
        out,
        slots.next.is_some(),
        ("__next__", 0, |vm, args| match native_slots(args.this()).next {
            Some(next) => match next(vm, args.this())? {
                Some(value) => Ok(value),
                None => Err(vm.stop_iteration(None)),
            },
            None => Ok(vm.not_implemented()),
        })
    );
    wrappers!(
        out,
        slots.compare.is_some(),
        ("__eq__", 1, |vm, args| compare(vm, CmpOp::Eq, &args)),
        ("__ne__", 1, |vm, args| compare(vm, CmpOp::Ne, &args)),
        ("__lt__", 1, |vm, args| compare(vm, CmpOp::Lt, &args)),
        ("__le__", 1, |vm, args| compare(vm, CmpOp::Le, &args)),
        ("__gt__", 1, |vm, args| compare(vm, CmpOp::Gt, &args)),
        ("__ge__", 1, |vm, args| compare(vm, CmpOp::Ge, &args)),
    );
    wrappers!(
        out,
        slots.binary.is_some(),
        ("__add__", 1, |vm, args| binary(vm, BinOp::Add, &args[0], &args[1], &args)),
        ("__radd__", 1, |vm, args| binary(vm, BinOp::Add, &args[1], &args[0], &args)),
        ("__sub__", 1, |vm, args| binary(vm, BinOp::Sub, &args[0], &args[1], &args)),
        ("__rsub__", 1, |vm, args| binary(vm, BinOp::Sub, &args[1], &args[0], &args)),
        ("__mul__", 1, |vm, args| binary(vm, BinOp::Mul, &args[0], &args[1], &args)),
        ("__rmul__", 1, |vm, args| binary(vm, BinOp::Mul, &args[1], &args[0], &args)),
        ("__truediv__", 1, |vm, args| binary(vm, BinOp::Div, &args[0], &args[1], &args)),
        ("__rtruediv__", 1, |vm, args| binary(vm, BinOp::Div, &args[1], &args[0], &args)),
        ("__floordiv__", 1, |vm, args| binary(vm, BinOp::FloorDiv, &args[0], &args[1], &args)),
        ("__mod__", 1, |vm, args| binary(vm, BinOp::Mod, &args[0], &args[1], &args)),
        ("__pow__", 1, |vm, args| binary(vm, BinOp::Pow, &args[0], &args[1], &args)),
        ("__and__", 1, |vm, args| binary(vm, BinOp::And, &args[0], &args[1], &args)),
        ("__or__", 1, |vm, args| binary(vm, BinOp::Or, &args[0], &args[1], &args)),
        ("__xor__", 1, |vm, args| binary(vm, BinOp::Xor, &args[0], &args[1], &args)),
    );
    wrappers!(
        out,
        slots.in_place.is_some(),
        ("__iadd__", 1, |vm, args| in_place(vm, BinOp::Add, &args)),
        ("__ior__", 1, |vm, args| in_place(vm, BinOp::Or, &args)),
        ("__iand__", 1, |vm, args| in_place(vm, BinOp::And, &args)),
        ("__isub__", 1, |vm, args| in_place(vm, BinOp::Sub, &args)),
        ("__imul__", 1, |vm, args| in_place(vm, BinOp::Mul, &args)),
    );
    wrappers!(
        out,
        slots.unary.is_some(),
        ("__neg__", 0, |vm, args| unary(vm, crate::syntax::tree::UnaryOp::Neg, &args)),
        ("__abs__", 0, |vm, args| vm.absolute(args.this())),
    );
    out
}

fn set_item(vm: &Vm, args: &Args, value: Option<Value>) -> R {
    match native_slots(args.this()).set_item {
        Some(set_item) => set_item(vm, args.this(), args[1].clone(), value).map(|()| vm.none()),
        None => Ok(vm.not_implemented()),
    }
}

fn or_not_implemented(vm: &Vm, result: Option<Value>) -> R {
    Ok(result.unwrap_or_else(|| vm.not_implemented()))
}

fn compare(vm: &Vm, op: CmpOp, args: &Args) -> R {
    let result = match native_slots(args.this()).compare {
        Some(compare) => compare(vm, op, args.this(), &args[1])?,
        None => None,
    };
    or_not_implemented(vm, result)
}

fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value, args: &Args) -> R {
    let result = match native_slots(args.this()).binary {
        Some(binary) => binary(vm, op, a, b)?,
        None => None,
    };
    or_not_implemented(vm, result)
}

fn in_place(vm: &Vm, op: BinOp, args: &Args) -> R {
    let result = match native_slots(args.this()).in_place {
        Some(in_place) => in_place(vm, op, args.this(), &args[1])?,
        None => None,
    };
    or_not_implemented(vm, result)
}

fn unary(vm: &Vm, op: crate::syntax::tree::UnaryOp, args: &Args) -> R {
    let result = match native_slots(args.this()).unary {
        Some(unary) => unary(vm, op, args.this())?,
        None => None,
    };
    or_not_implemented(vm, result)
}

/// Fills a builtin class with its methods.
pub(crate) fn fill(vm: &Vm, class: &Gc<Class>) -> R<()> {
    let builtin = class.builtin;
    let spec = builtin.spec();
    let add = |method: Method, receiver: Receiver| {
        let name = Symbol::new(method.name);
        class.attrs.set(vm, name, vm.alloc(BuiltinFunction { method, receiver })?)
    };
    if let Some(slots) = spec.slots {
        for method in dunder_methods(slots) {
            add(method, Receiver::Method(builtin))?;
        }
        if slots.hash.is_none() {
            class.attrs.set(vm, symbol::HASH, vm.none())?;
        }
    }
    for method in spec.methods.iter().copied().flatten() {
        add(*method, Receiver::Method(builtin))?;
    }
    for method in spec.static_methods {
        add(*method, Receiver::Static(builtin))?;
    }
    Ok(())
}
