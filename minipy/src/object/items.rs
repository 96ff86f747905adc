//! The items of lists and tuples, and whatever else is as many as a script likes.

use std::ops::{Deref, DerefMut};

use tailbite::{Heap, LastFirst, Trace};

use crate::object::storage::{Refused, Storage, grow, storage};
use crate::object::{R, Value};
use crate::vm::Vm;

/// A vector in the heap, counted like objects are. It grows by asking the interpreter: what `Vec`'s own methods do must fit.
/// Items go from the last to the first, as CPython lets those of a list go.
#[derive(Trace)]
pub(crate) struct Items(LastFirst<Value, Storage>);

impl Items {
    pub(crate) fn new(vm: &Vm) -> Items {
        Items::in_heap(vm.heap())
    }

    pub(crate) fn in_heap(heap: &Heap) -> Items {
        Items(LastFirst::new_in(storage(heap)))
    }

    pub(crate) fn with_room(vm: &Vm, count: usize) -> R<Items> {
        let mut items = Items::new(vm);
        items.reserve(vm, count)?;
        Ok(items)
    }

    /// A copy.
    pub(crate) fn copy(vm: &Vm, items: &[Value]) -> R<Items> {
        let mut copy = Items::with_room(vm, items.len())?;
        copy.0.extend_from_slice(items);
        Ok(copy)
    }

    pub(crate) fn from_array<const N: usize>(vm: &Vm, items: [Value; N]) -> R<Items> {
        let mut all = Items::with_room(vm, N)?;
        all.0.extend(items);
        Ok(all)
    }

    /// All that an iterator yields; it must be ready for a collection at any time.
    pub(crate) fn collect(vm: &Vm, items: impl IntoIterator<Item = Value>) -> R<Items> {
        let items = items.into_iter();
        let mut all = Items::with_room(vm, items.size_hint().0)?;
        for item in items {
            all.push(vm, item)?;
        }
        Ok(all)
    }

    /// The same where making an item may raise.
    pub(crate) fn try_collect(vm: &Vm, items: impl IntoIterator<Item = R>) -> R<Items> {
        let items = items.into_iter();
        let mut all = Items::with_room(vm, items.size_hint().0)?;
        for item in items {
            all.push(vm, item?)?;
        }
        Ok(all)
    }

    /// Room for `more` items, if there is memory.
    pub(crate) fn grow(&mut self, more: usize) -> Result<(), Refused> {
        grow(&mut self.0, more)
    }

    pub(crate) fn reserve(&mut self, vm: &Vm, more: usize) -> R<()> {
        vm.granted(|| self.grow(more))
    }

    pub(crate) fn push(&mut self, vm: &Vm, item: Value) -> R<()> {
        self.reserve(vm, 1)?;
        self.0.push(item);
        Ok(())
    }

    /// Takes all items over.
    pub(crate) fn append(&mut self, vm: &Vm, mut more: Items) -> R<()> {
        self.reserve(vm, more.len())?;
        self.0.append(&mut more.0);
        Ok(())
    }

    /// The same where there is room.
    pub(crate) fn append_all(&mut self, more: &mut Items) {
        self.0.append(&mut more.0);
    }

    /// Adds an item where there is room.
    pub(crate) fn push_fitting(&mut self, item: Value) {
        self.0.push(item);
    }

    /// Exchanges `count` items from `at` on for others. There must be room for the new ones here, and in `old` for the old ones.
    pub(crate) fn replace_range(&mut self, at: usize, count: usize, new: Items, old: &mut Items) {
        old.0.extend(self.0.splice(at..at + count, new));
    }

    /// Takes the items from `at` on off.
    pub(crate) fn split_off(&mut self, vm: &Vm, at: usize) -> R<Items> {
        let mut tail = Items::with_room(vm, self.0.len() - at)?;
        tail.0.extend(self.0.drain(at..));
        Ok(tail)
    }
}

impl Deref for Items {
    type Target = LastFirst<Value, Storage>;

    fn deref(&self) -> &LastFirst<Value, Storage> {
        &self.0
    }
}

impl DerefMut for Items {
    fn deref_mut(&mut self) -> &mut LastFirst<Value, Storage> {
        &mut self.0
    }
}

impl IntoIterator for Items {
    type Item = Value;
    type IntoIter = allocator_api2::vec::IntoIter<Value, Storage>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_items().into_iter()
    }
}
