//! Instances of the script's classes, and exceptions.

use tailbite::{Gc, Trace};

use crate::modules::weakref::{KeyDict, ValueDict, WeakMembers};
use crate::object::attrs::AttrCell;
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::dict::Dict;
use crate::object::exception::ExceptionData;
use crate::object::int::Int;
use crate::object::items::Items;
use crate::object::list::List;
use crate::object::set::Set;
use crate::object::storage::{Refused, StorageBox, storage};
use crate::object::string::Str;
use crate::object::{Args, R, Value, float, instance_slots, int, set, string, symbol};
use crate::vm::Vm;

/// One managed object: the attributes are inside it, there is no separate dict.
#[derive(Trace)]
#[trace(finalize_on_request = finalize, protocol = &instance_slots::SLOTS)]
pub(crate) struct Instance {
    pub(crate) attrs: AttrCell,
    /// The data of the builtin class that the class derives from.
    pub(crate) native: Option<StorageBox<Native>>,
    pub(crate) class: Gc<Class>,
}

#[derive(Trace)]
pub(crate) enum Native {
    Int(Int),
    Float(f64),
    Str(Str),
    Tuple(Items),
    List(List),
    Dict(Dict),
    Set(Set),
    Exception(ExceptionData),
    WeakKeys(KeyDict),
    WeakValues(ValueDict),
    WeakSet(WeakMembers),
}

impl Instance {
    /// An instance without attributes, if there is memory for its data.
    pub(crate) fn new(vm: &Vm, class: Gc<Class>, native: Option<Native>) -> Result<Instance, Refused> {
        let native = match native {
            Some(native) => Some(StorageBox::try_new_in(native, storage(vm.heap())).map_err(|_| Refused)?),
            None => None,
        };
        Ok(Instance { attrs: AttrCell::new(vm.heap()), native, class })
    }
}

/// The builtin data of an instance.
pub(crate) fn native(value: &Value) -> Option<&Native> {
    value.downcast_ref::<Instance>()?.native.as_deref()
}

/// A new instance before `__init__`.
pub(crate) fn allocate(vm: &Vm, class: &Gc<Class>, args: &Args) -> R {
    let native = match class.builtin.layout() {
        Builtin::Int => Some(Native::Int(int::from_args(vm, args)?)),
        Builtin::Float => Some(Native::Float(float::from_args(vm, args)?)),
        Builtin::Str => {
            let text = string::make(vm, Args::new(args.positional.iter().cloned()))?;
            Some(Native::Str(Str::of(&text).expect("str makes strings").share()))
        }
        Builtin::Tuple => Some(Native::Tuple(match args.get(0) {
            Some(iterable) => vm.collect(iterable)?,
            None => Items::new(vm),
        })),
        Builtin::List => Some(Native::List(List::new(Items::new(vm)))),
        Builtin::Dict => Some(Native::Dict(Dict::new(vm))),
        Builtin::Set => Some(Native::Set(set::Set::new(vm)?)),
        Builtin::WeakKeyDictionary => Some(Native::WeakKeys(KeyDict::new(vm)?)),
        Builtin::WeakValueDictionary => Some(Native::WeakValues(ValueDict::new(vm)?)),
        Builtin::WeakSet => Some(Native::WeakSet(WeakMembers::new(vm)?)),
        Builtin::BaseException => {
            let args = vm.tuple(Items::copy(vm, &args.positional)?)?;
            Some(Native::Exception(ExceptionData::new(args)))
        }
        _ => None,
    };
    let instance = Instance::new(vm, class.clone(), native).map_err(|Refused| vm.memory_error())?;
    let instance = vm.make(instance)?;
    if class.has_del() {
        // Only these pay for finalization.
        Gc::request_finalizer(&instance);
    }
    Ok(Gc::erase(instance))
}

/// Runs `__del__`. The runtime calls it once in an object's life, by count or in a collection.
fn finalize(instance: &Gc<Instance>) {
    Vm::with_current(|vm| {
        let Some(function) = instance.class.lookup(symbol::DEL) else {
            return;
        };
        let this = Gc::as_any(instance);
        if let Err(raised) = vm.call(&function, Args::new([this])) {
            vm.unraisable(&raised, &function);
        }
    });
}
