//! Running a program, and the end of it.

use tailbite::{Gc, Generation, Weak};

use super::Vm;
use crate::object::class_table::Builtin;
use crate::object::exception::ExceptionData;
use crate::object::instance::Instance;
use crate::object::int::Int;
use crate::object::module::Namespace;
use crate::object::symbol;
use crate::object::{R, Value};

impl Vm {
    /// Looks for blocks of memory that were misused and not found yet.
    pub(crate) fn check_heap(&self) {
        self.heap.trim();
        self.heap.check();
    }

    /// Runs a source as the main program; the exit status.
    pub(crate) fn run_main(&self, source: &str, filename: &str) -> i32 {
        let (result, variables) = match self.new_main(filename) {
            Ok((module, namespace, variables)) => {
                let result = self.run_source(source, filename, &namespace);
                drop(module);
                drop(namespace);
                (result, variables)
            }
            Err(raised) => (Err(raised), Weak::new()),
        };
        let (status, last) = self.conclude(result);
        self.run_exit_finalizers();
        self.shut_down(&variables, last);
        status
    }

    fn new_main(&self, filename: &str) -> R<(Value, Gc<Namespace>, Weak<Namespace>)> {
        let (module, namespace) = self.new_module(symbol::MAIN)?;
        namespace.set(self, symbol::FILE, self.str(filename)?)?;
        let variables = self.granted(|| Gc::try_downgrade(&namespace))?;
        Ok((module, namespace, variables))
    }

    /// The status that a program ends with; reports what it did not catch.
    fn conclude(&self, result: R<()>) -> (i32, Option<Value>) {
        let Err(raised) = result else {
            return (0, None);
        };
        if self.is_instance(&raised.0, Builtin::SystemExit) {
            let code = ExceptionData::of(&raised.0).and_then(ExceptionData::first_arg);
            return (self.exit_status(code), None);
        }
        self.output.error(&self.report(&raised.0));
        (1, Some(raised.0))
    }

    fn exit_status(&self, code: Option<Value>) -> i32 {
        let Some(code) = code.filter(|code| !self.is_none(code)) else {
            return 0;
        };
        match Int::of(&code) {
            Some(Int::Small(status)) => (*status & 0xff) as i32,
            Some(_) => 255,
            None => {
                let text = self.str_text(&code).unwrap_or_default();
                self.output.error(&format!("{text}\n"));
                1
            }
        }
    }

    /// As CPython ends: a collection while everything is still there; then the modules go, and what only they held dies:
    /// at once if nothing refers back to them, else in a last collection, whose finalizers still find their globals.
    /// CPython's collection finalizes objects in the order they were made; so those that only a variable holds go first.
    /// Variables that survive even this are deleted one by one, the private ones first.
    fn shut_down(&self, variables: &Weak<Namespace>, last_exception: Option<Value>) {
        if self.heap().is_enabled() {
            self.heap().collect(Generation::Old);
        }
        self.gc.shut_down(self);
        drop(last_exception);
        self.clear_handled();
        let modules = self.modules.take();
        if let Some(namespace) = variables.upgrade() {
            drop(modules);
            if Gc::strong_count(&namespace) == 1 {
                clear(&namespace, |_| true);
            } else {
                self.drop_finalizable(&namespace);
            }
        }
        self.heap().collect(Generation::Old);
        if let Some(namespace) = variables.upgrade() {
            clear(&namespace, |name| name.starts_with('_') && !name.starts_with("__"));
            clear(&namespace, |name| name != "__builtins__");
            drop(namespace);
            self.heap().collect(Generation::Old);
        }
        self.output.flush();
    }
}

impl Vm {
    fn drop_finalizable(&self, namespace: &Namespace) {
        for name in namespace.names() {
            let Some(value) = namespace.get(name) else {
                continue;
            };
            let is_lone = value.strong_count() == 2 && self.heap().get_weakref_count(&value) == 0;
            if is_lone && value.downcast_ref::<Instance>().is_some_and(|instance| instance.class.has_del()) {
                drop(value);
                namespace.remove(name);
            }
        }
    }
}

fn clear(namespace: &Namespace, which: impl Fn(&str) -> bool) {
    for name in namespace.names() {
        if which(name.name()) {
            namespace.remove(name);
        }
    }
}
