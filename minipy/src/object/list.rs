//! Lists.

use std::cell::RefCell;

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::instance::Native;
use crate::object::int::Int;
use crate::object::items::Items;
use crate::object::iterators::IndexIterator;
use crate::object::slice::Slice;
use crate::object::{Args, Object, R, Slots, Value, instance, tuple};
use crate::syntax::tree::BinOp;
use crate::vm::{Text, Vm};

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct List {
    items: RefCell<Items>,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::List,
    repr,
    hash: None,
    len: Some(|_, this| Ok(this_list(this).len())),
    get_item: Some(get_item),
    set_item: Some(set_item),
    contains: Some(|vm, this, item| Ok(this_list(this).find(vm, item, 0, usize::MAX)?.is_some())),
    iter: Some(|vm, this| vm.alloc(IndexIterator::new(this.clone(), Builtin::ListIterator))),
    compare: Some(|vm, op, a, b| match (List::of(a), List::of(b)) {
        (Some(a), Some(b)) => tuple::compare_items(vm, op, &a.copy(vm)?, &b.copy(vm)?).map(Some),
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
    pub(crate) fn new(items: Items) -> List {
        List { items: RefCell::new(items) }
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

    /// A copy of the items.
    pub(crate) fn copy(&self, vm: &Vm) -> R<Items> {
        loop {
            let mut copy = Items::with_room(vm, self.len())?;
            let items = self.items.borrow();
            // Asking for room may have run script code.
            if copy.capacity() >= items.len() {
                copy.extend_from_slice(&items);
                return Ok(copy);
            }
        }
    }

    /// Room for more items: until something of the script runs, they can be added.
    fn reserve(&self, vm: &Vm, more: usize) -> R<()> {
        vm.granted(|| self.items.borrow_mut().grow(more))
    }

    pub(crate) fn push(&self, vm: &Vm, value: Value) -> R<()> {
        self.reserve(vm, 1)?;
        self.items.borrow_mut().push_fitting(value);
        Ok(())
    }

    pub(crate) fn extend(&self, vm: &Vm, mut values: Items) -> R<()> {
        self.reserve(vm, values.len())?;
        self.items.borrow_mut().append_all(&mut values);
        Ok(())
    }

    /// Beyond the end means at the end.
    pub(crate) fn insert(&self, vm: &Vm, index: usize, value: Value) -> R<()> {
        self.reserve(vm, 1)?;
        let mut items = self.items.borrow_mut();
        let index = index.min(items.len());
        items.insert(index, value);
        Ok(())
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
    pub(crate) fn replace(&self, items: Items) -> Items {
        self.items.replace(items)
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
    let mut text = Text::new(vm);
    text.push('[')?;
    let mut index = 0;
    while let Some(item) = list.get(index) {
        if index > 0 {
            text.push_str(", ")?;
        }
        text.push_str(&vm.repr(&item)?)?;
        index += 1;
    }
    text.push(']')?;
    Ok(text.finish())
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
        let mut selected = Items::with_room(vm, indices.count)?;
        let items = list.items.borrow();
        selected.extend(indices.iter().filter_map(|index| items.get(index).cloned()));
        drop(items);
        return vm.list(selected);
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
            Some(values) => values.copy(vm)?,
            None if !vm.is_iterable(value) => return Err(vm.type_error("can only assign an iterable")),
            None => vm.collect(value)?,
        },
        None => Items::new(vm),
    };
    let mut old = Items::new(vm);
    let indices = loop {
        let indices = slice.indices(vm, list.len())?;
        let len = list.len();
        old.reserve(vm, indices.count)?;
        list.reserve(vm, values.len())?;
        // Nothing of the script runs from here to the end.
        if list.len() == len {
            break indices;
        }
    };
    let mut items = list.items.borrow_mut();
    if indices.step == 1 {
        let at = indices.start as usize;
        items.replace_range(at, indices.count, values, &mut old);
    } else if deleting {
        let (first, step) = indices.ascending();
        old.extend(indices.iter().map(|index| items[index].clone()));
        let mut index = 0;
        items.retain(|_| {
            let doomed =
                index >= first && (index - first).is_multiple_of(step) && (index - first) / step < indices.count;
            index += 1;
            !doomed
        });
    } else if values.len() == indices.count {
        for (index, value) in indices.iter().zip(values) {
            old.push_fitting(std::mem::replace(&mut items[index], value));
        }
    } else {
        drop(items);
        return Err(vm.value_error(format!(
            "attempt to assign sequence of size {} to extended slice of size {}",
            values.len(),
            indices.count
        )));
    }
    drop(items);
    drop(old);
    Ok(())
}

fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    match (op, List::of(a), List::of(b)) {
        (BinOp::Add, Some(x), Some(y)) => {
            let mut items = x.copy(vm)?;
            items.append(vm, y.copy(vm)?)?;
            vm.list(items).map(Some)
        }
        (BinOp::Add, Some(_), None) if b.slots().class != Builtin::Object => {
            let name = vm.type_name(b);
            Err(vm.type_error(format!("can only concatenate list (not \"{name}\") to list")))
        }
        (BinOp::Mul, Some(list), None) if Int::of(b).is_some() => vm.list(vm.repeat(&list.copy(vm)?, b)?).map(Some),
        (BinOp::Mul, None, Some(list)) if Int::of(a).is_some() => vm.list(vm.repeat(&list.copy(vm)?, a)?).map(Some),
        _ => Ok(None),
    }
}

fn in_place(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let list = this_list(a);
    match op {
        BinOp::Add => {
            let values = vm.collect(b)?;
            list.extend(vm, values)?;
            Ok(Some(a.clone()))
        }
        BinOp::Mul if Int::of(b).is_some() => {
            let repeated = vm.repeat(&list.copy(vm)?, b)?;
            drop(list.replace(repeated));
            Ok(Some(a.clone()))
        }
        _ => Ok(None),
    }
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    vm.list(match args.get(0) {
        None => Items::new(vm),
        Some(value) => vm.collect(value)?,
    })
}
