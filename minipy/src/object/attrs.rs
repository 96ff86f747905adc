//! Attributes by name, in the order they were added: the inside of instances, classes and functions.

use std::cell::RefCell;
use std::collections::HashMap;

use tailbite::Trace;

use crate::object::Value;
use crate::object::symbol::Symbol;

/// Above this many attributes an index is kept.
const LINEAR: usize = 12;

tailbite::leaf!(Symbol);

#[derive(Trace, Default, Clone)]
pub(crate) struct Attrs {
    entries: Vec<(Symbol, Value)>,
    #[trace(skip)]
    index: Option<HashMap<Symbol, usize>>,
}

impl Attrs {
    fn position(&self, name: Symbol) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(&name).copied(),
            None => self.entries.iter().position(|(entry, _)| *entry == name),
        }
    }

    pub(crate) fn get(&self, name: Symbol) -> Option<&Value> {
        self.position(name).map(|at| &self.entries[at].1)
    }

    pub(crate) fn contains(&self, name: Symbol) -> bool {
        self.position(name).is_some()
    }

    /// Returns the value replaced, for the caller to drop when nothing is borrowed.
    #[must_use]
    pub(crate) fn set(&mut self, name: Symbol, value: Value) -> Option<Value> {
        if let Some(at) = self.position(name) {
            return Some(std::mem::replace(&mut self.entries[at].1, value));
        }
        self.entries.push((name, value));
        let last = self.entries.len() - 1;
        match &mut self.index {
            Some(index) => {
                index.insert(name, last);
            }
            None if self.entries.len() > LINEAR => self.rebuild_index(),
            None => {}
        }
        None
    }

    #[must_use]
    pub(crate) fn remove(&mut self, name: Symbol) -> Option<Value> {
        let at = self.position(name)?;
        let (_, value) = self.entries.remove(at);
        if self.index.is_some() {
            self.rebuild_index();
        }
        Some(value)
    }

    fn rebuild_index(&mut self) {
        let entries = self.entries.iter().enumerate();
        self.index = Some(entries.map(|(at, (name, _))| (*name, at)).collect());
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Symbol, Value)> {
        self.entries.iter()
    }

    pub(crate) fn names(&self) -> Vec<Symbol> {
        self.entries.iter().map(|(name, _)| *name).collect()
    }
}

/// Attributes of an object, changed through a shared handle.
#[derive(Trace, Default)]
pub(crate) struct AttrCell(RefCell<Attrs>);

impl AttrCell {
    pub(crate) fn new(attrs: Attrs) -> AttrCell {
        AttrCell(RefCell::new(attrs))
    }

    pub(crate) fn get(&self, name: Symbol) -> Option<Value> {
        self.0.borrow().get(name).cloned()
    }

    pub(crate) fn contains(&self, name: Symbol) -> bool {
        self.0.borrow().contains(name)
    }

    pub(crate) fn set(&self, name: Symbol, value: Value) {
        let old = self.0.borrow_mut().set(name, value);
        drop(old);
    }

    /// Whether there was one.
    pub(crate) fn remove(&self, name: Symbol) -> bool {
        let old = self.0.borrow_mut().remove(name);
        old.is_some()
    }

    pub(crate) fn names(&self) -> Vec<Symbol> {
        self.0.borrow().names()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// A copy of all, in order.
    pub(crate) fn items(&self) -> Vec<(Symbol, Value)> {
        self.0.borrow().iter().cloned().collect()
    }
}
