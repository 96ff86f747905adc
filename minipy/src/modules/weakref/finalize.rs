//! `weakref.finalize`: a function that is called when an object dies, or at the latest at the end of the program.

use std::cell::RefCell;

use tailbite::{Finalize, Trace};

use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::dict::Dict;
use crate::object::items::Items;
use crate::object::slots::address;
use crate::object::{Args, R, Slots, Value, tuple, weak};
use crate::vm::Vm;

/// The object that a script has. It is kept until its function was called, as in CPython.
#[derive(Trace)]
#[trace(protocol = &SLOTS)]
pub(super) struct Finalizer {
    #[trace(skip)]
    finalize: RefCell<Option<Finalize<Call>>>,
}

/// What is to be called. Held by the heap's registry, like a root.
#[derive(Clone)]
struct Call {
    finalizer: Value,
    function: Value,
    args: Value,
    keywords: Value,
}

pub(super) static SLOTS: Slots = Slots {
    class: Builtin::Finalize,
    repr: |vm, this| {
        let own = address(this);
        Ok(match this_finalizer(this).peek() {
            Some((object, _)) => {
                format!("<finalize object at {own}; for '{}' at {}>", vm.type_name(&object), address(&object))
            }
            None => format!("<finalize object at {own}; dead>"),
        })
    },
    call: Some(|vm, this, _| {
        let Some(finalize) = this_finalizer(this).finalize() else {
            return Ok(vm.none());
        };
        match finalize.detach() {
            Some((object, call)) => {
                drop(object);
                call.run(vm)
            }
            // The object is dying right now.
            None => {
                finalize.call();
                Ok(vm.none())
            }
        }
    }),
    get_attr: Some(|vm, this, name| {
        let finalize = this_finalizer(this).finalize();
        let finalize = finalize.filter(Finalize::is_alive);
        Ok(match name.name() {
            "alive" => Some(vm.bool(finalize.is_some())),
            "atexit" => Some(vm.bool(finalize.is_some_and(|finalize| finalize.at_exit()))),
            _ => None,
        })
    }),
    set_attr: Some(|vm, this, name, value| {
        let (Some(value), "atexit") = (value, name.name()) else {
            return Ok(false);
        };
        let at_exit = vm.truth(&value)?;
        if let Some(finalize) = this_finalizer(this).finalize() {
            finalize.set_at_exit(at_exit);
        }
        Ok(true)
    }),
    ..Slots::DEFAULT
};

pub(super) const METHODS: &[Method] = &[
    method("peek", 0, 0, |vm, args| describe(vm, this_finalizer(args.this()).peek())),
    method("detach", 0, 0, |vm, args| {
        let detached = this_finalizer(args.this()).finalize().and_then(|finalize| finalize.detach());
        describe(vm, detached)
    }),
];

fn this_finalizer(this: &Value) -> &Finalizer {
    this.downcast_ref::<Finalizer>().expect("a finalizer")
}

/// Object, function, arguments and keywords.
fn describe(vm: &Vm, found: Option<(Value, Call)>) -> R {
    match found {
        Some((object, call)) => vm.tuple_of([object, call.function, call.args, call.keywords]),
        None => Ok(vm.none()),
    }
}

impl Finalizer {
    fn finalize(&self) -> Option<Finalize<Call>> {
        self.finalize.borrow().clone()
    }

    fn peek(&self) -> Option<(Value, Call)> {
        self.finalize()?.peek()
    }
}

impl Call {
    fn run(self, vm: &Vm) -> R {
        let mut args = vm.spread(tuple::of(&self.args).unwrap_or_default())?;
        for (name, value) in Dict::of(&self.keywords).expect("keywords are a dict").table.items(vm)? {
            vm.granted(|| args.keywords.try_reserve(1))?;
            args.keywords.push((vm.attr_name(&name)?, value));
        }
        vm.call(&self.function, args)
    }
}

/// `weakref.finalize(object, function, *args, **keywords)`.
pub(super) fn make(vm: &Vm, args: Args) -> R {
    let [object, function, ..] = &args.positional[..] else {
        let missing = if args.len() == 0 {
            "2 required positional arguments: 'obj' and 'func'"
        } else {
            "1 required positional argument: 'func'"
        };
        return Err(vm.type_error(format!("finalize.__init__() missing {missing}")));
    };
    weak::check_weakrefable(vm, object)?;
    let finalizer = vm.alloc(Finalizer { finalize: RefCell::default() })?;
    let keywords = Dict::new(vm);
    for (name, value) in &args.keywords {
        keywords.table.set(vm, vm.name(*name)?, value.clone())?;
    }
    let call = Call {
        finalizer: finalizer.clone(),
        function: function.clone(),
        args: vm.tuple(Items::copy(vm, &args.positional[2..])?)?,
        keywords: vm.alloc(keywords)?,
    };
    let finalize = vm.granted_with((call, run as fn(Call)), |(call, run)| vm.heap().try_finalize(object, call, run))?;
    let before = this_finalizer(&finalizer).finalize.replace(Some(finalize));
    drop(before);
    Ok(finalizer)
}

/// What the runtime calls.
fn run(call: Call) {
    Vm::with_current(|vm| {
        if vm.weakref.over.get() {
            return;
        }
        let finalizer = call.finalizer.clone();
        if let Err(raised) = call.run(vm) {
            match vm.weakref.exiting.get() {
                true => vm.output.error(&vm.report(&raised.0)),
                false => vm.unraisable(&raised, &finalizer),
            }
        }
    });
}

impl Vm {
    /// At the end of the program: calls what still waits, the newest first, and what comes meanwhile. Errors are reported.
    pub(crate) fn run_exit_finalizers(&self) {
        self.weakref.exiting.set(true);
        let was_enabled = self.heap().is_enabled();
        self.heap().disable();
        self.heap().run_exit_finalizers();
        if was_enabled {
            self.heap().enable();
        }
        self.weakref.over.set(true);
    }
}
