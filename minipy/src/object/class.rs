//! Classes.

use std::cell::{Cell, RefCell};

use tailbite::{Gc, Trace};

use crate::object::attrs::{AttrCell, Attrs};
use crate::object::class_table::Builtin;
use crate::object::descriptors::ClassMethod;
use crate::object::function::Function;
use crate::object::instance::Instance;
use crate::object::items::Items;
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, R, Slots, Value};
use crate::vm::Vm;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Class {
    pub(crate) attrs: AttrCell,
    pub(crate) bases: Vec<Gc<Class>>,
    /// The order of attribute look-up. Begins with the class itself: as in CPython, every class is part of a cycle.
    mro: RefCell<Vec<Gc<Class>>>,
    #[trace(skip)]
    pub(crate) name: RefCell<Gc<str>>,
    #[trace(skip)]
    pub(crate) qualname: RefCell<Gc<str>>,
    /// The builtin class that this is, or whose data its instances carry.
    #[trace(skip)]
    pub(crate) builtin: Builtin,
    pub(crate) is_builtin: bool,
    /// Instances take any attribute; otherwise only those in `slots`.
    has_dict: bool,
    pub(crate) weakrefable: bool,
    #[trace(skip)]
    slots: Vec<Symbol>,
    /// Defines `__del__` itself.
    defines_del: Cell<bool>,
    /// Defines `__getattribute__` or `__setattr__`, or a base does.
    pub(crate) custom_access: Cell<bool>,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Type,
    repr: |_, this| Ok(format!("<class '{}'>", this_class(this).full_name())),
    call: Some(|vm, this, args| {
        let class = this.clone().downcast::<Class>().expect("a class");
        vm.call_class(&class, args)
    }),
    get_item: Some(|vm, this, key| {
        // `list[int]` and the like: annotations are not kept.
        if this_class(this).is_builtin {
            return Ok(this.clone());
        }
        match this_class(this).lookup(symbol::CLASS_GETITEM) {
            Some(function) => {
                let function = vm.bind_class_attr(function, this)?;
                vm.call(&function, Args::new([key.clone()]))
            }
            None => Err(vm.type_error(format!("type '{}' is not subscriptable", this_class(this).name.borrow()))),
        }
    }),
    binary: Some(|_, op, a, _| match op {
        // `int | None` in annotations.
        crate::syntax::tree::BinOp::Or => Ok(Some(a.clone())),
        _ => Ok(None),
    }),
    ..Slots::DEFAULT
};

fn this_class(this: &Value) -> &Class {
    this.downcast_ref::<Class>().expect("a class")
}

impl Class {
    /// A builtin class, still without attributes.
    pub(crate) fn new_builtin(heap: &tailbite::Heap, builtin: Builtin, base: Option<Gc<Class>>) -> Gc<Class> {
        let class = heap.alloc(Class {
            attrs: AttrCell::new(heap),
            bases: base.iter().cloned().collect(),
            mro: RefCell::default(),
            name: RefCell::new(heap.alloc_str(builtin.name())),
            qualname: RefCell::new(heap.alloc_str(builtin.name())),
            builtin,
            is_builtin: true,
            has_dict: builtin.is_exception() || builtin == Builtin::SimpleNamespace,
            weakrefable: builtin.is_exception(),
            slots: Vec::new(),
            defines_del: Cell::new(false),
            custom_access: Cell::new(false),
        });
        let mut mro = vec![class.clone()];
        if let Some(base) = base {
            mro.extend(base.mro.borrow().iter().cloned());
        }
        *class.mro.borrow_mut() = mro;
        class
    }

    /// With the module, as `repr` shows it.
    pub(crate) fn full_name(&self) -> String {
        let qualname = self.qualname.borrow();
        let module = match self.is_builtin {
            true => self.builtin.module().to_owned(),
            false => match self.attrs.get(symbol::MODULE) {
                Some(module) => Str::of(&module).map(|text| text.as_str().to_owned()).unwrap_or_default(),
                None => String::new(),
            },
        };
        if module == "builtins" || module.is_empty() { qualname.to_string() } else { format!("{module}.{qualname}") }
    }

    /// A class attribute, own or inherited.
    #[inline]
    pub(crate) fn lookup(&self, name: Symbol) -> Option<Value> {
        self.mro.borrow().iter().find_map(|class| class.attrs.get(name))
    }

    /// The same, in the classes behind `after` in the order of look-up.
    pub(crate) fn lookup_after(&self, after: &Gc<Class>, name: Symbol) -> Option<Value> {
        let mro = self.mro.borrow();
        let behind = mro.iter().skip_while(|class| !Gc::ptr_eq(class, after)).skip(1);
        behind.into_iter().find_map(|class| class.attrs.get(name))
    }

    pub(crate) fn mro(&self) -> Vec<Gc<Class>> {
        self.mro.borrow().clone()
    }

    /// Identity.
    pub(crate) fn is(&self, other: &Class) -> bool {
        std::ptr::eq(self, other)
    }

    pub(crate) fn is_subclass_of(&self, other: &Class) -> bool {
        self.mro.borrow().iter().any(|class| class.is(other))
    }

    pub(crate) fn is_subclass_of_builtin(&self, builtin: Builtin) -> bool {
        self.mro.borrow().iter().any(|class| class.is_builtin && class.builtin == builtin)
    }

    pub(crate) fn has_del(&self) -> bool {
        self.mro.borrow().iter().any(|class| class.defines_del.get())
    }

    pub(crate) fn allows_attr(&self, name: Symbol) -> bool {
        self.has_dict || self.slots.contains(&name)
    }

    pub(crate) fn has_dict(&self) -> bool {
        self.has_dict
    }

    /// Sets or deletes a class attribute. Whether there was one to delete.
    pub(crate) fn set_attr(&self, vm: &Vm, name: Symbol, value: Option<Value>) -> R<bool> {
        let existed = match value {
            Some(value) => {
                self.attrs.set(vm, name, value)?;
                true
            }
            None => self.attrs.remove(name),
        };
        self.note_special(name);
        Ok(existed)
    }

    fn note_special(&self, name: Symbol) {
        match name {
            symbol::DEL => self.defines_del.set(self.attrs.contains(name)),
            symbol::GETATTRIBUTE | symbol::SETATTR | symbol::DELATTR if self.attrs.contains(name) => {
                self.custom_access.set(true);
            }
            _ => {}
        }
    }
}

/// Makes a class, as the `class` statement and `type(name, bases, dict)` do.
pub(crate) fn build(vm: &Vm, name: &str, qualname: &str, bases: &[Value], mut attrs: Attrs) -> R {
    let bases = check_bases(vm, bases)?;
    let layout = best_layout(vm, &bases)?;
    if attrs.contains(symbol::EQ) && !attrs.contains(symbol::HASH) {
        attrs.set(vm, symbol::HASH, vm.none())?;
    }
    for special in [symbol::INIT_SUBCLASS, symbol::CLASS_GETITEM] {
        if let Some(function) = attrs.get(special).filter(|value| value.is::<Function>()).cloned() {
            attrs.set(vm, special, vm.alloc(ClassMethod(function))?)?;
        }
    }
    let own_slots = match attrs.get(symbol::SLOTS).cloned() {
        Some(slots) => Some(slot_names(vm, &slots)?),
        None => None,
    };
    let is_object = |base: &Gc<Class>| base.is_builtin && base.builtin == Builtin::Object;
    let inherited = |test: fn(&Class) -> bool| bases.iter().any(|base| test(base));
    let mut slots = own_slots.clone().unwrap_or_default();
    for base in bases.iter().filter(|base| !is_object(base)) {
        slots.extend(&base.slots);
    }
    let names = |name: Symbol| own_slots.as_ref().is_none_or(|slots| slots.contains(&name));
    let class = vm.make(Class {
        has_dict: names(symbol::DICT) || inherited(|base| base.has_dict),
        weakrefable: names(symbol::WEAKREF) || inherited(|base| base.weakrefable),
        slots,
        builtin: layout,
        is_builtin: false,
        defines_del: Cell::new(attrs.contains(symbol::DEL)),
        custom_access: Cell::new(inherited(|base| base.custom_access.get())),
        name: RefCell::new(vm.text(name)?),
        qualname: RefCell::new(vm.text(qualname)?),
        attrs: AttrCell::of(attrs),
        bases,
        mro: RefCell::default(),
    })?;
    for name in [symbol::GETATTRIBUTE, symbol::SETATTR, symbol::DELATTR] {
        class.note_special(name);
    }
    let order = resolution_order(vm, &class)?;
    drop(class.mro.replace(order));
    announce(vm, &class)?;
    Ok(Gc::erase(class))
}

fn check_bases(vm: &Vm, bases: &[Value]) -> R<Vec<Gc<Class>>> {
    let mut checked: Vec<Gc<Class>> = Vec::new();
    for base in bases {
        let Ok(base) = base.clone().downcast::<Class>() else {
            return Err(vm.type_error("bases must be types"));
        };
        if base.is_builtin && !base.builtin.spec().is_base {
            let name = base.builtin.name();
            return Err(vm.type_error(format!("type '{name}' is not an acceptable base type")));
        }
        if checked.iter().any(|other| Gc::ptr_eq(other, &base)) {
            let name = base.name.borrow().clone();
            return Err(vm.type_error(format!("duplicate base class {name}")));
        }
        checked.push(base);
    }
    if checked.is_empty() {
        checked.push(vm.class(Builtin::Object).clone());
    }
    Ok(checked)
}

/// The builtin data that instances carry: at most one of the bases may bring some.
fn best_layout(vm: &Vm, bases: &[Gc<Class>]) -> R<Builtin> {
    let mut best = Builtin::Object;
    for base in bases {
        let layout = base.builtin.layout();
        if layout == Builtin::Object || layout == best {
            continue;
        }
        if best != Builtin::Object {
            return Err(vm.type_error("multiple bases have instance lay-out conflict"));
        }
        best = layout;
    }
    Ok(best)
}

fn slot_names(vm: &Vm, slots: &Value) -> R<Vec<Symbol>> {
    let names = match Str::of(slots) {
        Some(_) => Items::from_array(vm, [slots.clone()])?,
        None => vm.collect(slots)?,
    };
    let mut symbols = Vec::new();
    for name in names.iter() {
        match Str::of(name) {
            Some(name) => symbols.push(vm.symbol(name.as_str())?),
            None => {
                let name = vm.type_name(name);
                return Err(vm.type_error(format!("__slots__ items must be strings, not '{name}'")));
            }
        }
    }
    Ok(symbols)
}

/// C3 linearization.
fn resolution_order(vm: &Vm, class: &Gc<Class>) -> R<Vec<Gc<Class>>> {
    let mut sequences: Vec<Vec<Gc<Class>>> = class.bases.iter().map(|base| base.mro()).collect();
    sequences.push(class.bases.clone());
    let mut order = vec![class.clone()];
    loop {
        sequences.retain(|sequence| !sequence.is_empty());
        if sequences.is_empty() {
            return Ok(order);
        }
        let in_a_tail = |candidate: &Gc<Class>| {
            sequences.iter().any(|sequence| sequence[1..].iter().any(|other| Gc::ptr_eq(other, candidate)))
        };
        let Some(next) = sequences.iter().map(|sequence| &sequence[0]).find(|head| !in_a_tail(head)).cloned() else {
            let names: Vec<String> = sequences.iter().map(|sequence| sequence[0].name.borrow().to_string()).collect();
            return Err(vm.type_error(format!(
                "Cannot create a consistent method resolution order (MRO) for bases {}",
                names.join(", ")
            )));
        };
        for sequence in &mut sequences {
            if Gc::ptr_eq(&sequence[0], &next) {
                sequence.remove(0);
            }
        }
        order.push(next);
    }
}

/// Tells the attributes and the bases about a new class.
fn announce(vm: &Vm, class: &Gc<Class>) -> R<()> {
    let value = Gc::as_any(class);
    for (name, attr) in class.attrs.items() {
        if attr.is::<Instance>() {
            vm.call_special(&attr, symbol::SET_NAME, [value.clone(), vm.name(name)?])?;
        }
    }
    if let Some(hook) = class.lookup_after(class, symbol::INIT_SUBCLASS) {
        let hook = vm.bind_class_attr(hook, &value)?;
        vm.call(&hook, Args::default())?;
    }
    Ok(())
}
