//! The modules that are built in.

pub(crate) mod builtins;
mod builtins_numbers;
pub(crate) mod gc;
mod math;
pub(crate) mod sys;
mod time;
pub(crate) mod weakref;

use tailbite::Gc;

use crate::object::builtin_function::{BuiltinFunction, Method, Receiver};
use crate::object::module::Namespace;
use crate::object::symbol::Symbol;
use crate::object::{R, Value};
use crate::vm::Vm;

/// Fills a new module.
pub(crate) type Fill = fn(&Vm, &Gc<Namespace>) -> R<()>;

/// What `import` finds.
pub(crate) const NAMES: &[&str] = &["builtins", "gc", "math", "sys", "time", "weakref"];

pub(crate) fn find(name: &str) -> Option<Fill> {
    Some(match name {
        "builtins" => |vm, namespace| {
            for name in vm.builtins.names() {
                if let Some(value) = vm.builtins.get(name) {
                    namespace.set(vm, name, value)?;
                }
            }
            Ok(())
        },
        "gc" => gc::fill,
        "math" => math::fill,
        "sys" => sys::fill,
        "time" => time::fill,
        "weakref" => weakref::fill,
        _ => return None,
    })
}

/// Whether CPython would have it: then the error says that minipy does not.
pub(crate) fn is_known_to_python(name: &str) -> bool {
    const COMMON: &[&str] = &[
        "abc",
        "argparse",
        "array",
        "ast",
        "asyncio",
        "atexit",
        "bisect",
        "collections",
        "concurrent",
        "contextlib",
        "copy",
        "csv",
        "ctypes",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "glob",
        "hashlib",
        "heapq",
        "inspect",
        "io",
        "itertools",
        "json",
        "logging",
        "multiprocessing",
        "operator",
        "os",
        "pathlib",
        "pickle",
        "platform",
        "pprint",
        "queue",
        "random",
        "re",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "statistics",
        "string",
        "struct",
        "subprocess",
        "tempfile",
        "textwrap",
        "threading",
        "traceback",
        "tracemalloc",
        "types",
        "typing",
        "unittest",
        "urllib",
        "uuid",
        "warnings",
        "zlib",
    ];
    let package = name.split('.').next().unwrap_or(name);
    COMMON.contains(&package)
}

/// Adds a function whose messages name the module, too.
fn add_function_of(vm: &Vm, namespace: &Namespace, module: &'static str, method: Method) -> R<()> {
    let function = vm.alloc(BuiltinFunction { method, receiver: Receiver::Module(module) })?;
    namespace.set(vm, Symbol::new(method.name), function)
}

/// Adds functions to a module.
fn add_functions(vm: &Vm, namespace: &Namespace, functions: &[Method]) -> R<()> {
    for &method in functions {
        let function: Value = vm.alloc(BuiltinFunction { method, receiver: Receiver::None })?;
        namespace.set(vm, Symbol::new(method.name), function)?;
    }
    Ok(())
}
