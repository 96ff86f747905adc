//! `WeakKeyDictionary`: entries that go with their keys. An entry whose value refers to its key is no obstacle.

use tailbite::{Gc, Trace, WeakKeyMap, WeakRef};

use crate::object::items::Items;
use crate::object::{Args, R, Value, weak};
use crate::vm::Vm;

use super::equality::ScriptEquality;
use super::mapping::{SLOTS, WeakMapping};
use super::methods;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct KeyDict {
    map: Gc<WeakKeyMap<Value, Value, ScriptEquality>>,
}

impl KeyDict {
    pub(crate) fn new(vm: &Vm) -> R<KeyDict> {
        let make = |equality| WeakKeyMap::try_with_equivalence(vm.heap(), equality);
        Ok(KeyDict { map: vm.granted_with(ScriptEquality, make)? })
    }
}

pub(super) fn make(vm: &Vm, mut args: Args) -> R {
    let dict = vm.alloc(KeyDict::new(vm)?)?;
    args.positional.insert(0, dict.clone());
    methods::init(vm, args)?;
    Ok(dict)
}

impl WeakMapping for KeyDict {
    fn get(&self, vm: &Vm, key: &Value) -> R<Option<Value>> {
        weak::check_weakrefable(vm, key)?;
        vm.look_for(key, || self.map.get(key))
    }

    fn set(&self, vm: &Vm, key: Value, value: Value) -> R<()> {
        weak::check_weakrefable(vm, &key)?;
        let old = vm.look_for_with(&key, value, |value| self.map.try_insert(&key, value))?;
        drop(old);
        Ok(())
    }

    fn remove(&self, vm: &Vm, key: &Value) -> R<Option<Value>> {
        weak::check_weakrefable(vm, key)?;
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
            let reference = vm.granted(|| WeakRef::try_new(&key))?;
            pairs.push(vm, Gc::erase(reference))?;
            pairs.push(vm, value)?;
        }
        Ok(pairs)
    }

    fn is_weak_by_key(&self) -> bool {
        true
    }

    fn empty(&self, vm: &Vm) -> R {
        vm.alloc(KeyDict::new(vm)?)
    }

    fn missing(&self, vm: &Vm, key: &Value) -> R {
        Ok(Gc::erase(vm.granted(|| WeakRef::try_new(key))?))
    }
}
