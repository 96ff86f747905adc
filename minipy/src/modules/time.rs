//! The `time` module.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tailbite::Gc;

use super::add_functions;
use crate::object::R;
use crate::object::builtin_function::{Method, method};
use crate::object::module::Namespace;
use crate::vm::Vm;

thread_local! {
    static START: Instant = Instant::now();
}

fn since_start() -> Duration {
    START.with(Instant::elapsed)
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

const FUNCTIONS: &[Method] = &[
    method("time", 0, 0, |vm, _| vm.float(since_epoch().as_secs_f64())),
    method("time_ns", 0, 0, |vm, _| vm.int(since_epoch().as_nanos() as i64)),
    method("perf_counter", 0, 0, |vm, _| vm.float(since_start().as_secs_f64())),
    method("perf_counter_ns", 0, 0, |vm, _| vm.int(since_start().as_nanos() as i64)),
    method("monotonic", 0, 0, |vm, _| vm.float(since_start().as_secs_f64())),
    method("process_time", 0, 0, |vm, _| vm.float(since_start().as_secs_f64())),
    method("sleep", 1, 1, |vm, args| {
        let seconds = vm.number(&args[0])?;
        if seconds < 0.0 {
            return Err(vm.value_error("sleep length must be non-negative"));
        }
        vm.output.flush();
        match Duration::try_from_secs_f64(seconds) {
            Ok(duration) => std::thread::sleep(duration),
            Err(_) => return Err(vm.overflow_error("timestamp too large to convert to C PyTime_t")),
        }
        Ok(vm.none())
    }),
];

pub(super) fn fill(vm: &Vm, namespace: &Gc<Namespace>) -> R<()> {
    since_start();
    add_functions(vm, namespace, FUNCTIONS)
}
