//! The variable that a closure shares with its function.

use std::cell::RefCell;

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::slots::address;
use crate::object::{Slots, Value};

#[derive(Trace, Default)]
#[trace(protocol = &SLOTS)]
pub(crate) struct CellObject(RefCell<Option<Value>>);

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Cell,
    repr: |vm, this| {
        let content = this.downcast_ref::<CellObject>().and_then(CellObject::get);
        let this = address(this);
        Ok(match content {
            Some(content) => format!("<cell at {this}: {} object at {}>", vm.type_name(&content), address(&content)),
            None => format!("<cell at {this}: empty>"),
        })
    },
    get_attr: Some(|_, this, name| {
        let cell = this.downcast_ref::<CellObject>().filter(|_| name.name() == "cell_contents");
        Ok(cell.and_then(CellObject::get))
    }),
    ..Slots::DEFAULT
};

impl CellObject {
    pub(crate) fn get(&self) -> Option<Value> {
        self.0.borrow().clone()
    }

    /// Returns what was in it, for the caller to drop.
    pub(crate) fn replace(&self, value: Option<Value>) -> Option<Value> {
        self.0.replace(value)
    }
}
