//! The interpreter: its state, and the values that scripts start with.

mod attributes;
mod calls;
mod class_statement;
mod containers;
mod conversions;
pub(crate) mod eval;
pub(crate) mod exit;
pub(crate) mod format_spec;
pub(crate) mod frame;
mod imports;
mod operations;
pub(crate) mod output;
pub(crate) mod percent;
mod protocols;
mod raising;
pub(crate) mod template;
pub(crate) mod traceback;
mod unwind;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use tailbite::{Gc, Heap, Trace, Trigger};

use crate::modules;
use crate::object::attrs::AttrCell;
use crate::object::bytes::Bytes;
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::dict::Dict;
use crate::object::float::Float;
use crate::object::int::Int;
use crate::object::list::List;
use crate::object::module::Namespace;
use crate::object::singletons::{Bool, Ellipsis, NoneObject, NotImplemented, Null};
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::tuple::AtomTuple;
use crate::object::{R, Value, object_class, tuple};
use crate::syntax::tree::Constant;
pub(crate) use conversions::ascii;
use output::Output;

/// How deep calls may nest at first.
const RECURSION_LIMIT: usize = 1000;
/// What the interpreter's thread has stack for.
pub(crate) const MAX_RECURSION: usize = 30_000;

/// One interpreter. All changes go through cells: script code may run at any call, drop or allocation.
pub(crate) struct Vm {
    none: Value,
    booleans: [Value; 2],
    ellipsis: Value,
    not_implemented: Value,
    null: Value,
    empty_tuple: Value,
    /// -5 to 256.
    small_ints: Vec<Value>,
    /// Strings of one ASCII character.
    chars: Vec<Value>,
    classes: Vec<Gc<Class>>,
    /// The string object of each symbol that needed one.
    names: RefCell<Vec<Option<Value>>>,
    pub(crate) builtins: Gc<Namespace>,
    pub(crate) modules: RefCell<Vec<(Symbol, Value)>>,
    /// The exceptions being handled, of all running frames.
    handled: RefCell<Vec<Value>>,
    depth: Cell<usize>,
    pub(crate) recursion_limit: Cell<usize>,
    /// Containers whose `repr` is being made.
    in_repr: RefCell<Vec<usize>>,
    /// Hashes of weak references, by address: they outlive their referents.
    weak_hashes: RefCell<HashMap<usize, i64>>,
    pub(crate) output: Output,
    pub(crate) argv: Vec<String>,
    /// Source files that were run, for tracebacks.
    sources: RefCell<HashMap<Rc<str>, Rc<str>>>,
    heap: Heap,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Vm>>> = const { RefCell::new(None) };
}

/// Counts one level of recursion while it lives.
pub(crate) struct Recursion<'a>(&'a Cell<usize>);

impl Drop for Recursion<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Marks a container as being printed while it lives.
pub(crate) struct ReprGuard<'a> {
    vm: &'a Vm,
    _recursion: Recursion<'a>,
}

impl Drop for ReprGuard<'_> {
    fn drop(&mut self) {
        self.vm.in_repr.borrow_mut().pop();
    }
}

impl Vm {
    /// Makes the thread's interpreter.
    pub(crate) fn start(argv: Vec<String>) -> Rc<Vm> {
        let heap = Heap::new();
        // Collections start where the interpreter is ready for them, not inside allocations.
        heap.set_trigger(Trigger::Safepoint);
        let classes = make_classes(&heap);
        let immortal = |value: Value| {
            heap.make_immortal(&value);
            value
        };
        let boolean = |value: bool| {
            let int = Int::Small(value.into());
            Gc::erase(heap.alloc(Bool { value, int }))
        };
        let text = |c: u8| Gc::erase(heap.alloc(Str::new(char::from(c).to_string())));
        let vm = Rc::new(Vm {
            none: immortal(Gc::erase(heap.alloc(NoneObject))),
            booleans: [false, true].map(|value| immortal(boolean(value))),
            ellipsis: immortal(Gc::erase(heap.alloc(Ellipsis))),
            not_implemented: immortal(Gc::erase(heap.alloc(NotImplemented))),
            null: immortal(Gc::erase(heap.alloc(Null))),
            small_ints: (-5..=256).map(|int| immortal(Gc::erase(heap.alloc(Int::Small(int))))).collect(),
            chars: (0..128).map(|c| immortal(text(c))).collect(),
            empty_tuple: immortal(Gc::erase(heap.alloc(AtomTuple::empty()))),
            classes,
            names: RefCell::default(),
            builtins: heap.alloc(Namespace::default()),
            modules: RefCell::default(),
            handled: RefCell::default(),
            depth: Cell::new(0),
            recursion_limit: Cell::new(RECURSION_LIMIT),
            in_repr: RefCell::default(),
            weak_hashes: RefCell::default(),
            output: Output::default(),
            argv,
            sources: RefCell::default(),
            heap,
        });
        for class in &vm.classes {
            object_class::fill(&vm, class);
            vm.heap.make_immortal(class);
        }
        modules::builtins::fill(&vm);
        CURRENT.set(Some(vm.clone()));
        vm
    }

    /// Runs `f` with the thread's interpreter, if it still runs: how callbacks from the runtime find it.
    pub(crate) fn with_current(f: impl FnOnce(&Vm)) {
        let vm = CURRENT.with_borrow(Clone::clone);
        if let Some(vm) = vm {
            f(&vm);
        }
    }

    pub(crate) fn heap(&self) -> &Heap {
        &self.heap
    }

    /// A new managed object.
    #[inline]
    pub(crate) fn alloc<T: Trace>(&self, value: T) -> Value {
        Gc::erase(self.heap.alloc(value))
    }

    pub(crate) fn class(&self, builtin: Builtin) -> &Gc<Class> {
        &self.classes[builtin as usize]
    }

    pub(crate) fn none(&self) -> Value {
        self.none.clone()
    }

    #[inline]
    pub(crate) fn is_none(&self, value: &Value) -> bool {
        Value::ptr_eq(value, &self.none)
    }

    #[inline]
    pub(crate) fn bool(&self, value: bool) -> Value {
        self.booleans[usize::from(value)].clone()
    }

    pub(crate) fn ellipsis(&self) -> Value {
        self.ellipsis.clone()
    }

    pub(crate) fn not_implemented(&self) -> Value {
        self.not_implemented.clone()
    }

    pub(crate) fn is_not_implemented(&self, value: &Value) -> bool {
        Value::ptr_eq(value, &self.not_implemented)
    }

    #[inline]
    pub(crate) fn int(&self, value: i64) -> Value {
        match self.small_ints.get(value.wrapping_add(5) as usize) {
            Some(int) => int.clone(),
            None => self.alloc(Int::Small(value)),
        }
    }

    pub(crate) fn int_value(&self, int: Int) -> Value {
        match int {
            Int::Small(small) => self.int(small),
            big => self.alloc(big),
        }
    }

    pub(crate) fn float(&self, value: f64) -> Value {
        self.alloc(Float(value))
    }

    pub(crate) fn str(&self, text: &str) -> Value {
        match text.as_bytes() {
            [byte] if byte.is_ascii() => self.chars[usize::from(*byte)].clone(),
            [] => self.name(Symbol::new("")),
            _ => self.alloc(Str::new(text)),
        }
    }

    pub(crate) fn string(&self, text: String) -> Value {
        if text.len() <= 1 { self.str(&text) } else { self.alloc(Str::new(text)) }
    }

    pub(crate) fn char(&self, c: char) -> Value {
        self.str(c.encode_utf8(&mut [0; 4]))
    }

    /// The string object of a name, always the same.
    pub(crate) fn name(&self, symbol: Symbol) -> Value {
        let known = self.names.borrow().get(symbol.index()).cloned().flatten();
        known.unwrap_or_else(|| {
            let value = self.alloc(Str::new(&*symbol.name()));
            let mut names = self.names.borrow_mut();
            if names.len() <= symbol.index() {
                names.resize(symbol.index() + 1, None);
            }
            names[symbol.index()] = Some(value.clone());
            value
        })
    }

    pub(crate) fn tuple(&self, items: Vec<Value>) -> Value {
        if items.is_empty() { self.empty_tuple.clone() } else { tuple::new(self, items) }
    }

    pub(crate) fn list(&self, items: Vec<Value>) -> Value {
        self.alloc(List::new(items))
    }

    pub(crate) fn new_dict(&self) -> Value {
        self.alloc(Dict::default())
    }

    /// A dict with a copy of the attributes.
    pub(crate) fn dict_of_attrs(&self, attrs: &AttrCell) -> R {
        let dict = Dict::default();
        for (name, value) in attrs.items() {
            dict.table.set(self, self.name(name), value)?;
        }
        Ok(self.alloc(dict))
    }

    /// A dict with a copy of the variables.
    pub(crate) fn dict_of_namespace(&self, namespace: &Namespace) -> R {
        let dict = Dict::default();
        for name in namespace.names() {
            if let Some(value) = namespace.get(name) {
                dict.table.set(self, self.name(name), value)?;
            }
        }
        Ok(self.alloc(dict))
    }

    /// The object of a literal. Strings that look like names are shared.
    pub(crate) fn constant(&self, constant: &Constant) -> Value {
        match constant {
            Constant::None => self.none(),
            Constant::Ellipsis => self.ellipsis(),
            Constant::Bool(value) => self.bool(*value),
            Constant::Int(int) => self.int_value(int.clone().into()),
            Constant::Float(float) => self.float(*float),
            Constant::Str(text) if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                if text.len() == 1 {
                    self.str(text)
                } else {
                    self.name(Symbol::new(text))
                }
            }
            Constant::Str(text) => self.str(text),
            Constant::Bytes(bytes) => self.alloc(Bytes(bytes.clone().into())),
        }
    }

    /// One level deeper, or a `RecursionError`.
    pub(crate) fn recurse(&self) -> R<Recursion<'_>> {
        let depth = self.depth.get() + 1;
        if depth > self.recursion_limit.get() {
            return Err(self.exception(Builtin::RecursionError, "maximum recursion depth exceeded"));
        }
        self.depth.set(depth);
        Ok(Recursion(&self.depth))
    }

    /// Begins the `repr` of a container; `None` if it is inside its own.
    pub(crate) fn enter_repr(&self, container: &Value) -> R<Option<ReprGuard<'_>>> {
        let address = container.address();
        if self.in_repr.borrow().contains(&address) {
            return Ok(None);
        }
        let recursion = self.recurse()?;
        self.in_repr.borrow_mut().push(address);
        Ok(Some(ReprGuard { vm: self, _recursion: recursion }))
    }

    /// The hash of a weak reference: that of its referent, remembered.
    pub(crate) fn weak_hash(&self, reference: &Value, referent: Option<Value>) -> R<i64> {
        let known = self.weak_hashes.borrow().get(&reference.address()).copied();
        if let Some(hash) = known {
            return Ok(hash);
        }
        let Some(referent) = referent else {
            return Err(self.type_error("weak object has gone away"));
        };
        let hash = self.hash(&referent)?;
        self.weak_hashes.borrow_mut().insert(reference.address(), hash);
        Ok(hash)
    }

    /// A new weak reference has the address of one that is gone.
    pub(crate) fn forget_weak_hash(&self, reference: &Value) {
        self.weak_hashes.borrow_mut().remove(&reference.address());
    }

    pub(crate) fn remember_source(&self, filename: &str, source: &str) {
        self.sources.borrow_mut().insert(filename.into(), source.into());
    }

    /// A line of a source file that was run, without its indentation.
    pub(crate) fn source_line(&self, filename: &str, line: u32) -> Option<String> {
        Some(self.raw_source_line(filename, line)?.trim().to_owned())
    }

    /// The same with its indentation.
    pub(crate) fn raw_source_line(&self, filename: &str, line: u32) -> Option<String> {
        let source = self.sources.borrow().get(filename).cloned()?;
        Some(source.lines().nth(line.checked_sub(1)? as usize)?.to_owned())
    }

    pub(crate) fn clear_handled(&self) {
        let handled = self.handled.take();
        drop(handled);
    }

    /// The value of `__main__.__name__` and the like: a module's variable.
    pub(crate) fn module_name(&self, globals: &Namespace) -> Value {
        globals.get(symbol::NAME).unwrap_or_else(|| self.name(symbol::MAIN))
    }
}

fn make_classes(heap: &Heap) -> Vec<Gc<Class>> {
    let mut classes: Vec<Gc<Class>> = Vec::new();
    for &builtin in Builtin::ALL {
        let base = (builtin != Builtin::Object).then(|| classes[builtin.base() as usize].clone());
        classes.push(Class::new_builtin(heap, builtin, base));
    }
    classes
}
