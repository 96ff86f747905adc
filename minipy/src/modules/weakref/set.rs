//! `WeakSet`: a set whose members leave when they die.

use tailbite::{Gc, Trace, WeakRef, WeakSet};

use crate::object::class_table::Builtin;
use crate::object::instance::{self, Native};
use crate::object::items::Items;
use crate::object::{Args, R, Slots, Value, weak};
use crate::syntax::tree::CmpOp;
use crate::vm::{Text, Vm};

use super::equality::ScriptEquality;
use super::set_algebra::{binary, in_place, is_subset};
use super::set_methods;
use super::snapshot::WeakIterator;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct WeakMembers {
    set: Gc<WeakSet<Value, ScriptEquality>>,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::WeakSet,
    repr,
    hash: None,
    len: Some(|_, this| Ok(this_set(this).set.len())),
    contains: Some(|vm, this, item| this_set(this).contains(vm, item)),
    iter: Some(|vm, this| WeakIterator::over_references(vm, this_set(this).references(vm)?)),
    compare: Some(compare),
    binary: Some(binary),
    in_place: Some(in_place),
    ..Slots::DEFAULT
};

pub(super) fn this_set(this: &Value) -> &WeakMembers {
    WeakMembers::of(this).expect("a weak set")
}

impl WeakMembers {
    pub(crate) fn new(vm: &Vm) -> R<WeakMembers> {
        let make = |equality| WeakSet::try_with_equivalence(vm.heap(), equality);
        Ok(WeakMembers { set: vm.granted_with(ScriptEquality, make)? })
    }

    /// With all members of an iterable.
    pub(super) fn from_iterable(vm: &Vm, iterable: &Value) -> R<WeakMembers> {
        let set = WeakMembers::new(vm)?;
        set.add_all(vm, vm.collect(iterable)?)?;
        Ok(set)
    }

    /// The weak set that `value` is; an instance of a subclass counts.
    pub(super) fn of(value: &Value) -> Option<&WeakMembers> {
        if let Some(set) = value.downcast_ref::<WeakMembers>() {
            return Some(set);
        }
        match instance::native(value)? {
            Native::WeakSet(set) => Some(set),
            _ => None,
        }
    }

    pub(super) fn contains(&self, vm: &Vm, item: &Value) -> R<bool> {
        if !weak::is_weakrefable(item) {
            return Ok(false);
        }
        vm.look_for(item, || self.set.contains(item))
    }

    pub(super) fn add(&self, vm: &Vm, item: &Value) -> R<()> {
        weak::check_weakrefable(vm, item)?;
        vm.look_for_with(item, (), |()| self.set.try_insert(item)).map(drop)
    }

    pub(super) fn add_all(&self, vm: &Vm, items: Items) -> R<()> {
        items.into_iter().try_for_each(|item| self.add(vm, &item))
    }

    /// Whether it was a member.
    pub(super) fn remove(&self, vm: &Vm, item: &Value) -> R<bool> {
        weak::check_weakrefable(vm, item)?;
        vm.look_for(item, || self.set.remove(item))
    }

    pub(super) fn pop(&self) -> Option<Value> {
        self.set.pop()
    }

    pub(super) fn clear(&self) {
        self.set.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.set.len()
    }

    /// The members, held.
    pub(super) fn members(&self, vm: &Vm) -> R<Items> {
        Items::collect(vm, self.set.iter())
    }

    /// Weak references to the members.
    fn references(&self, vm: &Vm) -> R<Items> {
        let mut references = Items::new(vm);
        for member in self.set.iter() {
            let reference = vm.granted(|| WeakRef::try_new(&member))?;
            references.push(vm, Gc::erase(reference))?;
        }
        Ok(references)
    }
}

/// That of the set of references that CPython keeps.
fn repr(vm: &Vm, this: &Value) -> R<String> {
    let references = this_set(this).references(vm)?;
    if references.is_empty() {
        return Ok("set()".to_owned());
    }
    let mut text = Text::new(vm);
    text.push('{')?;
    for (index, reference) in references.iter().enumerate() {
        if index > 0 {
            text.push_str(", ")?;
        }
        text.push_str(&vm.repr(reference)?)?;
    }
    text.push('}')?;
    Ok(text.finish())
}

fn compare(vm: &Vm, op: CmpOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(x), Some(y)) = (WeakMembers::of(a), WeakMembers::of(b)) else {
        return Ok(None);
    };
    let same_len = x.len() == y.len();
    let holds = match op {
        CmpOp::Eq => same_len && is_subset(vm, x, y)?,
        CmpOp::Ne => !(same_len && is_subset(vm, x, y)?),
        CmpOp::Le => is_subset(vm, x, y)?,
        CmpOp::Lt => !same_len && is_subset(vm, x, y)?,
        CmpOp::Ge => is_subset(vm, y, x)?,
        CmpOp::Gt => !same_len && is_subset(vm, y, x)?,
        _ => return Ok(None),
    };
    Ok(Some(vm.bool(holds)))
}

pub(super) fn make(vm: &Vm, mut args: Args) -> R {
    let set = vm.alloc(WeakMembers::new(vm)?)?;
    args.positional.insert(0, set.clone());
    set_methods::init(vm, args)?;
    Ok(set)
}
