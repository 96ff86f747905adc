//! The `gc` module: the heap's collector, as CPython shows it.

use tailbite::{Gc, Generation};

use super::add_functions;
use crate::object::builtin_function::{Method, method};
use crate::object::class::Class;
use crate::object::dict::Dict;
use crate::object::float::Float;
use crate::object::module::Namespace;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, R, Value};
use crate::vm::Vm;

const FUNCTIONS: &[Method] = &[
    method("enable", 0, 0, |vm, _| {
        vm.heap().enable();
        Ok(vm.none())
    }),
    method("disable", 0, 0, |vm, _| {
        vm.heap().disable();
        Ok(vm.none())
    }),
    method("isenabled", 0, 0, |vm, _| Ok(vm.bool(vm.heap().is_enabled()))),
    method("collect", 0, 1, collect).with_keywords(),
    method("get_count", 0, 0, |vm, _| {
        let counts = vm.heap().get_count();
        Ok(vm.tuple(counts.iter().map(|count| vm.int(*count as i64)).collect()))
    }),
    method("get_threshold", 0, 0, |vm, _| {
        let thresholds = vm.heap().get_threshold();
        Ok(vm.tuple(thresholds.iter().map(|threshold| vm.int((*threshold).into())).collect()))
    }),
    method("set_threshold", 1, 3, set_threshold),
    method("get_stats", 0, 0, get_stats),
    method("is_tracked", 1, 1, |vm, args| {
        // Builtin classes are tracked here, but a script should see them as CPython's static types.
        let is_static = args[0].downcast_ref::<Class>().is_some_and(|class| class.is_builtin);
        Ok(vm.bool(!is_static && vm.heap().is_tracked(&args[0])))
    }),
    method("is_finalized", 1, 1, |vm, args| Ok(vm.bool(vm.heap().is_finalized(&args[0])))),
];

pub(super) fn fill(vm: &Vm, namespace: &Gc<Namespace>) {
    add_functions(vm, namespace, FUNCTIONS);
}

fn collect(vm: &Vm, mut args: Args) -> R {
    let generation = args.take_keyword(symbol::GENERATION).or_else(|| args.get(0).cloned());
    vm.no_more_keywords("collect", &args)?;
    let generation = match generation {
        None => Generation::Old,
        Some(value) if Float::of(&value).is_some() => {
            return Err(vm.type_error("'float' object cannot be interpreted as an integer"));
        }
        Some(value) => {
            let index = vm.index(&value)?;
            Generation::try_from(index).map_err(|invalid| vm.value_error(invalid.to_string()))?
        }
    };
    drop(args);
    Ok(vm.int(vm.heap().collect(generation) as i64))
}

fn set_threshold(vm: &Vm, args: Args) -> R {
    let mut thresholds = vm.heap().get_threshold();
    for (threshold, value) in thresholds.iter_mut().zip(&args.positional) {
        *threshold =
            i32::try_from(vm.index(value)?).map_err(|_| vm.overflow_error("signed integer is greater than maximum"))?;
    }
    vm.heap().set_threshold(thresholds);
    Ok(vm.none())
}

fn get_stats(vm: &Vm, _: Args) -> R {
    let mut list: Vec<Value> = Vec::new();
    for stats in vm.heap().get_stats() {
        let dict = Dict::default();
        let rows = [
            ("collections", stats.collections),
            ("collected", stats.collected),
            ("uncollectable", stats.uncollectable),
        ];
        for (name, count) in rows {
            dict.table.set(vm, vm.name(Symbol::new(name)), vm.int(count as i64))?;
        }
        list.push(vm.alloc(dict));
    }
    Ok(vm.list(list))
}
