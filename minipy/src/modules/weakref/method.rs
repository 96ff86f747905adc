//! `WeakMethod`: a bound method that keeps neither its object nor its function.

use std::cell::{Cell, RefCell};

use tailbite::{Gc, Trace, Weak, WeakCallback, WeakRef};

use crate::object::bound_method::BoundMethod;
use crate::object::class_table::Builtin;
use crate::object::{Args, R, Slots, Value, weak};
use crate::syntax::tree::CmpOp;
use crate::vm::Vm;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct WeakMethod {
    /// Both are there once it is made.
    object: RefCell<Option<Gc<WeakRef>>>,
    function: RefCell<Option<Gc<WeakRef>>>,
    callback: Option<Value>,
    /// Until one of the two dies.
    alive: Cell<bool>,
}

/// What the two references call.
#[derive(Trace)]
struct PartDied {
    /// Weak, so that the method is no part of a cycle.
    #[trace(skip)]
    method: Weak<WeakMethod>,
}

impl WeakCallback for PartDied {
    fn call(&self, _: &Value) {
        let Some(method) = self.method.upgrade().filter(|method| method.alive.replace(false)) else {
            return;
        };
        let Some(callback) = method.callback.clone() else {
            return;
        };
        Vm::with_current(|vm| {
            if let Err(raised) = vm.call(&callback, Args::new([Gc::as_any(&method)])) {
                vm.unraisable(&raised, &callback);
            }
        });
    }
}

/// What a script is shown of a weak reference: the method that it is a part of.
pub(crate) fn whole(reference: Value) -> Value {
    part_of(&reference).unwrap_or(reference)
}

/// The weak method that a reference is a part of.
fn part_of(reference: &Value) -> Option<Value> {
    let callback = reference.downcast_ref::<WeakRef>()?.callback()?;
    callback.downcast_ref::<PartDied>()?.method.upgrade().map(Gc::erase)
}

/// Whether a reference is a part of a weak method.
pub(crate) fn is_part(reference: &Value) -> bool {
    part_of(reference).is_some()
}

pub(super) static SLOTS: Slots = Slots {
    class: Builtin::WeakMethod,
    repr: |vm, this| weak::describe(vm, this, "weakref", this_method(this).object()),
    hash: Some(|vm, this| vm.weak_hash(this, this_method(this).object())),
    call: Some(|vm, this, _| {
        let this = this_method(this);
        match (this.function(), this.object()) {
            (Some(function), Some(object)) => vm.bound_method(function, object),
            _ => Ok(vm.none()),
        }
    }),
    compare: Some(|vm, op, a, b| {
        let (CmpOp::Eq | CmpOp::Ne, Some(x)) = (op, a.downcast_ref::<WeakMethod>()) else {
            return Ok(None);
        };
        if let Some(reference) = b.downcast_ref::<WeakRef>() {
            // It is a reference to its object, too.
            return match (x.object(), reference.get()) {
                (Some(x), Some(y)) => vm.compare(op, &x, &y).map(Some),
                _ => Ok(None),
            };
        }
        let Some(y) = b.downcast_ref::<WeakMethod>() else {
            return Ok(None);
        };
        let equal = match (x.parts(), y.parts()) {
            (Some(x), Some(y)) => vm.equal(&x[0], &y[0])? && vm.equal(&x[1], &y[1])?,
            _ => Value::ptr_eq(a, b),
        };
        Ok(Some(vm.bool(equal == (op == CmpOp::Eq))))
    }),
    ..Slots::DEFAULT
};

fn this_method(this: &Value) -> &WeakMethod {
    this.downcast_ref::<WeakMethod>().expect("a weak method")
}

impl WeakMethod {
    fn object(&self) -> Option<Value> {
        self.object.borrow().as_ref()?.get()
    }

    fn function(&self) -> Option<Value> {
        self.function.borrow().as_ref()?.get()
    }

    /// Object and function, while both are alive.
    fn parts(&self) -> Option<[Value; 2]> {
        if self.alive.get() { Some([self.object()?, self.function()?]) } else { None }
    }
}

/// `weakref.WeakMethod(method, callback)`.
pub(super) fn make(vm: &Vm, args: Args) -> R {
    let Some(bound) = args.get(0).and_then(Value::downcast_ref::<BoundMethod>) else {
        let shown = match args.get(0) {
            Some(other) => vm.repr(&Gc::as_any(vm.class_of(other)))?,
            None => return Err(vm.type_error("WeakMethod() missing 1 required argument: 'meth'")),
        };
        return Err(vm.type_error(format!("argument should be a bound method, not {shown}")));
    };
    weak::check_weakrefable(vm, &bound.this)?;
    weak::check_weakrefable(vm, &bound.function)?;
    let callback = args.get(1).filter(|callback| !vm.is_none(callback)).cloned();
    let method = vm.make(WeakMethod {
        object: RefCell::default(),
        function: RefCell::default(),
        callback,
        alive: Cell::new(true),
    })?;
    for (slot, part) in [(&method.object, &bound.this), (&method.function, &bound.function)] {
        let callback = PartDied { method: vm.granted(|| Gc::try_downgrade(&method))? };
        let reference = vm.granted_with(callback, |callback| WeakRef::try_with_callback(part, callback))?;
        slot.replace(Some(reference));
    }
    Ok(Gc::erase(method))
}
