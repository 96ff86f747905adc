//! Tuples.

use tailbite::{Heap, Trace, Untraced};

use crate::object::class_table::Builtin;
use crate::object::instance::Native;
use crate::object::int::Int;
use crate::object::items::Items;
use crate::object::iterators::IndexIterator;
use crate::object::slice::Slice;
use crate::object::{Args, Object, R, Slots, Value, instance};
use crate::syntax::tree::{BinOp, CmpOp};
use crate::vm::{Text, Vm};

/// A tuple that may be part of a cycle.
#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Tuple(Items);

/// A tuple of atoms: a type of its own, because the collector tracks by type and these need no tracking.
#[derive(Trace)]
#[trace(leaf, protocol = &ATOM_SLOTS)]
pub(crate) struct AtomTuple(Untraced<Items>);

pub(crate) const SLOTS: Slots = Slots {
    class: Builtin::Tuple,
    repr,
    hash: Some(hash),
    len: Some(|_, this| Ok(items(this).len())),
    get_item: Some(get_item),
    contains: Some(|vm, this, item| {
        for candidate in items(this) {
            if vm.same_or_equal(candidate, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }),
    iter: Some(|vm, this| vm.alloc(IndexIterator::new(this.clone(), Builtin::TupleIterator))),
    compare: Some(|vm, op, a, b| match (of(a), of(b)) {
        (Some(a), Some(b)) => compare_items(vm, op, a, b).map(Some),
        _ => Ok(None),
    }),
    binary: Some(binary),
    ..Slots::DEFAULT
};

static ATOM_SLOTS: Slots = Slots { atom: true, ..SLOTS };

impl AtomTuple {
    pub(crate) fn empty(heap: &Heap) -> AtomTuple {
        AtomTuple(Untraced(Items::in_heap(heap)))
    }
}

/// A tuple object of `items`.
pub(crate) fn new(vm: &Vm, items: Items) -> R {
    if items.iter().all(|item| item.slots().atom) {
        vm.alloc(AtomTuple(Untraced(items)))
    } else {
        vm.alloc(Tuple(items))
    }
}

/// The items of a tuple.
#[inline]
pub(crate) fn exactly(value: &Value) -> Option<&[Value]> {
    if let Some(tuple) = value.downcast_ref::<Tuple>() {
        return Some(&tuple.0);
    }
    value.downcast_ref::<AtomTuple>().map(|tuple| &tuple.0.0[..])
}

/// The same; an instance of a subclass counts.
#[inline]
pub(crate) fn of(value: &Value) -> Option<&[Value]> {
    if let Some(items) = exactly(value) {
        return Some(items);
    }
    match instance::native(value)? {
        Native::Tuple(items) => Some(items),
        _ => None,
    }
}

fn items(this: &Value) -> &[Value] {
    of(this).expect("a tuple")
}

fn repr(vm: &Vm, this: &Value) -> R<String> {
    let items = items(this);
    let _guard = vm.recurse()?;
    let mut text = Text::new(vm);
    text.push('(')?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ")?;
        }
        text.push_str(&vm.repr(item)?)?;
    }
    text.push_str(if items.len() == 1 { ",)" } else { ")" })?;
    Ok(text.finish())
}

/// The mixing of CPython's tuple hash (xxHash).
fn hash(vm: &Vm, this: &Value) -> R<i64> {
    let _guard = vm.recurse()?;
    let items = items(this);
    let mut accumulator = 2_870_177_450_012_600_261u64;
    for item in items {
        let lane = vm.hash(item)? as u64;
        accumulator = accumulator.wrapping_add(lane.wrapping_mul(14_029_467_366_897_019_727));
        accumulator = accumulator.rotate_left(31).wrapping_mul(11_400_714_785_074_694_791);
    }
    accumulator = accumulator.wrapping_add(items.len() as u64 ^ (2_870_177_450_012_600_261 ^ 3_527_539));
    Ok(if accumulator == u64::MAX { 1_546_275_796 } else { accumulator as i64 })
}

fn get_item(vm: &Vm, this: &Value, key: &Value) -> R {
    let items = items(this);
    if let Some(slice) = key.downcast_ref::<Slice>() {
        let indices = slice.indices(vm, items.len())?;
        return vm.tuple(Items::collect(vm, indices.iter().map(|index| items[index].clone()))?);
    }
    if !vm.has_index(key) {
        let name = vm.type_name(key);
        return Err(vm.type_error(format!("tuple indices must be integers or slices, not {name}")));
    }
    let index = vm.sequence_index(key, items.len(), "tuple index out of range")?;
    Ok(items[index].clone())
}

/// Lexicographic comparison of two sequences of items.
pub(crate) fn compare_items(vm: &Vm, op: CmpOp, a: &[Value], b: &[Value]) -> R {
    let _guard = vm.recurse()?;
    if a.len() != b.len() && matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(vm.bool(op == CmpOp::Ne));
    }
    for (x, y) in a.iter().zip(b) {
        if !vm.same_or_equal(x, y)? {
            return match op {
                CmpOp::Eq => Ok(vm.bool(false)),
                CmpOp::Ne => Ok(vm.bool(true)),
                _ => vm.compare(op, x, y),
            };
        }
    }
    Ok(vm.bool(op.holds(a.len().cmp(&b.len()))))
}

fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    match (op, of(a), of(b)) {
        (BinOp::Add, Some(x), Some(y)) => vm.tuple(Items::collect(vm, x.iter().chain(y).cloned())?).map(Some),
        (BinOp::Add, Some(_), None) if b.slots().class != Builtin::Object => {
            let name = vm.type_name(b);
            Err(vm.type_error(format!("can only concatenate tuple (not \"{name}\") to tuple")))
        }
        (BinOp::Mul, Some(items), None) if Int::of(b).is_some() => repeat(vm, items, b).map(Some),
        (BinOp::Mul, None, Some(items)) if Int::of(a).is_some() => repeat(vm, items, a).map(Some),
        _ => Ok(None),
    }
}

fn repeat(vm: &Vm, items: &[Value], count: &Value) -> R {
    vm.tuple(vm.repeat(items, count)?)
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    match args.get(0) {
        None => Ok(vm.empty_tuple()),
        Some(value) if of(value).is_some() && instance::native(value).is_none() => Ok(value.clone()),
        Some(value) => vm.tuple(vm.collect(value)?),
    }
}

pub(crate) fn count(vm: &Vm, args: Args) -> R {
    let mut count = 0;
    for item in items(args.this()) {
        count += i64::from(vm.same_or_equal(item, &args[1])?);
    }
    vm.int(count)
}

pub(crate) fn index(vm: &Vm, args: Args) -> R {
    for (index, item) in items(args.this()).iter().enumerate() {
        if vm.same_or_equal(item, &args[1])? {
            return vm.int(index as i64);
        }
    }
    Err(vm.value_error("tuple.index(x): x not in tuple"))
}
