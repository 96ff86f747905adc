//! `WeakValueDictionary`: entries that go with their values.

use tailbite::{Gc, Trace, WeakRef, WeakValueMap};

use crate::object::items::Items;
use crate::object::{Args, R, Value, weak};
use crate::vm::Vm;

use super::equality::ScriptEquality;
use super::mapping::{VALUE_SLOTS, WeakMapping};
use super::methods;

#[derive(Trace)]
#[trace(protocol = &VALUE_SLOTS)]
pub(crate) struct ValueDict {
    map: Gc<WeakValueMap<Value, Value, ScriptEquality>>,
}

impl ValueDict {
    pub(crate) fn new(vm: &Vm) -> R<ValueDict> {
        let make = |equality| WeakValueMap::try_with_equivalence(vm.heap(), equality);
        Ok(ValueDict { map: vm.granted_with(ScriptEquality, make)? })
    }
}

pub(super) fn make(vm: &Vm, mut args: Args) -> R {
    let dict = vm.alloc(ValueDict::new(vm)?)?;
    args.positional.insert(0, dict.clone());
    methods::init(vm, args)?;
    Ok(dict)
}

impl WeakMapping for ValueDict {
    fn get(&self, vm: &Vm, key: &Value) -> R<Option<Value>> {
        vm.look_for(key, || self.map.get(key))
    }

    fn set(&self, vm: &Vm, key: Value, value: Value) -> R<()> {
        weak::check_weakrefable(vm, &value)?;
        let old = vm.look_for_with(&key, key.clone(), |key| self.map.try_insert(key, &value))?;
        drop(old);
        Ok(())
    }

    fn remove(&self, vm: &Vm, key: &Value) -> R<Option<Value>> {
        vm.look_for(key, || self.map.remove(key))
    }

    fn pop_last(&self) -> Option<(Value, Value)> {
        self.map.pop_item()
    }

    fn clear(&self) {
        self.map.clear();
    }

    fn len(&self) -> usize {
        self.map.len()
    }

    fn pairs(&self, vm: &Vm) -> R<Items> {
        Items::collect(vm, self.map.iter().flat_map(|(key, value)| [key, value]))
    }

    fn weak_pairs(&self, vm: &Vm) -> R<Items> {
        let mut pairs = Items::new(vm);
        for (key, value) in self.map.iter() {
            let reference = vm.granted(|| WeakRef::try_new(&value))?;
            pairs.push(vm, key)?;
            pairs.push(vm, Gc::erase(reference))?;
        }
        Ok(pairs)
    }

    fn is_weak_by_key(&self) -> bool {
        false
    }

    fn empty(&self, vm: &Vm) -> R {
        vm.alloc(ValueDict::new(vm)?)
    }

    fn missing(&self, _: &Vm, key: &Value) -> R {
        Ok(key.clone())
    }
}
