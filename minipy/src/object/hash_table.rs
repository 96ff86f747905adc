//! The table inside dicts: entries in insertion order, found by hash.
//!
//! Comparing keys may run script code, which may change the table. So a lookup compares without any borrow held and
//! starts again when the table has changed meanwhile.

use std::cell::{Cell, RefCell};

use smallvec::SmallVec;
use tailbite::Trace;

use crate::object::int::Int;
use crate::object::items::Items;
use crate::object::storage::{Refused, StorageIndex, StorageVec, grow, storage};
use crate::object::string::Str;
use crate::object::{R, Value};
use crate::vm::Vm;

/// Keys compared between two looks at the table.
const FEW: usize = 4;

#[derive(Trace, Clone)]
struct Entry {
    #[trace(skip)]
    hash: i64,
    key: Value,
    value: Value,
}

#[derive(Trace)]
struct Inner {
    /// `None` where an entry was deleted.
    entries: StorageVec<Option<Entry>>,
    /// Positions in `entries` by hash.
    #[trace(skip)]
    index: StorageIndex,
    #[trace(skip)]
    live: usize,
}

#[derive(Trace)]
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
    pub(crate) fn new(vm: &Vm) -> Table {
        Table { inner: RefCell::new(Inner::new(vm)), version: Cell::new(0) }
    }

    fn find(&self, vm: &Vm, hash: i64, key: &Value) -> R<Option<usize>> {
        'again: loop {
            let version = self.version.get();
            let mut seen = 0;
            loop {
                let unclear = match self.inner.borrow().candidates(hash, key, seen) {
                    Candidates::Found(position) => return Ok(Some(position)),
                    Candidates::Unclear(unclear) => unclear,
                };
                if unclear.is_empty() {
                    return Ok(None);
                }
                seen += unclear.len();
                for (position, candidate) in unclear {
                    let equal = vm.equal(&candidate, key)?;
                    if self.version.get() != version {
                        continue 'again;
                    }
                    if equal {
                        return Ok(Some(position));
                    }
                }
            }
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
        loop {
            if let Some(position) = self.find(vm, hash, &key)? {
                let mut inner = self.inner.borrow_mut();
                let entry = inner.entries[position].as_mut();
                let old = entry.map(|entry| std::mem::replace(&mut entry.value, value));
                drop(inner);
                drop(old);
                return Ok(());
            }
            let version = self.version.get();
            vm.granted(|| self.inner.borrow_mut().grow(1))?;
            // Asking for room may have run script code, which may have added the key.
            if self.version.get() == version {
                self.inner.borrow_mut().push(Entry { hash, key, value });
                self.version.set(version + 1);
                return Ok(());
            }
        }
    }

    /// Takes an entry out.
    pub(crate) fn remove(&self, vm: &Vm, key: &Value) -> R<Option<(Value, Value)>> {
        let hash = vm.hash(key)?;
        Ok(self.find(vm, hash, key)?.and_then(|position| self.remove_at(vm, position)))
    }

    fn remove_at(&self, vm: &Vm, position: usize) -> Option<(Value, Value)> {
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
            inner.compact(vm);
        }
        self.version.set(self.version.get() + 1);
        Some((entry.key, entry.value))
    }

    pub(crate) fn pop_last(&self, vm: &Vm) -> Option<(Value, Value)> {
        let last = self.inner.borrow().entries.iter().rposition(Option::is_some)?;
        self.remove_at(vm, last)
    }

    /// Empties the table; the old content is the caller's to drop.
    #[must_use]
    pub(crate) fn take(&self, vm: &Vm) -> impl Sized + use<> {
        self.version.set(self.version.get() + 1);
        self.inner.replace(Inner::new(vm))
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

    /// A copy of keys and values, in turn.
    pub(crate) fn flat_items(&self, vm: &Vm) -> R<Items> {
        self.copy_of(vm, 2, |entry| [entry.key.clone(), entry.value.clone()])
    }

    /// A copy of the entries.
    pub(crate) fn items(&self, vm: &Vm) -> R<impl Iterator<Item = (Value, Value)> + use<>> {
        let mut flat = self.flat_items(vm)?.into_iter();
        Ok(std::iter::from_fn(move || Some((flat.next()?, flat.next()?))))
    }

    pub(crate) fn keys(&self, vm: &Vm) -> R<Items> {
        self.copy_of(vm, 1, |entry| [entry.key.clone()])
    }

    pub(crate) fn values(&self, vm: &Vm) -> R<Items> {
        self.copy_of(vm, 1, |entry| [entry.value.clone()])
    }

    fn copy_of<const N: usize>(&self, vm: &Vm, each: usize, part: fn(&Entry) -> [Value; N]) -> R<Items> {
        loop {
            let mut copy = Items::with_room(vm, self.len().saturating_mul(each))?;
            let inner = self.inner.borrow();
            // Asking for room may have run script code.
            if copy.capacity() >= inner.live * each {
                copy.extend(inner.entries.iter().flatten().flat_map(part));
                return Ok(copy);
            }
        }
    }

    /// A table with the same entries.
    pub(crate) fn copy(&self, vm: &Vm) -> R<Table> {
        loop {
            let mut copy = Inner::new(vm);
            vm.granted(|| copy.grow(self.len()))?;
            let inner = self.inner.borrow();
            // Asking for room may have run script code.
            if copy.entries.capacity() >= inner.live {
                for entry in inner.entries.iter().flatten() {
                    copy.push(entry.clone());
                }
                return Ok(Table { inner: RefCell::new(copy), version: Cell::new(0) });
            }
        }
    }
}

fn hash_in(entries: &[Option<Entry>]) -> impl Fn(&u32) -> u64 {
    |position| entries[*position as usize].as_ref().map_or(0, |entry| entry.hash as u64)
}

/// What a look at the entries of a hash finds without script code.
enum Candidates {
    Found(usize),
    /// Keys that script code has to compare, a few at a time.
    Unclear(SmallVec<[(usize, Value); FEW]>),
}

impl Inner {
    /// Looks for `key`, behind the first `seen` of the unclear ones.
    fn candidates(&self, hash: i64, key: &Value, mut seen: usize) -> Candidates {
        let mut unclear = SmallVec::new();
        for &position in self.index.iter_hash(hash as u64) {
            let Some(entry) = self.entries[position as usize].as_ref().filter(|entry| entry.hash == hash) else {
                continue;
            };
            match quick_equal(&entry.key, key) {
                Some(true) => return Candidates::Found(position as usize),
                Some(false) => {}
                None if seen > 0 => seen -= 1,
                None => {
                    unclear.push((position as usize, entry.key.clone()));
                    if unclear.len() == FEW {
                        break;
                    }
                }
            }
        }
        Candidates::Unclear(unclear)
    }

    fn new(vm: &Vm) -> Inner {
        let storage = storage(vm.heap());
        Inner { entries: StorageVec::new_in(storage.clone()), index: StorageIndex::new_in(storage), live: 0 }
    }

    /// Room for so many more entries, if there is memory.
    fn grow(&mut self, more: usize) -> Result<(), Refused> {
        if self.entries.len().saturating_add(more) > u32::MAX as usize {
            return Err(Refused);
        }
        grow(&mut self.entries, more)?;
        self.index.try_reserve(more, hash_in(&self.entries)).map_err(|_| Refused)
    }

    /// Adds an entry whose key is not there; there must be room for it.
    fn push(&mut self, entry: Entry) {
        let hash = entry.hash as u64;
        self.entries.push(Some(entry));
        self.live += 1;
        self.index.insert_unique(hash, self.entries.len() as u32 - 1, hash_in(&self.entries));
    }

    /// Drops the gaps, and gives memory back if there is enough for a smaller copy.
    fn compact(&mut self, vm: &Vm) {
        let mut smaller = Inner::new(vm);
        if smaller.grow(self.live * 2).is_ok() {
            self.entries.drain(..).flatten().for_each(|entry| smaller.push(entry));
            *self = smaller;
            return;
        }
        self.entries.retain(Option::is_some);
        self.index.clear();
        for position in 0..self.entries.len() as u32 {
            let hash = hash_in(&self.entries);
            self.index.insert_unique(hash(&position), position, hash);
        }
    }
}
