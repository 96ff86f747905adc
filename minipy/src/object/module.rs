//! Modules and the variables in them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use tailbite::{Gc, Heap, Trace};

use crate::object::class_table::Builtin;
use crate::object::storage::Refused;
use crate::object::symbol::{self, Symbol};
use crate::object::{R, Slots, Value, attribute_dict};
use crate::vm::Vm;

/// A module's variables. Compiled code reaches them by slot.
#[derive(Trace)]
#[trace(protocol = &attribute_dict::SLOTS)]
pub(crate) struct Namespace {
    globals: RefCell<Vec<Global>>,
    #[trace(skip)]
    slots: RefCell<HashMap<Symbol, u32>>,
    #[trace(skip)]
    assignments: Cell<u64>,
}

#[derive(Trace)]
struct Global {
    #[trace(skip)]
    name: Symbol,
    value: Option<Value>,
    /// Orders variables by when they came to exist.
    #[trace(skip)]
    since: u64,
    /// The slot of the builtin of this name, once it was looked up.
    #[trace(skip)]
    builtin: Option<u32>,
}

impl Namespace {
    pub(crate) fn new(_: &Heap) -> Namespace {
        Namespace { globals: RefCell::default(), slots: RefCell::default(), assignments: Cell::new(0) }
    }

    /// Room for one more name, if there is memory.
    fn grow(&self) -> Result<(), Refused> {
        self.globals.borrow_mut().try_reserve(1).map_err(|_| Refused)?;
        self.slots.borrow_mut().try_reserve(1).map_err(|_| Refused)
    }

    /// The slot for a name, made if there is none yet.
    pub(crate) fn slot(&self, name: Symbol) -> u32 {
        *self.slots.borrow_mut().entry(name).or_insert_with(|| {
            let mut globals = self.globals.borrow_mut();
            globals.push(Global { name, value: None, since: 0, builtin: None });
            globals.len() as u32 - 1
        })
    }

    pub(crate) fn find_slot(&self, name: Symbol) -> Option<u32> {
        self.slots.borrow().get(&name).copied()
    }

    pub(crate) fn name_of(&self, slot: u32) -> Symbol {
        self.globals.borrow()[slot as usize].name
    }

    #[inline]
    pub(crate) fn load(&self, slot: u32) -> Option<Value> {
        self.globals.borrow()[slot as usize].value.clone()
    }

    /// The builtin that a variable of this name would hide.
    pub(crate) fn load_builtin(&self, slot: u32, builtins: &Namespace) -> Option<Value> {
        let (name, known) = {
            let global = &self.globals.borrow()[slot as usize];
            (global.name, global.builtin)
        };
        let found = known.or_else(|| builtins.find_slot(name))?;
        if known.is_none() {
            self.globals.borrow_mut()[slot as usize].builtin = Some(found);
        }
        builtins.load(found)
    }

    /// Returns the old value, for the caller to drop.
    #[must_use]
    pub(crate) fn store(&self, slot: u32, value: Option<Value>) -> Option<Value> {
        let global = &mut self.globals.borrow_mut()[slot as usize];
        if global.value.is_none() {
            self.assignments.set(self.assignments.get() + 1);
            global.since = self.assignments.get();
        }
        std::mem::replace(&mut global.value, value)
    }

    pub(crate) fn get(&self, name: Symbol) -> Option<Value> {
        self.load(self.find_slot(name)?)
    }

    pub(crate) fn set(&self, vm: &Vm, name: Symbol, value: Value) -> R<()> {
        vm.granted(|| self.grow())?;
        let old = self.store(self.slot(name), Some(value));
        drop(old);
        Ok(())
    }

    /// Whether there was one.
    pub(crate) fn remove(&self, name: Symbol) -> bool {
        let old = self.find_slot(name).and_then(|slot| self.store(slot, None));
        old.is_some()
    }

    /// The names that have a value, oldest first.
    pub(crate) fn names(&self) -> Vec<Symbol> {
        let globals = self.globals.borrow();
        let mut names: Vec<(u64, Symbol)> =
            globals.iter().filter(|global| global.value.is_some()).map(|global| (global.since, global.name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }
}

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Module {
    pub(crate) name: Symbol,
    pub(crate) namespace: Gc<Namespace>,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Module,
    repr: |_, this| Ok(format!("<module '{}'>", this_module(this).name)),
    get_attr: Some(|_, this, name| {
        let module = this_module(this);
        if name == symbol::DICT {
            return Ok(Some(Gc::as_any(&module.namespace)));
        }
        Ok(module.namespace.get(name))
    }),
    set_attr: Some(|vm, this, name, value| {
        let namespace = &this_module(this).namespace;
        match value {
            Some(value) => {
                namespace.set(vm, name, value)?;
                Ok(true)
            }
            None => Ok(namespace.remove(name)),
        }
    }),
    ..Slots::DEFAULT
};

fn this_module(this: &Value) -> &Module {
    this.downcast_ref::<Module>().expect("a module")
}
