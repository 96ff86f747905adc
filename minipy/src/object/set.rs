//! Sets and frozen sets.

use std::cell::{Cell, RefCell};

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::dict_views::{DictView, Part};
use crate::object::hash_table::quick_equal;
use crate::object::instance::Native;
use crate::object::items::Items;
use crate::object::set_table::{MIN_SIZE, Probe, SetTable, Slot};
use crate::object::{Args, R, Slots, Value, instance};
use crate::syntax::tree::{BinOp, CmpOp};
use crate::vm::{Text, Vm};

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Set {
    table: RefCell<SetTable>,
    #[trace(skip)]
    version: Cell<u64>,
}

/// A set that does not change.
#[derive(Trace)]
#[trace(protocol = &FROZEN_SLOTS)]
pub(crate) struct FrozenSet(Set);

pub(crate) const SLOTS: Slots = Slots {
    class: Builtin::Set,
    repr,
    hash: None,
    len: Some(|_, this| Ok(this_set(this).len())),
    contains: Some(|vm, this, item| this_set(this).contains(vm, item)),
    iter: Some(|vm, this| vm.alloc(SetIterator::new(this.clone()))),
    compare: Some(compare),
    binary: Some(binary),
    in_place: Some(in_place),
    ..Slots::DEFAULT
};

pub(crate) static FROZEN_SLOTS: Slots = Slots {
    class: Builtin::FrozenSet,
    hash: Some(|vm, this| {
        let mut hash = 1_927_868_237i64;
        for item in this_set(this).copy_items(vm)? {
            let h = vm.hash(&item)? as u64;
            hash ^= ((h ^ 89_869_747 ^ (h << 16)).wrapping_mul(3_644_798_167)) as i64;
        }
        Ok(hash)
    }),
    in_place: None,
    ..SLOTS
};

pub(crate) fn this_set(this: &Value) -> &Set {
    Set::of(this).expect("a set")
}

impl Set {
    #[inline]
    pub(crate) fn of(value: &Value) -> Option<&Set> {
        if let Some(set) = value.downcast_ref::<Set>() {
            return Some(set);
        }
        if let Some(set) = value.downcast_ref::<FrozenSet>() {
            return Some(&set.0);
        }
        match instance::native(value)? {
            Native::Set(set) => Some(set),
            _ => None,
        }
    }

    /// An empty set.
    pub(crate) fn new(vm: &Vm) -> R<Set> {
        let table = vm.granted(|| SetTable::with_size(vm, MIN_SIZE))?;
        Ok(Set { table: RefCell::new(table), version: Cell::new(0) })
    }

    pub(crate) fn from_items(vm: &Vm, items: impl IntoIterator<Item = Value>) -> R<Set> {
        let set = Set::new(vm)?;
        for item in items {
            set.add(vm, item)?;
        }
        Ok(set)
    }

    /// The slot that holds an equal key.
    fn find(&self, vm: &Vm, hash: i64, key: &Value) -> R<Option<usize>> {
        'again: loop {
            let version = self.version.get();
            let mut probe = Probe::new(hash, self.table.borrow().slots.len() - 1);
            loop {
                let candidate = match &self.table.borrow().slots[probe.slot()] {
                    Slot::Empty => return Ok(None),
                    Slot::Used(other, candidate) if *other == hash => match quick_equal(candidate, key) {
                        Some(true) => return Ok(Some(probe.slot())),
                        Some(false) => None,
                        None => Some(candidate.clone()),
                    },
                    _ => None,
                };
                if let Some(candidate) = candidate {
                    let equal = vm.equal(&candidate, key)?;
                    if self.version.get() != version {
                        continue 'again;
                    }
                    if equal {
                        return Ok(Some(probe.slot()));
                    }
                }
                probe.advance();
            }
        }
    }

    pub(crate) fn add(&self, vm: &Vm, key: Value) -> R<()> {
        let hash = vm.hash(&key)?;
        loop {
            if self.find(vm, hash, &key)?.is_some() {
                return Ok(());
            }
            let version = self.version.get();
            vm.granted(|| self.table.borrow_mut().make_room(vm))?;
            // Asking for room may have run script code, which may have added the key.
            if self.version.get() == version {
                break;
            }
        }
        let mut table = self.table.borrow_mut();
        table.insert_clean(hash, key);
        self.version.set(self.version.get() + 1);
        // What can't grow now still has room for this key, and tries again with the next.
        let _ = table.grow(vm);
        Ok(())
    }

    /// Takes an equal key out.
    pub(crate) fn remove(&self, vm: &Vm, key: &Value) -> R<Option<Value>> {
        let hash = vm.hash(key)?;
        Ok(self.find(vm, hash, key)?.and_then(|slot| self.remove_slot(slot)))
    }

    fn remove_slot(&self, slot: usize) -> Option<Value> {
        let mut table = self.table.borrow_mut();
        let Slot::Used(_, key) = std::mem::replace(&mut table.slots[slot], Slot::Dummy) else {
            return None;
        };
        table.used -= 1;
        self.version.set(self.version.get() + 1);
        Some(key)
    }

    pub(crate) fn pop(&self) -> Option<Value> {
        let used = |slot: &Slot| matches!(slot, Slot::Used(..));
        let slot = self.table.borrow().slots.iter().position(used)?;
        self.remove_slot(slot)
    }

    pub(crate) fn contains(&self, vm: &Vm, key: &Value) -> R<bool> {
        let hash = vm.hash(key)?;
        Ok(self.find(vm, hash, key)?.is_some())
    }

    pub(crate) fn len(&self) -> usize {
        self.table.borrow().used
    }

    /// A copy of the keys.
    pub(crate) fn copy_items(&self, vm: &Vm) -> R<Items> {
        loop {
            let mut items = Items::with_room(vm, self.len())?;
            let table = self.table.borrow();
            // Asking for room may have run script code.
            if items.capacity() >= table.used {
                items.extend(table.keys().map(|(_, key)| key.clone()));
                return Ok(items);
            }
        }
    }

    /// Exchanges the content with that of `other`, which gets the old one.
    pub(crate) fn swap(&self, other: &Set) {
        self.table.swap(&other.table);
        self.version.set(self.version.get() + 1);
    }

    pub(crate) fn copy(&self, vm: &Vm) -> R<Set> {
        let copy = Set::new(vm)?;
        copy.merge(vm, self)?;
        Ok(copy)
    }

    /// Adds all keys of another set.
    pub(crate) fn merge(&self, vm: &Vm, other: &Set) -> R<()> {
        if std::ptr::eq(self, other) {
            return Ok(());
        }
        if self.table.borrow().filled == 0 {
            // Room for all comes first, as in CPython: that decides the order.
            vm.granted(|| self.table.borrow_mut().make_room_for(vm, other.len()))?;
            if self.fill_from(other) {
                return Ok(());
            }
        }
        other.copy_items(vm)?.into_iter().try_for_each(|key| self.add(vm, key))
    }

    /// Copies the keys into an empty table that has room for them; false if it is not that.
    fn fill_from(&self, other: &Set) -> bool {
        let (mut table, other) = (self.table.borrow_mut(), other.table.borrow());
        if table.filled > 0 || table.is_full_with(other.used) {
            return false;
        }
        for (hash, key) in other.keys() {
            table.insert_clean(hash, key.clone());
        }
        self.version.set(self.version.get() + 1);
        true
    }

    /// The keys of both; those of the smaller set are looked at.
    pub(crate) fn intersection(&self, vm: &Vm, other: &Set) -> R<Set> {
        if other.len() > self.len() { self.filter(vm, other, true) } else { other.filter(vm, self, true) }
    }

    /// The keys that are (or with `wanted` false: are not) in `other`.
    pub(crate) fn filter(&self, vm: &Vm, other: &Set, wanted: bool) -> R<Set> {
        let kept = Set::new(vm)?;
        for key in self.copy_items(vm)? {
            if other.contains(vm, &key)? == wanted {
                kept.add(vm, key)?;
            }
        }
        Ok(kept)
    }

    pub(crate) fn is_subset(&self, vm: &Vm, other: &Set) -> R<bool> {
        if self.len() > other.len() {
            return Ok(false);
        }
        for key in self.copy_items(vm)? {
            if !other.contains(vm, &key)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A set of the same kind as `like`.
pub(crate) fn same_kind(vm: &Vm, like: &Value, set: Set) -> R {
    if like.is::<FrozenSet>() { vm.alloc(FrozenSet(set)) } else { vm.alloc(set) }
}

/// A set, or a set with the content of a dict's keys or items.
pub(crate) fn of_set_like(vm: &Vm, value: &Value) -> R<Option<Value>> {
    if Set::of(value).is_some() {
        return Ok(Some(value.clone()));
    }
    match value.downcast_ref::<DictView>() {
        Some(view) if view.part != Part::Values => vm.alloc(Set::from_items(vm, view.copy(vm)?)?).map(Some),
        _ => Ok(None),
    }
}

fn repr(vm: &Vm, this: &Value) -> R<String> {
    let name = vm.type_name(this);
    let items = this_set(this).copy_items(vm)?;
    if items.is_empty() {
        return Ok(format!("{name}()"));
    }
    let Some(_guard) = vm.enter_repr(this)? else {
        return Ok(format!("{name}(...)"));
    };
    let plain = this.is::<Set>();
    let mut text = Text::new(vm);
    if !plain {
        text.push_str(&name)?;
        text.push('(')?;
    }
    text.push('{')?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ")?;
        }
        text.push_str(&vm.repr(item)?)?;
    }
    text.push_str(if plain { "}" } else { "})" })?;
    Ok(text.finish())
}

fn compare(vm: &Vm, op: CmpOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(a), Some(b)) = (Set::of(a), Set::of(b)) else {
        return Ok(None);
    };
    let same_len = a.len() == b.len();
    let holds = match op {
        CmpOp::Eq => same_len && a.is_subset(vm, b)?,
        CmpOp::Ne => !same_len || !a.is_subset(vm, b)?,
        CmpOp::Le => a.is_subset(vm, b)?,
        CmpOp::Lt => !same_len && a.is_subset(vm, b)?,
        CmpOp::Ge => b.is_subset(vm, a)?,
        _ => !same_len && b.is_subset(vm, a)?,
    };
    Ok(Some(vm.bool(holds)))
}

fn combine(vm: &Vm, op: BinOp, a: &Set, b: &Set) -> R<Option<Set>> {
    Ok(Some(match op {
        BinOp::And => a.intersection(vm, b)?,
        BinOp::Sub => a.filter(vm, b, false)?,
        BinOp::Or => {
            let union = a.copy(vm)?;
            union.merge(vm, b)?;
            union
        }
        BinOp::Xor => {
            let left = a.filter(vm, b, false)?.copy_items(vm)?;
            let right = b.filter(vm, a, false)?.copy_items(vm)?;
            Set::from_items(vm, left.into_iter().chain(right))?
        }
        _ => return Ok(None),
    }))
}

fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(x), Some(y)) = (Set::of(a), Set::of(b)) else {
        return Ok(None);
    };
    combine(vm, op, x, y)?.map(|set| same_kind(vm, a, set)).transpose()
}

fn in_place(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let Some(y) = Set::of(b) else {
        return Ok(None);
    };
    let x = this_set(a);
    let Some(result) = combine(vm, op, x, y)? else {
        return Ok(None);
    };
    x.swap(&result);
    drop(result);
    Ok(Some(a.clone()))
}

pub(crate) fn from_args(vm: &Vm, args: &Args) -> R<Set> {
    match args.get(0) {
        None => Set::new(vm),
        Some(iterable) => match Set::of(iterable) {
            Some(set) => set.copy(vm),
            None => Set::from_items(vm, vm.collect(iterable)?),
        },
    }
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    vm.alloc(from_args(vm, &args)?)
}

pub(crate) fn make_frozen(vm: &Vm, args: Args) -> R {
    match &args.positional[..] {
        [value] if value.is::<FrozenSet>() => Ok(value.clone()),
        _ => vm.alloc(FrozenSet(from_args(vm, &args)?)),
    }
}

#[derive(Trace)]
#[trace(protocol = &ITERATOR)]
pub(crate) struct SetIterator {
    set: RefCell<Option<Value>>,
    slot: Cell<usize>,
    len: usize,
}

pub(crate) static ITERATOR: Slots = Slots {
    class: Builtin::SetIterator,
    next: Some(|vm, this| {
        let iterator = this.downcast_ref::<SetIterator>().expect("a set iterator");
        iterator.advance(vm)
    }),
    ..Slots::ITERATOR
};

impl SetIterator {
    fn new(set: Value) -> SetIterator {
        let len = this_set(&set).len();
        SetIterator { set: RefCell::new(Some(set)), slot: Cell::new(0), len }
    }

    fn advance(&self, vm: &Vm) -> R<Option<Value>> {
        let Some(value) = self.set.borrow().clone() else {
            return Ok(None);
        };
        let set = this_set(&value);
        if set.len() != self.len {
            let finished = self.set.take();
            drop(finished);
            return Err(vm.runtime_error("Set changed size during iteration"));
        }
        let table = set.table.borrow();
        let slots = table.slots.iter().enumerate().skip(self.slot.get());
        let mut used = slots.filter_map(|(at, slot)| match slot {
            Slot::Used(_, key) => Some((at, key.clone())),
            _ => None,
        });
        let found = used.next();
        drop(used);
        drop(table);
        match found {
            Some((at, key)) => {
                self.slot.set(at + 1);
                Ok(Some(key))
            }
            None => {
                let finished = self.set.take();
                drop(finished);
                Ok(None)
            }
        }
    }
}
