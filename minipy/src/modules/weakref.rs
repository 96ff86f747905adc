//! The `weakref` module.

use tailbite::Gc;

use super::add_functions;
use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::module::Namespace;
use crate::object::symbol::Symbol;
use crate::object::weak;
use crate::vm::Vm;

const FUNCTIONS: &[Method] = &[
    method("proxy", 1, 2, weak::make_proxy),
    method("getweakrefcount", 1, 1, |vm, args| Ok(vm.int(vm.heap().get_weakref_count(&args[0]) as i64))),
    method("getweakrefs", 1, 1, |vm, args| Ok(vm.list(vm.heap().get_weakrefs(&args[0])))),
];

pub(super) fn fill(vm: &Vm, namespace: &Gc<Namespace>) {
    add_functions(vm, namespace, FUNCTIONS);
    let classes = [
        ("ref", Builtin::WeakRef),
        ("ReferenceType", Builtin::WeakRef),
        ("ProxyType", Builtin::Proxy),
        ("CallableProxyType", Builtin::CallableProxy),
        ("ReferenceError", Builtin::ReferenceError),
    ];
    for (name, class) in classes {
        namespace.set(Symbol::new(name), Gc::as_any(vm.class(class)));
    }
}
