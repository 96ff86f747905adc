//! Calling: functions, classes, methods, and how arguments become parameters.

use smallvec::SmallVec;
use tailbite::Gc;

use super::Vm;
use super::frame::{Frame, Outcome};
use crate::compile::code::{Code, CodeKind};
use crate::object::bound_method::BoundMethod;
use crate::object::builtin_function::BuiltinFunction;
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::descriptors::StaticMethod;
use crate::object::dict::Dict;
use crate::object::function::Function;
use crate::object::generator::Generator;
use crate::object::items::Items;
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, Object, R, Value, instance, tuple};

/// Values that most functions need not more of on their stack.
const STACK: usize = 4;

impl Vm {
    /// Calls and lets go of the callable, as an instruction does.
    pub(super) fn invoke(&self, callable: Value, args: Args) -> R {
        if callable.is::<Function>() {
            return self.run_function(callable, args);
        }
        self.call(&callable, args)
    }

    pub(crate) fn call(&self, callable: &Value, args: Args) -> R {
        match callable.slots().call {
            Some(call) => call(self, callable, args),
            None => Err(self.type_error(format!("'{}' object is not callable", self.type_name(callable)))),
        }
    }

    pub(crate) fn call_function(&self, function: &Value, args: Args) -> R {
        self.run_function(function.clone(), args)
    }

    /// Calls what was found in a class, with the instance as the first of the arguments.
    pub(crate) fn call_unbound(&self, function: &Value, mut args: Args) -> R {
        if function.is::<Function>()
            || function.downcast_ref::<BuiltinFunction>().is_some_and(BuiltinFunction::is_method)
        {
            return self.call(function, args);
        }
        let this = args.positional.remove(0);
        let bound = self.bind(function.clone(), &this)?;
        self.call(&bound, args)
    }

    /// Calls a special method, which is looked up in the class only; `None` if there is none.
    pub(crate) fn call_special<const N: usize>(
        &self,
        this: &Value,
        name: Symbol,
        args: [Value; N],
    ) -> R<Option<Value>> {
        let Some(function) = self.class_of(this).lookup(name) else {
            return Ok(None);
        };
        if self.is_none(&function) {
            return Ok(None);
        }
        let args = Args::new(std::iter::once(this.clone()).chain(args));
        self.call_unbound(&function, args).map(Some)
    }

    pub(crate) fn call_method<const N: usize>(&self, this: &Value, name: Symbol, args: [Value; N]) -> R {
        match self.find_method(this, name) {
            Some(function) => self.call(&function, Args::new(std::iter::once(this.clone()).chain(args))),
            None => {
                let function = self.get_attr(this, name)?;
                self.call(&function, Args::new(args))
            }
        }
    }

    /// `function tuple [dict]` on the stack.
    pub(super) fn call_spread(&self, frame: &mut Frame, with_keywords: bool) -> R {
        let mut args = Args::default();
        if with_keywords {
            let keywords = frame.pop();
            let table = &Dict::of(&keywords).expect("keywords are collected in a dict").table;
            let items = table.items(self)?;
            self.granted(|| args.keywords.try_reserve(table.len()))?;
            for (name, value) in items {
                args.keywords.push((self.attr_name(&name)?, value));
            }
        }
        let positional = frame.pop();
        args.positional = self.arguments(tuple::of(&positional).unwrap_or_default())?;
        drop(positional);
        let function = frame.pop();
        self.invoke(function, args)
    }

    /// Positional arguments out of a tuple.
    pub(crate) fn spread(&self, items: &[Value]) -> R<Args> {
        Ok(Args { positional: self.arguments(items)?, keywords: Vec::new() })
    }

    /// As many arguments as a script likes.
    fn arguments(&self, items: &[Value]) -> R<SmallVec<[Value; 4]>> {
        let mut arguments = SmallVec::new();
        self.granted(|| arguments.try_reserve(items.len()))?;
        arguments.extend(items.iter().cloned());
        Ok(arguments)
    }

    /// Adds a mapping to the keywords of a call being prepared.
    pub(super) fn merge_keywords(&self, frame: &mut Frame) -> R<()> {
        let mapping = frame.pop();
        let dict = frame.stack[frame.stack.len() - 1].clone();
        if !self.is_mapping(&mapping) {
            let name = self.type_name(&mapping);
            return Err(self.type_error(format!("argument after ** must be a mapping, not {name}")));
        }
        let added = Dict::new(self);
        added.update(self, &mapping)?;
        let Some(dict) = Dict::of(&dict) else {
            return Ok(());
        };
        for (name, value) in added.table.items(self)? {
            let Some(text) = Str::of(&name) else {
                return Err(self.type_error("keywords must be strings"));
            };
            if dict.table.get(self, &name)?.is_some() {
                let message = format!("got multiple values for keyword argument '{}'", text.as_str());
                return Err(self.type_error(message));
            }
            dict.table.set(self, name, value)?;
        }
        Ok(())
    }

    fn run_function(&self, callable: Value, args: Args) -> R {
        self.heap().safepoint();
        let function = callable.downcast_ref::<Function>().expect("a function");
        let code = function.code.clone();
        let mut frame = Frame::new(code.clone(), function.globals.clone());
        self.granted(|| frame.locals.try_reserve_exact(code.locals.len()))?;
        self.granted(|| frame.stack.try_reserve(STACK))?;
        let shape = &code.parameters;
        if args.keywords.is_empty()
            && args.len() == shape.positional
            && shape.keyword_only == 0
            && !shape.vararg
            && !shape.kwarg
        {
            frame.locals.extend(args.positional.into_iter().map(Some));
        } else {
            self.bind_arguments(function, &code, args, &mut frame.locals)?;
        }
        frame.locals.resize(code.locals.len(), None);
        if !code.cells.is_empty() {
            frame.cells = self.new_cells(code.own_cells)?;
            for &(slot, cell) in &code.cell_parameters {
                let value = frame.locals[slot].take();
                drop(frame.cells[cell].replace(value));
            }
            frame.cells.extend(function.captured_cells());
        }
        frame.function = Some(callable);
        if code.kind == CodeKind::Generator {
            return Generator::make(self, frame);
        }
        match self.resume_frame(&mut frame, None)? {
            Outcome::Returned(value) | Outcome::Yielded(value) => Ok(value),
        }
    }

    /// Puts arguments into the slots of the parameters.
    fn bind_arguments(&self, function: &Function, code: &Code, args: Args, locals: &mut Vec<Option<Value>>) -> R<()> {
        let shape = &code.parameters;
        let name = function.qualname.borrow().clone();
        let given = args.len();
        let named = shape.positional + shape.keyword_only;
        let mut positional = args.positional.into_iter();
        locals.extend(positional.by_ref().take(shape.positional).map(Some));
        locals.resize(named, None);
        let excess = Items::collect(self, positional)?;
        let mut others = Vec::new();
        self.granted(|| others.try_reserve(args.keywords.len()))?;
        let mut positional_only = Vec::new();
        for (keyword, value) in args.keywords {
            let slot = code.locals[..named].iter().position(|parameter| *parameter == keyword);
            match slot {
                Some(slot) if slot >= shape.positional_only => {
                    if locals[slot].is_some() {
                        return Err(self.type_error(format!("{name}() got multiple values for argument '{keyword}'")));
                    }
                    locals[slot] = Some(value);
                }
                Some(_) if !shape.kwarg => positional_only.push(keyword.to_string()),
                None if !shape.kwarg => {
                    return Err(self.type_error(format!("{name}() got an unexpected keyword argument '{keyword}'")));
                }
                _ => others.push((keyword, value)),
            }
        }
        if !positional_only.is_empty() {
            return Err(self.type_error(format!(
                "{name}() got some positional-only arguments passed as keyword arguments: '{}'",
                positional_only.join(", ")
            )));
        }
        if !excess.is_empty() && !shape.vararg {
            return Err(self.too_many_arguments(function, code, given, &locals[shape.positional..]));
        }
        self.fill_defaults(function, code, locals)?;
        if shape.vararg {
            locals.push(Some(self.tuple(excess)?));
        }
        if shape.kwarg {
            let dict = Dict::new(self);
            for (keyword, value) in others {
                dict.table.set(self, self.name(keyword)?, value)?;
            }
            locals.push(Some(self.alloc(dict)?));
        }
        Ok(())
    }

    fn too_many_arguments(
        &self,
        function: &Function,
        code: &Code,
        given: usize,
        keyword_only: &[Option<Value>],
    ) -> crate::object::Raised {
        let shape = &code.parameters;
        let defaults = function.defaults.borrow().as_ref().and_then(|d| tuple::of(d).map(<[Value]>::len)).unwrap_or(0);
        let takes = match defaults {
            0 => shape.positional.to_string(),
            defaults => format!("from {} to {}", shape.positional - defaults, shape.positional),
        };
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let many = if shape.positional == 1 && defaults == 0 { "" } else { "s" };
        let keywords = keyword_only.iter().flatten().count();
        let and_keywords = match keywords {
            0 => String::new(),
            count => {
                format!(" positional argument{} (and {count} keyword-only argument{})", plural(given), plural(count))
            }
        };
        let was = if given == 1 && keywords == 0 { "was" } else { "were" };
        let name = function.qualname.borrow().clone();
        self.type_error(format!(
            "{name}() takes {takes} positional argument{many} but {given}{and_keywords} {was} given"
        ))
    }

    fn fill_defaults(&self, function: &Function, code: &Code, locals: &mut [Option<Value>]) -> R<()> {
        let shape = &code.parameters;
        let defaults = function.defaults.borrow().clone();
        let defaults = defaults.as_ref().and_then(tuple::of).unwrap_or_default();
        let first_default = shape.positional.saturating_sub(defaults.len());
        let mut missing = Vec::new();
        for slot in (0..shape.positional).filter(|slot| locals[*slot].is_none()).collect::<Vec<_>>() {
            match slot.checked_sub(first_default) {
                Some(index) => locals[slot] = Some(defaults[index].clone()),
                None => missing.push(code.locals[slot]),
            }
        }
        self.check_missing(function, &missing, "positional")?;
        let keyword_only = locals.iter_mut().zip(&code.locals).skip(shape.positional).take(shape.keyword_only);
        for (local, &name) in keyword_only.filter(|(local, _)| local.is_none()) {
            let default = match function.keyword_defaults.as_ref().and_then(Dict::of) {
                Some(defaults) => defaults.table.get(self, &self.name(name)?)?,
                None => None,
            };
            match default {
                Some(default) => *local = Some(default),
                None => missing.push(name),
            }
        }
        self.check_missing(function, &missing, "keyword-only")
    }

    fn check_missing(&self, function: &Function, missing: &[Symbol], kind: &str) -> R<()> {
        let quoted: Vec<String> = missing.iter().map(|name| format!("'{name}'")).collect();
        let list = match &quoted[..] {
            [] => return Ok(()),
            [only] => only.clone(),
            [first, second] => format!("{first} and {second}"),
            [firsts @ .., last] => format!("{}, and {last}", firsts.join(", ")),
        };
        let plural = if missing.len() == 1 { "" } else { "s" };
        let name = function.qualname.borrow().clone();
        let count = missing.len();
        Err(self.type_error(format!("{name}() missing {count} required {kind} argument{plural}: {list}")))
    }

    /// Makes an object of a class.
    pub(crate) fn call_class(&self, class: &Gc<Class>, args: Args) -> R {
        if class.is_builtin {
            if let Some(make) = class.builtin.spec().make {
                return self.make_builtin(class, make, args);
            }
            if !class.builtin.is_exception() && class.builtin != Builtin::SimpleNamespace {
                let name = class.name.borrow().clone();
                return Err(self.type_error(format!("cannot create '{name}' instances")));
            }
        }
        let new = class.lookup(symbol::NEW).filter(|new| !new.is::<BuiltinFunction>());
        let object = match new {
            None => instance::allocate(self, class, &args)?,
            Some(new) => {
                let function = match new.downcast_ref::<StaticMethod>() {
                    Some(function) => function.0.clone(),
                    None => new,
                };
                let mut all = self.copy_args(&args)?;
                all.positional.insert(0, Gc::as_any(class));
                let object = self.call(&function, all)?;
                if !self.class_of(&object).is_subclass_of(class) {
                    return Ok(object);
                }
                object
            }
        };
        let Some(init) = class.lookup(symbol::INIT) else {
            return Ok(object);
        };
        let result = self.call_unbound(&init, self.with_first(object.clone(), args)?)?;
        if !self.is_none(&result) {
            let name = self.type_name(&result);
            return Err(self.type_error(format!("__init__() should return None, not '{name}'")));
        }
        Ok(object)
    }

    /// Constructors take from none to three arguments; those of `type` and iterators check their own.
    fn make_builtin(&self, class: &Class, make: crate::object::builtin_function::NativeFn, args: Args) -> R {
        let (least, most, keywords) = match class.builtin {
            Builtin::Int | Builtin::Str | Builtin::Bytes => (0, 3, true),
            Builtin::Float | Builtin::Bool | Builtin::Tuple | Builtin::List | Builtin::Set | Builtin::FrozenSet => {
                (0, 1, false)
            }
            Builtin::Object => (0, 0, false),
            Builtin::Range | Builtin::Slice => (1, 3, false),
            Builtin::StaticMethod | Builtin::ClassMethod | Builtin::Reversed => (1, 1, false),
            Builtin::Filter => (2, 2, false),
            Builtin::Enumerate => (1, 2, true),
            Builtin::WeakRef => (1, 2, false),
            Builtin::Type => (1, 3, false),
            Builtin::Dict => (0, 1, true),
            _ => (0, usize::MAX, true),
        };
        let name = class.builtin.name();
        let shown = if class.builtin == Builtin::WeakRef { "ref" } else { name };
        let given = args.len();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        if !keywords && !args.keywords.is_empty() {
            return Err(self.type_error(format!("{shown}() takes no keyword arguments")));
        }
        if given < least || given > most {
            let (word, bound) = if given < least { ("at least", least) } else { ("at most", most) };
            let word = if least == most { "exactly" } else { word };
            let number = if (least, most) == (1, 1) { "one".to_owned() } else { bound.to_string() };
            return Err(self.type_error(match most {
                0 => format!("{shown}() takes no arguments"),
                _ if least == most => {
                    format!("{shown}() takes {word} {number} argument{} ({given} given)", plural(bound))
                }
                _ => format!("{shown} expected {word} {bound} argument{}, got {given}", plural(bound)),
            }));
        }
        make(self, args)
    }

    /// The arguments with another one in front.
    pub(crate) fn with_first(&self, first: Value, mut args: Args) -> R<Args> {
        self.granted(|| args.positional.try_reserve(1))?;
        args.positional.insert(0, first);
        Ok(args)
    }

    fn copy_args(&self, args: &Args) -> R<Args> {
        let mut keywords = Vec::new();
        self.granted(|| keywords.try_reserve(args.keywords.len()))?;
        keywords.extend(args.keywords.iter().cloned());
        let mut positional = self.arguments(&args.positional)?;
        self.granted(|| positional.try_reserve(1))?;
        Ok(Args { positional, keywords })
    }

    pub(crate) fn no_more_keywords(&self, function: &str, args: &Args) -> R<()> {
        match args.keywords.first() {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("{function}() got an unexpected keyword argument '{name}'");
                Err(self.type_error(message))
            }
        }
    }

    /// A bound method, as `object.name` makes it.
    pub(crate) fn bound_method(&self, function: Value, this: Value) -> R {
        self.alloc(BoundMethod { function, this })
    }
}
