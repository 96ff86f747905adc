//! The `gc` module: the heap's collector, as CPython shows it.

mod callbacks;
mod debug;
mod objects;

use std::cell::{Cell, RefCell};

use tailbite::{CallbackKey, Gc, Generation};

use crate::object::builtin_function::{Method, method};
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::dict::Dict;
use crate::object::int::Int;
use crate::object::items::Items;
use crate::object::module::Namespace;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, R, Value};
use crate::vm::Vm;

/// What the module keeps for the interpreter's life, once it was imported.
#[derive(Default)]
pub(crate) struct GcModule {
    /// The list `gc.callbacks`.
    callbacks: RefCell<Option<Value>>,
    /// The list `gc.garbage`.
    garbage: RefCell<Option<Value>>,
    /// As the script has set them, unknown bits too.
    flags: Cell<i32>,
    /// The callback through which the heap tells of its collections.
    key: Cell<Option<CallbackKey>>,
}

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
    method("collect", 0, u8::MAX, collect).with_keywords(),
    method("get_count", 0, 0, |vm, _| {
        let counts = vm.heap().get_count();
        vm.tuple(Items::try_collect(vm, counts.iter().map(|count| vm.int(*count as i64)))?)
    }),
    method("get_threshold", 0, 0, |vm, _| {
        let thresholds = vm.heap().get_threshold();
        vm.tuple(Items::try_collect(vm, thresholds.iter().map(|threshold| vm.int((*threshold).into())))?)
    }),
    method("set_threshold", 0, u8::MAX, set_threshold),
    method("get_stats", 0, 0, get_stats),
    method("is_tracked", 1, 1, |vm, args| {
        // Builtin classes are tracked here, but a script should see them as CPython's static types.
        let is_static = args[0].downcast_ref::<Class>().is_some_and(|class| class.is_builtin);
        Ok(vm.bool(!is_static && vm.heap().is_tracked(&args[0])))
    }),
    method("is_finalized", 1, 1, |vm, args| Ok(vm.bool(vm.heap().is_finalized(&args[0])))),
    method("freeze", 0, 0, |vm, _| {
        vm.heap().freeze();
        Ok(vm.none())
    }),
    method("unfreeze", 0, 0, |vm, _| {
        vm.heap().unfreeze();
        Ok(vm.none())
    }),
    method("get_freeze_count", 0, 0, |vm, _| vm.int(vm.heap().get_freeze_count() as i64)),
    method("get_objects", 0, u8::MAX, objects::get_objects).with_keywords(),
    method("get_referrers", 0, u8::MAX, objects::get_referrers),
    method("get_referents", 0, u8::MAX, objects::get_referents),
    method("set_debug", 1, 1, debug::set_debug),
    method("get_debug", 0, 0, |vm, _| vm.int(vm.gc.flags.get().into())),
];

pub(super) fn fill(vm: &Vm, namespace: &Gc<Namespace>) -> R<()> {
    for &function in FUNCTIONS {
        // CPython's messages name these with their module.
        super::add_function_of(vm, namespace, "gc", function)?;
    }
    for (name, flag) in debug::FLAGS {
        namespace.set(vm, Symbol::new(name), vm.int(flag.bits().into())?)?;
    }
    for (name, list) in [("callbacks", &vm.gc.callbacks), ("garbage", &vm.gc.garbage)] {
        let known = list.borrow().clone();
        let known = match known {
            Some(known) => known,
            None => vm.empty_list()?,
        };
        list.replace(Some(known.clone()));
        namespace.set(vm, Symbol::new(name), known)?;
    }
    callbacks::listen(vm)?;
    debug::listen(vm);
    Ok(())
}

impl GcModule {
    /// The script's callbacks hear of no more collections: it is over.
    pub(crate) fn shut_down(&self, vm: &Vm) {
        if let Some(key) = self.key.take() {
            vm.heap().remove_callback(key);
        }
        let lists = (self.callbacks.take(), self.garbage.take());
        drop(lists);
    }
}

/// The one argument `generation` of a function.
fn generation_argument(vm: &Vm, name: &str, mut args: Args) -> R<Option<Value>> {
    if args.len() + args.keywords.len() > 1 {
        let given = args.len() + args.keywords.len();
        return Err(vm.type_error(format!("{name}() takes at most 1 argument ({given} given)")));
    }
    let generation = args.take_keyword(symbol::GENERATION).or_else(|| args.get(0).cloned());
    vm.no_more_keywords(name, &args)?;
    Ok(generation)
}

fn collect(vm: &Vm, args: Args) -> R {
    let generation = match generation_argument(vm, "collect", args)? {
        None => Generation::Old,
        Some(value) => {
            let index = c_int(vm, &value, ["Python int too large to convert to C int"; 2])?;
            Generation::try_from(i64::from(index)).map_err(|invalid| vm.value_error(invalid.to_string()))?
        }
    };
    vm.int(vm.heap().collect(generation) as i64)
}

/// A number that C calls `int`, with the messages for one that is too small or too large.
fn c_int(vm: &Vm, value: &Value, [too_small, too_large]: [&str; 2]) -> R<i32> {
    let int = vm.index_int(value)?;
    let number = match &int {
        Int::Small(small) => i32::try_from(*small).ok(),
        Int::Big(_) => None,
    };
    let message = if int.is_negative() { too_small } else { too_large };
    number.ok_or_else(|| vm.exception(Builtin::OverflowError, message))
}

fn set_threshold(vm: &Vm, args: Args) -> R {
    if !(1..=3).contains(&args.len()) {
        return Err(vm.type_error("gc.set_threshold requires 1 to 3 arguments"));
    }
    // As in CPython, those ahead of a wrong one are set.
    for (index, value) in args.positional.iter().enumerate() {
        let messages = ["signed integer is less than minimum", "signed integer is greater than maximum"];
        let threshold = c_int(vm, value, messages)?;
        let mut thresholds = vm.heap().get_threshold();
        thresholds[index] = threshold;
        vm.heap().set_threshold(thresholds);
    }
    Ok(vm.none())
}

fn get_stats(vm: &Vm, _: Args) -> R {
    let mut list = Items::new(vm);
    for stats in vm.heap().get_stats() {
        let dict = Dict::new(vm);
        let rows = [
            ("collections", stats.collections),
            ("collected", stats.collected),
            ("uncollectable", stats.uncollectable),
            ("candidates", stats.candidates),
        ];
        for (name, count) in rows {
            dict.table.set(vm, vm.name(Symbol::new(name))?, vm.int(count as i64)?)?;
        }
        dict.table.set(vm, vm.name(Symbol::new("duration"))?, vm.float(stats.duration.as_secs_f64())?)?;
        list.push(vm, vm.alloc(dict)?)?;
    }
    vm.list(list)
}
