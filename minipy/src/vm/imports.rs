//! `import`: the modules that are built in, and files beside the script.

use std::path::Path;
use std::rc::Rc;

use tailbite::Gc;

use super::Vm;
use super::frame::{Frame, Outcome};
use crate::compile;
use crate::modules;
use crate::object::class_table::Builtin;
use crate::object::module::{Module, Namespace};
use crate::object::symbol::{self, Symbol};
use crate::object::{R, Raised, Value};
use crate::syntax::SyntaxError;

impl Vm {
    pub(super) fn import(&self, name: Symbol) -> R {
        let known = self.modules.borrow().iter().find(|(module, _)| *module == name).map(|(_, value)| value.clone());
        if let Some(module) = known {
            return Ok(module);
        }
        let text = name.name();
        if let Some(fill) = modules::find(text) {
            let (module, namespace) = self.new_module(name)?;
            let filled = fill(self, &namespace);
            if filled.is_err() {
                self.forget_module(name);
            }
            return filled.map(|()| module);
        }
        if let Some(module) = self.import_file(name)? {
            return Ok(module);
        }
        let message = match modules::is_known_to_python(text) {
            true => format!("No module named '{text}' (minipy has only: {})", modules::NAMES.join(", ")),
            false => format!("No module named '{text}'"),
        };
        Err(self.exception(Builtin::ModuleNotFoundError, message))
    }

    fn import_file(&self, name: Symbol) -> R<Option<Value>> {
        let script = self.argv.first().map(Path::new);
        let folder = script.and_then(Path::parent).unwrap_or(Path::new(""));
        let text = name.name();
        if text.contains('.') {
            return Ok(None);
        }
        let path = folder.join(format!("{text}.py"));
        let Ok(source) = std::fs::read_to_string(&path) else {
            return Ok(None);
        };
        let filename = path.to_string_lossy().into_owned();
        let (module, namespace) = self.new_module(name)?;
        let result = self.run_source(&source, &filename, &namespace);
        match result {
            Ok(()) => Ok(Some(module)),
            Err(raised) => {
                self.forget_module(name);
                Err(raised)
            }
        }
    }

    fn forget_module(&self, name: Symbol) {
        let mut modules = self.modules.borrow_mut();
        let known = modules.iter().position(|(other, _)| *other == name).map(|at| modules.remove(at));
        drop(modules);
        drop(known);
    }

    /// A new, empty module, known under its name.
    pub(crate) fn new_module(&self, name: Symbol) -> R<(Value, Gc<Namespace>)> {
        let namespace = self.make(Namespace::new(self.heap()))?;
        namespace.set(self, symbol::NAME, self.name(name)?)?;
        namespace.set(self, symbol::DOC, self.none())?;
        let module = self.alloc(Module { name, namespace: namespace.clone() })?;
        self.modules.borrow_mut().push((name, module.clone()));
        Ok((module, namespace))
    }

    pub(super) fn import_from(&self, module: &Value, name: Symbol) -> R {
        if let Some(value) = self.find_attr(module, name)? {
            return Ok(value);
        }
        let module = module.downcast_ref::<Module>().map(|module| module.name.to_string()).unwrap_or_default();
        let message = format!("cannot import name '{name}' from '{module}' (unknown location)");
        Err(self.exception(Builtin::ImportError, message))
    }

    /// Compiles and runs a module's source.
    pub(crate) fn run_source(&self, source: &str, filename: &str, namespace: &Gc<Namespace>) -> R<()> {
        self.remember_source(filename, source);
        let code = compile::compile(self, source, filename, namespace).map_err(|e| self.syntax_error(&e, filename))?;
        let mut frame = Frame::new(Rc::clone(&code), namespace.clone());
        frame.locals = vec![None; code.locals.len()];
        frame.cells = self.new_cells(code.own_cells)?;
        match self.resume_frame(&mut frame, None)? {
            Outcome::Returned(_) | Outcome::Yielded(_) => Ok(()),
        }
    }

    /// A syntax error as an exception.
    pub(crate) fn syntax_error(&self, error: &SyntaxError, filename: &str) -> Raised {
        let class = match error.class {
            SyntaxError::NO_MEMORY => return self.memory_error(),
            "IndentationError" => Builtin::IndentationError,
            _ => Builtin::SyntaxError,
        };
        let raised = self.exception(class, error.message.clone());
        match self.describe_syntax_error(&raised.0, error, filename) {
            Ok(()) => raised,
            Err(raised) => raised,
        }
    }

    fn describe_syntax_error(&self, exception: &Value, error: &SyntaxError, filename: &str) -> R<()> {
        let details = [
            ("msg", self.str(&error.message)?),
            ("filename", self.str(filename)?),
            ("lineno", self.int(error.line.into())?),
            ("offset", self.int(error.columns.0.into())?),
            ("end_offset", self.int(error.columns.1.into())?),
        ];
        // An instance of a builtin exception takes any attribute.
        details.into_iter().try_for_each(|(name, value)| self.set_attr(exception, Symbol::new(name), value))
    }
}
