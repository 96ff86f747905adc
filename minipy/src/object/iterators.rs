//! Iterators over sequences, and `enumerate`, `zip`, `map`, `filter`.

use std::cell::{Cell, RefCell};

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::items::Items;
use crate::object::list::List;
use crate::object::string::Str;
use crate::object::{Args, Object, R, Slots, Value, bytes, instance, symbol, tuple};
use crate::vm::Vm;

/// Walks a list, tuple, string, or whatever has `__getitem__`, by index.
#[derive(Trace)]
#[trace(protocol = &INDEX)]
pub(crate) struct IndexIterator {
    /// Given up at the end.
    sequence: RefCell<Option<Value>>,
    index: Cell<usize>,
    backwards: bool,
    #[trace(skip)]
    class: Builtin,
}

pub(crate) static INDEX: Slots = Slots {
    class: Builtin::Iterator,
    repr: |vm, this| {
        let iterator = this_index(this);
        let _ = vm;
        Ok(format!("<{} object at {}>", iterator.class.name(), crate::object::slots::address(this)))
    },
    next: Some(|vm, this| this_index(this).advance(vm)),
    ..Slots::ITERATOR
};

fn this_index(this: &Value) -> &IndexIterator {
    this.downcast_ref::<IndexIterator>().expect("an index iterator")
}

impl IndexIterator {
    pub(crate) fn new(sequence: Value, class: Builtin) -> IndexIterator {
        IndexIterator { sequence: RefCell::new(Some(sequence)), index: Cell::new(0), backwards: false, class }
    }

    /// From the end; `index` is that of the last item plus one.
    pub(crate) fn reversed(sequence: Value, len: usize, class: Builtin) -> IndexIterator {
        IndexIterator { index: Cell::new(len), backwards: true, ..IndexIterator::new(sequence, class) }
    }

    pub(crate) fn class(&self) -> Builtin {
        self.class
    }

    pub(crate) fn advance(&self, vm: &Vm) -> R<Option<Value>> {
        let sequence = self.sequence.borrow().clone();
        let Some(sequence) = sequence else {
            return Ok(None);
        };
        let index = if self.backwards { self.index.get().checked_sub(1) } else { Some(self.index.get()) };
        let item = match index {
            None => Ok(None),
            Some(index) => item_at(vm, &sequence, index),
        };
        match item {
            Ok(Some(item)) => {
                self.index.set(if self.backwards { self.index.get() - 1 } else { self.index.get() + 1 });
                Ok(Some(item))
            }
            Ok(None) => {
                let finished = self.sequence.take();
                drop(finished);
                Ok(None)
            }
            Err(raised) => Err(raised),
        }
    }
}

fn item_at(vm: &Vm, sequence: &Value, index: usize) -> R<Option<Value>> {
    let plain = instance::native(sequence).is_none();
    if plain && let Some(list) = List::of(sequence) {
        return Ok(list.get(index));
    }
    if let Some(items) = tuple::of(sequence) {
        return Ok(items.get(index).cloned());
    }
    if let Some(list) = List::of(sequence) {
        return Ok(list.get(index));
    }
    if let Some(text) = Str::of(sequence) {
        return text.char_at(index).map(|c| vm.char(c)).transpose();
    }
    if let Some(bytes) = sequence.downcast_ref::<bytes::Bytes>() {
        return bytes.as_slice().get(index).map(|byte| vm.int((*byte).into())).transpose();
    }
    match vm.get_item(sequence, &vm.int(index as i64)?) {
        Ok(item) => Ok(Some(item)),
        Err(raised) if vm.is_instance(&raised.0, Builtin::IndexError) => Ok(None),
        Err(raised) if vm.is_instance(&raised.0, Builtin::StopIteration) => Ok(None),
        Err(raised) => Err(raised),
    }
}

/// `iter(function, sentinel)`.
#[derive(Trace)]
#[trace(protocol = &CALLABLE)]
pub(crate) struct CallableIterator {
    pub(crate) function: Value,
    pub(crate) sentinel: Value,
    pub(crate) finished: Cell<bool>,
}

pub(crate) static CALLABLE: Slots = Slots {
    class: Builtin::CallableIterator,
    next: Some(|vm, this| {
        let iterator = this.downcast_ref::<CallableIterator>().expect("a callable iterator");
        if iterator.finished.get() {
            return Ok(None);
        }
        let value = vm.call(&iterator.function, Args::default())?;
        if vm.same_or_equal(&iterator.sentinel, &value)? {
            iterator.finished.set(true);
            return Ok(None);
        }
        Ok(Some(value))
    }),
    ..Slots::ITERATOR
};

#[derive(Trace)]
#[trace(protocol = &ENUMERATE)]
pub(crate) struct Enumerate {
    iterator: Value,
    next: Cell<i64>,
}

pub(crate) static ENUMERATE: Slots = Slots {
    class: Builtin::Enumerate,
    next: Some(|vm, this| {
        let enumerate = this.downcast_ref::<Enumerate>().expect("an enumerate");
        let Some(item) = vm.next(&enumerate.iterator)? else {
            return Ok(None);
        };
        let index = enumerate.next.get();
        enumerate.next.set(index + 1);
        vm.tuple_of([vm.int(index)?, item]).map(Some)
    }),
    ..Slots::ITERATOR
};

pub(crate) fn make_enumerate(vm: &Vm, mut args: Args) -> R {
    let start = args.take_keyword(symbol::START).or_else(|| args.get(1).cloned());
    let start = match start {
        Some(start) => vm.index(&start)?,
        None => 0,
    };
    let iterator = vm.iter(&args[0])?;
    vm.alloc(Enumerate { iterator, next: Cell::new(start) })
}

#[derive(Trace)]
#[trace(protocol = &ZIP)]
pub(crate) struct Zip {
    iterators: Items,
    strict: bool,
}

pub(crate) static ZIP: Slots = Slots {
    class: Builtin::Zip,
    next: Some(|vm, this| {
        let zip = this.downcast_ref::<Zip>().expect("a zip");
        let mut items = Items::with_room(vm, zip.iterators.len())?;
        for (index, iterator) in zip.iterators.iter().enumerate() {
            match vm.next(iterator)? {
                Some(item) => items.push(vm, item)?,
                None => {
                    zip.check_strict(vm, index)?;
                    return Ok(None);
                }
            }
        }
        if items.is_empty() { Ok(None) } else { vm.tuple(items).map(Some) }
    }),
    ..Slots::ITERATOR
};

impl Zip {
    /// After iterator `index` has ended: with `strict`, all have to end together.
    fn check_strict(&self, vm: &Vm, index: usize) -> R<()> {
        if !self.strict {
            return Ok(());
        }
        let others = |count: usize| if count == 1 { "1".to_owned() } else { format!("s 1-{count}") };
        let plural = |count: usize| if count == 1 { " 1".to_owned() } else { others(count) };
        if index > 0 {
            let message = format!("zip() argument {} is shorter than argument{}", index + 1, plural(index));
            return Err(vm.value_error(message));
        }
        for (later, iterator) in self.iterators.iter().enumerate().skip(1) {
            if vm.next(iterator)?.is_some() {
                let message = format!("zip() argument {} is longer than argument{}", later + 1, plural(later));
                return Err(vm.value_error(message));
            }
        }
        Ok(())
    }
}

pub(crate) fn make_zip(vm: &Vm, mut args: Args) -> R {
    let strict = match args.take_keyword(symbol::STRICT) {
        Some(strict) => vm.truth(&strict)?,
        None => false,
    };
    let iterators = Items::try_collect(vm, args.positional.iter().map(|iterable| vm.iter(iterable)))?;
    vm.alloc(Zip { iterators, strict })
}

#[derive(Trace)]
#[trace(protocol = &MAP)]
pub(crate) struct Map {
    function: Value,
    iterators: Items,
}

pub(crate) static MAP: Slots = Slots {
    class: Builtin::Map,
    next: Some(|vm, this| {
        let map = this.downcast_ref::<Map>().expect("a map");
        let mut args = Args::default();
        vm.granted(|| args.positional.try_reserve(map.iterators.len()))?;
        for iterator in map.iterators.iter() {
            match vm.next(iterator)? {
                Some(item) => args.positional.push(item),
                None => return Ok(None),
            }
        }
        vm.call(&map.function, args).map(Some)
    }),
    ..Slots::ITERATOR
};

pub(crate) fn make_map(vm: &Vm, args: Args) -> R {
    if args.len() < 2 {
        return Err(vm.type_error("map() must have at least two arguments."));
    }
    let iterators = Items::try_collect(vm, args.positional[1..].iter().map(|iterable| vm.iter(iterable)))?;
    vm.alloc(Map { function: args[0].clone(), iterators })
}

#[derive(Trace)]
#[trace(protocol = &FILTER)]
pub(crate) struct Filter {
    function: Value,
    iterator: Value,
}

pub(crate) static FILTER: Slots = Slots {
    class: Builtin::Filter,
    next: Some(|vm, this| {
        let filter = this.downcast_ref::<Filter>().expect("a filter");
        while let Some(item) = vm.next(&filter.iterator)? {
            let keep = if vm.is_none(&filter.function) {
                vm.truth(&item)?
            } else {
                let result = vm.call(&filter.function, Args::new([item.clone()]))?;
                vm.truth(&result)?
            };
            if keep {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }),
    ..Slots::ITERATOR
};

pub(crate) fn make_filter(vm: &Vm, args: Args) -> R {
    let iterator = vm.iter(&args[1])?;
    vm.alloc(Filter { function: args[0].clone(), iterator })
}

/// `reversed(sequence)`.
pub(crate) fn make_reversed(vm: &Vm, args: Args) -> R {
    let sequence = args.this();
    if let Some(result) = vm.call_special(sequence, symbol::REVERSED, [])? {
        return Ok(result);
    }
    let slots = sequence.slots();
    if slots.len.is_none() || slots.get_item.is_none() || slots.class == Builtin::Dict {
        let name = vm.type_name(sequence);
        return Err(vm.type_error(format!("'{name}' object is not reversible")));
    }
    let len = vm.len(sequence)?;
    vm.alloc(IndexIterator::reversed(sequence.clone(), len, Builtin::Reversed))
}
