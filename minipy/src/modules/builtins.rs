//! The builtin functions.

use std::io::BufRead;

use tailbite::Gc;

use super::{add_functions, builtins_numbers};
use crate::object::builtin_function::{Method, method};
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::generator::{self, Generator, Resume};
use crate::object::items::Items;
use crate::object::iterators::CallableIterator;
use crate::object::list_methods::sort_values;
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, R, Value, tuple};
use crate::syntax::tree::CmpOp;
use crate::vm::{Text, Vm, ascii};

const FUNCTIONS: &[Method] = &[
    method("print", 0, u8::MAX, print).with_keywords(),
    method("len", 1, 1, |vm, args| vm.int(vm.len(&args[0])? as i64)),
    method("isinstance", 2, 2, |vm, args| {
        let class = vm.class_of(&args[0]).clone();
        Ok(vm.bool(is_subclass(
            vm,
            &class,
            &args[1],
            "isinstance() arg 2 must be a type, a tuple of types, or a union",
        )?))
    }),
    method("issubclass", 2, 2, |vm, args| {
        let Ok(class) = args[0].clone().downcast::<Class>() else {
            return Err(vm.type_error("issubclass() arg 1 must be a class"));
        };
        let message = "issubclass() arg 2 must be a class, a tuple of classes, or a union";
        Ok(vm.bool(is_subclass(vm, &class, &args[1], message)?))
    }),
    method("id", 1, 1, |vm, args| vm.int(args[0].address() as i64)),
    method("repr", 1, 1, |vm, args| vm.string(vm.repr(&args[0])?)),
    method("ascii", 1, 1, |vm, args| vm.string(ascii(vm, &vm.repr(&args[0])?)?)),
    method("hasattr", 2, 2, |vm, args| {
        let name = vm.attr_name(&args[1])?;
        match vm.find_attr(&args[0], name) {
            Ok(found) => Ok(vm.bool(found.is_some())),
            Err(raised) if vm.is_instance(&raised.0, Builtin::AttributeError) => Ok(vm.bool(false)),
            Err(raised) => Err(raised),
        }
    }),
    method("getattr", 2, 3, |vm, args| {
        let name = vm.attr_name(&args[1])?;
        let Some(default) = args.get(2) else {
            return vm.get_attr(&args[0], name);
        };
        match vm.find_attr(&args[0], name) {
            Ok(found) => Ok(found.unwrap_or_else(|| default.clone())),
            Err(raised) if vm.is_instance(&raised.0, Builtin::AttributeError) => Ok(default.clone()),
            Err(raised) => Err(raised),
        }
    }),
    method("setattr", 3, 3, |vm, args| {
        vm.set_attr(&args[0], vm.attr_name(&args[1])?, args[2].clone())?;
        Ok(vm.none())
    }),
    method("delattr", 2, 2, |vm, args| {
        vm.delete_attr(&args[0], vm.attr_name(&args[1])?)?;
        Ok(vm.none())
    }),
    method("sorted", 1, 1, sorted).with_keywords(),
    method("min", 1, u8::MAX, |vm, args| extreme(vm, args, "min", CmpOp::Lt)).with_keywords(),
    method("max", 1, u8::MAX, |vm, args| extreme(vm, args, "max", CmpOp::Gt)).with_keywords(),
    method("any", 1, 1, |vm, args| any_or_all(vm, args, true)),
    method("all", 1, 1, |vm, args| any_or_all(vm, args, false)),
    method("iter", 1, 2, |vm, args| match args.get(1) {
        None => vm.iter(&args[0]),
        Some(sentinel) => {
            vm.alloc(CallableIterator { function: args[0].clone(), sentinel: sentinel.clone(), finished: false.into() })
        }
    }),
    method("next", 1, 2, |vm, args| match args.get(1) {
        // The end of a generator carries its result.
        None if args[0].is::<Generator>() => generator::step(vm, &args[0], Resume::Send(None)),
        None => vm.next(&args[0])?.ok_or_else(|| vm.stop_iteration(None)),
        Some(default) => Ok(vm.next(&args[0])?.unwrap_or_else(|| default.clone())),
    }),
    method("hash", 1, 1, |vm, args| vm.int(vm.hash(&args[0])?)),
    method("callable", 1, 1, |vm, args| Ok(vm.bool(vm.is_callable(&args[0])))),
    method("dir", 1, 1, |vm, args| match vm.call_special(&args[0], symbol::DIR, [])? {
        Some(names) => vm.list_sorted(&names),
        None => vm.dir(&args[0]),
    }),
    method("vars", 1, 1, |vm, args| vm.vars(&args[0])),
    method("format", 1, 2, |vm, args| {
        let spec = match args.get(1) {
            Some(spec) => Str::of(spec).map(Str::as_str).unwrap_or_default(),
            None => "",
        };
        vm.string(vm.format(&args[0], spec)?)
    }),
    method("input", 0, 1, |vm, args| {
        if let Some(prompt) = args.get(0) {
            vm.output.print(&vm.str_text(prompt)?);
        }
        vm.output.flush();
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        match read {
            Ok(0) | Err(_) => Err(vm.exception(Builtin::EOFError, "EOF when reading a line")),
            Ok(_) => vm.str(line.trim_end_matches('\n')),
        }
    }),
];

pub(crate) fn fill(vm: &Vm) -> R<()> {
    let builtins = &vm.builtins;
    add_functions(vm, builtins, FUNCTIONS)?;
    add_functions(vm, builtins, builtins_numbers::FUNCTIONS)?;
    for &class in Builtin::ALL {
        let hidden = matches!(
            class,
            Builtin::NoneType
                | Builtin::Ellipsis
                | Builtin::NotImplemented
                | Builtin::Function
                | Builtin::BuiltinFunction
                | Builtin::Method
                | Builtin::Module
                | Builtin::Cell
                | Builtin::Code
                | Builtin::Traceback
                | Builtin::Generator
                | Builtin::Iterator
                | Builtin::DictView
                | Builtin::AttributeDict
                | Builtin::WeakRef
                | Builtin::Proxy
                | Builtin::CallableProxy
                | Builtin::WeakMethod
                | Builtin::WeakKeyDictionary
                | Builtin::WeakValueDictionary
                | Builtin::WeakSet
                | Builtin::WeakIterator
                | Builtin::Finalize
                | Builtin::TextStream
                | Builtin::SimpleNamespace
        ) || class.name().contains('_');
        if !hidden {
            builtins.set(vm, Symbol::new(class.name()), Gc::as_any(vm.class(class)))?;
        }
    }
    let others = [
        ("None", vm.none()),
        ("NotImplemented", vm.not_implemented()),
        ("Ellipsis", vm.ellipsis()),
        ("IOError", Gc::as_any(vm.class(Builtin::OSError))),
        ("EnvironmentError", Gc::as_any(vm.class(Builtin::OSError))),
        ("__debug__", vm.bool(true)),
    ];
    for (name, value) in others {
        builtins.set(vm, Symbol::new(name), value)?;
    }
    Ok(())
}

/// Whether a class is, or derives from, a class or one of a tuple of them.
fn is_subclass(vm: &Vm, class: &Gc<Class>, of: &Value, message: &str) -> R<bool> {
    if let Some(of) = of.downcast_ref::<Class>() {
        return Ok(class.is_subclass_of(of));
    }
    let Some(alternatives) = tuple::of(of) else {
        return Err(vm.type_error(message));
    };
    for of in alternatives {
        if is_subclass(vm, class, of, message)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn print(vm: &Vm, mut args: Args) -> R {
    let mut text_option = |name: Symbol, default: &str| -> R<String> {
        match args.take_keyword(name).filter(|value| !vm.is_none(value)) {
            None => Ok(default.to_owned()),
            Some(value) => match Str::of(&value) {
                Some(text) => vm.copy_text(text.as_str()),
                None => {
                    let type_name = vm.type_name(&value);
                    Err(vm.type_error(format!("{name} must be None or a string, not {type_name}")))
                }
            },
        }
    };
    let separator = text_option(symbol::SEP, " ")?;
    let end = text_option(symbol::END, "\n")?;
    let file = args.take_keyword(symbol::FILE_ARG).filter(|file| !vm.is_none(file));
    let flush = args.take_keyword(symbol::FLUSH);
    vm.no_more_keywords("print", &args)?;
    let mut text = Text::new(vm);
    for (index, value) in args.positional.iter().enumerate() {
        if index > 0 {
            text.push_str(&separator)?;
        }
        match Str::of(value) {
            Some(plain) if value.is::<Str>() => text.push_str(plain.as_str())?,
            _ => text.push_str(&vm.str_text(value)?)?,
        }
    }
    text.push_str(&end)?;
    let file = match file {
        Some(file) => Some(file),
        None => super::sys::replaced_stdout(vm),
    };
    match file {
        None => {
            vm.output.print(text.as_str());
            if let Some(flush) = flush
                && vm.truth(&flush)?
            {
                vm.output.flush();
            }
        }
        Some(file) => {
            let text = text.into_object()?;
            vm.call_method(&file, symbol::WRITE, [text])?;
        }
    }
    Ok(vm.none())
}

fn sorted(vm: &Vm, mut args: Args) -> R {
    let key = args.take_keyword(symbol::KEY).filter(|key| !vm.is_none(key));
    let reverse = match args.take_keyword(symbol::REVERSE) {
        Some(reverse) => vm.truth(&reverse)?,
        None => false,
    };
    vm.no_more_keywords("sort", &args)?;
    let items = vm.collect(&args[0])?;
    match sort_values(vm, items, key.as_ref(), reverse) {
        Ok(items) => vm.list(items),
        Err((_, raised)) => Err(raised),
    }
}

fn extreme(vm: &Vm, mut args: Args, name: &str, op: CmpOp) -> R {
    let key = args.take_keyword(symbol::KEY).filter(|key| !vm.is_none(key));
    let default = args.take_keyword(symbol::DEFAULT);
    vm.no_more_keywords(name, &args)?;
    let items = if args.len() == 1 { vm.collect(&args[0])? } else { Items::copy(vm, &args.positional)? };
    let mut best: Option<(Value, Value)> = None;
    for item in items {
        let rank = match &key {
            Some(key) => vm.call(key, Args::new([item.clone()]))?,
            None => item.clone(),
        };
        let better = match &best {
            None => true,
            Some((best_rank, _)) => {
                let result = vm.compare(op, &rank, best_rank)?;
                vm.truth(&result)?
            }
        };
        if better {
            best = Some((rank, item));
        }
    }
    match best {
        Some((_, item)) => Ok(item),
        None => default.ok_or_else(|| vm.value_error(format!("{name}() iterable argument is empty"))),
    }
}

fn any_or_all(vm: &Vm, args: Args, deciding: bool) -> R {
    let iterator = vm.iter(&args[0])?;
    while let Some(item) = vm.next(&iterator)? {
        if vm.truth(&item)? == deciding {
            return Ok(vm.bool(deciding));
        }
    }
    Ok(vm.bool(!deciding))
}

impl Vm {
    fn list_sorted(&self, names: &Value) -> R {
        match sort_values(self, self.collect(names)?, None, false) {
            Ok(items) => self.list(items),
            Err((_, raised)) => Err(raised),
        }
    }
}
