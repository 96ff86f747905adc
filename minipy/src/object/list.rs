//! Lists.

use std::cell::RefCell;

use tailbite::{LastFirst, Trace};

use crate::object::class_table::Builtin;
use crate::object::instance::Native;
use crate::object::int::Int;
use crate::object::iterators::IndexIterator;
use crate::object::slice::Slice;
use crate::object::{Args, Object, R, Slots, Value, instance, tuple};
use crate::syntax::tree::BinOp;
use crate::vm::Vm;

#[derive(Trace, Default)]
#[trace(protocol = &SLOTS)]
pub(crate) struct List {
    /// From the last to the first, as CPython lets the items of a list go.
    items: RefCell<LastFirst<Value>>,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::List,
    repr,
    hash: None,
    len: Some(|_, this| Ok(this_list(this).len())),
    get_item: Some(get_item),
    set_item: Some(set_item),
    contains: Some(|vm, this, item| Ok(this_list(this).find(vm, item, 0, usize::MAX)?.is_some())),
    iter: Some(|vm, this| Ok(vm.alloc(IndexIterator::new(this.clone(), Builtin::ListIterator)))),
    compare: Some(|vm, op, a, b| match (List::of(a), List::of(b)) {
        (Some(a), Some(b)) => tuple::compare_items(vm, op, &a.to_vec(), &b.to_vec()).map(Some),
        _ => Ok(None),
    }),
    binary: Some(binary),
    in_place: Some(in_place),
    ..Slots::DEFAULT
};

pub(crate) fn this_list(this: &Value) -> &List {
    List::of(this).expect("a list")
}

impl List {
    pub(crate) fn new(items: Vec<Value>) -> List {
        List { items: RefCell::new(items.into()) }
    }

    #[inline]
    pub(crate) fn of(value: &Value) -> Option<&List> {
        if let Some(list) = value.downcast_ref::<List>() {
            return Some(list);
        }
        match instance::native(value)? {
            Native::List(list) => Some(list),
            _ => None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.borrow().len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        self.items.borrow().get(index).cloned()
    }

    pub(crate) fn to_vec(&self) -> Vec<Value> {
        self.items.borrow().to_vec()
    }

    pub(crate) fn push(&self, value: Value) {
        self.items.borrow_mut().push(value);
    }

    pub(crate) fn extend(&self, values: Vec<Value>) {
        self.items.borrow_mut().extend(values);
    }

    pub(crate) fn insert(&self, index: usize, value: Value) {
        self.items.borrow_mut().insert(index, value);
    }

    /// Takes one item out; `None` beyond the end.
    pub(crate) fn remove(&self, index: usize) -> Option<Value> {
        let mut items = self.items.borrow_mut();
        (index < items.len()).then(|| items.remove(index))
    }

    pub(crate) fn reverse(&self) {
        self.items.borrow_mut().reverse();
    }

    /// Exchanges all items; the old ones are the caller's to drop.
    #[must_use]
    pub(crate) fn replace(&self, items: Vec<Value>) -> Vec<Value> {
        self.items.replace(items.into()).into_vec()
    }

    /// Exchanges one item; gives back the old one, or the new one if the list has become too short.
    fn set(&self, index: usize, value: Value) -> Result<Value, Value> {
        match self.items.borrow_mut().get_mut(index) {
            Some(item) => Ok(std::mem::replace(item, value)),
            None => Err(value),
        }
    }

    /// The first item equal to `item` in a range; items may change while they are compared.
    pub(crate) fn find(&self, vm: &Vm, item: &Value, start: usize, stop: usize) -> R<Option<usize>> {
        let mut index = start;
        while index < stop
            && let Some(candidate) = self.get(index)
        {
            if vm.same_or_equal(&candidate, item)? {
                return Ok(Some(index));
            }
            index += 1;
        }
        Ok(None)
    }
}

fn repr(vm: &Vm, this: &Value) -> R<String> {
    let list = this_list(this);
    let Some(_guard) = vm.enter_repr(this)? else {
        return Ok("[...]".to_owned());
    };
    let mut text = "[".to_owned();
    let mut index = 0;
    while let Some(item) = list.get(index) {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&vm.repr(&item)?);
        index += 1;
    }
    text.push(']');
    Ok(text)
}

fn check_key(vm: &Vm, key: &Value) -> R<()> {
    if vm.has_index(key) {
        return Ok(());
    }
    let name = vm.type_name(key);
    Err(vm.type_error(format!("list indices must be integers or slices, not {name}")))
}

fn get_item(vm: &Vm, this: &Value, key: &Value) -> R {
    let list = this_list(this);
    if let Some(slice) = key.downcast_ref::<Slice>() {
        let indices = slice.indices(vm, list.len())?;
        let items = list.items.borrow();
        let selected = indices.iter().filter_map(|index| items.get(index).cloned()).collect();
        drop(items);
        return Ok(vm.list(selected));
    }
    check_key(vm, key)?;
    let index = vm.sequence_index(key, list.len(), "list index out of range")?;
    list.get(index).ok_or_else(|| vm.index_error("list index out of range"))
}

fn set_item(vm: &Vm, this: &Value, key: Value, value: Option<Value>) -> R<()> {
    let list = this_list(this);
    if let Some(slice) = key.downcast_ref::<Slice>() {
        return set_slice(vm, list, slice, value);
    }
    check_key(vm, &key)?;
    let out_of_range = "list assignment index out of range";
    let index = vm.sequence_index(&key, list.len(), out_of_range)?;
    let old = match value {
        Some(value) => list.set(index, value).map(Some),
        None => Ok(list.remove(index)),
    };
    match old {
        Ok(old) => {
            drop(old);
            Ok(())
        }
        Err(_) => Err(vm.index_error(out_of_range)),
    }
}

fn set_slice(vm: &Vm, list: &List, slice: &Slice, value: Option<Value>) -> R<()> {
    let deleting = value.is_none();
    let values = match &value {
        Some(value) => match List::of(value) {
            Some(values) => values.to_vec(),
            None if !vm.is_iterable(value) => return Err(vm.type_error("can only assign an iterable")),
            None => vm.collect(value)?,
        },
        None => Vec::new(),
    };
    // Nothing of a script runs from here to the end.
    let indices = slice.indices(vm, list.len())?;
    if indices.step == 1 {
        let range = indices.start as usize..indices.start as usize + indices.count;
        let old: Vec<Value> = list.items.borrow_mut().splice(range, values).collect();
        drop(LastFirst::from(old));
        return Ok(());
    }
    if deleting {
        let mut doomed: Vec<usize> = indices.iter().collect();
        doomed.sort_unstable();
        let mut items = list.items.borrow_mut();
        let old: Vec<Value> = doomed.iter().rev().map(|index| items.remove(*index)).collect();
        drop(items);
        drop(old);
        return Ok(());
    }
    if values.len() != indices.count {
        return Err(vm.value_error(format!(
            "attempt to assign sequence of size {} to extended slice of size {}",
            values.len(),
            indices.count
        )));
    }
    let mut items = list.items.borrow_mut();
    let mut old = Vec::with_capacity(values.len());
    for (index, value) in indices.iter().zip(values) {
        old.push(std::mem::replace(&mut items[index], value));
    }
    drop(items);
    drop(old);
    Ok(())
}

fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    match (op, List::of(a), List::of(b)) {
        (BinOp::Add, Some(x), Some(y)) => {
            let mut items = x.to_vec();
            items.extend(y.items.borrow().iter().cloned());
            Ok(Some(vm.list(items)))
        }
        (BinOp::Add, Some(_), None) if b.slots().class != Builtin::Object => {
            let name = vm.type_name(b);
            Err(vm.type_error(format!("can only concatenate list (not \"{name}\") to list")))
        }
        (BinOp::Mul, Some(list), None) if Int::of(b).is_some() => Ok(Some(vm.list(vm.repeat(&list.to_vec(), b)?))),
        (BinOp::Mul, None, Some(list)) if Int::of(a).is_some() => Ok(Some(vm.list(vm.repeat(&list.to_vec(), a)?))),
        _ => Ok(None),
    }
}

fn in_place(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let list = this_list(a);
    match op {
        BinOp::Add => {
            let values = vm.collect(b)?;
            list.extend(values);
            Ok(Some(a.clone()))
        }
        BinOp::Mul if Int::of(b).is_some() => {
            let repeated = vm.repeat(&list.to_vec(), b)?;
            drop(list.replace(repeated));
            Ok(Some(a.clone()))
        }
        _ => Ok(None),
    }
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    Ok(vm.list(match args.get(0) {
        None => Vec::new(),
        Some(value) => vm.collect(value)?,
    }))
}
