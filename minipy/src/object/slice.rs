//! Slice objects and what they select.

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::{Args, R, Slots, Value};
use crate::vm::Vm;

#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(crate) struct Slice {
    pub(crate) start: Value,
    pub(crate) stop: Value,
    pub(crate) step: Value,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Slice,
    repr: |vm, this| {
        let slice = this_slice(this);
        let parts = [&slice.start, &slice.stop, &slice.step];
        let texts = parts.map(|part| vm.repr(part));
        let [start, stop, step] = texts;
        Ok(format!("slice({}, {}, {})", start?, stop?, step?))
    },
    hash: None,
    get_attr: Some(|_, this, name| {
        let slice = this_slice(this);
        Ok(match name.name() {
            "start" => Some(slice.start.clone()),
            "stop" => Some(slice.stop.clone()),
            "step" => Some(slice.step.clone()),
            _ => None,
        })
    }),
    ..Slots::DEFAULT
};

fn this_slice(this: &Value) -> &Slice {
    this.downcast_ref::<Slice>().expect("a slice")
}

/// The items that a slice selects of a sequence of known length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indices {
    pub(crate) start: i64,
    pub(crate) step: i64,
    pub(crate) count: usize,
}

impl Indices {
    pub(crate) fn iter(self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator {
        let at = move |index: usize| (self.start + index as i64 * self.step) as usize;
        (0..self.count).map(at)
    }
}

impl Indices {
    /// The lowest index, and the distance to the next one.
    pub(crate) fn ascending(self) -> (usize, usize) {
        let last = self.start + (self.count as i64 - 1).max(0) * self.step;
        (self.start.min(last) as usize, self.step.unsigned_abs() as usize)
    }
}

impl Slice {
    pub(crate) fn indices(&self, vm: &Vm, len: usize) -> R<Indices> {
        let part = |value: &Value| -> R<Option<i64>> {
            if vm.is_none(value) {
                return Ok(None);
            }
            if !vm.has_index(value) {
                let message = "slice indices must be integers or None or have an __index__ method";
                return Err(vm.type_error(message));
            }
            vm.index_clamped(value).map(Some)
        };
        let len = len as i64;
        let step = part(&self.step)?.unwrap_or(1);
        if step == 0 {
            return Err(vm.value_error("slice step cannot be zero"));
        }
        let (lowest, highest) = if step < 0 { (-1, len - 1) } else { (0, len) };
        let clamp = |index: i64| if index < 0 { (index.saturating_add(len)).max(lowest) } else { index.min(highest) };
        let start = part(&self.start)?.map_or(if step < 0 { highest } else { lowest }, clamp);
        let stop = part(&self.stop)?.map_or(if step < 0 { lowest } else { highest }, clamp);
        let count = if step < 0 && stop < start {
            (start - stop - 1) / step.saturating_neg() + 1
        } else if step > 0 && start < stop {
            (stop - start - 1) / step + 1
        } else {
            0
        };
        Ok(Indices { start, step, count: count as usize })
    }
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    let at = |index: usize| args.get(index).cloned().unwrap_or_else(|| vm.none());
    let slice = match args.len() {
        1 => Slice { start: vm.none(), stop: at(0), step: vm.none() },
        _ => Slice { start: at(0), stop: at(1), step: at(2) },
    };
    vm.alloc(slice)
}

/// `slice.indices(len)`.
pub(crate) fn indices(vm: &Vm, args: Args) -> R {
    let len = vm.index(&args[1])?;
    if len < 0 {
        return Err(vm.value_error("length should not be negative"));
    }
    let indices = this_slice(args.this()).indices(vm, len as usize)?;
    let stop = indices.start + indices.count as i64 * indices.step;
    vm.tuple_of([vm.int(indices.start)?, vm.int(stop)?, vm.int(indices.step)?])
}
