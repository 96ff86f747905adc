//! `keys()`, `values()` and `items()` of a dict, and iteration over it.

use std::cell::{Cell, RefCell};

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::dict::Dict;
use crate::object::items::Items;
use crate::object::{R, Slots, Value, set};
use crate::syntax::tree::{BinOp, CmpOp};
use crate::vm::Vm;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Keys,
    Values,
    Items,
}

tailbite::leaf!(Part);

impl Part {
    fn of(self, vm: &Vm, key: Value, value: Value) -> R {
        match self {
            Part::Keys => Ok(key),
            Part::Values => Ok(value),
            Part::Items => vm.tuple_of([key, value]),
        }
    }
}

#[derive(Trace)]
#[trace(protocol = &VIEW)]
pub(crate) struct DictView {
    dict: Value,
    pub(crate) part: Part,
}

pub(crate) static VIEW: Slots = Slots {
    class: Builtin::DictView,
    repr: |vm, this| {
        let view = this_view(this);
        let Some(_guard) = vm.enter_repr(this)? else {
            return Ok("...".to_owned());
        };
        let list = vm.list(view.copy(vm)?)?;
        let name = match view.part {
            Part::Keys => "dict_keys",
            Part::Values => "dict_values",
            Part::Items => "dict_items",
        };
        Ok(format!("{name}({})", vm.repr(&list)?))
    },
    len: Some(|_, this| Ok(this_view(this).table_len())),
    iter: Some(|vm, this| {
        let view = this_view(this);
        vm.alloc(DictIterator::new(view.dict.clone(), view.part))
    }),
    contains: Some(|vm, this, item| {
        let view = this_view(this);
        if view.part == Part::Keys {
            return vm.contains(&view.dict, item);
        }
        for candidate in view.copy(vm)? {
            if vm.same_or_equal(&candidate, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }),
    compare: Some(|vm, op, a, b| {
        let (Some(a), CmpOp::Eq | CmpOp::Ne) = (set::of_set_like(vm, a)?, op) else {
            return Ok(None);
        };
        match set::of_set_like(vm, b)? {
            Some(b) => vm.compare(op, &a, &b).map(Some),
            None => Ok(None),
        }
    }),
    binary: Some(|vm, op, a, b| {
        if !matches!(op, BinOp::And | BinOp::Or | BinOp::Xor | BinOp::Sub) {
            return Ok(None);
        }
        match (set::of_set_like(vm, a)?, set::of_set_like(vm, b)?) {
            (Some(a), Some(b)) => vm.binary(op, &a, &b).map(Some),
            _ => Ok(None),
        }
    }),
    ..Slots::DEFAULT
};

fn this_view(this: &Value) -> &DictView {
    this.downcast_ref::<DictView>().expect("a dict view")
}

impl DictView {
    pub(crate) fn new(dict: Value, part: Part) -> DictView {
        DictView { dict, part }
    }

    fn table_len(&self) -> usize {
        Dict::of(&self.dict).map_or(0, |dict| dict.table.len())
    }

    /// What is seen through it, now.
    pub(crate) fn copy(&self, vm: &Vm) -> R<Items> {
        let table = &Dict::of(&self.dict).expect("a dict").table;
        match self.part {
            Part::Keys => table.keys(vm),
            Part::Values => table.values(vm),
            Part::Items => Items::try_collect(vm, table.items(vm)?.map(|(key, value)| vm.tuple_of([key, value]))),
        }
    }
}

#[derive(Trace)]
#[trace(protocol = &ITERATOR)]
pub(crate) struct DictIterator {
    dict: RefCell<Option<Value>>,
    part: Part,
    position: Cell<usize>,
    /// The size at the start: a changed one is an error.
    len: usize,
}

pub(crate) static ITERATOR: Slots = Slots {
    class: Builtin::DictIterator,
    next: Some(|vm, this| {
        let iterator = this.downcast_ref::<DictIterator>().expect("a dict iterator");
        iterator.advance(vm)
    }),
    ..Slots::ITERATOR
};

impl DictIterator {
    pub(crate) fn new(dict: Value, part: Part) -> DictIterator {
        let len = Dict::of(&dict).map_or(0, |dict| dict.table.len());
        DictIterator { dict: RefCell::new(Some(dict)), part, position: Cell::new(0), len }
    }

    fn advance(&self, vm: &Vm) -> R<Option<Value>> {
        let Some(dict) = self.dict.borrow().clone() else {
            return Ok(None);
        };
        let table = &Dict::of(&dict).expect("a dict").table;
        if table.len() != self.len {
            let finished = self.dict.take();
            drop(finished);
            return Err(vm.runtime_error("dictionary changed size during iteration"));
        }
        match table.next_from(self.position.get()) {
            Some((position, key, value)) => {
                self.position.set(position + 1);
                self.part.of(vm, key, value).map(Some)
            }
            None => {
                let finished = self.dict.take();
                drop(finished);
                Ok(None)
            }
        }
    }
}
