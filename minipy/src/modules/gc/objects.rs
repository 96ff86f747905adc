//! What the collector knows, shown to the script: objects, who refers to them, and to what they refer.
//!
//! What CPython has no object for is not shown. Where it stands between two objects, they are shown as if it was not there.

use tailbite::Generation;

use super::generation_argument;
use crate::object::class::Class;
use crate::object::dict::Dict;
use crate::object::items::Items;
use crate::object::list::List;
use crate::object::string::Str;
use crate::object::{Args, R, Slots, Value, tuple, weak};
use crate::vm::Vm;

/// What a script is to see of an object of the collector's.
#[derive(PartialEq, Eq)]
enum Shown {
    Itself,
    /// It is a part of what refers to it.
    Part,
    Nothing,
}

impl Vm {
    fn shown(&self, object: &Value) -> Shown {
        if object.protocol::<Slots>().is_none() && !weak::is_reference(object) {
            return Shown::Part;
        }
        if weak::is_part(object) {
            return Shown::Part;
        }
        // Builtin classes are CPython's static types, which its collector doesn't know.
        let is_static = object.downcast_ref::<Class>().is_some_and(|class| class.is_builtin);
        if is_static || self.is_reserved(object) { Shown::Nothing } else { Shown::Itself }
    }

    pub(super) fn is_shown(&self, object: &Value) -> bool {
        self.shown(object) == Shown::Itself
    }

    /// Room for the handles of a walk over the heap.
    fn room_for_walk(&self) -> R<crate::vm::Room> {
        self.room((self.heap().tracked_objects() + 1).saturating_mul(2 * size_of::<Value>()))
    }

    /// All that refer to any of `objects`, seen through what is not shown.
    fn referrers(&self, objects: &[Value]) -> R<Items> {
        let mut shown = Items::new(self);
        let mut parts = Items::copy(self, objects)?;
        // Parts have few levels.
        while !parts.is_empty() {
            let referrers = {
                let _room = self.room_for_walk()?;
                self.heap().get_referrers(&parts)
            };
            parts = Items::new(self);
            for referrer in referrers {
                match self.shown(&referrer) {
                    Shown::Itself if !shown.contains(&referrer) => shown.push(self, referrer)?,
                    Shown::Part => parts.push(self, referrer)?,
                    _ => {}
                }
            }
        }
        Ok(shown)
    }

    /// All that `object` refers to, seen through what is not shown.
    fn add_referents(&self, object: &Value, shown: &mut Items) -> R<()> {
        // In CPython's order.
        if let Some(list) = object.downcast_ref::<List>() {
            return shown.append(self, reversed(list.copy(self)?));
        }
        if let Some(items) = tuple::exactly(object) {
            return shown.append(self, reversed(Items::copy(self, items)?));
        }
        if let Some(dict) = object.downcast_ref::<Dict>() {
            let only_names = dict.table.keys(self)?.iter().all(Value::is::<Str>);
            for (key, value) in dict.table.items(self)? {
                shown.push(self, value)?;
                if !only_names {
                    shown.push(self, key)?;
                }
            }
            return Ok(());
        }
        for referent in self.heap().get_referents(std::slice::from_ref(object)) {
            match self.shown(&referent) {
                Shown::Part if !self.heap().is_tracked(&referent) => {}
                Shown::Part => self.add_referents(&referent, shown)?,
                _ => shown.push(self, referent)?,
            }
        }
        Ok(())
    }
}

fn reversed(mut items: Items) -> Items {
    items.reverse();
    items
}

pub(super) fn get_objects(vm: &Vm, args: Args) -> R {
    let generation = match generation_argument(vm, "get_objects", args)?.filter(|value| !vm.is_none(value)) {
        None => None,
        Some(value) if !vm.has_index(&value) => {
            let name = vm.type_name(&value);
            return Err(vm.type_error(format!("argument should be integer or None, not '{name}'")));
        }
        Some(value) => {
            let parsed = Generation::parse_objects_argument(vm.index(&value)?);
            parsed.map_err(|invalid| vm.value_error(invalid.to_string()))?
        }
    };
    let objects = {
        let _room = vm.room_for_walk()?;
        vm.heap().get_objects(generation)
    };
    vm.list(Items::collect(vm, objects.into_iter().filter(|object| vm.is_shown(object)))?)
}

pub(super) fn get_referrers(vm: &Vm, args: Args) -> R {
    vm.list(vm.referrers(&args.positional)?)
}

pub(super) fn get_referents(vm: &Vm, args: Args) -> R {
    let mut referents = Items::new(vm);
    for object in &args.positional {
        vm.add_referents(object, &mut referents)?;
    }
    vm.list(referents)
}
