//! The methods of lists.

use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::items::Items;
use crate::object::iterators::IndexIterator;
use crate::object::list::this_list;
use crate::object::{Args, R, Raised, Value, symbol};
use crate::syntax::tree::CmpOp;
use crate::vm::Vm;

pub(crate) const METHODS: &[Method] = &[
    method("__init__", 0, 1, init),
    method("append", 1, 1, append),
    method("extend", 1, 1, extend),
    method("insert", 2, 2, insert),
    method("pop", 0, 1, pop),
    method("remove", 1, 1, remove),
    method("clear", 0, 0, clear),
    method("copy", 0, 0, copy),
    method("count", 1, 1, count),
    method("index", 1, 3, index),
    method("reverse", 0, 0, reverse),
    method("sort", 0, 0, sort).with_keywords(),
    method("__reversed__", 0, 0, reversed),
];

fn init(vm: &Vm, args: Args) -> R {
    let items = match args.get(1) {
        Some(iterable) => vm.collect(iterable)?,
        None => Items::new(vm),
    };
    let old = this_list(args.this()).replace(items);
    drop(old);
    Ok(vm.none())
}

fn append(vm: &Vm, mut args: Args) -> R {
    let value = args.positional.pop().expect("one argument");
    this_list(args.this()).push(vm, value)?;
    Ok(vm.none())
}

fn extend(vm: &Vm, args: Args) -> R {
    let values = vm.collect(&args[1])?;
    this_list(args.this()).extend(vm, values)?;
    Ok(vm.none())
}

fn insert(vm: &Vm, args: Args) -> R {
    let index = vm.index_clamped(&args[1])?;
    let list = this_list(args.this());
    list.insert(vm, clamp(index, list.len()), args[2].clone())?;
    Ok(vm.none())
}

fn clamp(index: i64, len: usize) -> usize {
    if index < 0 { len.saturating_sub(index.unsigned_abs() as usize) } else { len.min(index as usize) }
}

fn pop(vm: &Vm, args: Args) -> R {
    let list = this_list(args.this());
    let len = list.len();
    if len == 0 {
        return Err(vm.index_error("pop from empty list"));
    }
    let index = match args.get(1) {
        Some(index) => vm.sequence_index(index, len, "pop index out of range")?,
        None => len - 1,
    };
    list.remove(index).ok_or_else(|| vm.index_error("pop index out of range"))
}

fn remove(vm: &Vm, args: Args) -> R {
    let list = this_list(args.this());
    match list.find(vm, &args[1], 0, usize::MAX)? {
        Some(index) => {
            let removed = list.remove(index);
            drop(removed);
            Ok(vm.none())
        }
        None => Err(vm.value_error("list.remove(x): x not in list")),
    }
}

fn clear(vm: &Vm, args: Args) -> R {
    let old = this_list(args.this()).replace(Items::new(vm));
    drop(old);
    Ok(vm.none())
}

fn copy(vm: &Vm, args: Args) -> R {
    vm.list(this_list(args.this()).copy(vm)?)
}

fn count(vm: &Vm, args: Args) -> R {
    let mut count = 0;
    for item in this_list(args.this()).copy(vm)? {
        count += i64::from(vm.same_or_equal(&item, &args[1])?);
    }
    vm.int(count)
}

fn index(vm: &Vm, args: Args) -> R {
    let list = this_list(args.this());
    let bound = |at: usize, default: usize| match args.get(at) {
        Some(bound) => Ok(clamp(vm.index_clamped(bound)?, list.len())),
        None => Ok(default),
    };
    match list.find(vm, &args[1], bound(2, 0)?, bound(3, usize::MAX)?)? {
        Some(index) => vm.int(index as i64),
        None => Err(vm.value_error(format!("{} is not in list", vm.repr(&args[1])?))),
    }
}

fn reverse(vm: &Vm, args: Args) -> R {
    this_list(args.this()).reverse();
    Ok(vm.none())
}

fn reversed(vm: &Vm, args: Args) -> R {
    let this = args.this();
    vm.alloc(IndexIterator::reversed(this.clone(), this_list(this).len(), Builtin::ListReverseIterator))
}

fn sort(vm: &Vm, mut args: Args) -> R {
    let key = args.take_keyword(symbol::KEY).filter(|key| !vm.is_none(key));
    let reverse = match args.take_keyword(symbol::REVERSE) {
        Some(reverse) => vm.truth(&reverse)?,
        None => false,
    };
    vm.no_more_keywords("sort", &args)?;
    let list = this_list(args.this());
    // As in CPython the list looks empty meanwhile.
    let items = list.replace(Items::new(vm));
    let sorted = sort_values(vm, items, key.as_ref(), reverse);
    let (items, result) = match sorted {
        Ok(items) => (items, Ok(vm.none())),
        Err((items, raised)) => (items, Err(raised)),
    };
    let meanwhile = list.replace(items);
    if result.is_ok() && !meanwhile.is_empty() {
        return Err(vm.value_error("list modified during sort"));
    }
    result
}

/// A stable merge sort whose comparisons may raise; then the items come back in some order.
pub(crate) fn sort_values(
    vm: &Vm,
    mut items: Items,
    key: Option<&Value>,
    reverse: bool,
) -> Result<Items, (Items, Raised)> {
    // Reversing before and after keeps equal items in order.
    if reverse {
        items.reverse();
    }
    let order = match sorted_order(vm, &items, key) {
        Ok(order) => order,
        Err(raised) => return Err((items, raised)),
    };
    match Items::collect(vm, order.iter().map(|index| items[*index as usize].clone())) {
        Ok(mut sorted) => {
            if reverse {
                sorted.reverse();
            }
            Ok(sorted)
        }
        Err(raised) => Err((items, raised)),
    }
}

/// The positions of the items in sorted order.
fn sorted_order(vm: &Vm, items: &Items, key: Option<&Value>) -> R<Vec<u32>> {
    let len = u32::try_from(items.len()).map_err(|_| vm.memory_error())?;
    let _room = vm.room(items.len() * 2 * size_of::<u32>())?;
    let mut order: Vec<u32> = (0..len).collect();
    let mut scratch = order.clone();
    let keys = match key {
        None => None,
        Some(key) => {
            let call = |item: &Value| vm.call(key, Args::new([item.clone()]));
            Some(Items::try_collect(vm, items.iter().map(call))?)
        }
    };
    let keys: &[Value] = keys.as_ref().unwrap_or(items);
    merge_sort(&mut order, &mut scratch, &mut |a, b| less(vm, &keys[a as usize], &keys[b as usize]))?;
    Ok(order)
}

fn less(vm: &Vm, a: &Value, b: &Value) -> R<bool> {
    let result = vm.compare(CmpOp::Lt, a, b)?;
    vm.truth(&result)
}

/// The standard library's sort may panic on inconsistent orders, which a script can define; this one can't. `scratch` is as long.
fn merge_sort(order: &mut [u32], scratch: &mut [u32], less: &mut impl FnMut(u32, u32) -> R<bool>) -> R<()> {
    let len = order.len();
    if len <= 8 {
        for end in 1..len {
            let mut at = end;
            while at > 0 && less(order[at], order[at - 1])? {
                order.swap(at, at - 1);
                at -= 1;
            }
        }
        return Ok(());
    }
    let middle = len / 2;
    merge_sort(&mut order[..middle], &mut scratch[..middle], less)?;
    merge_sort(&mut order[middle..], &mut scratch[middle..], less)?;
    if !less(order[middle], order[middle - 1])? {
        return Ok(());
    }
    scratch.copy_from_slice(order);
    let (left, right) = scratch.split_at(middle);
    let (mut i, mut j) = (0, 0);
    for slot in order {
        let take_right = i == left.len() || (j < right.len() && less(right[j], left[i])?);
        *slot = if take_right {
            j += 1;
            right[j - 1]
        } else {
            i += 1;
            left[i - 1]
        };
    }
    Ok(())
}
