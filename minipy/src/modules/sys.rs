//! The `sys` module, and the standard streams in it.

use std::cell::Cell;

use tailbite::{Gc, Trace};

use super::add_functions;
use crate::object::attrs::Attrs;
use crate::object::builtin_function::{BuiltinFunction, Method, Receiver, method};
use crate::object::class_table::Builtin;
use crate::object::exception::ExceptionData;
use crate::object::instance::Instance;
use crate::object::items::Items;
use crate::object::module::{Module, Namespace};
use crate::object::storage::Refused;
use crate::object::string::Str;
use crate::object::symbol::Symbol;
use crate::object::{Args, R, Raised, Slots, Value, symbol};
use crate::vm::{MAX_RECURSION, Vm};

/// What `sys.version_info` says: the version whose rules minipy follows.
const VERSION: [i64; 3] = [3, 13, 0];

const FUNCTIONS: &[Method] = &[
    method("getrefcount", 1, 1, |vm, args| {
        // The argument is one of the references, as in CPython.
        vm.int(args[0].strong_count() as i64)
    }),
    method("exit", 0, 1, |vm, args| {
        Err(vm.exception_with(Builtin::SystemExit, vm.tuple(Items::copy(vm, &args.positional)?)?))
    }),
    method("getrecursionlimit", 0, 0, |vm, _| vm.int(vm.recursion_limit.get() as i64)),
    method("setrecursionlimit", 1, 1, |vm, args| {
        let limit = vm.index(&args[0])?;
        if limit < 1 {
            return Err(vm.value_error("recursion limit must be greater or equal than 1"));
        }
        vm.recursion_limit.set((limit as usize).min(MAX_RECURSION));
        Ok(vm.none())
    }),
    method("intern", 1, 1, |vm, args| match Str::of(&args[0]) {
        Some(text) => vm.intern(text.as_str()),
        None => Err(vm.type_error("intern() argument must be str")),
    }),
    method("getsizeof", 1, 2, |vm, _| Err(vm.exception(Builtin::NotImplementedError, "minipy has no sys.getsizeof"))),
    method("exc_info", 0, 0, |vm, _| {
        let Some(exception) = vm.current_handled() else {
            return vm.tuple_of([vm.none(), vm.none(), vm.none()]);
        };
        let class = Gc::as_any(vm.class_of(&exception));
        let traceback = vm.get_attr(&exception, symbol::TRACEBACK)?;
        vm.tuple_of([class, exception, traceback])
    }),
    method("exception", 0, 0, |vm, _| Ok(vm.current_handled().unwrap_or_else(|| vm.none()))),
];

const UNRAISABLE: Method = method("unraisablehook", 1, 1, |vm, args| {
    let exception = vm.get_attr(&args[0], Symbol::new("exc_value"))?;
    let object = vm.get_attr(&args[0], Symbol::new("object"))?;
    let message = vm.get_attr(&args[0], Symbol::new("err_msg"))?;
    if ExceptionData::of(&exception).is_some() {
        let object = Some(&object).filter(|object| !vm.is_none(object));
        vm.unraisable_default(&Raised(exception), Str::of(&message).map(Str::as_str), object);
    }
    Ok(vm.none())
});

/// `sys.stdout` or `sys.stderr`.
#[derive(Trace)]
#[trace(leaf, protocol = &STREAM)]
pub(crate) struct Stream {
    is_error: bool,
    closed: Cell<bool>,
}

static STREAM: Slots = Slots {
    class: Builtin::TextStream,
    get_attr: Some(|vm, this, name| {
        let stream = this.downcast_ref::<Stream>().expect("a stream");
        Ok(match name.name() {
            "name" => Some(vm.str(if stream.is_error { "<stderr>" } else { "<stdout>" })?),
            "encoding" => Some(vm.str("utf-8")?),
            "closed" => Some(vm.bool(stream.closed.get())),
            "write" => Some(bound(vm, this, method("write", 1, 1, write))?),
            "flush" => Some(bound(
                vm,
                this,
                method("flush", 0, 0, |vm, _| {
                    vm.output.flush();
                    Ok(vm.none())
                }),
            )?),
            "isatty" => Some(bound(vm, this, method("isatty", 0, 0, |vm, _| Ok(vm.bool(false))))?),
            _ => None,
        })
    }),
    ..Slots::DEFAULT
};

fn bound(vm: &Vm, this: &Value, method: Method) -> R {
    let function = vm.alloc(BuiltinFunction { method, receiver: Receiver::Method(Builtin::TextStream) })?;
    vm.bound_method(function, this.clone())
}

fn write(vm: &Vm, args: Args) -> R {
    let Some(text) = Str::of(&args[1]) else {
        let name = vm.type_name(&args[1]);
        return Err(vm.type_error(format!("write() argument must be str, not {name}")));
    };
    match args.this().downcast_ref::<Stream>() {
        Some(stream) if stream.is_error => vm.output.error(text.as_str()),
        _ => vm.output.print(text.as_str()),
    }
    vm.int(text.len() as i64)
}

pub(super) fn fill(vm: &Vm, namespace: &Gc<Namespace>) -> R<()> {
    add_functions(vm, namespace, FUNCTIONS)?;
    add_functions(vm, namespace, &[UNRAISABLE])?;
    if let Some(hook) = namespace.get(Symbol::new(UNRAISABLE.name)) {
        namespace.set(vm, Symbol::new("__unraisablehook__"), hook)?;
    }
    let set = |name: &str, value: Value| namespace.set(vm, Symbol::new(name), value);
    set("argv", vm.list(Items::try_collect(vm, vm.argv.iter().map(|arg| vm.str(arg)))?)?)?;
    set("path", vm.empty_list()?)?;
    set("maxsize", vm.int(i64::MAX)?)?;
    set("platform", vm.str(std::env::consts::OS)?)?;
    set("byteorder", vm.str(if cfg!(target_endian = "little") { "little" } else { "big" })?)?;
    set("version", vm.str("3.13.0 (minipy)")?)?;
    set("version_info", version_info(vm)?)?;
    set("hexversion", vm.int(0x030d_00f0)?)?;
    let stream = |is_error: bool| vm.alloc(Stream { is_error, closed: Cell::new(false) });
    for (name, is_error) in [("stdout", false), ("stderr", true)] {
        let stream = stream(is_error)?;
        set(name, stream.clone())?;
        set(&format!("__{name}__"), stream)?;
    }
    let implementation = namespace_object(vm, &[("name", vm.str("minipy")?)])?;
    set("implementation", implementation)
}

/// A tuple whose parts have names.
fn version_info(vm: &Vm) -> R {
    let mut parts = Items::try_collect(vm, VERSION.iter().map(|part| vm.int(*part)))?;
    parts.push(vm, vm.str("final")?)?;
    parts.push(vm, vm.int(0)?)?;
    let names = ["major", "minor", "micro", "releaselevel", "serial"];
    let mut attrs = Attrs::new(vm.heap());
    for (name, value) in names.iter().zip(parts.iter()) {
        attrs.set(vm, Symbol::new(name), value.clone())?;
    }
    let bases = [Gc::as_any(vm.class(Builtin::Tuple))];
    let class = crate::object::class::build(vm, "version_info", "version_info", &bases, attrs)?;
    vm.call(&class, Args::new([vm.tuple(parts)?]))
}

/// An object with these attributes and nothing else.
fn namespace_object(vm: &Vm, attributes: &[(&str, Value)]) -> R {
    let class = vm.class(Builtin::SimpleNamespace).clone();
    let object = Instance::new(vm, class, None).map_err(|Refused| vm.memory_error())?;
    for (name, value) in attributes {
        object.attrs.set(vm, Symbol::new(name), value.clone())?;
    }
    vm.alloc(object)
}

fn sys_attr(vm: &Vm, name: &str) -> Option<Value> {
    let sys = Symbol::new("sys");
    let module = vm.modules.borrow().iter().find(|(module, _)| *module == sys).map(|(_, module)| module.clone())?;
    module.downcast_ref::<Module>()?.namespace.get(Symbol::new(name))
}

/// What a script has put in place of `sys.stdout`.
pub(super) fn replaced_stdout(vm: &Vm) -> Option<Value> {
    sys_attr(vm, "stdout").filter(|stdout| !stdout.is::<Stream>())
}

impl Vm {
    /// Calls a script's own `sys.unraisablehook`. Whether there is one.
    pub(crate) fn call_unraisable_hook(&self, raised: &Raised, message: Option<&str>, source: Option<&Value>) -> bool {
        let Some(hook) = sys_attr(self, "unraisablehook").filter(|hook| !hook.is::<BuiltinFunction>()) else {
            return false;
        };
        let argument = self.unraisable_argument(raised, message, source);
        let called = argument.and_then(|argument| self.call(&hook, Args::new([argument])));
        if let Err(raised) = called {
            self.unraisable_default(&raised, None, Some(&hook));
        }
        true
    }

    fn unraisable_argument(&self, raised: &Raised, message: Option<&str>, source: Option<&Value>) -> R {
        let attributes = [
            ("exc_type", Gc::as_any(self.class_of(&raised.0))),
            ("exc_value", raised.0.clone()),
            ("exc_traceback", self.get_attr(&raised.0, symbol::TRACEBACK)?),
            ("err_msg", message.map_or_else(|| Ok(self.none()), |message| self.str(message))?),
            ("object", source.cloned().unwrap_or_else(|| self.none())),
        ];
        namespace_object(self, &attributes)
    }
}
