//! Functions written in Rust.

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::{Args, R, Slots, Value};
use crate::vm::Vm;

pub(crate) type NativeFn = fn(&Vm, Args) -> R;

/// A row of a method table. The counts leave out `self`; `u8::MAX` is any number.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) least: u8,
    pub(crate) most: u8,
    pub(crate) keywords: bool,
    pub(crate) function: NativeFn,
}

pub(crate) const fn method(name: &'static str, least: u8, most: u8, function: NativeFn) -> Method {
    Method { name, least, most, keywords: false, function }
}

impl Method {
    pub(crate) const fn with_keywords(self) -> Method {
        Method { keywords: true, ..self }
    }
}

/// What the first argument of a builtin function is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// A plain function.
    None,
    /// A function whose messages name its module.
    Module(&'static str),
    /// A method of this class.
    Method(Builtin),
    /// A static method of this class, reached through the class or an instance.
    Static(Builtin),
}

#[derive(Trace)]
#[trace(leaf, protocol = &SLOTS)]
pub(crate) struct BuiltinFunction {
    pub(crate) method: Method,
    pub(crate) receiver: Receiver,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::BuiltinFunction,
    repr: |_, this| {
        let function = this_function(this);
        Ok(match function.receiver {
            Receiver::Method(class) => format!("<method '{}' of '{}' objects>", function.method.name, class.name()),
            _ => format!("<built-in function {}>", function.method.name),
        })
    },
    call: Some(|vm, this, args| this_function(this).call(vm, args)),
    get_attr: Some(|vm, this, name| {
        let function = this_function(this);
        Ok(match name.name() {
            "__name__" => Some(vm.str(function.method.name)?),
            "__qualname__" if matches!(function.receiver, Receiver::Module(_)) => Some(vm.str(function.method.name)?),
            "__qualname__" => Some(vm.string(function.qualified_name())?),
            "__module__" => Some(vm.str(match function.receiver {
                Receiver::Module(module) => module,
                _ => "builtins",
            })?),
            "__doc__" => Some(vm.none()),
            _ => None,
        })
    }),
    ..Slots::DEFAULT
};

fn this_function(this: &Value) -> &BuiltinFunction {
    this.downcast_ref::<BuiltinFunction>().expect("a builtin function")
}

impl BuiltinFunction {
    pub(crate) fn is_method(&self) -> bool {
        matches!(self.receiver, Receiver::Method(_))
    }

    fn qualified_name(&self) -> String {
        match self.receiver {
            Receiver::None => self.method.name.to_owned(),
            Receiver::Module(module) => format!("{module}.{}", self.method.name),
            Receiver::Method(class) | Receiver::Static(class) => format!("{}.{}", class.name(), self.method.name),
        }
    }

    pub(crate) fn call(&self, vm: &Vm, args: Args) -> R {
        let method = &self.method;
        let given = match self.receiver {
            Receiver::Method(class) => {
                let Some(this) = args.get(0) else {
                    let name = self.qualified_name();
                    return Err(vm.type_error(format!("unbound method {name}() needs an argument")));
                };
                if !vm.is_instance(this, class) {
                    let (name, class, actual) = (method.name, class.name(), vm.type_name(this));
                    return Err(vm.type_error(format!(
                        "descriptor '{name}' for '{class}' objects doesn't apply to a '{actual}' object"
                    )));
                }
                args.len() - 1
            }
            _ => args.len(),
        };
        if !args.keywords.is_empty() && !method.keywords {
            return Err(vm.type_error(format!("{}() takes no keyword arguments", self.qualified_name())));
        }
        let (least, most) = (usize::from(method.least), usize::from(method.most));
        if given < least || given > most && method.most != u8::MAX {
            return Err(vm.type_error(self.wrong_count(least, most, given)));
        }
        (method.function)(vm, args)
    }

    /// CPython's words, which depend on how many arguments a function takes.
    fn wrong_count(&self, least: usize, most: usize, given: usize) -> String {
        let name = self.qualified_name();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        match (least, most) {
            (0, 0) => format!("{name}() takes no arguments ({given} given)"),
            (1, 1) => format!("{name}() takes exactly one argument ({given} given)"),
            (least, most) => {
                let bare = self.method.name;
                let (word, bound) = if given < least { ("at least", least) } else { ("at most", most) };
                if least == most {
                    format!("{bare} expected {least} argument{}, got {given}", plural(least))
                } else {
                    format!("{bare} expected {word} {bound} argument{}, got {given}", plural(bound))
                }
            }
        }
    }
}
