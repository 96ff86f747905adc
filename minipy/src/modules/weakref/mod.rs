//! The `weakref` module. References and proxies are the runtime's own objects (`object/weak.rs`); the containers are built on the
//! runtime's weak maps, finalizers on its `finalize`.

mod equality;
mod finalize;
mod key_dict;
mod mapping;
pub(crate) mod method;
mod methods;
mod set;
mod set_algebra;
mod set_methods;
mod snapshot;
mod value_dict;

use std::cell::{Cell, OnceCell, RefCell};

use tailbite::{ById, Gc, WeakKeyMap};

use super::add_functions;
use crate::object::builtin_function::{Method, method};
use crate::object::class_table::{Builtin, ClassSpec};
use crate::object::items::Items;
use crate::object::module::Namespace;
use crate::object::symbol::Symbol;
use crate::object::{R, Raised, Value, weak};
use crate::vm::Vm;

pub(crate) use key_dict::KeyDict;
pub(crate) use mapping::SLOTS as MAPPING;
pub(crate) use set::{SLOTS as SET, WeakMembers};
pub(crate) use value_dict::ValueDict;

/// What the module keeps for the interpreter's life.
#[derive(Default)]
pub(crate) struct WeakrefModule {
    /// Of the key that a container is about to look for.
    hash: Cell<Option<i64>>,
    /// What a comparison has raised, on its way through the runtime.
    raised: RefCell<Option<Raised>>,
    /// Hashes of references: they outlive their referents.
    hashes: OnceCell<Gc<WeakKeyMap<Value, i64, ById>>>,
    /// The program is over, and what waited for that is being called.
    exiting: Cell<bool>,
    /// That is over, too: nothing is called any more.
    over: Cell<bool>,
}

const FUNCTIONS: &[Method] = &[
    method("proxy", 1, 2, weak::make_proxy),
    method("getweakrefcount", 1, 1, |vm, args| vm.int(vm.heap().get_weakref_count(&args[0]) as i64)),
    method("getweakrefs", 1, 1, |vm, args| {
        let references = {
            let _room = vm.room(vm.heap().get_weakref_count(&args[0]).saturating_mul(2 * size_of::<Value>()))?;
            vm.heap().get_weakrefs(&args[0])
        };
        vm.list(Items::collect(vm, references.into_iter().map(method::whole))?)
    }),
];

pub(super) fn fill(vm: &Vm, namespace: &Gc<Namespace>) -> R<()> {
    add_functions(vm, namespace, FUNCTIONS)?;
    let classes = [
        ("ref", Builtin::WeakRef),
        ("ReferenceType", Builtin::WeakRef),
        ("ProxyType", Builtin::Proxy),
        ("CallableProxyType", Builtin::CallableProxy),
        ("ReferenceError", Builtin::ReferenceError),
        ("WeakKeyDictionary", Builtin::WeakKeyDictionary),
        ("WeakValueDictionary", Builtin::WeakValueDictionary),
        ("WeakSet", Builtin::WeakSet),
        ("WeakMethod", Builtin::WeakMethod),
        ("finalize", Builtin::Finalize),
    ];
    for (name, class) in classes {
        namespace.set(vm, Symbol::new(name), Gc::as_any(vm.class(class)))?;
    }
    let proxies = [Builtin::Proxy, Builtin::CallableProxy].map(|class| Gc::as_any(vm.class(class)));
    namespace.set(vm, Symbol::new("ProxyTypes"), vm.tuple_of(proxies)?)
}

/// The classes of the module; none for another class.
pub(crate) fn spec(class: Builtin) -> Option<ClassSpec> {
    let empty = ClassSpec { make: None, methods: &[], static_methods: &[], slots: None, is_base: false };
    Some(match class {
        Builtin::WeakKeyDictionary => ClassSpec {
            make: Some(key_dict::make),
            methods: const { &[methods::METHODS, methods::KEY_METHODS] },
            slots: Some(&mapping::SLOTS),
            is_base: true,
            ..empty
        },
        Builtin::WeakValueDictionary => ClassSpec {
            make: Some(value_dict::make),
            methods: const { &[methods::METHODS, methods::VALUE_METHODS] },
            slots: Some(&mapping::SLOTS),
            is_base: true,
            ..empty
        },
        Builtin::WeakSet => ClassSpec {
            make: Some(set::make),
            methods: const { &[set_methods::METHODS] },
            slots: Some(&set::SLOTS),
            is_base: true,
            ..empty
        },
        Builtin::WeakIterator => ClassSpec { slots: Some(&snapshot::SLOTS), ..empty },
        Builtin::WeakMethod => ClassSpec { make: Some(method::make), slots: Some(&method::SLOTS), ..empty },
        Builtin::Finalize => ClassSpec {
            make: Some(finalize::make),
            methods: const { &[finalize::METHODS] },
            slots: Some(&finalize::SLOTS),
            ..empty
        },
        _ => return None,
    })
}

/// Whether it is an object of the module's that can itself be referred to weakly.
pub(crate) fn is_weakrefable(value: &Value) -> bool {
    value.is::<KeyDict>() || value.is::<ValueDict>() || value.is::<WeakMembers>() || value.is::<method::WeakMethod>()
}

impl Vm {
    /// The hash of a weak reference: that of its referent, remembered.
    pub(crate) fn weak_hash(&self, reference: &Value, referent: Option<Value>) -> R<i64> {
        let hashes = match self.weakref.hashes.get() {
            Some(hashes) => hashes,
            None => {
                let made = self.granted_with(ById, |by_id| WeakKeyMap::try_with_equivalence(self.heap(), by_id))?;
                self.weakref.hashes.get_or_init(|| made)
            }
        };
        if let Some(known) = hashes.get(reference) {
            return Ok(known);
        }
        let Some(referent) = referent else {
            return Err(self.type_error("weak object has gone away"));
        };
        let hash = self.hash(&referent)?;
        self.granted_with(hash, |hash| hashes.try_insert(reference, hash))?;
        Ok(hash)
    }
}
