//! Exceptions: instances that carry arguments, cause, context and traceback.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailbite::Trace;

use crate::compile::code::Code;
use crate::object::builtin_function::{Method, method};
use crate::object::class_table::Builtin;
use crate::object::instance::{Instance, Native};
use crate::object::items::Items;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, R, Raised, Slots, Value, instance, tuple};
use crate::vm::{Room, Vm};

/// Frames that a traceback shows even where there is no memory.
const UNCOUNTED: usize = 32;

#[derive(Trace)]
pub(crate) struct ExceptionData {
    args: RefCell<Value>,
    pub(crate) cause: RefCell<Option<Value>>,
    pub(crate) context: RefCell<Option<Value>>,
    #[trace(skip)]
    pub(crate) suppress_context: Cell<bool>,
    /// Innermost first.
    pub(crate) traceback: RefCell<Vec<TracebackEntry>>,
    /// For the traceback, which is outside of the heap.
    #[trace(skip)]
    room: RefCell<Room>,
}

/// A frame that an exception has left. It keeps the frame's variables alive, as CPython's tracebacks do, but only once
/// the frame is gone: so no running frame is part of a cycle with the exception it handles.
#[derive(Trace)]
pub(crate) struct TracebackEntry {
    #[trace(skip)]
    pub(crate) code: Rc<Code>,
    #[trace(skip)]
    pub(crate) line: u32,
    pub(crate) variables: Vec<Option<Value>>,
}

/// The operations of exceptions, reached as methods of `BaseException`.
pub(crate) static SLOTS: Slots = Slots { class: Builtin::BaseException, repr, str: Some(text), ..Slots::DEFAULT };

pub(crate) const METHODS: &[Method] = &[
    method("__init__", 0, u8::MAX, init).with_keywords(),
    method("__repr__", 0, 0, |vm, args| vm.string(repr(vm, args.this())?)),
    method("__str__", 0, 0, |vm, args| vm.string(text(vm, args.this())?)),
    method("with_traceback", 1, 1, |vm, args| {
        set_attr(vm, args.this(), symbol::TRACEBACK, Some(args[1].clone()))?;
        Ok(args[0].clone())
    }),
    method("add_note", 1, 1, |vm, args| {
        let notes = match vm.find_attr(args.this(), symbol::NOTES)? {
            Some(notes) => notes,
            None => {
                let notes = vm.empty_list()?;
                vm.set_attr(args.this(), symbol::NOTES, notes.clone())?;
                notes
            }
        };
        vm.call_method(&notes, Symbol::new("append"), [args[1].clone()])
    }),
];

/// A traceback as the script sees it: where it was, without the frames.
#[derive(Trace)]
#[trace(leaf, protocol = &TRACEBACK)]
pub(crate) struct Traceback {
    line: u32,
}

static TRACEBACK: Slots = Slots {
    class: Builtin::Traceback,
    get_attr: Some(|vm, this, name| {
        let traceback = this.downcast_ref::<Traceback>().expect("a traceback");
        Ok(match name.name() {
            "tb_lineno" => Some(vm.int(traceback.line.into())?),
            "tb_next" => Some(vm.none()),
            _ => None,
        })
    }),
    ..Slots::DEFAULT
};

impl ExceptionData {
    pub(crate) fn new(args: Value) -> ExceptionData {
        ExceptionData {
            args: RefCell::new(args),
            cause: RefCell::default(),
            context: RefCell::default(),
            suppress_context: Cell::new(false),
            traceback: RefCell::default(),
            room: RefCell::default(),
        }
    }

    /// Adds a frame to the traceback. Beyond the first few, one that there is no memory for is left out.
    pub(crate) fn add_frame(&self, vm: &Vm, code: &Rc<Code>, line: u32) {
        let mut traceback = self.traceback.borrow_mut();
        let mut room = self.room.borrow_mut();
        let bytes = room.bytes() + size_of::<TracebackEntry>() + code.locals.len() * size_of::<Value>();
        let fits = room.resize(vm, bytes).is_ok() || traceback.len() < UNCOUNTED;
        if fits && traceback.try_reserve(1).is_ok() {
            traceback.push(TracebackEntry { code: code.clone(), line, variables: Vec::new() });
        }
    }

    pub(crate) fn of(value: &Value) -> Option<&ExceptionData> {
        match instance::native(value)? {
            Native::Exception(data) => Some(data),
            _ => None,
        }
    }

    pub(crate) fn args(&self) -> Value {
        self.args.borrow().clone()
    }

    /// Lets go of what came with being raised, for an instance that is raised again.
    pub(crate) fn forget(&self) {
        let cause = self.cause.take();
        let context = self.context.take();
        let traceback = self.traceback.take();
        let room = self.room.take();
        drop((cause, context, traceback, room));
    }

    pub(crate) fn first_arg(&self) -> Option<Value> {
        tuple::of(&self.args.borrow()).and_then(|args| args.first().cloned())
    }
}

fn this_data(this: &Value) -> &ExceptionData {
    ExceptionData::of(this).expect("an exception")
}

fn init(vm: &Vm, args: Args) -> R {
    let values = vm.tuple(Items::copy(vm, &args.positional[1..])?)?;
    for (name, value) in &args.keywords {
        // `ImportError(name=...)`, `AttributeError(name=..., obj=...)`.
        vm.set_attr(args.this(), *name, value.clone())?;
    }
    let old = this_data(args.this()).args.replace(values);
    drop(old);
    Ok(vm.none())
}

fn repr(vm: &Vm, this: &Value) -> R<String> {
    let _guard = vm.recurse()?;
    let name = vm.type_name(this);
    let args = this_data(this).args();
    let text = match tuple::of(&args) {
        Some([only]) => format!("({})", vm.repr(only)?),
        _ => vm.repr(&args)?,
    };
    Ok(format!("{name}{text}"))
}

fn text(vm: &Vm, this: &Value) -> R<String> {
    let _guard = vm.recurse()?;
    let args = this_data(this).args();
    match tuple::of(&args) {
        Some([]) => Ok(String::new()),
        Some([only]) if vm.is_instance(this, Builtin::KeyError) => vm.repr(only),
        Some([only]) => vm.str_text(only),
        Some([code, message]) if vm.is_instance(this, Builtin::OSError) => {
            Ok(format!("[Errno {}] {}", vm.str_text(code)?, vm.str_text(message)?))
        }
        _ => vm.repr(&args),
    }
}

/// The attributes that exceptions have beside their own.
pub(crate) fn get_attr(vm: &Vm, this: &Value, name: Symbol) -> R<Option<Value>> {
    let Some(data) = ExceptionData::of(this) else {
        return Ok(None);
    };
    let or_none = |value: &RefCell<Option<Value>>| value.borrow().clone().unwrap_or_else(|| vm.none());
    Ok(match name {
        symbol::ARGS => Some(data.args()),
        symbol::CAUSE => Some(or_none(&data.cause)),
        symbol::CONTEXT => Some(or_none(&data.context)),
        symbol::SUPPRESS_CONTEXT => Some(vm.bool(data.suppress_context.get())),
        symbol::TRACEBACK => {
            let line = data.traceback.borrow().last().map(|entry| entry.line);
            Some(match line {
                Some(line) => vm.alloc(Traceback { line })?,
                None => vm.none(),
            })
        }
        symbol::VALUE if vm.is_instance(this, Builtin::StopIteration) => {
            Some(data.first_arg().unwrap_or_else(|| vm.none()))
        }
        symbol::CODE_ATTR if vm.is_instance(this, Builtin::SystemExit) => {
            Some(data.first_arg().unwrap_or_else(|| vm.none()))
        }
        _ => None,
    })
}

/// Whether the attribute is one of these.
pub(crate) fn set_attr(vm: &Vm, this: &Value, name: Symbol, value: Option<Value>) -> R<bool> {
    let Some(data) = ExceptionData::of(this) else {
        return Ok(false);
    };
    let value = value.filter(|value| !vm.is_none(value));
    match name {
        symbol::ARGS => {
            let items = match &value {
                Some(value) => vm.collect(value)?,
                None => Items::new(vm),
            };
            let items = vm.tuple(items)?;
            let old = data.args.replace(items);
            drop(old);
        }
        symbol::CAUSE | symbol::CONTEXT => {
            let cell = if name == symbol::CAUSE { &data.cause } else { &data.context };
            if name == symbol::CAUSE {
                data.suppress_context.set(true);
            }
            let old = cell.replace(value);
            drop(old);
        }
        symbol::SUPPRESS_CONTEXT => {
            data.suppress_context.set(match &value {
                Some(value) => vm.truth(value)?,
                None => false,
            });
        }
        symbol::TRACEBACK => {
            if value.is_none() {
                let old = data.traceback.take();
                drop(old);
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

impl Vm {
    /// An exception of a builtin class; a `MemoryError` where there is no memory for it.
    pub(crate) fn exception(&self, class: Builtin, message: impl AsRef<str>) -> Raised {
        match self.str(message.as_ref()) {
            Ok(message) => self.exception_of(class, [message]),
            Err(raised) => raised,
        }
    }

    /// The same with any arguments.
    pub(crate) fn exception_of<const N: usize>(&self, class: Builtin, args: [Value; N]) -> Raised {
        match self.tuple_of(args) {
            Ok(args) => self.exception_with(class, args),
            Err(raised) => raised,
        }
    }

    /// The same with a tuple of arguments.
    pub(crate) fn exception_with(&self, class: Builtin, args: Value) -> Raised {
        let Some(instance) = self.exception_instance(class, args) else {
            return self.memory_error();
        };
        self.alloc(instance).map_or_else(|raised| raised, Raised)
    }

    /// `None` if there is no memory for it.
    pub(crate) fn exception_instance(&self, class: Builtin, args: Value) -> Option<Instance> {
        let native = Native::Exception(ExceptionData::new(args));
        Instance::new(self, self.class(class).clone(), Some(native)).ok()
    }

    pub(crate) fn type_error(&self, message: impl AsRef<str>) -> Raised {
        self.exception(Builtin::TypeError, message)
    }

    pub(crate) fn value_error(&self, message: impl AsRef<str>) -> Raised {
        self.exception(Builtin::ValueError, message)
    }

    pub(crate) fn index_error(&self, message: &str) -> Raised {
        self.exception(Builtin::IndexError, message)
    }

    pub(crate) fn runtime_error(&self, message: &str) -> Raised {
        self.exception(Builtin::RuntimeError, message)
    }

    pub(crate) fn overflow_error(&self, message: &str) -> Raised {
        self.exception(Builtin::OverflowError, message)
    }

    pub(crate) fn zero_division(&self, message: &str) -> Raised {
        self.exception(Builtin::ZeroDivisionError, message)
    }

    pub(crate) fn reference_error(&self) -> Raised {
        self.exception(Builtin::ReferenceError, "weakly-referenced object no longer exists")
    }

    pub(crate) fn key_error(&self, key: Value) -> Raised {
        self.exception_of(Builtin::KeyError, [key])
    }

    pub(crate) fn stop_iteration(&self, value: Option<Value>) -> Raised {
        match value {
            Some(value) => self.exception_of(Builtin::StopIteration, [value]),
            None => self.exception_of(Builtin::StopIteration, []),
        }
    }

    pub(crate) fn unhashable(&self, value: &Value) -> Raised {
        self.type_error(format!("unhashable type: '{}'", self.type_name(value)))
    }

    pub(crate) fn no_attr(&self, object: &Value, name: Symbol) -> Raised {
        let message = match object.downcast_ref::<crate::object::class::Class>() {
            Some(class) => format!("type object '{}' has no attribute '{name}'", class.name.borrow()),
            None => match object.downcast_ref::<crate::object::module::Module>() {
                Some(module) => format!("module '{}' has no attribute '{name}'", module.name),
                None => format!("'{}' object has no attribute '{name}'", self.type_name(object)),
            },
        };
        self.exception(Builtin::AttributeError, message)
    }
}
