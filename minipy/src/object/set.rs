//! Sets and frozen sets. The table probes as CPython's does, so that sets of numbers iterate in the same order.

use std::cell::{Cell, RefCell};

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::dict_views::{DictView, Part};
use crate::object::hash_table::quick_equal;
use crate::object::instance::Native;
use crate::object::{Args, R, Slots, Value, instance};
use crate::syntax::tree::{BinOp, CmpOp};
use crate::vm::Vm;

const MIN_SIZE: usize = 8;
const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;

#[derive(Trace, Clone, Default)]
enum Slot {
    #[default]
    Empty,
    /// Was deleted: a search goes on behind it.
    Dummy,
    Used(#[trace(skip)] i64, Value),
}

#[derive(Trace)]
struct SetTable {
    slots: Vec<Slot>,
    /// Used slots and dummies.
    #[trace(skip)]
    filled: usize,
    #[trace(skip)]
    used: usize,
}

impl Default for SetTable {
    fn default() -> SetTable {
        SetTable { slots: vec![Slot::Empty; MIN_SIZE], filled: 0, used: 0 }
    }
}

#[derive(Trace, Default)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Set {
    table: RefCell<SetTable>,
    #[trace(skip)]
    version: Cell<u64>,
}

/// A set that does not change.
#[derive(Trace, Default)]
#[trace(protocol = &FROZEN_SLOTS)]
pub(crate) struct FrozenSet(Set);

pub(crate) const SLOTS: Slots = Slots {
    class: Builtin::Set,
    repr,
    hash: None,
    len: Some(|_, this| Ok(this_set(this).len())),
    contains: Some(|vm, this, item| this_set(this).contains(vm, item)),
    iter: Some(|vm, this| Ok(vm.alloc(SetIterator::new(this.clone())))),
    compare: Some(compare),
    binary: Some(binary),
    in_place: Some(in_place),
    ..Slots::DEFAULT
};

pub(crate) static FROZEN_SLOTS: Slots = Slots {
    class: Builtin::FrozenSet,
    hash: Some(|vm, this| {
        let mut hash = 1_927_868_237i64;
        for item in this_set(this).to_vec() {
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

/// Where probing leads: slot numbers in the order CPython looks at them.
struct Probe {
    mask: usize,
    at: usize,
    perturb: u64,
    /// How many of the linear run are left.
    left: usize,
    offset: usize,
}

impl Probe {
    fn new(hash: i64, mask: usize) -> Probe {
        let at = hash as usize & mask;
        Probe { mask, at, perturb: hash as u64, left: Probe::run(at, mask), offset: 0 }
    }

    fn run(at: usize, mask: usize) -> usize {
        if at + LINEAR_PROBES <= mask { LINEAR_PROBES } else { 0 }
    }

    fn slot(&self) -> usize {
        self.at + self.offset
    }

    fn advance(&mut self) {
        if self.left > 0 {
            self.left -= 1;
            self.offset += 1;
            return;
        }
        self.perturb >>= PERTURB_SHIFT;
        self.at = (self.at.wrapping_mul(5).wrapping_add(1).wrapping_add(self.perturb as usize)) & self.mask;
        self.left = Probe::run(self.at, self.mask);
        self.offset = 0;
    }
}

impl SetTable {
    fn insert_clean(&mut self, hash: i64, key: Value) {
        let mut probe = Probe::new(hash, self.slots.len() - 1);
        while !matches!(self.slots[probe.slot()], Slot::Empty) {
            probe.advance();
        }
        self.slots[probe.slot()] = Slot::Used(hash, key);
        self.filled += 1;
        self.used += 1;
        if self.filled * 5 >= (self.slots.len() - 1) * 3 {
            self.resize(if self.used > 50_000 { self.used * 2 } else { self.used * 4 });
        }
    }

    fn resize(&mut self, least: usize) {
        let mut size = MIN_SIZE;
        while size <= least {
            size *= 2;
        }
        let old = std::mem::replace(&mut self.slots, vec![Slot::Empty; size]);
        self.filled = 0;
        self.used = 0;
        for slot in old {
            if let Slot::Used(hash, key) = slot {
                self.insert_clean(hash, key);
            }
        }
    }
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

    pub(crate) fn from_items(vm: &Vm, items: impl IntoIterator<Item = Value>) -> R<Set> {
        let set = Set::default();
        for item in items {
            set.add(vm, item)?;
        }
        Ok(set)
    }

    /// The slot that holds an equal key.
    fn find(&self, vm: &Vm, hash: i64, key: &Value) -> R<Option<usize>> {
        'again: loop {
            let version = self.version.get();
            let mut unclear = Vec::new();
            {
                let table = self.table.borrow();
                let mut probe = Probe::new(hash, table.slots.len() - 1);
                loop {
                    match &table.slots[probe.slot()] {
                        Slot::Empty => break,
                        Slot::Used(other, candidate) if *other == hash => match quick_equal(candidate, key) {
                            Some(true) => return Ok(Some(probe.slot())),
                            Some(false) => {}
                            None => unclear.push((probe.slot(), candidate.clone())),
                        },
                        _ => {}
                    }
                    probe.advance();
                }
            }
            for (slot, candidate) in unclear {
                let equal = vm.equal(&candidate, key)?;
                if self.version.get() != version {
                    continue 'again;
                }
                if equal {
                    return Ok(Some(slot));
                }
            }
            return Ok(None);
        }
    }

    pub(crate) fn add(&self, vm: &Vm, key: Value) -> R<()> {
        let hash = vm.hash(&key)?;
        if self.find(vm, hash, &key)?.is_none() {
            self.table.borrow_mut().insert_clean(hash, key);
            self.version.set(self.version.get() + 1);
        }
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

    pub(crate) fn to_vec(&self) -> Vec<Value> {
        let table = self.table.borrow();
        let key = |slot: &Slot| match slot {
            Slot::Used(_, key) => Some(key.clone()),
            _ => None,
        };
        table.slots.iter().filter_map(key).collect()
    }

    /// Exchanges the content with that of `other`, which gets the old one.
    pub(crate) fn swap(&self, other: &Set) {
        self.table.swap(&other.table);
        self.version.set(self.version.get() + 1);
    }

    pub(crate) fn copy(&self) -> Set {
        let copy = Set::default();
        copy.merge_into_empty(self);
        copy
    }

    /// Adds all keys of another set.
    pub(crate) fn merge(&self, vm: &Vm, other: &Set) -> R<()> {
        if self.table.borrow().filled == 0 {
            self.merge_into_empty(other);
            return Ok(());
        }
        other.to_vec().into_iter().try_for_each(|key| self.add(vm, key))
    }

    /// Room for all comes first, as in CPython: that decides the order.
    fn merge_into_empty(&self, other: &Set) {
        let other = other.table.borrow();
        let mut table = self.table.borrow_mut();
        if other.used * 5 >= (table.slots.len() - 1) * 3 {
            table.resize(other.used * 2);
        }
        for slot in &other.slots {
            if let Slot::Used(hash, key) = slot {
                table.insert_clean(*hash, key.clone());
            }
        }
        self.version.set(self.version.get() + 1);
    }

    /// The keys of both; those of the smaller set are looked at.
    pub(crate) fn intersection(&self, vm: &Vm, other: &Set) -> R<Set> {
        if other.len() > self.len() { self.filter(vm, other, true) } else { other.filter(vm, self, true) }
    }

    /// The keys that are (or with `wanted` false: are not) in `other`.
    pub(crate) fn filter(&self, vm: &Vm, other: &Set, wanted: bool) -> R<Set> {
        let kept = Set::default();
        for key in self.to_vec() {
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
        for key in self.to_vec() {
            if !other.contains(vm, &key)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A set of the same kind as `like`.
pub(crate) fn same_kind(vm: &Vm, like: &Value, set: Set) -> Value {
    if like.is::<FrozenSet>() { vm.alloc(FrozenSet(set)) } else { vm.alloc(set) }
}

/// A set, or a set with the content of a dict's keys or items.
pub(crate) fn of_set_like(vm: &Vm, value: &Value) -> R<Option<Value>> {
    if Set::of(value).is_some() {
        return Ok(Some(value.clone()));
    }
    match value.downcast_ref::<DictView>() {
        Some(view) if view.part != Part::Values => Ok(Some(vm.alloc(Set::from_items(vm, view.to_vec(vm))?))),
        _ => Ok(None),
    }
}

fn repr(vm: &Vm, this: &Value) -> R<String> {
    let name = vm.type_name(this);
    let items = this_set(this).to_vec();
    if items.is_empty() {
        return Ok(format!("{name}()"));
    }
    let Some(_guard) = vm.enter_repr(this)? else {
        return Ok(format!("{name}(...)"));
    };
    let texts: R<Vec<String>> = items.iter().map(|item| vm.repr(item)).collect();
    let inner = texts?.join(", ");
    Ok(if this.is::<Set>() { format!("{{{inner}}}") } else { format!("{name}({{{inner}}})") })
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
            let union = a.copy();
            union.merge(vm, b)?;
            union
        }
        BinOp::Xor => {
            let left = a.filter(vm, b, false)?.to_vec();
            Set::from_items(vm, left.into_iter().chain(b.filter(vm, a, false)?.to_vec()))?
        }
        _ => return Ok(None),
    }))
}

fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(x), Some(y)) = (Set::of(a), Set::of(b)) else {
        return Ok(None);
    };
    Ok(combine(vm, op, x, y)?.map(|set| same_kind(vm, a, set)))
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
        None => Ok(Set::default()),
        Some(iterable) => match Set::of(iterable) {
            Some(set) => Ok(set.copy()),
            None => Set::from_items(vm, vm.collect(iterable)?),
        },
    }
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    Ok(vm.alloc(from_args(vm, &args)?))
}

pub(crate) fn make_frozen(vm: &Vm, args: Args) -> R {
    match &args.positional[..] {
        [value] if value.is::<FrozenSet>() => Ok(value.clone()),
        _ => Ok(vm.alloc(FrozenSet(from_args(vm, &args)?))),
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
