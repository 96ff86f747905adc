//! Ranges of integers.

use std::cell::Cell;

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::int::Int;
use crate::object::slice::Slice;
use crate::object::{Args, R, Slots, Value};
use crate::syntax::tree::CmpOp;
use crate::vm::Vm;

#[derive(Trace, Clone, Copy, PartialEq)]
#[trace(leaf, protocol = &SLOTS)]
pub(crate) struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Range,
    atom: true,
    repr: |_, this| {
        let range = this_range(this);
        Ok(match range.step {
            1 => format!("range({}, {})", range.start, range.stop),
            step => format!("range({}, {}, {step})", range.start, range.stop),
        })
    },
    len: Some(|_, this| Ok(this_range(this).len())),
    get_item: Some(|vm, this, key| {
        let range = this_range(this);
        if let Some(slice) = key.downcast_ref::<Slice>() {
            let indices = slice.indices(vm, range.len())?;
            let start = range.at(indices.start);
            let step = range.step * indices.step;
            let stop = start + indices.count as i64 * step;
            return vm.alloc(Range { start, stop, step });
        }
        let index = vm.sequence_index(key, range.len(), "range object index out of range")?;
        vm.int(range.at(index as i64))
    }),
    contains: Some(|vm, this, item| {
        let range = this_range(this);
        if let Some(Int::Small(value)) = Int::of(item) {
            return Ok(range.contains(*value));
        }
        for index in 0..range.len() as i64 {
            if vm.equal(&vm.int(range.at(index))?, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }),
    iter: Some(|vm, this| vm.alloc(RangeIterator::new(*this_range(this)))),
    hash: Some(|_, this| {
        let range = this_range(this);
        Ok(range.start ^ range.stop.rotate_left(20) ^ range.step.rotate_left(40))
    }),
    compare: Some(|vm, op, a, b| {
        let (CmpOp::Eq | CmpOp::Ne, Some(a), Some(b)) = (op, a.downcast_ref::<Range>(), b.downcast_ref::<Range>())
        else {
            return Ok(None);
        };
        let equal = a.len() == b.len() && (a.len() == 0 || a.start == b.start && (a.len() == 1 || a.step == b.step));
        Ok(Some(vm.bool(equal == (op == CmpOp::Eq))))
    }),
    get_attr: Some(|vm, this, name| {
        let range = this_range(this);
        Ok(match name.name() {
            "start" => Some(vm.int(range.start)?),
            "stop" => Some(vm.int(range.stop)?),
            "step" => Some(vm.int(range.step)?),
            _ => None,
        })
    }),
    ..Slots::DEFAULT
};

fn this_range(this: &Value) -> &Range {
    this.downcast_ref::<Range>().expect("a range")
}

impl Range {
    fn len(&self) -> usize {
        let (start, stop, step) = (i128::from(self.start), i128::from(self.stop), i128::from(self.step));
        let len = if step > 0 { (stop - start + step - 1) / step } else { (start - stop - step - 1) / -step };
        len.max(0).min(i128::from(i64::MAX)) as usize
    }

    fn at(&self, index: i64) -> i64 {
        self.start.wrapping_add(index.wrapping_mul(self.step))
    }

    fn contains(&self, value: i64) -> bool {
        let inside = if self.step > 0 {
            self.start <= value && value < self.stop
        } else {
            self.stop < value && value <= self.start
        };
        inside && (i128::from(value) - i128::from(self.start)) % i128::from(self.step) == 0
    }

    fn reversed(&self) -> Range {
        let len = self.len() as i64;
        Range { start: self.at(len - 1), stop: self.start.wrapping_sub(self.step), step: -self.step }
    }
}

#[derive(Trace)]
#[trace(leaf, protocol = &ITERATOR)]
pub(crate) struct RangeIterator {
    next: Cell<i64>,
    step: i64,
    left: Cell<usize>,
}

pub(crate) static ITERATOR: Slots = Slots {
    class: Builtin::RangeIterator,
    next: Some(|vm, this| {
        let iterator = this.downcast_ref::<RangeIterator>().expect("a range iterator");
        iterator.advance().map(|value| vm.int(value)).transpose()
    }),
    ..Slots::ITERATOR
};

impl RangeIterator {
    fn new(range: Range) -> RangeIterator {
        RangeIterator { next: Cell::new(range.start), step: range.step, left: Cell::new(range.len()) }
    }

    #[inline]
    pub(crate) fn advance(&self) -> Option<i64> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        let value = self.next.get();
        self.next.set(value.wrapping_add(self.step));
        Some(value)
    }
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    let at = |index: usize| vm.index(&args[index]);
    let range = match args.len() {
        1 => Range { start: 0, stop: at(0)?, step: 1 },
        _ => Range { start: at(0)?, stop: at(1)?, step: if args.len() > 2 { at(2)? } else { 1 } },
    };
    if range.step == 0 {
        return Err(vm.value_error("range() arg 3 must not be zero"));
    }
    vm.alloc(range)
}

/// `reversed(range)`.
pub(crate) fn reversed(vm: &Vm, args: Args) -> R {
    vm.alloc(RangeIterator::new(this_range(args.this()).reversed()))
}
