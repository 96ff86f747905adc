//! Functions written in the script.

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{Gc, Trace};

use crate::compile::code::Code;
use crate::object::attrs::AttrCell;
use crate::object::cell::CellObject;
use crate::object::class_table::Builtin;
use crate::object::module::Namespace;
use crate::object::slots::address;
use crate::object::string::Str;
use crate::object::{R, Slots, Value, symbol, tuple};
use crate::vm::Vm;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Function {
    pub(crate) globals: Gc<Namespace>,
    /// Of the last positional parameters.
    pub(crate) defaults: RefCell<Option<Value>>,
    /// A dict, by parameter name.
    pub(crate) keyword_defaults: Option<Value>,
    /// A tuple of the captured cells.
    pub(crate) closure: Option<Value>,
    pub(crate) attrs: AttrCell,
    /// Shared and immutable; holds atoms only.
    #[trace(skip)]
    pub(crate) code: Rc<Code>,
    /// No edges for the collector: they can't be part of a cycle, and scripts see other objects with these texts.
    #[trace(skip)]
    pub(crate) name: RefCell<Gc<str>>,
    #[trace(skip)]
    pub(crate) qualname: RefCell<Gc<str>>,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Function,
    repr: |_, this| {
        let name = this_function(this).qualname.borrow().clone();
        Ok(format!("<function {name} at {}>", address(this)))
    },
    call: Some(|vm, this, args| vm.call_function(this, args)),
    get_attr: Some(get_attr),
    set_attr: Some(set_attr),
    ..Slots::DEFAULT
};

fn this_function(this: &Value) -> &Function {
    this.downcast_ref::<Function>().expect("a function")
}

impl Function {
    pub(crate) fn captured_cells(&self) -> impl Iterator<Item = Gc<CellObject>> {
        let cells = self.closure.as_ref().and_then(tuple::of).unwrap_or_default();
        cells.iter().filter_map(|cell| cell.clone().downcast().ok())
    }
}

fn get_attr(vm: &Vm, this: &Value, name: symbol::Symbol) -> R<Option<Value>> {
    let function = this_function(this);
    if let Some(value) = function.attrs.get(name) {
        return Ok(Some(value));
    }
    Ok(Some(match name {
        symbol::NAME => vm.text_object(&function.name)?,
        symbol::QUALNAME => vm.text_object(&function.qualname)?,
        symbol::MODULE => function.globals.get(symbol::NAME).unwrap_or_else(|| vm.none()),
        symbol::DOC => function.code.doc.clone().unwrap_or_else(|| vm.none()),
        symbol::DEFAULTS => function.defaults.borrow().clone().unwrap_or_else(|| vm.none()),
        symbol::CLOSURE => function.closure.clone().unwrap_or_else(|| vm.none()),
        symbol::DICT => vm.dict_of_names(&function.attrs)?,
        symbol::ANNOTATIONS => vm.new_dict()?,
        _ => return Ok(None),
    }))
}

fn set_attr(vm: &Vm, this: &Value, name: symbol::Symbol, value: Option<Value>) -> R<bool> {
    let function = this_function(this);
    let Some(value) = value else {
        return Ok(function.attrs.remove(name));
    };
    match name {
        symbol::NAME | symbol::QUALNAME => {
            let Some(text) = Str::of(&value) else {
                return Err(vm.type_error(format!("{name} must be set to a string object")));
            };
            let slot = if name == symbol::NAME { &function.name } else { &function.qualname };
            let old = slot.replace(text.text());
            drop(old);
        }
        symbol::DEFAULTS => {
            let defaults = tuple::of(&value).map(|_| value.clone());
            let old = function.defaults.replace(defaults);
            drop(old);
        }
        _ => function.attrs.set(vm, name, value)?,
    }
    Ok(true)
}
