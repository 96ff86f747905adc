//! The operations of instances: each looks for a method in the class.

use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::instance::Instance;
use crate::object::int::Int;
use crate::object::iterators::IndexIterator;
use crate::object::singletons::Bool;
use crate::object::slots::identity_hash;
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, R, Slots, Value, object_class};
use crate::syntax::tree::{BinOp, CmpOp, UnaryOp};
use crate::vm::Vm;

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Object,
    repr: |vm, this| text_of(vm, this, symbol::REPR),
    str: Some(|vm, this| text_of(vm, this, symbol::STR)),
    hash: Some(hash),
    truth: Some(truth),
    len: Some(len),
    get_item: Some(|vm, this, key| match vm.call_special(this, symbol::GETITEM, [key.clone()])? {
        Some(value) => Ok(value),
        None => Err(lacks(vm, this, "is not subscriptable")),
    }),
    set_item: Some(|vm, this, key, value| {
        let (result, message) = match value {
            Some(value) => (vm.call_special(this, symbol::SETITEM, [key, value])?, "does not support item assignment"),
            None => (vm.call_special(this, symbol::DELITEM, [key])?, "doesn't support item deletion"),
        };
        result.map(drop).ok_or_else(|| lacks(vm, this, message))
    }),
    contains: Some(contains),
    iter: Some(iter),
    next: Some(next),
    call: Some(|vm, this, args| match class(this).lookup(symbol::CALL) {
        Some(function) => vm.call_unbound(&function, vm.with_first(this.clone(), args)?),
        None => Err(lacks(vm, this, "is not callable")),
    }),
    get_attr: None,
    set_attr: None,
    compare: Some(compare),
    binary: None,
    in_place: Some(|vm, op, a, b| special_operation(vm, in_place_name(op), a, b)),
    unary: Some(|vm, op, this| {
        let name = match op {
            UnaryOp::Neg => symbol::NEG,
            UnaryOp::Pos => symbol::POS,
            UnaryOp::Invert => symbol::INVERT,
            UnaryOp::Not => return Ok(None),
        };
        vm.call_special(this, name, [])
    }),
    atom: false,
};

fn class(this: &Value) -> &Class {
    &this.downcast_ref::<Instance>().expect("an instance").class
}

fn lacks(vm: &Vm, this: &Value, what: &str) -> crate::object::Raised {
    vm.type_error(format!("'{}' object {what}", vm.type_name(this)))
}

fn text_of(vm: &Vm, this: &Value, name: Symbol) -> R<String> {
    let _guard = vm.recurse()?;
    let Some(result) = vm.call_special(this, name, [])? else {
        return crate::object::slots::default_repr(vm, this);
    };
    match Str::of(&result) {
        Some(text) => vm.copy_text(text.as_str()),
        None => Err(vm.type_error(format!("{name} returned non-string (type {})", vm.type_name(&result)))),
    }
}

fn hash(vm: &Vm, this: &Value) -> R<i64> {
    let Some(function) = class(this).lookup(symbol::HASH) else {
        return identity_hash(vm, this);
    };
    if vm.is_none(&function) {
        return Err(vm.unhashable(this));
    }
    if object_class::is_default_hash(&function) {
        return identity_hash(vm, this);
    }
    let result = vm.call_unbound(&function, Args::new([this.clone()]))?;
    match Int::of(&result) {
        Some(Int::Small(-1)) => Ok(-2),
        Some(Int::Small(hash)) => Ok(*hash),
        Some(big) => Ok(big.hash()),
        None => Err(vm.type_error("__hash__ method should return an integer")),
    }
}

fn truth(vm: &Vm, this: &Value) -> R<bool> {
    if let Some(result) = vm.call_special(this, symbol::BOOL, [])? {
        return match result.downcast_ref::<Bool>() {
            Some(bool) => Ok(bool.value),
            None => {
                let name = vm.type_name(&result);
                Err(vm.type_error(format!("__bool__ should return bool, returned {name}")))
            }
        };
    }
    match class(this).lookup(symbol::LEN) {
        Some(_) => Ok(len(vm, this)? != 0),
        None => Ok(true),
    }
}

fn len(vm: &Vm, this: &Value) -> R<usize> {
    let Some(result) = vm.call_special(this, symbol::LEN, [])? else {
        let name = vm.type_name(this);
        return Err(vm.type_error(format!("object of type '{name}' has no len()")));
    };
    let len = vm.index(&result)?;
    usize::try_from(len).map_err(|_| vm.value_error("__len__() should return >= 0"))
}

fn contains(vm: &Vm, this: &Value, item: &Value) -> R<bool> {
    if let Some(result) = vm.call_special(this, symbol::CONTAINS, [item.clone()])? {
        return vm.truth(&result);
    }
    if !vm.is_iterable(this) {
        let name = vm.type_name(this);
        return Err(vm.type_error(format!("argument of type '{name}' is not iterable")));
    }
    let iterator = vm.iter(this)?;
    while let Some(candidate) = vm.next(&iterator)? {
        if vm.same_or_equal(&candidate, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn iter(vm: &Vm, this: &Value) -> R {
    if let Some(iterator) = vm.call_special(this, symbol::ITER, [])? {
        if !vm.is_iterator(&iterator) {
            let name = vm.type_name(&iterator);
            return Err(vm.type_error(format!("iter() returned non-iterator of type '{name}'")));
        }
        return Ok(iterator);
    }
    if class(this).lookup(symbol::GETITEM).is_some() {
        return vm.alloc(IndexIterator::new(this.clone(), Builtin::Iterator));
    }
    Err(lacks(vm, this, "is not iterable"))
}

fn next(vm: &Vm, this: &Value) -> R<Option<Value>> {
    match vm.call_special(this, symbol::NEXT, []) {
        Ok(Some(value)) => Ok(Some(value)),
        Ok(None) => Err(lacks(vm, this, "is not an iterator")),
        Err(raised) if vm.is_instance(&raised.0, Builtin::StopIteration) => Ok(None),
        Err(raised) => Err(raised),
    }
}

fn compare(vm: &Vm, op: CmpOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let name = match op {
        CmpOp::Eq => symbol::EQ,
        CmpOp::Ne => symbol::NE,
        CmpOp::Lt => symbol::LT,
        CmpOp::Le => symbol::LE,
        CmpOp::Gt => symbol::GT,
        _ => symbol::GE,
    };
    if let Some(result) = special_operation(vm, name, a, b)? {
        return Ok(Some(result));
    }
    // `!=` is the opposite of `==` where only that is defined.
    if op == CmpOp::Ne
        && class(a).lookup(symbol::NE).is_none()
        && let Some(equal) = special_operation(vm, symbol::EQ, a, b)?
    {
        return Ok(Some(vm.bool(!vm.truth(&equal)?)));
    }
    Ok(None)
}

/// Calls `a`'s method with `b`; `None` if there is none or it declines.
pub(crate) fn special_operation(vm: &Vm, name: Symbol, a: &Value, b: &Value) -> R<Option<Value>> {
    let result = vm.call_special(a, name, [b.clone()])?;
    Ok(result.filter(|result| !vm.is_not_implemented(result)))
}

const BINARY: [(Symbol, Symbol, Symbol); 13] = [
    (symbol::ADD, symbol::RADD, symbol::IADD),
    (symbol::SUB, symbol::RSUB, symbol::ISUB),
    (symbol::MUL, symbol::RMUL, symbol::IMUL),
    (symbol::TRUEDIV, symbol::RTRUEDIV, symbol::ITRUEDIV),
    (symbol::FLOORDIV, symbol::RFLOORDIV, symbol::IFLOORDIV),
    (symbol::MOD, symbol::RMOD, symbol::IMOD),
    (symbol::POW, symbol::RPOW, symbol::IPOW),
    (symbol::LSHIFT, symbol::RLSHIFT, symbol::ILSHIFT),
    (symbol::RSHIFT, symbol::RRSHIFT, symbol::IRSHIFT),
    (symbol::AND, symbol::RAND, symbol::IAND),
    (symbol::OR, symbol::ROR, symbol::IOR),
    (symbol::XOR, symbol::RXOR, symbol::IXOR),
    (symbol::MATMUL, symbol::RMATMUL, symbol::IMATMUL),
];

pub(crate) fn binary_name(op: BinOp) -> Symbol {
    BINARY[op as usize].0
}

pub(crate) fn reflected_name(op: BinOp) -> Symbol {
    BINARY[op as usize].1
}

fn in_place_name(op: BinOp) -> Symbol {
    BINARY[op as usize].2
}
