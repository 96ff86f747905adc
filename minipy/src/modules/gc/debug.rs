//! `gc.set_debug`: what the collector tells on standard error.

use tailbite::{DebugEvent, DebugFlags};

use super::c_int;
use crate::object::slots::address;
use crate::object::{Args, R};
use crate::vm::Vm;

pub(super) const FLAGS: [(&str, DebugFlags); 5] = [
    ("DEBUG_STATS", DebugFlags::STATS),
    ("DEBUG_COLLECTABLE", DebugFlags::COLLECTABLE),
    ("DEBUG_UNCOLLECTABLE", DebugFlags::UNCOLLECTABLE),
    ("DEBUG_SAVEALL", DebugFlags::SAVEALL),
    ("DEBUG_LEAK", DebugFlags::LEAK),
];

pub(super) fn set_debug(vm: &Vm, args: Args) -> R {
    let flags = c_int(vm, &args[0], ["Python int too large to convert to C int"; 2])?;
    vm.gc.flags.set(flags);
    vm.heap().set_debug(DebugFlags::from_bits_truncate(flags.cast_unsigned()));
    Ok(vm.none())
}

/// From now on debug events name objects as the script does.
pub(super) fn listen(vm: &Vm) {
    vm.heap().set_debug_sink(|event| Vm::with_current(|vm| vm.tell(event)));
}

impl Vm {
    fn tell(&self, event: &DebugEvent<'_>) {
        match event {
            DebugEvent::Collectable { object } if !self.is_shown(object) => {}
            DebugEvent::Collectable { object } => {
                let class = self.class_of(object).name.borrow().clone();
                self.output.error(&format!("gc: collectable <{} {}>\n", &*class, address(object)));
            }
            event => self.output.error(&format!("{event}\n")),
        }
    }
}
