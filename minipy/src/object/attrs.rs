//! Attributes by name, in the order they were added: the inside of instances, classes and functions.

use std::cell::RefCell;

use tailbite::{Heap, Trace};

use crate::object::storage::{Refused, StorageIndex, StorageVec, grow, storage};
use crate::object::symbol::Symbol;
use crate::object::{R, Value};
use crate::vm::Vm;

/// Above this many attributes an index is kept.
const LINEAR: usize = 12;

tailbite::leaf!(Symbol);

/// Attributes. Adding one needs room, which [`grow`](Attrs::grow) makes.
#[derive(Trace)]
pub(crate) struct Attrs {
    entries: StorageVec<(Symbol, Value)>,
    /// Positions of the names, if there are many.
    #[trace(skip)]
    index: StorageIndex,
}

/// Symbols are numbers: spread them.
fn spread(name: Symbol) -> u64 {
    (name.index() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Attrs {
    pub(crate) fn new(heap: &Heap) -> Attrs {
        let storage = storage(heap);
        Attrs { entries: StorageVec::new_in(storage.clone()), index: StorageIndex::new_in(storage) }
    }

    fn is_indexed(&self) -> bool {
        !self.index.is_empty()
    }

    fn position(&self, name: Symbol) -> Option<usize> {
        if self.is_indexed() {
            let is_name = |at: &u32| self.entries[*at as usize].0 == name;
            return self.index.find(spread(name), is_name).map(|at| *at as usize);
        }
        self.entries.iter().position(|(entry, _)| *entry == name)
    }

    pub(crate) fn get(&self, name: Symbol) -> Option<&Value> {
        self.position(name).map(|at| &self.entries[at].1)
    }

    pub(crate) fn contains(&self, name: Symbol) -> bool {
        self.position(name).is_some()
    }

    /// Room for one more, if there is memory.
    pub(crate) fn grow(&mut self) -> Result<(), Refused> {
        grow(&mut self.entries, 1)?;
        if self.entries.len() < LINEAR {
            return Ok(());
        }
        let missing = self.entries.len() + 1 - self.index.len();
        let entries = &self.entries;
        self.index.try_reserve(missing, |at| spread(entries[*at as usize].0)).map_err(|_| Refused)
    }

    /// Sets an attribute that is there, or for which there is room. Returns the value replaced, for the caller to drop when nothing
    /// is borrowed.
    #[must_use]
    pub(crate) fn set_fitting(&mut self, name: Symbol, value: Value) -> Option<Value> {
        if let Some(at) = self.position(name) {
            return Some(std::mem::replace(&mut self.entries[at].1, value));
        }
        self.entries.push((name, value));
        if self.is_indexed() {
            self.add_to_index(self.entries.len() - 1);
        } else if self.entries.len() > LINEAR {
            self.rebuild_index();
        }
        None
    }

    /// Sets an attribute; the value replaced is dropped.
    pub(crate) fn set(&mut self, vm: &Vm, name: Symbol, value: Value) -> R<()> {
        vm.granted(|| self.grow())?;
        drop(self.set_fitting(name, value));
        Ok(())
    }

    #[must_use]
    pub(crate) fn remove(&mut self, name: Symbol) -> Option<Value> {
        let at = self.position(name)?;
        let (_, value) = self.entries.remove(at);
        if self.is_indexed() {
            self.rebuild_index();
        }
        Some(value)
    }

    fn add_to_index(&mut self, at: usize) {
        let entries = &self.entries;
        self.index.insert_unique(spread(entries[at].0), at as u32, |at| spread(entries[*at as usize].0));
    }

    /// There is room for all in the index; a few are found without it.
    fn rebuild_index(&mut self) {
        self.index.clear();
        if self.entries.len() > LINEAR {
            (0..self.entries.len()).for_each(|at| self.add_to_index(at));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Symbol, Value)> {
        self.entries.iter()
    }
}

/// Attributes of an object, changed through a shared handle.
#[derive(Trace)]
pub(crate) struct AttrCell(RefCell<Attrs>);

impl AttrCell {
    pub(crate) fn new(heap: &Heap) -> AttrCell {
        AttrCell(RefCell::new(Attrs::new(heap)))
    }

    pub(crate) fn of(attrs: Attrs) -> AttrCell {
        AttrCell(RefCell::new(attrs))
    }

    pub(crate) fn get(&self, name: Symbol) -> Option<Value> {
        self.0.borrow().get(name).cloned()
    }

    pub(crate) fn contains(&self, name: Symbol) -> bool {
        self.0.borrow().contains(name)
    }

    pub(crate) fn set(&self, vm: &Vm, name: Symbol, value: Value) -> R<()> {
        vm.granted(|| self.0.borrow_mut().grow())?;
        let old = self.0.borrow_mut().set_fitting(name, value);
        drop(old);
        Ok(())
    }

    /// Whether there was one.
    pub(crate) fn remove(&self, name: Symbol) -> bool {
        let old = self.0.borrow_mut().remove(name);
        old.is_some()
    }

    /// The names, oldest first: while they are looked at, they may change.
    pub(crate) fn names(&self) -> impl Iterator<Item = Symbol> {
        (0..).map_while(|at| self.0.borrow().entries.get(at).map(|(name, _)| *name))
    }

    /// Names and values, oldest first: while they are looked at, they may change.
    pub(crate) fn items(&self) -> impl Iterator<Item = (Symbol, Value)> {
        (0..).map_while(|at| self.0.borrow().entries.get(at).cloned())
    }
}
