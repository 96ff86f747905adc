//! The table inside dicts: entries in insertion order, found by hash.
//!
//! Comparing keys may run script code, which may change the table. So a lookup compares without any borrow held and
//! starts again when the table has changed meanwhile.

use std::cell::{Cell, RefCell};

use hashbrown::HashTable;
use tailbite::Trace;

use crate::object::int::Int;
use crate::object::string::Str;
use crate::object::{R, Value};
use crate::vm::Vm;

#[derive(Trace, Clone)]
struct Entry {
    #[trace(skip)]
    hash: i64,
    key: Value,
    value: Value,
}

#[derive(Trace, Default)]
struct Inner {
    /// `None` where an entry was deleted.
    entries: Vec<Option<Entry>>,
    /// Positions in `entries` by hash.
    #[trace(skip)]
    index: HashTable<u32>,
    #[trace(skip)]
    live: usize,
}

#[derive(Trace, Default)]
pub(crate) struct Table {
    inner: RefCell<Inner>,
    /// Changes whenever keys come or go.
    #[trace(skip)]
    version: Cell<u64>,
}

/// Equality of keys without script code; `None` if that is needed.
pub(crate) fn quick_equal(a: &Value, b: &Value) -> Option<bool> {
    if Value::ptr_eq(a, b) {
        return Some(true);
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<Str>(), b.downcast_ref::<Str>()) {
        return Some(a.as_str() == b.as_str());
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<Int>(), b.downcast_ref::<Int>()) {
        return Some(a == b);
    }
    None
}

impl Table {
    fn find(&self, vm: &Vm, hash: i64, key: &Value) -> R<Option<usize>> {
        'again: loop {
            let version = self.version.get();
            let mut unclear = Vec::new();
            {
                let inner = self.inner.borrow();
                for &position in inner.index.iter_hash(hash as u64) {
                    let Some(entry) = &inner.entries[position as usize] else {
                        continue;
                    };
                    if entry.hash != hash {
                        continue;
                    }
                    match quick_equal(&entry.key, key) {
                        Some(true) => return Ok(Some(position as usize)),
                        Some(false) => {}
                        None => unclear.push((position as usize, entry.key.clone())),
                    }
                }
            }
            for (position, candidate) in unclear {
                let equal = vm.equal(&candidate, key)?;
                if self.version.get() != version {
                    continue 'again;
                }
                if equal {
                    return Ok(Some(position));
                }
            }
            return Ok(None);
        }
    }

    pub(crate) fn get(&self, vm: &Vm, key: &Value) -> R<Option<Value>> {
        let hash = vm.hash(key)?;
        let Some(position) = self.find(vm, hash, key)? else {
            return Ok(None);
        };
        let inner = self.inner.borrow();
        Ok(inner.entries[position].as_ref().map(|entry| entry.value.clone()))
    }

    pub(crate) fn set(&self, vm: &Vm, key: Value, value: Value) -> R<()> {
        let hash = vm.hash(&key)?;
        if let Some(position) = self.find(vm, hash, &key)? {
            let mut inner = self.inner.borrow_mut();
            let entry = inner.entries[position].as_mut();
            let old = entry.map(|entry| std::mem::replace(&mut entry.value, value));
            drop(inner);
            drop(old);
            return Ok(());
        }
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let Ok(position) = u32::try_from(inner.entries.len()) else {
            return Err(vm.memory_error());
        };
        inner.entries.push(Some(Entry { hash, key, value }));
        inner.live += 1;
        let entries = &inner.entries;
        let rehash = |position: &u32| entries[*position as usize].as_ref().map_or(0, |entry| entry.hash as u64);
        inner.index.insert_unique(hash as u64, position, rehash);
        self.version.set(self.version.get() + 1);
        Ok(())
    }

    /// Takes an entry out.
    pub(crate) fn remove(&self, vm: &Vm, key: &Value) -> R<Option<(Value, Value)>> {
        let hash = vm.hash(key)?;
        Ok(self.find(vm, hash, key)?.and_then(|position| self.remove_at(position)))
    }

    fn remove_at(&self, position: usize) -> Option<(Value, Value)> {
        let mut inner = self.inner.borrow_mut();
        let entry = inner.entries.get_mut(position)?.take()?;
        inner.live -= 1;
        if let Ok(found) = inner.index.find_entry(entry.hash as u64, |other| *other as usize == position) {
            found.remove();
        }
        while matches!(inner.entries.last(), Some(None)) {
            inner.entries.pop();
        }
        if inner.entries.len() > 32 && inner.live * 4 < inner.entries.len() {
            inner.compact();
        }
        self.version.set(self.version.get() + 1);
        Some((entry.key, entry.value))
    }

    pub(crate) fn pop_last(&self) -> Option<(Value, Value)> {
        let last = self.inner.borrow().entries.iter().rposition(Option::is_some)?;
        self.remove_at(last)
    }

    /// Empties the table; the old content is the caller's to drop.
    #[must_use]
    pub(crate) fn take(&self) -> impl Sized + use<> {
        self.version.set(self.version.get() + 1);
        self.inner.take()
    }

    pub(crate) fn len(&self) -> usize {
        self.inner.borrow().live
    }

    /// The first entry at or after `position`, with its position.
    pub(crate) fn next_from(&self, position: usize) -> Option<(usize, Value, Value)> {
        let inner = self.inner.borrow();
        let found = inner.entries.get(position..)?.iter().enumerate();
        let mut live = found.filter_map(|(offset, entry)| Some((position + offset, entry.as_ref()?)));
        live.next().map(|(at, entry)| (at, entry.key.clone(), entry.value.clone()))
    }

    pub(crate) fn items(&self) -> Vec<(Value, Value)> {
        let inner = self.inner.borrow();
        inner.entries.iter().flatten().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    }

    /// A table with the same entries.
    pub(crate) fn copy(&self) -> Table {
        let inner = self.inner.borrow();
        let mut copy = Inner {
            entries: inner.entries.iter().filter(|entry| entry.is_some()).cloned().collect(),
            index: HashTable::new(),
            live: inner.live,
        };
        copy.rebuild_index();
        Table { inner: RefCell::new(copy), version: Cell::new(0) }
    }
}

impl Inner {
    fn compact(&mut self) {
        self.entries.retain(Option::is_some);
        self.rebuild_index();
    }

    fn rebuild_index(&mut self) {
        let entries = &self.entries;
        let hash = |position: &u32| entries[*position as usize].as_ref().map_or(0, |entry| entry.hash as u64);
        let mut index = HashTable::with_capacity(entries.len());
        for position in 0..entries.len() as u32 {
            index.insert_unique(hash(&position), position, hash);
        }
        self.index = index;
    }
}
