//! The methods of lists.

use tailbite::LastFirst;

use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::iterators::IndexIterator;
use crate::object::list::this_list;
use crate::object::{Args, R, Value, symbol};
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
        None => Vec::new(),
    };
    let old = this_list(args.this()).replace(items);
    drop(old);
    Ok(vm.none())
}

fn append(vm: &Vm, mut args: Args) -> R {
    let value = args.positional.pop().expect("one argument");
    this_list(args.this()).push(value);
    Ok(vm.none())
}

fn extend(vm: &Vm, args: Args) -> R {
    let values = vm.collect(&args[1])?;
    this_list(args.this()).extend(values);
    Ok(vm.none())
}

fn insert(vm: &Vm, args: Args) -> R {
    let index = vm.index_clamped(&args[1])?;
    let list = this_list(args.this());
    list.insert(clamp(index, list.len()), args[2].clone());
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
    let old = this_list(args.this()).replace(Vec::new());
    drop(LastFirst::from(old));
    Ok(vm.none())
}

fn copy(vm: &Vm, args: Args) -> R {
    Ok(vm.list(this_list(args.this()).to_vec()))
}

fn count(vm: &Vm, args: Args) -> R {
    let mut count = 0;
    for item in this_list(args.this()).to_vec() {
        count += i64::from(vm.same_or_equal(&item, &args[1])?);
    }
    Ok(vm.int(count))
}

fn index(vm: &Vm, args: Args) -> R {
    let list = this_list(args.this());
    let bound = |at: usize, default: usize| match args.get(at) {
        Some(bound) => Ok(clamp(vm.index_clamped(bound)?, list.len())),
        None => Ok(default),
    };
    match list.find(vm, &args[1], bound(2, 0)?, bound(3, usize::MAX)?)? {
        Some(index) => Ok(vm.int(index as i64)),
        None => Err(vm.value_error(format!("{} is not in list", vm.repr(&args[1])?))),
    }
}

fn reverse(vm: &Vm, args: Args) -> R {
    this_list(args.this()).reverse();
    Ok(vm.none())
}

fn reversed(vm: &Vm, args: Args) -> R {
    let this = args.this();
    Ok(vm.alloc(IndexIterator::reversed(this.clone(), this_list(this).len(), Builtin::ListReverseIterator)))
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
    let items = list.replace(Vec::new());
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
    items: Vec<Value>,
    key: Option<&Value>,
    reverse: bool,
) -> Result<Vec<Value>, (Vec<Value>, crate::object::Raised)> {
    let mut pairs: Vec<(Value, Value)> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let sort_key = match key {
            None => Ok(item.clone()),
            Some(key) => vm.call(key, Args::new([item.clone()])),
        };
        match sort_key {
            Ok(sort_key) => pairs.push((sort_key, item.clone())),
            Err(raised) => {
                let _ = index;
                return Err((items, raised));
            }
        }
    }
    drop(items);
    // Reversing before and after keeps equal items in order.
    if reverse {
        pairs.reverse();
    }
    let mut failed = None;
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    merge_sort(&mut order, &mut |a, b| {
        if failed.is_some() {
            return false;
        }
        match less(vm, &pairs[a].0, &pairs[b].0) {
            Ok(less) => less,
            Err(raised) => {
                failed = Some(raised);
                false
            }
        }
    });
    let mut sorted: Vec<Value> = order.iter().map(|index| pairs[*index].1.clone()).collect();
    if reverse {
        sorted.reverse();
    }
    match failed {
        None => Ok(sorted),
        Some(raised) => Err((sorted, raised)),
    }
}

fn less(vm: &Vm, a: &Value, b: &Value) -> R<bool> {
    let result = vm.compare(CmpOp::Lt, a, b)?;
    vm.truth(&result)
}

/// The standard library's sort may panic on inconsistent orders, which a script can define; this one can't.
fn merge_sort(order: &mut [usize], less: &mut impl FnMut(usize, usize) -> bool) {
    let len = order.len();
    if len <= 8 {
        for end in 1..len {
            let mut at = end;
            while at > 0 && less(order[at], order[at - 1]) {
                order.swap(at, at - 1);
                at -= 1;
            }
        }
        return;
    }
    let (left, right) = order.split_at_mut(len / 2);
    merge_sort(left, less);
    merge_sort(right, less);
    if !less(right[0], left[left.len() - 1]) {
        return;
    }
    let (left, right) = (left.to_vec(), right.to_vec());
    let (mut i, mut j) = (0, 0);
    for slot in order {
        let take_right = i == left.len() || (j < right.len() && less(right[j], left[i]));
        *slot = if take_right {
            j += 1;
            right[j - 1]
        } else {
            i += 1;
            left[i - 1]
        };
    }
}
