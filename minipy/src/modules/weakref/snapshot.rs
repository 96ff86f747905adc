//! Iteration over weak containers: over what was there at the beginning, without what has died since. So it is in CPython since 3.14.

use std::cell::{Cell, RefCell};

use tailbite::{Trace, WeakRef};

use crate::object::class_table::Builtin;
use crate::object::items::Items;
use crate::object::{R, Slots, Value};
use crate::vm::Vm;

use super::mapping::WeakMapping;

/// What of an entry is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Keys,
    Values,
    Items,
}

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(super) struct WeakIterator {
    /// Entries of one or two parts; one of them is a weak reference. Given up at the end.
    entries: RefCell<Option<Items>>,
    at: Cell<usize>,
    /// Parts of an entry.
    #[trace(skip)]
    width: usize,
    /// Which of them is weak.
    #[trace(skip)]
    weak: usize,
    #[trace(skip)]
    part: Part,
}

pub(super) static SLOTS: Slots = Slots {
    class: Builtin::WeakIterator,
    next: Some(|vm, this| this.downcast_ref::<WeakIterator>().expect("a weak iterator").advance(vm)),
    ..Slots::ITERATOR
};

impl WeakIterator {
    pub(super) fn over(vm: &Vm, mapping: &dyn WeakMapping, part: Part) -> R {
        let entries = RefCell::new(Some(mapping.weak_pairs(vm)?));
        let weak = usize::from(!mapping.is_weak_by_key());
        vm.alloc(WeakIterator { entries, at: Cell::new(0), width: 2, weak, part })
    }

    /// Over references alone.
    pub(super) fn over_references(vm: &Vm, references: Items) -> R {
        let entries = RefCell::new(Some(references));
        vm.alloc(WeakIterator { entries, at: Cell::new(0), width: 1, weak: 0, part: Part::Keys })
    }

    fn part_at(&self, index: usize) -> Option<Value> {
        self.entries.borrow().as_ref()?.get(self.at.get() + index).cloned()
    }

    fn advance(&self, vm: &Vm) -> R<Option<Value>> {
        while let Some(reference) = self.part_at(self.weak) {
            let other = if self.width == 2 { self.part_at(1 - self.weak) } else { None };
            self.at.set(self.at.get() + self.width);
            let Some(object) = reference.downcast_ref::<WeakRef>().and_then(WeakRef::get) else {
                continue;
            };
            let Some(other) = other else {
                return Ok(Some(object));
            };
            let (key, value) = if self.weak == 0 { (object, other) } else { (other, object) };
            return match self.part {
                Part::Keys => Ok(Some(key)),
                Part::Values => Ok(Some(value)),
                Part::Items => vm.tuple_of([key, value]).map(Some),
            };
        }
        let finished = self.entries.take();
        drop(finished);
        Ok(None)
    }
}
